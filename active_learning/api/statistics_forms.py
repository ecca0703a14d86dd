"""The shapes of statistics."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from active_learning.services.slices import SLICES
from active_learning.services.statistics_images import MOST_ROWS, ORDERS, OUTCOMES


class SliceSerializer(serializers.Serializer[Any]):
    """Which images: train, validation, test, all, or a selection as JSON."""

    slice = serializers.CharField(default="validation", max_length=100_000)


class CountedSliceSerializer(serializers.Serializer[Any]):
    """How many images a slice has."""

    slice = serializers.ChoiceField(choices=SLICES)
    images = serializers.IntegerField()
    with_truth = serializers.IntegerField()
    measured = serializers.IntegerField(help_text="With a truth and an answer")


class SlicesSerializer(serializers.Serializer[Any]):
    """The slices that every campaign has."""

    slices = CountedSliceSerializer(many=True)


class FigureSerializer(serializers.Serializer[Any]):
    """One figure with its 95 % bootstrap interval; null where there is nothing to compute it from."""

    name = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class LabelStatisticsSerializer(serializers.Serializer[Any]):
    """One label at its threshold; a figure with ``_low`` and ``_high`` has its 95 % interval by bootstrap over images."""

    label_id = serializers.IntegerField()
    hits = serializers.FloatField(help_text="Said and true: images, objects or square pixels")
    said = serializers.FloatField()
    true = serializers.FloatField()
    precision = serializers.FloatField(allow_null=True)
    precision_low = serializers.FloatField(allow_null=True)
    precision_high = serializers.FloatField(allow_null=True)
    recall = serializers.FloatField(allow_null=True)
    recall_low = serializers.FloatField(allow_null=True)
    recall_high = serializers.FloatField(allow_null=True)
    f1 = serializers.FloatField(allow_null=True)
    f1_low = serializers.FloatField(allow_null=True)
    f1_high = serializers.FloatField(allow_null=True)
    accuracy = serializers.FloatField(allow_null=True, help_text="The share of right yes-or-no answers about whole images")
    accuracy_low = serializers.FloatField(allow_null=True)
    accuracy_high = serializers.FloatField(allow_null=True)
    mcc = serializers.FloatField(allow_null=True)
    mcc_low = serializers.FloatField(allow_null=True)
    mcc_high = serializers.FloatField(allow_null=True)
    average_precision = serializers.FloatField(allow_null=True)
    average_precision_low = serializers.FloatField(allow_null=True)
    average_precision_high = serializers.FloatField(allow_null=True)
    auc = serializers.FloatField(allow_null=True)
    auc_low = serializers.FloatField(allow_null=True)
    auc_high = serializers.FloatField(allow_null=True)
    iou = serializers.FloatField(allow_null=True)
    iou_low = serializers.FloatField(allow_null=True)
    iou_high = serializers.FloatField(allow_null=True)


class ConfusionSerializer(serializers.Serializer[Any]):
    """Counts of what is true (rows) and what was said (columns): the labels in order, then nothing."""

    labels = serializers.ListField(child=serializers.IntegerField())
    counts = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))


class ReliabilityBinSerializer(serializers.Serializer[Any]):
    """Answers of like confidence: their mean confidence, and the share that was right."""

    low = serializers.FloatField()
    high = serializers.FloatField()
    count = serializers.IntegerField()
    confidence = serializers.FloatField()
    accuracy = serializers.FloatField()


class ReliabilitySerializer(serializers.Serializer[Any]):
    """How far confidence and truth lie apart."""

    error = serializers.FloatField(help_text="Expected calibration error, 0 to 1")
    bins = ReliabilityBinSerializer(many=True)


class MeasuredCountsSerializer(serializers.Serializer[Any]):
    """How many images the figures stand on."""

    images = serializers.IntegerField(help_text="Of the slice")
    with_truth = serializers.IntegerField()
    answered = serializers.IntegerField()
    measured = serializers.IntegerField(help_text="With both")
    missing = serializers.IntegerField(help_text="With a truth and no answer of this model version")
    unclear = serializers.IntegerField(help_text="With several labels where one is asked for")


class CalibratedOnSerializer(serializers.Serializer[Any]):
    """Which images the temperature was fitted to."""

    slice = serializers.CharField()
    images = serializers.IntegerField()
    shared = serializers.IntegerField(help_text="So many of the images that are measured here: they flatter it")


class ModelStatisticsSerializer(serializers.Serializer[Any]):
    """How good a model is on a slice."""

    kind = serializers.ChoiceField(choices=["labels", "objects", "points", "areas"])
    multi_label = serializers.BooleanField()
    slice = serializers.CharField()
    iou = serializers.FloatField(allow_null=True, help_text="From what likeness on an object is found; null for whole images")
    counts = MeasuredCountsSerializer()
    thresholds = serializers.DictField(child=serializers.FloatField())
    thresholds_source = serializers.ChoiceField(choices=["given", "saved", "best", "usual"])
    figures = FigureSerializer(many=True)
    labels = LabelStatisticsSerializer(many=True)
    confusion = ConfusionSerializer()
    reliability = ReliabilitySerializer(allow_null=True)
    calibrated = ReliabilitySerializer(allow_null=True, help_text="At the temperature that is kept with the model")
    calibrated_on = CalibratedOnSerializer(allow_null=True)
    temperature = serializers.FloatField(allow_null=True)
    shift = serializers.FloatField(help_text="Of objects: added to logits that the temperature has divided")
    flattered = serializers.BooleanField(help_text="Images of the slice taught the model, so it looks better than it is.")
    help = serializers.DictField(child=serializers.CharField(), help_text="One sentence on each figure, by name")


class RocSerializer(serializers.Serializer[Any]):
    """Points of an ROC curve, thresholds falling: recall over the share of what is not true that is said all the same."""

    negatives = serializers.IntegerField()
    area = serializers.FloatField()
    thresholds = serializers.ListField(child=serializers.FloatField())
    false_positives = serializers.ListField(child=serializers.FloatField(), help_text="Shares, 0 to 1")
    recall = serializers.ListField(child=serializers.FloatField())


class CurveSerializer(serializers.Serializer[Any]):
    """Points of a curve, thresholds falling."""

    positives = serializers.IntegerField()
    thresholds = serializers.ListField(child=serializers.FloatField())
    precision = serializers.ListField(child=serializers.FloatField())
    recall = serializers.ListField(child=serializers.FloatField())
    f1 = serializers.ListField(child=serializers.FloatField())
    roc = RocSerializer(allow_null=True, help_text="Of labels of whole images, by their probabilities, whether or not they are likeliest")


class LabelCurveSerializer(CurveSerializer):
    """The curve of one label."""

    label_id = serializers.IntegerField()


class CurvesSerializer(serializers.Serializer[Any]):
    """Precision and recall over thresholds."""

    pooled = CurveSerializer(help_text="All labels at one threshold")
    labels = LabelCurveSerializer(many=True)


class ImagesQuerySerializer(serializers.Serializer[Any]):
    """Which images, and which page of them."""

    outcome = serializers.ChoiceField(choices=OUTCOMES, required=False)
    true = serializers.IntegerField(required=False, help_text="With said: a cell of the confusion matrix by label ids; 0 is nothing.")
    said = serializers.IntegerField(required=False)
    order = serializers.ChoiceField(choices=ORDERS, required=False)
    offset = serializers.IntegerField(required=False, min_value=0)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=MOST_ROWS)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add ``label``, a name that the framework keeps for itself."""
        return {**super().get_fields(), "label": serializers.IntegerField(required=False)}


