"""The stage that a business's certified cash flows propose."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.utils import timezone

from performance.foundation import access, tenancy
from performance.foundation.models import AuditRow
from performance.kpis import queries as kpis
from performance.kpis.models import Additivity, Metric, MetricVersion
from performance.kpis.queries import months as calendar_months
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import evidence
from performance.scoring.models import PolicyVersion
from performance.scoring.queries.signals import MONTHS_OLD, closed_months, known_of, late_metrics

#: How far back a closed year is looked for.
YEARS_READ = 2
_NARROWED = "scoring.narrowed"


def flow_metrics() -> list[MetricVersion]:
    """Certified metrics that add up over months: what a cash flow may be read from. One query."""
    found = kpis.newest_certified().filter(additivity=Additivity.ADDITIVE)
    return sorted(found, key=lambda version: str(version.metric))


def stage_proposal(
    weighing: evidence.Weighing, unit: people.BusinessUnit | None, *, at: datetime.datetime | None = None
) -> evidence.StageProposal | None:
    """What the three flows that a policy names propose for the part of the business of its unit (None: the whole). None
    where none is named. Nine queries at most."""
    named = {kind: key for kind, key in weighing.flows.items() if key}
    if not named:
        return None
    at = at or timezone.now()
    organisation = people.Organisation.objects.get(pk=tenancy.current_organisation_id())
    last_day = people_queries.day_at(organisation, at) - datetime.timedelta(days=1)
    metrics = {version.metric.key: version.metric for version in flow_metrics()}
    known = {kind: metrics[key] for kind, key in named.items() if key in metrics}
    slice = _slice(unit)
    year = calendar_months.calendar().per_year
    points = kpis.series_of([(metric, slice) for metric in known.values()], YEARS_READ * year, last_day)
    versions = kpis.versions_in_force(last_day, [metric.pk for metric in known.values()])
    series = {
        kind: dict(closed_months(points[metric.pk, kpis.slice_key(slice)], last_day))
        for kind, metric in known.items()
    }
    months = _shared(series, year)
    oldest = calendar_months.months_before(last_day, MONTHS_OLD)
    is_old = bool(months) and months[-1] < oldest
    flows = [
        evidence.Flow(
            kind,
            named[kind],
            **known_of(known[kind], versions.get(known[kind].pk)),
            value_micro=_sum(series[kind], months),
        )
        for kind in evidence.FLOWS
        if kind in known
    ]
    return evidence.proposed_stage(
        flows,
        [month.isoformat() for month in months],
        needed=year,
        is_old=is_old or bool(late_metrics(versions, last_day, at)),
        as_of=at.isoformat(),
        slice=slice,
    )


def stage_proposal_for(
    version: PolicyVersion, *, weighing: evidence.Weighing, at: datetime.datetime | None = None
) -> evidence.StageProposal | None:
    """What is proposed to a draft; None for what is no draft any more."""
    return stage_proposal(weighing, version.policy.unit, at=at) if version.is_draft else None


def proposal_shown(
    proposal: evidence.StageProposal | None, unit: people.BusinessUnit | None, actor: access.Actor
) -> evidence.StageProposal | None:
    """With the figures of flows whose parts are all open to the reader; the stage is told to everybody. One query where
    a dataset is narrowed for them, however many proposals; none otherwise."""
    sight = kpis.sight_of(actor)
    if proposal is None or not sight.guards:
        return proposal
    if _NARROWED not in actor.memory:
        found = Metric.objects.filter(pk__in=list(sight.guards))
        actor.memory[_NARROWED] = dict(found.values_list("key", "pk"))
    narrowed = actor.memory[_NARROWED]
    # That of the flows, which the unit may have left since.
    slice = proposal.slice or _slice(unit)
    flows = [
        replace(flow, value_micro=None)
        if flow.metric_key in narrowed and sight.hides_parts(narrowed[flow.metric_key], slice)
        else flow
        for flow in proposal.flows
    ]
    return replace(proposal, flows=tuple(flows))


def closed_changes(actor: access.Actor, rows: Sequence[AuditRow]) -> Mapping[uuid.UUID, frozenset[str]]:
    """Row of the log → the flows that it quotes, for whom a dataset is narrowed: a row does not say of which metrics and
    of which part they were. Rows of today quote none."""
    if not kpis.sight_of(actor).guards:
        return {}
    return {row.pk: frozenset(evidence.FLOWS) for row in rows if row.action == "scoring.accept_stage"}


def _slice(unit: people.BusinessUnit | None) -> dict[str, str]:
    return {key: str(value) for key, value in unit.slice.items()} if unit else {}


def _shared(series: Mapping[str, Mapping[datetime.date, int | None]], year: int) -> list[datetime.date]:
    """The latest run of months that every flow has closed, so many of it at most."""
    if not series:
        return []
    closed = [{month for month, value in each.items() if value is not None} for each in series.values()]
    shared = sorted(set.intersection(*closed), reverse=True)
    run: list[datetime.date] = []
    for month in shared:
        if run and calendar_months.months_before(run[-1], 1) != month:
            break
        run.append(month)
    return run[:year][::-1]


def _sum(series: Mapping[datetime.date, int | None], months: list[datetime.date]) -> int:
    return sum(series[month] or 0 for month in months)
