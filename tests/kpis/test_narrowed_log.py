"""The log quotes figures of parts: to those who see these parts, and to nobody else."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.foundation import audit
from performance.foundation.models import AuditRow
from performance.kpis import actions, semantics
from performance.kpis.models import Metric, MetricVersion, Scenario, ScenarioState
from performance.people import queries as people
from performance.sources import queries as sources
from performance.sources.models import Dataset
from tests.conftest import Cast
from tests.kpis.tables import AT, FEBRUARY
from tests.kpis.test_narrowed_values import revenue, sold, stores  # noqa: F401

Visit = Callable[..., Client]
MINE, THEIRS, WHOLE, REASON = "51.51", "62.62", "73.73", "Nanshan is behind by 84.84"


@pytest.fixture
def log(here: Cast, stores: Any, revenue: Metric, actor: Any) -> Metric:  # noqa: F811
    """The administrator works at Binjiang; targets were set for it, for another store, and for the whole."""
    here.administrator.unit = stores["Binjiang"]
    here.administrator.save(update_fields=["unit"])
    rows = [
        (FEBRUARY, {"store": "Binjiang"}, Decimal(MINE)),
        (FEBRUARY, {"store": "Nanshan"}, Decimal(THEIRS)),
        (FEBRUARY, {}, Decimal(WHOLE)),
    ]
    actions.set_targets(
        metric=revenue, kind="target", rows=rows, by=actor(here.finance_owner), at=AT, why=REASON
    )
    return revenue


def leave_one_closed() -> None:
    """In February Futian sold nothing."""
    dataset = Dataset.objects.get(key="sales")
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {sources.row_relation(dataset)} WHERE store = 'Futian' AND on_day >= '2026-02-01'"
        )
    actions.refresh_values(at=AT + datetime.timedelta(days=1))


def read(browser: Client) -> str:
    """The page and the API at once."""
    page = browser.get(reverse("people:audit_log")).content.decode()
    answer = browser.get(reverse("api_audit_log"))
    assert answer.status_code == 200
    return page + answer.content.decode()


def test_targets_of_closed_parts_are_read_by_those_who_see_them(
    here: Cast, client_for: Visit, log: Metric
) -> None:
    told = read(client_for(here.administrator))
    assert MINE in told
    assert WHOLE in told, "the whole is open: two stores are closed"
    assert THEIRS not in told
    assert REASON not in told, "the reason speaks of what is closed"
    assert "Nanshan" not in told
    here.finance_owner.grants.create(role="administrator")
    all_of_it = read(client_for(here.finance_owner))
    assert THEIRS in all_of_it
    assert REASON in all_of_it


def test_a_whole_that_would_tell_the_one_closed_part_is_closed_in_the_log_too(
    here: Cast, client_for: Visit, log: Metric
) -> None:
    """Without Futian the whole less Binjiang is Nanshan."""
    leave_one_closed()
    told = read(client_for(here.administrator))
    assert MINE in told
    assert WHOLE not in told


def test_figures_of_a_tie_out_are_closed_with_their_month(here: Cast, actor: Any, log: Metric) -> None:
    version = MetricVersion.objects.get(metric=log)
    figures = {"2026-02": ["91.91", "91.92"]}
    for action, subject in (("kpis.certify_version", version), ("kpis.explain_tie_out", log)):
        audit.record(
            by=None, action=action, subject=subject, at=AT, why="91.91 it is", changes={"tie_out": figures}
        )
    rows = AuditRow.objects.filter(why="91.91 it is")
    reader = actor(here.administrator)
    assert [row.changes["tie_out"] for row in people.log_shown(reader, rows)] == [figures, figures]
    leave_one_closed()
    shown = people.log_shown(actor(here.administrator), rows)
    assert [(row.changes, row.why) for row in shown] == [({}, ""), ({}, "")]
    assert all(row.changes for row in rows), "what is kept stays as it is"


def test_a_scenario_and_a_threshold_keep_their_figures_to_those_who_see_the_part(
    here: Cast, actor: Any, log: Metric
) -> None:
    shut, wide = (
        Scenario.objects.create(
            metric=log, name=name, slice=slice, slice_key=semantics.slice_key(slice),
            since=FEBRUARY, until=FEBRUARY, reason="x", moves={}, base={}, versions={},
            results=[{"key": "revenue", "before": "1", "after": "2"}], state=ScenarioState.SHARED,
            created_by=here.finance_owner, created_at=AT, reckoned_at=AT,
        )
        for name, slice in (("shut", {"store": "Nanshan"}), ("wide", {"store": "Binjiang"}))
    )  # fmt: skip
    for scenario in (shut, wide):
        audit.record(
            by=None, action="kpis.reckon_scenario", subject=scenario, at=AT, changes={"value": ["7.7", "8.8"]}
        )
    changes = {"kind": "threshold", "value": [None, "9.9"]}
    audit.record(by=None, action="kpis.set_alert_rule", subject=log, at=AT, changes=changes)
    rows = AuditRow.objects.filter(action__in=["kpis.reckon_scenario", "kpis.set_alert_rule"]).order_by("id")
    for person, told in (
        (here.administrator, [{}, {"value": ["7.7", "8.8"]}, {"kind": "threshold"}]),
        (here.finance_owner, [{"value": ["7.7", "8.8"]}, {"value": ["7.7", "8.8"]}, changes]),
    ):
        assert [row.changes for row in people.log_shown(actor(person), rows)] == told


def test_the_reason_for_ending_a_scenario_or_a_threshold_of_a_closed_part_is_closed_with_its_figures(
    here: Cast, actor: Any, log: Metric
) -> None:
    shut = Scenario.objects.create(
        metric=log, name="shut", slice={"store": "Nanshan"}, slice_key=semantics.slice_key({"store": "Nanshan"}),
        since=FEBRUARY, until=FEBRUARY, reason="x", moves={}, base={}, versions={}, results=[],
        state=ScenarioState.SHARED, created_by=here.finance_owner, created_at=AT, reckoned_at=AT,
    )  # fmt: skip
    for action, subject in (
        ("kpis.decline_scenario", shut),
        ("kpis.withdraw_scenario", shut),
        ("kpis.retire_alert_rule", log),
    ):
        audit.record(
            by=None, action=action, subject=subject, at=AT, why=REASON, changes={"state": ["a", "b"]}
        )
    rows = AuditRow.objects.filter(why=REASON).exclude(action="kpis.set_targets")
    assert len(rows) == 3
    assert {row.why for row in people.log_shown(actor(here.administrator), rows)} == {""}
    here.finance_owner.grants.create(role="administrator")
    assert {row.why for row in people.log_shown(actor(here.finance_owner), rows)} == {REASON}


def test_a_longer_page_asks_no_more_questions(here: Cast, actor: Any, log: Metric) -> None:
    def asked(number: int) -> int:
        rows = list(AuditRow.objects.order_by("-at", "-id")[:number])
        with CaptureQueriesContext(connection) as queries:
            people.log_shown(actor(here.administrator), rows)
        return len(queries)

    for month in range(3, 12):
        rows = [(datetime.date(2026, month, 1), {"store": "Nanshan"}, Decimal(1))]
        actions.set_targets(metric=log, kind="target", rows=rows, by=actor(here.finance_owner), at=AT)
    assert asked(10) == asked(2)
