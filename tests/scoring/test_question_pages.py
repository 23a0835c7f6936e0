"""Pages and endpoints of questions about a score: what is sent, what is said where, and at what cost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.people import models as people
from performance.scoring import actions
from performance.scoring.models import QuestionPost, Score, ScoreQuestion
from tests.conftest import Cast
from tests.scoring.conftest import Actor

ClientFor = Callable[[people.Person], Client]


def test_what_is_sent_twice_is_asked_and_said_once(score: Score, cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.employee)
    address = reverse("scoring:ask", args=[score.pk])
    assert 'name="once"' in client.get(address).content.decode()
    form = {"component": "turnover", "about": "number", "text": "Why 62?", "once": "4b1c"}
    first, second = (client.post(address, form) for _time in range(2))
    assert first["Location"] == second["Location"]
    with tenancy.acting_for(cast.organisation):
        question = ScoreQuestion.objects.get()
    owner = client_for(cast.business_owner)
    for headers in ({}, {"HX-Request": "true"}):
        said = owner.post(
            reverse("scoring:question_post", args=[question.pk]),
            {"text": "Stock.", "once": "9f"},
            headers=headers,
        )
        assert said.status_code in (200, 302)
    call = {"text": "And?"}
    for _time in range(2):
        said = client.post(
            f"/api/v1/score-questions/{question.pk}/posts/",
            call,
            "application/json",
            headers={"Idempotency-Key": "1"},
        )
        assert [each["text"] for each in said.json()["posts"]] == ["Why 62?", "Stock.", "And?"]
    with tenancy.acting_for(cast.organisation):
        assert QuestionPost.objects.count() == 3


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"text": "  "}, "text"),
        ({"text": "x" * 4001}, "text"),
        ({"text": "Why?", "component": "nothing"}, "component"),
        ({"text": "Why?", "about": "mood"}, "about"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_the_field(
    score: Score, cast: Cast, client_for: ClientFor, form: dict[str, str], field: str
) -> None:
    given = {"component": "", "about": "number"} | form
    client = client_for(cast.employee)
    page = client.post(reverse("scoring:ask", args=[score.pk]), given)
    assert page.status_code == 422
    assert field in page.context["form"].errors
    call = client.post(f"/api/v1/scores/{score.pk}/questions/", given, "application/json")
    assert call.status_code in (400, 422)
    with tenancy.acting_for(cast.organisation):
        assert not ScoreQuestion.objects.exists()


def test_an_empty_answer_is_refused_where_it_is_written(
    asked: Callable[..., ScoreQuestion], cast: Cast, client_for: ClientFor
) -> None:
    question = asked()
    answer = client_for(cast.business_owner).post(
        reverse("scoring:question_post", args=[question.pk]), {"text": " "}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 422
    assert 'id="question-error"' in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_the_scorecard_leads_to_asking_and_shows_what_was_asked_to_those_who_may_read_it(
    asked: Callable[..., ScoreQuestion], score: Score, cast: Cast, client_for: ClientFor
) -> None:
    question = asked()
    address = reverse("scoring:scorecard", args=[cast.employee.pk])
    thread = reverse("scoring:question", args=[question.pk])
    own = client_for(cast.employee).get(address).content.decode()
    assert reverse("scoring:ask_panel", args=[score.pk]) in own
    assert thread in own
    # The manager sees the score, and was not asked.
    assert thread not in client_for(cast.manager).get(address).content.decode()
    assert (
        reverse("scoring:ask", args=[score.pk]) not in client_for(cast.auditor).get(address).content.decode()
    )
    panel = client_for(cast.employee).get(reverse("scoring:evidence_panel", args=[score.pk, "turnover"]))
    words = panel.content.decode()
    assert "Bea Business, Fin Finance answer for this number." in words
    form = client_for(cast.employee).get(
        f"{reverse('scoring:ask_panel', args=[score.pk])}?component=turnover"
    )
    assert '<option value="turnover" selected' in form.content.decode()


def test_a_question_asked_of_an_earlier_score_of_the_period_stays_on_the_scorecard(
    asked: Callable[..., ScoreQuestion],
    cast: Cast,
    quarter: people.Period,
    measured: dict[Any, Any],
    client_for: ClientFor,
) -> None:
    question = asked()
    measured[cast.employee.pk, "okr"] = 90_000_000
    with tenancy.acting_for(cast.organisation):
        actions.compute_scores(period=quarter, person_ids=[cast.employee.pk], run=None, at=timezone.now())
    page = client_for(cast.employee).get(reverse("scoring:my_scorecard")).content.decode()
    assert reverse("scoring:question", args=[question.pk]) in page


def test_a_thread_costs_as_many_queries_however_much_is_said(
    asked: Callable[..., ScoreQuestion], cast: Cast, actor: Actor, client_for: ClientFor
) -> None:
    question = asked()
    client = client_for(cast.employee)
    addresses = [
        reverse("scoring:question", args=[question.pk]),
        reverse("scoring:my_scorecard"),
        f"/api/v1/score-questions/{question.pk}/",
        "/api/v1/score-questions/",
    ]
    few = [_number_of_queries(client, address) for address in addresses]
    for number in range(6):
        asked(text=f"And {number}?")
        with tenancy.acting_for(cast.organisation):
            for speaker in (cast.business_owner, cast.employee):
                actions.post_in_question(
                    question=question, text=f"Well, {number}", by=actor(speaker), at=timezone.now()
                )
    assert [_number_of_queries(client, address) for address in addresses] == few


def _number_of_queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_the_thread_and_the_form_speak_chinese(
    asked: Callable[..., ScoreQuestion], cast: Cast, client_for: ClientFor
) -> None:
    question = asked()
    client = client_for(cast.employee)
    page = client.get(
        reverse("scoring:question", args=[question.pk]), headers={"accept-language": "zh-hans"}
    ).content.decode()
    assert "存货资金周转" in page


def test_questions_stay_behind_the_wall_of_their_organisation(
    asked: Callable[..., ScoreQuestion], cast: Cast
) -> None:
    asked()
    with tenancy.acting_for(cast.elsewhere):
        assert not ScoreQuestion.objects.exists()
        with connection.cursor() as cursor:
            for table in ("scorequestion", "questionpost", "questionanswerer"):
                cursor.execute(f"SELECT count(*) FROM scoring_{table}")
                assert cursor.fetchone() == (0,)
