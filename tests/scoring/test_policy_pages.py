"""Weight policies on their pages: who sees, writes, approves and locks them."""

import datetime
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from performance.foundation import tenancy
from performance.inbox.models import WorkItem
from performance.people import models as people
from performance.scoring import actions, queries, tasks
from performance.scoring.models import PolicyVersion, Score
from tests.conftest import Cast

ClientFor = Callable[[people.Person], Client]


def test_a_locked_policy_is_known_to_everybody_a_draft_only_to_its_makers(
    draft: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    address = reverse("scoring:policy", args=[draft.pk])
    assert client_for(cast.employee).get(address).status_code == 404
    assert client_for(cast.auditor).get(address).status_code == 200
    assert client_for(cast.finance_owner).get(address).status_code == 200


def test_a_locked_policy_is_shown_to_those_it_weighs(
    locked: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    page = client_for(cast.employee).get(reverse("scoring:policy", args=[locked.pk]))
    assert page.status_code == 200
    assert "Bea Business" in page.content.decode()
    assert client_for(cast.stranger).get(reverse("scoring:policy", args=[locked.pk])).status_code == 404


def test_a_policy_goes_its_way_through_the_pages(
    draft: PolicyVersion, cast: Cast, client_for: ClientFor, today: datetime.date
) -> None:
    def post(person: people.Person, name: str, **data: str) -> int:
        return client_for(person).post(reverse(f"scoring:{name}", args=[draft.pk]), data).status_code

    assert post(cast.hr, "policy_propose", reason="First weights") == 302
    assert post(cast.business_owner, "policy_approve", side="business") == 302
    assert post(cast.finance_owner, "policy_approve", side="finance") == 302
    assert post(cast.hr, "policy_lock", effective_on=today.isoformat()) == 302
    with tenancy.acting_for(cast.organisation):
        draft.refresh_from_db()
        assert draft.state == "locked"
    with tenancy.remembering(cast.organisation.pk):
        tasks.catch_up.apply()
    with tenancy.acting_for(cast.organisation):
        assert Score.objects.count() == 3
        assert WorkItem.objects.filter(kind=actions.ANNOUNCEMENT, person=cast.employee).exists()
    assert (
        "I have read it"
        in client_for(cast.employee).get(reverse("scoring:policy", args=[draft.pk])).content.decode()
    )
    assert post(cast.employee, "policy_read") == 302
    with tenancy.acting_for(cast.organisation):
        mine = WorkItem.objects.filter(kind=actions.ANNOUNCEMENT, person=cast.employee)
        assert not mine.filter(done_at=None).exists()


@pytest.mark.parametrize("name", ["hr", "employee", "manager", "auditor", "administrator", "finance_owner"])
def test_the_approve_form_turns_away_who_may_not(
    proposal: PolicyVersion, cast: Cast, client_for: ClientFor, name: str
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.RoleGrant.objects.create(person=cast.hr, role="business_owner")
        people.RoleGrant.objects.create(person=cast.manager, role="business_owner")
    address = reverse("scoring:policy_approve", args=[proposal.pk])
    answer = client_for(getattr(cast, name)).post(address, {"side": "business"})
    assert answer.status_code in (403, 404)
    with tenancy.acting_for(cast.organisation):
        assert not proposal.approvals.exists()


def test_the_page_says_why_one_cannot_approve(
    proposal: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    address = reverse("scoring:policy", args=[proposal.pk])
    page = client_for(cast.hr).get(address).content.decode()
    assert "You proposed this version" in page
    assert "Approve for business" not in page
    assert "Approve for business" in client_for(cast.business_owner).get(address).content.decode()


def test_locking_backwards_is_refused_on_the_page(
    approved: PolicyVersion, cast: Cast, client_for: ClientFor, today: datetime.date
) -> None:
    yesterday = today - datetime.timedelta(days=1)
    address = reverse("scoring:policy_lock", args=[approved.pk])
    answer = client_for(cast.hr).post(address, {"effective_on": yesterday.isoformat()})
    assert answer.status_code == 422
    assert "Weights never change backwards" in answer.content.decode()


def _rows(*rows: dict[str, str]) -> dict[str, str]:
    sent = {"c-TOTAL_FORMS": str(len(rows)), "c-INITIAL_FORMS": "0"}
    for index, row in enumerate(rows):
        given = {"category": "okr", "source": "okr:", "slice": "own_unit", "curve": "identity"} | row
        sent |= {f"c-{index}-{name}": value for name, value in given.items()}
    return sent


def _policy(quarter: people.Period, unit: people.BusinessUnit) -> dict[str, str]:
    return {
        "name_en": "Stores",
        "name_zh": "门店",
        "unit": str(unit.pk),
        "period": str(quarter.pk),
        "stage": "growth",
        "missing": "leave_out",
        "step_cap": "5",
        "reason": "",
    }


def test_the_editor_makes_a_draft(
    cast: Cast, quarter: people.Period, unit: people.BusinessUnit, client_for: ClientFor
) -> None:
    rows = _rows(
        {"name_en": "OKR attainment", "base": "62.5"},
        {
            "name_en": "Weekly pulse",
            "base": "37.5",
            "source": "feedback:",
            "curve": "linear",
            "direction": "higher",
            "floor": "1",
            "target": "5",
            "stage_growth": "1.2",
        },
        {},
    )
    client = client_for(cast.business_owner)
    answer = client.post(reverse("scoring:policy_new"), _policy(quarter, unit) | rows)
    assert answer.status_code == 302
    with tenancy.acting_for(cast.organisation):
        version = PolicyVersion.objects.get()
        drafts = {draft.key: draft for draft in queries.drafts_of(version)}
        assert drafts["okr-attainment"].base_ppm == 625_000
        assert drafts["weekly-pulse"].multipliers == {"growth": 1_200_000}
        assert drafts["weekly-pulse"].curve["target"] == "5"
    page = client.get(reverse("scoring:policy_edit", args=[version.pk]))
    assert page.status_code == 200
    assert 'value="62.5"' in page.content.decode()


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ({"base": "30"}, "must add up to exactly 100%"),
        ({"base": "40", "lowest": "50"}, "outside its own minimum and maximum"),
        ({"base": "40", "curve": "linear", "floor": "5", "target": "1"}, "worse side of the target"),
        ({"base": "40", "stage_growth": "3"}, "less than or equal to 2"),
    ],
)
def test_the_editor_names_what_is_wrong(
    cast: Cast,
    quarter: people.Period,
    unit: people.BusinessUnit,
    client_for: ClientFor,
    second: dict[str, str],
    words: str,
) -> None:
    rows = _rows({"name_en": "OKR", "base": "60"}, {"name_en": "Pulse", "source": "feedback:"} | second)
    answer = client_for(cast.hr).post(reverse("scoring:policy_new"), _policy(quarter, unit) | rows)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_the_preview_weighs_without_saving(
    cast: Cast, quarter: people.Period, unit: people.BusinessUnit, client_for: ClientFor
) -> None:
    rows = _rows(
        {"name_en": "OKR", "base": "60"},
        {"name_en": "Pulse", "source": "feedback:", "base": "40", "stage_growth": "2"},
    )
    client = client_for(cast.hr)
    answer = client.post(reverse("scoring:policy_preview_new"), _policy(quarter, unit) | rows)
    assert answer.status_code == 200
    assert "45.0%" in answer.content.decode()
    assert "Pulse rises by no more than 5 points" in answer.content.decode()
    with tenancy.acting_for(cast.organisation):
        assert not PolicyVersion.objects.exists()


def test_one_more_row_is_added_without_losing_what_was_typed(
    cast: Cast, quarter: people.Period, unit: people.BusinessUnit, client_for: ClientFor
) -> None:
    rows = _rows({"name_en": "OKR", "base": "60"}) | {"do": "add"}
    answer = client_for(cast.hr).post(reverse("scoring:policy_new"), _policy(quarter, unit) | rows)
    assert answer.status_code == 200
    assert 'name="c-1-name_en"' in answer.content.decode()