class LabelConfidenceSerializer(serializers.Serializer[Any]):
    """How sure the model is of a label."""

    label_id = serializers.IntegerField()
    confidence = serializers.FloatField()


class MeasuredImageSerializer(serializers.Serializer[Any]):
    """One image: what is true of it, and what was said."""

    image = serializers.IntegerField()
    name = serializers.CharField()
    correct = serializers.BooleanField()
    true = serializers.ListField(child=serializers.IntegerField())
    said = serializers.ListField(child=serializers.IntegerField())
    confidences = LabelConfidenceSerializer(many=True)
    loss = serializers.FloatField(allow_null=True)
    fixable = serializers.BooleanField(help_text="Submitting other labels changes what is true of it; false where its truth came with it.")


class MeasuredImagesSerializer(serializers.Serializer[Any]):
    """The ids of all images in order, and one page of them."""

    count = serializers.IntegerField()
    ids = serializers.ListField(child=serializers.IntegerField())
    results = MeasuredImageSerializer(many=True)


class JudgedObjectSerializer(serializers.Serializer[Any]):
    """One object: found rightly (hit), found where there is none (false), or not found (missed)."""

    outcome = serializers.ChoiceField(choices=["hit", "false", "missed"])
    label_id = serializers.IntegerField()
    confidence = serializers.FloatField(allow_null=True)
    shape = serializers.DictField()


class JudgedImageSerializer(serializers.Serializer[Any]):
    """The objects of one image."""

    image = serializers.IntegerField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    objects = JudgedObjectSerializer(many=True)


class ThresholdsSerializer(serializers.Serializer[Any]):
    """Thresholds by label id."""

    thresholds = serializers.DictField(child=serializers.FloatField(min_value=0, max_value=1))


class CalibrationSerializer(serializers.Serializer[Any]):
    """What a temperature does to the confidences of a slice."""

    temperature = serializers.FloatField(help_text="Above 1: the model was surer than it should be.")
    shift = serializers.FloatField(help_text="Of objects: added to logits that the temperature has divided")
    before = ReliabilitySerializer(allow_null=True)
    after = ReliabilitySerializer(allow_null=True)
    slice = serializers.CharField()
    images = serializers.IntegerField(help_text="It was fitted to so many of the slice, and judged on them")
    left_out = serializers.IntegerField(help_text="So many taught the model, which is surer of them")


class VerdictSerializer(serializers.Serializer[Any]):
    """Whether the second model is better by a figure: the difference, its interval; of accuracies McNemar's exact p-value too."""

    figure = serializers.CharField()
    difference = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    only_first = serializers.IntegerField(allow_null=True)
    only_second = serializers.IntegerField(allow_null=True)
    p_value = serializers.FloatField(allow_null=True)
    significant = serializers.BooleanField()


class ModelFiguresSerializer(serializers.Serializer[Any]):
    """One of the models."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    version = serializers.CharField()
    figures = FigureSerializer(many=True)
    labels = LabelStatisticsSerializer(many=True)


class StatisticsComparisonSerializer(serializers.Serializer[Any]):
    """Two models on the images that both answered about."""

    images = serializers.IntegerField()
    models = ModelFiguresSerializer(many=True)
    verdicts = VerdictSerializer(many=True)
    help = serializers.DictField(child=serializers.CharField())
