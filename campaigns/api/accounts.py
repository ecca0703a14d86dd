"""Accounts, sign-in and tokens."""

from django.contrib.auth import login, logout
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import ensure_csrf_cookie
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from campaigns.api.base import user_of
from campaigns.api.serializers import ApiTokenSerializer, AuthStateSerializer, CredentialsSerializer, TokenAnswerSerializer, UserSerializer
from campaigns.errors import NotFound
from campaigns.models import ApiToken, User
from campaigns.permissions import require_manager_somewhere
from campaigns.services import accounts


class SignInThrottle(SimpleRateThrottle):
    """Slow down who guesses passwords: per address and name."""

    scope = "sign-in"
    rate = "30/min"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """Count by address and by the name that was tried."""
        name = request.data.get("username", "") if isinstance(request.data, dict) else ""
        return f"sign-in-{self.get_ident(request)}-{name}"[:200]


def _credentials(request: Request) -> dict[str, str]:
    form = CredentialsSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def _answer(request: Request, user: User, code: int) -> Response:
    _, text = accounts.create_token(user=user, name="sign-in")
    return Response({"token": text, "user": UserSerializer(user).data}, status=code)


class SetupView(APIView):
    """The first account."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
    throttle_classes = (SignInThrottle,)

    @extend_schema(request=CredentialsSerializer, responses={201: TokenAnswerSerializer})
    def post(self, request: Request) -> Response:
        """Make the first account, the owner of the deployment; 409 ever after."""
        user = accounts.setup_owner(**_credentials(request))
        login(request._request, user, backend="django.contrib.auth.backends.ModelBackend")
        return _answer(request, user, status.HTTP_201_CREATED)


class TokenView(APIView):
    """A token for a name and a password."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
    throttle_classes = (SignInThrottle,)

    @extend_schema(request=CredentialsSerializer, responses={200: TokenAnswerSerializer})
    def post(self, request: Request) -> Response:
        """Return a new token."""
        return _answer(request, accounts.sign_in(**_credentials(request)), status.HTTP_200_OK)


class LoginView(APIView):
    """The browser's sign-in."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
    throttle_classes = (SignInThrottle,)

    @extend_schema(request=CredentialsSerializer, responses={200: UserSerializer})
    def post(self, request: Request) -> Response:
        """Start a session."""
        user = accounts.sign_in(**_credentials(request))
        login(request._request, user)
        return Response(UserSerializer(user).data)


class LogoutView(APIView):
    """The browser's sign-out."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """End the session."""
        logout(request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)


@method_decorator(ensure_csrf_cookie, name="dispatch")
class StateView(APIView):
    """What a page needs before anybody has signed in."""

    permission_classes = (AllowAny,)

    @extend_schema(responses=AuthStateSerializer)
    def get(self, request: Request) -> Response:
        """Say whether the first account is missing, and who is signed in."""
        user = request.user if isinstance(request.user, User) else None
        return Response({"setup_needed": user is None and accounts.setup_needed(), "user": UserSerializer(user).data if user else None})


class MeView(APIView):
    """Who is signed in."""

    @extend_schema(responses=AuthStateSerializer)
    def get(self, request: Request) -> Response:
        """Return the user."""
        return Response({"setup_needed": False, "user": UserSerializer(user_of(request)).data})


class TokensView(APIView):
    """The user's own tokens."""

    @extend_schema(responses=ApiTokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List them; the texts are not kept."""
        return Response(ApiTokenSerializer(ApiToken.objects.filter(user=user_of(request)), many=True).data)

    @extend_schema(request=ApiTokenSerializer, responses={201: ApiTokenSerializer})
    def post(self, request: Request) -> Response:
        """Make one; the answer shows its text, this once."""
        form = ApiTokenSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        token, text = accounts.create_token(user=user_of(request), **form.validated_data)
        return Response({**ApiTokenSerializer(token).data, "token": text}, status=status.HTTP_201_CREATED)


class TokenDetailView(APIView):
    """One of the user's own tokens."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke it at once."""
        deleted, _ = ApiToken.objects.filter(user=user_of(request), pk=token_id).delete()
        if not deleted:
            raise NotFound("You have no such token.")
        return Response(status=status.HTTP_204_NO_CONTENT)


class UsersView(APIView):
    """People of this deployment, for those who add members."""

    @extend_schema(parameters=[OpenApiParameter("q", str, description="Part of the name")], responses=UserSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List up to 20 people whose name contains ``q``."""
        require_manager_somewhere(user_of(request))
        found = User.objects.filter(is_active=True, username__icontains=request.query_params.get("q", ""))
        return Response(UserSerializer(found.order_by("username")[:20], many=True).data)


urlpatterns = [
    path("auth/setup", SetupView.as_view()),
    path("auth/token", TokenView.as_view()),
    path("auth/login", LoginView.as_view()),
    path("auth/logout", LogoutView.as_view()),
    path("auth/state", StateView.as_view()),
    path("auth/me", MeView.as_view()),
    path("auth/tokens", TokensView.as_view()),
    path("auth/tokens/<int:token_id>", TokenDetailView.as_view()),
    path("users", UsersView.as_view()),
]
