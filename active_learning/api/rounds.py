"""Rounds, their rankings, how good their models were, and the strategies to choose from."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.acquisition.strategies import EVERY_TASK, STRATEGIES
from active_learning.models import Evaluation, RankedImage, Round, RoundState
from active_learning.progress.replay import can_replay
from active_learning.services.kinds import kind_of
from active_learning.services.ranking import suited_strategies
from active_learning.services.rounds import DEFAULT_STRATEGY, MOST_AREAS, RoundOptions, default_for, start_round, state_of
from campaigns.api.base import fetch_campaign, idempotent, user_of
from campaigns.api.pagination import CursorPages
from campaigns.api.serializers import UserSerializer
from campaigns.errors import InvalidInput, NotFound
from campaigns.models import Campaign, ImageState
from campaigns.permissions import VIEW, require_role
from models_registry.models import RegisteredModel

SEED_LIMIT = 2**63 - 1
OPTIONS = tuple(each.name for each in fields(RoundOptions))


class ModelNameSerializer(serializers.ModelSerializer[RegisteredModel]):
    """Which model a round ranked by."""

    class Meta:
        model = RegisteredModel
        fields = ["id", "name", "version"]


class RoundProgressSerializer(serializers.Serializer[Any]):
    """How many images a round asks for, and how many of them have been labeled since."""

    asked = serializers.IntegerField()
    labeled = serializers.IntegerField()


class RoundSerializer(serializers.ModelSerializer[Round]):
    """One round; ``run`` is what makes it."""

    state = serializers.SerializerMethodField()
    model = ModelNameSerializer(read_only=True, allow_null=True)
    progress = serializers.SerializerMethodField()
    created_by = UserSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Round
        fields = [
            "id", "campaign", "number", "state", "strategy", "size", "seed", "model", "model_version", "pool_size", "progress", "run",
            "created_by", "created_at", "opened_at", "closed_at",
        ]  # fmt: skip
        read_only_fields = fields

    @staticmethod
    def get_state(round_: Round) -> RoundState:
        """Return where it stands."""
        return RoundState(state_of(round_))

    @extend_schema_field(RoundProgressSerializer)
    def get_progress(self, round_: Round) -> dict[str, int]:
        """Return how far the labeling of the round has come."""
        return {"asked": min(round_.size, round_.pool_size), "labeled": getattr(round_, "labeled", 0)}


class NewRoundSerializer(serializers.Serializer[Any]):
    """What to ask for next.

    Without ``model`` a strategy that ranks by one takes the latest that was attached; ``train`` trains one first.
    """

    strategy = serializers.ChoiceField(
        choices=[(s.name, s.title) for s in STRATEGIES.values()], required=False, help_text="Without it, what suits the campaign best."
    )
    size = serializers.IntegerField(min_value=1, max_value=1_000_000, default=100)
    model = serializers.IntegerField(required=False, allow_null=True, help_text="Id of a model attached to the campaign.")
    seed = serializers.IntegerField(min_value=0, max_value=SEED_LIMIT, default=0)
    train = serializers.BooleanField(default=False, help_text="Train on what is labeled first, and rank by that model.")
    training = serializers.DictField(required=False, help_text="How to train, as for a training run.")
    prefill = serializers.BooleanField(default=True, help_text="Draft the model's answers on the images of the round.")
    audit_share = serializers.FloatField(min_value=0, max_value=0.5, default=0.05, help_text="Part of the round that is drawn at random.")
    cost_aware = serializers.BooleanField(default=False, help_text="Prefer images that are quick to label, by the effort measured.")
    balanced = serializers.BooleanField(default=False, help_text="Prefer images of labels that are rare so far.")
    no_twins = serializers.BooleanField(default=False, help_text="Put near duplicates of what is labeled or asked sooner off.")
    unsure = serializers.BooleanField(
        default=False, help_text="Ask first for what the model leaves to people, by the spans saved with it; not with train."
    )
    areas = serializers.IntegerField(
        min_value=0,
        max_value=MOST_AREAS,
        default=0,
        help_text="In how many places of an image the labeling page begins; 0: with all of it.",
    )
    superpixels = serializers.BooleanField(
        default=False,
        help_text="Ask about parts of an image that hold together by colour, drawn by chance among the least sure, not squares.",
    )


class ImageNameSerializer(serializers.Serializer[Any]):
    """Which image."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class AreaSerializer(serializers.Serializer[Any]):
    """A place of an image: left, top, right and bottom in its pixels, how much it is worth a look (0 to 1), and why."""

    bounds = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4)
    score = serializers.FloatField()
    why = serializers.CharField()
    outline = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2), required=False,
        help_text="Of the part that is asked about, as [x, y]; without one, all within the bounds is.",
    )  # fmt: skip


