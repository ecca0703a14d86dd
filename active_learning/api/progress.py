"""How the learning goes, why an image is asked, and simulations of other strategies."""

from __future__ import annotations

import csv
from dataclasses import asdict
from io import StringIO
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import URLPattern, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.acquisition.strategies import EVERY_TASK, STRATEGIES
from active_learning.api.rounds import AreaSerializer, ImageNameSerializer
from active_learning.models import Simulation
from active_learning.progress.replay import can_replay
from active_learning.services.labeled_areas import learns_areas, whole_pixels
from active_learning.services.progress import learning_curve
from active_learning.services.simulations import SimulationForm, result_of, simulation_of, simulations_of, start_simulation, table_of
from active_learning.services.why import Why, why_asked
from campaigns.api.base import fetch_campaign, fetch_image, fetch_run, idempotent, user_of
from campaigns.api.imagery import PixelView
from campaigns.api.serializers import RunSerializer
from campaigns.models import Image


class MeasuredSerializer(serializers.Serializer[Any]):
    """A figure at a number of labels, 0 to 1, with its 95 % interval where it has one; ``images``: what it was measured on."""

    labeled = serializers.IntegerField()
    value = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    images = serializers.IntegerField()
    round = serializers.IntegerField(allow_null=True)


class GainSerializer(serializers.Serializer[Any]):
    """What so many more labels bring by the fitted law, with its 95 % interval; ``ceiling``: what no number of labels exceeds by it."""

    labels = serializers.IntegerField()
    expected = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    ceiling = serializers.FloatField()


class AdviceSerializer(serializers.Serializer[Any]):
    """Whether to go on labeling, and why. ``agreement``: kappa of the answers about the pool between the last two rankings."""

    verdict = serializers.ChoiceField(choices=["unknown", "go_on", "nearly_done", "stop"])
    sentence = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())
    gain = GainSerializer(allow_null=True)
    agreement = serializers.FloatField(allow_null=True)


class LearningCurveSerializer(serializers.Serializer[Any]):
    """``model`` and ``random``: on the held-back images; ``audits``: shares right of images that were drawn at random in the rounds."""

    metric = serializers.CharField()
    model = MeasuredSerializer(many=True)
    random = MeasuredSerializer(many=True)
    audits = MeasuredSerializer(many=True)
    audit = MeasuredSerializer(allow_null=True)
    audit_sentence = serializers.CharField()
    advice = AdviceSerializer()


