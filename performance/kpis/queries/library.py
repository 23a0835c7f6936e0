"""The library: every metric with the version in force and the one being worked on."""

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, CharField, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from performance.foundation import access
from performance.kpis.models import Metric, MetricVersion, VersionState
from performance.kpis.queries.definitions import newest_certified, visible_metrics, visible_versions
from performance.people import models as people_models

#: Metrics on one page.
METRICS = 50
#: What a metric can stand at, in the order of its life; whatever was sent back stands under "All" alone.
STATES = (VersionState.CERTIFIED, VersionState.REVIEW, VersionState.DRAFT, VersionState.DEPRECATED)


@dataclass(frozen=True)
class LibraryRow:
    metric: Metric
    in_force: MetricVersion | None
    open: MetricVersion | None
    signed: int
    users: int

    @property
    def owners(self) -> tuple[Any, Any]:
        return self.metric.business_owner, self.metric.finance_owner


def library_metrics(
    actor: access.Actor, *, words: str = "", state: str = "", owner: uuid.UUID | None = None
) -> QuerySet[Metric]:
    """The metrics that the actor may see. `words` stand in their names, their key or their meaning; `state` is that of
    the version being worked on, else of the one in force; `owner` is either of the two."""
    metrics = visible_metrics(actor)
    if words:
        described = visible_versions(actor).filter(
            Q(description_en__icontains=words) | Q(description_zh__icontains=words), metric=OuterRef("pk")
        )
        metrics = metrics.filter(
            Q(name_en__icontains=words)
            | Q(name_zh__icontains=words)
            | Q(key__icontains=words)
            | Exists(described.order_by())
        )
    if state:
        metrics = metrics.alias(state=_state(actor)).filter(state=state)
    if owner:
        metrics = metrics.filter(Q(business_owner=owner) | Q(finance_owner=owner))
    return metrics


def _state(actor: access.Actor) -> Case:
    versions = visible_versions(actor).filter(metric=OuterRef("pk")).order_by()
    opened = versions.filter(state__in=[VersionState.DRAFT, VersionState.REVIEW]).values("state")[:1]
    signed = Case(
        When(Exists(versions.filter(state=VersionState.CERTIFIED)), then=Value(VersionState.CERTIFIED)),
        default=Value(VersionState.DECLINED),
        output_field=CharField(),
    )
    return Case(
        When(retired_at__isnull=False, then=Value(VersionState.DEPRECATED)),
        default=Coalesce(Subquery(opened), signed),
        output_field=CharField(),
    )


def library(
    actor: access.Actor, *, words: str = "", state: str = "", owner: uuid.UUID | None = None, page: int = 1
) -> tuple[list[LibraryRow], Page[Metric]]:
    """A page of library_metrics, by name. Five queries, whatever there is."""
    versions = visible_versions(actor).order_by("-number").prefetch_related("signatures")
    metrics = library_metrics(actor, words=words, state=state, owner=owner)
    with_versions = metrics.prefetch_related(Prefetch("versions", queryset=versions))
    shown = Paginator(with_versions, METRICS).get_page(page)
    used = Counter(key for version in newest_certified() for key in version.input_keys)
    return [_row(metric, used[metric.key]) for metric in shown], shown


def _row(metric: Metric, users: int) -> LibraryRow:
    kept = list(metric.versions.all())
    in_force = next((version for version in kept if version.state == VersionState.CERTIFIED), None)
    opened = next((version for version in kept if version.is_open), None)
    current = opened or in_force
    signed = len(current.signatures.all()) if current else 0
    return LibraryRow(metric, in_force, opened, signed, users)


def owners_of_metrics(actor: access.Actor) -> QuerySet[people_models.Person]:
    """Everybody who owns a metric that the actor may see, by name."""
    owned = visible_metrics(actor).order_by()
    return people_models.Person.objects.filter(
        Q(pk__in=owned.values("business_owner")) | Q(pk__in=owned.values("finance_owner"))
    ).order_by("name_sort", "pk")
