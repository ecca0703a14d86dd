"""The annotation set of an image: read, save small changes, submit, review."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import etag, fetch_image, user_of, version_of
from campaigns.api.serializers import AnnotationSetSerializer, CommentSerializer, ProblemSerializer, annotation_set_document
from campaigns.encoding import resting_collector
from campaigns.models import AnnotationSet, ImageState, SetState
from campaigns.services import annotations as service

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description='The version that was changed, as its ETag: "7"'
)
CONFLICTS = {412: ProblemSerializer, 428: ProblemSerializer}


class SpentSerializer(serializers.Serializer[Any]):
    """Active seconds and actions on one annotation."""

    active_s = serializers.FloatField(required=False, min_value=0)
    actions = serializers.IntegerField(required=False, min_value=0)


class SaveSerializer(serializers.Serializer[Any]):
    """A small change: annotations to add or replace, ids to remove, and the work since the last save.

    ``active_s`` counts seconds on the image, ``effort`` seconds and actions by annotation id.
    """

    upsert = serializers.ListField(child=serializers.DictField(), required=False)
    delete = serializers.ListField(child=serializers.CharField(), required=False)
    active_s = serializers.FloatField(required=False, min_value=0)
    effort = serializers.DictField(child=SpentSerializer(), required=False)


class SavedSerializer(serializers.Serializer[Any]):
    """What a save answers: the new version, without repeating the annotations."""

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    state = serializers.ChoiceField(choices=SetState.choices)
    updated_at = serializers.DateTimeField()
    image_state = serializers.ChoiceField(
        choices=ImageState.choices, help_text="As it was when the save came: who labels an image reads here that it was excluded meanwhile."
    )


class SubmitSerializer(serializers.Serializer[Any]):
    """Unreviewed drafts at or above this confidence are accepted; without it they are all dropped."""

    accept_drafts_above = serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=1)


def _answer(own: AnnotationSet) -> Response:
    return Response(annotation_set_document(own), headers=etag(own.version))


class AnnotationSetView(APIView):
    """The user's annotation set of an image."""

    @extend_schema(responses=AnnotationSetSerializer)
    def get(self, request: Request, image_id: int) -> Response:
        """Return it, made from the drafts on first sight."""
        return _answer(service.open_annotation_set(user=user_of(request), image=fetch_image(request, image_id)))

    @extend_schema(request=SaveSerializer, responses={200: SavedSerializer, **CONFLICTS}, parameters=[IF_MATCH])
    def patch(self, request: Request, image_id: int) -> Response:
        """Add, replace and remove annotations, if nobody saved in between."""
        with resting_collector():
            return self._save(request, image_id)

    def _save(self, request: Request, image_id: int) -> Response:
        # A method of its own, so that the document is gone by the time that the collector works again.
        version = version_of(request)
        change = service.Change.from_document(request.data)
        image = fetch_image(request, image_id)
        own = service.save_annotations(user=user_of(request), image=image, version=version, change=change)
        saved = {"id": own.pk, "version": own.version, "state": own.state, "updated_at": own.updated_at, "image_state": image.state}
        return Response(saved, headers=etag(own.version))


class SubmitView(APIView):
    """Hand in."""

    @extend_schema(request=SubmitSerializer, responses={200: AnnotationSetSerializer, **CONFLICTS}, parameters=[IF_MATCH])
    def post(self, request: Request, image_id: int) -> Response:
        """Submit the set: the image counts as labeled."""
        version = version_of(request)
        form = SubmitSerializer(data=request.data or {})
        form.is_valid(raise_exception=True)
        image = fetch_image(request, image_id)
        return _answer(service.submit_annotation_set(user=user_of(request), image=image, version=version, **form.validated_data))


class AcceptView(APIView):
    """Review."""

    @extend_schema(request=None, responses=AnnotationSetSerializer)
    def post(self, request: Request, image_id: int) -> Response:
        """Accept what was submitted."""
        return _answer(service.accept_annotation_set(user=user_of(request), image=fetch_image(request, image_id)))


class ReturnView(APIView):
    """Review."""

    @extend_schema(request=CommentSerializer, responses=AnnotationSetSerializer)
    def post(self, request: Request, image_id: int) -> Response:
        """Hand the set back to its author with a comment."""
        form = CommentSerializer(data=request.data or {})
        form.is_valid(raise_exception=True)
        return _answer(service.return_annotation_set(user=user_of(request), image=fetch_image(request, image_id), **form.validated_data))


urlpatterns = [
    path("images/<int:image_id>/annotation-set", AnnotationSetView.as_view()),
    path("images/<int:image_id>/annotation-set/submit", SubmitView.as_view()),
    path("images/<int:image_id>/annotation-set/accept", AcceptView.as_view()),
    path("images/<int:image_id>/annotation-set/return", ReturnView.as_view()),
]
