"""Add images to a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.http import QueryDict
from django.urls import URLPattern
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.base import user_of
from campaigns.api.serializers import RunSerializer
from campaigns.api.uploads import ImageUploads, LandedFile
from campaigns.errors import InvalidInput
from campaigns.models import Campaign, Run, Split
from campaigns.services.importing import ImportReport, import_files
from campaigns.services.incoming import FileResult, Incoming
from campaigns.services.server_folders import import_from_server

__all__ = ["IMPORT_SCHEMA", "ImageUploads", "create_images", "urlpatterns"]


class UploadSerializer(serializers.Serializer[Any]):
    """Images and zips of images, with the split they join and labels (comma-separated) for all of them."""

    files = serializers.ListField(child=serializers.FileField())
    split = serializers.ChoiceField(choices=Split.choices, required=False, allow_blank=True)
    labels = serializers.CharField(required=False, allow_blank=True)


class ServerPathSerializer(serializers.Serializer[Any]):
    """A file or folder of the server, inside the folders that its operator has listed."""

    server_path = serializers.CharField(max_length=4000)
    split = serializers.ChoiceField(choices=Split.choices, required=False, allow_blank=True)
    labels = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=100)


class FileResultSerializer(serializers.Serializer[Any]):
    """What became of one file; ``image`` of a duplicate is the one that was there."""

    name = serializers.CharField()
    status = serializers.CharField(help_text="created, duplicate or refused")
    image = serializers.IntegerField(allow_null=True)
    code = serializers.CharField(allow_blank=True)
    detail = serializers.CharField(allow_blank=True)


class ImportReportSerializer(serializers.Serializer[Any]):
    """What became of every file, and how many of each."""

    results = FileResultSerializer(many=True)
    created = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    refused = serializers.IntegerField()


IMPORT_SCHEMA: Final[dict[str, Any]] = {
    "request": {"multipart/form-data": UploadSerializer, "application/json": ServerPathSerializer},
    "responses": {200: ImportReportSerializer, 202: RunSerializer},
}


def create_images(request: Request, campaign: Campaign) -> Response:
    """Add images to a campaign: uploaded files and zips, or a path of the server; 202 with a run when that is much."""
    done = _upload(request, campaign) if request.FILES else _from_server(request, campaign)
    if isinstance(done, Run):
        return Response(RunSerializer(done).data, status=status.HTTP_202_ACCEPTED)
    return Response(report_document(done))


def _upload(request: Request, campaign: Campaign) -> ImportReport:
    form = request.data
    assert isinstance(form, QueryDict)
    labels = [name for value in form.getlist("labels") for name in value.split(",")]
    files = [file for _field, files in request.FILES.lists() for file in files]
    split = form.get("split", "")
    return import_files(user=user_of(request), campaign=campaign, files=_incoming(files), split=split, label_names=labels)


def _incoming(files: Sequence[Any]) -> list[Incoming]:
    return [file.incoming if isinstance(file, LandedFile) else Incoming(file.name or "image", file.read()) for file in files]


def _from_server(request: Request, campaign: Campaign) -> ImportReport | Run:
    if not isinstance(request.data, dict) or not request.data.get("server_path"):
        raise InvalidInput('Send images as multipart "files", or JSON with a "server_path".', code="no_files")
    form = ServerPathSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    values = form.validated_data
    return import_from_server(
        user=user_of(request),
        campaign=campaign,
        server_path=values["server_path"],
        split=values.get("split", ""),
        label_names=values.get("labels", ()),
    )


def report_document(report: ImportReport) -> dict[str, Any]:
    """Return a report as it goes over the wire."""
    results = [_result_document(result) for result in report.results]
    return {"results": results, "created": report.created, "duplicates": report.duplicates, "refused": report.refused}


def _result_document(result: FileResult) -> dict[str, Any]:
    return {"name": result.name, "status": result.status, "image": result.image, "code": result.code, "detail": result.detail}


urlpatterns: list[URLPattern] = []
