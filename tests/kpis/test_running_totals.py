"""Running totals: from the start of the year and over the last months; what is missing; why they changed; their rows."""

import datetime
import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from performance.kpis import actions, documents, queries
from performance.kpis.models import Metric, MetricValue, MetricVersion
from performance.kpis.queries import changes, rows
from performance.people.models import Organisation, Period
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.tables import AT, JANUARY, base, certify, formula
from tests.kpis.test_draft_pages import typed

Visit = Callable[..., Client]
LATER = AT + datetime.timedelta(hours=1)
COLUMNS = {"line": "integer", "on_day": "date", "store": "text", "amount": "decimal"}
#: Nothing at all in August 2025; B begins in November and sells nothing in January.
SOLD = {
    ("2025-06", "A"): "10.01",
    ("2025-07", "A"): "20.02",
    ("2025-09", "A"): "5.05",
    ("2025-10", "A"): "7.10",
    ("2025-11", "A"): "1.00",
    ("2025-11", "B"): "100.00",
    ("2025-12", "A"): "2.00",
    ("2025-12", "B"): "50.50",
    ("2026-01", "A"): "3.00",
    ("2026-02", "A"): "4.00",
    ("2026-02", "B"): "0.25",
}


def month(text: str) -> datetime.date:
    return datetime.date.fromisoformat(f"{text}-01")


def running(text: str = "sold", **window: Any) -> actions.Definition:
    if "accumulation_months" in window:
        window["accumulation"] = "rolling"
    return formula(text, kind="cumulative", **({"accumulation": "year"} | window))


@pytest.fixture
@ready.made
def sold(here: Cast, actor: Any) -> Any:
    lines = [
        (number, f"{on}-15", store, amount) for number, ((on, store), amount) in enumerate(SOLD.items(), 1)
    ]
    dataset = tables.make_dataset("lines", COLUMNS, lines)
    certify(here, actor, "sold", base(dataset, "sum", "amount", dimensions={"store": "store"}))
    return dataset


@pytest.fixture
@ready.made
def totals(here: Cast, actor: Any, sold: Any) -> dict[str, MetricVersion]:
    """This year, the year from July, and the last three months."""
    certify(here, actor, "ytd", running())
    certify(here, actor, "fiscal", running(year_starts_in=7))
    certify(here, actor, "rolling", running(accumulation_months=3))
    actions.refresh_values(at=AT)
    return {version.metric.key: version for version in MetricVersion.objects.select_related("metric")}


def kept(key: str, grain: str = "month", store: str = "") -> dict[str, MetricValue]:
    found = queries.values(grain).filter(
        metric__key=key, slice_key=queries.slice_key({"store": store} if store else {})
    )
    return {f"{value.period_start:%Y-%m}": value for value in found}


def window(key: str, last: datetime.date) -> list[str]:
    """The months of a window, reckoned apart from the product."""
    size = {"rolling": 3, "ytd": last.month, "fiscal": (last.month - 7) % 12 + 1}[key]
    index = last.year * 12 + last.month - 1
    return [f"{at // 12}-{at % 12 + 1:02}" for at in range(index - size + 1, index + 1)]


@pytest.mark.parametrize("key", ["ytd", "fiscal", "rolling"])
def test_a_running_total_is_the_sum_of_its_months_and_names_those_that_are_missing(
    totals: dict[str, MetricVersion], key: str
) -> None:
    known = {on for on, _store in SOLD}
    every = [f"2025-{number:02}" for number in range(6, 13)] + ["2026-01", "2026-02"]
    for store in ("", "A", "B"):
        values = kept(key, store=store)
        for on in every:
            within = window(key, month(on))
            parts = [
                Decimal(amount)
                for (sold_in, seller), amount in SOLD.items()
                if sold_in in within and store in ("", seller)
            ]
            if not parts:
                assert on not in values, (store, on)
                continue
            value = values[on]
            assert value.value == sum(parts), (store, on)
            missing = [each for each in within if each not in known]
            assert value.inputs == {
                "months": len(within) - len(missing),
                "of": len(within),
                "missing": missing,
            }
            assert value.coverage_ppm == 1_000_000 * (len(within) - len(missing)) // len(within)


def test_parts_add_up_to_the_whole_and_months_do_not(totals: dict[str, MetricVersion]) -> None:
    assert {key: version.additivity for key, version in totals.items()} == {
        "sold": "additive",
        "ytd": "semi",
        "fiscal": "semi",
        "rolling": "semi",
    }
    whole, first, second = (kept("rolling", store=store) for store in ("", "A", "B"))
    for on, value in whole.items():
        assert value.value == sum(part[on].value or 0 for part in (first, second) if on in part)


