"""Trainings: start them, watch their curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.models import CurvePoint, TrainingRun
from active_learning.services.estimates import estimate_training
from active_learning.services.starts import upload_weights
from active_learning.services.training import start_training, stop_training, training_of, trainings_of
from active_learning.training.config import COLOURS, FLIPS, FROZEN, GROUPS, METHODS, SIZES, UNLABELED
from active_learning.training.loop import STOPPED_BY
from campaigns.api.base import fetch_campaign, fetch_run, idempotent, user_of
from campaigns.api.selecting import SelectionField
from campaigns.api.serializers import RunSerializer
from campaigns.models import RunState
from campaigns.permissions import MANAGE, require_role
from models_registry.models import Checkpoint


class TrainingRequestSerializer(serializers.Serializer[Any]):
    """How to train; everything has a default. ``multi_label`` false learns each image's default label alone."""

    name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    method = serializers.ChoiceField(choices=METHODS, required=False)
    size = serializers.ChoiceField(choices=SIZES, required=False)
    minutes = serializers.FloatField(required=False)
    epochs = serializers.IntegerField(required=False, allow_null=True)
    patience = serializers.IntegerField(required=False, allow_null=True)
    validation = serializers.FloatField(required=False)
    learning_rate = serializers.FloatField(required=False)
    weight_decay = serializers.FloatField(required=False)
    groups = serializers.ChoiceField(choices=GROUPS, required=False)
    batch = serializers.IntegerField(required=False, allow_null=True)
    flips = serializers.ChoiceField(choices=FLIPS, required=False)
    colour = serializers.ChoiceField(choices=COLOURS, required=False)
    crop = serializers.BooleanField(required=False)
    frozen = serializers.ChoiceField(choices=FROZEN, required=False)
    seed = serializers.IntegerField(required=False)
    labels = serializers.ListField(child=serializers.IntegerField(), required=False, allow_null=True)
    multi_label = serializers.BooleanField(required=False)
    images = SelectionField(required=False)
    start_from = serializers.IntegerField(required=False, allow_null=True)
    start_role = serializers.ChoiceField(choices=Checkpoint.Role.choices, required=False)
    network = serializers.CharField(required=False, allow_null=True, max_length=120)
    weights = serializers.CharField(required=False, allow_null=True, max_length=40)
    bands = serializers.ListField(child=serializers.IntegerField(), required=False, allow_null=True)
    unlabeled = serializers.ChoiceField(choices=UNLABELED, required=False)
    promote = serializers.BooleanField(required=False)
    one_label = serializers.IntegerField(required=False, allow_null=True)
    only_positives = serializers.BooleanField(required=False)

    def to_internal_value(self, data: Any) -> Any:
        """Refuse a setting that there is not: a misspelled one would be left to its default in silence."""
        unknown = sorted(map(str, set(data) - set(self.fields))) if isinstance(data, Mapping) else []
        if unknown:
            raise serializers.ValidationError({unknown[0]: f"A training has no such setting. There are {', '.join(self.fields)}."})
        return super().to_internal_value(data)


