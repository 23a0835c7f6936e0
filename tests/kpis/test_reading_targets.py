"""Targets from a dataset: each row of its own month, or none at all."""

import datetime
from typing import Any

import pytest

from performance.kpis import actions
from performance.kpis.models import Target
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.tables import AT, base, certify


def read(here: Cast, actor: Any, sales: Any, type_: str, months: list[str]) -> list[datetime.date]:
    """The months of the targets that rows of these months become."""
    version = certify(here, actor, "revenue", base(sales, "sum", "price"))
    budget = tables.make_dataset(
        "budget",
        {"month": type_, "amount": "decimal"},
        [(month, number) for number, month in enumerate(months, start=1)],
    )
    columns = actions.TargetColumns(month_column="month", value_column="amount", metric=version.metric)
    actions.import_targets(dataset=budget, columns=columns, by=actor(here.finance_owner), at=AT)
    return [target.period_start for target in Target.objects.order_by("value")]


def test_a_month_is_read_however_it_is_written(here: Cast, actor: Any, sales: Any) -> None:
    written = ["2026-01", "2026/2/1", "2026年3月", "202604", "20260501", "２０２６．６", " 2026-07-31 00:00 "]
    found = read(here, actor, sales, "text", written)
    assert found == [datetime.date(2026, month, 1) for month in range(1, 8)]


@pytest.mark.parametrize("given", ["5/1/2026", "202613", "2026-13", "Total", "合计", "0026-05", "2026"])
def test_a_text_that_is_no_month_is_refused_by_name_and_nothing_is_set(
    here: Cast, actor: Any, sales: Any, given: str
) -> None:
    with pytest.raises(actions.MetricRefused, match=f"“{given}” is not a month") as refused:
        read(here, actor, sales, "text", ["2026-01", given])
    assert (refused.value.code, refused.value.field) == ("month", "month_column")
    assert not Target.objects.exists()


def test_a_midnight_belongs_to_the_month_where_the_rows_are_at_home(
    here: Cast, actor: Any, sales: Any
) -> None:
    assert read(here, actor, sales, "timestamp", ["2026-04-30T16:00:00Z"]) == [datetime.date(2026, 5, 1)]


def test_a_target_beyond_all_business_is_refused(here: Cast, actor: Any, sales: Any) -> None:
    version = certify(here, actor, "revenue", base(sales, "sum", "price"))
    budget = tables.make_dataset(
        "budget", {"month": "text", "amount": "decimal"}, [("2026-01", "1" + "0" * 30)]
    )
    columns = actions.TargetColumns(month_column="month", value_column="amount", metric=version.metric)
    with pytest.raises(actions.MetricRefused, match="too large"):
        actions.import_targets(dataset=budget, columns=columns, by=actor(here.finance_owner), at=AT)
