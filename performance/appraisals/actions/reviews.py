"""Writing a review: its draft saves itself, it is sent once, and what it came to is kept with the entry."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from django.db import transaction
from django.utils.translation import gettext as _

from performance.appraisals import queries, rules
from performance.appraisals.actions.stages import REMINDER, REVIEW
from performance.appraisals.models import (
    CycleEntry,
    Review,
    ReviewAnswer,
    ReviewKind,
    ReviewState,
    TemplateSection,
)
from performance.foundation import access, audit, refusals
from performance.inbox import actions as inbox
from performance.people import queries as people_queries

LONGEST_TEXT = 8000


class ReviewRefused(refusals.Refused):
    """A review cannot be written, sent or handed on as asked."""


@dataclass(frozen=True)
class Answer:
    """One section as it is typed."""

    rating: int | None = None
    text: str = ""
    why: str = ""


Answers = Mapping[uuid.UUID, Answer]


@transaction.atomic
def save_draft(
    *, review: Review, answers: Answers, revision: int, by: access.Actor, at: datetime.datetime
) -> Review:
    """Keeps what is typed. No audit row: a draft is nobody's business but its writer's.

    `revision` is what the form was made from; refuses (conflict) where another window has saved since.
    """
    held = _held(review)
    if held.is_submitted:
        raise ReviewRefused(_("This review has been sent already."), code="conflict")
    access.require(rules.can_write_review(by, held))
    if held.revision != revision:
        raise ReviewRefused(
            _("Not saved: this review was changed in another window. Load it again to see both."),
            code="conflict",
        )
    sections = {section.pk: section for section in queries.sections_for(held)}
    standing = {answer.section_id: answer for answer in held.answers.all()}
    suggested = queries.suggested_rating(by, held)
    changed, fresh = [], []
    for key, said in answers.items():
        section = sections.get(key)
        if section is None:
            raise ReviewRefused(_("This template has no such section."), code="section")
        answer = standing.get(key)
        typed = _typed(section, said, suggested)
        if answer is None:
            fresh.append(ReviewAnswer(review=held, section=section, **typed))
        elif any(getattr(answer, name) != value for name, value in typed.items()):
            for name, value in typed.items():
                setattr(answer, name, value)
            changed.append(answer)
    ReviewAnswer.objects.bulk_create(fresh)
    ReviewAnswer.objects.bulk_update(changed, ["rating", "suggested_rating", "why", "text"])
    held.revision, held.saved_at = held.revision + 1, at
    held.save(update_fields=["revision", "saved_at"])
    return held


def _typed(section: TemplateSection, said: Answer, suggested: int | None) -> dict[str, object]:
    if len(said.text) > LONGEST_TEXT or len(said.why) > LONGEST_TEXT:
        raise ReviewRefused(
            _("This is too long: %(most)s characters are the most.") % {"most": LONGEST_TEXT},
            field=f"text-{section.pk}",
            code="too_long",
        )
    if said.rating is not None and not (section.is_rated and 1 <= said.rating <= section.highest):
        raise ReviewRefused(_("Choose one of the ratings."), field=f"rating-{section.pk}", code="rating")
    hint = suggested if section.takes_suggestion else None
    return {
        "rating": said.rating,
        "suggested_rating": hint,
        "text": said.text.strip(),
        "why": said.why.strip() if said.rating != hint else "",
    }


def what_is_missing(
    review: Review, sections: Sequence[TemplateSection], answers: Mapping[uuid.UUID, ReviewAnswer]
) -> list[tuple[str, str]]:
    """(field, sentence) of what stands between a draft and sending it."""
    missing = []
    for section in sections:
        answer = answers.get(section.pk) or ReviewAnswer()
        name = str(section)
        if section.is_rated and answer.rating is None:
            missing.append((f"rating-{section.pk}", _("%(section)s has no rating yet.") % {"section": name}))
        hint = answer.suggested_rating
        if hint and answer.rating and answer.rating != hint and not answer.why:
            missing.append(
                (f"why-{section.pk}", _("Say why %(section)s differs from the score.") % {"section": name})
            )
        if not answer.text and (not section.is_rated or review.kind == ReviewKind.MANAGER):
            missing.append((f"text-{section.pk}", _("%(section)s has no text yet.") % {"section": name}))
    return missing


@transaction.atomic
def submit_review(*, review: Review, revision: int, by: access.Actor, at: datetime.datetime) -> Review:
    """Sends what was saved. Ratings, texts, citations and the score that suggested them stay as they are now."""
    held = _held(review)
    if held.is_submitted:
        raise ReviewRefused(_("This review has been sent already."), code="conflict")
    access.require(rules.can_write_review(by, held))
    if held.revision != revision:
        raise ReviewRefused(_("Not sent: this review was changed in another window."), code="conflict")
    sections = queries.sections_for(held)
    answers = {answer.section_id: answer for answer in held.answers.all()}
    score, hint = queries.score_shown(by, held)
    for section in sections:
        answer = answers.get(section.pk)
        if answer and section.takes_suggestion and answer.suggested_rating != hint:
            # The score has moved since it was saved: what is sent says what was suggested last.
            answer.suggested_rating = hint
            answer.save(update_fields=["suggested_rating"])
    missing = what_is_missing(held, sections, answers)
    if missing:
        field, words = missing[0]
        raise ReviewRefused(words, field=field, code="incomplete")
    rated = [
        (section.weight_ppm, answers[section.pk].rating or 1, section.highest)
        for section in sections
        if section.is_rated
    ]
    held.overall_micro = queries.overall_of(rated)
    held.rating = queries.rating_of(held.overall_micro)
    held.score, held.suggested_rating = score, hint
    held.state, held.submitted_at, held.submitted_by = ReviewState.SUBMITTED, at, by.person
    held.save()
    if held.kind == ReviewKind.MANAGER:
        note_managers_rating(held.entry)
    _done(held, by=by, at=at)
    audit.record(
        by=by,
        action="appraisals.submit_review",
        subject=held,
        at=at,
        changes={"kind": held.kind, "person": held.entry.person, "late": _is_late(held, by, at)},
    )
    return held


def note_managers_rating(entry: CycleEntry) -> None:
    """What the managers' reviews that were sent come to, each by the time its manager led."""
    sent = [
        (review.share_ppm, review.overall_micro)
        for review in Review.objects.filter(entry=entry, kind=ReviewKind.MANAGER, state=ReviewState.SUBMITTED)
        if review.overall_micro is not None
    ]
    whole = sum(share for share, _overall in sent)
    entry.overall_micro = round(Fraction(sum(share * mean for share, mean in sent), whole)) if whole else None
    entry.manager_rating = queries.rating_of(entry.overall_micro)
    entry.save(update_fields=["overall_micro", "manager_rating"])