class RankedImageSerializer(serializers.ModelSerializer[RankedImage]):
    """An image's place: rank 1 is asked first, a higher score sooner. ``state`` is the image's, now."""

    image = ImageNameSerializer(read_only=True)
    parts = serializers.DictField(child=serializers.FloatField(), read_only=True)
    areas = AreaSerializer(many=True, read_only=True)
    state = serializers.ChoiceField(choices=ImageState.choices, source="image.state", read_only=True)

    class Meta:
        model = RankedImage
        fields = ["image", "rank", "score", "parts", "why", "areas", "state"]
        read_only_fields = fields


class EvaluationSerializer(serializers.ModelSerializer[Evaluation]):
    """How good a round's model was on the held-back images, and what as many random picks would have given."""

    round = serializers.IntegerField(source="round.number", read_only=True, allow_null=True, default=None)
    model = ModelNameSerializer(read_only=True, allow_null=True)
    metrics = serializers.DictField(child=serializers.FloatField(), read_only=True)
    random_metrics = serializers.DictField(child=serializers.FloatField(), read_only=True)

    class Meta:
        model = Evaluation
        fields = ["id", "round", "model", "labeled", "held_back", "metrics", "random_metrics", "created_at"]
        read_only_fields = fields


class StrategySerializer(serializers.Serializer[Any]):
    """A way to rank; ``needs`` names what must be there, ``uses`` what it profits from besides."""

    name = serializers.CharField()
    title = serializers.CharField()
    needs = serializers.ListField(child=serializers.CharField())
    uses = serializers.ListField(child=serializers.CharField())
    paper = serializers.CharField(allow_blank=True)
    description = serializers.CharField()
    tasks = serializers.ListField(
        child=serializers.CharField(), help_text="Where it makes sense; instance and semantic are the two kinds of segmentation."
    )
    several = serializers.BooleanField(help_text="Made for images that may have several labels.")
    default = serializers.BooleanField(
        help_text="Of the campaign asked about as it stands now; of no campaign in particular, for whole images."
    )
    simulated = serializers.BooleanField(help_text="A simulation can ask by it; of no campaign in particular: of any task.")


class RankPages(CursorPages):
    """The ranking from its first place on."""

    ordering = ("rank",)


class EvaluationPages(CursorPages):
    """Evaluations in the order of the rounds."""

    ordering = ("id",)


def rounds_of(campaign: Campaign) -> QuerySet[Round]:
    """Return a campaign's rounds with how many of the asked images are labeled."""
    # A subquery over the first ``size`` places: a join would count through the whole ranking of every round.
    asked = RankedImage.objects.filter(round=OuterRef("pk"), rank__lte=OuterRef("size")).order_by()
    labeled = asked.exclude(image__state=ImageState.UNLABELED).values("round").annotate(count=Count("pk")).values("count")
    rounds = Round.objects.filter(campaign=campaign).select_related("model", "run", "created_by")
    return rounds.annotate(labeled=Coalesce(Subquery(labeled), 0))


def _readable_campaign(request: Request, campaign_id: int) -> Campaign:
    campaign = fetch_campaign(request, campaign_id)
    require_role(user_of(request), campaign, VIEW)
    return campaign


def _round(request: Request, campaign_id: int, number: int) -> Round:
    found = rounds_of(_readable_campaign(request, campaign_id)).filter(number=number).first()
    if found is None:
        raise NotFound(f"This campaign has no round {number}.")
    return found


