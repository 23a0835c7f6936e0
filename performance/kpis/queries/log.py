"""What the log says of metrics in figures, and from whom it keeps them: who sees some rows reads no part of others."""

import datetime
import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from performance.foundation import access
from performance.foundation.models import AuditRow
from performance.kpis.models import Grain, Metric, MetricValue, MetricVersion, Scenario, Target
from performance.kpis.queries.sights import Sight, sight_of
from performance.kpis.semantics import slice_key

TIED = ("kpis.certify_version", "kpis.explain_tie_out")
#: What quotes a scenario's result or gives a reason for what was decided on it.
OF_SCENARIOS = ("kpis.decline_scenario", "kpis.reckon_scenario", "kpis.withdraw_scenario")
OF_THRESHOLDS = ("kpis.retire_alert_rule", "kpis.set_alert_rule")
WHOLE = slice_key({})

#: (metric, first day of a month)
Month = tuple[uuid.UUID, datetime.date]


def closed_changes(actor: access.Actor, rows: Sequence[AuditRow]) -> Mapping[uuid.UUID, frozenset[str]]:
    """Row of the log → names of its changes that quote a figure which is closed to the reader, or would if the row had
    them: its reason is closed as well. None where no dataset is
    narrowed for them; else at most five queries more than `sight_of` takes."""
    sight = sight_of(actor)
    if not sight.guards:
        return {}
    told = [row for row in rows if row.subject_id is not None]
    found: dict[uuid.UUID, set[str]] = defaultdict(set)
    for each in (_targets, _ties, _scenarios, _thresholds):
        for row, names in each(sight, actor, told):
            found[row.pk] |= set(names)
    return {key: frozenset(names) for key, names in found.items() if names}


Closed = Iterator[tuple[AuditRow, Iterable[str]]]


def _targets(sight: Sight, _actor: access.Actor, rows: Sequence[AuditRow]) -> Closed:
    """Each change is a month and a slice."""
    ours = [row for row in rows if row.action == "kpis.set_targets" and sight.hides(_id(row))]
    places = {(row.pk, name): _place(name) for row in ours for name in row.changes}
    wholes = {
        (_id(row), places[row.pk, name][0])
        for row in ours
        for name in row.changes
        if not places[row.pk, name][1]
    }
    opened = Target.objects.filter(grain=Grain.MONTH, slice_key=WHOLE, **_within(wholes))
    known = set(sight.seen_of(opened).values_list("metric_id", "period_start")) if wholes else set()
    for row in ours:
        closed = []
        for name in row.changes:
            month, slice = places[row.pk, name]
            is_open = sight.opens(_id(row), slice) if slice else (_id(row), month) in known
            if not is_open:
                closed.append(name)
        yield row, closed


def _ties(sight: Sight, _actor: access.Actor, rows: Sequence[AuditRow]) -> Closed:
    """Figures of whole months, of the metric and of its ledger account; the row is of a version or of the metric."""
    ours = [row for row in rows if row.action in TIED and "tie_out" in row.changes]
    if not ours:
        return
    of_version = {
        version.pk: version
        for version in MetricVersion.objects.filter(pk__in=[_id(row) for row in ours]).only(
            "metric", "tie_out"
        )
    }
    named = MetricVersion.objects.filter(metric__in=[_id(row) for row in ours]).exclude(tie_out="")
    accounts: dict[uuid.UUID, set[str]] = defaultdict(set)
    for metric_id, key in named.values_list("metric_id", "tie_out"):
        accounts[metric_id].add(key)
    for version in of_version.values():
        accounts[version.metric_id].add(version.tie_out)
    keys = set().union(*accounts.values())
    by_key = dict(Metric.objects.filter(key__in=keys).values_list("key", "pk"))
    wanted: dict[uuid.UUID, set[Month]] = {}
    for row in ours:
        version = of_version.get(_id(row))
        metric_id = version.metric_id if version else _id(row)
        both = {metric_id, *(by_key[key] for key in accounts[metric_id] if key in by_key)}
        months = [_place(name)[0] for name in row.changes["tie_out"]]
        wanted[row.pk] = {(each, month) for each in both if sight.hides(each) for month in months}
    all_wanted: set[Month] = set().union(*wanted.values())
    values = MetricValue.objects.filter(grain=Grain.MONTH, slice_key=WHOLE, **_within(all_wanted))
    known = set(sight.seen(values).values_list("metric_id", "period_start")) if all_wanted else set()
    for row in ours:
        yield row, () if wanted[row.pk] <= known else ("tie_out",)


def _scenarios(sight: Sight, actor: access.Actor, rows: Sequence[AuditRow]) -> Closed:
    ours = [row for row in rows if row.action in OF_SCENARIOS]
    if not ours:
        return
    found = Scenario.objects.filter(pk__in=[_id(row) for row in ours])
    known = set(sight.seen_of(found, "since").values_list("pk", flat=True))
    for row in ours:
        yield row, () if _id(row) in known else ("value",)


def _thresholds(sight: Sight, _actor: access.Actor, rows: Sequence[AuditRow]) -> Closed:
    """The row does not say of which slice."""
    for row in rows:
        if row.action in OF_THRESHOLDS and sight.hides(_id(row)):
            yield row, ("value",)


def _place(name: str) -> tuple[datetime.date, dict[str, str]]:
    """A month and a slice as the log names them, see `months.key`."""
    month, _space, slice = name.partition(" ")
    first = datetime.date.fromisoformat(month if len(month) > len("2026-05") else f"{month}-01")
    return first, json.loads(slice or "{}")


def _within(months: Iterable[Month]) -> dict[str, object]:
    found = list(months)
    return {
        "metric__in": {metric_id for metric_id, _month in found},
        "period_start__in": {month for _metric_id, month in found},
    }


def _id(row: AuditRow) -> uuid.UUID:
    return row.subject_id or row.pk