@transaction.atomic
def reopen_review(*, review: Review, reason: str, by: access.Actor, at: datetime.datetime) -> Review:
    """Back to its writer, with what stood in it. What it had come to counts no more until it is sent again."""
    held = _held(review)
    if held.is_open:
        raise ReviewRefused(_("This review is open already."), code="conflict")
    access.require(rules.can_reopen(by, held))
    why = _reasoned(reason)
    before = held.state
    held.state, held.reason = ReviewState.OPEN, ""
    held.submitted_at = held.submitted_by = None
    held.overall_micro = held.rating = held.suggested_rating = held.score = None
    held.revision, held.asked_at = held.revision + 1, None
    held.save()
    if held.kind == ReviewKind.MANAGER:
        note_managers_rating(held.entry)
    _record("appraisals.reopen_review", held, why, by=by, at=at, changes={"state": [before, held.state]})
    return held


@transaction.atomic
def decline_review(*, review: Review, reason: str, by: access.Actor, at: datetime.datetime) -> Review:
    """A colleague says no, and why."""
    held = _held(review)
    access.require(rules.can_decline(by, held))
    return _end(held, ReviewState.DECLINED, reason, "appraisals.decline_review", by=by, at=at)


@transaction.atomic
def excuse_review(*, review: Review, reason: str, by: access.Actor, at: datetime.datetime) -> Review:
    """Nobody has to write this one, for a reason that stays."""
    held = _held(review)
    access.require(rules.can_excuse(by, held))
    return _end(held, ReviewState.EXCUSED, reason, "appraisals.excuse_review", by=by, at=at)


@transaction.atomic
def delegate_review(
    *, review: Review, to: uuid.UUID | None, reason: str, by: access.Actor, at: datetime.datetime
) -> Review:
    """Somebody else writes it for its reviewer, who stays the one that owes it. Without `to` it comes back."""
    held = _held(review)
    access.require(rules.can_delegate(by, held))
    why = _reasoned(reason)
    on = people_queries.day_at(by.organisation, at)
    if to is not None and to not in queries.stand_ins(held.pk, on):
        raise ReviewRefused(
            _("Choose a colleague who is neither reviewed here nor led by who is."), field="person"
        )
    before = held.delegate
    _done(held, by=by, at=at)
    held.delegate_id, held.delegation_reason = to, why if to else ""
    held.delegated_by = by.person if to else None
    held.asked_at = None
    held.save()
    held.refresh_from_db()
    _record(
        "appraisals.delegate_review", held, why, by=by, at=at, changes={"writer": [before, held.delegate]}
    )
    return held


def _end(
    held: Review, state: str, reason: str, action: str, *, by: access.Actor, at: datetime.datetime
) -> Review:
    if held.state not in (ReviewState.OPEN, ReviewState.NOMINATED):
        raise ReviewRefused(_("Somebody else has changed this review meanwhile."), code="conflict")
    held.state, held.reason = state, _reasoned(reason)
    held.save(update_fields=["state", "reason"])
    _done(held, by=by, at=at)
    _record(action, held, held.reason, by=by, at=at)
    return held


def _reasoned(reason: str) -> str:
    if not reason.strip():
        raise ReviewRefused(_("Say why, in a few words."), field="reason")
    return reason.strip()


def _held(review: Review) -> Review:
    """As it is now, held with its entry: two managers' reviews of one person are sent one after the other."""
    CycleEntry.objects.select_for_update().get(pk=review.entry_id)
    return (
        Review.objects.select_related("entry__cycle__period", "entry__person", "reviewer", "delegate")
        .select_for_update(of=("self",))
        .get(pk=review.pk)
    )


def _done(review: Review, *, by: access.Actor, at: datetime.datetime) -> None:
    for kind in (REVIEW, REMINDER):
        inbox.resolve_work(kind=kind, subject_id=review.pk, by=by, at=at)


def _is_late(review: Review, by: access.Actor, at: datetime.datetime) -> bool:
    stage = review.entry.cycle.stages.filter(stage=queries.STAGE_OF[review.kind]).first()
    return stage is not None and stage.ends_on < people_queries.day_at(by.organisation, at)


def _record(
    action: str,
    review: Review,
    why: str,
    *,
    by: access.Actor,
    at: datetime.datetime,
    changes: dict[str, object] | None = None,
) -> None:
    told = {"kind": review.kind, "person": review.entry.person, "reviewer": review.reviewer}
    audit.record(by=by, action=action, subject=review, at=at, why=why, changes=told | (changes or {}))
