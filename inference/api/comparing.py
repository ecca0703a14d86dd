"""Models of a campaign side by side."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import fetch_campaign, idempotent, user_of
from campaigns.api.selecting import SelectionField
from campaigns.api.serializers import RunSerializer
from inference.comparing import DEFAULT_OVERLAP
from inference.models import Comparison
from inference.services.comparisons import comparison_of, start_comparison


class FiguresSerializer(serializers.Serializer[Any]):
    """What was said against what is true: labels of images, objects, or square pixels."""

    said = serializers.FloatField()
    true = serializers.FloatField()
    precision = serializers.FloatField(allow_null=True)
    recall = serializers.FloatField(allow_null=True)
    f1 = serializers.FloatField(allow_null=True)
    iou = serializers.FloatField(allow_null=True, help_text="Of areas alone")


class LabelFiguresSerializer(FiguresSerializer):
    """The same of one label."""

    label_id = serializers.IntegerField()


class ComparedModelSerializer(serializers.Serializer[Any]):
    """One model. Figures count the images that all compared models answered about and whose truth is known."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    version = serializers.CharField()
    answered = serializers.IntegerField(help_text="Images of the selection")
    drafted = serializers.IntegerField(help_text="True annotations that people accepted from its own drafts, which flatters it.")
    right = serializers.FloatField(allow_null=True, help_text="Share of images with exactly the true labels")
    overall = FiguresSerializer()
    labels = LabelFiguresSerializer(many=True)
    mean_ms = serializers.FloatField(allow_null=True, help_text="What an image costs, over the answers that are compared")
    p50_ms = serializers.FloatField(allow_null=True)
    p95_ms = serializers.FloatField(allow_null=True)
    calls = serializers.IntegerField(help_text="About its last thousand, whatever they were for")
    failures = serializers.IntegerField()
    images_per_s = serializers.FloatField(
        allow_null=True, help_text="Of a run with many in flight: this one where it asked, else the last whole one of this version"
    )
    asked = serializers.IntegerField(help_text="Images that it was asked about for this comparison, and answered")
    unanswered = serializers.IntegerField(help_text="Images that it was asked about in vain")
    complaint = serializers.CharField(allow_blank=True, help_text="Why, in one sentence")


class DisputedImageSerializer(serializers.Serializer[Any]):
    """An image that two models differ on; ``dispute``: 0 when they say the same, 1 when they have nothing in common."""

    image = serializers.IntegerField()
    name = serializers.CharField()
    dispute = serializers.FloatField()


class ComparedPairSerializer(serializers.Serializer[Any]):
    """Two models, on the images that both answered about. ``f1``: of one against the other, the same both ways."""

    models = serializers.ListField(child=serializers.IntegerField())
    images = serializers.IntegerField()
    same_labels = serializers.FloatField(allow_null=True)
    f1 = serializers.FloatField(allow_null=True)
    disputed = DisputedImageSerializer(many=True)


class ModelComparisonSerializer(serializers.Serializer[Any]):
    """Models side by side on the same images."""

    counted = serializers.ChoiceField(choices=["labels", "objects", "areas"])
    overlap = serializers.FloatField(allow_null=True)
    images = serializers.IntegerField(help_text="That were looked at")
    common = serializers.IntegerField(help_text="Images that all of the models answered about")
    with_truth = serializers.IntegerField(help_text="Those of them whose truth is known; the figures stand on these.")
    true_annotations = serializers.IntegerField()
    models = ComparedModelSerializer(many=True)
    pairs = ComparedPairSerializer(many=True)


class ComparisonRequestSerializer(serializers.Serializer[Any]):
    """Compare models on images of a campaign."""

    models = serializers.ListField(child=serializers.IntegerField(), help_text="Ids of attached models, 2 to 6 of them")
    images = SelectionField(default="all")
    overlap = serializers.FloatField(default=DEFAULT_OVERLAP, help_text="Two objects are the same from this IoU on.")
    ask = serializers.BooleanField(default=False, help_text="First ask the models about images that they have not answered.")


class ComparedNameSerializer(serializers.Serializer[Any]):
    """A model version that was compared."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    version = serializers.CharField()


class ComparisonRunSerializer(serializers.ModelSerializer[Comparison]):
    """A comparison, and what it found once its run has succeeded."""

    run = RunSerializer()
    compared = ComparedNameSerializer(many=True)
    found = ModelComparisonSerializer(allow_null=True)

    class Meta:
        model = Comparison
        fields = ["run", "compared", "overlap", "ask", "found"]
        read_only_fields = fields


class ComparisonsView(APIView):
    """Comparisons of a campaign's models; ``/runs?kind=comparison&campaign=…`` lists them."""

    @extend_schema(request=ComparisonRequestSerializer, responses={202: RunSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int) -> Response:
        """Start a run that compares stored answers with each other, and with what people submitted."""
        campaign = fetch_campaign(request, campaign_id)
        form = ComparisonRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        run = start_comparison(user=user_of(request), campaign=campaign, **form.validated_data)
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)


class ComparisonView(APIView):
    """One comparison."""

    @extend_schema(responses=ComparisonRunSerializer)
    def get(self, request: Request, campaign_id: int, run_id: int) -> Response:
        """Return what was compared and what was found; it stays as it was, whatever people label later."""
        found = comparison_of(user=user_of(request), campaign=fetch_campaign(request, campaign_id), run_id=run_id)
        return Response(ComparisonRunSerializer(found).data)


urlpatterns: list[URLPattern | URLResolver] = [
    path("campaigns/<int:campaign_id>/model-comparisons", ComparisonsView.as_view()),
    path("campaigns/<int:campaign_id>/model-comparisons/<int:run_id>", ComparisonView.as_view()),
]
