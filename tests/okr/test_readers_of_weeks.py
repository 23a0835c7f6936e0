"""Whoever only reads is offered nothing to send: no check-in, no reply, and no duty that they could not do."""

import pytest
from django.urls import reverse

from okr import actions
from okr.models import CheckInDuty, KeyResult
from tests import ready
from tests.okr.conftest import WEEK, monday_of


def test_an_auditor_without_check_ins_is_not_offered_one(cast, quarter, client_for):
    offer = f'<a class="btn btn-primary" href="{reverse("okr:home")}">'
    page = client_for(cast.auditor).get(reverse("okr:check_ins")).content.decode()
    assert offer not in page
    assert "Auditors read; they do not check in." in page
    assert offer in client_for(cast.employee).get(reverse("okr:check_ins")).content.decode()


@pytest.fixture
@ready.made
def owning(active, cast):
    """Somebody who owned a key result before they became an auditor."""
    KeyResult.objects.filter(pk=active.key_results.first().pk).update(owner=cast.auditor)
    return active


@pytest.mark.parametrize(("name", "is_offered"), [("auditor", False), ("employee", True)])
def test_the_page_of_an_objective_offers_the_check_in_to_those_who_may_send_one(
    owning, cast, client_for, name, is_offered
):
    page = client_for(getattr(cast, name)).get(reverse("okr:objective", args=[owning.pk])).content.decode()
    assert (f"{reverse('okr:home')}#card-checkin" in page) is is_offered


def test_home_and_an_earlier_week_offer_an_auditor_nothing_to_send(owning, quarter, cast, client_for, now):
    quarter.starts_on -= 2 * WEEK
    quarter.save()
    year, week, _day = (monday_of(now.date()) - WEEK).isocalendar()
    for address in (reverse("okr:home"), reverse("okr:week", args=[f"{year}-W{week:02}"])):
        page = client_for(cast.auditor).get(address).content.decode()
        assert "Auditors read; they do not check in." in page
        assert "checkin-send" not in page
        assert "Due " not in page


def test_no_duty_is_written_for_somebody_who_only_reads(owning, quarter, cast, now):
    actions.open_duties(period=quarter, monday=monday_of(now.date()), at=now)
    assert set(CheckInDuty.objects.values_list("person", flat=True)) == {cast.employee.pk}


def test_an_auditor_who_leads_people_reads_their_week_and_is_offered_no_reply(
    active, check_in, cast, client_for
):
    cast.manager.grants.create(role="auditor")
    check_in(blockers="The lift is broken.")
    for show in ("", "?show=all"):
        page = client_for(cast.manager).get(reverse("okr:my_team") + show).content.decode()
        assert "The lift is broken." in page
        assert reverse("okr:mark_read") not in page
        assert "/reply/" not in page
