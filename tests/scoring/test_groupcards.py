"""Scorecards of groups: right sums, for the right readers, and nothing in them that tells of a few people."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions, queries
from performance.scoring.actions import group_files
from performance.scoring.models import PolicyVersion, Score
from performance.scoring.queries import groupmeans
from performance.scoring.queries.suppressing import LEAST
from tests.conftest import EVERYBODY, Cast
from tests.scoring import collectors, groups
from tests.scoring.conftest import MICRO, Actor

ClientFor = Callable[[people.Person], Client]


@pytest.fixture
def company(
    locked: PolicyVersion, unit: people.BusinessUnit, quarter: people.Period, measured: Any, cast: Cast
) -> groups.Company:
    with tenancy.acting_for(cast.organisation):
        north = people.BusinessUnit.objects.create(code="NORTH", name_en="North", name_zh="北区", parent=unit)
        south = people.BusinessUnit.objects.create(code="SOUTH", name_en="South", name_zh="南区", parent=unit)
        persons = [*groups.hire(north, "NORTHERNER", 6), *groups.hire(south, "SOUTHERNER", 5)]
        scored = [cast.employee.pk, cast.colleague.pk, cast.manager.pk, *(person.pk for person in persons)]
        actions.compute_scores(period=quarter, person_ids=scored, run=None, at=timezone.now())
        return groups.Company(unit, north, south, persons)


def _addresses(cast: Cast, company: groups.Company) -> dict[str, tuple[str, str]]:
    """Pages and files, and the same in the API."""
    team, stores = cast.manager.pk, company.stores.pk
    return {
        "team": (reverse("scoring:team_card", args=[team]), f"/api/v1/scorecards/team/{team}/"),
        "unit": (reverse("scoring:unit_card", args=[stores]), f"/api/v1/scorecards/units/{stores}/"),
        "organisation": (reverse("scoring:organisation_card"), "/api/v1/scorecards/organisation/"),
    }


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        ("team", {"manager", "boss", "hr", "auditor"}),
        ("unit", {"manager", "boss", "hr", "auditor", "business_owner", "finance_owner", "administrator"}),
        (
            "organisation",
            {"manager", "boss", "hr", "auditor", "business_owner", "finance_owner", "administrator"},
        ),
    ],
)
def test_who_opens_the_card_of_a_group(
    kind: str, allowed: set[str], company: groups.Company, cast: Cast, client_for: ClientFor
) -> None:
    page, api = _addresses(cast, company)[kind]
    for name in EVERYBODY:
        client = client_for(getattr(cast, name))
        # A stranger has an organisation of their own, of which they see the card: without a period, an empty one.
        if name == "stranger" and kind == "organisation":
            assert "There is no open period" in groups.text_of(client, page)
            assert client.get(api).status_code == 404
            continue
        for address in (page, api):
            assert client.get(address).status_code == (200 if name in allowed else 404), (name, address)


def test_the_file_goes_to_whoever_is_told_the_figures_and_is_on_record(
    company: groups.Company, cast: Cast, client_for: ClientFor
) -> None:
    for page, api in (
        (reverse("scoring:team_file", args=[cast.manager.pk]), f"team/{cast.manager.pk}/file/"),
        (reverse("scoring:unit_file", args=[company.stores.pk]), f"units/{company.stores.pk}/file/"),
        (reverse("scoring:organisation_file"), "organisation/file/"),
    ):
        for address in (page, f"/api/v1/scorecards/{api}"):
            for name, status in (("hr", 200), ("employee", 404), ("stranger", 404)):
                answer = client_for(getattr(cast, name)).get(address)
                assert answer.status_code == status, (name, address)
    south = reverse("scoring:unit_file", args=[company.south.pk])
    assert client_for(cast.business_owner).get(south).status_code == 404, "withheld figures have no file"
    with tenancy.acting_for(cast.organisation):
        rows = AuditRow.objects.filter(action="scoring.export_group_card")
        assert {row.person_id for row in rows} == {cast.hr.pk}
        assert {row.subject_id for row in rows} == {cast.manager.pk, company.stores.pk, cast.organisation.pk}


def test_the_mean_is_that_of_the_scores_and_its_parts_sum_to_it(
    company: groups.Company, cast: Cast, client_for: ClientFor, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        scores = list(Score.objects.filter(period=quarter))
        exact = Fraction(sum(score.score_micro or 0 for score in scores), len(scores))
        scope = queries.visible_scope(actor(cast.hr), people_queries.today(cast.organisation))
        assert scope is not None
        card = queries.group_card(scope, quarter, actor(cast.hr), people_queries.today(cast.organisation))
    mean = card.mean
    assert mean is not None
    assert len(scores) == card.number == 14
    assert abs(mean.mean_micro - exact) <= Fraction(1, 2)
    assert sum(line.contribution_micro for line in mean.lines) == mean.mean_micro
    assert sum(line.weight_ppm for line in mean.lines) == MICRO
    assert sum(line.points for line in mean.lines) == mean.points
    assert sum(line.moved for line in mean.lines) == mean.from_weights
    assert sum(line.weight for line in mean.lines) == sum(line.constant_weight for line in mean.lines) == 100
    assert sum(line.constant_points for line in mean.lines) == mean.constant_points
    assert sum(step.number for step in card.steps) == 14
    assert sum(step.share for step in card.steps) == 100
    middle = sorted(score.score_micro or 0 for score in scores)[6:8]
    assert abs(mean.median_micro - Fraction(sum(middle), 2)) <= Fraction(1, 2)
    told = groups.asked_of(client_for(cast.hr), "organisation/")
    assert told["mean"]["mean_micro"] == mean.mean_micro
    assert sum(line["contribution_micro"] for line in told["mean"]["components"]) == mean.mean_micro


def test_a_manager_sees_the_own_people_by_name_and_each_of_their_scores(
    company: groups.Company, cast: Cast, client_for: ClientFor
) -> None:
    client = client_for(cast.manager)
    text = groups.text_of(client, reverse("scoring:team_card", args=[cast.manager.pk]))
    assert "Eli Employee" in text
    assert "Cody Colleague" in text
    assert "Northerner" not in text
    assert groups.asked_of(client, f"team/{cast.manager.pk}/")["scored"] == 2
    assert "Team scorecard" in groups.text_of(client, reverse("scoring:team"))


def test_what_would_tell_of_a_few_people_is_told_to_whoever_sees_them_alone(
    company: groups.Company, cast: Cast, client_for: ClientFor
) -> None:
    """Fourteen less six less five would be the three of the stores themselves: so the south is not told beside them."""

    def means(person: people.Person) -> dict[str, int | None]:
        units = groups.asked_of(client_for(person), f"units/{company.stores.pk}/")["units"]
        return {row["unit"]: row["mean_micro"] for row in units}

    for name in ("business_owner", "finance_owner", "administrator"):
        found = means(getattr(cast, name))
        assert found[str(company.north.pk)] is not None, name
        assert found[str(company.south.pk)] is None, name
        told = groups.asked_of(client_for(getattr(cast, name)), f"units/{company.south.pk}/")
        assert (told["is_told"], told["mean"], told["distribution"], told["change"]) == (
            False,
            None,
            [],
            None,
        )
        text = groups.text_of(
            client_for(getattr(cast, name)), reverse("scoring:unit_card", args=[company.south.pk])
        )
        assert "Too few people to tell" in text
    for name in ("hr", "auditor"):
        assert None not in means(getattr(cast, name)).values(), name


def test_nobody_is_named_to_a_reader_who_does_not_see_their_score(
    company: groups.Company, cast: Cast, client_for: ClientFor
) -> None:
    owner, address = client_for(cast.business_owner), reverse("scoring:unit_card", args=[company.stores.pk])
    content = b"".join(owner.get(reverse("scoring:unit_file", args=[company.stores.pk])).streaming_content)
    for told in (groups.text_of(owner, address), groups.read_back(content)):
        assert not any(person.name_en in told for person in [*company.persons, cast.employee])
    assert "Northerner 3" in groups.text_of(client_for(cast.hr), address)


def test_a_file_that_lists_not_everybody_says_where_it_stops(
    company: groups.Company, cast: Cast, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written() -> str:
        answer = client_for(cast.hr).get(reverse("scoring:organisation_file"))
        return " ".join(groups.read_back(b"".join(answer.streaming_content)).split())

    assert "the list on the page goes on" not in written()
    monkeypatch.setattr(group_files, "MOST_PEOPLE", 3)
    assert "These are the first 3 of 14 people by name; the list on the page goes on." in written()


def test_a_component_of_few_people_is_told_together_with_others(
    company: groups.Company, cast: Cast, client_for: ClientFor, quarter: people.Period
) -> None:
    """The pulse of two people alone would be told by its mean, and by what it leaves of the total."""
    with tenancy.acting_for(cast.organisation):
        for person in company.persons:
            del collectors.VALUES[person.pk, "pulse"]
        ids = [person.pk for person in company.persons]
        actions.compute_scores(period=quarter, person_ids=ids, run=None, at=timezone.now())
    address = f"units/{company.stores.pk}/"
    to_owner = groups.asked_of(client_for(cast.business_owner), address)["mean"]["components"]
    to_hr = groups.asked_of(client_for(cast.hr), address)["mean"]["components"]
    assert [line["key"] for line in to_hr] == ["okr", "turnover", "pulse"]
    assert "pulse" not in [line["key"] for line in to_owner]
    mean = groups.asked_of(client_for(cast.business_owner), address)["mean"]["mean_micro"]
    assert sum(line["contribution_micro"] for line in to_owner) == mean
    text = groups.text_of(
        client_for(cast.business_owner), reverse("scoring:unit_card", args=[company.stores.pk])
    )
    assert "Components told together" in text


PATTERNS = st.dictionaries(
    st.integers(0, 3),
    st.dictionaries(
        st.frozensets(st.sampled_from("abcd"), min_size=1), st.integers(1, 9), min_size=1, max_size=5
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PATTERNS)
def test_no_component_nor_what_is_left_tells_of_one_to_four_people(
    patterns: dict[int, dict[frozenset[str], int]],
) -> None:
    told = groupmeans.told_components(patterns)
    for group in patterns.values():
        for concerned in (*told, None):
            number = sum(
                count for keys, count in group.items() if (concerned in keys if concerned else keys - told)
            )
            whole = sum(group.values())
            # Where nothing is told by itself, the rest is the whole group, which is told or not as such.
            assert number == 0 or number >= LEAST or (concerned is None and not told and number == whole)


def test_before_there_is_a_score_the_card_says_what_brings_one(
    cast: Cast, quarter: people.Period, unit: people.BusinessUnit, client_for: ClientFor
) -> None:
    for address in (
        reverse("scoring:team_card", args=[cast.manager.pk]),
        reverse("scoring:unit_card", args=[unit.pk]),
        reverse("scoring:organisation_card"),
    ):
        assert "No score yet" in groups.text_of(client_for(cast.boss), address)
    assert client_for(cast.hr).get(reverse("scoring:organisation_file")).status_code == 404


def test_whoever_leads_nobody_has_no_team_card(
    cast: Cast, quarter: people.Period, client_for: ClientFor
) -> None:
    address = reverse("scoring:team_card", args=[cast.employee.pk])
    for name in ("employee", "manager", "hr"):
        assert client_for(getattr(cast, name)).get(address).status_code == 404, name


@pytest.mark.parametrize("name", ["hr", "business_owner", "manager"])
def test_as_many_queries_for_many_people_as_for_few(
    name: str, company: groups.Company, cast: Cast, quarter: people.Period, client_for: ClientFor
) -> None:
    client = client_for(getattr(cast, name))
    addresses = [
        reverse("scoring:unit_card", args=[company.stores.pk]),
        reverse("scoring:organisation_card"),
        f"/api/v1/scorecards/units/{company.stores.pk}/",
        *([reverse("scoring:team_card", args=[cast.manager.pk])] if name != "business_owner" else []),
        *([reverse("scoring:unit_file", args=[company.stores.pk])]),
    ]

    def counted() -> list[int]:
        found = []
        for address in addresses:
            with CaptureQueriesContext(
                connection,
            ) as queried:
                assert client.get(address).status_code == 200
            found.append(len(queried))
        return found

    counted()
    few = counted()
    with tenancy.acting_for(cast.organisation):
        more = [*groups.hire(company.north, "MORE", 20), *groups.hire(company.south, "FURTHER", 15)]
        people.ReportingLine.objects.bulk_create(
            [
                people.ReportingLine(person=person, manager=cast.manager, starts_on=cast.manager.hired_on)
                for person in more[:10]
            ]
        )
        ids = [person.pk for person in more]
        actions.compute_scores(period=quarter, person_ids=ids, run=None, at=timezone.now())
    assert counted() == few
    assert max(few) < 50
