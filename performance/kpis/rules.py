"""What people may do with metrics. No queries."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from django.utils.translation import gettext_lazy as _

from performance.foundation import access
from performance.kpis.models import (
    Alert,
    Direction,
    Metric,
    MetricVersion,
    PointNote,
    Rhythm,
    SavedView,
    Scenario,
    ScenarioState,
    Side,
    VersionState,
)
from performance.kpis.semantics.calendars import Calendar

OWNERS = ("business_owner", "finance_owner")


class Narrowed(Protocol):
    """What a reader's branch opens of the rows of a dataset."""

    @property
    def openings(self) -> Sequence[Any]: ...


class WorkDays(Protocol):
    """Which days are worked."""

    def is_workday(self, on: datetime.date) -> bool: ...


def can_draft_metric(actor: access.Actor) -> bool:
    """KPI owners of either side and administrators propose definitions."""
    return actor.has_role(*OWNERS, "administrator") and not actor.only_reads


def can_see_drafts(actor: access.Actor) -> bool:
    return actor.has_role(*OWNERS, "administrator", "auditor")


def owns_metric(actor: access.Actor, metric: Metric) -> bool:
    """Named as an owner, and still an owner of that side: the role gives the power, the name its object."""
    return side_of(actor, metric) is not None


def can_edit_metric(actor: access.Actor, metric: Metric) -> bool:
    """Its owners, and who may draft metrics. Being scored by a metric gives no right over it, and nothing that is
    edited counts before two people have signed it."""
    return not actor.only_reads and (owns_metric(actor, metric) or can_draft_metric(actor))


def can_edit_draft(actor: access.Actor, version: MetricVersion) -> bool:
    return version.state == VersionState.DRAFT and can_edit_metric(actor, version.metric)


def side_of(actor: access.Actor, metric: Metric) -> str | None:
    """The side this person signs for, if any."""
    if actor.person_id == metric.business_owner_id and actor.has_role("business_owner"):
        return Side.BUSINESS
    is_finance = actor.person_id == metric.finance_owner_id and actor.has_role("finance_owner")
    return Side.FINANCE if is_finance else None


def can_sign(actor: access.Actor, version: MetricVersion, side: str) -> bool:
    """Each owner signs for the own side only, whoever proposed the version."""
    return (
        not actor.only_reads
        and version.state == VersionState.REVIEW
        and side_of(actor, version.metric) == side
    )


def can_decline(actor: access.Actor, version: MetricVersion) -> bool:
    """An owner sends a version back; who proposed it may withdraw it."""
    concerned = owns_metric(actor, version.metric) or actor.person_id == version.proposed_by_id
    return not actor.only_reads and version.state == VersionState.REVIEW and concerned


def can_explain_tie_out(actor: access.Actor, version: MetricVersion) -> bool:
    """Its owners say why a certified metric and its ledger differ."""
    is_certified = version.state == VersionState.CERTIFIED
    return not actor.only_reads and is_certified and owns_metric(actor, version.metric)


def can_retire_metric(actor: access.Actor, metric: Metric) -> bool:
    return not actor.only_reads and metric.retired_at is None and owns_metric(actor, metric)


def can_set_targets(actor: access.Actor, metric: Metric) -> bool:
    """Targets belong to the owners of either side."""
    return not actor.only_reads and (owns_metric(actor, metric) or actor.has_role(*OWNERS))


def can_save_scenarios(actor: access.Actor) -> bool:
    """Trying out is everybody's who sees the metric."""
    return not actor.only_reads


def can_change_scenario(actor: access.Actor, scenario: Scenario) -> bool:
    """Its author's, until it is proposed."""
    return not actor.only_reads and actor.person_id == scenario.created_by_id and scenario.is_open


def can_withdraw_scenario(actor: access.Actor, scenario: Scenario) -> bool:
    """Its author takes it back until it has been approved."""
    is_waiting = scenario.is_open or scenario.state == ScenarioState.PROPOSED
    return not actor.only_reads and actor.person_id == scenario.created_by_id and is_waiting


def can_renew_scenario(actor: access.Actor, scenario: Scenario) -> bool:
    """Its author, while it waits for both sides."""
    is_waiting = scenario.state == ScenarioState.PROPOSED
    return not actor.only_reads and actor.person_id == scenario.created_by_id and is_waiting


def sides_deciding(actor: access.Actor, scenario: Scenario) -> list[str]:
    """The sides this person may approve or decline for: those of the metric's owners. Where the owner is the author,
    anybody with the same role stands in; nobody decides on an own proposal."""
    if actor.only_reads or actor.person_id == scenario.created_by_id:
        return []
    owners = {
        Side.BUSINESS: ("business_owner", scenario.metric.business_owner_id),
        Side.FINANCE: ("finance_owner", scenario.metric.finance_owner_id),
    }
    return [
        side
        for side, (role, owner_id) in owners.items()
        if actor.has_role(role) and (actor.person_id == owner_id or owner_id == scenario.created_by_id)
    ]


def can_decide_scenario(actor: access.Actor, scenario: Scenario) -> bool:
    return scenario.state == ScenarioState.PROPOSED and bool(sides_deciding(actor, scenario))


