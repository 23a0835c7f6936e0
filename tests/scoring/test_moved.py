"""Who would have moved: the gate before a proposal, the card, the file and the endpoints, each by who may know what."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from performance.scoring import actions, queries, tasks
from performance.scoring.models import CurrentScore, PolicyVersion, Score, Simulation
from tests.conftest import Cast
from tests.scoring import collectors
from tests.scoring.conftest import MICRO, Actor, redrafted

ClientFor = Callable[[people.Person], Client]


def _carried_out(cast: Cast) -> None:
    with tenancy.remembering(cast.organisation.pk):
        tasks.catch_up.apply()


@pytest.fixture
def simulated(next_draft: PolicyVersion, cast: Cast, actor: Actor) -> PolicyVersion:
    with tenancy.acting_for(cast.organisation):
        actions.simulate_policy(version=next_draft, by=actor(cast.hr), at=timezone.now())
    _carried_out(cast)
    return next_draft


@pytest.fixture
def crowd(
    scored_before: PolicyVersion, unit: people.BusinessUnit, before: people.Period, cast: Cast
) -> list[people.Person]:
    """Nine more with a frozen score: six of level P4, three of level P5."""
    with tenancy.acting_for(cast.organisation):
        persons = [
            people.Person.objects.create(
                number=f"C{at}", name_en=f"Crowd {at}", unit=unit, level="P4" if at < 6 else "P5"
            )
            for at in range(9)
        ]
        for at, person in enumerate(persons):
            collectors.VALUES[person.pk, "okr"] = (60 + at) * MICRO
            collectors.VALUES[person.pk, "pulse"] = 3 * MICRO
        ids = [person.pk for person in persons]
        actions.compute_scores(period=before, person_ids=ids, run=None, at=timezone.now(), state="frozen")
        return persons


def _card(client: Client, version: PolicyVersion) -> str:
    answer = client.get(reverse("scoring:policy_moved", args=[version.pk]))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_draft_is_proposed_once_it_is_simulated_as_it_stands(
    next_draft: PolicyVersion, cast: Cast, actor: Actor, now: Any
) -> None:
    def refusal() -> str:
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.propose_policy(version=next_draft, by=actor(cast.hr), at=now)
        return refused.value.code

    with tenancy.acting_for(cast.organisation):
        assert refusal() == "not_simulated"
        actions.simulate_policy(version=next_draft, by=actor(cast.hr), at=now)
        assert refusal() == "not_simulated", "it has not been carried out"
    _carried_out(cast)
    with tenancy.acting_for(cast.organisation):
        redrafted(next_draft, cast, actor, missing="zero")
        assert refusal() == "not_simulated", "it speaks of an earlier draft"
        redrafted(next_draft, cast, actor)
        assert actions.propose_policy(version=next_draft, by=actor(cast.hr), at=now).state == "proposed"


def test_where_no_past_period_has_scores_nothing_is_simulated(
    draft: PolicyVersion, cast: Cast, actor: Actor, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        assert actions.propose_policy(version=draft, by=actor(cast.hr), at=now).state == "proposed"


def test_the_page_refuses_a_proposal_with_a_button_that_simulates(
    next_draft: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    hr, page = client_for(cast.hr), reverse("scoring:policy", args=[next_draft.pk])
    refused = hr.post(reverse("scoring:policy_propose", args=[next_draft.pk]), {"reason": "More for goals"})
    assert refused.status_code == 422
    assert "Simulate this draft on past periods first" in refused.content.decode()
    simulate = reverse("scoring:policy_simulate", args=[next_draft.pk])
    assert refused.content.decode().count(f'action="{simulate}"') == 2
    assert hr.post(simulate).status_code == 302
    waiting = hr.get(page).content.decode()
    assert 'hx-trigger="every 2s"' in waiting
    _carried_out(cast)
    still = hr.get(page).content.decode()
    assert 'hx-trigger="every 2s"' not in still
    assert "of 3 within ±1" in still
    proposed = hr.post(reverse("scoring:policy_propose", args=[next_draft.pk]), {"reason": "More for goals"})
    assert proposed.status_code == 302


def test_asked_by_the_card_the_card_answers_and_asks_again(
    next_draft: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    answer = client_for(cast.hr).post(
        reverse("scoring:policy_simulate", args=[next_draft.pk]), headers={"hx-request": "true"}
    )
    assert answer.status_code == 200
    assert answer.content.decode().lstrip().startswith('<section class="card" id="card-moved" hx-get=')


def test_an_edited_draft_shows_its_simulation_as_stale(
    simulated: PolicyVersion, cast: Cast, actor: Actor, client_for: ClientFor
) -> None:
    assert "The draft has changed since" not in _card(client_for(cast.hr), simulated)
    with tenancy.acting_for(cast.organisation):
        redrafted(simulated, cast, actor, missing="zero")
    card = _card(client_for(cast.hr), simulated)
    assert "The draft has changed since. These figures speak of what it said before." in card
    assert "Simulate on past periods" in card


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("hr", 302),
        ("administrator", 302),
        ("business_owner", 302),
        ("auditor", 403),
        ("employee", 404),
        ("manager", 404),
        ("stranger", 404),
    ],
)
def test_a_draft_is_simulated_by_whom_it_does_not_score(
    next_draft: PolicyVersion, cast: Cast, client_for: ClientFor, name: str, code: int
) -> None:
    client = client_for(getattr(cast, name))
    assert client.post(reverse("scoring:policy_simulate", args=[next_draft.pk])).status_code == code
    asked = client.post(f"/api/v1/weight-policies/{next_draft.pk}/simulations/")
    assert asked.status_code == {302: 202}.get(code, code)
    with tenancy.acting_for(cast.organisation):
        assert Simulation.objects.exists() == (code == 302)


def test_names_are_for_those_who_see_these_scores_and_figures_are_for_others_where_they_tell_on_nobody(
    crowd: list[people.Person], simulated: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    for name in ("hr", "auditor"):
        card = _card(client_for(getattr(cast, name)), simulated)
        assert "Largest moves" in card
        assert "Eli Employee" in card or "Crowd" in card
    owner = _card(client_for(cast.finance_owner), simulated)
    assert "Largest moves" not in owner
    assert "Crowd" not in owner
    assert "Eli Employee" not in owner
    assert "of 12 within ±1" in owner


def test_too_few_people_are_not_told_by_figures_to_who_does_not_see_their_scores(
    simulated: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    owner = _card(client_for(cast.finance_owner), simulated)
    assert "Too few people" in owner
    assert "within ±1" not in owner
    assert '<svg class="o-bar"' not in owner
    file = client_for(cast.finance_owner).get(reverse("scoring:policy_moved_file", args=[simulated.pk]))
    assert file.status_code == 404
    assert "of 3 within ±1" in _card(client_for(cast.hr), simulated)


def test_small_groups_and_what_would_give_them_away_are_withheld(
    crowd: list[people.Person], simulated: PolicyVersion, cast: Cast, actor: Actor, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        [simulation] = queries.simulations_of(simulated)
        told = queries.moved(simulation, actor(cast.hr), now.date(), digest=None)
        by_unit, _by_team, by_level, _by_tenure = told.dimensions
        assert [(cell.name, cell.number) for cell in by_unit.cells] == [("Stores", 12)]
        # Six of P4; three of P5 and three without a level are six together.
        assert [(cell.name, cell.number) for cell in by_level.cells] == [("P4", 6)]
        assert by_level.withheld == 2
        people.Person.objects.filter(pk__in=[person.pk for person in crowd[6:8]]).update(level="P4")
        people.Person.objects.filter(pk=cast.manager.pk).update(level="P4")
        actions.simulate_policy(
            version=redrafted(simulated, cast, actor, missing="zero"), by=actor(cast.hr), at=now
        )
    _carried_out(cast)
    with tenancy.acting_for(cast.organisation):
        [simulation] = queries.simulations_of(simulated)
        told = queries.moved(simulation, actor(cast.hr), now.date(), digest=None)
        # One of P5 and two without a level are three together: the nine of P4 would give them away.
        assert told.dimensions[2].cells == ()
        assert told.dimensions[2].withheld == 3


def test_the_card_speaks_both_languages_and_has_its_drawing_as_a_table(
    crowd: list[people.Person], simulated: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    card = _card(client_for(cast.hr), simulated)
    assert 'id="moved-table"' in card
    for size in ("less than −2.75", "−0.25 to 0", "0 to +0.25", "+2.75 and more"):
        assert f">{size}</th>" in card
    assert 'role="img" aria-label="Changes of 12 scores of The quarter before by size:' in card
    client = client_for(cast.hr)
    client.cookies["accord_language"] = "zh-hans"
    chinese = _card(client, simulated)
    assert "上一季度" in chinese
    assert "门店" in chinese


def test_the_page_asks_no_more_for_more_people(
    simulated: PolicyVersion,
    unit: people.BusinessUnit,
    before: people.Period,
    cast: Cast,
    actor: Actor,
    client_for: ClientFor,
) -> None:
    client, address = client_for(cast.hr), reverse("scoring:policy", args=[simulated.pk])
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(address)
    with tenancy.acting_for(cast.organisation):
        kept = CurrentScore.objects.filter(person=cast.employee, period=before).get().score
        for at in range(12):
            person = people.Person.objects.create(number=f"M{at}", name_en=f"More {at}", unit=unit)
            row = Score.objects.get(pk=kept.pk)
            row.pk, row.person, row._state.adding = None, person, True
            row.id = Score._meta.pk.get_default()
            row.save(force_insert=True)
            CurrentScore.objects.create(person=person, period=before, score=row, is_frozen=True)
        [simulation] = queries.simulations_of(simulated)
        queries.simulations.Simulation.objects.filter(pk=simulation.pk).update(state="failed")
        actions.simulate_policy(version=simulated, by=actor(cast.hr), at=timezone.now())
    _carried_out(cast)
    with CaptureQueriesContext(connection) as many:
        assert "of 15 within ±1" in client.get(address).content.decode()
    assert len(many) == len(few)


def test_the_file_has_names_only_for_who_sees_these_scores_and_is_on_record(
    crowd: list[people.Person], simulated: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.Person.objects.filter(pk=crowd[0].pk).update(name_en='=HYPERLINK("http://evil")')
    address = reverse("scoring:policy_moved_file", args=[simulated.pk])

    def text(person: people.Person) -> str:
        answer = client_for(person).get(address)
        assert answer.status_code == 200
        with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as book:  # type: ignore[attr-defined]
            return "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))

    named, numbers = text(cast.hr), text(cast.finance_owner)
    assert "Crowd 1" in named
    assert "'=HYPERLINK" in named
    assert "<f>" not in named
    assert "Crowd 1" not in numbers
    assert "Stores" in numbers
    with tenancy.acting_for(cast.organisation):
        rows = AuditRow.objects.filter(action="scoring.export_simulation").order_by("at")
        assert [row.changes["rows"] for row in rows] == [12, 0]


def test_the_endpoints_ask_watch_and_tell_as_the_page_does(
    crowd: list[people.Person], next_draft: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    address = f"/api/v1/weight-policies/{next_draft.pk}/simulations/"
    hr = client_for(cast.hr)
    [asked] = hr.post(address).json()
    assert (asked["state"], asked["is_current"], asked["done"]) == ("waiting", True, 0)
    one = f"{address}{asked['id']}/"
    assert hr.get(one).json()["figures"] is None
    _carried_out(cast)
    [done] = hr.get(address).json()
    assert (done["state"], done["done"]) == ("done", 12)
    told = hr.get(one).json()
    assert told["figures"]["compared"] == sum(told["figures"]["bins"]) == 12
    assert told["figures"]["provisional"] == 3, "the nine of the crowd are frozen"
    assert len(told["largest"]) == 6
    assert told["by"][0]["groups"][0]["number"] == 12
    numbers = client_for(cast.finance_owner).get(one).json()
    assert numbers["largest"] == []
    assert numbers["figures"]["compared"] == 12
    file = hr.get(f"{one}file/")
    assert (file.status_code, b"".join(file.streaming_content)[:2]) == (200, b"PK")
    assert client_for(cast.employee).get(one).status_code == 404
    assert client_for(cast.stranger).get(one).status_code == 404
