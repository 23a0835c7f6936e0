"""Alerts and notes as they are read: lists, one alert, and what belongs to a point."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, Q, QuerySet, When
from django.urls import reverse
from django.utils.translation import gettext as _

from performance.foundation import access
from performance.foundation.components import formats
from performance.kpis import units
from performance.kpis.models import (
    UNANSWERED,
    Alert,
    AlertKind,
    AlertRule,
    AlertStep,
    Metric,
    Operator,
    PointNote,
)
from performance.kpis.queries import months as calendar_months
from performance.kpis.queries.definitions import visible_metrics
from performance.kpis.queries.labels import Labels, labels_for
from performance.kpis.queries.sights import sight_of
from performance.kpis.semantics import Slice, slice_key

ON_A_PAGE = 40
#: How many alerts the board names.
ON_THE_BOARD = 3
LISTS = ("open", "mine", "closed")
#: For how many years back a note on the same month is shown again.
YEARS_REMEMBERED = 3


def visible_alerts(actor: access.Actor) -> QuerySet[Alert]:
    """Everybody who sees a metric sees what is wrong with it."""
    return _seen_alerts(actor).select_related(
        "metric__business_owner", "metric__finance_owner", "owner", "closed_by", "rule"
    )


def _seen_alerts(actor: access.Actor) -> QuerySet[Alert]:
    """Those of parts that are closed to the actor are left out, but for what they have to answer for."""
    alerts = Alert.objects.filter(metric__in=visible_metrics(actor))
    return sight_of(actor).seen_of(alerts, "month", also=Q(owner=actor.person_id))


def visible_rules(actor: access.Actor) -> QuerySet[AlertRule]:
    """What is watched of metrics that the actor sees."""
    found = AlertRule.objects.filter(metric__in=visible_metrics(actor), retired_at=None)
    return found.select_related("metric__business_owner", "metric__finance_owner", "owner", "set_by")


def visible_notes(actor: access.Actor) -> QuerySet[PointNote]:
    found = PointNote.objects.filter(metric__in=visible_metrics(actor), withdrawn_at=None)
    return _seen_notes(actor, found).select_related("metric", "written_by")


def _seen_notes(actor: access.Actor, notes: QuerySet[PointNote]) -> QuerySet[PointNote]:
    return sight_of(actor).seen_of(notes, "month", also=Q(written_by=actor.person_id))


def unanswered(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    """Those that somebody still has to answer for, the most urgent first."""
    return alerts.filter(state__in=UNANSWERED).order_by("due_on", "opened_at", "id")


def listed(actor: access.Actor, which: str, metric_id: uuid.UUID | None = None) -> QuerySet[Alert]:
    """The list "open", "mine" or "closed", of one metric if it is named."""
    alerts = visible_alerts(actor)
    if metric_id is not None:
        alerts = alerts.filter(metric=metric_id)
    if which == "mine":
        return unanswered(alerts.filter(owner=actor.person_id))
    if which == "closed":
        return alerts.exclude(state__in=UNANSWERED).order_by("-closed_at", "-id")
    return unanswered(alerts)


def urgent(actor: access.Actor) -> list[Alert]:
    """For the board: the actor's own first, then the most urgent of all."""
    mine = Case(When(owner=actor.person_id, then=0), default=1)
    found = visible_alerts(actor).filter(state__in=UNANSWERED)
    return list(found.order_by(mine, "due_on", "opened_at", "id")[:ON_THE_BOARD])


@dataclass(frozen=True)
class AlertRow:
    """An alert with its words in the reader's language."""

    alert: Alert
    label: str
    said: str
    is_overdue: bool

    @property
    def url(self) -> str:
        return url_of(self.alert)


def alert_rows(alerts: Iterable[Alert], today: datetime.date) -> list[AlertRow]:
    """Two queries for all labels."""
    found = list(alerts)
    labels = labels_for(alert.slice for alert in found)
    return [row_of(alert, labels, today) for alert in found]


