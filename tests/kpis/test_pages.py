"""The pages of metrics, as each of the cast sees them."""

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

from performance.foundation import audit, stale, tenancy
from performance.inbox import queries as inbox
from performance.kpis import actions, queries, tasks
from performance.kpis.models import Metric, MetricVersion, MonthClose, Target
from performance.people.models import BusinessUnit
from tests.conftest import ORGANISATIONS_CLOCK, Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import AT, JANUARY, base, certify, formula
from tests.kpis.test_draft_pages import typed

Visit = Callable[..., Client]


def pages_of(metric: Metric) -> list[str]:
    own = [reverse(f"kpis:{name}", args=[metric.pk]) for name in ("metric", "values", "targets")]
    return [reverse("kpis:board"), reverse("kpis:library"), *own]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_everybody_here_reads_boards_and_definitions_and_nobody_elsewhere_does(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit, language: str
) -> None:
    for person in cast.members():
        browser = client_for(person)
        browser.cookies["django_language"] = language
        for page in pages_of(metrics["profit"]):
            assert browser.get(page).status_code == 200, (person, page)
    stranger = client_for(cast.stranger)
    assert stranger.get(reverse("kpis:board")).status_code == 200
    assert "Profit" not in stranger.get(reverse("kpis:board")).content.decode()
    assert stranger.get(reverse("kpis:metric", args=[metrics["profit"].pk])).status_code == 404


def test_who_works_with_data_finds_the_sources_on_the_board(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit
) -> None:
    for person, finds in ((cast.administrator, True), (cast.finance_owner, True), (cast.employee, False)):
        page = client_for(person).get(reverse("kpis:board")).content.decode()
        assert (f'href="{reverse("sources:list")}"' in page) is finds, person


def test_the_board_shows_value_coverage_and_ranking(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit
) -> None:
    page = client_for(cast.employee).get(
        reverse("kpis:board"), {"month": "2026-01", "metric": str(metrics["profit"].pk), "by": "store"}
    )
    text = page.content.decode()
    board = page.context["board"]
    assert board.chosen.value == Decimal("23.05")
    assert "75% covered" in text
    assert [(one.label, one.value) for one in board.ranked] == [("Binjiang", 18), ("Nanshan", None)]


def test_what_a_formula_was_computed_from_is_named_with_its_unit(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit
) -> None:
    browser = client_for(cast.employee)
    browser.cookies["accord_language"] = "zh-hans"
    address = reverse("kpis:values", args=[metrics["profit"].pk])
    text = browser.get(address, {"month": "2026-01"}).content.decode()
    assert '营业收入 <span class="num">35.05 元</span>' in text
    assert "revenue" not in text.split('id="card-values"')[1].split('id="card-known"')[0]


def test_the_library_finds_a_metric_by_its_key_and_by_its_meaning(
    metrics: dict[str, Metric], cast: Cast, actor: Any, client_for: Visit
) -> None:
    with tenancy.acting_for(cast.organisation):
        draft = actions.revise_metric(
            metric=metrics["profit"],
            definition=formula("revenue - cost", description_en="What the tills leave."),
            by=actor(cast.business_owner),
            at=AT,
        )
    browser = client_for(cast.business_owner)
    for words, found in (
        ("PROFIT", ["profit"]),
        ("the tills", ["profit"]),
        ("营业", ["revenue"]),
        ("no such", []),
    ):
        page = browser.get(reverse("kpis:library"), {"q": words})
        assert [row.metric.key for row in page.context["rows"]] == found, words
    # A draft's words are for those who work on it.
    assert draft.is_open
    assert client_for(cast.employee).get(reverse("kpis:library"), {"q": "the tills"}).context["rows"] == []


def test_what_waits_for_my_signature_is_listed_once_on_the_board(
    metrics: dict[str, Metric], cast: Cast, actor: Any, client_for: Visit
) -> None:
    business = actor(cast.business_owner)
    with tenancy.acting_for(cast.organisation):
        version = actions.revise_metric(
            metric=metrics["profit"],
            definition=formula("revenue - 2 * cost", change_note="Paid twice."),
            by=business,
            at=AT,
        )
        actions.submit_for_review(version=version, by=business, at=AT)
    finance = client_for(cast.finance_owner).get(reverse("kpis:board")).context
    hr = client_for(cast.auditor).get(reverse("kpis:board")).context
    assert [item.subject_id for item in finance["my_signatures"]] == [version.pk]
    assert finance["open_versions"] == []
    assert [one.pk for one in hr["open_versions"]] == [version.pk]


def test_the_board_follows_its_filters(metrics: dict[str, Metric], cast: Cast, client_for: Visit) -> None:
    page = client_for(cast.employee).get(
        reverse("kpis:board"), {"month": "2026-01", "city": "Hangzhou", "metric": str(metrics["revenue"].pk)}
    )
    board = page.context["board"]
    assert board.within == {"city": "Hangzhou"}
    assert board.chosen.value == 30
    assert [one.label for one in board.ranked] == ["Binjiang"]


