"""Views by e-mail: due once, to those who may see them, with the figures of the board."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from performance.foundation import tenancy
from performance.inbox import tasks as inbox_tasks
from performance.kpis import actions, rules, tasks
from performance.kpis.models import Metric, SavedView, Subscription
from performance.kpis.semantics.calendars import PLAIN
from performance.people import actions as people
from performance.people.queries import WorkDays
from tests.conftest import ORGANISATIONS_CLOCK, Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import AT, base, certify, formula
from tests.races import second_waits_for_first

Visit = Callable[..., Client]
#: A Thursday, and the Monday after it.
THURSDAY, MONDAY = datetime.date(2026, 5, 14), datetime.date(2026, 5, 18)
DAYS = st.dates(datetime.date(2025, 1, 1), datetime.date(2027, 12, 31))


def clock(day: datetime.date, hour: int = 8) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(hour), ORGANISATIONS_CLOCK)


@pytest.fixture
def view(here: Cast, actor: Any, sales: Any) -> SavedView:
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price"), name_zh="营业收入")
    actions.refresh_values(at=AT)
    wording = actions.ViewWording(metric=Metric.objects.get(key="revenue"), cut="store", basis="month")
    return actions.save_view(
        name="Stores", is_shared=True, wording=wording, by=actor(here.employee), at=clock(THURSDAY)
    )


@pytest.fixture
def mailed(view: SavedView, here: Cast, actor: Any) -> Subscription:
    return actions.subscribe(view=view, rhythm="weekly", day=1, by=actor(here.colleague), at=clock(THURSDAY))


@pytest.fixture
def sweep(here: Cast, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    def on(day: datetime.date, hour: int = 8) -> int:
        monkeypatch.setattr(timezone, "now", lambda: clock(day, hour))
        with tenancy.acting_for(here.organisation):
            written = tasks.mail_saved_views.apply().get()
            inbox_tasks.deliver_waiting.apply().get()
        return int(written)

    return on


def test_a_view_is_mailed_on_its_day_from_the_morning_on_and_once(
    mailed: Subscription, sweep: Callable[..., int], here: Cast
) -> None:
    assert mailed.next_on == MONDAY
    assert sweep(MONDAY - datetime.timedelta(days=1)) == 0
    assert sweep(MONDAY, hour=6) == 0
    assert sweep(MONDAY) == 1
    assert sweep(MONDAY, hour=9) == 0
    assert [message.to for message in mail.outbox] == [[here.colleague.email]]
    assert sweep(MONDAY + datetime.timedelta(days=7)) == 1


def test_a_letter_that_cannot_be_written_holds_up_no_other(
    mailed: Subscription,
    sweep: Callable[..., int],
    here: Cast,
    actor: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    actions.subscribe(
        view=mailed.view, rhythm="weekly", day=1, by=actor(here.manager), at=clock(THURSDAY, hour=9)
    )
    write = tasks.board_letter

    def written(subscription: Subscription, organisation: Any) -> Any:
        if subscription.pk == mailed.pk:
            raise ValueError("a month of no calendar")
        return write(subscription, organisation)

    monkeypatch.setattr(tasks, "board_letter", written)
    assert sweep(MONDAY) == 1
    assert [message.to for message in mail.outbox] == [[here.manager.email]]
    mailed.refresh_from_db()
    assert mailed.next_on == MONDAY, "it is due again at the next sweep"


def test_days_that_nobody_swept_are_made_up_for_once(mailed: Subscription, sweep: Callable[..., int]) -> None:
    assert sweep(MONDAY + datetime.timedelta(days=16)) == 1
    mailed.refresh_from_db()
    assert mailed.next_on == MONDAY + datetime.timedelta(days=21)
    assert len(mail.outbox) == 1


def test_a_letter_has_the_figures_of_the_board_at_that_time(
    mailed: Subscription, sweep: Callable[..., int], sales: Any, here: Cast, client_for: Visit
) -> None:
    tables.add_rows(sales, SALES, [(50, "2026-02-20", "Shenzhen", "Nanshan", 1, 1, "77.25")])
    actions.refresh_values(at=AT + datetime.timedelta(hours=1))
    sweep(MONDAY)
    (letter,) = mail.outbox
    assert letter.subject == "Stores: Feb 2026"
    html = str(letter.alternatives[0][0])
    page = client_for(here.colleague).get(reverse("kpis:board"), {"vs": "month", "by": "store"})
    board = page.context["board"]
    assert board.chosen.value == Decimal("87.35")
    for text in (letter.body, html):
        for shown in ("¥87.35", "+¥52.3", "Nanshan", "¥77.25", "Binjiang"):
            assert shown in text, shown
        assert f"organisation={here.organisation.pk}" in text
        assert reverse("kpis:subscription", args=[mailed.pk]) in text
    assert "<svg" not in html
    assert "<img" not in html
    assert 'bgcolor="#c5caef"' in html, "nothing is closed: the columns are pale"


def test_a_letter_speaks_its_readers_language(
    mailed: Subscription, sweep: Callable[..., int], here: Cast
) -> None:
    here.colleague.user.language = "zh-hans"
    here.colleague.user.save()
    sweep(MONDAY)
    body = mail.outbox[0].body
    assert "* 营业收入：10.10 元（−24.95 元）" in body
    assert "1. Binjiang：10.10 元（−19.90 元）" in body
    assert "2026年2月，" in body


def test_a_letter_says_how_many_indicators_it_leaves_to_the_board_and_that_a_program_wrote_it(
    mailed: Subscription, sweep: Callable[..., int], here: Cast, actor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        certify(here, actor, f"more_{number}", formula("revenue * 2"))
    monkeypatch.setattr(tasks, "TOLD", 3)
    sweep(MONDAY)
    (letter,) = mail.outbox
    html = str(letter.alternatives[0][0])
    assert "* 1 more" in letter.body
    assert "1 more</a>" in html
    assert html.count("More ") == letter.body.count("More ") == 3
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("gone", ["unshared", "removed", "left", "without address"])
def test_whoever_may_see_it_no_more_gets_nothing(
    mailed: Subscription, sweep: Callable[..., int], here: Cast, gone: str
) -> None:
    view = mailed.view
    if gone == "unshared":
        SavedView.objects.filter(pk=view.pk).update(is_shared=False)
    elif gone == "removed":
        SavedView.objects.filter(pk=view.pk).update(removed_at=AT)
    elif gone == "left":
        type(here.colleague).objects.filter(pk=here.colleague.pk).update(left_on=THURSDAY)
    else:
        type(here.colleague).objects.filter(pk=here.colleague.pk).update(email="")
    assert sweep(MONDAY) == 0
    assert mail.outbox == []
    mailed.refresh_from_db()
    assert mailed.ended_at is not None


def test_a_leavers_subscriptions_end_with_their_last_day(
    mailed: Subscription, here: Cast, actor: Any, now: datetime.datetime
) -> None:
    people.deactivate_person(
        person=here.colleague,
        left_on=now.date() - datetime.timedelta(days=2),
        by=actor(here.hr),
        at=timezone.now(),
    )
    mailed.refresh_from_db()
    assert mailed.ended_at is not None


def test_the_link_of_a_letter_asks_before_it_ends_anything(
    mailed: Subscription, here: Cast, client_for: Visit
) -> None:
    address = reverse("kpis:subscription", args=[mailed.pk])
    end = reverse("kpis:end_subscription", args=[mailed.pk])
    assert client_for(here.employee).post(end).status_code == 404
    assert client_for(here.employee).get(address).status_code == 404
    assert client_for(here.stranger).get(address).status_code == 404
    assert Client().get(address).status_code == 302
    reader = client_for(here.colleague)
    assert "You would get no more e-mail about this view." in reader.get(address).content.decode()
    mailed.refresh_from_db()
    assert mailed.ended_at is None
    assert reader.get(end).status_code == 405
    assert reader.post(end).status_code == 302
    mailed.refresh_from_db()
    assert mailed.ended_at is not None
    assert "You get no e-mail about this view." in reader.get(address).content.decode()


def test_subscribing_anew_changes_the_rhythm_and_starts_again_after_an_end(
    mailed: Subscription, here: Cast, actor: Any, client_for: Visit
) -> None:
    reader = client_for(here.colleague)
    address = reverse("kpis:subscribe", args=[mailed.view_id])
    answer = reader.post(address, {"rhythm": "monthly", "weekday": "1", "workday": "2"})
    assert answer.status_code == 302
    again = Subscription.objects.get()
    assert (again.pk, again.rhythm, again.day) == (mailed.pk, "monthly", 2)
    assert reader.post(address, {"rhythm": "monthly", "weekday": "1", "workday": "40"}).status_code == 422
    actions.end_subscription(subscription=again, by=actor(here.colleague), at=AT)
    reader.post(address, {"rhythm": "weekly", "weekday": "5", "workday": "1"})
    assert Subscription.objects.filter(ended_at=None).count() == 1
    assert client_for(here.auditor).post(address, {"rhythm": "weekly", "weekday": "5"}).status_code == 403


@given(rhythm=st.sampled_from(["weekly", "monthly"]), day=st.integers(1, 7), after=DAYS)
def test_the_next_day_lies_ahead_and_is_the_first_of_its_kind(
    rhythm: str, day: int, after: datetime.date
) -> None:
    work_days = WorkDays()
    found = rules.next_day_of(rhythm, day, after, work_days, PLAIN)
    assert found > after
    between = [after + datetime.timedelta(days=n) for n in range(1, (found - after).days)]

    def is_such(on: datetime.date) -> bool:
        if rhythm == "weekly":
            return on.isoweekday() == day
        return work_days.is_workday(on) and work_days.between(on.replace(day=1), on) == day

    assert is_such(found)
    assert not any(is_such(on) for on in between)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_write_one_letter(cast: Cast, actor: Any) -> None:
    with tenancy.acting_for(cast.organisation):
        view = actions.save_view(
            name="Mine",
            is_shared=False,
            wording=actions.ViewWording(),
            by=actor(cast.employee),
            at=clock(THURSDAY),
        )
        mailed = actions.subscribe(
            view=view, rhythm="weekly", day=1, by=actor(cast.employee), at=clock(THURSDAY)
        )

    def claim() -> bool:
        return actions.claim_subscription(subscription_id=mailed.pk, at=clock(MONDAY)) is not None

    assert second_waits_for_first(cast.organisation, claim, claim) == [True, False]
