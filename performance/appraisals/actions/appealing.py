"""Appeals: filed by the person within the days they were promised, withdrawn by them, decided by HR. The score and every
rating stay as they were; a correction lies over them."""

import datetime
import uuid
from collections.abc import Collection

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from performance.appraisals import queries, rules
from performance.appraisals.models import (
    LONGEST_REASON,
    Appeal,
    AppealEvidence,
    AppealState,
    CycleEntry,
)
from performance.foundation import access, audit, once, refusals
from performance.foundation.components import formats
from performance.inbox import actions as inbox
from performance.people import queries as people_queries

APPEAL = "performance.appeal"
ANSWERED = "performance.appeal_answer"


class AppealRefused(refusals.Refused):
    """An appeal that cannot be filed, withdrawn or decided as asked."""


@once.kept_once(Appeal, by="entry__person")
@transaction.atomic
def file_appeal(
    *,
    entry: CycleEntry,
    reason: str,
    grounds: Collection[str] = (),
    by: access.Actor,
    at: datetime.datetime,
    key: uuid.UUID | None = None,
) -> Appeal:
    """Appeals against one's own published result. `grounds`: keys of `queries.grounds_of`."""
    # Whoever files twice at one moment waits here.
    held = (
        queries.with_results(CycleEntry.objects.select_for_update(of=("self",)))
        .select_related("cycle", "person", "score")
        .get(pk=entry.pk)
    )
    wave, today = queries.wave_of(held), people_queries.day_at(by.organisation, at)
    access.require(rules.is_own_result(by, held) and not by.only_reads)
    standing = Appeal.objects.filter(entry=held).exclude(state=AppealState.WITHDRAWN).first()
    if standing is not None:
        raise AppealRefused(_("You have appealed against this result already."), code="conflict")
    if wave is None or not rules.can_appeal(by, held, wave, today):
        raise AppealRefused(_("The days to appeal against this result are over."), code="too_late")
    said = _worded(reason, "reason")
    offered = {ground.key: ground for ground in queries.grounds_of(held, by)}
    if unknown := [each for each in grounds if each not in offered]:
        raise AppealRefused(
            _("This is not among what the result rests on: %(what)s") % {"what": formats.listed(unknown[:3])},
            field="grounds",
        )
    appeal = Appeal.objects.create(
        entry=held,
        reason=said,
        rating_before=held.result_rating,
        filed_at=at,
        answer_until=today + datetime.timedelta(days=wave.answer_days),
        once_key=key,
    )
    chosen = [offered[each] for each in dict.fromkeys(grounds)]
    AppealEvidence.objects.bulk_create(
        AppealEvidence(
            appeal=appeal, kind=each.kind, title=each.title[:300], said=each.said[:300], url=each.url
        )
        for each in chosen
    )
    _put_before_hr(appeal, by=by, at=at, today=today)
    audit.record(
        by=by,
        action="appraisals.file_appeal",
        subject=appeal,
        at=at,
        changes={"answer_until": appeal.answer_until, "rating_before": appeal.rating_before},
    )
    return appeal


@transaction.atomic
def withdraw_appeal(*, appeal: Appeal, by: access.Actor, at: datetime.datetime) -> Appeal:
    """The person takes their open appeal back; the record stays."""
    held = _held(appeal)
    access.require(rules.can_withdraw_appeal(by, held))
    held.state, held.ended_at = AppealState.WITHDRAWN, at
    held.save(update_fields=["state", "ended_at"])
    inbox.resolve_work(kind=APPEAL, subject_id=held.pk, by=by, at=at)
    audit.record(by=by, action="appraisals.withdraw_appeal", subject=held, at=at)
    return held


