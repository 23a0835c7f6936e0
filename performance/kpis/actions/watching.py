"""The watch: raises alerts where a rule's condition holds, and lets go of those whose condition is gone."""

import datetime
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from performance.foundation import i18n, tenancy
from performance.foundation.components import formats
from performance.inbox import actions as inbox
from performance.kpis import queries
from performance.kpis.models import (
    UNANSWERED,
    Alert,
    AlertKind,
    AlertRule,
    AlertState,
    AlertStep,
    StepKind,
)
from performance.kpis.queries import alerts as told
from performance.kpis.queries import months
from performance.kpis.queries.conditions import Condition, conditions
from performance.people import queries as people
from performance.people.models import Organisation, Person

ALERT_WORK = "metrics.alert"
MANY = 1000

Place = tuple[uuid.UUID, str, datetime.date]


@dataclass(frozen=True)
class Watched:
    """What a round of watching did: how many alerts."""

    opened: int = 0
    recovered: int = 0
    moved: int = 0
    handed_over: int = 0


def watch_values(*, organisation: Organisation, at: datetime.datetime) -> Watched:
    """Judges every rule. Once or twice, by one worker or two: the outcome is the same.

    A condition that begins to hold raises one alert for its rule, slice and month, unless somebody has resolved one for
    it already. While it holds, the alert follows the value; when it is gone, the alert recovers and keeps what
    happened. What cannot be judged now stays as it is. Alerts of people who have left go to the metric's owners.
    """
    today = people.day_at(organisation, at)
    with transaction.atomic():
        _one_at_a_time()
        watched = _rules()
        standing = _standing(watched)
        found = conditions(watched, today=today, at=at, also={alert.month for alert in standing})
        places = {_place(condition): condition for condition in found}
        by_place = {(alert.rule_id, alert.slice_key, alert.month): alert for alert in standing}
        late = {alert.rule_id for alert in standing if alert.kind == AlertKind.STALENESS}
        holding = [
            condition
            for place, condition in places.items()
            if condition.holds and place not in by_place and condition.rule.pk not in late
        ]
        # A late load has no month of its own: the alert that is open for it is about today.
        now = {alert.pk: places.get(place) or _lateness_of(alert, found) for place, alert in by_place.items()}
        gone = [alert for alert in standing if (one := now[alert.pk]) is not None and not one.stays]
        stands = [alert for alert in standing if alert not in gone]
        moved = _follow(stands, now)
        _recover(gone, now, at)
        here = _who_is_here([*watched, *standing], today)
        passed = _pass_on(stands, here, at)
        opened = _open(_unanswered_before(holding), here, today, at)
        _assign([*opened, *passed], at)
    return Watched(len(opened), len(gone), moved, len(passed))


