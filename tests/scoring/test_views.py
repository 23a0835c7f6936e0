"""Pages: who sees what, what each step answers, and that the work behind a page does not grow with the company."""

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from performance.foundation import tenancy
from performance.people import models as people
from performance.scoring import actions, evidence, queries, tasks
from performance.scoring.models import PolicyVersion, Score, ScoreRun
from tests.conftest import EVERYBODY, Cast, make_person, report_to
from tests.scoring import collectors
from tests.scoring.conftest import MICRO, Actor

ClientFor = Callable[[people.Person], Client]


def test_a_scorecard_is_seen_by_oneself_the_line_above_hr_and_auditors_only(
    score: Score, cast: Cast, client_for: ClientFor
) -> None:
    address = reverse("scoring:scorecard", args=[cast.employee.pk])
    allowed = {"employee", "manager", "boss", "hr", "auditor"}
    for name in EVERYBODY:
        answer = client_for(getattr(cast, name)).get(address)
        assert answer.status_code == (200 if name in allowed else 404), name


def test_points_are_written_so_that_they_sum_to_the_written_score(score: Score, cast: Cast) -> None:
    """Thirds have no place of their own to be cut off at: one of them is written a tenth higher."""
    with tenancy.acting_for(cast.organisation):
        parts = evidence.explanation_of(score)["components"]
        score.score_micro, score.constant_micro = 50 * MICRO + 30_000, 50 * MICRO - 20_000
        shares = [(3_333_400, 3_349_000), (3_333_300, 3_331_000), (43_363_300, 43_300_000)]
        shares = shares[: len(parts) - 1] + [(0, 0)] * (len(parts) - 4)
        rest = [
            score.score_micro - sum(each[0] for each in shares),
            score.constant_micro - sum(each[1] for each in shares),
        ]
        score.contribution_micro, score.constant_contribution_micro = (
            list(each) for each in zip(*shares, rest, strict=True)
        )
        card = queries.scorecard(score)
    assert sum(line.points for line in card.lines) == Decimal("50.0")
    assert sum(line.moved for line in card.lines) == Decimal("0.0")
    for line in card.lines:
        assert abs(line.points - Decimal(line.contribution_micro) / MICRO) < Decimal("0.1")
        assert abs(line.moved - Decimal(line.delta_micro) / MICRO) < Decimal("0.1")


@pytest.mark.parametrize("name", ["evidence", "evidence_panel"])
def test_evidence_and_replay_follow_the_scorecard_s_visibility(
    score: Score, cast: Cast, client_for: ClientFor, name: str
) -> None:
    addresses = [
        reverse(f"scoring:{name}", args=[score.pk, "turnover"]),
        reverse("scoring:replay", args=[score.pk]),
    ]
    for address in addresses:
        assert client_for(cast.employee).get(address).status_code == 200
        assert client_for(cast.auditor).get(address).status_code == 200
        assert client_for(cast.colleague).get(address).status_code == 404
        assert client_for(cast.stranger).get(address).status_code == 404