class LearningCurveView(APIView):
    """How the labels pay."""

    @extend_schema(responses=LearningCurveSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Return accuracy by labels, beside random picks, with what random picks of the rounds say, and advice when to stop."""
        found = learning_curve(user=user_of(request), campaign=fetch_campaign(request, campaign_id))
        return Response(LearningCurveSerializer(asdict(found)).data)


class NeighbourSerializer(serializers.Serializer[Any]):
    """A labeled image that looks like the one asked about; ``similarity`` -1 to 1."""

    image = ImageNameSerializer()
    similarity = serializers.FloatField()
    labels = serializers.ListField(child=serializers.CharField())


class AskedAreaSerializer(AreaSerializer):
    """An area asked about, and whether somebody has handed it in by now."""

    done = serializers.BooleanField()


class RankSerializer(serializers.Serializer[Any]):
    """Its place in the open round: rank 1 is asked first; ``parts``: what its score was made of."""

    round = serializers.IntegerField()
    rank = serializers.IntegerField()
    score = serializers.FloatField()
    parts = serializers.DictField(child=serializers.FloatField())
    why = serializers.CharField(allow_blank=True)
    areas = AskedAreaSerializer(many=True, help_text="Where to look first, in that order.")
    size = serializers.IntegerField(help_text="How many images the round asks for.")
    strategy = serializers.CharField()


class WhySerializer(serializers.Serializer[Any]):
    """``ranked``: null where the open round does not ask for it; ``looked_at``: whether it can be compared with others.

    ``withheld``: reasons and areas are left out, since the image is labeled as if no model existed.
    """

    ranked = RankSerializer(allow_null=True)
    withheld = serializers.BooleanField()
    areas_teach = serializers.BooleanField(help_text="An area may be handed in alone, while the image stays open.")
    neighbours = NeighbourSerializer(many=True)
    looked_at = serializers.BooleanField()


def _why(found: Why, image: Image) -> dict[str, Any]:
    ranked = found.ranked
    strategy = STRATEGIES[ranked.round.strategy].title if ranked is not None and ranked.round.strategy in STRATEGIES else ""
    told: dict[str, Any] = {"parts": {}, "why": "", "areas": []}
    if ranked is not None and not found.withheld:
        areas = [{**area, "done": whole_pixels(area["bounds"]) in found.labeled} for area in ranked.areas]
        told = {"parts": ranked.parts, "why": ranked.why, "areas": areas}
    return {
        "ranked": None if ranked is None else {
            "round": ranked.round.number, "rank": ranked.rank, "size": ranked.round.size, "score": ranked.score,
            "strategy": strategy, **told,
        },
        "withheld": found.withheld,
        "areas_teach": learns_areas(image.campaign),
        "neighbours": found.neighbours,
        "looked_at": found.looked_at,
    }  # fmt: skip


class WhyView(APIView):
    """Why an image is asked."""

    @extend_schema(responses=WhySerializer)
    def get(self, request: Request, image_id: int) -> Response:
        """Return its place in the open round, the parts of its score, and the labeled images that look most like it."""
        image = fetch_image(request, image_id)
        found = why_asked(user=user_of(request), image=image)
        return Response(WhySerializer(_why(found, image)).data)


SIMULATED = [(s.name, s.title) for s in STRATEGIES.values() if any(can_replay(s, kind) for kind in EVERY_TASK)]


class NewSimulationSerializer(serializers.Serializer[Any]):
    """What to simulate; ``random`` joins by itself. Without ``budgets`` they rise up to half of the labeled images."""

    strategies = serializers.ListField(child=serializers.ChoiceField(choices=SIMULATED), allow_empty=False)
    seeds = serializers.IntegerField(min_value=1, max_value=20, default=5)
    budgets = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False, max_length=40)


class SimulatedStrategySerializer(serializers.Serializer[Any]):
    """A strategy's mean figure at each budget with its 95 % interval; ``reached_with``: labels that equal random's last point."""

    strategy = serializers.CharField()
    title = serializers.CharField()
    seeds = serializers.IntegerField(help_text="Seeds that are done.")
    mean = serializers.ListField(child=serializers.FloatField())
    low = serializers.ListField(child=serializers.FloatField())
    high = serializers.ListField(child=serializers.FloatField())
    reached_with = serializers.FloatField(allow_null=True)
    sentence = serializers.CharField(allow_blank=True)


class SimulationSerializer(serializers.Serializer[Any]):
    """A simulation; ``id`` is that of its run. What a cancel or a crash left is in ``curves`` too."""

    id = serializers.IntegerField()
    strategies = serializers.ListField(child=serializers.CharField())
    seeds = serializers.IntegerField()
    budgets = serializers.ListField(child=serializers.IntegerField())
    metric = serializers.ChoiceField(choices=["accuracy", "miou", "map_50"], help_text="What the curves tell, from 0 to 1.")
    random_accuracy = serializers.FloatField(allow_null=True, help_text="That figure for random picks at the last budget.")
    curves = SimulatedStrategySerializer(many=True)
    run = RunSerializer()

    def to_representation(self, instance: Simulation) -> dict[str, Any]:
        """Sum up what is done."""
        return super().to_representation(_document(instance))


def _document(simulation: Simulation) -> dict[str, Any]:
    found = result_of(simulation)
    curves = [
        {
            "strategy": each.strategy, "title": each.title, "reached_with": each.reached_with, "sentence": each.sentence,
            **asdict(each.summary),
        }
        for each in found.strategies
    ]  # fmt: skip
    return {
        "id": simulation.run_id, "strategies": simulation.strategies, "seeds": simulation.seeds, "budgets": simulation.budgets,
        "metric": found.metric, "random_accuracy": found.random_accuracy, "curves": curves, "run": simulation.run,
    }  # fmt: skip


class SimulationsView(generics.ListAPIView[Simulation]):
    """The simulations of a campaign."""

    serializer_class = SimulationSerializer
    queryset = Simulation.objects.none()
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Simulation]:
        """Return them, newest first."""
        return simulations_of(user=user_of(self.request), campaign=fetch_campaign(self.request, self.kwargs["campaign_id"]))

    @extend_schema(request=NewSimulationSerializer, responses={202: SimulationSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int) -> Response:
        """Ask the labeled images again by several strategies, in the background."""
        form = NewSimulationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked = SimulationForm(
            tuple(form.validated_data["strategies"]), form.validated_data["seeds"], tuple(form.validated_data.get("budgets", ()))
        )
        made = start_simulation(user=user_of(request), campaign=fetch_campaign(request, campaign_id), form=asked)
        return Response(SimulationSerializer(made).data, status=status.HTTP_202_ACCEPTED)


class SimulationView(APIView):
    """One simulation."""

    @extend_schema(responses=SimulationSerializer)
    def get(self, request: Request, run_id: int) -> Response:
        """Return the curves that are done."""
        return Response(SimulationSerializer(simulation_of(fetch_run(request, run_id))).data)


class SimulationTableView(PixelView):
    """The same for spreadsheets."""

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def get(self, request: Request, run_id: int) -> HttpResponse:
        """Download every curve as a table with a heading."""
        text = StringIO()
        csv.writer(text).writerows(table_of(simulation_of(fetch_run(request, run_id))))
        answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="simulation-{run_id}.csv"'
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


urlpatterns: list[URLPattern] = [
    path("campaigns/<int:campaign_id>/learning-curve", LearningCurveView.as_view()),
    path("images/<int:image_id>/why", WhyView.as_view()),
    path("campaigns/<int:campaign_id>/simulations", SimulationsView.as_view()),
    path("simulations/<int:run_id>", SimulationView.as_view()),
    path("simulations/<int:run_id>.csv", SimulationTableView.as_view()),
]
