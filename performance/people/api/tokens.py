"""Endpoints of personal tokens."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.people import actions, queries
from performance.people.api import shared
from performance.people.models import ApiToken, Scope


class PersonalTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names a personal token."""

    target_class = "performance.people.views.api_tokens.PersonalToken"
    name = "personalToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class TokenOut(serializers.ModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"]


class TokenIn(serializers.Serializer[ApiToken]):
    name = serializers.CharField(max_length=80)
    scopes = serializers.MultipleChoiceField(choices=Scope.choices)
    expires_at = serializers.DateTimeField()


class TokenMade(TokenOut):
    secret = serializers.CharField(help_text="Shown in this answer only.")

    class Meta(TokenOut.Meta):
        fields = [*TokenOut.Meta.fields, "secret"]


class Tokens(api.TenantView):
    """My own tokens. A token cannot make tokens: this needs a signed-in browser."""

    access = access.Access("member", auditor_may_write=True)

    @extend_schema(responses=TokenOut(many=True))
    def get(self, request: Request) -> Response:
        paginator = api.NewestFirst()
        tokens = queries.tokens_of(request.actor.user, request.actor.organisation).order_by()
        return paginator.get_paginated_response(
            TokenOut(paginator.paginate_queryset(tokens, request), many=True).data
        )

    @extend_schema(request=TokenIn, responses={201: TokenMade})
    def post(self, request: Request) -> Response:
        asked = shared.valid(TokenIn(data=request.data))
        token, secret = actions.create_token(actor=request.actor, at=timezone.now(), **asked)
        return Response({**TokenOut(token).data, "secret": secret}, status=status.HTTP_201_CREATED)


class OneToken(api.TenantView):
    """Ending one of my tokens."""

    access = access.Access("member", auditor_may_write=True)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: uuid.UUID) -> Response:
        own = queries.tokens_of(request.actor.user, request.actor.organisation)
        actions.revoke_token(token=access.get_or_404(own, pk=token_id), by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
