"""Down from a score: which of the steps that it kept open for a reader, so that none is offered that would be refused."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.core import checks
from django.urls import NoReverseMatch, Resolver404, ResolverMatch, resolve, reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from performance.foundation import access
from performance.kpis import queries as kpi_queries
from performance.kpis import rules as kpi_rules
from performance.kpis.models import Dimension, Metric, MetricVersion
from performance.scoring.queries.lines import Line

ROWS = "kpis:rows"


@dataclass(frozen=True)
class EvidenceStep:
    """What a score was read from. `closed`: why its page does not open for this reader; "" where it does."""

    ref: Mapping[str, str]
    closed: str = ""


def check_objectives(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Start-up check: who tells of objectives exists and can be called, and so does their page."""
    found: list[checks.CheckMessage] = []
    try:
        if not callable(import_string(settings.OBJECTIVE_TITLES)):
            found.append(checks.Error("OBJECTIVE_TITLES is not callable.", id="scoring.E004"))
    except ImportError as error:
        found.append(checks.Error(f"OBJECTIVE_TITLES: {error}", id="scoring.E003"))
    try:
        reverse(settings.OBJECTIVE_PAGE, kwargs={"objective_id": uuid.UUID(int=0)})
    except NoReverseMatch as error:
        found.append(checks.Error(f"OBJECTIVE_PAGE: {error}", id="scoring.E005"))
    return found


def steps_of(line: Line, actor: access.Actor) -> list[EvidenceStep]:
    """The steps of a component. Two queries at most for objectives, and for a metric as many as its sight takes."""
    matches = [_match(ref.get("url", "")) for ref in line.refs]
    wanted = [
        match.kwargs["objective_id"]
        for match in matches
        if match and match.view_name == settings.OBJECTIVE_PAGE
    ]
    seen: Collection[uuid.UUID] = (
        import_string(settings.OBJECTIVE_TITLES)(actor, wanted) if wanted else frozenset()
    )
    return [
        EvidenceStep(ref, _closed(ref, match, actor, seen))
        for ref, match in zip(line.refs, matches, strict=True)
    ]


def _closed(
    ref: Mapping[str, str], match: ResolverMatch | None, actor: access.Actor, seen: Collection[uuid.UUID]
) -> str:
    if match is None:
        return ""
    if match.view_name == settings.OBJECTIVE_PAGE and match.kwargs["objective_id"] not in seen:
        return _("Open to those who may see this objective.")
    if match.view_name == ROWS:
        query = dict(parse_qsl(urlsplit(ref["url"]).query))
        dimensions = Dimension.objects.filter(key__in=list(query)).values_list("key", flat=True)
        within = {key: query[key] for key in dimensions}
        return _rows_closed(match.kwargs["pk"], ref.get("version", ""), within, actor)
    return ""


def _rows_closed(metric_id: uuid.UUID, number: str, within: Mapping[str, str], actor: access.Actor) -> str:
    """As the page of rows decides it."""
    metric = Metric.objects.filter(pk=metric_id).first()
    if metric is None:
        return str(kpi_rules.WHO_SEES_ROWS)
    sight = kpi_queries.sight_of(actor)
    version = (
        MetricVersion.objects.filter(metric=metric, number=int(number)).first() if number.isdigit() else None
    )
    if version is not None and version.is_base:
        narrowed = sight.rows.of(version.dataset_id)
        if kpi_rules.can_see_rows_of(actor, metric, within, narrowed):
            return ""
        return str(kpi_rules.WHO_SEES_NARROWED_ROWS if narrowed else kpi_rules.WHO_SEES_ROWS)
    is_open = kpi_rules.can_see_rows(actor, metric, within) or sight.opens_rows(metric.pk)
    return "" if is_open else str(kpi_rules.WHO_SEES_ROWS)


def _match(url: str) -> ResolverMatch | None:
    try:
        return resolve(urlsplit(url).path) if url else None
    except Resolver404:
        return None
