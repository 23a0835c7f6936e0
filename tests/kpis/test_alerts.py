"""Alerts as work: who sees them, who answers, what is refused, and notes that are remembered."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from performance.foundation import audit, duties, stale
from performance.inbox import kinds
from performance.inbox import queries as inbox
from performance.kpis import actions
from performance.kpis.models import Alert, AlertRule, AlertStep, Metric, PointNote
from performance.kpis.queries import alerts as told
from performance.kpis.queries import months
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import AT, base, certify

Visit = Callable[..., Client]
BINJIANG = {"store": "Binjiang"}


@pytest.fixture
@ready.made
def revenue(here: Cast, actor: Any, now: datetime.datetime) -> Metric:
    """A hundred in each of the last fifteen months, at one store."""
    rows = [
        (number, month.replace(day=3), "Hangzhou", "Binjiang", 1, 1, 100 + number % 3)
        for number, month in enumerate(months.run(now.date(), 15))
    ]
    dataset = tables.make_dataset("sales", SALES, rows)
    certify(here, actor, "revenue", base(dataset, "sum", "price"), name_zh="营业收入")
    actions.refresh_values(at=AT)
    return Metric.objects.get()


@pytest.fixture
@ready.made
def alert(here: Cast, actor: Any, revenue: Metric, now: datetime.datetime) -> Alert:
    """Above fifty is too much, at the store: the employee answers."""
    set_rule(here, actor, revenue, slice=BINJIANG, owner=here.employee)
    actions.watch_values(organisation=here.organisation, at=now)
    return Alert.objects.order_by("month").last()


def set_rule(cast: Cast, actor: Any, metric: Metric, **more: Any) -> AlertRule:
    wording = actions.RuleWording(
        **{"kind": "threshold", "operator": "above", "value": Decimal(50)} | more  # type: ignore[arg-type]
    )
    return actions.set_alert_rule(
        metric=metric, wording=wording, by=actor(cast.business_owner), at=timezone.now()
    )


def answer(alert: Alert, **more: str) -> dict[str, str]:
    due = more.pop("due_on", f"{alert.due_on}")
    return {"cause": "A fair in town.", "action": "More staff.", "due_on": due} | more


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_everybody_here_reads_alerts_and_nobody_elsewhere_does(
    alert: Alert, cast: Cast, client_for: Visit, language: str
) -> None:
    pages = [
        reverse("kpis:alerts"),
        reverse("kpis:alerts") + "?list=closed",
        reverse("kpis:alert", args=[alert.pk]),
        reverse("kpis:alert_rules", args=[alert.metric_id]),
        reverse("kpis:board"),
    ]
    for person in cast.members():
        browser = client_for(person)
        browser.cookies["django_language"] = language
        for page in pages:
            assert browser.get(page).status_code == 200, (person, page)
    stranger = client_for(cast.stranger)
    assert "Revenue" not in stranger.get(pages[0]).content.decode()
    for page in pages[2:4]:
        assert stranger.get(page).status_code == 404
    assert stranger.get(f"/api/v1/metric-alerts/{alert.pk}/").status_code == 404


def test_only_its_owner_the_metrics_owners_and_administrators_work_on_an_alert(
    alert: Alert, cast: Cast, client_for: Visit
) -> None:
    address = reverse("kpis:take_up", args=[alert.pk])
    api = f"/api/v1/metric-alerts/{alert.pk}/take-up/"
    may = (cast.employee, cast.business_owner, cast.finance_owner, cast.administrator)
    for person in cast.members():
        expected = person in may
        assert (client_for(person).post(address, answer(alert)).status_code == 302) is expected, person
        answered = client_for(person).post(api, answer(alert), content_type="application/json")
        assert answered.status_code == (200 if expected else 403), person
    stranger = client_for(cast.stranger)
    assert stranger.post(address, answer(alert)).status_code in (403, 404)


def test_only_the_metrics_owners_and_administrators_say_what_is_watched(
    revenue: Metric, cast: Cast, client_for: Visit
) -> None:
    address = reverse("kpis:set_alert_rule", args=[revenue.pk])
    typed = {"kind": "threshold", "operator": "below", "value": "10", "slice": "{}", "answer_days": "5"}
    api = f"/api/v1/metrics/{revenue.pk}/alert-rules/"
    asked = {"kind": "anomaly", "cut": "store"}
    for person in cast.members():
        expected = person in (cast.business_owner, cast.finance_owner, cast.administrator)
        assert client_for(person).post(address, typed).status_code == (302 if expected else 403), person
        answered = client_for(person).put(api, asked, content_type="application/json")
        assert answered.status_code == (200 if expected else 403), person
    assert AlertRule.objects.count() == 2
    assert client_for(cast.stranger).post(address, typed).status_code in (403, 404)


def test_who_is_scored_by_a_metric_does_not_say_what_is_watched(
    revenue: Metric, cast: Cast, actor: Any, settings: Any
) -> None:
    rule = set_rule(cast, actor, revenue)
    settings.SCORED_BY = "tests.kpis.test_alerts.everybody_is_scored"
    with pytest.raises(duties.ScoredRefused):
        set_rule(cast, actor, revenue, value=Decimal(99))
    with pytest.raises(duties.ScoredRefused):
        actions.retire_alert_rule(rule=rule, reason="Too loud.", by=actor(cast.business_owner), at=AT)


def everybody_is_scored(person_id: Any, keys: Any) -> bool:
    return True


def test_an_alert_is_taken_up_handed_over_and_resolved(
    alert: Alert, cast: Cast, client_for: Visit, now: datetime.datetime
) -> None:
    employee, owner = client_for(cast.employee), client_for(cast.business_owner)
    page = reverse("kpis:alert", args=[alert.pk])
    item = inbox.open_items(cast.employee.pk).get(kind="metrics.alert", subject_id=alert.pk)
    assert (item.url, item.due_on) == (page, alert.due_on)
    assert item.title_zh.startswith("营业收入，Binjiang：")

    promised = now.date() + datetime.timedelta(days=20)
    assert (
        employee.post(
            reverse("kpis:take_up", args=[alert.pk]), answer(alert, due_on=f"{promised}")
        ).status_code
        == 302
    )
    alert.refresh_from_db()
    assert (alert.state, alert.cause, alert.due_on) == ("acknowledged", "A fair in town.", promised)
    assert inbox.open_items(cast.employee.pk).get(subject_id=alert.pk).due_on == promised

    employee.post(reverse("kpis:hand_over", args=[alert.pk]), {"to": str(cast.colleague.pk)})
    assert not inbox.open_items(cast.employee.pk).filter(subject_id=alert.pk).exists()
    assert inbox.open_items(cast.colleague.pk).get(subject_id=alert.pk).due_on == promised
    assert employee.post(reverse("kpis:resolve", args=[alert.pk]), {"resolution": "x"}).status_code == 403

    address = reverse("kpis:resolve", args=[alert.pk])
    assert owner.post(address, {"resolution": " "}).status_code == 422
    assert owner.post(address, {"resolution": "Back to normal.", "remember": "on"}).status_code == 302
    alert.refresh_from_db()
    assert (alert.state, alert.resolution, alert.closed_by) == (
        "resolved",
        "Back to normal.",
        cast.business_owner,
    )
    assert not inbox.open_items(cast.colleague.pk).filter(subject_id=alert.pk).exists()
    note = PointNote.objects.get()
    assert (note.text, note.month, note.slice) == ("A fair in town.", alert.month, BINJIANG)
    kinds = [step.kind for step in AlertStep.objects.filter(alert=alert).order_by("at", "pk")]
    assert kinds == ["opened", "taken_up", "handed_over", "resolved"]
    shown = owner.get(page).content.decode()
    assert "No forecast" not in shown
    for words in ("Back to normal.", "A fair in town.", "Handed over"):
        assert words in shown
    assert {row.action for row in audit.rows(subject_id=alert.pk)} == {
        "kpis.take_up_alert",
        "kpis.hand_over_alert",
        "kpis.resolve_alert",
    }


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("cause", " "), ("action", ""), ("due_on", "2020-01-01"), ("due_on", "2999-01-01")],
)
def test_taking_up_needs_a_cause_an_action_and_a_day_to_come(
    alert: Alert, cast: Cast, client_for: Visit, field: str, wrong: str
) -> None:
    page = client_for(cast.employee).post(
        reverse("kpis:take_up", args=[alert.pk]), answer(alert, **{field: wrong})
    )
    assert page.status_code == 422
    assert field in page.context["forms"]["take_up"].errors
    alert.refresh_from_db()
    assert alert.state == "open"


def test_a_closed_alert_stays_as_it_was_closed(
    alert: Alert, cast: Cast, actor: Any, client_for: Visit
) -> None:
    by = actor(cast.employee)
    actions.resolve_alert(alert=alert, resolution="Done.", by=by, at=AT)
    with pytest.raises(actions.MetricRefused, match="closed already"):
        actions.resolve_alert(alert=alert, resolution="Again.", by=by, at=AT)
    with pytest.raises(actions.MetricRefused, match="closed already"):
        actions.hand_over_alert(alert=alert, to=cast.colleague, by=by, at=AT)
    assert (
        client_for(cast.employee).post(reverse("kpis:take_up", args=[alert.pk]), answer(alert)).status_code
        == 302
    )
    alert.refresh_from_db()
    assert (alert.resolution, alert.cause) == ("Done.", "")


def test_a_retired_rule_closes_its_alerts_with_the_reason(
    alert: Alert, cast: Cast, client_for: Visit, now: datetime.datetime
) -> None:
    owner = client_for(cast.finance_owner)
    address = reverse("kpis:retire_alert_rule", args=[alert.rule_id])
    assert client_for(cast.employee).post(address, {"reason": "No."}).status_code == 403
    owner.post(address, {"reason": ""})
    assert AlertRule.objects.get().retired_at is None
    owner.post(address, {"reason": "The limit was a guess."})
    alert.refresh_from_db()
    assert (alert.state, alert.resolution) == ("resolved", "The limit was a guess.")
    assert not inbox.open_items(cast.employee.pk).filter(kind="metrics.alert").exists()
    assert actions.watch_values(organisation=cast.organisation, at=now) == actions.Watched()
    assert owner.post(address, {"reason": "Again."}).status_code == 404


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "threshold", "value": Decimal(1), "operator": ""}, "operator"),
        ({"kind": "threshold", "value": None}, "value"),
        ({"kind": "path", "operator": "above"}, "operator"),
        ({"kind": "path", "operator": "", "value": Decimal(-1)}, "value"),
        ({"kind": "anomaly", "operator": "", "value": Decimal(3)}, "value"),
        ({"kind": "staleness", "operator": "", "value": None, "slice": BINJIANG}, "slice"),
        ({"slice": {"planet": "Mars"}}, "slice"),
        ({"cut": "planet"}, "cut"),
        ({"cut": "store", "slice": BINJIANG}, "cut"),
        ({"answer_days": 0}, "answer_days"),
        ({"kind": "weather"}, "kind"),
    ],
)
def test_a_rule_that_says_nothing_is_refused(
    revenue: Metric, cast: Cast, actor: Any, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(actions.MetricRefused) as refused:
        set_rule(cast, actor, revenue, **given)
    assert refused.value.field == field
    assert not AlertRule.objects.exists()


def test_what_stays_undone_of_an_alert_goes_up_the_line() -> None:
    assert "metrics.alert" in kinds.going_up()


def test_a_rule_marks_its_metric_for_the_watch(revenue: Metric, cast: Cast, actor: Any) -> None:
    stale.settle(stale.claim("metric_watch", limit=100, at=timezone.now()))
    set_rule(cast, actor, revenue)
    set_rule(cast, actor, revenue)
    assert stale.waiting("metric_watch") == 1
    assert audit.rows(subject_id=revenue.pk).filter(action="kpis.set_alert_rule").count() == 1


def test_the_number_of_alerts_stands_on_the_board(alert: Alert, cast: Cast, client_for: Visit) -> None:
    page = client_for(cast.employee).get(reverse("kpis:board"))
    assert page.context["alert_counts"] == {alert.metric_id: Alert.objects.count()}
    assert "above the limit of" in page.content.decode()
    elsewhere = client_for(cast.employee).get(reverse("kpis:board"), {"store": "Nanshan"})
    assert elsewhere.context["alert_counts"] == {}


def test_a_note_stands_at_its_point_and_comes_back_a_year_later(
    revenue: Metric, cast: Cast, actor: Any, client_for: Visit, now: datetime.datetime
) -> None:
    month = months.months_before(months.first_of(now.date()), 13)
    owner = client_for(cast.finance_owner)
    address = reverse("kpis:write_note", args=[revenue.pk]) + "?store=Binjiang"
    given = {"month": f"{month:%Y-%m}", "text": "The fair came to town."}
    for person in (cast.employee, cast.hr, cast.administrator, cast.auditor):
        assert client_for(person).post(address, given).status_code == 403, person
    assert owner.post(address, given).status_code == 302
    assert owner.post(address, given).status_code == 302
    note = PointNote.objects.get()
    values = reverse("kpis:values", args=[revenue.pk])
    later = months.months_before(month, -12)
    for shown in (month, later):
        page = client_for(cast.employee).get(values, {"month": f"{shown:%Y-%m}", "store": "Binjiang"})
        assert "The fair came to town." in page.content.decode()
    marks = told.marks(actor(cast.employee), revenue, BINJIANG, [month, later])
    assert [len(marks[month].notes), len(marks[month].remembered)] == [1, 0]
    assert [len(marks[later].notes), len(marks[later].remembered)] == [0, 1]
    assert (
        "The fair" not in client_for(cast.employee).get(values, {"month": f"{month:%Y-%m}"}).content.decode()
    )

    withdraw = reverse("kpis:withdraw_note", args=[note.pk])
    assert client_for(cast.employee).post(withdraw).status_code == 403
    assert client_for(cast.stranger).post(withdraw).status_code in (403, 404)
    assert client_for(cast.business_owner).post(withdraw).status_code == 302
    assert told.marks(actor(cast.employee), revenue, BINJIANG, [month, later]) == {}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"month": datetime.date(2999, 1, 1)}, "month"),
        ({"slice": {"planet": "Mars"}}, "slice"),
    ],
)
def test_a_note_about_nothing_is_refused(
    revenue: Metric, cast: Cast, actor: Any, given: dict[str, Any], field: str
) -> None:
    about = {"slice": BINJIANG, "month": datetime.date(2026, 4, 1), "text": "A fair."} | given
    with pytest.raises(actions.MetricRefused) as refused:
        actions.write_point_note(metric=revenue, by=actor(cast.business_owner), at=timezone.now(), **about)
    assert refused.value.field == field


def test_lists_and_pages_ask_as_often_whatever_there_is(
    alert: Alert, cast: Cast, actor: Any, client_for: Visit, now: datetime.datetime
) -> None:
    browser = client_for(cast.business_owner)
    pages = [
        reverse("kpis:alerts") + "?list=open",
        reverse("kpis:alert", args=[alert.pk]),
        reverse("kpis:alert_rules", args=[alert.metric_id]),
        reverse("kpis:board"),
    ]
    for page in pages:
        browser.get(page)
    few = [asked(browser, page) for page in pages]
    for number in range(6):
        set_rule(cast, actor, alert.metric, cut=("", "store", "city")[number % 3], operator=("above", "below")[number % 2],
                 value=Decimal(50 if number % 2 == 0 else 500))  # fmt: skip
    set_rule(cast, actor, alert.metric, slice={"city": "Hangzhou"}, owner=cast.colleague)
    actions.watch_values(organisation=cast.organisation, at=now)
    assert Alert.objects.count() > 6
    many = [asked(browser, page) for page in pages]
    assert many[:-1] == few[:-1]
    # The most urgent alerts on the board may have no part whose name is asked for.
    assert few[-1] - 1 <= many[-1] <= few[-1]


def asked(browser: Client, page: str) -> int:
    with CaptureQueriesContext(connection) as made:
        assert browser.get(page).status_code == 200
    return len(made)


def test_the_api_tells_and_takes_the_same(alert: Alert, cast: Cast, client_for: Visit) -> None:
    employee, owner = client_for(cast.employee), client_for(cast.business_owner)
    listed = employee.get("/api/v1/metric-alerts/", {"list": "mine"}).json()["results"]
    assert str(alert.pk) in {one["id"] for one in listed}
    one = employee.get(f"/api/v1/metric-alerts/{alert.pk}/").json()
    assert (Decimal(one["high"]), one["state"], [step["kind"] for step in one["steps"]]) == (
        50,
        "open",
        ["opened"],
    )
    handed = employee.post(
        f"/api/v1/metric-alerts/{alert.pk}/hand-over/",
        {"to": str(cast.colleague.pk)},
        content_type="application/json",
    )
    assert handed.json()["owner"] == str(cast.colleague.pk)
    resolved = client_for(cast.colleague).post(
        f"/api/v1/metric-alerts/{alert.pk}/resolve/", {"resolution": "Done."}, content_type="application/json"
    )
    assert resolved.json()["state"] == "resolved"
    assert employee.get("/api/v1/metric-alerts/", {"metric": "nonsense"}).status_code == 400
    notes = f"/api/v1/metrics/{alert.metric_id}/notes/"
    said = {"month": "2026-04-01", "slice": BINJIANG, "text": "A fair."}
    assert employee.post(notes, said, content_type="application/json").status_code == 403
    written = owner.post(notes, said, content_type="application/json")
    assert written.status_code == 201
    assert [note["text"] for note in employee.get(notes).json()["results"]] == ["A fair."]
    withdrawn = owner.post(f"/api/v1/metric-notes/{written.json()['id']}/withdraw/")
    assert withdrawn.status_code == 204
    rules = owner.get(f"/api/v1/metrics/{alert.metric_id}/alert-rules/").json()["results"]
    assert [rule["owner"] for rule in rules] == [str(cast.employee.pk)]
    retired = owner.post(
        f"/api/v1/metric-alert-rules/{rules[0]['id']}/retire/",
        {"reason": "Enough."},
        content_type="application/json",
    )
    assert retired.status_code == 204
    assert not Alert.objects.filter(state="open").exists()