def test_source_rows_open_for_owners_and_for_people_of_the_unit(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit
) -> None:
    address = reverse("kpis:rows", args=[metrics["profit"].pk])
    own = {"month": "2026-01", "store": "Binjiang", "input": "revenue"}
    with tenancy.acting_for(cast.organisation):
        cast.employee.unit = BusinessUnit.objects.create(code="B", name_en="B", slice={"store": "Binjiang"})
        cast.employee.save()
    for person, allowed in (
        (cast.business_owner, True),
        (cast.auditor, True),
        (cast.employee, True),
        (cast.colleague, False),
    ):
        assert client_for(person).get(address, own).status_code == (200 if allowed else 403), person
    assert client_for(cast.employee).get(address, {"month": "2026-01"}).status_code == 403
    page = client_for(cast.employee).get(address, own)
    assert page.context["trace"].total == 2
    assert page.context["trace"].aggregated == 30
    assert [row[0] for row in page.context["trace"].rows] == [2, 1]


def test_two_people_sign_and_the_second_signature_certifies(
    here: Cast, actor: Any, sales: Any, client_for: Visit, now: datetime.datetime
) -> None:
    version = actions.draft_metric(
        key="revenue",
        name_en="Revenue",
        name_zh="",
        business_owner=here.business_owner,
        finance_owner=here.finance_owner,
        definition=base(sales, "sum", "quantity * price"),
        by=actor(here.finance_owner),
        at=now,
    )
    business, finance = client_for(here.business_owner), client_for(here.finance_owner)
    sign = reverse("kpis:sign", args=[version.pk])
    assert finance.post(sign).status_code == 403
    assert finance.post(reverse("kpis:submit", args=[version.pk])).status_code == 302
    waiting = inbox.open_items(here.business_owner.pk).get(kind="metrics.signature")
    assert business.get(waiting.url).status_code == 200
    for person in here.members():
        if person not in (here.business_owner, here.finance_owner):
            assert client_for(person).post(sign).status_code in (403, 404), person
    assert finance.post(sign, {"note": "Ties."}).status_code == 302
    assert MetricVersion.objects.get().state == "review"
    assert finance.post(sign).status_code == 302
    assert version.signatures.count() == 1
    answer = business.post(sign, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert MetricVersion.objects.get().state == "certified"
    assert not inbox.open_items(here.business_owner.pk).exists()
    assert stale.waiting("metric_definitions") == 1


def test_a_version_sent_back_waits_for_nobody_and_can_be_revised(
    here: Cast, actor: Any, sales: Any, client_for: Visit, now: datetime.datetime
) -> None:
    version = actions.draft_metric(
        key="revenue",
        name_en="Revenue",
        name_zh="",
        business_owner=here.business_owner,
        finance_owner=here.finance_owner,
        definition=base(sales, "sum", "price"),
        by=actor(here.business_owner),
        at=now,
    )
    actions.submit_for_review(version=version, by=actor(here.business_owner), at=now)
    finance = client_for(here.finance_owner)
    silent = finance.post(reverse("kpis:decline", args=[version.pk]), {"reason": " "})
    assert silent.status_code == 422
    assert "Say what should change." in silent.content.decode().split('id="card-sign"')[1]
    finance.post(reverse("kpis:decline", args=[version.pk]), {"reason": "Times quantity, please."})
    version.refresh_from_db()
    assert (version.state, version.decline_reason) == ("declined", "Times quantity, please.")
    assert not inbox.open_items(here.business_owner.pk).exists()
    business = client_for(here.business_owner)
    revise = reverse("kpis:revise", args=[version.metric_id])
    assert business.get(revise).status_code == 200
    answer = business.post(revise, typed(sales, expression="quantity * price"))
    assert answer.status_code == 302, answer.context["form"].errors
    assert MetricVersion.objects.get(number=2).expression == "quantity * price"


def test_targets_are_set_by_owners_and_stand_on_the_board(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit
) -> None:
    address = reverse("kpis:set_target", args=[metrics["revenue"].pk])
    given = {"kind": "target", "month": "2026-01", "slice": "{}", "value": "40"}
    assert client_for(cast.employee).post(address, given).status_code == 403
    assert client_for(cast.finance_owner).post(address, given | {"value": "x"}).status_code == 422
    assert client_for(cast.finance_owner).post(address, given).status_code == 302
    assert Target.objects.get().value == 40
    page = client_for(cast.employee).get(reverse("kpis:board"), {"month": "2026-01"})
    revenue = next(one for one in page.context["board"].indicators if one.metric.key == "revenue")
    assert (revenue.target, revenue.status) == (40, "off_track")


def test_the_target_of_the_whole_stands_before_those_of_its_parts(
    metrics: dict[str, Metric], here: Cast, actor: Any, client_for: Visit
) -> None:
    rows = [(JANUARY, part, Decimal(9)) for part in ({"store": "Binjiang"}, {}, {"city": "Hangzhou"})]
    actions.set_targets(
        metric=metrics["revenue"], kind="target", rows=rows, by=actor(here.finance_owner), at=AT
    )
    page = client_for(here.employee).get(reverse("kpis:targets", args=[metrics["revenue"].pk]))
    assert [row.label for row in page.context["rows"]] == ["All", "Hangzhou", "Binjiang"]


def test_a_budget_dataset_becomes_targets_once(
    here: Cast, actor: Any, metrics: dict[str, Metric], client_for: Visit
) -> None:
    budget = tables.make_dataset(
        "budget",
        {"metric": "text", "month": "text", "store": "text", "amount": "decimal"},
        [
            ("revenue", "2026-01", "Binjiang", "31.5"),
            ("revenue", "2026-01", "", "40"),
            ("cost", "2026-02-01", "", "5"),
        ],
    )
    browser = client_for(here.finance_owner)
    address = f"{reverse('kpis:import_targets')}?dataset={budget.pk}"
    assert browser.get(address).status_code == 200
    given = {
        "dataset": str(budget.pk),
        "kind": "budget",
        "metric_column": "metric",
        "month_column": "month",
        "value_column": "amount",
        "dimension_store": "store",
    }
    assert browser.post(address, given).status_code == 302
    assert browser.post(address, given).status_code == 302
    kept = {(one.metric.key, one.slice_key): one.value for one in Target.objects.select_related("metric")}
    assert kept == {
        ("revenue", '{"store": "Binjiang"}'): Decimal("31.5"),
        ("revenue", "{}"): 40,
        ("cost", "{}"): 5,
    }
    said = {row.subject_id: row.changes for row in audit.rows().filter(action="kpis.set_targets")}
    assert said == {
        metrics["revenue"].pk: {
            '2026-01 {"store": "Binjiang"}': [None, "31.5"],
            "2026-01 {}": [None, "40"],
        },
        metrics["cost"].pk: {"2026-02 {}": [None, "5"]},
    }
    tables.add_rows(
        budget,
        {"metric": "text", "month": "text", "store": "text", "amount": "decimal"},
        [("rent", "2026-01", "", "1")],
    )
    assert "rent" in browser.post(address, given).content.decode()


def test_finance_closes_a_month_and_nobody_else(
    metrics: dict[str, Metric], cast: Cast, client_for: Visit
) -> None:
    address = reverse("kpis:close_month")
    for person in (cast.business_owner, cast.employee, cast.auditor, cast.administrator):
        assert client_for(person).post(address, {"month": "2026-01"}).status_code == 403
    running = f"{timezone.now().astimezone(ORGANISATIONS_CLOCK):%Y-%m}"
    finance = client_for(cast.finance_owner)
    finance.post(address, {"month": running})
    assert not MonthClose.objects.exists()
    finance.post(address, {"month": "2026-01"})
    assert MonthClose.objects.get().month == JANUARY
    tasks.refresh_stale_values.apply()
    found = queries.value_at("profit", {"store": "Binjiang"}, JANUARY)
    assert found is not None
    assert found.state == "closed"


def test_a_metric_in_use_is_not_retired(metrics: dict[str, Metric], cast: Cast, client_for: Visit) -> None:
    owner = client_for(cast.business_owner)
    kept = owner.post(reverse("kpis:retire", args=[metrics["cost"].pk]), {"reason": "Old."})
    assert kept.status_code in (409, 422)
    said = kept.content.decode().split('id="card-versions"')[1]
    assert "Still used by: Profit." in said
    assert 'value="Old."' in said, "what was typed stays"
    owner.post(reverse("kpis:retire", args=[metrics["profit"].pk]), {"reason": "Old."})
    retired = dict(Metric.objects.values_list("key", "retired_at"))
    assert retired["cost"] is None
    assert retired["profit"] is not None


@pytest.mark.parametrize("name", ["board", "library", "metric", "values", "targets"])
def test_the_number_of_queries_does_not_grow_with_what_is_shown(
    here: Cast, actor: Any, metrics: dict[str, Metric], sales: Any, client_for: Visit, name: str
) -> None:
    browser = client_for(here.finance_owner)
    arguments = [] if name in ("board", "library") else [metrics["profit"].pk]
    address = reverse(f"kpis:{name}", args=arguments)

    def count() -> int:
        browser.get(address)
        with CaptureQueriesContext(connection) as found:
            assert browser.get(address).status_code == 200
        return len(found)

    first = (JANUARY, {"store": "Binjiang"}, Decimal(20))
    by = actor(here.finance_owner)
    actions.set_targets(metric=metrics["profit"], kind="target", rows=[first], by=by, at=AT)
    small = count()
    rows = [(100 + n, f"2026-0{1 + n % 5}-03", f"City {n % 4}", f"Store {n}", n, 1, "5") for n in range(40)]
    tables.add_rows(sales, SALES, rows)
    for number in range(4):
        certify(here, actor, f"more_{number}", formula(f"revenue * {number + 2}"))
    actions.refresh_values(at=AT + datetime.timedelta(hours=1))
    actions.set_targets(
        metric=metrics["profit"],
        kind="target",
        rows=[(JANUARY, {"store": f"Store {n}"}, Decimal(n)) for n in range(20)],
        by=by,
        at=AT,
    )
    assert count() == small