def row_of(alert: Alert, labels: Labels, today: datetime.date) -> AlertRow:
    return AlertRow(
        alert=alert,
        label=labels.of(alert.slice),
        said=words_of(alert),
        is_overdue=alert.is_unanswered and alert.due_on < today,
    )


def alert_page(alerts: QuerySet[Alert], page: int, today: datetime.date) -> tuple[list[AlertRow], Page]:
    """One page of a list, with its words."""
    shown = Paginator(alerts, ON_A_PAGE).get_page(page)
    return alert_rows(shown.object_list, today), shown


def list_counts(actor: access.Actor) -> dict[str, int]:
    """How many stand on the lists that somebody has to work on. One query."""
    open_ones = _seen_alerts(actor).filter(state__in=UNANSWERED)
    owners = dict(
        open_ones.order_by().values("owner").annotate(number=Count("id")).values_list("owner", "number")
    )
    return {"open": sum(owners.values()), "mine": owners.get(actor.person_id, 0)}


def url_of(alert: Alert) -> str:
    return reverse("kpis:alert", args=[alert.pk])


def words_of(alert: Alert) -> str:
    """What is wrong, in a sentence without the metric's name: "3.2, expected 3.6 to 4.3"."""

    def shown(value: Any) -> str:
        return units.measured(value, alert.metric)

    value = shown(alert.value)
    if alert.kind == AlertKind.STALENESS:
        words = {"old": formats.number(alert.value, 0), "promised": formats.number(alert.high, 0)}
        return _("Data %(old)s h old, promised every %(promised)s h") % words
    if alert.kind == AlertKind.ANOMALY:
        words = {"value": value, "low": shown(alert.low), "high": shown(alert.high)}
        return _("%(value)s, expected %(low)s to %(high)s") % words
    if alert.kind == AlertKind.PATH:
        return _("%(value)s, its path asks for %(path)s") % {"value": value, "path": shown(alert.expected)}
    if alert.kind == AlertKind.BUDGET:
        return _("%(value)s, the budget is %(budget)s") % {"value": value, "budget": shown(alert.expected)}
    if alert.low is not None:
        return _("%(value)s, below the limit of %(limit)s") % {"value": value, "limit": shown(alert.low)}
    return _("%(value)s, above the limit of %(limit)s") % {"value": value, "limit": shown(alert.high)}


def rules_of(metric: Metric) -> QuerySet[AlertRule]:
    """What is watched of a metric."""
    found = AlertRule.objects.filter(metric=metric, retired_at=None).select_related(
        "owner", "set_by", "metric"
    )
    return found.order_by("kind", "slice_key", "cut", "operator")


@dataclass(frozen=True)
class RuleRow:
    """A rule with its words: what it watches and when it is raised."""

    rule: AlertRule
    label: str
    said: str
    alerts: int

    @property
    def owner(self) -> Any:
        return self.rule.owner or self.rule.metric.business_owner


def rule_rows(metric: Metric) -> list[RuleRow]:
    """Four queries."""
    found = list(rules_of(metric))
    labels = labels_for(rule.slice for rule in found)
    waiting = dict(
        Alert.objects.filter(metric=metric, state__in=UNANSWERED)
        .order_by()
        .values("rule")
        .annotate(number=Count("id"))
        .values_list("rule", "number")
    )
    for rule in found:
        rule.metric = metric
    return [
        RuleRow(rule, place_of(rule, labels), rule_words(rule), waiting.get(rule.pk, 0)) for rule in found
    ]


def place_of(rule: AlertRule, labels: Labels) -> str:
    """ "Hangzhou", or "Hangzhou, each Store"."""
    whole = labels.of(rule.slice)
    if not rule.cut:
        return whole
    words = {"dimension": labels.dimension(rule.cut), "whole": whole}
    if rule.slice:
        return _("each %(dimension)s in %(whole)s") % words
    return _("each %(dimension)s") % words


