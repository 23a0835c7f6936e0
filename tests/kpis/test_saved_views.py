"""Views of the board under a name: whose they are, who sees them, and what becomes of them."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from performance.foundation.models import AuditRow
from performance.kpis import actions, rules
from performance.kpis.models import Metric, SavedView, Subscription, ViewPin
from performance.kpis.queries import EVERYTHING, saved_views
from performance.people import actions as people
from tests import ready
from tests.conftest import Cast
from tests.kpis.tables import AT, JANUARY, base, certify

Visit = Callable[..., Client]


@pytest.fixture
@ready.made
def revenue(here: Cast, actor: Any, sales: Any) -> Metric:
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price"))
    actions.refresh_values(at=AT)
    return Metric.objects.get(key="revenue")


@pytest.fixture
def keep(here: Cast, actor: Any, revenue: Metric) -> Callable[..., SavedView]:
    def kept(person: Any = None, name: str = "Hangzhou", is_shared: bool = False, **more: Any) -> SavedView:
        given = {"metric": revenue, "slice": {"city": "Hangzhou"}, "cut": "store", "basis": "year"} | more
        return actions.save_view(
            name=name,
            is_shared=is_shared,
            wording=actions.ViewWording(**given),
            by=actor(person or here.employee),
            at=AT,
        )

    return kept


def test_a_board_is_saved_from_its_page_and_opens_as_it_was(
    revenue: Metric, here: Cast, client_for: Visit
) -> None:
    browser = client_for(here.employee)
    asked = {"month": "2026-01", "metric": str(revenue.pk), "by": "store", "vs": "month", "city": "Hangzhou"}
    page = browser.get(reverse("kpis:board"), asked)
    address = f"{reverse('kpis:save_view')}?{page.context['board_query']}"
    answer = browser.post(address, {"name": "  Our   city ", "which_month": "fixed"})
    assert answer.status_code == 302
    view = SavedView.objects.get()
    assert (view.name, view.month, view.basis, view.slice) == (
        "Our city",
        JANUARY,
        "month",
        {"city": "Hangzhou"},
    )
    opened = browser.get(answer["Location"])
    shown = opened.context["board"]
    assert (shown.month, shown.basis, shown.within, shown.cut) == (
        JANUARY,
        "month",
        {"city": "Hangzhou"},
        "store",
    )
    text = opened.content.decode()
    assert "<h1>Our city</h1>" in text
    assert text.index('id="pinned"') < text.index('id="main"')
    assert [entry.text for entry in opened.context["pinned"]] == ["Our city"]


def test_the_latest_month_stays_the_latest(keep: Callable[..., SavedView], revenue: Metric) -> None:
    found = saved_views.board_of(keep(), today=datetime.date(2026, 3, 2), at=AT, sight=EVERYTHING)
    assert found is not None
    assert found.month == datetime.date(2026, 2, 1)
    fixed = saved_views.board_of(
        keep(name="January", month=JANUARY), today=datetime.date(2026, 3, 2), at=AT, sight=EVERYTHING
    )
    assert fixed is not None
    assert fixed.month == JANUARY


def test_a_name_is_given_once_and_its_refusal_stands_beside_it(
    keep: Callable[..., SavedView], here: Cast, actor: Any, client_for: Visit
) -> None:
    view, other = keep(), keep(name="Other")
    browser = client_for(here.employee)
    for address in (reverse("kpis:save_view"), reverse("kpis:change_view", args=[other.pk])):
        answer = browser.post(address, {"name": view.name, "which_month": "latest"})
        assert answer.status_code == 422
        assert "You keep another view with this name." in answer.content.decode()
    assert browser.post(reverse("kpis:save_view"), {"name": " "}).status_code == 422
    actions.remove_view(view=view, by=actor(here.employee), at=AT)
    keep()


def test_private_views_are_their_owners_and_shared_ones_are_read_by_all(
    keep: Callable[..., SavedView], here: Cast, client_for: Visit
) -> None:
    private, shared = keep(), keep(name="For all", is_shared=True)
    for person in here.members():
        browser = client_for(person)
        mine = person == here.employee
        assert browser.get(reverse("kpis:saved_view", args=[shared.pk])).status_code == 200, person
        status = 200 if mine else 404
        assert browser.get(reverse("kpis:saved_view", args=[private.pk])).status_code == status, person
        found = browser.get(reverse("kpis:board")).context["listed_views"]
        assert {one.view.name for one in found} == ({"Hangzhou", "For all"} if mine else {"For all"})
        if not mine:
            for name, data in (
                ("change_view", {"name": "Mine"}),
                ("remove_view", {}),
                ("take_over_view", {}),
            ):
                assert browser.post(reverse(f"kpis:{name}", args=[shared.pk]), data).status_code == 403, (
                    person
                )
        can_write = person != here.auditor
        pin = browser.post(reverse("kpis:pin_view", args=[shared.pk]), {"pinned": "1"})
        assert pin.status_code == (302 if can_write else 403), person
    stranger = client_for(here.stranger)
    assert stranger.get(reverse("kpis:saved_view", args=[shared.pk])).status_code == 404
    shared.refresh_from_db()
    assert shared.removed_at is None


def test_what_is_shared_no_more_leaves_everybody_elses_navigation_and_mail(
    keep: Callable[..., SavedView], here: Cast, actor: Any
) -> None:
    view = keep(is_shared=True)
    for person in (here.employee, here.colleague):
        actions.pin_view(view=view, by=actor(person), at=AT)
        actions.subscribe(view=view, rhythm="weekly", day=1, by=actor(person), at=AT)
    actions.change_view(view=view, name=view.name, is_shared=False, by=actor(here.employee), at=AT)
    assert [pin.person_id for pin in ViewPin.objects.all()] == [here.employee.pk]
    assert [one.person_id for one in Subscription.objects.filter(ended_at=None)] == [here.employee.pk]
    actions.remove_view(view=view, by=actor(here.employee), at=AT)
    assert not ViewPin.objects.exists()
    assert not Subscription.objects.filter(ended_at=None).exists()


def test_the_log_keeps_the_name_of_a_private_view_out(
    keep: Callable[..., SavedView], here: Cast, actor: Any
) -> None:
    view = keep(name="My doubts")
    kept = AuditRow.objects.get(action="kpis.save_view")
    assert kept.changes == {"is_shared": False}
    assert "doubts" not in kept.subject_label
    actions.change_view(view=view, name="Open", is_shared=True, by=actor(here.employee), at=AT)
    assert AuditRow.objects.get(action="kpis.change_view").changes == {"is_shared": True, "name": "Open"}


def test_a_shared_view_whose_owner_has_left_is_taken_over_and_a_private_one_is_not(
    keep: Callable[..., SavedView], here: Cast, actor: Any, client_for: Visit, now: datetime.datetime
) -> None:
    shared, private = keep(is_shared=True), keep(name="Private")
    actions.subscribe(view=shared, rhythm="weekly", day=1, by=actor(here.employee), at=AT)
    people.deactivate_person(
        person=here.employee,
        left_on=now.date() - datetime.timedelta(days=2),
        by=actor(here.hr),
        at=timezone.now(),
    )
    assert not ViewPin.objects.exists()
    assert not Subscription.objects.filter(ended_at=None).exists()
    assert (
        client_for(here.colleague).post(reverse("kpis:take_over_view", args=[shared.pk])).status_code == 403
    )
    owner = client_for(here.business_owner)
    assert "Take it over" in owner.get(reverse("kpis:saved_view", args=[shared.pk])).content.decode()
    assert owner.post(reverse("kpis:take_over_view", args=[private.pk])).status_code == 404
    assert owner.post(reverse("kpis:take_over_view", args=[shared.pk])).status_code == 302
    shared.refresh_from_db()
    assert shared.owner_id == here.business_owner.pk
    assert rules.can_change_view(actor(here.business_owner), shared)


def test_private_views_are_forgotten_with_their_owner(
    keep: Callable[..., SavedView], here: Cast, actor: Any, now: datetime.datetime
) -> None:
    keep(name="Eli Employee, private")
    shared = keep(name="Eli Employee for all", is_shared=True)
    day = now.date() - datetime.timedelta(days=2)
    people.deactivate_person(person=here.employee, left_on=day, by=actor(here.hr), at=timezone.now())
    people.erase_personal_data(
        person=here.employee, by=actor(here.hr), at=timezone.now(), why="Asked for by the person."
    )
    assert [view.pk for view in SavedView.objects.all()] == [shared.pk]
    shared.refresh_from_db()
    assert "Eli" not in shared.name


def test_eight_pins_are_enough_and_later_views_are_saved_without_one(
    keep: Callable[..., SavedView], here: Cast, actor: Any
) -> None:
    views = [keep(name=f"View {number}") for number in range(9)]
    assert len(saved_views.pinned(actor(here.employee))) == 8
    with pytest.raises(actions.MetricRefused, match="Eight views"):
        actions.pin_view(view=views[8], by=actor(here.employee), at=AT)
    actions.unpin_view(view=views[0], by=actor(here.employee))
    actions.pin_view(view=views[8], by=actor(here.employee), at=AT)
    assert saved_views.pinned(actor(here.employee))[-1].text == "View 8"


def test_the_board_asks_as_much_for_many_views_as_for_one(
    keep: Callable[..., SavedView], here: Cast, client_for: Visit
) -> None:
    browser = client_for(here.employee)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(reverse("kpis:board")).status_code == 200
        return len(captured)

    keep()
    asked()
    few = asked()
    for number in range(6):
        keep(person=here.colleague, name=f"Shared {number}", is_shared=True)
        keep(name=f"Mine {number}")
    assert asked() == few


def test_the_api_keeps_changes_pins_and_removes_views(revenue: Metric, here: Cast, client_for: Visit) -> None:
    browser = client_for(here.employee)
    given = {
        "name": "From afar",
        "metric": str(revenue.pk),
        "by": "store",
        "vs": "month",
        "month": "2026-01-09",
    }
    odd = given | {"month": "0001-01-01"}
    refused = browser.post(reverse("api_metric_views"), odd, content_type="application/json")
    assert "month" in refused.json()["errors"], "no month outside any calendar"
    made = browser.post(reverse("api_metric_views"), given, content_type="application/json")
    assert made.status_code == 201, made.content
    assert made.json()["month"] == "2026-01-01"
    own = reverse("api_metric_view", args=[made.json()["id"]])
    changed = browser.put(own, given | {"name": "Nearer", "is_shared": True}, content_type="application/json")
    assert changed.json()["name"] == "Nearer"
    others = client_for(here.colleague)
    assert [one["name"] for one in others.get(reverse("api_metric_views")).json()["results"]] == ["Nearer"]
    assert others.put(own, given, content_type="application/json").status_code == 403
    assert client_for(here.stranger).get(own).status_code == 404
    pin = reverse("api_pin_metric_view", args=[made.json()["id"]])
    assert others.put(pin).status_code == 204
    assert ViewPin.objects.filter(person=here.colleague).exists()
    assert others.delete(pin).status_code == 204
    mailed = reverse("api_metric_view_subscription", args=[made.json()["id"]])
    rhythm = {"rhythm": "monthly", "day": 3}
    answer = others.put(mailed, rhythm, content_type="application/json")
    assert (answer.status_code, answer.json()["day"]) == (200, 3)
    assert (
        others.put(mailed, {"rhythm": "weekly", "day": 9}, content_type="application/json").status_code == 422
    )
    assert client_for(here.auditor).put(mailed, rhythm, content_type="application/json").status_code == 403
    assert others.delete(mailed).status_code == 204
    assert not Subscription.objects.filter(ended_at=None).exists()
    assert browser.delete(own).status_code == 204
    assert browser.get(own).status_code == 404
