"""Asking about a score, answering, and closing a question. Each puts the next step before whoever takes it."""

import datetime
import uuid
from collections.abc import Sequence
from functools import partial

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from performance.foundation import access, audit, i18n, once, refusals
from performance.foundation.components import formats
from performance.inbox import actions as inbox_actions
from performance.people import models as people
from performance.scoring import queries, rules
from performance.scoring.models import (
    ANSWER,
    LONGEST_QUESTION,
    About,
    QuestionAnswerer,
    QuestionPost,
    Score,
    ScoreQuestion,
)

#: Of what was said, as much as a list of work shows.
DETAIL = 200
ASKS = gettext_noop("%(person)s asks about the score of %(scored)s")
ASKS_OF_OWN = gettext_noop("%(person)s asks about their score")
ANSWERED = gettext_noop("%(person)s answered your question about the score of %(scored)s")
ANSWERED_OF_OWN = gettext_noop("%(person)s answered your question about your score")
CLOSED = gettext_noop("%(person)s closed your question about the score of %(scored)s")
CLOSED_OF_OWN = gettext_noop("%(person)s closed your question about your score")


class QuestionRefused(refusals.Refused):
    """A question that cannot be asked, answered or closed."""


@once.kept_once(ScoreQuestion, by="asked_by")
@transaction.atomic
def ask_about_score(
    *,
    score: Score,
    component_key: str = "",
    about: str = About.NUMBER,
    text: str,
    by: access.Actor,
    at: datetime.datetime,
    key: uuid.UUID | None = None,
) -> ScoreQuestion:
    """Asks whoever answers for a component's score or weight, or for the whole score where no component is named.

    `score` is one that the actor may see. Frozen ones are asked about as well: what is said changes no number.
    """
    _require_writes(by)
    said = _worded(text)
    if about not in About.values:
        raise QuestionRefused(gettext("Choose what the question is about."), code="about", field="about")
    line = queries.line_of(score, component_key) if component_key else None
    if component_key and line is None:
        raise QuestionRefused(
            gettext("This score has no such component."), code="component", field="component"
        )
    called = queries.called_for(score, line, about, by.person_id, queries.day_of(at))
    if called is None:
        raise QuestionRefused(gettext("There is nobody who could answer this. Ask HR."), code="nobody")
    question = ScoreQuestion.objects.create(
        score=score,
        component_key=component_key,
        component_en=line.name_en if line else "",
        component_zh=line.name_zh if line else "",
        about=about,
        falls_to=called.falls_to,
        asked_by=by.person,
        asked_at=at,
        once_key=key,
    )
    QuestionAnswerer.objects.bulk_create(
        QuestionAnswerer(question=question, person=person) for person in called.people
    )
    QuestionPost.objects.create(question=question, by=by.person, at=at, text=said)
    _put_before(question, called.people, said, by=by, at=at)
    audit.record(
        by=by,
        action="scoring.ask_about_score",
        subject=question,
        changes={"component": component_key, "about": about, "falls_to": called.falls_to},
        at=at,
    )
    return question


@once.kept_once(QuestionPost)
@transaction.atomic
def post_in_question(
    *,
    question: ScoreQuestion,
    text: str,
    by: access.Actor,
    at: datetime.datetime,
    key: uuid.UUID | None = None,
) -> QuestionPost:
    """A word of the asker, which puts the question before those who answer again, or an answer, which settles it for
    all of them until the asker says more."""
    said = _worded(text)
    question = _held(question, by)
    post = QuestionPost.objects.create(question=question, by=by.person, at=at, text=said, once_key=key)
    if by.person_id == question.asked_by_id:
        inbox_actions.resolve_work(kind=ANSWER, subject_id=question.pk, by=by, at=at)
        _put_before(question, queries.answerers_of(question, queries.day_of(at)), said, by=by, at=at)
        action = "scoring.ask_on"
    else:
        if question.answered_at is None:
            question.answered_at = at
            question.save(update_fields=["answered_at"])
        inbox_actions.resolve_work(kind=question.work_kind, subject_id=question.pk, by=by, at=at)
        _tell_asker(question, ANSWERED, ANSWERED_OF_OWN, said, by=by, at=at)
        action = "scoring.answer_question"
    audit.record(by=by, action=action, subject=question, at=at)
    return post


