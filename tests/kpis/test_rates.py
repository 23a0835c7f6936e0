"""Rates of exchange: read from what people have, compared, kept as versions that never change."""

import datetime
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from performance.foundation import duties, evidence, stale, tenancy
from performance.foundation.models import AuditRow
from performance.kpis import actions, queries, tasks
from performance.kpis import evidence as kpi_evidence
from performance.kpis.models import Rate, RateProposal, RateVersion
from performance.kpis.queries import rates
from performance.people.models import Period
from tests import ready
from tests.conftest import Cast
from tests.kpis.tables import AT, JANUARY, add_rows, base, certify, formula, make_dataset, make_rates
from tests.races import second_waits_for_first

Visit = Callable[..., Client]
FX = {"on_day": "date", "source": "text", "target": "text", "price": "decimal"}


def proposed(
    here: Cast, actor: Any, text: str, kind: str = "daily", *, is_inverse: bool = False, carried_days: int = 0
) -> RateProposal:
    return actions.propose_rates(
        kind=kind,
        given=actions.given_in_text(text),
        is_inverse=is_inverse,
        carried_days=carried_days,
        by=actor(here.finance_owner),
        at=AT,
    )


def kept(here: Cast, actor: Any, text: str, kind: str = "daily", *, is_inverse: bool = False) -> RateVersion:
    proposal = proposed(here, actor, text, kind, is_inverse=is_inverse)
    return applied(here, actor, proposal)


def applied(here: Cast, actor: Any, proposal: RateProposal) -> RateVersion:
    against = rates.rate_diff(proposal).against
    return actions.apply_rates(proposal=proposal, against=against, by=actor(here.finance_owner), at=AT)


def known(kind: str = "daily", number: int = 99) -> dict[tuple[str, str], Decimal]:
    found = rates.marked_rates(kind, "CNY", number)
    return {(source, day.isoformat()): rate for (source, day), (rate, _is_carried) in found.items()}


def test_a_new_version_leaves_the_ones_before_it_as_they_were(here: Cast, actor: Any) -> None:
    kept(here, actor, "2026-01-05 EUR 8.1\n2026-01-06 EUR 8.2\n2026-01-05 USD 7")
    second = kept(here, actor, "2026-01-05 EUR 8.1\n2026-01-06 EUR 8.25\n2026-01-07 EUR 8.3")
    assert (second.number, second.rate_count, second.changes) == (2, 2, 1)
    assert known(number=1)["EUR", "2026-01-06"] == Decimal("8.2")
    assert known() == {
        ("EUR", "2026-01-05"): Decimal("8.1"),
        ("EUR", "2026-01-06"): Decimal("8.25"),
        ("EUR", "2026-01-07"): Decimal("8.3"),
        ("USD", "2026-01-05"): 7,
    }
    for table in ("kpis_rate", "kpis_rateversion"):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            Rate.objects.raw(f"DELETE FROM {table} RETURNING id")[0]


def test_a_rate_given_the_other_way_is_turned_over_once(here: Cast, actor: Any) -> None:
    version = kept(here, actor, "2026-01-05 USD 0.125\n2026-01-05 EUR 0.13", is_inverse=True)
    assert version.is_inverse
    assert known() == {
        ("USD", "2026-01-05"): 8,
        ("EUR", "2026-01-05"): Decimal("7.69230769230769230769"),
    }


