"""Rules that raise alerts, and what people do with an alert: take it up, hand it over, resolve it."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, audit, duties, stale
from performance.inbox import actions as inbox
from performance.kpis import queries, semantics
from performance.kpis.actions import notes
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.actions.watching import ALERT_WORK, works_for
from performance.kpis.models import (
    UNANSWERED,
    Alert,
    AlertKind,
    AlertRule,
    AlertState,
    AlertStep,
    Direction,
    Metric,
    Operator,
    StepKind,
)
from performance.kpis.models.values import DIGITS, PLACES
from performance.people import queries as people
from performance.people.models import Person

ANSWER_DAYS = range(1, 91)
#: A tolerance beyond this many per cent watches nothing.
MOST_TOLERATED = Decimal(1000)
#: How far ahead an answer may be promised.
PROMISED_AT_MOST = datetime.timedelta(days=366)
WITH_TOLERANCE = (AlertKind.PATH, AlertKind.BUDGET)


@dataclass(frozen=True)
class RuleWording:
    """What a rule says; see AlertRule. `value` of a path or budget None: nothing is tolerated."""

    kind: str
    slice: Mapping[str, str] = field(default_factory=dict)
    cut: str = ""
    operator: str = ""
    value: Decimal | None = None
    owner: Person | None = None
    answer_days: int = 5


def set_alert_rule(
    *, metric: Metric, wording: RuleWording, by: access.Actor, at: datetime.datetime
) -> AlertRule:
    """Watches a slice of a metric, or each part of it. What watched the same in the same way is changed by it.

    Raises MetricRefused, or ScoredRefused for whoever is scored by the metric.
    """
    _judge(metric, wording, people.day_at(by.organisation, at))
    duties.refuse_scored_by(by, queries.keys_resting_on([metric.key]))
    place = {
        "metric": metric,
        "kind": wording.kind,
        "operator": wording.operator,
        "cut": wording.cut,
        "slice_key": semantics.slice_key(wording.slice),
        "retired_at": None,
    }
    kept = wording.value
    if wording.kind in WITH_TOLERANCE:
        kept = wording.value or Decimal(0)
    said = {"value": kept, "owner": wording.owner, "answer_days": wording.answer_days}
    with transaction.atomic():
        before = AlertRule.objects.select_for_update(of=("self",)).filter(**place).first()
        was = {name: getattr(before, name) for name in said} if before else {}
        if before and was == said:
            return before
        rule = before or AlertRule(**place, slice=dict(wording.slice))
        for name, value in said.items():
            setattr(rule, name, value)
        rule.set_by, rule.set_at = by.person, at
        try:
            with transaction.atomic():
                rule.save()
        except IntegrityError as error:
            raise MetricRefused(_("Somebody has just set the same rule."), code="conflict") from error
        changes = {name: [was.get(name), value] for name, value in said.items() if was.get(name) != value}
        described = {"kind": wording.kind, "operator": wording.operator, "cut": wording.cut}
        audit.record(
            by=by,
            action="kpis.set_alert_rule",
            subject=metric,
            at=at,
            changes={name: value for name, value in described.items() if value} | changes,
        )
        stale.mark("metric_watch", [metric.pk], at=at)
    return rule


def retire_alert_rule(*, rule: AlertRule, reason: str, by: access.Actor, at: datetime.datetime) -> None:
    """Watches no longer. Alerts that it raised are closed with the reason."""
    reason = reason.strip()
    if not reason:
        raise MetricRefused(_("Say why this is not watched any more."), code="reason", field="reason")
    duties.refuse_scored_by(by, queries.keys_resting_on([rule.metric.key]))
    with transaction.atomic():
        locked = AlertRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
        if locked.retired_at is not None:
            raise MetricRefused(_("This rule is retired already."), code="conflict")
        locked.retired_at = at
        locked.save(update_fields=["retired_at"])
        waiting = list(
            Alert.objects.select_for_update(of=("self",))
            .filter(rule=locked, state__in=UNANSWERED)
            .order_by("pk")
        )
        Alert.objects.filter(pk__in=[alert.pk for alert in waiting]).update(
            state=AlertState.RESOLVED, closed_at=at, closed_by=by.person, resolution=reason
        )
        AlertStep.objects.bulk_create(
            AlertStep(alert=alert, kind=StepKind.RULE_RETIRED, by=by.person, value=alert.value_now, at=at)
            for alert in waiting
        )
        inbox.resolve_many(kind=ALERT_WORK, subject_ids=[alert.pk for alert in waiting], by=by, at=at)
        audit.record(
            by=by,
            action="kpis.retire_alert_rule",
            subject=rule.metric,
            at=at,
            why=reason,
            changes={"kind": rule.kind},
        )


def take_up_alert(
    *, alert: Alert, cause: str, action: str, due_on: datetime.date, by: access.Actor, at: datetime.datetime
) -> Alert:
    """Its owner says what the cause is, what is done about it, and until when. May be said anew while it is open.

    Whoever takes up somebody else's alert becomes its owner.
    """
    cause, action = cause.strip(), action.strip()
    if not cause:
        raise MetricRefused(_("Say what the cause is, as far as you know."), code="cause", field="cause")
    if not action:
        raise MetricRefused(_("Say what is done about it."), code="action", field="action")
    today = people.day_at(by.organisation, at)
    if not today <= due_on <= today + PROMISED_AT_MOST:
        raise MetricRefused(_("Choose a day within a year, from today on."), code="due_on", field="due_on")
    with transaction.atomic():
        locked = _locked(alert)
        owner, promised = locked.owner, locked.due_on
        locked.state, locked.cause, locked.action = AlertState.ACKNOWLEDGED, cause, action
        locked.due_on, locked.owner = due_on, by.person
        locked.save(update_fields=["state", "cause", "action", "due_on", "owner"])
        _note_step(locked, StepKind.TAKEN_UP, by, at)
        _put_before_owner(locked, owner, by, at)
        audit.record(
            by=by,
            action="kpis.take_up_alert",
            subject=locked,
            at=at,
            changes={"due_on": [promised, due_on]},
        )
    return locked


def hand_over_alert(*, alert: Alert, to: Person, by: access.Actor, at: datetime.datetime) -> Alert:
    """Somebody else answers for it from now on. What was said about it stays."""
    if not people.active_people(people.day_at(by.organisation, at)).filter(pk=to.pk).exists():
        raise MetricRefused(_("Choose somebody who works here."), code="to", field="to")
    with transaction.atomic():
        locked = _locked(alert)
        before = locked.owner
        if before.pk == to.pk:
            raise MetricRefused(_("It is theirs already."), code="to", field="to")
        locked.owner = to
        locked.save(update_fields=["owner"])
        _note_step(locked, StepKind.HANDED_OVER, by, at)
        _put_before_owner(locked, before, by, at)
        audit.record(
            by=by, action="kpis.hand_over_alert", subject=locked, at=at, changes={"owner": [before, to]}
        )
    return locked


def resolve_alert(
    *, alert: Alert, resolution: str, by: access.Actor, at: datetime.datetime, remember: bool = False
) -> Alert:
    """Closes it with what came of it. With `remember` the cause, or else the resolution, becomes a note on the point.

    The same condition in the same month raises no other alert.
    """
    resolution = resolution.strip()
    if not resolution:
        raise MetricRefused(_("Say what came of it."), code="resolution", field="resolution")
    with transaction.atomic():
        locked = _locked(alert)
        locked.state, locked.resolution = AlertState.RESOLVED, resolution
        locked.closed_at, locked.closed_by = at, by.person
        locked.save(update_fields=["state", "resolution", "closed_at", "closed_by"])
        _note_step(locked, StepKind.RESOLVED, by, at)
        inbox.resolve_work(kind=ALERT_WORK, subject_id=locked.pk, by=by, at=at)
        audit.record(by=by, action="kpis.resolve_alert", subject=locked, at=at)
        if remember and locked.kind != AlertKind.STALENESS:
            notes.write_point_note(
                metric=locked.metric,
                slice=locked.slice,
                month=locked.month,
                text=locked.cause or resolution,
                by=by,
                at=at,
            )
    return locked


def _locked(alert: Alert) -> Alert:
    found = (
        Alert.objects.select_for_update(of=("self",))
        .select_related("metric__business_owner", "metric__finance_owner", "owner", "rule")
        .get(pk=alert.pk)
    )
    if not found.is_unanswered:
        raise MetricRefused(_("This alert is closed already."), code="conflict")
    return found


def _note_step(alert: Alert, kind: str, by: access.Actor, at: datetime.datetime) -> None:
    AlertStep.objects.create(
        alert=alert, kind=kind, by=by.person, to=alert.owner, value=alert.value_now, at=at
    )


def _put_before_owner(alert: Alert, before: Person, by: access.Actor, at: datetime.datetime) -> None:
    """The item of whoever owned it is done; the new owner's is there, due by the day that is promised."""
    if before.pk != alert.owner_id:
        inbox.resolve_work(kind=ALERT_WORK, subject_id=alert.pk, by=by, at=at, to=before)
    (work,) = works_for([alert])
    inbox.assign_work(
        to=alert.owner,
        kind=ALERT_WORK,
        subject_id=alert.pk,
        title_en=work.title_en,
        title_zh=work.title_zh,
        detail_en=work.detail_en,
        detail_zh=work.detail_zh,
        url=work.url,
        due_on=work.due_on,
        by=by,
        at=at,
    )