@transaction.atomic
def decide_appeal(
    *, appeal: Appeal, rating: int | None, reason: str, by: access.Actor, at: datetime.datetime
) -> Appeal:
    """Upholds the appeal with the corrected result, or rejects it (`rating` None), for a reason that the person reads.

    Nobody decides who is a party: the person, whoever leads them, and whoever signed the numbers off.
    """
    held = _held(appeal)
    today = people_queries.day_at(by.organisation, at)
    access.require(rules.decides_appeals(by))
    if not rules.can_decide_appeal(by, held, leads=queries.leads(by.person_id, held.entry, today)):
        raise AppealRefused(_("You are a party to this: somebody else of HR has to decide."), code="is_party")
    said = _worded(reason, "reason")
    if rating is not None and not 1 <= rating <= 5:
        raise AppealRefused(_("A rating is a number from 1 to 5."), field="rating")
    if rating is not None and rating == held.rating_before:
        raise AppealRefused(
            _("This is the result already. Choose another one, or reject the appeal."), field="rating"
        )
    held.state = AppealState.REJECTED if rating is None else AppealState.UPHELD
    held.rating_after, held.decision = rating, said
    held.decided_by, held.ended_at = by.person, at
    held.save(update_fields=["state", "rating_after", "decision", "decided_by", "ended_at"])
    inbox.resolve_work(kind=APPEAL, subject_id=held.pk, by=by, at=at)
    _tell_person(held, by=by, at=at)
    audit.record(
        by=by,
        action="appraisals.decide_appeal",
        subject=held,
        at=at,
        why=said,
        changes={"state": ["open", held.state], "rating_after": [held.rating_before, rating]},
    )
    return held


def read_answer(*, appeal: Appeal, by: access.Actor, at: datetime.datetime) -> None:
    """The person has opened their appeal: nothing needs to tell them of its decision any more."""
    if rules.is_own_result(by, appeal.entry) and appeal.is_decided and not by.only_reads:
        inbox.resolve_work(kind=ANSWERED, subject_id=appeal.pk, to=by.person, by=by, at=at)


def _put_before_hr(appeal: Appeal, *, by: access.Actor, at: datetime.datetime, today: datetime.date) -> None:
    """Before those who may decide it; where nobody may, before all of HR but the person, who then find somebody."""
    deciders = queries.deciders_of(appeal.entry, today) or list(
        people_queries.people_with_role("hr").exclude(pk=appeal.entry.person_id)
    )
    person = appeal.entry.person
    for decider in deciders:
        inbox.assign_work(
            to=decider,
            kind=APPEAL,
            subject_id=appeal.pk,
            title_en=f"Appeal of {person.name_en}: {appeal.entry.cycle.name_en}",
            title_zh=f"{person.name_zh or person.name_en}的申诉：{appeal.entry.cycle.name_zh or appeal.entry.cycle.name_en}",
            url=reverse("appraisals:appeal", args=[appeal.pk]),
            due_on=appeal.answer_until,
            by=by,
            at=at,
        )


def _tell_person(appeal: Appeal, *, by: access.Actor, at: datetime.datetime) -> None:
    cycle = appeal.entry.cycle
    inbox.assign_work(
        to=appeal.entry.person,
        kind=ANSWERED,
        subject_id=appeal.pk,
        title_en=f"Your appeal was decided: {cycle.name_en}",
        title_zh=f"你的申诉已有结论：{cycle.name_zh or cycle.name_en}",
        url=reverse("appraisals:appeal", args=[appeal.pk]),
        by=by,
        at=at,
    )


def _held(appeal: Appeal) -> Appeal:
    """The appeal as it is now, until the transaction ends; refused where it has ended."""
    held = (
        Appeal.objects.select_related("entry__cycle", "entry__person")
        .select_for_update(of=("self",))
        .get(pk=appeal.pk)
    )
    if not held.is_open:
        raise AppealRefused(_("This appeal has been decided or withdrawn already."), code="conflict")
    return held


def _worded(text: str, field: str) -> str:
    said = text.strip()
    if not said:
        raise AppealRefused(_("Say why, in a few words."), field=field)
    if len(said) > LONGEST_REASON:
        raise AppealRefused(
            _("This is too long: %(most)s characters are the most.") % {"most": LONGEST_REASON}, field=field
        )
    return said
