"""The same week in two windows: neither writes over what the other sent without a word, and no draft hides it."""

import datetime
import json
from decimal import Decimal

import pytest
from django.urls import reverse

from okr import actions, queries
from okr.models import CheckIn, CheckInDraft
from tests.okr.conftest import monday_of
from tests.okr.test_check_ins import four_readings
from tests.okr.test_pages import HTMX, posted_week


@pytest.fixture
def send(cast, client_for, this_week):
    """Posts the week as the employee; `draft` keeps it only."""

    def do(fields, *, draft=False, **options):
        name = "okr:check_in_draft" if draft else "okr:check_in"
        return client_for(cast.employee).post(reverse(name, args=[this_week]), fields, **options)

    return do


@pytest.fixture
def measured(active):
    return active.key_results.first()


def current(key_result):
    key_result.refresh_from_db()
    return key_result.current


def test_the_page_says_which_entry_it_was_made_from(active, check_in, cast, client_for):
    client = client_for(cast.employee)
    assert 'name="made_from" id="id_made_from"' in client.get(reverse("okr:home")).content.decode()
    first = check_in(*four_readings(active))
    page = client.get(reverse("okr:home")).content.decode()
    assert f'name="made_from" value="{first.pk}"' in page


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_old_window_does_not_write_over_what_was_sent(active, measured, send, headers):
    name = f"value-{measured.pk}"
    assert send(posted_week(active, made_from="", **{name: "7"})).status_code == 302

    refused = send(posted_week(active, made_from="", **{name: "2.5"}), headers=headers)
    page = refused.content.decode()
    assert refused.status_code == 409
    assert (current(measured), CheckIn.objects.count()) == (7, 1)
    shown = page[page.index("checkin-conflict") :]
    assert '<td data-l="Sent">7</td><td data-l="Yours, not sent">2.5</td>' in shown
    assert 'value="2.5"' in shown
    assert f'name="over" value="{CheckIn.objects.get().pk}"' in shown
    assert shown.index('<button type="submit" class="visually-hidden"') < shown.index('name="over"')


def test_whoever_saw_both_values_may_send_theirs(active, measured, send):
    name = f"value-{measured.pk}"
    send(posted_week(active, made_from="", **{name: "7"}))
    first = CheckIn.objects.get()
    again = send(posted_week(active, made_from="", over=str(first.pk), **{name: "2.5"}))
    assert (again.status_code, current(measured)) == (302, Decimal("2.5"))
    assert CheckIn.objects.get(number=2).corrects == first
    # What was seen beside each other is only those two: a third entry is asked about anew.
    third = send(posted_week(active, made_from="", over=str(first.pk), **{name: "3"}))
    assert (third.status_code, current(measured)) == (409, Decimal("2.5"))


def test_the_same_from_two_windows_is_no_conflict(active, send):
    for _window in "AB":
        assert send(posted_week(active, made_from="")).status_code == 302
    assert CheckIn.objects.count() == 1


def test_a_draft_of_an_old_window_is_neither_kept_nor_shown(active, measured, send, cast, client_for, now):
    name = f"value-{measured.pk}"
    send(posted_week(active, made_from="", **{name: "7"}))
    old = posted_week(active, made_from="", wins="One word", **{name: "2.5"})
    refused = send(old, draft=True, headers=HTMX)
    assert refused.status_code == 409
    assert "sent from another window" in refused.content.decode()
    assert not CheckInDraft.objects.exists()

    # One that was on its way while the week was sent, and arrived after it, is not shown.
    CheckInDraft.objects.create(
        person=cast.employee, week_starts_on=monday_of(now.date()), fields=old, saved_at=now
    )
    page = client_for(cast.employee).get(reverse("okr:home")).content.decode()
    assert "One word" not in page
    assert 'value="7"' in page


def test_a_draft_of_a_correction_is_kept(active, send, cast, client_for):
    send(posted_week(active, made_from=""))
    now_made_from = str(CheckIn.objects.get().pk)
    kept = send(posted_week(active, made_from=now_made_from, wins="Better words"), draft=True, headers=HTMX)
    assert kept.status_code == 200
    page = client_for(cast.employee).get(reverse("okr:home")).content.decode()
    assert "Better words" in page
    assert f'name="made_from" value="{now_made_from}"' in page


def test_the_action_refuses_an_older_entry_and_compares_nothing_where_nothing_was_read(active, check_in, now):
    first = check_in(*four_readings(active), made_from="")
    second = check_in(*four_readings(active, up=Decimal(6)), made_from=str(first.pk))
    with pytest.raises(actions.CheckInRefused) as refusal:
        check_in(*four_readings(active, up=Decimal(7)), made_from=str(first.pk))
    assert (refusal.value.code, refusal.value.status) == ("conflict", 409)
    assert check_in(*four_readings(active, up=Decimal(7))).corrects == second


def test_the_api_compares_when_it_is_told_what_was_read(active, measured, check_in, cast, client_for, now):
    first = check_in(*four_readings(active))
    client = client_for(cast.employee)

    def submit(value, **told):
        body = {
            "week_starts_on": monday_of(now.date()).isoformat(),
            "readings": [{"key_result": str(measured.pk), "value": value}],
        } | told
        address = reverse("api_check_ins")
        return client.post(address, json.dumps(body), content_type="application/json")

    assert submit("6", made_from=None).status_code == 409
    assert submit("6", made_from=str(first.pk)).status_code == 201
    assert submit("7", made_from=str(first.pk)).status_code == 409
    assert submit("8").status_code == 201
    assert current(measured) == 8


def test_an_entry_of_a_closed_quarter_is_found_for_the_form_of_its_week(active, check_in, cast, quarter, now):
    monday = monday_of(now.date())
    first = check_in(*four_readings(active))
    later = monday + datetime.timedelta(days=7)
    assert queries.entry_of_week(cast.employee.pk, monday, None, later) == first


def test_a_refused_send_keeps_what_was_typed(active, measured, send, cast, client_for):
    refused = send(
        posted_week(active, made_from="", wins="Long words", **{f"value-{measured.pk}": "ten"}), headers=HTMX
    )
    assert refused.status_code == 422
    assert "Draft saved" in refused.content.decode()
    page = client_for(cast.employee).get(reverse("okr:home")).content.decode()
    assert "Long words" in page
    assert 'value="ten"' in page


def test_a_draft_keeps_more_than_may_be_sent_and_says_where_it_stops(active, send):
    kept = send(posted_week(active, wins="字" * 10_000), draft=True, headers=HTMX).content.decode()
    assert "Draft saved" in kept
    assert CheckInDraft.objects.get().fields["wins"] == "字" * 10_000
    cut = send(posted_week(active, wins="字" * 20_001), draft=True, headers=HTMX).content.decode()
    assert "keeps the first 20,000 characters" in cut
    assert len(CheckInDraft.objects.get().fields["wins"]) == 20_000