def _one_at_a_time() -> None:
    """Two rounds of one organisation follow each other; others are not held up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"kpis.watch {tenancy.current_organisation_id()}"],
        )


def _rules() -> list[AlertRule]:
    found = AlertRule.objects.filter(retired_at=None, metric__retired_at=None)
    return list(
        found.select_related("metric__business_owner", "metric__finance_owner", "owner").order_by("pk")
    )


def _standing(watched: Sequence[AlertRule]) -> list[Alert]:
    """Unanswered alerts, held until we have ended: who resolves one meanwhile waits, or was first."""
    by_id = {rule.pk: rule for rule in watched}
    found = list(
        Alert.objects.select_for_update().filter(rule__in=list(by_id), state__in=UNANSWERED).order_by("pk")
    )
    for alert in found:
        alert.rule = by_id[alert.rule_id]
        alert.metric = alert.rule.metric
    return found


def _place(condition: Condition) -> Place:
    return condition.rule.pk, condition.slice_key, condition.month


def _lateness_of(alert: Alert, found: Iterable[Condition]) -> Condition | None:
    if alert.kind != AlertKind.STALENESS:
        return None
    return next((one for one in found if one.rule.pk == alert.rule_id), None)


def _unanswered_before(holding: Sequence[Condition]) -> list[Condition]:
    """Without those that somebody has answered for this month already."""
    resolved = set(
        Alert.objects.filter(
            rule__in={condition.rule.pk for condition in holding},
            month__in={condition.month for condition in holding},
            state=AlertState.RESOLVED,
        ).values_list("rule_id", "slice_key", "month")
    )
    return [condition for condition in holding if _place(condition) not in resolved]


def _follow(alerts: Sequence[Alert], now: Mapping[uuid.UUID, Condition | None]) -> int:
    """Keeps up with values that moved while their condition still holds."""
    moved = []
    for alert in alerts:
        condition = now[alert.pk]
        if condition is not None and condition.value != alert.value_now:
            alert.value_now = condition.value
            moved.append(alert)
    Alert.objects.bulk_update(moved, ["value_now"], batch_size=MANY)
    return len(moved)


def _recover(gone: Sequence[Alert], now: Mapping[uuid.UUID, Condition | None], at: datetime.datetime) -> None:
    for alert in gone:
        alert.state, alert.closed_at = AlertState.RECOVERED, at
        if (condition := now[alert.pk]) is not None:
            alert.value_now = condition.value
    Alert.objects.bulk_update(gone, ["state", "closed_at", "value_now"], batch_size=MANY)
    _note_steps(gone, StepKind.RECOVERED, at)
    inbox.resolve_many(kind=ALERT_WORK, subject_ids=[alert.pk for alert in gone], by=None, at=at)


def _who_is_here(concerned: Iterable[AlertRule | Alert], today: datetime.date) -> set[uuid.UUID]:
    """Of all who might answer, those who have not left."""
    ids: set[Any] = set()
    for one in concerned:
        ids |= {one.owner_id, one.metric.business_owner_id, one.metric.finance_owner_id}
    return set(people.active_people(today).filter(pk__in=ids - {None}).values_list("pk", flat=True))


def _answerable(rule: AlertRule, here: Collection[uuid.UUID]) -> Person:
    """The rule's owner, else the metric's business owner, else its finance owner: the first who is still here."""
    business = rule.metric.business_owner
    candidates = [rule.owner or business, business, rule.metric.finance_owner]
    return next((one for one in candidates if one.pk in here), business)


def _pass_on(stands: Sequence[Alert], here: Collection[uuid.UUID], at: datetime.datetime) -> list[Alert]:
    left = [alert for alert in stands if alert.owner_id not in here]
    passed = []
    for alert in left:
        heir = _answerable(alert.rule, here)
        if heir.pk != alert.owner_id:
            alert.owner = heir
            passed.append(alert)
    Alert.objects.bulk_update(passed, ["owner"], batch_size=MANY)
    _note_steps(passed, StepKind.HANDED_OVER, at)
    return passed


def _open(
    found: Sequence[Condition], here: Collection[uuid.UUID], today: datetime.date, at: datetime.datetime
) -> list[Alert]:
    alerts = [
        Alert(
            rule=condition.rule,
            metric=condition.rule.metric,
            kind=condition.rule.kind,
            slice=condition.slice,
            slice_key=condition.slice_key,
            month=condition.month,
            value=condition.value,
            value_now=condition.value,
            low=condition.low,
            high=condition.high,
            expected=condition.expected,
            owner=_answerable(condition.rule, here),
            opened_at=at,
            due_on=today + datetime.timedelta(days=condition.rule.answer_days),
        )
        for condition in found
    ]
    Alert.objects.bulk_create(alerts, batch_size=MANY)
    _note_steps(alerts, StepKind.OPENED, at)
    return alerts


def _note_steps(alerts: Sequence[Alert], kind: StepKind, at: datetime.datetime) -> None:
    AlertStep.objects.bulk_create(
        [AlertStep(alert=alert, kind=kind, to=alert.owner, value=alert.value_now, at=at) for alert in alerts],
        batch_size=MANY,
    )


def _assign(alerts: Sequence[Alert], at: datetime.datetime) -> None:
    """Puts them before their owners, in both languages."""
    if not alerts:
        return
    inbox.assign_many(kind=ALERT_WORK, works=works_for(alerts), at=at)


def works_for(alerts: Sequence[Alert]) -> list[inbox.Work]:
    """The inbox items of alerts, titles and details in both languages."""

    def titled() -> list[tuple[str, str]]:
        labels = queries.labels_for(alert.slice for alert in alerts)
        return [_titled(alert, labels) for alert in alerts]

    return [
        inbox.Work(
            person_id=alert.owner_id,
            subject_id=alert.pk,
            title_en=english[0],
            title_zh=chinese[0],
            detail_en=english[1],
            detail_zh=chinese[1],
            url=told.url_of(alert),
            due_on=alert.due_on,
        )
        for alert, english, chinese in zip(alerts, *i18n.in_both(titled), strict=True)
    ]


def _titled(alert: Alert, labels: queries.Labels) -> tuple[str, str]:
    place = f"{formats.mark(',')}{labels.of(alert.slice)}" if alert.slice else ""
    return f"{alert.metric.name}{place}{formats.mark(':')}{told.words_of(alert)}", months.name(alert.month)