def test_a_quarter_and_a_period_are_what_stood_at_their_last_month(here: Cast, actor: Any, sold: Any) -> None:
    Period.objects.create(
        name_en="Half", kind="custom", starts_on=month("2025-07"), ends_on=datetime.date(2025, 12, 31)
    )
    Period.objects.create(
        name_en="Crooked", kind="custom", starts_on=month("2025-08"), ends_on=datetime.date(2025, 12, 20)
    )
    certify(here, actor, "ytd", running())
    certify(here, actor, "rolling", running(accumulation_months=3))
    actions.refresh_values(at=AT)
    monthly = kept("rolling")
    quarters = kept("rolling", "quarter")
    assert quarters["2025-10"].value == monthly["2025-12"].value == Decimal("160.60")
    assert quarters["2025-07"].value == Decimal("25.07")
    assert quarters["2025-07"].inputs["missing"] == ["2025-08"]
    # The last quarter still runs: its third month is missing, and it says so.
    assert (quarters["2026-01"].value, quarters["2026-01"].inputs["missing"]) == (
        Decimal("7.25"),
        ["2026-03"],
    )
    assert quarters["2026-01"].coverage_ppm == 666_666
    (half,) = queries.values("period").filter(metric__key="ytd", slice_key="{}")
    assert (half.period_end, half.value) == (datetime.date(2025, 12, 31), Decimal("195.68"))


def test_a_year_starts_where_that_of_the_organisation_does_and_stays_as_it_was_signed(
    here: Cast, actor: Any, sold: Any
) -> None:
    Organisation.objects.filter(pk=here.organisation.pk).update(fiscal_start_month=7)
    here.organisation.refresh_from_db()
    version = certify(here, actor, "fiscal", running())
    assert (version.accumulation, version.year_starts_in, version.accumulation_months) == ("year", 7, None)
    Organisation.objects.filter(pk=here.organisation.pk).update(fiscal_start_month=1)
    actions.refresh_values(at=AT)
    assert kept("fiscal")["2026-02"].value == Decimal("192.92")


@pytest.mark.parametrize(
    ("policy", "value"), [("null", Decimal("25.07")), ("zero", Decimal("25.07")), ("block", None)]
)
def test_a_missing_month_is_left_out_or_blocks_the_value_as_was_chosen(
    here: Cast, actor: Any, sold: Any, policy: str, value: Decimal | None
) -> None:
    certify(here, actor, "rolling", running(accumulation_months=3, missing_policy=policy))
    actions.refresh_values(at=AT)
    found = kept("rolling")
    assert found["2025-09"].value == value
    assert found["2025-12"].value == Decimal("160.60")


def test_a_total_of_a_formula_and_a_ratio_of_totals_recompute(here: Cast, actor: Any, sold: Any) -> None:
    certify(here, actor, "twice", formula("sold * 2"))
    certify(here, actor, "both", running("twice", accumulation_months=2))
    certify(here, actor, "rolling", running(accumulation_months=2))
    share = certify(here, actor, "share", formula("both / rolling"))
    actions.refresh_values(at=AT)
    assert (share.kind, share.additivity) == ("ratio", "none")
    assert {value.value for value in kept("share").values()} == {Decimal(2)}
    quarter = kept("share", "quarter")["2025-10"]
    assert quarter.value == 2
    assert {key: Decimal(value) for key, value in quarter.inputs.items()} == {
        "both": Decimal("307.00"),
        "rolling": Decimal("153.50"),
    }


@pytest.mark.parametrize(
    ("definition", "code", "field"),
    [
        (running("sold * 2", accumulation_months=3), "one_metric", "formula"),
        (running("average", accumulation_months=3), "not_additive", "formula"),
        (running("ytd", accumulation_months=3), "not_additive", "formula"),
        (running(accumulation_months=1), "definition", "accumulation_months"),
        (running(accumulation_months=61), "definition", "accumulation_months"),
        (running(accumulation="decade"), "definition", "accumulation"),
        (running(year_starts_in=13), "definition", "year_starts_in"),
        (running(unit="percent"), "unit_mismatch", "unit"),
        (running("nothing"), "unknown_name", "formula"),
    ],
)
def test_what_has_no_running_total_is_refused_with_the_reason(
    here: Cast, actor: Any, sold: Any, definition: actions.Definition, code: str, field: str
) -> None:
    certify(here, actor, "average", base(sold, "avg", "amount", dimensions={"store": "store"}))
    certify(here, actor, "ytd", running())
    with pytest.raises((actions.DefinitionRefused, actions.FormulaRefused)) as refused:
        certify(here, actor, "wrong", definition)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_only_a_running_total_says_what_it_runs_over_in_the_database_too(
    totals: dict[str, MetricVersion], here: Cast, actor: Any
) -> None:
    for key, wrong in (
        ("ytd", {"accumulation": ""}),
        ("sold", {"accumulation": "year", "year_starts_in": 1}),
    ):
        copy = MetricVersion.objects.get(pk=totals[key].pk)
        copy.pk, copy.number, copy.state = None, 9, "declined"
        for name, value in wrong.items():
            setattr(copy, name, value)
        with pytest.raises(IntegrityError, match="metric_version_runs_over"), transaction.atomic():
            copy.save(force_insert=True)


