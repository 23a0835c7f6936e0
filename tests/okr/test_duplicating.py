"""Copies of objectives in a later period: drafts with the same text and no past."""

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions
from okr.models import KeyResult, Objective
from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from tests import races, ready
from tests.okr.conftest import content, four_kinds, key_result

JSON = {"content_type": "application/json"}


def after(quarter):
    first = quarter.ends_on + datetime.timedelta(days=1)
    return people.Period.objects.create(
        name_en="Next quarter", starts_on=first, ends_on=first + datetime.timedelta(days=80), state="planning"
    )


@pytest.fixture
@ready.made
def next_quarter(acting_cast, quarter):
    return after(quarter)


@pytest.fixture
def duplicate(acting_cast, next_quarter, actor, now):
    def do(*objectives, by=None, **fields):
        return actions.duplicate_objectives(
            **{
                "objectives": objectives,
                "to": next_quarter,
                "by": actor(by or acting_cast.employee),
                "at": now,
            }
            | fields
        )

    return do


def test_a_copy_is_a_draft_with_the_text_and_without_a_past(active, duplicate, next_quarter, cast):
    (new,) = duplicate(active)
    assert (new.state, new.period, new.owner, new.agreer) == (
        "draft",
        next_quarter,
        cast.employee,
        cast.manager,
    )
    assert (new.carried_from, new.version_number, new.progress_micro) == (None, None, None)
    told = [
        [
            (row.title, row.kind, row.weight_ppm, row.unit, row.start, row.target)
            for row in one.key_results.all()
        ]
        for one in (active, new)
    ]
    assert told[0] == told[1]
    assert not {row.pk for row in new.key_results.all()} & {row.pk for row in active.key_results.all()}
    row = AuditRow.objects.get(action="okr.duplicate_objective")
    assert (row.subject_id, row.changes) == (new.pk, {"copied_from": active.title})


def test_a_copy_starts_from_the_last_value_where_the_target_is_not_reached(
    propose, agree, duplicate, acting_cast
):
    one = agree(
        propose(content("Goal", key_result("increase", "Short", 50), key_result("increase", "Reached", 50)))
    )
    KeyResult.objects.filter(objective=one, title="Short").update(current=Decimal("4.5"))
    KeyResult.objects.filter(objective=one, title="Reached").update(current=Decimal(12))
    (new,) = duplicate(one, from_last_value=True)
    assert dict(new.key_results.values_list("title", "start")) == {"Short": Decimal("4.5"), "Reached": 0}


def test_closed_reached_and_never_agreed_ones_are_copied_too(propose, agree, duplicate, cast, quarter):
    closed, waiting, draft = (
        agree(propose(content("Closed"))),
        propose(content("Waiting")),
        propose(content("Draft"), is_draft=True),
    )
    Objective.objects.filter(pk=closed.pk).update(state="closed", progress_micro=100_000_000)
    assert len(duplicate(closed, waiting, draft)) == 3


def test_copying_twice_makes_no_doubles(active, duplicate):
    assert len(duplicate(active)) == 1
    assert duplicate(active) == []
    assert Objective.objects.filter(title=active.title).count() == 2


def test_copies_go_forward_into_open_goals_only(active, duplicate, quarter, next_quarter, now):
    with pytest.raises(actions.ObjectiveRefused, match="later period"):
        duplicate(active, to=quarter)
    next_quarter.goals_locked_at = now
    next_quarter.save()
    with pytest.raises(actions.ObjectiveRefused, match="locked"):
        duplicate(active)


def test_more_copies_ask_no_more_questions(propose, agree, duplicate):
    def asked(titles):
        ones = [agree(propose(content(title))) for title in titles]
        with CaptureQueriesContext(connection) as found:
            duplicate(*ones)
        return len(found)

    assert asked("ABCDE") == asked("FG")


def test_who_copies_what(active, propose, agree, quarter, next_quarter, cast, client_for):
    private = agree(propose(content("Between us", visibility="private")))
    address = reverse("api_duplicate", args=[quarter.pk])

    def codes(one):
        body = {"into": str(next_quarter.pk), "objectives": [str(one.pk)]}
        return {
            name: client_for(getattr(cast, name)).post(address, body, **JSON).status_code
            for name in (
                "colleague",
                "hr",
                "business_owner",
                "finance_owner",
                "auditor",
                "stranger",
                "manager",
            )
        }

    owners = {"business_owner": 403, "finance_owner": 403}
    assert codes(active) == {
        "colleague": 403,
        "hr": 403,
        **owners,
        "auditor": 403,
        "stranger": 404,
        "manager": 201,
    }
    unseen = codes(private)
    assert (unseen["colleague"], unseen["hr"], unseen["auditor"], unseen["manager"]) == (404, 404, 403, 201)


def test_the_page_copies_what_is_chosen_and_says_what_stands_there(
    active, quarter, next_quarter, cast, client_for
):
    client, address = client_for(cast.employee), reverse("okr:duplicate", args=[quarter.pk])
    page = client.get(address)
    assert active.title in page.content.decode()
    refused = client.post(address, {"period": str(next_quarter.pk), "start": "same"})
    assert refused.status_code == 422
    assert "Choose at least one objective" in refused.content.decode()
    given = {"period": str(next_quarter.pk), "start": "last", "objectives": [str(active.pk)]}
    done = client.post(address, given, follow=True)
    assert "1 objective is a draft of Next quarter now." in done.content.decode()
    again = client.post(address, given, follow=True)
    assert "1 stands there already." in again.content.decode()


def test_everybody_but_the_auditor_opens_the_page(active, quarter, next_quarter, cast, client_for):
    address = reverse("okr:duplicate", args=[quarter.pk])
    for person in cast.members():
        page = client_for(person).get(address)
        assert page.status_code == (403 if person == cast.auditor else 200)
        assert (active.title in page.content.decode()) == (person in (cast.employee, cast.manager, cast.boss))
    assert client_for(cast.auditor).post(address, {}).status_code == 403
    assert client_for(cast.stranger).get(address).status_code == 404


def test_without_a_later_period_the_page_says_what_is_missing(active, quarter, cast, client_for):
    page = client_for(cast.employee).get(reverse("okr:duplicate", args=[quarter.pk])).content.decode()
    assert "No later period takes goals" in page


def test_an_empty_period_offers_the_last_one(active, quarter, next_quarter, cast, client_for):
    page = client_for(cast.employee).get(reverse("okr:objectives"), {"period": str(next_quarter.pk)})
    assert f"{reverse('okr:duplicate', args=[quarter.pk])}?into={next_quarter.pk}" in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_who_copy_the_same_at_once_make_one(cast, quarter, actor, now):
    with tenancy.acting_for(cast.organisation):
        to = after(quarter)
        one = actions.propose_objective(period=quarter, content=four_kinds(), by=actor(cast.employee), at=now)
        who = [actor(person) for person in (cast.employee, cast.manager)]

    def copying(by):
        return lambda: actions.duplicate_objectives(objectives=[one], to=to, by=by, at=now)

    first, second = races.second_waits_for_first(cast.organisation, *map(copying, who))
    assert (len(first), second) == (1, [])
    with tenancy.acting_for(cast.organisation):
        assert Objective.objects.filter(period=to).count() == 1
