"""Work items: listed once, done by what resolves them, told by e-mail exactly once."""

import datetime
import smtplib
import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.inbox import actions, models, queries, tasks
from performance.people import models as people_models
from performance.people import queries as people
from tests.conftest import Cast

SUBJECT = uuid.uuid4()
NEXT_MONTH = (timezone.now() + datetime.timedelta(days=30)).date().isoformat()


@pytest.fixture
def assign(cast: Cast, now: datetime.datetime) -> Any:
    def do(kind: str = "goals.agreement", to: Any = None, **fields: Any) -> models.WorkItem:
        with tenancy.acting_for(cast.organisation):
            return actions.assign_work(
                **{
                    "to": to or cast.employee,
                    "kind": kind,
                    "subject_id": SUBJECT,
                    "title_en": "Agree to a change",
                    "title_zh": "确认变更",
                    "url": "/goals/",
                    "by": cast.manager,
                    "at": now,
                }
                | fields
            )

    return do


def deliver(cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        tasks.deliver_waiting.apply()


def test_asking_again_refreshes_the_open_item(cast: Cast, assign: Any) -> None:
    first = assign()
    second = assign(title_en="Agree to version 3")
    assert first.pk == second.pk
    deliver(cast)
    assert len(mail.outbox) == 1


def test_the_action_that_resolves_it_closes_it(cast: Cast, assign: Any, now: Any) -> None:
    assign()
    assign(to=cast.colleague)
    with tenancy.acting_for(cast.organisation):
        assert actions.resolve_work(kind="goals.agreement", subject_id=SUBJECT, by=cast.employee, at=now) == 2
        assert not queries.open_items(cast.employee.pk).exists()
        assert queries.done_items(cast.employee.pk).count() == 1
    deliver(cast)
    assert mail.outbox == []


def test_an_email_is_sent_once_even_when_the_task_comes_twice(cast: Cast, assign: Any) -> None:
    assign()
    deliver(cast)
    deliver(cast)
    assert len(mail.outbox) == 1
    assert "/goals/" in mail.outbox[0].body
    assert mail.outbox[0].alternatives


def test_an_email_speaks_its_readers_language(cast: Cast, assign: Any) -> None:
    cast.employee.user.language = "zh-hans"
    cast.employee.user.save()
    assign()
    assign(to=cast.colleague)
    deliver(cast)
    subjects = {message.to[0]: message.subject for message in mail.outbox}
    assert subjects[cast.employee.email] == "确认变更"
    assert subjects[cast.colleague.email] == "Agree to a change"


def test_a_claim_excludes_others_until_it_is_abandoned(cast: Cast, assign: Any, now: Any) -> None:
    assign()
    with tenancy.acting_for(cast.organisation):
        delivery = models.Delivery.objects.get()
        later = now + datetime.timedelta(seconds=1)
        assert actions.claim_delivery(delivery_id=delivery.pk, at=later)
        assert actions.claim_delivery(delivery_id=delivery.pk, at=later) is None
        abandoned = later + actions.SENDING_LASTS + datetime.timedelta(seconds=1)
        assert actions.claim_delivery(delivery_id=delivery.pk, at=abandoned)


def test_a_mail_server_that_is_away_is_tried_again(
    cast: Cast, assign: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assign()

    def refuse(self: Any, messages: Any) -> int:
        raise smtplib.SMTPServerDisconnected("away")

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        deliver(cast)
    with tenancy.acting_for(cast.organisation):
        delivery = models.Delivery.objects.get()
        assert delivery.sent_at is None
        assert delivery.error == "away"
        models.Delivery.objects.update(queued_at=now)
    deliver(cast)
    assert len(mail.outbox) == 1


def test_the_list_shows_what_waits_for_me_and_for_nobody_else(
    cast: Cast, client_for: Any, assign: Any
) -> None:
    assign()
    assign(to=cast.colleague, kind="metrics.alert", title_en="Turnover is low")
    page = client_for(cast.employee).get(reverse("inbox:list")).content.decode()
    assert "Agree to a change" in page
    assert "Turnover is low" not in page
    filtered = client_for(cast.employee).get(reverse("inbox:list"), {"area": "metrics"}).content.decode()
    assert "Agree to a change" not in filtered


def test_the_card_says_what_is_overdue(cast: Cast, client_for: Any, assign: Any) -> None:
    today = people.today(cast.organisation)
    assign(due_on=today - datetime.timedelta(days=2))
    card = client_for(cast.employee).get(reverse("inbox:card")).content.decode()
    assert "Overdue since" in card
    assert 'hx-trigger="todo:changed from:body"' in card


def test_what_was_done_is_overdue_no_more(cast: Cast, client_for: Any, assign: Any, now: Any) -> None:
    assign(due_on=people.today(cast.organisation) - datetime.timedelta(days=2))
    with tenancy.acting_for(cast.organisation):
        actions.resolve_work(kind="goals.agreement", subject_id=SUBJECT, by=cast.employee, at=now)
    done = client_for(cast.employee).get(f"{reverse('inbox:list')}?list=done").content.decode()
    assert "Agree to a change" in done
    assert "Overdue since" not in done
    assert 'class="spot bad' not in done


def test_an_item_is_put_off_and_brought_back(cast: Cast, client_for: Any, assign: Any) -> None:
    item = assign()
    client = client_for(cast.employee)
    client.post(reverse("inbox:snooze", args=[item.pk]), {"until": NEXT_MONTH})
    assert "Agree to a change" not in client.get(reverse("inbox:list")).content.decode()
    assert "Agree to a change" in client.get(reverse("inbox:list"), {"list": "later"}).content.decode()
    client.post(reverse("inbox:wake", args=[item.pk]))
    assert "Agree to a change" in client.get(reverse("inbox:list")).content.decode()


def test_the_items_of_others_do_not_exist(cast: Cast, client_for: Any, assign: Any) -> None:
    item = assign()
    for person in (cast.colleague, cast.hr, cast.stranger):
        answer = client_for(person).post(reverse("inbox:snooze", args=[item.pk]), {"until": NEXT_MONTH})
        assert answer.status_code == 404
        api = client_for(person).get(reverse("api_inbox")).json()
        assert api["results"] == []


def test_the_api_lists_what_waits(cast: Cast, client_for: Any, assign: Any) -> None:
    item = assign()
    client = client_for(cast.employee)
    assert [row["id"] for row in client.get(reverse("api_inbox")).json()["results"]] == [str(item.pk)]
    snooze = reverse("api_inbox_snooze", args=[item.pk])
    assert client.post(snooze, {"until": NEXT_MONTH}, content_type="application/json").status_code == 204


def test_the_query_count_does_not_grow(
    cast: Cast, client_for: Any, assign: Any, django_assert_num_queries: Any
) -> None:
    from tests.people.test_pages import _queries

    client = client_for(cast.employee)
    assign()
    first = [_queries(client, reverse(name)) for name in ("inbox:list", "inbox:card")]
    for number in range(20):
        assign(kind=f"goals.k{number}")
    assert [_queries(client, reverse(name)) for name in ("inbox:list", "inbox:card")] == first


def test_the_counts_are_what_the_list_shows(cast: Cast, client_for: Any, assign: Any) -> None:
    put_off = assign()
    assign(kind="metrics.alert", title_en="Look at the alert")
    client = client_for(cast.employee)
    client.post(reverse("inbox:snooze", args=[put_off.pk]), {"until": NEXT_MONTH})
    page = client.get(reverse("inbox:list"))
    assert f'<form method="post" action="{reverse("inbox:wake", args=[put_off.pk])}"' in page.content.decode()
    assert page.context["nav_counts"] == page.context["open_counts"] == {"metrics": 1, "home": 1}
    assert len(page.context["rows"]) == page.context["nav_counts"]["home"]
    assert page.context["list_counts"] == {"later": 1, "handed": 0}
    assert "Put off 1</a>" in page.content.decode()
    assert "Put off 1</a>" in client.get(reverse("inbox:mail")).content.decode()
    client.post(reverse("inbox:wake", args=[put_off.pk]))
    page = client.get(reverse("inbox:list"))
    assert "Put off</a>" in page.content.decode()
    assert page.context["nav_counts"] == {"goals": 1, "metrics": 1, "home": 2}
    assert len(page.context["rows"]) == 2


def test_the_api_brings_back_what_was_put_off(cast: Cast, client_for: Any, assign: Any) -> None:
    item = assign()
    client = client_for(cast.employee)
    client.post(reverse("inbox:snooze", args=[item.pk]), {"until": NEXT_MONTH})
    wake = reverse("api_inbox_wake", args=[item.pk])
    for person in (cast.colleague, cast.manager, cast.hr, cast.stranger):
        assert client_for(person).post(wake).status_code == 404
    assert client.get(reverse("inbox:list")).context["nav_counts"]["home"] == 0
    assert client.post(wake).status_code == 204
    assert client.get(reverse("inbox:list")).context["nav_counts"]["home"] == 1


@pytest.mark.parametrize("days", [-1, 0, 91, 400])
def test_an_item_is_put_off_to_a_day_from_tomorrow_to_90_days_ahead(
    cast: Cast, client_for: Any, assign: Any, days: int
) -> None:
    item = assign()
    until = people.today(cast.organisation) + datetime.timedelta(days=days)
    address = reverse("api_inbox_snooze", args=[item.pk])
    answer = client_for(cast.employee).post(
        address, {"until": until.isoformat()}, content_type="application/json"
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["until"])
    page = client_for(cast.employee).post(
        reverse("inbox:snooze", args=[item.pk]), {"until": until.isoformat()}
    )
    assert page.status_code == 422
    assert page.context["form"].errors.keys() == {"until"}
    assert 'aria-invalid="true"' in page.content.decode()
    assert f'value="{until.isoformat()}"' in page.content.decode()
    with tenancy.acting_for(cast.organisation):
        item.refresh_from_db()
    assert item.snoozed_until is None


@pytest.mark.parametrize("typed", ["", "soon", "2026-02-30"])
def test_what_is_no_day_puts_nothing_off(cast: Cast, client_for: Any, assign: Any, typed: str) -> None:
    item = assign()
    page = client_for(cast.employee).post(reverse("inbox:snooze", args=[item.pk]), {"until": typed})
    assert page.status_code == 422
    assert page.context["form"].errors.keys() == {"until"}
    with tenancy.acting_for(cast.organisation):
        item.refresh_from_db()
    assert item.snoozed_until is None


def test_the_list_offers_the_days_that_there_are(cast: Cast, client_for: Any, assign: Any) -> None:
    item, today = assign(), people.today(cast.organisation)
    page = client_for(cast.employee).get(reverse("inbox:list")).content.decode()
    first, last = (today + datetime.timedelta(days=days) for days in (1, 90))
    assert f'min="{first.isoformat()}" max="{last.isoformat()}"' in page
    for until in (last, first):
        client_for(cast.employee).post(reverse("inbox:snooze", args=[item.pk]), {"until": until.isoformat()})
        with tenancy.acting_for(cast.organisation):
            item.refresh_from_db()
        assert item.snoozed_until == until


def test_a_day_after_the_due_day_is_called_so_before_and_after_it_is_chosen(
    cast: Cast, client_for: Any, assign: Any
) -> None:
    today, tomorrow = (
        people.today(cast.organisation),
        people.today(cast.organisation) + datetime.timedelta(days=1),
    )
    client, listed = client_for(cast.employee), reverse("inbox:list")
    item = assign(due_on=tomorrow)
    menu = client.get(listed).content.decode()
    # Only next Monday may be later than tomorrow.
    assert menu.count("after the due day") == (today.weekday() != 6)
    assert "5 workdays after that, it is told up your line, put off or not" in menu
    snooze = reverse("inbox:snooze", args=[item.pk])
    said = [str(each) for each in client.post(snooze, {"until": tomorrow}, follow=True).context["messages"]]
    assert "Its due day" not in said[0]
    said = [str(each) for each in client.post(snooze, {"until": NEXT_MONTH}, follow=True).context["messages"]]
    assert "Its due day" in said[0]
    assign(kind="goals.mention", due_on=today, subject_id=uuid.uuid4())
    menu = client.get(listed).content.decode()
    assert menu.count("after the due day") == 2
    assert "neither that nor who hears of it" in menu


@pytest.mark.parametrize(("zone", "is_tomorrow"), [("Asia/Shanghai", False), ("America/New_York", True)])
def test_tomorrow_begins_by_the_clock_of_the_organisation(
    cast: Cast, assign: Any, zone: str, is_tomorrow: bool
) -> None:
    item = assign()
    item.organisation.time_zone = zone
    at = datetime.datetime(2026, 3, 10, 20, tzinfo=datetime.UTC)
    with tenancy.acting_for(cast.organisation):
        if is_tomorrow:
            actions.snooze_work(item=item, until=datetime.date(2026, 3, 11), by=cast.employee, at=at)
            return
        with pytest.raises(actions.InboxRefused, match="12 Mar"):
            actions.snooze_work(item=item, until=datetime.date(2026, 3, 11), by=cast.employee, at=at)


def test_whoever_only_reads_puts_nothing_off(cast: Cast, client_for: Any, assign: Any) -> None:
    item = assign(to=cast.auditor)
    address = reverse("inbox:snooze", args=[item.pk])
    for answer in (client_for(cast.auditor).get(address), client_for(cast.auditor).post(address)):
        assert answer.status_code == 403


def test_what_is_done_is_not_brought_back(cast: Cast, assign: Any, now: Any) -> None:
    item = assign()
    with tenancy.acting_for(cast.organisation):
        actions.resolve_work(kind=item.kind, subject_id=SUBJECT, by=cast.employee, at=now)
        item.refresh_from_db()
        with pytest.raises(actions.InboxRefused, match="done already"):
            actions.wake_work(item=item, by=cast.employee, at=now)


def test_a_claim_that_was_given_up_for_lost_closes_nothing(cast: Cast, assign: Any, now: Any) -> None:
    assign()
    with tenancy.acting_for(cast.organisation):
        key = models.Delivery.objects.get().pk
        lost = actions.claim_delivery(delivery_id=key, at=now)
        later = now + actions.SENDING_LASTS + datetime.timedelta(seconds=1)
        held = actions.claim_delivery(delivery_id=key, at=later)
        assert lost
        assert held
        actions.note_failed(message=lost, at=later, error="away")
        actions.note_sent(message=lost, at=later)
        delivery = models.Delivery.objects.get()
        assert (delivery.sent_at, delivery.sending_at, delivery.error) == (None, later, "")
        actions.note_sent(message=held, at=later)
        assert models.Delivery.objects.get().sent_at == later


def test_a_silent_mail_server_is_asked_once_and_nothing_is_claimed(
    cast: Cast, assign: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assign()
    assign(to=cast.colleague)
    asked: list[int] = []

    def silent(self: Any) -> None:
        asked.append(1)
        raise TimeoutError("silent")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.open", silent)
    deliver(cast)
    assert len(asked) == 1
    with tenancy.acting_for(cast.organisation):
        assert set(models.Delivery.objects.values_list("attempts", "sending_at")) == {(0, None)}


def test_a_lost_connection_ends_the_batch_and_a_refused_letter_does_not(
    cast: Cast, assign: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in (cast.employee, cast.colleague, cast.hr):
        assign(to=person)
    faults: list[Exception] = [smtplib.SMTPDataError(550, b"no"), smtplib.SMTPServerDisconnected("gone")]

    def refuse(self: Any, messages: Any) -> int:
        raise faults.pop(0)

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    deliver(cast)
    with tenancy.acting_for(cast.organisation):
        assert sorted(models.Delivery.objects.values_list("attempts", flat=True)) == [0, 1, 1]


def test_after_a_full_batch_the_next_one_is_asked_for(
    cast: Cast, assign: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    nudged: list[Any] = []
    monkeypatch.setattr(tasks, "BATCH", 2)
    monkeypatch.setattr("performance.foundation.jobs.nudge", lambda task, *args: nudged.append(task.name))
    for person in (cast.employee, cast.colleague, cast.hr):
        assign(to=person)
    deliver(cast)
    deliver(cast)
    assert len(mail.outbox) == 3
    assert nudged == [tasks.deliver_waiting.name]


def test_a_link_leads_into_the_organisation_it_came_from(cast: Cast, client_for: Any, assign: Any) -> None:
    with tenancy.acting_for(cast.elsewhere):
        people_models.Membership.objects.create(user=cast.employee.user, organisation=cast.elsewhere)
        people_models.Person.objects.create(user=cast.employee.user, number="X1", name_en="Eli Employee")
    assign(url="/inbox/?list=waiting#top")
    deliver(cast)
    link = next(line for line in mail.outbox[0].body.splitlines() if line.endswith("#top"))
    assert f"list=waiting&organisation={cast.organisation.pk}" in link
    client = client_for(cast.employee)
    session = client.session
    session["organisation"] = str(cast.elsewhere.pk)
    session.save()
    address = link.removeprefix(settings.ACCORD_URL).partition("#")[0]
    assert "Agree to a change" in client.get(address).content.decode()
    assert client.session["organisation"] == str(cast.organisation.pk)
    stranger = client_for(cast.stranger)
    assert "Agree to a change" not in stranger.get(address).content.decode()


def test_a_message_sent_again_is_the_same_message(
    cast: Cast, assign: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies between sending and noting leaves it to the next: mail programs show one of the two."""
    assign()
    monkeypatch.setattr(actions, "note_sent", lambda **_noted: None)
    deliver(cast)
    with tenancy.acting_for(cast.organisation):
        models.Delivery.objects.update(sending_at=timezone.now() - datetime.timedelta(days=1))
        key = models.Delivery.objects.get().pk
    deliver(cast)
    names = [message.message()["Message-ID"] for message in mail.outbox]
    assert len(names) == 2
    assert set(names) == {f"<{key}@{urlsplit(settings.ACCORD_URL).hostname}>"}