@pytest.mark.parametrize("key", ["ytd", "rolling"])
def test_a_change_is_made_up_of_the_months_that_came_in_and_dropped_out(
    totals: dict[str, MetricVersion], key: str
) -> None:
    metric = totals[key].metric
    for since, until in (("2025-12", "2026-01"), ("2025-11", "2026-02"), ("2026-01", "2026-02")):
        told = changes.explained(metric, since=month(since), until=month(until), within={})
        first, last = window(key, month(since)), window(key, month(until))
        moved = {f"{each.month:%Y-%m}": each.brought for each in told.drivers if each.month is not None}
        sums = {on: sum(Decimal(a) for (at, _s), a in SOLD.items() if at == on) for on in {*first, *last}}
        assert moved == {
            on: sums[on] * (1 if on in last else -1) for on in set(first) ^ set(last) if sums[on]
        }
        assert sum(moved.values()) == told.change
        assert not told.kept_apart
        assert sum(part.brought for part in told.parts) == told.change


def test_the_change_of_a_ratio_of_totals_is_told_by_the_totals(here: Cast, actor: Any, sold: Any) -> None:
    certify(here, actor, "rolling", running(accumulation_months=3))
    certify(here, actor, "per_month", formula("rolling / 3"))
    actions.refresh_values(at=AT)
    metric = Metric.objects.get(key="per_month")
    told = changes.explained(metric, since=month("2025-12"), until=month("2026-01"), within={})
    assert [each.metric.key for each in told.drivers] == ["rolling"]
    assert sum(each.brought for each in told.drivers) == told.change


def test_the_rows_behind_a_total_are_those_of_its_whole_window(
    totals: dict[str, MetricVersion], here: Cast, client_for: Visit
) -> None:
    metric = totals["rolling"].metric
    assert rows.first_days(metric, month("2025-12"), datetime.date(2025, 12, 31)) == {
        totals["sold"].metric_id: month("2025-10")
    }
    browser = client_for(here.business_owner)
    page = browser.get(reverse("kpis:rows", args=[metric.pk]), {"month": "2025-12"})
    assert page.context["trace"].aggregated == kept("rolling")["2025-12"].value
    answer = browser.get(
        f"/api/v1/metrics/{metric.pk}/rows/", {"since": "2025-12-01", "until": "2025-12-31", "store": "B"}
    ).json()
    assert (answer["since"], Decimal(answer["aggregated"])) == ("2025-10-01", Decimal("150.50"))


def test_a_closed_month_keeps_the_total_that_it_was_closed_with(
    totals: dict[str, MetricVersion], here: Cast, actor: Any, sold: Any
) -> None:
    closed = month("2025-12")
    actions.close_month(month=closed, by=actor(here.finance_owner), at=AT)
    actions.refresh_values(at=AT)
    tables.add_rows(sold, COLUMNS, [(90, "2025-11-20", "A", "9.00")])
    actions.refresh_values(at=LATER)
    found = kept("rolling")
    assert (found["2025-12"].value, found["2025-12"].state) == (Decimal("160.60"), "closed")
    assert found["2025-11"].value == Decimal("122.15")
    assert found["2026-01"].value == Decimal("165.50")


def test_a_preview_gives_what_will_be_kept(totals: dict[str, MetricVersion], here: Cast) -> None:
    for key in ("ytd", "fiscal", "rolling"):
        version = totals[key]
        for part in ({}, {"store": "B"}):
            previewed = {
                row.month: (row.value, row.coverage_ppm) for row in queries.preview(version, within=part)
            }
            stored = {
                value.period_start: (value.value, value.coverage_ppm)
                for value in kept(key, store=part.get("store", "")).values()
            }
            assert previewed == {on: stored[on] for on in previewed}
            assert len(previewed) == min(len(stored), 6) > 2, (key, part)


