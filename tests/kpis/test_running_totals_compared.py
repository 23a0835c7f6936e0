"""Running totals beside something else: like for like, in a what-if, on the way to a target."""

import datetime
from decimal import Decimal

from performance.kpis import forms
from performance.kpis.models import MetricVersion
from performance.kpis.queries import comparing, likeness, whatif
from tests.kpis.test_running_totals import month, sold, totals

__all__ = ["sold", "totals"]


def test_like_for_like_adds_the_windows_of_the_parts_that_stay(totals: dict[str, MetricVersion]) -> None:
    told = likeness.like_for_like(
        totals["ytd"].metric, since=month("2026-01"), until=month("2026-02"), within={}, cut="store"
    )
    assert [one.label for one in told.left_out] == ["B"]
    assert (told.alike.before, told.alike.after) == (Decimal("3.00"), Decimal("7.00"))


def test_a_running_total_is_moved_itself_in_a_what_if(totals: dict[str, MetricVersion]) -> None:
    ground = whatif.ground_of(
        totals["ytd"].metric, since=month("2026-02"), until=datetime.date(2026, 2, 28), within={}
    )
    told = whatif.what_if(ground, whatif.Moves({"ytd": (whatif.PERCENT, Decimal(100))}))
    assert (told.result.before, told.result.after) == (Decimal("7.25"), Decimal("14.50"))
    assert [line.metric.key for line in forms.WhatIfForm(told=told).lines] == ["ytd"]


def test_a_running_total_has_no_path_while_its_month_runs(totals: dict[str, MetricVersion]) -> None:
    first, middle, last = month("2026-02"), datetime.date(2026, 2, 12), datetime.date(2026, 2, 28)
    version = totals["ytd"]
    assert comparing.path_today(Decimal(9), version, first, middle) is None
    assert comparing.path_today(Decimal(9), version, first, last) == 9
    assert comparing.is_part_of_month(version, first, middle)