def rule_words(rule: AlertRule) -> str:
    """When it is raised."""
    if rule.kind == AlertKind.THRESHOLD:
        words = {"limit": units.measured(rule.value, rule.metric)}
        if rule.operator == Operator.ABOVE:
            return _("above %(limit)s") % words
        return _("below %(limit)s") % words
    if rule.kind in (AlertKind.PATH, AlertKind.BUDGET):
        return _("by more than %(share)s") % {"share": formats.percent(rule.value)}
    if rule.kind == AlertKind.STALENESS:
        return _("later than their dataset promises")
    return _("judged when a month has settled")


def open_counts(
    actor: access.Actor, metric_ids: Iterable[uuid.UUID], within: Slice | None = None
) -> dict[uuid.UUID, int]:
    """metric id → how many alerts are unanswered, in the slice and its parts. One query."""
    found = _seen_alerts(actor).filter(metric__in=list(metric_ids), state__in=UNANSWERED)
    if within:
        found = found.filter(slice__contains=dict(within))
    counted = found.order_by().values("metric").annotate(number=Count("id"))
    return dict(counted.values_list("metric", "number"))


@dataclass(frozen=True)
class Mark:
    """What belongs to one month of a series: notes, notes of the same month in earlier years, and alerts."""

    notes: Sequence[PointNote] = ()
    remembered: Sequence[PointNote] = ()
    alerts: Sequence[Alert] = ()


def notes_at(metric: Metric, within: Slice) -> QuerySet[PointNote]:
    found = PointNote.objects.filter(metric=metric, slice_key=slice_key(within), withdrawn_at=None)
    return found.select_related("written_by", "metric").order_by("-month", "-written_at")


def marks(
    actor: access.Actor, metric: Metric, within: Slice, months: Collection[datetime.date]
) -> dict[datetime.date, Mark]:
    """month → what belongs to it, for months that have anything. Two queries."""
    if not months:
        return {}
    first = calendar_months.years_before(min(months), YEARS_REMEMBERED)
    notes: dict[datetime.date, list[PointNote]] = defaultdict(list)
    for note in _seen_notes(actor, notes_at(metric, within)).filter(month__gte=first):
        notes[note.month].append(note)
    alerts: dict[datetime.date, list[Alert]] = defaultdict(list)
    raised = _seen_alerts(actor).filter(metric=metric, slice_key=slice_key(within), month__in=months)
    for alert in raised.exclude(kind=AlertKind.STALENESS).select_related("metric").order_by("-opened_at"):
        alerts[alert.month].append(alert)
    found = {
        month: Mark(notes.get(month, ()), _of_earlier_years(notes, month), alerts.get(month, ()))
        for month in months
    }
    return {month: mark for month, mark in found.items() if mark.notes or mark.remembered or mark.alerts}


def _of_earlier_years(
    notes: Mapping[datetime.date, Sequence[PointNote]], month: datetime.date
) -> list[PointNote]:
    earlier = (calendar_months.years_before(month, back) for back in range(1, YEARS_REMEMBERED + 1))
    return [note for one in earlier for note in notes.get(one, ())]


@dataclass(frozen=True)
class HistoryLine:
    """A step of an alert. `by` None: nobody, the numbers."""

    step: AlertStep
    shown: str


def history(alert: Alert) -> list[HistoryLine]:
    """Oldest first. One query."""
    steps = AlertStep.objects.filter(alert=alert).select_related("by", "to").order_by("at", "id")
    return [HistoryLine(step, figure_of(alert, step.value)) for step in steps]


def figure_of(alert: Alert, value: Any) -> str:
    """A value of the alert as it is read."""
    if alert.kind == AlertKind.STALENESS:
        return _("%(hours)s h") % {"hours": formats.number(value, 0)}
    return units.measured(value, alert.metric)
