"""Rows that a system sends, and the tokens with which it does."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import parsers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.sources import actions, models, queries, rules
from performance.sources.actions import pushing
from performance.sources.api import connections, shapes

SHOWN_REJECTED = 100


class Plain(parsers.BaseParser):
    """The bytes as they came: the action reads them, to the last digit of a number."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        content = bytes(stream.read(pushing.MAX_BYTES + 1))
        if len(content) > pushing.MAX_BYTES:
            raise api.TooLarge
        return content


class PlainLines(Plain):
    media_type = "application/x-ndjson"


class Push(connections.SourceView):
    """One batch of rows for a dataset that a system fills."""

    parser_classes = [Plain, PlainLines]

    @extend_schema(
        request={
            "application/json": {"type": "array", "items": {"type": "object"}},
            "application/x-ndjson": OpenApiTypes.STR,
        },
        responses={201: shapes.PushedOut, 200: shapes.PushedOut, 422: shapes.PushedOut},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                required=True,
                description="What you call this batch. The same batch under the same name changes nothing.",
            )
        ],
    )
    def post(self, request: Request, dataset_id: uuid.UUID) -> Response:
        """Adds and changes rows by their key, all at once. At most 5 MB and 20,000 rows; a list of records, or one
        record a line. Rows that do not fit are named in the answer and kept with the load. A batch with a column that
        is not of the dataset, or without one that is, changes nothing (422)."""
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        access.require(rules.can_push_rows(request.actor, found))
        # Without a body nothing is parsed.
        content: Any = request.data
        pushed = actions.push_rows(
            dataset=found,
            content=content if isinstance(content, bytes) else b"",
            batch_key=request.headers.get("Idempotency-Key", "").strip(),
            by=request.actor,
            at=timezone.now(),
        )
        load = pushed.load
        body = {
            "load": shapes.LoadOut(load).data,
            "rejected": shapes.RejectedOut(queries.rejected_rows(load)[:SHOWN_REJECTED], many=True).data,
            "replayed": not pushed.is_new,
        }
        if load.state == models.JobState.FAILED:
            # The load that failed is kept, so this is no refusal that is rolled back.
            problem = {
                "type": "about:blank",
                "title": load.problem_code,
                "status": status.HTTP_422_UNPROCESSABLE_ENTITY,
                "detail": load.problem,
            }
            return Response(
                problem | body, status=status.HTTP_422_UNPROCESSABLE_ENTITY, content_type=api.PROBLEM
            )
        return Response(body, status=status.HTTP_201_CREATED if pushed.is_new else status.HTTP_200_OK)

    def _token_allows(self, request: Request, method: str) -> bool:
        """A token that is bound to this dataset opens it too."""
        scopes = getattr(request.auth, "scopes", None) or []
        return queries.push_scope(self.kwargs["dataset_id"]) in scopes or super()._token_allows(
            request, method
        )


class Samples(connections.SourceView):
    @extend_schema(request=shapes.SampleIn, responses={201: shapes.ProbeOut})
    def post(self, request: Request, connection_id: uuid.UUID) -> Response:
        """What a few rows look like: a proposal of columns, as a probe gives for other sources."""
        found = access.get_or_404(queries.connections(), pk=connection_id)
        access.require(rules.can_model_datasets(request.actor))
        given = self.valid(shapes.SampleIn(data=request.data)).validated_data
        probe = actions.look_at_sample(
            connection=found,
            name=given["name"],
            content=given["sample"].encode(),
            by=request.actor,
            at=timezone.now(),
        )
        return Response(shapes.ProbeOut(probe).data, status=status.HTTP_201_CREATED)


class PushTokens(connections.SourceView):
    """Tokens that open one dataset. A token cannot make tokens: this needs a signed-in browser."""

    scope_read = ""
    scope_write = ""

    @extend_schema(responses=shapes.PushTokenOut(many=True), operation_id="sources_datasets_tokens_list")
    def get(self, request: Request, dataset_id: uuid.UUID) -> Response:
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        return self.page(request, queries.push_tokens(found).order_by(), shapes.PushTokenOut)

    @extend_schema(request=shapes.PushTokenIn, responses={201: shapes.PushTokenMade})
    def post(self, request: Request, dataset_id: uuid.UUID) -> Response:
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        access.require(rules.can_push_rows(request.actor, found))
        asked = self.valid(shapes.PushTokenIn(data=request.data)).validated_data
        token, secret = actions.create_push_token(dataset=found, **asked, by=request.actor, at=timezone.now())
        return Response({**shapes.PushTokenOut(token).data, "secret": secret}, status=status.HTTP_201_CREATED)


class OnePushToken(connections.SourceView):
    scope_read = ""
    scope_write = ""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, dataset_id: uuid.UUID, token_id: uuid.UUID) -> Response:
        """It opens nothing from now on."""
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        access.require(rules.can_push_rows(request.actor, found))
        token = access.get_or_404(queries.push_tokens(found), pk=token_id)
        actions.revoke_push_token(token=token, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
