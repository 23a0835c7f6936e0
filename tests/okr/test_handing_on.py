"""Whoever is asked for help can ask somebody else in their place: once, on record, and with what they may see."""

import pytest
from django.urls import reverse

from okr import actions
from okr.models import HandedOn
from performance.foundation import tenancy
from performance.inbox.models import WorkItem
from performance.people import models as people
from tests import ready
from tests.okr.conftest import content, key_result


@pytest.fixture
@ready.made
def asked(active, propose, agree, check_in, cast):
    """The employee's check-in that asks the colleague, with a private goal in it."""
    secret = agree(propose(content("Close store 07", key_result(), visibility="private")))
    readings = [
        actions.Reading(key_result_id=one.key_results.first().pk, value=5, confidence=3)
        for one in (active, secret)
    ]
    return check_in(*readings, blockers="The supplier is silent.", asks=cast.colleague)


def waiting_for(person):
    return WorkItem.objects.filter(person=person, kind="goals.blocker", done_at=None)


def test_the_item_goes_from_one_to_the_other_and_the_other_can_read_and_answer(
    asked, actor, cast, now, client_for
):
    address = reverse("okr:conversation", args=[asked.pk])
    assert client_for(cast.business_owner).get(address).status_code == 404
    actions.hand_on(
        check_in=asked, to=cast.business_owner, why="She knows them.", by=actor(cast.colleague), at=now
    )
    assert not waiting_for(cast.colleague).exists()
    assert waiting_for(cast.business_owner).get().title_en == f"{cast.employee.name_en} asks you for help"
    page = client_for(cast.business_owner).get(address).content.decode()
    assert "The supplier is silent." in page
    assert "She knows them." in page
    assert "Close store 07" not in page
    answer = client_for(cast.business_owner).post(
        reverse("okr:reply", args=[asked.pk]), {"text": "I call them."}
    )
    assert answer.status_code == 302
    assert not waiting_for(cast.business_owner).exists()


def test_two_who_hand_on_at_once_hand_on_once(asked, actor, cast, now):
    by = actor(cast.colleague)
    actions.hand_on(check_in=asked, to=cast.business_owner, by=by, at=now)
    with pytest.raises(actions.CheckInRefused, match="no longer waited for"):
        actions.hand_on(check_in=asked, to=cast.finance_owner, by=by, at=now)
    assert HandedOn.objects.count() == 1
    assert not waiting_for(cast.finance_owner).exists()


def test_nobody_hands_on_to_themselves_to_who_asks_or_to_somebody_gone(asked, actor, cast, now):
    people.Person.objects.filter(pk=cast.finance_owner.pk).update(left_on=now.date().replace(year=2020))
    for to in (cast.colleague, cast.employee, cast.finance_owner):
        to.refresh_from_db()
        with pytest.raises(actions.CheckInRefused):
            actions.hand_on(check_in=asked, to=to, by=actor(cast.colleague), at=now)
    assert waiting_for(cast.colleague).exists()


def test_a_correction_leaves_it_with_whoever_it_was_handed_on_to(asked, actor, cast, now, check_in, active):
    actions.hand_on(check_in=asked, to=cast.business_owner, by=actor(cast.colleague), at=now)
    reading = actions.Reading(key_result_id=active.key_results.first().pk, value=6, confidence=3)
    check_in(reading, blockers="The supplier is still silent.", asks=cast.colleague)
    assert waiting_for(cast.business_owner).exists()
    assert not waiting_for(cast.colleague).exists()
    check_in(reading, blockers="Somebody else now.", asks=cast.finance_owner)
    assert not waiting_for(cast.business_owner).exists()
    assert waiting_for(cast.finance_owner).exists()


def test_only_whoever_is_waited_for_finds_the_form_and_may_send_it(asked, cast, client_for):
    address = reverse("okr:conversation", args=[asked.pk])
    send, api = reverse("okr:hand_on", args=[asked.pk]), reverse("api_hand_on", args=[asked.pk])
    for name, sees in (("colleague", True), ("manager", False), ("employee", False), ("auditor", False)):
        browser = client_for(getattr(cast, name))
        assert (send in browser.get(address).content.decode()) is sees, name
        if not sees:
            given = {"to": str(cast.business_owner.pk)}
            assert browser.post(send, given).status_code == 403, name
            assert browser.post(api, given, content_type="application/json").status_code == 403, name
    for name in ("hr", "stranger"):
        assert client_for(getattr(cast, name)).post(send, {"to": str(cast.hr.pk)}).status_code == 404, name
    empty = client_for(cast.colleague).post(send, {"to": ""})
    assert empty.status_code == 422
    assert "Choose a person." in empty.content.decode()
    with tenancy.acting_for(cast.organisation):
        assert not HandedOn.objects.exists()
    sent = client_for(cast.colleague).post(send, {"to": str(cast.business_owner.pk), "why": ""})
    assert sent.status_code == 302
    with tenancy.acting_for(cast.organisation):
        assert HandedOn.objects.get().to_id == cast.business_owner.pk


def test_the_api_hands_on_too(asked, cast, client_for):
    api = reverse("api_hand_on", args=[asked.pk])
    given = {"to": str(cast.business_owner.pk), "why": "She knows them."}
    assert client_for(cast.colleague).post(api, given, content_type="application/json").status_code == 204
    with tenancy.acting_for(cast.organisation):
        assert waiting_for(cast.business_owner).exists()


def test_help_is_handed_only_to_who_can_answer(asked, cast, client_for, actor, now):
    browser, given = client_for(cast.colleague), {"to": str(cast.auditor.pk), "why": ""}
    page = browser.get(reverse("okr:conversation", args=[asked.pk])).content.decode()
    assert f'value="{cast.business_owner.pk}"' in page
    assert f'value="{cast.auditor.pk}"' not in page
    assert browser.post(reverse("okr:hand_on", args=[asked.pk]), given).status_code == 422
    api = reverse("api_hand_on", args=[asked.pk])
    answer = browser.post(api, given, content_type="application/json")
    assert (answer.status_code, "only reads" in answer.json()["detail"]) == (422, True), answer.content
    for asks, offered in (({"writes": "1"}, False), ({}, True)):
        found = browser.get(reverse("people:picker"), {"q": cast.auditor.name_en, **asks}).content.decode()
        assert (f'value="{cast.auditor.pk}"' in found) is offered