class TrainedModelSerializer(serializers.Serializer[Any]):
    """The model that came out."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    version = serializers.CharField()


class OutlookSerializer(serializers.Serializer[Any]):
    """How far a training is, and when it ends; see ``active_learning.training.outlook.Outlook``."""

    epoch = serializers.IntegerField()
    epochs = serializers.IntegerField()
    step = serializers.IntegerField()
    steps = serializers.IntegerField()
    left_s = serializers.FloatField(allow_null=True)
    bound = serializers.ChoiceField(choices=("epochs", "minutes"))
    unless_better_s = serializers.FloatField(allow_null=True)


class TrainingRunSerializer(serializers.ModelSerializer[TrainingRun]):
    """One training; ``id`` is that of its run. ``metrics`` are those of the best epoch on the validation images."""

    id = serializers.IntegerField(source="run_id", read_only=True)
    config = serializers.DictField(read_only=True)
    snapshot = serializers.SerializerMethodField()
    model = TrainedModelSerializer(read_only=True, allow_null=True)
    metrics = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField()
    outlook = serializers.SerializerMethodField()
    stopped_by = serializers.SerializerMethodField()
    run = RunSerializer(read_only=True)

    class Meta:
        model = TrainingRun
        fields = ["id", "name", "config", "snapshot", "model", "metrics", "warnings", "outlook", "stopped_by", "stop_requested", "run"]
        read_only_fields = fields

    def get_snapshot(self, training: TrainingRun) -> dict[str, Any]:
        """Return how many images it learned from, and the digest of their revisions."""
        snapshot = training.snapshot
        return {"digest": snapshot.digest, "images": len(snapshot.image_ids)} if snapshot is not None else {}

    def get_metrics(self, training: TrainingRun) -> dict[str, Any]:
        """Return what was measured; a training inside a round keeps it with its model too."""
        kept = {each.role: each.metrics for each in training.model.checkpoints.all()} if training.model is not None else {}
        return dict(kept.get("best") or training.run.result.get("metrics") or {})

    def get_warnings(self, training: TrainingRun) -> list[str]:
        """Return what one should know before trusting the model."""
        return list(training.run.params.get("warnings") or [])

    @extend_schema_field(OutlookSerializer(allow_null=True))
    def get_outlook(self, training: TrainingRun) -> dict[str, Any] | None:
        """Return how far it is and when it ends; null before the first step and after the end."""
        return training.outlook if training.outlook and training.run.state == RunState.RUNNING else None

    @extend_schema_field(serializers.ChoiceField(choices=STOPPED_BY, allow_null=True))
    def get_stopped_by(self, training: TrainingRun) -> str | None:
        """Return why it stopped; null while it goes, and where no model came out."""
        return str(self.get_metrics(training).get("stopped_by") or "") or None


class CurvePointSerializer(serializers.ModelSerializer[CurvePoint]):
    """One point of the learning curves; losses in nats, shares from 0 to 1."""

    metrics = serializers.DictField(child=serializers.FloatField(), read_only=True)

    class Meta:
        model = CurvePoint
        fields = ["epoch", "metrics", "best"]
        read_only_fields = fields


class TrainingRunsView(generics.ListAPIView[TrainingRun]):
    """The trainings of a campaign."""

    serializer_class = TrainingRunSerializer
    queryset = TrainingRun.objects.none()
    filter_backends = ()

    def get_queryset(self) -> QuerySet[TrainingRun]:
        """Return the campaign's trainings, newest first."""
        return trainings_of(fetch_campaign(self.request, self.kwargs["campaign_id"]))

    @extend_schema(request=TrainingRequestSerializer, responses={202: TrainingRunSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int) -> Response:
        """Train a model in the background on the images submitted so far."""
        form = TrainingRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        training = start_training(user=user_of(request), campaign=fetch_campaign(request, campaign_id), config=form.validated_data)
        return Response(TrainingRunSerializer(training).data, status=status.HTTP_202_ACCEPTED)


class DividedLabelSerializer(serializers.Serializer[Any]):
    """How many images of a label teach and measure."""

    label = serializers.IntegerField()  # type: ignore[assignment]
    name = serializers.CharField()
    train = serializers.IntegerField()
    validation = serializers.IntegerField()


class TrainingAdviceSerializer(serializers.Serializer[Any]):
    """Something to mend before; ``labels`` and ``images`` are the ids that it is about, of images 200 at most."""

    code = serializers.CharField()
    detail = serializers.CharField()
    labels = serializers.ListField(child=serializers.IntegerField())
    images = serializers.ListField(child=serializers.IntegerField())


class TrainingEstimateSerializer(serializers.Serializer[Any]):
    """What a training would be. ``seconds``: of learning with every epoch; ``measured``: by earlier trainings, otherwise a guess."""

    train = serializers.IntegerField()
    validation = serializers.IntegerField()
    test = serializers.IntegerField()
    drawn = serializers.BooleanField()
    labels = DividedLabelSerializer(many=True)
    epochs = serializers.IntegerField()
    steps = serializers.IntegerField()
    batch = serializers.IntegerField()
    seconds = serializers.FloatField()
    measured = serializers.BooleanField()
    warnings = TrainingAdviceSerializer(many=True)


class EstimateTrainingView(APIView):
    """A training that is only thought about."""

    @extend_schema(request=TrainingRequestSerializer, responses=TrainingEstimateSerializer, operation_id="estimate_training")
    def post(self, request: Request, campaign_id: int) -> Response:
        """Say how many images would teach and measure, how long it would take, and what to mend first; nothing is queued."""
        form = TrainingRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        campaign = fetch_campaign(request, campaign_id)
        return Response(
            TrainingEstimateSerializer(estimate_training(user=user_of(request), campaign=campaign, config=form.validated_data)).data
        )


class TrainingRunView(APIView):
    """One training."""

    @extend_schema(responses=TrainingRunSerializer)
    def get(self, request: Request, run_id: int) -> Response:
        """Return the training with its run, its model and its metrics."""
        return Response(TrainingRunSerializer(training_of(fetch_run(request, run_id))).data)


class StopTrainingView(APIView):
    """An early end."""

    @extend_schema(request=None, responses=TrainingRunSerializer)
    def post(self, request: Request, run_id: int) -> Response:
        """End the training and keep the best so far; a run's cancel throws it away."""
        return Response(TrainingRunSerializer(stop_training(user=user_of(request), run=fetch_run(request, run_id))).data)


class CurvesView(APIView):
    """Learning curves."""

    @extend_schema(responses=CurvePointSerializer(many=True))
    def get(self, request: Request, run_id: int) -> Response:
        """Return the points so far, by epoch."""
        points = training_of(fetch_run(request, run_id)).curve.all()
        return Response(CurvePointSerializer(points, many=True).data)


class StartWeightsRequestSerializer(serializers.Serializer[Any]):
    """Weights of a network: a state_dict that torch reads with weights_only, or safetensors."""

    file = serializers.FileField()


class StartWeightsSerializer(serializers.Serializer[Any]):
    """Where the file is found again: what a training's ``weights`` says."""

    weights = serializers.CharField()


class StartWeightsView(APIView):
    """A file that a training sets out from."""

    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={"multipart/form-data": StartWeightsRequestSerializer},
        responses={201: StartWeightsSerializer},
        operation_id="upload_start_weights",
    )
    def post(self, request: Request, campaign_id: int) -> Response:
        """Keep a file of weights for a training; it is kept for a week, and as long as a training waits for it."""
        campaign = fetch_campaign(request, campaign_id)
        require_role(user_of(request), campaign, MANAGE)  # before gigabytes are read
        form = StartWeightsRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        name = upload_weights(user=user_of(request), campaign=campaign, file=form.validated_data["file"].chunks())
        return Response(StartWeightsSerializer({"weights": name}).data, status=status.HTTP_201_CREATED)


urlpatterns = [
    path("campaigns/<int:campaign_id>/training-weights", StartWeightsView.as_view()),
    path("campaigns/<int:campaign_id>/training-runs", TrainingRunsView.as_view()),
    path("campaigns/<int:campaign_id>/training-runs/estimate", EstimateTrainingView.as_view()),
    path("training-runs/<int:run_id>", TrainingRunView.as_view()),
    path("training-runs/<int:run_id>/stop", StopTrainingView.as_view()),
    path("training-runs/<int:run_id>/curves", CurvesView.as_view()),
]
