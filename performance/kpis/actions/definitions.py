"""A definition's life: drafted, reviewed, signed by two people, revised, retired."""

import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, audit, duties, stale
from performance.inbox import actions as inbox
from performance.kpis import queries, rules, semantics
from performance.kpis.actions import tying, untying, wording
from performance.kpis.actions.readings import start_reading
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.models import Metric, MetricVersion, Side, Signature, VersionState
from performance.people import queries as people
from performance.people.models import Person

SIGNATURE_WORK = "metrics.signature"


def draft_metric(
    *,
    key: str,
    name_en: str,
    name_zh: str,
    business_owner: Person,
    finance_owner: Person,
    definition: semantics.Definition,
    by: access.Actor,
    at: datetime.datetime,
) -> MetricVersion:
    """A new metric with its first draft. Raises MetricRefused, or what semantics.check raises."""
    wording.judge_key(key)
    wording.judge_owners(business_owner, finance_owner)
    wording.judge_day(definition)
    checked = wording.checked_here(definition, own_key=key, by=by)
    wording.judge_size(definition)
    if Metric.objects.filter(key=key).exists():
        message = _("There is a metric with the key %(key)s already.") % {"key": key}
        raise MetricRefused(message, code="key_taken", field="key")
    with transaction.atomic():
        metric = Metric.objects.create(
            key=key,
            name_en=name_en,
            name_zh=name_zh,
            business_owner=business_owner,
            finance_owner=finance_owner,
            unit=str(checked.unit),
            direction=definition.direction,
            decimals=definition.decimals,
            created_at=at,
        )
        version = _add_version(metric, 1, definition, checked, by, at)
        audit.record(by=by, action="kpis.draft_metric", subject=version, at=at, changes=wording.told(version))
    return version


def revise_metric(
    *, metric: Metric, definition: semantics.Definition, by: access.Actor, at: datetime.datetime
) -> MetricVersion:
    """The next version as a draft. The one in force stays in force until the new one is signed and its day comes."""
    if metric.retired_at is not None:
        raise MetricRefused(_("This metric is retired."), code="retired")
    duties.refuse_scored_by(by, queries.keys_resting_on([metric.key]))
    wording.judge_day(definition)
    checked = wording.checked_here(definition, own_key=metric.key, by=by)
    wording.judge_size(definition)
    with transaction.atomic():
        locked = Metric.objects.select_for_update().get(pk=metric.pk)
        versions = MetricVersion.objects.filter(metric=locked)
        if versions.filter(state__in=[VersionState.DRAFT, VersionState.REVIEW]).exists():
            message = _("Another version is being worked on. Finish that one first.")
            raise MetricRefused(message, code="conflict")
        latest = versions.aggregate(latest=Max("number"))["latest"] or 0
        version = _add_version(locked, latest + 1, definition, checked, by, at)
        audit.record(
            by=by,
            action="kpis.revise_metric",
            subject=version,
            at=at,
            why=definition.change_note,
            changes=wording.told(version),
        )
    return version


def edit_draft(
    *, version: MetricVersion, definition: semantics.Definition, by: access.Actor, at: datetime.datetime
) -> MetricVersion:
    wording.judge_day(definition)
    with transaction.atomic():
        draft = _locked(version)
        if draft.state != VersionState.DRAFT:
            raise MetricRefused(_("Only a draft can be edited."), code="not_draft")
        duties.refuse_scored_by(by, queries.keys_resting_on([draft.metric.key]))
        before = wording.told(draft)
        checked = wording.checked_here(definition, own_key=draft.metric.key, by=by)
        wording.judge_size(definition)
        wording.fill(draft, definition, checked)
        draft.save()
        _show_before_certified(draft)
        after = wording.told(draft)
        changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
        audit.record(by=by, action="kpis.edit_draft", subject=draft, at=at, changes=changes)
    return draft


