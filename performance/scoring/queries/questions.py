"""Questions about scores: whom one falls to, who may read it, and what its page shows."""

import datetime
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from performance.foundation import access
from performance.inbox import models as inbox
from performance.kpis.models import Metric
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import rules
from performance.scoring.models import (
    LINE_QUESTION,
    NUMBER_QUESTION,
    About,
    FallsTo,
    QuestionAnswerer,
    QuestionPost,
    Score,
    ScoreQuestion,
    SourceKind,
)
from performance.scoring.queries.lines import Line

#: Questions about somebody's score of a period that their scorecard names; the newest.
SHOWN = 20


@dataclass(frozen=True)
class Called:
    """Whom a question falls to, and why to them."""

    falls_to: str
    people: tuple[people.Person, ...]


@dataclass(frozen=True)
class Thread:
    """A question with what was said, and what the reader may do there."""

    question: ScoreQuestion
    posts: tuple[QuestionPost, ...]
    answerers: tuple[people.Person, ...]
    sees_score: bool
    may_post: bool
    may_close: bool


def called_for(
    score: Score, line: Line | None, about: str, asker_id: uuid.UUID, on: datetime.date
) -> Called | None:
    """The owners of a metric for its number, whoever proposed them for weights, the manager for goals and for the whole
    score. Nobody answers themselves: where they ask, it falls to whoever is next, up the line and at last to HR.

    None where nobody is left. At most five queries.
    """
    here = people_queries.people_who_write(on).exclude(pk=asker_id)
    for falls_to, wanted in _candidates(score, line, about, on):
        found = here.in_bulk(wanted)
        called = [found[person_id] for person_id in wanted if person_id in found]
        if called:
            # One of a line leads; owners answer side by side.
            return Called(falls_to, tuple(called[:1] if falls_to == FallsTo.MANAGER else called))
    return None


def _candidates(
    score: Score, line: Line | None, about: str, on: datetime.date
) -> Iterator[tuple[str, list[uuid.UUID]]]:
    if about == About.WEIGHT:
        yield FallsTo.POLICY, [each for each in [score.version.proposed_by_id] if each]
    elif line is not None and line.source_kind == SourceKind.KPI:
        owners = Metric.objects.filter(key=line.source_ref).values_list(
            "business_owner_id", "finance_owner_id"
        )
        yield FallsTo.METRIC, [owner for pair in owners for owner in pair]
    yield FallsTo.MANAGER, people_queries.line_above(score.person_id, on)
    yield FallsTo.HR, list(people_queries.people_with_role("hr").order_by("pk").values_list("pk", flat=True))


def questions_visible_to(actor: access.Actor, on: datetime.date) -> QuerySet[ScoreQuestion]:
    """Those about one's own score, those one was asked, those one asked while one may see that score, and all for
    whoever sees all scores; each with whether it `is_answered`: the last word is not the asker's."""
    posts = QuestionPost.objects.filter(question=OuterRef("pk")).order_by("-at", "-id")
    questions = ScoreQuestion.objects.select_related("score__person", "score__period", "asked_by").annotate(
        last_by=Subquery(posts.values("by_id")[:1]), is_answered=~Q(last_by=F("asked_by_id"))
    )
    if rules.sees_all_scores(actor):
        return questions
    seen = [actor.person_id, *people_queries.ids_below(actor.person_id, on)]
    return questions.filter(
        Q(score__person_id=actor.person_id)
        | Q(asked_by_id=actor.person_id, score__person_id__in=seen)
        | _put_to(actor.person_id)
    )


def _put_to(person_id: uuid.UUID) -> Q:
    """Also what came to them later, in the place of somebody who has left."""
    asked = QuestionAnswerer.objects.filter(person_id=person_id)
    waiting = inbox.WorkItem.objects.filter(person_id=person_id, kind__in=[LINE_QUESTION, NUMBER_QUESTION])
    return Q(pk__in=asked.values("question_id")) | Q(pk__in=waiting.values("subject_id"))


def is_put_to(question: ScoreQuestion, person_id: uuid.UUID) -> bool:
    """Whether somebody answers this question; whoever asked it does not."""
    return question.asked_by_id != person_id and (
        ScoreQuestion.objects.filter(_put_to(person_id), pk=question.pk).exists()
    )


def answerers_of(question: ScoreQuestion, on: datetime.date) -> list[people.Person]:
    """Who is here of those whom the question was put to, in the order of their names."""
    asked = QuestionAnswerer.objects.filter(question=question).values("person_id")
    waiting = inbox.WorkItem.objects.filter(kind=question.work_kind, subject_id=question.pk, done_at=None)
    found = people_queries.active_people(on).filter(Q(pk__in=asked) | Q(pk__in=waiting.values("person_id")))
    return list(found.exclude(pk=question.asked_by_id).order_by("name_sort", "number"))


def thread(question: ScoreQuestion, actor: access.Actor, on: datetime.date) -> Thread:
    """A constant number of queries, however much was said."""
    is_answerer = is_put_to(question, actor.person_id)
    may_post = rules.can_post_in_question(actor, question, is_answerer=is_answerer)
    return Thread(
        question=question,
        posts=tuple(QuestionPost.objects.filter(question=question).select_related("by")),
        answerers=tuple(answerers_of(question, on)),
        sees_score=_sees(actor, question.score.person_id, on),
        may_post=may_post,
        may_close=may_post,
    )


def still_sees(question: ScoreQuestion, on: datetime.date) -> bool:
    """Whether the asker may still see the score that they asked about. Two queries at most."""
    asker_id, scored_id = question.asked_by_id, question.score.person_id
    if asker_id == scored_id or asker_id in people_queries.line_above(scored_id, on):
        return True
    return people.RoleGrant.objects.filter(person_id=asker_id, role__in=rules.SEE_ALL).exists()


def _sees(actor: access.Actor, person_id: uuid.UUID, on: datetime.date) -> bool:
    return (
        rules.sees_all_scores(actor)
        or person_id == actor.person_id
        or person_id in people_queries.ids_below(actor.person_id, on)
    )


def questions_about(score: Score, actor: access.Actor, on: datetime.date) -> list[ScoreQuestion]:
    """The newest about this score, and about earlier ones of the same person and period, that the actor may read; each
    with what it asks: `text`."""
    found = questions_visible_to(actor, on).filter(
        score__person_id=score.person_id, score__period_id=score.period_id
    )
    first = QuestionPost.objects.filter(question=OuterRef("pk")).order_by("at", "id")
    return list(found.annotate(text=Subquery(first.values("text")[:1])).order_by("-id")[:SHOWN])


def owners_of(line: Line) -> Sequence[people.Person]:
    """Who answers for the number of a metric; nobody for a component of another kind."""
    if line.source_kind != SourceKind.KPI:
        return ()
    metric = (
        Metric.objects.filter(key=line.source_ref).select_related("business_owner", "finance_owner").first()
    )
    return _distinct([metric.business_owner, metric.finance_owner]) if metric else ()


def _distinct(found: Iterable[people.Person]) -> list[people.Person]:
    return list({person.pk: person for person in found}.values())
