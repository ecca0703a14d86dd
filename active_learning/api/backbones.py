"""What a campaign's images are looked at with."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from active_learning.models import ImageSpace, SpaceKind
from active_learning.services.choosing_backbone import Wanted, choose_backbone, read_backbones
from campaigns.api.base import fetch_campaign, user_of
from campaigns.api.serializers import RunSerializer
from campaigns.permissions import MANAGE, require_role
from models_registry.networks.backbones import DEFAULT_SIZE, SIZES
from models_registry.networks.own_backbones import LEAST_SIDE_PX, LIBRARIES, MOST_SIDE_PX, NORMALISATIONS, TORCHVISION_NAMES


class ImageSpaceSerializer(serializers.ModelSerializer[ImageSpace]):
    """A space of embeddings; ``dimension`` is null until the first vector is there."""

    run = serializers.IntegerField(source="run_id", allow_null=True)
    state = serializers.SerializerMethodField(help_text="Of its run; empty where that was removed")

    class Meta:
        model = ImageSpace
        fields = ["kind", "name", "title", "dimension", "run", "state", "created_at"]

    @extend_schema_field(str)
    def get_state(self, space: ImageSpace) -> str:
        """Return the state of the run that computes it."""
        return "" if space.run is None else str(space.run.state)


class AbleModelSerializer(serializers.Serializer[Any]):
    """A model of the campaign that could answer embeddings."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    version = serializers.CharField()


class BackbonesSerializer(serializers.Serializer[Any]):
    """``current`` is null where the installed backbone looks as it comes; ``coming``: what is being computed, or failed."""

    current = ImageSpaceSerializer(allow_null=True)
    coming = ImageSpaceSerializer(allow_null=True)
    models = AbleModelSerializer(many=True)
    timm = serializers.BooleanField(help_text="Whether timm is installed, so that its networks can be chosen")
    networks = serializers.ListField(child=serializers.CharField(), help_text="Networks of torchvision")
    normalisations = serializers.ListField(child=serializers.CharField())


class BackboneChoiceSerializer(serializers.Serializer[Any]):
    """The installed backbone at a size, weights for a network, or a model of the campaign."""

    kind = serializers.ChoiceField(choices=SpaceKind.choices)
    size = serializers.ChoiceField(choices=list(SIZES), default=DEFAULT_SIZE)
    library = serializers.ChoiceField(choices=LIBRARIES, default=LIBRARIES[0])
    architecture = serializers.CharField(required=False, allow_blank=True, default="", max_length=100)
    side_px = serializers.IntegerField(default=224, min_value=LEAST_SIDE_PX, max_value=MOST_SIDE_PX)
    normalisation = serializers.ChoiceField(choices=list(NORMALISATIONS), default="imagenet")
    model = serializers.IntegerField(default=0, min_value=0)
    file = serializers.FileField(
        required=False,
        help_text="Weights: a state_dict that torch reads with weights_only, or safetensors; without it those that the makers published",
    )


class BackbonesView(APIView):
    """What looks at a campaign's images."""

    parser_classes = (MultiPartParser, JSONParser)

    @extend_schema(responses=BackbonesSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Return what looks at the images, what is on its way, and what could be chosen."""
        found = read_backbones(user=user_of(request), campaign=fetch_campaign(request, campaign_id))
        answer = {
            "current": found.current, "coming": found.coming, "models": found.models, "timm": found.timm, "networks": TORCHVISION_NAMES,
            "normalisations": list(NORMALISATIONS),
        }  # fmt: skip
        return Response(BackbonesSerializer(answer).data)

    @extend_schema(request={"multipart/form-data": BackboneChoiceSerializer}, responses={202: RunSerializer})
    def post(self, request: Request, campaign_id: int) -> Response:
        """Look at all images with another backbone; when it has seen all, it takes the place of the one before."""
        campaign = fetch_campaign(request, campaign_id)
        require_role(user_of(request), campaign, MANAGE)  # before gigabytes are read
        form = BackboneChoiceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        fields = dict(form.validated_data)
        file = fields.pop("file", None)
        run = choose_backbone(
            user=user_of(request), campaign=campaign, wanted=Wanted(**fields), file=None if file is None else file.chunks()
        )
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)


urlpatterns: list[URLPattern | URLResolver] = [path("campaigns/<int:campaign_id>/backbones", BackbonesView.as_view())]
