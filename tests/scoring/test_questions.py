"""Asking about a score: who answers, who reads, what waits for whom, and that nothing is said twice."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.inbox import actions as inbox
from performance.inbox.models import WorkItem
from performance.people import actions as people_actions
from performance.people import models as people
from performance.scoring import actions, queries, tasks
from performance.scoring.models import QuestionPost, Score, ScoreQuestion
from tests.conftest import EVERYBODY, Cast
from tests.scoring.conftest import Actor

ClientFor = Callable[[people.Person], Client]


def _waiting(cast: Cast, question: ScoreQuestion) -> dict[str, set[str]]:
    """kind → numbers of those before whom something about this question waits."""
    with tenancy.acting_for(cast.organisation):
        items = WorkItem.objects.filter(subject_id=question.pk, done_at=None).select_related("person")
        found: dict[str, set[str]] = {}
        for item in items:
            found.setdefault(item.kind, set()).add(item.person.number)
    return found


@pytest.mark.parametrize(
    ("key", "about", "by", "falls_to", "answerers"),
    [
        ("turnover", "number", "employee", "metric", ["business_owner", "finance_owner"]),
        ("okr", "number", "employee", "manager", ["manager"]),
        ("pulse", "number", "employee", "manager", ["manager"]),
        ("", "number", "employee", "manager", ["manager"]),
        ("turnover", "weight", "employee", "policy", ["hr"]),
        ("", "weight", "employee", "policy", ["hr"]),
        # Nobody answers themselves: it falls to whoever is next.
        ("", "number", "manager", "manager", ["boss"]),
        ("", "weight", "hr", "manager", ["manager"]),
        ("", "number", "boss", "manager", ["manager"]),
    ],
)
def test_a_question_falls_to_whoever_answers_for_what_it_is_about(
    asked: Callable[..., ScoreQuestion],
    cast: Cast,
    key: str,
    about: str,
    by: str,
    falls_to: str,
    answerers: list[str],
) -> None:
    question = asked(getattr(cast, by), component_key=key, about=about)
    assert question.falls_to == falls_to
    kind = "performance.score_question" if falls_to == "manager" else "performance.number_question"
    assert _waiting(cast, question) == {kind: {getattr(cast, name).number for name in answerers}}


def test_where_nobody_leads_the_person_hr_answers(
    score: Score, asked: Callable[..., ScoreQuestion], cast: Cast
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.ReportingLine.objects.all().delete()
    assert asked(component_key="").falls_to == "hr"


def test_an_answer_settles_it_for_all_owners_and_tells_the_asker(
    asked: Callable[..., ScoreQuestion], cast: Cast, actor: Actor
) -> None:
    question = asked()
    with tenancy.acting_for(cast.organisation):
        actions.post_in_question(
            question=question, text="Stock of March.", by=actor(cast.finance_owner), at=timezone.now()
        )
        told = WorkItem.objects.get(subject_id=question.pk, kind="performance.score_answer")
    assert _waiting(cast, question) == {"performance.score_answer": {cast.employee.number}}
    assert told.title_en == "Fin Finance answered your question about your score"
    assert told.detail_en == "Inventory capital turnover: Stock of March."
    # Asking on puts it before them again, and the answer has been read.
    with tenancy.acting_for(cast.organisation):
        actions.post_in_question(
            question=question, text="And April?", by=actor(cast.employee), at=timezone.now()
        )
    owners = {cast.business_owner.number, cast.finance_owner.number}
    assert _waiting(cast, question) == {"performance.number_question": owners}


def test_it_is_answered_until_the_asker_says_more(
    asked: Callable[..., ScoreQuestion], cast: Cast, actor: Actor, client_for: ClientFor
) -> None:
    question = asked()
    client = client_for(cast.employee)
    for speaker, state, other in (
        (None, "Waits for an answer", "Answered"),
        (cast.business_owner, "Answered", "Waits for an answer"),
        (cast.employee, "Waits for an answer", "Answered"),
        (cast.finance_owner, "Answered", "Waits for an answer"),
    ):
        if speaker is not None:
            with tenancy.acting_for(cast.organisation):
                actions.post_in_question(
                    question=question, text="Well.", by=actor(speaker), at=timezone.now()
                )
        for address in (reverse("scoring:question", args=[question.pk]), reverse("scoring:my_scorecard")):
            page = client.get(address).content.decode()
            assert state in page, (speaker, address)
            assert other not in page, (speaker, address)


@pytest.mark.parametrize("by", ["employee", "business_owner"])
def test_either_side_closes_it_and_nothing_waits_any_more(
    asked: Callable[..., ScoreQuestion], cast: Cast, actor: Actor, client_for: ClientFor, by: str
) -> None:
    question = asked()
    client = client_for(getattr(cast, by))
    assert client.post(reverse("scoring:question_close", args=[question.pk])).status_code == 302
    told = {} if by == "employee" else {"performance.score_answer": {cast.employee.number}}
    assert _waiting(cast, question) == told
    answer = client.post(reverse("scoring:question_post", args=[question.pk]), {"text": "One more"})
    assert answer.status_code == 409
    assert "This question is closed" in answer.content.decode()
    with tenancy.acting_for(cast.organisation):
        done = list(
            AuditRow.objects.filter(subject_id=question.pk).order_by("at").values_list("action", flat=True)
        )
    assert done == ["scoring.ask_about_score", "scoring.close_question"]


def test_who_may_read_a_question(
    asked: Callable[..., ScoreQuestion], cast: Cast, client_for: ClientFor
) -> None:
    question = asked()
    allowed = {"employee", "business_owner", "finance_owner", "hr", "auditor"}
    for name in EVERYBODY:
        client = client_for(getattr(cast, name))
        expected = 200 if name in allowed else 404
        assert client.get(reverse("scoring:question", args=[question.pk])).status_code == expected, name
        assert client.get(f"/api/v1/score-questions/{question.pk}/").status_code == expected, name
        listed = client.get("/api/v1/score-questions/").json()["results"]
        assert [each["id"] for each in listed] == ([str(question.pk)] if name in allowed else []), name


def test_who_may_speak_and_close(
    asked: Callable[..., ScoreQuestion], cast: Cast, client_for: ClientFor
) -> None:
    question = asked(cast.manager)
    expected = dict.fromkeys(EVERYBODY, 404) | {
        "manager": 201,
        "business_owner": 201,
        "finance_owner": 201,
        # They read: it is about their score, or they see all scores.
        "employee": 403,
        "hr": 403,
        "auditor": 403,
    }
    for name in EVERYBODY:
        client = client_for(getattr(cast, name))
        words = {"text": f"Said by {name}"}
        said = client.post(f"/api/v1/score-questions/{question.pk}/posts/", words, "application/json")
        assert said.status_code == expected[name], name
        page = client.post(reverse("scoring:question_post", args=[question.pk]), words)
        assert page.status_code == (302 if expected[name] == 201 else expected[name]), name
        if expected[name] != 201:
            closed = client.post(reverse("scoring:question_close", args=[question.pk]))
            assert closed.status_code == expected[name], name
            closed = client.post(f"/api/v1/score-questions/{question.pk}/close/")
            assert closed.status_code == expected[name], name


def test_whoever_only_reads_neither_asks_nor_speaks_nor_closes(
    asked: Callable[..., ScoreQuestion], cast: Cast, actor: Actor
) -> None:
    question = asked()
    with tenancy.acting_for(cast.organisation):
        people.RoleGrant.objects.create(person=cast.employee, role="auditor")
        reader = actor(cast.employee)
        given: dict[str, Any] = {"by": reader, "at": timezone.now()}
        for act in (
            lambda: actions.ask_about_score(score=question.score, text="Why?", **given),
            lambda: actions.post_in_question(question=question, text="Why?", **given),
            lambda: actions.close_question(question=question, **given),
        ):
            with pytest.raises(actions.QuestionRefused) as refused:
                act()
            assert refused.value.code == "only_reads"
        assert QuestionPost.objects.count() == 1
        assert ScoreQuestion.objects.get().is_open


def test_only_scores_that_one_may_see_are_asked_about(
    score: Score, cast: Cast, client_for: ClientFor
) -> None:
    expected = dict.fromkeys(EVERYBODY, 404) | dict.fromkeys(["employee", "manager", "boss", "hr"], 201)
    # An auditor sees it, and writes nothing.
    expected["auditor"] = 403
    for name in EVERYBODY:
        client = client_for(getattr(cast, name))
        asked = client.post(f"/api/v1/scores/{score.pk}/questions/", {"text": "Why?"}, "application/json")
        assert asked.status_code == expected[name], name
        page = client.get(reverse("scoring:ask", args=[score.pk]))
        assert page.status_code == (200 if expected[name] == 201 else expected[name]), name


def test_an_owner_of_the_number_reads_the_question_and_not_the_score(
    score: Score, asked: Callable[..., ScoreQuestion], cast: Cast, client_for: ClientFor
) -> None:
    question = asked()
    client = client_for(cast.business_owner)
    page = client.get(reverse("scoring:question", args=[question.pk])).content.decode()
    assert "Why 62?" in page
    assert reverse("scoring:scorecard", args=[cast.employee.pk]) not in page
    assert client.get(reverse("scoring:evidence", args=[score.pk, "turnover"])).status_code == 404
    own = client_for(cast.employee).get(reverse("scoring:question", args=[question.pk])).content.decode()
    assert reverse("scoring:scorecard", args=[cast.employee.pk]) in own


def test_whoever_leads_no_longer_reads_no_more_of_what_they_asked_and_is_told_no_answer(
    asked: Callable[..., ScoreQuestion], cast: Cast, actor: Actor, client_for: ClientFor
) -> None:
    question = asked(cast.manager)
    with tenancy.acting_for(cast.organisation):
        people.ReportingLine.objects.filter(person=cast.employee).delete()
        actions.post_in_question(
            question=question, text="Stock of March.", by=actor(cast.business_owner), at=timezone.now()
        )
    assert _waiting(cast, question) == {}
    address = reverse("scoring:question", args=[question.pk])
    assert client_for(cast.manager).get(address).status_code == 404
    assert client_for(cast.employee).get(address).status_code == 200


def test_a_question_to_a_manager_who_leaves_falls_to_whoever_stands_in(
    asked: Callable[..., ScoreQuestion], cast: Cast, client_for: ClientFor
) -> None:
    question = asked(component_key="")
    with tenancy.acting_for(cast.organisation):
        inbox.pass_work_on(person=cast.manager, to=cast.boss, at=timezone.now())
    assert _waiting(cast, question) == {"performance.score_question": {cast.boss.number}}
    client = client_for(cast.boss)
    assert "Bo Boss" in client.get(reverse("scoring:question", args=[question.pk])).content.decode()
    answer = client.post(reverse("scoring:question_post", args=[question.pk]), {"text": "I shall look."})
    assert answer.status_code == 302


def test_what_somebody_who_has_left_had_asked_waits_for_nobody(
    asked: Callable[..., ScoreQuestion], cast: Cast, actor: Actor, client_for: ClientFor
) -> None:
    question, of_others = asked(), asked(cast.manager)
    with tenancy.acting_for(cast.organisation):
        people_actions.deactivate_person(
            person=cast.employee,
            left_on=timezone.localdate() - datetime.timedelta(days=1),
            by=actor(cast.hr),
            at=timezone.now(),
        )
        question.refresh_from_db()
        of_others.refresh_from_db()
    assert not question.is_open
    assert question.closed_by_id is None
    assert of_others.is_open
    assert _waiting(cast, question) == {}
    page = client_for(cast.business_owner).get(reverse("scoring:question", args=[question.pk]))
    assert f"Closed because {cast.employee.name_en} has left, " in page.content.decode()


def test_a_frozen_score_is_asked_about_and_stays_as_it_is(
    score: Score, cast: Cast, quarter: people.Period, actor: Actor, client_for: ClientFor
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.Period.objects.filter(pk=quarter.pk).update(state="closing")
        quarter.refresh_from_db()
        run = actions.freeze_scores(period=quarter, by=actor(cast.hr), at=timezone.now())
    with tenancy.remembering(cast.organisation.pk):
        tasks.carry_out_run.apply([str(run.pk)])
    with tenancy.acting_for(cast.organisation):
        people.Period.objects.filter(pk=quarter.pk).update(state="closed")
        frozen = queries.current_score(cast.employee.pk, quarter)
        assert frozen is not None
        assert frozen.is_frozen
    client = client_for(cast.employee)
    form = {"component": "", "about": "number", "text": "Is the last week in it?"}
    answer = client.post(reverse("scoring:ask", args=[frozen.pk]), form)
    assert answer.status_code == 302
    assert "Is the last week in it?" in client.get(answer["Location"]).content.decode()
    with tenancy.acting_for(cast.organisation):
        after = queries.current_score(cast.employee.pk, quarter)
    assert after is not None
    assert after.digest == frozen.digest