def can_import_targets(actor: access.Actor) -> bool:
    return actor.has_role(*OWNERS) and not actor.only_reads


def can_set_alert_rules(actor: access.Actor, metric: Metric) -> bool:
    """What is watched is decided by the metric's own owners and by administrators."""
    return not actor.only_reads and (owns_metric(actor, metric) or actor.has_role("administrator"))


def can_work_on(actor: access.Actor, alert: Alert) -> bool:
    """Whoever answers for it, the owners of its metric, and administrators, while it is unanswered."""
    concerned = actor.person_id == alert.owner_id or can_set_alert_rules(actor, alert.metric)
    return not actor.only_reads and alert.is_unanswered and concerned


def can_write_notes(actor: access.Actor, metric: Metric) -> bool:
    """KPI owners of either side explain points."""
    return not actor.only_reads and (owns_metric(actor, metric) or actor.has_role(*OWNERS))


def can_withdraw_note(actor: access.Actor, note: PointNote) -> bool:
    """Its author, and the owners of its metric."""
    return not actor.only_reads and (actor.person_id == note.written_by_id or owns_metric(actor, note.metric))


def can_save_views(actor: access.Actor) -> bool:
    """Everybody keeps views, pins and subscriptions of their own; auditors write nothing."""
    return not actor.only_reads


def can_change_view(actor: access.Actor, view: SavedView) -> bool:
    """Names, filters, sharing and removal are the owner's."""
    return not actor.only_reads and actor.person_id == view.owner_id


def can_take_over_view(actor: access.Actor, view: SavedView, today: datetime.date) -> bool:
    """A shared view whose owner has left goes on with a KPI owner or an administrator."""
    left_on = view.owner.left_on
    is_orphaned = view.is_shared and left_on is not None and left_on < today
    return not actor.only_reads and is_orphaned and actor.has_role(*OWNERS, "administrator")


def next_day_of(
    rhythm: str, day: int, after: datetime.date, work_days: WorkDays, calendar: Calendar
) -> datetime.date:
    """The first day after `after` on which a subscription is due: that weekday, or that workday of a month."""
    if rhythm == Rhythm.WEEKLY:
        return after + datetime.timedelta(days=(day - after.isoweekday() - 1) % 7 + 1)
    month = calendar.first_of(after)
    while True:
        due = _workday_of(month, day, work_days)
        if due > after:
            return due
        month = calendar.before(month, -1)


def _workday_of(month: datetime.date, number: int, work_days: WorkDays) -> datetime.date:
    day, found = month, int(work_days.is_workday(month))
    while found < number:
        day += datetime.timedelta(days=1)
        found += work_days.is_workday(day)
    return day


def can_close_month(actor: access.Actor) -> bool:
    """Closing is finance's."""
    return actor.has_role("finance_owner") and not actor.only_reads


def can_set_rates(actor: access.Actor) -> bool:
    """At what rates currencies are converted is finance's."""
    return actor.has_role("finance_owner") and not actor.only_reads


WHO_SEES_ROWS = _(
    "Source rows are open to KPI owners, administrators and auditors, and to the people of the unit they are about."
)
WHO_SEES_NARROWED_ROWS = _(
    "Rows of this dataset are open to those whose branch they belong to, and to those who are named to see all of them."
)


def can_see_rows(actor: access.Actor, metric: Metric, slice: Mapping[str, Any]) -> bool:
    """Source rows are for owners, administrators and auditors, and for people of the unit they are about."""
    if actor.has_role(*OWNERS, "administrator", "auditor") or owns_metric(actor, metric):
        return True
    unit = getattr(actor.person, "unit", None)
    own = dict(unit.slice) if unit is not None else {}
    return bool(own) and all(str(slice.get(key, "")) == str(value) for key, value in own.items())


def can_see_rows_of(
    actor: access.Actor, metric: Metric, slice: Mapping[str, Any], narrowed: Narrowed | None
) -> bool:
    """The same for the rows of one dataset; where it is `narrowed`, roles give nothing, the own branch does."""
    return can_see_rows(actor, metric, slice) if narrowed is None else bool(narrowed.openings)


ON_TRACK, AT_RISK, OFF_TRACK, UNKNOWN = "on_track", "at_risk", "off_track", "unknown"
#: How far off its path a value may be before it counts as off track: a twentieth.
TOLERANCE = Decimal("0.05")


def status_of(value: Decimal | None, path: Decimal | None, direction: str) -> str:
    """How a value stands to where it should be today. A band has no path."""
    if value is None or path is None or direction == Direction.BAND:
        return UNKNOWN
    behind = path - value if direction == Direction.UP else value - path
    if behind <= 0:
        return ON_TRACK
    return AT_RISK if behind <= abs(path) * TOLERANCE else OFF_TRACK


BETTER, WORSE, SAME = "better", "worse", "same"


def verdict_of(value: Decimal | None, before: Decimal | None, direction: str) -> str:
    """How a value stands to that of an earlier month. Within a band there is no better or worse."""
    if value is None or before is None or direction == Direction.BAND:
        return UNKNOWN
    if value == before:
        return SAME
    return BETTER if (value > before) == (direction == Direction.UP) else WORSE