def test_it_is_written_in_the_form_and_read_on_the_pages(
    here: Cast, actor: Any, sold: Any, client_for: Visit
) -> None:
    browser = client_for(here.business_owner)
    page = browser.get(reverse("kpis:fields"), {"kind": "cumulative"})
    assert [term["text"] for term in page.context["terms"]] == ["sold"]
    assert page["HX-Trigger-After-Settle"] == "fields:changed"
    given = {
        **{name: value for name, value in typed(sold).items() if name not in ("dataset", "time_column")},
        "key": "last_three",
        "name_en": "Sold, three months",
        "business_owner": str(here.business_owner.pk),
        "finance_owner": str(here.finance_owner.pk),
        "kind": "cumulative",
        "formula": "Sold",
        "accumulation": "rolling",
        "accumulation_months": "3",
        "year_starts_in": "4",
        "unit": "",
        "dimensions": [],
    }
    checked = browser.post(reverse("kpis:check"), given)
    assert checked.context["checked"].kind == "cumulative"
    assert browser.post(reverse("kpis:draft"), given).status_code == 302
    version = MetricVersion.objects.get(metric__key="last_three")
    assert (version.kind, version.formula, version.accumulation_months) == ("cumulative", "sold", 3)
    assert (version.year_starts_in, version.unit, version.dimensions) == (None, "money:CNY", {"store": ""})
    tables.sign(version, actor(here.business_owner), actor(here.finance_owner))
    actions.refresh_values(at=AT)
    page = browser.get(reverse("kpis:metric", args=[version.metric_id])).content.decode()
    assert "over the last 3 months" in page
    page = browser.get(
        reverse("kpis:values", args=[version.metric_id]), {"month": "2025-09"}
    ).content.decode()
    assert "2 of 3 months" in page
    assert "Aug 2025" in page
    revise = reverse("kpis:revise", args=[version.metric_id])
    form = browser.get(revise).context["form"]
    assert (form["kind"].value(), form["accumulation_months"].value()) == ("cumulative", 3)
    browser.cookies["accord_language"] = "zh-hans"
    assert browser.get(reverse("kpis:metric", args=[version.metric_id])).status_code == 200
    change = browser.get(reverse("kpis:change", args=[version.metric_id]), {"month": "2026-02"})
    assert change.status_code == 200


def test_it_goes_through_the_api_and_a_document_as_it_was(
    totals: dict[str, MetricVersion], here: Cast, client_for: Visit
) -> None:
    browser = client_for(here.business_owner)
    given = {
        "kind": "cumulative",
        "formula": "sold",
        "accumulation": "rolling",
        "accumulation_months": 6,
        "effective_from": "2026-01-01",
    }
    address = f"/api/v1/metrics/{totals['rolling'].metric_id}/"
    answer = browser.post(address, json.dumps(given), content_type="application/json")
    assert answer.status_code == 201
    assert answer.json()["accumulation_months"] == 6
    document = documents.written([totals["rolling"], totals["fiscal"]])
    first, second = documents.read(document)
    assert (first.kind, first.text("accumulation_months")) == ("cumulative", "3")
    told = second.definition(dataset=None, day=JANUARY)
    assert (told.kind, told.accumulation, told.year_starts_in) == ("cumulative", "year", 7)
    with pytest.raises(documents.DocumentRefused, match="whole number"):
        documents.read(document.replace("accumulation_months: 3", "accumulation_months: many"))
    unsaid = re.sub(r" +accumulation: rolling\n +accumulation_months: 3\n", "", document)
    assert unsaid != document
    with pytest.raises(documents.DocumentRefused, match="says what it runs over"):
        documents.read(unsaid)


def test_one_statement_a_grain_however_many_parts(totals: dict[str, MetricVersion], sold: Any) -> None:
    def counted() -> int:
        with CaptureQueriesContext(connection) as asked:
            actions.refresh_values(at=LATER)
        return len(asked)

    tables.add_rows(sold, COLUMNS, [(100, "2025-10-03", "A", "1.00")])
    before = counted()
    many = [(200 + number, "2025-10-03", f"S{number}", "1.00") for number in range(30)]
    tables.add_rows(sold, COLUMNS, many)
    counted()
    tables.add_rows(
        sold, COLUMNS, [(number + 100, day, store, amount) for number, day, store, amount in many]
    )
    assert counted() == before
