"""Endpoints that need several apps together: the search of the command palette."""

from typing import Any

from django.urls import URLPattern, path, resolve
from django.utils.module_loading import import_string
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from performance.config import shell
from performance.foundation import access, api
from performance.people.models import Scope

#: What a hit is, the scope with which a token may read it, and where it is found.
KINDS = {
    "person": (Scope.PEOPLE_READ, "performance.people.queries.search"),
    "objective": (Scope.GOALS_READ, "okr.queries.search"),
    "metric": (Scope.METRICS_READ, "performance.kpis.queries.search"),
}


class HitOut(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=list(KINDS))
    id = serializers.UUIDField()
    # A serializer's own `label` does not matter to declared fields.
    label = serializers.CharField()  # type: ignore[assignment]
    detail = serializers.CharField()
    url = serializers.CharField(help_text="Its page.")


class Search(api.TenantView):
    @extend_schema(
        operation_id="search",
        parameters=[OpenApiParameter("q", str, required=True, description="Up to 80 characters.")],
        responses=HitOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """People, goals and metrics that carry these words, up to eight of each, as far as you may see them. A token
        finds what it may read."""
        words = request.query_params.get("q", "").strip()[: shell.MOST_WORDS]
        hits = [
            {"kind": kind, "id": _id_of(url), "label": label, "detail": detail, "url": url}
            for kind, (scope, find) in KINDS.items()
            if words and self.reads(scope)
            for label, detail, url, _icon in import_string(find)(request.actor, words)
        ]
        return Response(HitOut(hits, many=True).data)

    def reads(self, scope: str) -> bool:
        scopes = getattr(self.request.auth, "scopes", None)
        return scopes is None or scope in scopes

    def _token_allows(self, request: Request, method: str) -> bool:
        """Any scope of what is searched opens it; each opens its own part."""
        return method in access.SAFE_METHODS and any(self.reads(scope) for scope, _find in KINDS.values())


def _id_of(url: str) -> Any:
    """A page about one thing is addressed by its id alone."""
    (key,) = resolve(url).kwargs.values()
    return key


urls: list[URLPattern] = [path("search/", Search.as_view(), name="api_search")]