def test_months_are_read_however_they_are_written(here: Cast, actor: Any) -> None:
    kept(
        here,
        actor,
        "2026-01 EUR 8\n2026/2 EUR 8.1\n202603 EUR 8.2\n2026年4月 EUR 8.3\n2026-05-31 EUR 8.4",
        "average",
    )
    assert [day for _code, day in known("average")] == [f"2026-0{month}-01" for month in range(1, 6)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-01-05 EUR", "Row 1: write a day, a currency and a rate"),
        ("2026-01-05 EUR 8\n2026-02-30 EUR 8", "Row 2: “2026-02-30” is not a date"),
        ("2026-01-05 EURO 8", "Row 1: “EURO” is not a currency"),
        ("2026-01-05 EUR 0", "Row 1: “0” is not a rate"),
        ("2026-01-05 EUR -8", "Row 1: “-8” is not a rate"),
        ("2026-01-05 EUR eight", "Row 1: “eight” is not a rate"),
        ("2026-01-05 EUR 8\n2026-01-05 EUR 9", "Rows 1 and 2 say different rates for EUR"),
        ("2026-01-05 CNY 1", "no rate into"),
        ("", "Write at least one rate"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_row(here: Cast, actor: Any, text: str, said: str) -> None:
    with pytest.raises(actions.MetricRefused, match=said):
        proposed(here, actor, text)
    assert not RateProposal.objects.exists()


def test_all_wrong_rows_are_said_at_once_and_the_rest_counted(here: Cast, actor: Any) -> None:
    text = "2026-01-05 EUR eight\n2026-02-30 EUR\n" + "\n".join(
        f"2026-03-{day:02} EU 8" for day in range(1, 11)
    )
    with pytest.raises(actions.MetricRefused) as told:
        proposed(here, actor, text)
    assert "Row 1: “eight”" in str(told.value)
    assert "Row 2: write a day, a currency and a rate" in str(told.value)
    assert "Row 10:" in str(told.value)
    assert str(told.value).endswith("2 more rows are wrong.")


def test_a_rate_far_from_the_one_before_it_is_pointed_out_before_it_is_kept(
    here: Cast, actor: Any, income: Any, client_for: Visit
) -> None:
    """1 EUR = 8 CNY on 5 January is known."""
    proposal = proposed(
        here,
        actor,
        "2026-01-05 EUR 80\n2026-01-06 EUR 45\n2026-01-07 EUR 4\n2026-01-06 USD 7\n2026-01-07 USD 3",
    )
    diff = rates.rate_diff(proposal)
    assert [(one.source, one.day.day, one.beside, one.after) for one in diff.outlying] == [
        ("EUR", 5, Decimal(8), Decimal(80)),
        ("EUR", 7, Decimal(45), Decimal(4)),
        ("USD", 7, Decimal(7), Decimal(3)),
    ]
    page = (
        client_for(here.finance_owner).get(reverse("kpis:rate_proposal", args=[proposal.pk])).content.decode()
    )
    assert "Look twice at these" in page
    assert "3 rates are far from the ones before them." in page
    told = client_for(here.finance_owner).get(f"/api/v1/metric-rates/proposals/{proposal.pk}/").json()
    assert told["outlying_count"] == 3
    assert [(one["day"], Decimal(one["beside"])) for one in told["outlying"]] == [
        ("2026-01-05", Decimal(8)),
        ("2026-01-07", Decimal(45)),
        ("2026-01-07", Decimal(7)),
    ]


PAIRS = "Date,From,To,Exchange\n2026-01-05,EUR,CNY,8.10\n2026-01-05,CNY,EUR,0.125\n2026-01-05,USD,EUR,0.9\n"


@pytest.mark.parametrize(("is_inverse", "rate"), [(False, Decimal("8.1")), (True, Decimal(8))])
def test_a_table_of_pairs_is_read_in_the_direction_that_somebody_says(
    here: Cast, actor: Any, is_inverse: bool, rate: Decimal
) -> None:
    given = actions.given_in_file(PAIRS.encode(), "fx.csv", actions.RateColumns(), is_inverse=is_inverse)
    proposal = actions.propose_rates(
        kind="daily", given=given, is_inverse=is_inverse, by=actor(here.finance_owner), at=AT
    )
    assert (proposal.rows, proposal.left_out) == ([["EUR", "2026-01-05", f"{rate:.20f}", False]], 2)


def test_a_workbook_with_other_names_is_read_by_the_names_that_are_given(here: Cast, actor: Any) -> None:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content)
    sheet = book.add_worksheet()
    for place, row in enumerate([("Valuta", "am", "Kurs"), ("EUR", "2026-01-05", 8.1234)]):
        sheet.write_row(place, 0, row)
    book.close()
    with pytest.raises(actions.MetricRefused, match="There are: Valuta") as refused:
        actions.given_in_file(content.getvalue(), "k.xlsx", actions.RateColumns(), is_inverse=False)
    assert refused.value.field == "day_column"
    columns = actions.RateColumns(day="AM", currency="Valuta", rate="Kurs")
    given = actions.given_in_file(content.getvalue(), "k.xlsx", columns, is_inverse=False)
    assert given.rows == [(2, "2026-01-05", "EUR", "", "8.1234")]


def test_rates_are_read_from_a_dataset(here: Cast, actor: Any) -> None:
    dataset = make_dataset(
        "fx",
        FX,
        [
            ("2026-01-05", "EUR", "CNY", "8.1"),
            ("2026-01-05", "EUR", "CNY", "8.1"),
            ("2026-01-05", "EUR", "USD", "1.1"),
        ],
    )
    columns = actions.RateColumns(day="on_day", rate="price")
    given = actions.given_in_dataset(dataset, columns, is_inverse=False, by=actor(here.finance_owner))
    proposal = actions.propose_rates(
        kind="daily", given=given, is_inverse=False, by=actor(here.finance_owner), at=AT
    )
    assert (len(proposal.rows), proposal.left_out, proposal.origin_name) == (1, 1, "Fx")


def test_somebody_who_was_first_is_told_of(here: Cast, actor: Any) -> None:
    proposal = proposed(here, actor, "2026-01-05 EUR 8")
    against = rates.rate_diff(proposal).against
    make_rates(here, "daily", [("EUR", "2026-01-05", "9")])
    by = actor(here.finance_owner)
    with pytest.raises(actions.MetricRefused, match="another version since") as refused:
        actions.apply_rates(proposal=proposal, against=against, by=by, at=AT)
    assert refused.value.status == 409
    assert applied(here, actor, proposal).number == 2, "looked at once more"
    same = proposed(here, actor, "2026-01-05 EUR 8")
    with pytest.raises(actions.MetricRefused, match="known already"):
        applied(here, actor, same)


@pytest.mark.django_db(transaction=True)
def test_a_form_pressed_twice_leaves_one_proposal(cast: Cast, actor: Any) -> None:
    def press() -> RateProposal:
        return proposed(cast, actor, "2026-01-05 EUR 8")

    outcomes = second_waits_for_first(cast.organisation, press, press)
    assert [type(outcome) for outcome in outcomes] == [RateProposal, RateProposal], outcomes
    with tenancy.acting_for(cast.organisation):
        assert RateProposal.objects.get() == outcomes[1]


SOLD = {"on_day": "date", "city": "text", "code": "text", "price": "decimal"}


@pytest.fixture
@ready.made
def income(here: Cast, actor: Any) -> Any:
    dataset = make_dataset(
        "sold", SOLD, [("2026-01-05", "Paris", "EUR", "100"), ("2026-02-05", "Paris", "EUR", "10")]
    )
    dataset.columns.filter(key="price").update(currency="code")
    kept(here, actor, "2026-01-05 EUR 8\n2026-02-05 EUR 8")
    definition = base(dataset, "sum", "price", dimensions={"city": "city"}, currency_rule="transaction")
    metric = certify(here, actor, "income", definition).metric
    actions.refresh_values(at=AT)
    return metric


def values_of(metric: Any) -> list[tuple[Decimal | None, list[int], str]]:
    found = queries.values().filter(metric=metric, dimensions="").order_by("period_start")
    return [(one.value, one.inputs["rates"], one.state) for one in found]


def test_new_rates_move_what_is_open_and_leave_what_is_closed(
    here: Cast, actor: Any, income: Any, client_for: Visit
) -> None:
    actions.close_month(month=JANUARY, by=actor(here.finance_owner), at=AT)
    tasks.refresh_stale_values.apply()
    proposal = proposed(here, actor, "2026-01-05 EUR 9\n2026-02-05 EUR 9")
    diff = rates.rate_diff(proposal)
    assert ([one.key for one in diff.metrics], diff.closed) == (["income"], [(income, 1)])
    applied(here, actor, proposal)
    assert stale.waiting("metric_rates") == 1
    tasks.refresh_stale_values.apply()
    assert values_of(income) == [(800, [1], "closed"), (90, [2], "provisional")]
    noted = AuditRow.objects.get(action="kpis.rates_after_closing")
    assert (noted.subject_id, noted.changes) == (income.pk, {"number": 2, "closed": 1})
    page = client_for(here.finance_owner).get(reverse("kpis:values", args=[income.pk]), {"month": "2026-01"})
    restated = page.context["restated"]
    assert (restated.used, restated.number, restated.after, restated.difference) == (1, 2, 900, 100)
    assert "By version 2 it would be" in page.content.decode()
    assert (
        client_for(here.finance_owner)
        .get(reverse("kpis:values", args=[income.pk]), {"month": "2026-02"})
        .context["restated"]
        is None
    )


def test_whoever_is_scored_by_a_metric_does_not_set_its_rates(
    here: Cast, actor: Any, income: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duties, "import_string", lambda name: lambda person, keys: "income" in keys)
    with pytest.raises(duties.ScoredRefused):
        kept(here, actor, "2026-01-05 EUR 9")
    assert RateVersion.objects.count() == 1


def test_gaps_are_found_between_the_first_rate_and_the_last(here: Cast, actor: Any) -> None:
    kept(here, actor, "2026-01-05 EUR 8\n2026-01-09 EUR 8\n2026-01-08 EUR 8")
    kept(here, actor, "2026-01-30 EUR 8\n2026-04-30 EUR 8\n2026-04-15 EUR 8", "closing")
    by_kind = {one.kind: one for one in rates.rate_sets("CNY")}
    assert by_kind["daily"].covered[0].missing == [datetime.date(2026, 1, day) for day in (6, 7)]
    assert by_kind["closing"].covered[0].missing == [datetime.date(2026, month, 1) for month in (2, 3)]
    assert (by_kind["average"].covered, by_kind["average"].newest) == ([], None)
    kept(here, actor, "2026-01-09 EUR 9\n2025-09-01 USD 7\n2026-01-09 USD 7.1")
    euro, dollar = rates.covered("daily", "CNY", 2)
    assert (euro.first.day, euro.last.day, euro.newest, euro.count, euro.missing_count) == (5, 9, 9, 3, 2)
    assert (dollar.missing_count, len(dollar.missing), dollar.missing[0].day) == (129, 100, 2)
    assert rates.covered("daily", "CNY", 1)[0].newest == 8


def test_the_page_shows_rates_to_everybody_and_takes_new_ones_from_finance(
    here: Cast, actor: Any, income: Any, client_for: Visit
) -> None:
    for person in (here.employee, here.auditor, here.business_owner, here.finance_owner):
        page = client_for(person).get(reverse("kpis:rates"))
        assert page.status_code == 200
        assert (page.context["form"] is None) == (person != here.finance_owner)
        assert "1 EUR = 8 CNY" in page.content.decode()
    version = RateVersion.objects.get()
    assert (
        "1 EUR = 8 CNY"
        in client_for(here.employee).get(reverse("kpis:rate_version", args=[version.pk])).content.decode()
    )
    given = {"kind": "daily", "direction": "worth", "text": "2026-01-06 GBP 9.5"}
    for person in (here.employee, here.business_owner, here.administrator, here.auditor):
        assert client_for(person).post(reverse("kpis:propose_rates"), given).status_code == 403
    stranger = client_for(here.stranger)
    assert stranger.get(reverse("kpis:rate_version", args=[version.pk])).status_code == 404


def test_finance_looks_at_a_file_and_keeps_it(here: Cast, income: Any, client_for: Visit) -> None:
    client = client_for(here.finance_owner)
    file = SimpleUploadedFile("fx.csv", PAIRS.encode())
    given = {"kind": "daily", "direction": "worth", "note": "January"}
    answer = client.post(reverse("kpis:propose_rates"), {**given, "file": file}, follow=True)
    assert answer.redirect_chain
    shown = answer.content.decode()
    assert "1 EUR = 8.1 CNY" in shown
    assert "Keep as version 2" in shown
    proposal = RateProposal.objects.get()
    late = client.post(reverse("kpis:apply_rates", args=[proposal.pk]), {"against": "0"})
    assert late.status_code == 409
    answer = client.post(reverse("kpis:apply_rates", args=[proposal.pk]), {"against": "1"}, follow=True)
    assert "Version 2 is kept." in answer.content.decode()
    assert RateVersion.objects.get(number=2).note == "January"
    nothing = client.post(reverse("kpis:propose_rates"), given)
    assert nothing.status_code == 422
    assert "in one way" in nothing.content.decode()


def test_a_proposal_is_seen_and_discarded_by_its_own_author_alone(
    here: Cast, actor: Any, client_for: Visit
) -> None:
    proposal = proposed(here, actor, "2026-01-05 EUR 8")
    other = client_for(here.business_owner)
    assert other.get(reverse("kpis:rate_proposal", args=[proposal.pk])).status_code == 403
    mine = client_for(here.finance_owner)
    assert mine.get(reverse("kpis:rate_proposal", args=[proposal.pk])).status_code == 200
    mine.post(reverse("kpis:discard_rates", args=[proposal.pk]))
    assert not RateProposal.objects.exists()


def test_the_api_does_what_the_pages_do(here: Cast, income: Any, client_for: Visit) -> None:
    client = client_for(here.finance_owner)
    body = {
        "kind": "daily",
        "direction": "worth",
        "rows": [{"day": "2026-01-06", "currency": "gbp", "rate": "9.5000000000000001"}],
    }
    made = client.post("/api/v1/metric-rates/proposals/", body, content_type="application/json")
    assert made.status_code == 201
    assert (made.json()["new"], made.json()["metrics"]) == (1, ["income"])
    address = f"/api/v1/metric-rates/proposals/{made.json()['id']}/"
    assert client.get(address).json()["changes"][0]["after"] == "9.50000000000000010000"
    version = client.post(f"{address}apply/", {"against": 1}, content_type="application/json")
    assert (version.status_code, version.json()["number"]) == (201, 2)
    whole = client.get(f"/api/v1/metric-rates/versions/{version.json()['id']}/?whole=true&page_size=2").json()
    assert (whole["count"], [row["source"] for row in whole["results"]]) == (3, ["EUR", "EUR"])
    assert [row["source"] for row in client.get(whole["next"]).json()["results"]] == ["GBP"]
    anew = client.get(f"/api/v1/metric-rates/versions/{version.json()['id']}/").json()
    assert [row["source"] for row in anew["results"]] == ["GBP"]
    found = client.get("/api/v1/metric-rates/").json()
    daily = next(one for one in found["sets"] if one["kind"] == "daily")
    assert (daily["newest"]["number"], daily["metrics"]) == (2, ["income"])
    assert client.get("/api/v1/metric-rates/versions/").json()["results"][0]["number"] == 2
    file = SimpleUploadedFile("fx.csv", PAIRS.encode())
    sent = client.post(
        "/api/v1/metric-rates/proposals/", {"kind": "closing", "direction": "buys", "file": file}
    )
    assert (sent.status_code, sent.json()["left_out"]) == (201, 2)
    address = f"/api/v1/metric-rates/proposals/{sent.json()['id']}/"
    assert client_for(here.business_owner).get(address).status_code == 403
    assert client.delete(address).status_code == 204
    employee = client_for(here.employee)
    refused = employee.post("/api/v1/metric-rates/proposals/", body, content_type="application/json")
    assert refused.status_code == 403


def test_what_is_not_counted_stands_on_the_page_of_rates(
    here: Cast, actor: Any, income: Any, client_for: Visit
) -> None:
    dataset = income.versions.get().dataset
    add_rows(dataset, SOLD, [("2026-01-20", "London", "GBP", "5")])
    actions.refresh_values(at=AT)
    page = client_for(here.employee).get(reverse("kpis:rates"))
    (one,) = page.context["lacking"]
    assert (one.currencies, one.rows, one.first.day, one.last.day) == (["GBP"], 1, 20, 20)


def test_rates_stay_in_their_organisation(here: Cast, actor: Any, cast: Cast) -> None:
    kept(here, actor, "2026-01-05 EUR 8")
    with tenancy.acting_for(cast.stranger.organisation):
        assert not RateVersion.objects.exists()
        assert not Rate.objects.exists()


def test_a_score_is_led_down_to_the_rates_behind_it(here: Cast, actor: Any, income: Any) -> None:
    certify(here, actor, "doubled", formula("income * 2"))
    period = Period.objects.create(
        name_en="Start", starts_on=JANUARY, ends_on=datetime.date(2026, 3, 31), kind="custom"
    )
    kept(here, actor, "2026-02-05 EUR 9")
    actions.refresh_values(at=AT)
    found = kpi_evidence.metric_values(
        person_ids=[here.employee.pk],
        period=period,
        as_of=AT,
        components=[evidence.ComponentRequest("c", "doubled", {})],
    )
    said = [(ref.label_en, ref.version) for ref in found[0].trails[0]]
    assert said[2:] == [("Exchange rates: Rate of a day", "1"), ("Exchange rates: Rate of a day", "2")]
