"""Endpoints of a REST source: added, changed and removed by those who model datasets, as they write queries elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import audit, duties
from performance.sources import connectors
from performance.sources.actions import narrowing
from performance.sources.actions.refusing import SourceRefused
from performance.sources.connectors import documents, reasons
from performance.sources.connectors import rest as rest_rules
from performance.sources.models import Connection, Dataset, Endpoint, Paging
from performance.sources.models.endpoints import FIELDS

MAX_ENDPOINTS = 200


def add_endpoint(*, connection: Connection, values: Mapping[str, Any], by: Any, at: datetime) -> Endpoint:
    """Raises SourceRefused: name_taken, bad_endpoint, bad_path, needed, too_many, no_endpoints."""
    if not connection.is_rest:
        raise SourceRefused(_("Only a REST source has endpoints."), code="no_endpoints")
    if Endpoint.objects.filter(connection=connection).count() >= MAX_ENDPOINTS:
        raise SourceRefused(_("A source has at most 200 endpoints."), code="too_many")
    endpoint = Endpoint(connection=connection, **_judged(values))
    with transaction.atomic():
        _saved_once(endpoint)
        audit.record(by=by, action="sources.add_endpoint", subject=connection, changes=_told(endpoint), at=at)
    return endpoint


def change_endpoint(*, endpoint: Endpoint, values: Mapping[str, Any], by: Any, at: datetime) -> Endpoint:
    """What is left out of `values` stays. Whoever is scored by what is read from here does not change it; a dataset
    that reads from it keeps its rows, and reads everything again next time.

    Raises SourceRefused as add_endpoint, narrowed, and "in_use" for another name while a dataset reads from it.
    """
    with transaction.atomic():
        endpoint = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        read = _datasets(endpoint)
        duties.refuse_scored_over(by, read.values_list("pk", flat=True))
        narrowing.refuse_writing(by, read.values_list("pk", flat=True))
        before = _told(endpoint)
        given = _judged({**endpoint.plan(), **values})
        if given["name"] != endpoint.name and read.exists():
            raise SourceRefused(_("A dataset reads from it under this name."), code="in_use", field="name")
        for name, value in given.items():
            setattr(endpoint, name, value)
        _saved_once(endpoint)
        read.update(cursor={})
        after = _told(endpoint)
        audit.record(
            by=by,
            action="sources.change_endpoint",
            subject=endpoint.connection,
            changes={name: [before[name], after[name]] for name in after},
            at=at,
        )
    return endpoint


def remove_endpoint(*, endpoint: Endpoint, by: Any, at: datetime) -> None:
    """Raises SourceRefused("in_use") while a dataset reads from it."""
    with transaction.atomic():
        endpoint = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        if _datasets(endpoint).exists():
            raise SourceRefused(_("Close the dataset that reads from it first."), code="in_use")
        audit.record(
            by=by,
            action="sources.remove_endpoint",
            subject=endpoint.connection,
            changes=_told(endpoint),
            at=at,
        )
        endpoint.delete()


def _datasets(endpoint: Endpoint) -> Any:
    return Dataset.objects.filter(connection=endpoint.connection_id, table_name=endpoint.name, closed_at=None)


def _told(endpoint: Endpoint) -> dict[str, Any]:
    """What an audit row says. The values of parameters stay out of it: people put keys there in spite of all."""
    names = ", ".join(endpoint.parameters)
    return {"endpoint": f"{endpoint.name}: /{endpoint.path}" + (f" ({names})" if names else "")}


def _judged(values: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: values[name] for name in FIELDS if name in values}
    _rule("path", rest_rules.endpoint_path, given.get("path", ""))
    given["path"] = given.get("path", "").strip().strip("/")
    given["name"] = given["name"].strip()
    for name in ("rows_path", "next_path"):
        if given.get(name):
            _rule(name, documents.compiled, given[name])
    paging = given.get("paging", Paging.NONE)
    if paging in (Paging.PAGE, Paging.OFFSET):
        _needed(given, "page_parameter")
    if paging == Paging.CURSOR:
        _needed(given, "next_path")
    if given.get("page_size"):
        _needed(given, "size_parameter")
    return given


def _rule(field: str, rule: Any, value: str) -> None:
    try:
        rule(value)
    except connectors.ConnectorRefused as refused:
        said = reasons.text(refused.code, refused.params)
        raise SourceRefused(said, code=refused.code, field=field) from refused


def _needed(given: Mapping[str, Any], field: str) -> None:
    if not str(given.get(field) or "").strip():
        raise SourceRefused(_("This way of paging needs it."), code="needed", field=field)


def _saved_once(endpoint: Endpoint) -> None:
    try:
        with transaction.atomic():
            endpoint.save()
    except IntegrityError as error:
        if "endpoint_name_once" not in str(error):
            raise
        raise SourceRefused(
            _("There is an endpoint of this name already."), code="name_taken", field="name"
        ) from error
