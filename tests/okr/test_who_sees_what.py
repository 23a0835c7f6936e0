"""The fixed cast before every place that shows goals: each sees of public, team and private ones what is theirs to see.

The employee owns one goal of each visibility, all aligned below the manager's public one. Whoever may not see a goal
finds neither its words nor its number anywhere, and no count betrays it.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from okr import actions
from okr.models import Objective
from performance.foundation import tenancy
from performance.inbox.models import WorkItem
from performance.people import models as people
from tests import ready
from tests.okr.conftest import content, key_result

TITLES = {"public": "Aurora in every store", "team": "Borealis for the team", "private": "Cygnus in silence"}
RESULTS = {"public": "Auroras seen", "team": "Borealis seen", "private": "Cygnets counted"}
EVERYTHING = frozenset(TITLES)
PUBLIC = frozenset({"public"})
SEES: dict[str, frozenset[str]] = {
    "employee": EVERYTHING,
    "manager": EVERYTHING,
    "boss": EVERYTHING,
    "auditor": EVERYTHING,
    "colleague": frozenset({"public", "team"}),
    "hr": frozenset({"public", "team"}),
    "business_owner": PUBLIC,
    "finance_owner": PUBLIC,
    "administrator": PUBLIC,
    "stranger": frozenset(),
}


@pytest.fixture
@ready.made
def goals(
    acting_cast: Any, propose: Any, agree: Any, check_in: Any, actor: Any, now: Any
) -> dict[str, Objective]:
    """By visibility; reported on, aligned below "above"."""
    above = agree(propose(content("Above all"), by=acting_cast.manager))
    found = {
        visibility: agree(
            propose(
                content(title, key_result(title=RESULTS[visibility]), visibility=visibility),
                team=acting_cast.team,
            )
        )
        for visibility, title in TITLES.items()
    }
    check_in(
        *(
            actions.Reading(
                key_result_id=one.key_results.get().pk, value=5, confidence=2, note=f"about {one.title}"
            )
            for one in found.values()
        )
    )
    for one in found.values():
        actions.align_objectives(
            child=one, parent=above, kind="supports", by=actor(acting_cast.employee), at=now
        )
        actions.ask_of_objective(
            objective=one, on=above, what="A hand", by=actor(acting_cast.employee), at=now
        )
    return {**found, "above": above}


Ask = Callable[[Client, dict[str, Objective], Any], str]


def _get(name: str, *arguments: str, **query: str) -> Ask:
    def ask(client: Client, goals: dict[str, Objective], cast: Any) -> str:
        known = {"above": goals["above"].pk, "team": cast.team.pk, "period": goals["above"].period_id}
        address = reverse(name, args=[known.get(each, each) for each in arguments])
        answer = client.get(address, query)
        if answer.status_code in (403, 404):
            return ""
        assert answer.status_code == 200, address
        return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()

    return ask


#: Every place that lists goals. Each answers with the whole text of the page, the file or the JSON.
PLACES: dict[str, Ask] = {
    "list": _get("okr:objectives"),
    "list, searched": _get("okr:objectives", q="e"),
    "file": _get("okr:export", "csv"),
    "map": _get("okr:strategy"),
    "map, searched": _get("okr:strategy", q="e"),
    "timeline": _get("okr:timeline"),
    "confidence": _get("okr:confidence"),
    "team tree": _get("okr:team", "team"),
    "team list": _get("okr:team_list", "team"),
    "team's history": _get("okr:team_history", "team"),
    "branch": _get("okr:branch", "above"),
    "the goal above": _get("okr:objective", "above"),
    "API, list": _get("api_objectives"),
    "API, links": _get("api_objective_links", "above"),
    "API, dependencies": _get("api_dependencies", "above"),
    "API, team's history": _get("api_team_history", "team"),
    "API, file": _get("api_export_goals", "csv"),
}


@pytest.mark.parametrize("place", PLACES)
def test_everybody_sees_of_goals_what_is_theirs_to_see(
    place: str, goals: Any, acting_cast: Any, client_for: Any
) -> None:
    shown_to_somebody = set()
    for reader, sees in SEES.items():
        text = PLACES[place](client_for(getattr(acting_cast, reader)), goals, acting_cast)
        for visibility, title in TITLES.items():
            is_there = title in text or str(goals[visibility].pk) in text
            if visibility not in sees:
                assert not is_there, f"{reader} finds the {visibility} goal"
                assert RESULTS[visibility] not in text, (
                    f"{reader} finds a key result of the {visibility} goal"
                )
            elif is_there:
                shown_to_somebody.add(visibility)
            elif reader in ("employee", "manager"):
                raise AssertionError(f"{reader} misses the {visibility} goal")
    assert shown_to_somebody == EVERYTHING


@pytest.mark.parametrize(
    "page", ["okr:objective", "api_objective", "okr:branch", "api_objective_links", "api_dependencies"]
)
def test_the_page_of_a_goal_opens_for_those_who_may_see_it_and_is_not_there_for_others(
    page: str, goals: Any, acting_cast: Any, client_for: Any
) -> None:
    for reader, sees in SEES.items():
        client = client_for(getattr(acting_cast, reader))
        for visibility in TITLES:
            status = client.get(reverse(page, args=[goals[visibility].pk])).status_code
            assert status == (200 if visibility in sees else 404), f"{reader}, {visibility}"


def test_the_search_finds_only_what_one_may_see(goals: Any, acting_cast: Any, client_for: Any) -> None:
    for reader, sees in SEES.items():
        client = client_for(getattr(acting_cast, reader))
        for words in (*TITLES.values(), *RESULTS.values()):
            found = client.get(reverse("search"), {"q": words}).content.decode()
            visibility = next(key for key in TITLES if words in (TITLES[key], RESULTS[key]))
            linked = reverse("okr:objective", args=[goals[visibility].pk]) in found
            assert linked is (visibility in sees), f"{reader} looks for {words!r}"


def test_counts_tell_nobody_of_goals_that_they_may_not_see(
    goals: Any, acting_cast: Any, client_for: Any
) -> None:
    period = goals["above"].period
    with tenancy.acting_for(acting_cast.organisation):
        people.Period.objects.create(
            organisation=acting_cast.organisation,
            name_en="Before",
            kind="quarter",
            starts_on=period.starts_on.replace(year=period.starts_on.year - 1),
            ends_on=period.ends_on.replace(year=period.ends_on.year - 1),
            state="closed",
        )
    for reader, sees in SEES.items():
        if reader == "stranger":
            continue
        client = client_for(getattr(acting_cast, reader))
        compared = client.get(reverse("okr:compare")).content.decode()
        total = len(sees) + 1
        assert f"{total} goal{'s' if total > 1 else ''}</div>" in compared, reader
        mapped = client.get(reverse("okr:strategy")).content.decode()
        below = re.search(r'aria-label="(\d+) goals? serves? “Above all”', mapped)
        assert below is not None, reader
        assert int(below.group(1)) == len(sees), reader


def test_nobody_is_called_to_a_goal_that_they_may_not_see(
    goals: Any, acting_cast: Any, client_for: Any
) -> None:
    writer = client_for(acting_cast.employee)
    for visibility, one in goals.items():
        if visibility == "above":
            continue
        for reader, sees in SEES.items():
            if reader in ("employee", "stranger"):
                continue
            person = getattr(acting_cast, reader)
            writer.post(reverse("okr:comment", args=[one.pk]), {"text": f"@{person.name_en} look"})
            waiting = WorkItem.objects.filter(person=person, kind="goals.mention", subject_id=one.pk)
            said = one.comments.filter(text__contains=person.name_en)
            assert waiting.exists() is said.exists() is (visibility in sees), f"{reader}, {visibility}"