def submit_for_review(*, version: MetricVersion, by: access.Actor, at: datetime.datetime) -> None:
    """From here on nobody changes the wording; both owners are asked to sign."""
    with transaction.atomic():
        draft = _locked(version)
        if draft.state != VersionState.DRAFT:
            raise MetricRefused(_("Only a draft can be submitted."), code="not_draft")
        wording.judge_inputs(draft)
        tying.judge_signed(draft)
        tying.judge_reason(draft)
        wording.checked(draft, own_key=draft.metric.key)
        draft.state = VersionState.REVIEW
        draft.submitted_at = at
        draft.save(update_fields=["state", "submitted_at"])
        if draft.dataset is not None and draft.dataset.is_live:
            # Whoever signs sees what it gives; nothing here can tell before the source was asked.
            start_reading(version=draft, at=at)
        _ask_for_signature(draft, draft.metric.business_owner, by, at)
        _ask_for_signature(draft, draft.metric.finance_owner, by, at)
        audit.record(
            by=by,
            action="kpis.submit_for_review",
            subject=draft,
            at=at,
            changes={"state": [VersionState.DRAFT, VersionState.REVIEW]},
        )


def sign_version(
    *,
    version: MetricVersion,
    side: str,
    by: access.Actor,
    at: datetime.datetime,
    note: str = "",
    seen: str = "",
) -> bool:
    """One owner signs for the own side. Answers whether the version is now certified.

    `seen`: the mark of the impact that was shown (queries.Impact.mark); the signature keeps that impact, and is refused
    when it is another one by now.
    """
    with transaction.atomic():
        waiting = _locked(version)
        if waiting.state != VersionState.REVIEW:
            raise MetricRefused(_("This version does not wait for signatures."), code="not_in_review")
        if rules.side_of(by, waiting.metric) != side:
            raise MetricRefused(_("Each owner signs for the own side only."), code="not_your_side")
        signed = {signature.side for signature in waiting.signatures.all()}
        if side in signed:
            raise MetricRefused(_("You have signed this version already."), code="signed_already")
        wording.judge_inputs(waiting)
        wording.checked(waiting, own_key=waiting.metric.key)
        Signature.objects.create(
            version=waiting,
            side=side,
            person=by.person,
            note=note[:300],
            seen=_seen(waiting, seen, by) if seen else {},
            at=at,
        )
        inbox.resolve_work(kind=SIGNATURE_WORK, subject_id=waiting.pk, to=by.person, by=by, at=at)
        audit.record(
            by=by, action="kpis.sign_version", subject=waiting, at=at, why=note, changes={"side": side}
        )
        if signed | {side} == set(Side.values):
            tying.judge_reason(waiting)
            _certify(waiting, by, at, tying.refuse_untied(waiting, people.day_at(by.organisation, at)))
            return True
    return False


def _seen(version: MetricVersion, mark: str, by: access.Actor) -> dict[str, Any]:
    """The impact that carries this mark, as it is kept."""
    impact = queries.impact_of(version, by)
    if impact.mark != mark:
        message = _("What this version moves is no longer what you saw. Look at it once more, then sign.")
        raise MetricRefused(message, code="conflict")
    return impact.seen


def decline_version(*, version: MetricVersion, reason: str, by: access.Actor, at: datetime.datetime) -> None:
    """Sends a version back. It keeps its wording and signatures; the next one starts from it."""
    if not reason.strip():
        raise MetricRefused(_("Say what should change."), code="reason", field="reason")
    with transaction.atomic():
        waiting = _locked(version)
        if waiting.state != VersionState.REVIEW:
            raise MetricRefused(_("This version does not wait for signatures."), code="not_in_review")
        waiting.state = VersionState.DECLINED
        waiting.declined_at = at
        waiting.declined_by = by.person
        waiting.decline_reason = reason.strip()
        waiting.save(update_fields=["state", "declined_at", "declined_by", "decline_reason"])
        inbox.resolve_work(kind=SIGNATURE_WORK, subject_id=waiting.pk, by=by, at=at)
        audit.record(
            by=by,
            action="kpis.decline_version",
            subject=waiting,
            at=at,
            why=reason,
            changes={"state": [VersionState.REVIEW, VersionState.DECLINED]},
        )