@transaction.atomic
def close_question(*, question: ScoreQuestion, by: access.Actor, at: datetime.datetime) -> ScoreQuestion:
    """Nothing is left to be said: the asker is content, or whoever answers has said all there is."""
    question = _held(question, by)
    question.closed_at, question.closed_by = at, by.person
    question.save(update_fields=["closed_at", "closed_by"])
    inbox_actions.resolve_work(kind=question.work_kind, subject_id=question.pk, by=by, at=at)
    if by.person_id == question.asked_by_id:
        inbox_actions.resolve_work(kind=ANSWER, subject_id=question.pk, by=by, at=at)
    else:
        _tell_asker(question, CLOSED, CLOSED_OF_OWN, "", by=by, at=at)
    audit.record(by=by, action="scoring.close_question", subject=question, at=at)
    return question


def let_questions_go(*, person: people.Person, to: people.Person | None, at: datetime.datetime) -> None:
    """What somebody who has left had asked waits for nobody any more. Their questions are not those of whoever stands
    in, so `to` is not asked; what they were asked is passed on by the inbox. Nobody closed them, so `closed_by` is left
    empty."""
    with transaction.atomic():
        open_ones = ScoreQuestion.objects.filter(asked_by=person, closed_at=None).select_for_update(
            of=("self",)
        )
        for question in open_ones.select_related("score__person", "score__period"):
            question.closed_at = at
            question.save(update_fields=["closed_at"])
            for kind in (question.work_kind, ANSWER):
                inbox_actions.resolve_work(kind=kind, subject_id=question.pk, by=None, at=at)
            audit.record(by=None, action="scoring.close_question", subject=question, at=at)


def _held(question: ScoreQuestion, by: access.Actor) -> ScoreQuestion:
    """The row as it is now, until the transaction ends; refuses whoever has no say in it, and a closed one."""
    _require_writes(by)
    rows = ScoreQuestion.objects.select_for_update(of=("self",)).select_related("score__person", "asked_by")
    held = rows.get(pk=question.pk)
    if not held.is_open:
        raise QuestionRefused(gettext("This question is closed. Ask another one."), code="conflict")
    is_answerer = queries.is_put_to(held, by.person_id)
    if not rules.can_post_in_question(by, held, is_answerer=is_answerer):
        raise QuestionRefused(gettext("Whoever asked and whoever answers speak here."), code="not_a_party")
    return held


def _require_writes(by: access.Actor) -> None:
    if not rules.can_ask_about_scores(by):
        raise QuestionRefused(gettext("You only read here: you neither ask nor answer."), code="only_reads")


def _worded(text: str) -> str:
    said = text.strip()
    if not said:
        raise QuestionRefused(gettext("Write something first."), code="empty", field="text")
    if len(said) > LONGEST_QUESTION:
        raise QuestionRefused(
            gettext("This is too long: %(most)s characters are the most.") % {"most": LONGEST_QUESTION},
            code="too_long",
            field="text",
        )
    return said


def _put_before(
    question: ScoreQuestion,
    persons: Sequence[people.Person],
    said: str,
    *,
    by: access.Actor,
    at: datetime.datetime,
) -> None:
    is_own = question.score.person_id == by.person_id
    message = ASKS_OF_OWN if is_own else ASKS
    _assign(persons, question.work_kind, question, message, said, by=by, at=at)


def _tell_asker(
    question: ScoreQuestion,
    message: str,
    message_of_own: str,
    said: str,
    *,
    by: access.Actor,
    at: datetime.datetime,
) -> None:
    asker = question.asked_by
    if not queries.still_sees(question, queries.day_of(at)):
        return
    is_own = question.score.person_id == asker.pk
    _assign([asker], ANSWER, question, message_of_own if is_own else message, said, by=by, at=at)


def _assign(
    persons: Sequence[people.Person],
    kind: str,
    question: ScoreQuestion,
    message: str,
    said: str,
    *,
    by: access.Actor,
    at: datetime.datetime,
) -> None:
    titles = i18n.in_both(partial(_said, message, question, by.person))
    details = i18n.in_both(partial(_detail, question, said))
    for person in persons:
        inbox_actions.assign_work(
            to=person,
            kind=kind,
            subject_id=question.pk,
            title_en=titles[0],
            title_zh=titles[1],
            detail_en=details[0],
            detail_zh=details[1],
            url=_address(question),
            by=by,
            at=at,
        )


def _address(question: ScoreQuestion) -> str:
    return reverse("scoring:question", args=[question.pk])


def _said(message: str, question: ScoreQuestion, speaker: people.Person) -> str:
    scored = question.score.person
    return gettext(message) % {"person": formats.person_name(speaker), "scored": formats.person_name(scored)}


def _detail(question: ScoreQuestion, said: str) -> str:
    words = " ".join(said.split())
    return formats.mark(":").join(part for part in (question.component, words) if part)[:DETAIL]
