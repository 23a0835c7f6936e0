"""What is sent twice is there once: a double press, a call repeated after its answer was lost, two at one moment."""

import uuid

import pytest
from django.urls import reverse

from okr import actions, queries
from okr.models import CheckInReply, Comment, Objective, ObjectiveVersion
from performance.foundation import once, tenancy
from performance.foundation.models import AuditRow
from tests import races
from tests.okr.conftest import content, four_kinds, monday_of
from tests.okr.test_writing_pages import proposal_form

TOKEN = {"once": "4b1c"}


@pytest.fixture
def client(cast, client_for):
    return client_for(cast.employee)


def _twice(client, address, form, **options):
    return [client.post(address, form, **options) for _time in range(2)]


def test_a_proposal_sent_twice_is_one_and_both_answers_lead_to_it(cast, quarter, client):
    address = reverse("okr:propose")
    assert 'name="once"' in client.get(address).content.decode()
    first, second = _twice(client, address, proposal_form(cast, quarter, **TOKEN))
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    with tenancy.acting_for(cast.organisation):
        assert Objective.objects.count() == 1
        assert ObjectiveVersion.objects.count() == 1
        assert AuditRow.objects.filter(action="okr.propose_objective").count() == 1
    # Gone back, changed and sent again, it is another one; so is the same without a token.
    client.post(address, proposal_form(cast, quarter, title="Another", **TOKEN))
    client.post(address, proposal_form(cast, quarter))
    with tenancy.acting_for(cast.organisation):
        assert Objective.objects.count() == 3


def test_the_same_token_of_somebody_else_is_another_proposal(cast, quarter, client, client_for):
    form = proposal_form(cast, quarter, **TOKEN)
    client.post(reverse("okr:propose"), form)
    client_for(cast.manager).post(reverse("okr:propose"), form)
    with tenancy.acting_for(cast.organisation):
        assert {each.proposed_by for each in Objective.objects.all()} == {cast.employee, cast.manager}


def test_a_change_sent_twice_is_one_version_and_no_conflict(propose, cast, quarter, client):
    objective = propose(content())
    form = proposal_form(cast, quarter, based_on="1", **TOKEN)
    answers = _twice(client, reverse("okr:change", args=[objective.pk]), form)
    assert [each.status_code for each in answers] == [302, 302]
    assert [each.number for each in objective.versions.all()] == [2, 1]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_comment_and_a_reply_sent_twice_are_said_once(active, check_in, cast, client_for, headers):
    manager, said = client_for(cast.manager), check_in()
    for address, page in (
        (reverse("okr:comment", args=[active.pk]), reverse("okr:objective", args=[active.pk])),
        (reverse("okr:reply", args=[said.pk]), reverse("okr:conversation", args=[said.pk])),
    ):
        assert 'name="once"' in manager.get(page).content.decode()
        for answer in _twice(manager, address, {"text": "Well done."} | TOKEN, headers=headers):
            assert answer.status_code in (200, 302)
    assert Comment.objects.count() == 1
    assert CheckInReply.objects.count() == 1


def test_a_call_repeated_with_its_idempotency_key_answers_with_the_first_result(
    active, check_in, cast, quarter, client_for
):
    manager, said = client_for(cast.manager), check_in()
    proposal = {
        "period": str(quarter.pk),
        "title": "Own",
        "key_results": [{"kind": "yes_no", "title": "Opened", "weight": "100"}],
    }
    for address, body in (
        (reverse("api_objectives"), proposal),
        (reverse("api_comment_on_objective", args=[active.pk]), {"text": "Well done."}),
        (reverse("api_reply", args=[said.pk]), {"text": "Well done."}),
    ):
        first, second = _twice(
            manager,
            address,
            body,
            content_type="application/json",
            headers={once.HEADER: "mine-1"},
        )
        assert (first.status_code, second.status_code) == (201, 201), first.content
        assert first.json() == second.json()
    assert Objective.objects.filter(title="Own").count() == 1
    assert (Comment.objects.count(), CheckInReply.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_the_same_sent_at_one_moment_is_one(cast, quarter, actor, now):
    with tenancy.acting_for(cast.organisation):
        employee = actor(cast.employee)
    keys = [uuid.uuid4() for _each in range(4)]

    def propose():
        return actions.propose_objective(
            period=quarter, content=four_kinds(), key=keys[0], by=employee, at=now
        )

    first, second = races.second_waits_for_first(cast.organisation, propose, propose)
    assert first.pk == second.pk

    def comment():
        return actions.comment_on_objective(objective=first, text="Hm.", key=keys[1], by=employee, at=now)

    def change():
        return actions.propose_change(
            objective=first, content=content("New"), based_on=1, key=keys[2], by=employee, at=now
        )

    with tenancy.acting_for(cast.organisation):
        said = actions.submit_check_in(
            period=quarter, week_starts_on=monday_of(now.date()), readings=[], by=employee, at=now
        )

    def reply():
        return actions.reply_to_check_in(check_in=said, text="More.", key=keys[3], by=employee, at=now)

    for sent in (comment, change, reply):
        one, other = races.second_waits_for_first(cast.organisation, sent, sent)
        assert one.pk == other.pk
    with tenancy.acting_for(cast.organisation):
        assert (Objective.objects.count(), Comment.objects.count(), CheckInReply.objects.count()) == (1, 1, 1)
        assert queries.standing_number(first) == 2
