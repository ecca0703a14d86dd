"""What comes of images that look alike: groups of near duplicates, and labels that the labeled ones suggest."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.embeddings.votes import NEIGHBOURS
from active_learning.services.duplicates import read_duplicates
from active_learning.services.suggesting import read_suggestions, start_suggesting
from campaigns.api.base import fetch_campaign, idempotent, user_of
from campaigns.api.selecting import SelectionField
from campaigns.api.serializers import RunSerializer
from campaigns.errors import InvalidInput

MOST_GROUPS = 200
LIMIT = OpenApiParameter("limit", OpenApiTypes.INT, description=f"At most so many groups, up to {MOST_GROUPS}; 50 by default.")
OFFSET = OpenApiParameter("offset", OpenApiTypes.INT, description="Groups to pass over.")


class TwinSerializer(serializers.Serializer[Any]):
    """One image of a group."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    state = serializers.CharField()
    split = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class DuplicateGroupSerializer(serializers.Serializer[Any]):
    """Images that are nearly the same; ``leak``: two fixed splits share them."""

    images = TwinSerializer(many=True)
    similarity = serializers.FloatField()
    leak = serializers.BooleanField()


class DuplicatesSerializer(serializers.Serializer[Any]):
    """What the last look found; ``run`` is null where nobody has looked yet."""

    run = serializers.IntegerField(allow_null=True)
    looked_at = serializers.DateTimeField(allow_null=True)
    outdated = serializers.BooleanField(help_text="Another backbone looks at the images since")
    threshold = serializers.FloatField()
    compared = serializers.IntegerField()
    count = serializers.IntegerField(help_text="Groups in all")
    leaks = serializers.IntegerField(help_text="Groups that two splits share")
    groups = DuplicateGroupSerializer(many=True)


class SuggestingSerializer(serializers.Serializer[Any]):
    """Which images the labeled ones vote on, and how many neighbours vote."""

    images = SelectionField(required=False, default="unlabeled")
    neighbours = serializers.IntegerField(default=NEIGHBOURS)


class SuggestionSerializer(serializers.Serializer[Any]):
    """A label for an image, its share of the votes, and the nearest images that voted for it."""

    image = serializers.IntegerField()
    label = serializers.IntegerField()  # type: ignore[assignment]
    confidence = serializers.FloatField()
    neighbours = serializers.ListField(child=serializers.IntegerField())


class SuggestionsSerializer(serializers.Serializer[Any]):
    """What the last run suggests, the surest first; ``run`` is null where none has ended yet."""

    run = serializers.IntegerField(allow_null=True)
    voters = serializers.IntegerField()
    outdated = serializers.BooleanField(help_text="Another backbone looks at the images since")
    suggestions = SuggestionSerializer(many=True)


class DuplicatesView(APIView):
    """Images that are nearly the same."""

    @extend_schema(parameters=[LIMIT, OFFSET], responses=DuplicatesSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Return groups of the last look, less what was removed or excluded since: leaks first, then the largest."""
        limit, offset = _page(request)
        found = read_duplicates(user=user_of(request), campaign=fetch_campaign(request, campaign_id))
        answer = {
            "run": found.run, "looked_at": found.looked_at, "outdated": found.outdated,
            "threshold": found.threshold, "compared": found.compared,
            "count": len(found.groups), "leaks": sum(group.leak for group in found.groups),
            "groups": found.groups[offset : offset + limit],
        }  # fmt: skip
        return Response(DuplicatesSerializer(answer).data)


def _page(request: Request) -> tuple[int, int]:
    try:
        limit, offset = (int(request.query_params.get(name, usual)) for name, usual in (("limit", "50"), ("offset", "0")))
    except ValueError as error:
        raise InvalidInput("limit and offset are whole numbers.") from error
    if not 1 <= limit <= MOST_GROUPS or not 0 <= offset <= 1_000_000:
        raise InvalidInput(f"limit lies between 1 and {MOST_GROUPS}, offset is at least 0.")
    return limit, offset


class SuggestionRunsView(APIView):
    """Runs that let labeled images vote on others."""

    @extend_schema(request=SuggestingSerializer, responses={202: RunSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int) -> Response:
        """Let the labeled images that look most alike vote on the labels of a selection."""
        form = SuggestingSerializer(data=request.data or {})
        form.is_valid(raise_exception=True)
        run = start_suggesting(user=user_of(request), campaign=fetch_campaign(request, campaign_id), **form.validated_data)
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)


class SuggestionsView(APIView):
    """What labeled images suggest."""

    @extend_schema(
        parameters=[OpenApiParameter("least", OpenApiTypes.FLOAT, description="Least confidence, 0 to 1.")], responses=SuggestionsSerializer
    )
    def get(self, request: Request, campaign_id: int) -> Response:
        """Return the suggestions of the last run for images that still wait for a label."""
        try:
            least = float(request.query_params.get("least", "0"))
        except ValueError as error:
            raise InvalidInput("least is a number from 0 to 1.") from error
        if not 0 <= least <= 1:
            raise InvalidInput("least is a number from 0 to 1.")
        found = read_suggestions(user=user_of(request), campaign=fetch_campaign(request, campaign_id), least=least)
        return Response(SuggestionsSerializer(found).data)


urlpatterns: list[URLPattern | URLResolver] = [
    path("campaigns/<int:campaign_id>/duplicates", DuplicatesView.as_view()),
    path("campaigns/<int:campaign_id>/suggestion-runs", SuggestionRunsView.as_view()),
    path("campaigns/<int:campaign_id>/suggestions", SuggestionsView.as_view()),
]