class RoundsView(generics.ListAPIView[Round]):
    """The rounds of a campaign."""

    serializer_class = RoundSerializer
    queryset = Round.objects.none()
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Round]:
        """Return the rounds, newest first."""
        return rounds_of(_readable_campaign(self.request, self.kwargs["campaign_id"]))

    @extend_schema(request=NewRoundSerializer, responses={202: RoundSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int) -> Response:
        """Rank the pool and open the next round, in the background."""
        campaign = fetch_campaign(request, campaign_id)
        form = NewRoundSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked = dict(form.validated_data)
        options = RoundOptions(**{name: asked.pop(name) for name in OPTIONS if name in asked})
        model = _model(asked.pop("model", None))
        asked.setdefault("strategy", default_for(campaign))
        made = start_round(user=user_of(request), campaign=campaign, model=model, options=options, **asked)
        return Response(RoundSerializer(made).data, status=status.HTTP_202_ACCEPTED)


def _model(pk: int | None) -> RegisteredModel | None:
    """Return a model by its id; whether the campaign may use it is the service's to say."""
    if pk is None:
        return None
    model: RegisteredModel | None = RegisteredModel.objects.filter(pk=pk).first()
    if model is None:
        raise NotFound("There is no such model.")
    return model


class RoundView(APIView):
    """One round."""

    @extend_schema(responses=RoundSerializer)
    def get(self, request: Request, campaign_id: int, number: int) -> Response:
        """Return the round with its progress."""
        return Response(RoundSerializer(_round(request, campaign_id, number)).data)


class RankingView(generics.ListAPIView[RankedImage]):
    """Which image a round asks for first, and why."""

    serializer_class = RankedImageSerializer
    pagination_class = RankPages
    queryset = RankedImage.objects.none()
    filter_backends = ()

    def get_queryset(self) -> QuerySet[RankedImage]:
        """Return the ranking from the first place on."""
        found = _round(self.request, self.kwargs["campaign_id"], self.kwargs["number"])
        ranking = RankedImage.objects.filter(round=found).select_related("image")
        return ranking.only("rank", "score", "parts", "why", "areas", "image__name", "image__state")


class EvaluationsView(generics.ListAPIView[Evaluation]):
    """How good the models of a campaign's rounds were."""

    serializer_class = EvaluationSerializer
    pagination_class = EvaluationPages
    queryset = Evaluation.objects.none()
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Evaluation]:
        """Return the evaluations, oldest first: a learning curve."""
        campaign = _readable_campaign(self.request, self.kwargs["campaign_id"])
        return Evaluation.objects.filter(campaign=campaign).select_related("round", "model")


class StrategiesView(APIView):
    """The strategies."""

    @extend_schema(
        parameters=[OpenApiParameter("campaign", int, description="Only those that suit its task.")],
        responses=StrategySerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List the ways to rank, the baseline first."""
        wanted = request.query_params.get("campaign", "")
        if wanted and not (wanted.isdecimal() and len(wanted) < 19):
            raise InvalidInput("campaign is the id of a campaign.")
        campaign = _readable_campaign(request, int(wanted)) if wanted else None
        kind = "" if campaign is None else kind_of(campaign)
        default = DEFAULT_STRATEGY if campaign is None else default_for(campaign)
        rows = [
            {
                "name": s.name, "title": s.title, "needs": sorted(s.needs), "uses": sorted(s.uses), "paper": s.paper,
                "description": s.description, "tasks": sorted(s.tasks), "several": s.several, "default": s.name == default,
                "simulated": can_replay(s, kind) if kind else any(can_replay(s, each) for each in EVERY_TASK),
            }
            for s in (STRATEGIES.values() if campaign is None else suited_strategies(campaign))
        ]  # fmt: skip
        return Response(rows)


urlpatterns: list[URLPattern] = [
    path("strategies", StrategiesView.as_view()),
    path("campaigns/<int:campaign_id>/rounds", RoundsView.as_view()),
    path("campaigns/<int:campaign_id>/rounds/<int:number>", RoundView.as_view()),
    path("campaigns/<int:campaign_id>/rounds/<int:number>/ranking", RankingView.as_view()),
    path("campaigns/<int:campaign_id>/evaluations", EvaluationsView.as_view()),
]