def _judge(metric: Metric, wording: RuleWording, today: datetime.date) -> None:
    """Raises MetricRefused for a rule that would never, or always, be raised."""
    if metric.retired_at is not None:
        raise MetricRefused(_("This metric is retired."), code="retired")
    if wording.kind not in AlertKind.values:
        raise MetricRefused(_("Choose what is watched for."), code="kind", field="kind")
    version = queries.versions_in_force(today, [metric.pk]).get(metric.pk)
    if version is None:
        raise MetricRefused(_("Only a certified metric is watched."), code="uncertified")
    _judge_slice(version.dimension_keys, wording)
    _judge_value(wording)
    if wording.kind in WITH_TOLERANCE and metric.direction == Direction.BAND:
        message = _("Within a band is best here: set limits instead.")
        raise MetricRefused(message, code="band", field="kind")
    if wording.answer_days not in ANSWER_DAYS:
        raise MetricRefused(_("Between 1 and 90 days."), code="answer_days", field="answer_days")
    owner = wording.owner
    if owner is not None and not people.active_people(today).filter(pk=owner.pk).exists():
        raise MetricRefused(_("Choose somebody who works here."), code="owner", field="owner")


def _judge_slice(known: tuple[str, ...], wording: RuleWording) -> None:
    if wording.kind == AlertKind.STALENESS and (wording.slice or wording.cut):
        raise MetricRefused(_("Data are late as a whole, not in parts."), code="slice", field="slice")
    if any(key not in known for key in wording.slice):
        raise MetricRefused(_("This metric has no such part."), code="slice", field="slice")
    if wording.cut and (wording.cut not in known or wording.cut in wording.slice):
        raise MetricRefused(_("This metric is not cut that way."), code="cut", field="cut")


def _judge_value(wording: RuleWording) -> None:
    value: Any = wording.value
    is_threshold = wording.kind == AlertKind.THRESHOLD
    if is_threshold != (wording.operator in Operator.values) or (wording.operator and not is_threshold):
        raise MetricRefused(_("Choose above or below."), code="operator", field="operator")
    if is_threshold and (value is None or not value.is_finite() or abs(value) >= 10 ** (DIGITS - PLACES)):
        raise MetricRefused(_("A limit is a number."), code="value", field="value")
    if wording.kind in WITH_TOLERANCE and value is not None and not 0 <= value <= MOST_TOLERATED:
        raise MetricRefused(_("A tolerance lies between 0 and 1000 per cent."), code="value", field="value")
    if wording.kind in (AlertKind.STALENESS, AlertKind.ANOMALY) and value is not None:
        raise MetricRefused(_("This needs no limit."), code="value", field="value")