def retire_metric(*, metric: Metric, reason: str, by: access.Actor, at: datetime.datetime) -> None:
    """No new values from now on; what was computed stays. Refused while other metrics are computed from it."""
    with transaction.atomic():
        locked = Metric.objects.select_for_update().get(pk=metric.pk)
        if locked.retired_at is not None:
            raise MetricRefused(_("This metric is retired already."), code="conflict")
        duties.refuse_scored_by(by, queries.keys_resting_on([locked.key]))
        users = [
            version.metric
            for version in queries.newest_certified()
            if version.tie_out == locked.key or locked.key in version.input_keys
        ]
        if users:
            words = {"metrics": ", ".join(str(user) for user in users)}
            raise MetricRefused(_("Still used by: %(metrics)s.") % words, code="in_use")
        locked.retired_at = at
        locked.save(update_fields=["retired_at"])
        versions = MetricVersion.objects.filter(metric=locked)
        versions.filter(state=VersionState.CERTIFIED).update(state=VersionState.DEPRECATED)
        for waiting in versions.filter(state__in=[VersionState.DRAFT, VersionState.REVIEW]):
            inbox.resolve_work(kind=SIGNATURE_WORK, subject_id=waiting.pk, by=by, at=at)
        inbox.resolve_work(kind=untying.TIE_OUT_WORK, subject_id=locked.pk, by=by, at=at)
        versions.filter(state__in=[VersionState.DRAFT, VersionState.REVIEW]).update(
            state=VersionState.DECLINED, declined_at=at, declined_by=by.person, decline_reason=reason
        )
        audit.record(by=by, action="kpis.retire_metric", subject=locked, at=at, why=reason)


def _add_version(
    metric: Metric,
    number: int,
    definition: semantics.Definition,
    checked: semantics.Checked,
    by: access.Actor,
    at: datetime.datetime,
) -> MetricVersion:
    version = MetricVersion(metric=metric, number=number, proposed_by=by.person, proposed_at=at)
    wording.fill(version, definition, checked)
    try:
        with transaction.atomic():
            version.save(force_insert=True)
    except IntegrityError as error:
        raise MetricRefused(_("Somebody else was first."), code="conflict") from error
    return version


def _show_before_certified(draft: MetricVersion) -> None:
    """Before anything is certified, the metric shows the unit of its draft."""
    metric = draft.metric
    if not MetricVersion.objects.filter(metric=metric, certified_at__isnull=False).exists():
        _copy_to_metric(draft)


def _copy_to_metric(version: MetricVersion) -> None:
    Metric.objects.filter(pk=version.metric_id).update(
        unit=version.unit, direction=version.direction, decimals=version.decimals
    )


def _certify(
    version: MetricVersion, by: access.Actor, at: datetime.datetime, figures: dict[str, Any]
) -> None:
    """`figures`: what it was tied out with, for the log."""
    version.state = VersionState.CERTIFIED
    version.certified_at = at
    version.save(update_fields=["state", "certified_at"])
    _copy_to_metric(version)
    stale.mark("metric_definitions", [version.metric_id], at=at)
    audit.record(
        by=by,
        action="kpis.certify_version",
        subject=version,
        at=at,
        changes={"state": [VersionState.REVIEW, VersionState.CERTIFIED]} | figures,
    )


def _ask_for_signature(
    version: MetricVersion, owner: Person, by: access.Actor, at: datetime.datetime
) -> None:
    metric, number = version.metric, version.number
    inbox.assign_work(
        to=owner,
        kind=SIGNATURE_WORK,
        subject_id=version.pk,
        title_en=f"Sign {metric.name_en}, version {number}",
        title_zh=f"签署“{metric.name_zh or metric.name_en}”第{number}版",
        detail_en=version.change_note[:200],
        detail_zh=version.change_note[:200],
        url=f"{reverse('kpis:metric', args=[metric.pk])}?version={number}",
        by=by,
        at=at,
    )


def _locked(version: MetricVersion) -> MetricVersion:
    return (
        MetricVersion.objects.select_for_update(of=("self",))
        .select_related("metric__business_owner", "metric__finance_owner", "dataset")
        .get(pk=version.pk)
    )
