"""Background runs: one address for every kind."""

import io
from typing import Any

import django_filters
from django.db.models import Count, QuerySet
from django.http import FileResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns import runs
from campaigns.api.base import fetch_run, user_of
from campaigns.api.serializers import ReasonSerializer, RunItemSerializer, RunSerializer
from campaigns.models import ItemState, Run, RunItem, RunState
from campaigns.permissions import MANAGE, require_role
from campaigns.querysets import RunQuerySet
from campaigns.reasons import grouped, pattern_of
from campaigns.services.latencies import latencies_of

UPKEEP = ("measure", "predict", "embedding")
LOG_PAGE_BYTES = 64 * 1024


class RunFilter(django_filters.FilterSet):
    """``?campaign=&kind=&state=``."""

    campaign = django_filters.NumberFilter(field_name="campaign_id")
    kind = django_filters.CharFilter()
    state = django_filters.MultipleChoiceFilter(choices=RunState.choices)

    class Meta:
        model = Run
        fields: list[str] = []


class RunsView(generics.ListAPIView[Run]):
    """All runs that the user may see, newest first; upkeep and single pictures of scripts are listed only when their kind is asked for."""

    serializer_class = RunSerializer
    filterset_class = RunFilter
    queryset = Run.objects.none()

    def get_queryset(self) -> RunQuerySet:
        """Return the user's runs."""
        runs_ = Run.objects.visible_to(user_of(self.request)).select_related("created_by")
        return runs_ if self.request.query_params.get("kind") else runs_.exclude(kind__in=UPKEEP)


class RunView(APIView):
    """One run."""

    @extend_schema(responses=RunSerializer)
    def get(self, request: Request, run_id: int) -> Response:
        """Return the run with its progress."""
        return Response(RunSerializer(fetch_run(request, run_id)).data)


def _steerable(request: Request, run_id: int) -> Run:
    run = fetch_run(request, run_id)
    if run.campaign is not None and run.created_by_id != user_of(request).pk:
        require_role(user_of(request), run.campaign, MANAGE)
    return run


class CancelView(APIView):
    """Stop a run."""

    @extend_schema(request=None, responses={202: RunSerializer})
    def post(self, request: Request, run_id: int) -> Response:
        """Ask the run to stop; what it finished stays."""
        return Response(RunSerializer(runs.cancel_run(_steerable(request, run_id))).data, status=status.HTTP_202_ACCEPTED)


class RetryView(APIView):
    """Try again."""

    @extend_schema(request=None, responses={202: RunSerializer})
    def post(self, request: Request, run_id: int) -> Response:
        """Queue the run again, for its failed images alone."""
        return Response(RunSerializer(runs.retry_run(_steerable(request, run_id))).data, status=status.HTTP_202_ACCEPTED)


class RunItemsView(generics.ListAPIView[RunItem]):
    """The images of a run."""

    serializer_class = RunItemSerializer
    queryset = RunItem.objects.none()
    filter_backends = ()

    @extend_schema(
        parameters=[
            OpenApiParameter("state", OpenApiTypes.STR, enum=list(ItemState.values)),
            OpenApiParameter("code", OpenApiTypes.STR),
            OpenApiParameter("reason_like", OpenApiTypes.STR, description="A reason: those that differ in numbers and quoted words alone."),
        ]
    )
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        """List the images, with reasons for the failed ones."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[RunItem]:
        """Return the run's items, filtered."""
        items = RunItem.objects.filter(run=fetch_run(self.request, self.kwargs["run_id"])).select_related("image")
        wanted = {name: self.request.query_params[name] for name in ("state", "code") if self.request.query_params.get(name)}
        like = self.request.query_params.get("reason_like")
        return items.filter(**wanted) if like is None else items.filter(**wanted, reason__regex=pattern_of(like))


class ReasonsView(APIView):
    """Failures by reason."""

    @extend_schema(responses=ReasonSerializer(many=True))
    def get(self, request: Request, run_id: int) -> Response:
        """Count the failed images by reason, each with one example; reasons that differ only in numbers and quoted words are one."""
        failed = RunItem.objects.filter(run=fetch_run(request, run_id), state=ItemState.FAILED).order_by()
        rows = failed.values_list("code", "reason").annotate(count=Count("pk"))
        return Response(ReasonSerializer(grouped(rows.iterator()), many=True).data)


class LatencyBinSerializer(serializers.Serializer[Any]):
    """Answers that took from ``from_ms`` to less than ``to_ms``."""

    from_ms = serializers.FloatField()
    to_ms = serializers.FloatField()
    count = serializers.IntegerField()


class LatenciesSerializer(serializers.Serializer[Any]):
    """How long answers took; null where there is none."""

    count = serializers.IntegerField()
    p50_ms = serializers.FloatField(allow_null=True)
    p95_ms = serializers.FloatField(allow_null=True)
    slowest_ms = serializers.FloatField(allow_null=True)
    bins = LatencyBinSerializer(many=True)


class LatenciesView(APIView):
    """How long answers took."""

    @extend_schema(responses=LatenciesSerializer)
    def get(self, request: Request, run_id: int) -> Response:
        """Return the quantiles and a histogram of the answers so far, in bins that grow with the latency."""
        return Response(LatenciesSerializer(latencies_of(fetch_run(request, run_id))).data)


class LogPageSerializer(serializers.Serializer[Any]):
    """Which page of a log: what stands before this byte; without it, the end."""

    before = serializers.IntegerField(required=False, min_value=0)


class LogSerializer(serializers.Serializer[Any]):
    """Whole lines of a log, from the byte ``start`` on, of ``size`` bytes in all."""

    text = serializers.CharField()
    start = serializers.IntegerField()
    size = serializers.IntegerField()


class LogView(APIView):
    """The log of a run."""

    @extend_schema(parameters=[LogPageSerializer], responses=LogSerializer)
    def get(self, request: Request, run_id: int) -> Response:
        """Return a page of the log, by default its end; for those who may steer it. A page's ``start`` is ``before`` of the one above."""
        form = LogPageSerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        page = runs.log_page(_steerable(request, run_id).pk, before=form.validated_data.get("before"), most_bytes=LOG_PAGE_BYTES)
        return Response(LogSerializer(page).data)


class LogFileView(APIView):
    """The whole log of a run."""

    @extend_schema(responses={(200, "text/plain"): OpenApiTypes.BINARY})
    def get(self, request: Request, run_id: int) -> FileResponse:
        """Download it; for those who may steer the run."""
        path_ = runs.log_path(_steerable(request, run_id).pk)
        file = path_.open("rb") if path_.exists() else io.BytesIO()
        return FileResponse(file, content_type="text/plain; charset=utf-8", as_attachment=True, filename=f"run-{run_id}.log")


urlpatterns = [
    path("runs", RunsView.as_view()),
    path("runs/<int:run_id>", RunView.as_view()),
    path("runs/<int:run_id>/cancel", CancelView.as_view()),
    path("runs/<int:run_id>/retry", RetryView.as_view()),
    path("runs/<int:run_id>/items", RunItemsView.as_view()),
    path("runs/<int:run_id>/reasons", ReasonsView.as_view()),
    path("runs/<int:run_id>/latencies", LatenciesView.as_view()),
    path("runs/<int:run_id>/log", LogView.as_view()),
    path("runs/<int:run_id>/log/file", LogFileView.as_view()),
]