def test_the_drawer_keeps_the_version_of_what_was_measured_apart_from_that_of_the_policy(
    score: Score, cast: Cast, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = queries.scorecard

    def with_a_goal(*args: Any, **options: Any) -> Any:
        card = whole(*args, **options)
        goal = {"label_en": "Never out of stock", "version": "3", "note_en": "57.89%, policy version 1"}
        return dataclasses.replace(
            card, lines=[dataclasses.replace(each, refs=[goal]) for each in card.lines]
        )

    monkeypatch.setattr(queries, "scorecard", with_a_goal)
    page = client_for(cast.employee).get(reverse("scoring:evidence", args=[score.pk, "turnover"]))
    words = [" ".join(strip_tags(cell).split()) for cell in page.content.decode().split("</td>")]
    place = words.index("57.89%, policy version 1")
    assert words[place - 1].endswith("Never out of stock in its version 3")


def test_the_scorecard_shows_the_sum_and_the_constant_weights(
    score: Score, cast: Cast, client_for: ClientFor
) -> None:
    page = client_for(cast.employee).get(reverse("scoring:my_scorecard")).content.decode()
    assert "Inventory capital turnover" in page
    assert "Capped" in page
    assert f"{score.score_micro / 1_000_000:.1f}" in page  # type: ignore[operator]
    assert f"{score.constant_micro / 1_000_000:.1f} at constant weights" in page  # type: ignore[operator]
    for line in evidence.explanation_of(score)["components"]:
        assert f'data-w="{Decimal(line["effective_ppm"]) / 10_000:f}"' in page, line["key"]
        if line["value_micro"] is not None:
            assert f'value="{Decimal(line["value_micro"]) / MICRO:f}"' in page, line["key"]
    assert f'data-whatif="{Decimal(score.score_micro or 0) / MICRO:f}"' in page
    assert f'data-const="{Decimal(score.constant_micro or 0) / MICRO:f}"' in page


def test_the_scorecard_speaks_chinese(score: Score, cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.employee)
    client.cookies["django_language"] = "zh-hans"
    page = client.get(
        reverse("scoring:my_scorecard"), headers={"accept-language": "zh-hans"}
    ).content.decode()
    assert "存货资金周转" in page


def test_replay_shows_the_same_result(score: Score, cast: Cast, client_for: ClientFor) -> None:
    page = client_for(cast.employee).get(reverse("scoring:replay", args=[score.pk])).content.decode()
    assert "Same result to the last digit" in page


def test_evidence_leads_down_to_the_source(score: Score, cast: Cast, client_for: ClientFor) -> None:
    address = reverse("scoring:evidence_panel", args=[score.pk, "turnover"])
    page = client_for(cast.employee).get(address).content.decode()
    assert "Ledger 6401" in page
    assert "(4.62 − 4) ÷ (5 − 4) × 100 = 62.0" in page


def test_without_a_score_the_page_says_when_there_will_be_one(
    cast: Cast, quarter: people.Period, client_for: ClientFor
) -> None:
    page = client_for(cast.employee).get(reverse("scoring:my_scorecard"))
    assert page.status_code == 200
    assert "No score yet" in page.content.decode()
    assert "No score yet" in client_for(cast.employee).get(reverse("scoring:glance")).content.decode()


def test_without_any_period_the_pages_still_answer(cast: Cast, client_for: ClientFor) -> None:
    for name in ("my_scorecard", "team", "policies", "glance"):
        assert client_for(cast.employee).get(reverse(f"scoring:{name}")).status_code == 200


def test_the_list_of_scores_holds_only_people_below(score: Score, cast: Cast, client_for: ClientFor) -> None:
    page = client_for(cast.manager).get(reverse("scoring:team")).content.decode()
    assert "Eli Employee" in page
    assert "Cody Colleague" in page
    assert "Hana Hr" not in page
    assert "Cody Colleague" not in client_for(cast.employee).get(reverse("scoring:team")).content.decode()
    assert "Mia Manager" in client_for(cast.hr).get(reverse("scoring:team")).content.decode()


def test_hr_computes_scores_from_the_page_and_watches(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period, client_for: ClientFor
) -> None:
    client = client_for(cast.hr)
    assert client.post(reverse("scoring:run_start"), {"period": str(quarter.pk)}).status_code == 302
    with tenancy.acting_for(cast.organisation):
        run = ScoreRun.objects.get()
    again = client.post(reverse("scoring:run_start"), {"period": str(quarter.pk)})
    assert again.status_code == 409
    assert "under way" in again.content.decode()
    assert "every 2s" in client.get(reverse("scoring:run_progress", args=[run.pk])).content.decode()
    with tenancy.remembering(cast.organisation.pk):
        tasks.carry_out_run.apply([str(run.pk)])
    progress = client.get(reverse("scoring:run_progress", args=[run.pk])).content.decode()
    assert "every 2s" not in progress
    assert "See the scores" in progress


@pytest.mark.parametrize("name", ["employee", "manager", "auditor", "business_owner"])
def test_only_hr_and_administrators_start_runs(
    locked: PolicyVersion, cast: Cast, quarter: people.Period, client_for: ClientFor, name: str
) -> None:
    answer = client_for(getattr(cast, name)).post(reverse("scoring:run_start"), {"period": str(quarter.pk)})
    assert answer.status_code == 403


def _queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_pages_ask_the_database_as_often_for_many_people_as_for_few(
    score: Score, cast: Cast, quarter: people.Period, client_for: ClientFor, actor: Actor
) -> None:
    manager, hr = client_for(cast.manager), client_for(cast.hr)
    addresses = {
        manager: [
            reverse("scoring:team"),
            reverse("scoring:my_scorecard"),
            reverse("scoring:scorecard", args=[cast.employee.pk]),
            reverse("scoring:policies"),
            reverse("scoring:glance"),
        ],
        hr: [
            reverse("scoring:team"),
            reverse("scoring:policy", args=[score.version_id]),
            reverse("scoring:runs"),
        ],
    }
    few = {address: _queries(client, address) for client, found in addresses.items() for address in found}
    with tenancy.acting_for(cast.organisation):
        unit = score.version.policy.unit
        more = [make_person(f"M{number:03}", f"Person {number}", unit=unit) for number in range(12)]
        for person in more:
            report_to(cast.manager, person)
            collectors.VALUES[person.pk, "okr"] = 70 * MICRO
        actions.compute_scores(
            period=quarter, person_ids=[person.pk for person in more], run=None, at=timezone.now()
        )
        collectors.VALUES[cast.employee.pk, "okr"] = 71 * MICRO
        actions.compute_scores(
            period=quarter, person_ids=[cast.employee.pk, cast.manager.pk], run=None, at=timezone.now()
        )
    many = {address: _queries(client, address) for client, found in addresses.items() for address in found}
    assert many == few
    assert max(many.values()) <= 40


def test_the_weights_as_written_sum_to_the_whole(score: Score, cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        card = queries.scorecard(score)
        counted = [line for line in card.lines if line.counts]
        assert sum(line.written_weight for line in counted) == 100
        assert all(
            abs(line.written_weight - line.effective_ppm / Decimal(10_000)) < Decimal("0.01")
            for line in counted
        )
