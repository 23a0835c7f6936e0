"""Three years of Contoso, copied from PostgreSQL, asked in PostgreSQL and asked in MariaDB: the same values."""

import csv
import datetime
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import pytest

from performance.foundation import stale
from performance.kpis import actions, tasks
from performance.kpis.models import LiveReading, Metric
from performance.kpis.queries import rates
from performance.people.models import Organisation
from performance.sources.models import DatasetColumn
from tests.conftest import Cast
from tests.kpis import live_places
from tests.kpis.live_places import kept, place_question, refresh
from tests.kpis.tables import AT, make_rates
from tests.sources import stage
from tests.sources.real_data import Place, shared

SINCE = datetime.date(2021, 1, 1)
LINES = (
    "CREATE TABLE lines AS SELECT s.order_key, s.line_number, s.order_date, s.customer_key, s.store_key, s.quantity,"
    " s.net_price, s.exchange_rate, t.country_code FROM sales s JOIN store t ON t.store_key = s.store_key"
)
#: key: aggregation, column or arithmetic, whether the values are the same to the last digit that is kept
METRICS = {
    "revenue": ("sum", "quantity * net_price", True),
    "orders": ("distinct", "order_key", True),
    "cheapest": ("min", "net_price", True),
    "dearest": ("max", "quantity * net_price", True),
    "mean": ("avg", "quantity * net_price", True),
    "newest": ("last", "quantity", True),
    "local": ("sum", "net_price / exchange_rate", False),
}


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]


@pytest.fixture
def lines(contoso: Place, northwind: Place) -> Iterator[dict[str, Place]]:
    contoso.run("DROP TABLE IF EXISTS lines")
    contoso.run(LINES)
    northwind.run("DROP TABLE IF EXISTS `lines`")
    northwind.run(
        "CREATE TABLE `lines` (order_key bigint, line_number int, order_date date, customer_key bigint, store_key int,"
        " quantity int, net_price decimal(12,4), exchange_rate decimal(14,6), country_code varchar(2))"
    )
    rows = contoso.rows("SELECT * FROM lines")
    with northwind.connection.cursor() as cursor:
        cursor.executemany("INSERT INTO `lines` VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)", rows)
    yield {"copied": contoso, "postgresql": contoso, "mariadb": northwind}
    contoso.run("DROP TABLE lines")
    northwind.run("DROP TABLE `lines`")


@pytest.mark.slow
@pytest.mark.long
def test_contoso_gives_the_same_values_wherever_it_is(
    here: Cast, actor: Any, lines: dict[str, Place]
) -> None:
    for way, place in lines.items():
        mode = "imported" if way == "copied" else "live"
        connection = stage.connected(place, name=f"Contoso {way}")
        dataset = live_places.dataset(connection, place_question(place, "lines"), f"lines_{way}", mode=mode)
        definitions = {
            f"{key}_{way}": actions.Definition(
                kind="base",
                unit="number",
                effective_from=SINCE,
                dataset=dataset,
                aggregation=aggregation,
                expression=expression,
                time_column="order_date",
                dimensions={"country": "country_code", "store": "store_key"},
            )
            for key, (aggregation, expression, _is_exact) in METRICS.items()
        }
        live_places.certified(here, actor, definitions)
    refresh()
    assert not Metric.objects.exclude(problem="").exists()
    for key, (_aggregation, _expression, is_exact) in METRICS.items():
        copied = kept(f"{key}_copied")
        assert len(copied) > 1500
        assert kept(f"{key}_postgresql") == copied
        asked = kept(f"{key}_mariadb")
        if is_exact:
            assert asked == copied, key
            continue
        assert asked.keys() == copied.keys()
        for place_of_value, (value, *rest) in copied.items():
            other, *others = asked[place_of_value]
            assert others == rest
            assert value is not None
            assert other is not None
            # A quotient has no end: PostgreSQL ends it at sixteen digits, MariaDB here at thirty.
            assert abs(value - other) <= Decimal("1e-9")


@pytest.fixture
def sold(contoso: Place, northwind: Place) -> Iterator[dict[str, Place]]:
    """Each line in USD, as the file has it, and in the currency of the shop, whose rate there is USD→local."""
    contoso.run("DROP TABLE IF EXISTS sold")
    contoso.run(
        "CREATE TABLE sold AS SELECT s.order_date, t.country_code, s.currency_code::varchar(3) AS currency_code,"
        " (s.quantity * s.net_price)::numeric(14, 4) AS usd,"
        " (s.quantity * s.net_price * s.exchange_rate)::numeric(20, 8) AS local"
        " FROM sales s JOIN store t ON t.store_key = s.store_key"
    )
    northwind.run("DROP TABLE IF EXISTS sold")
    northwind.run(
        "CREATE TABLE sold (order_date date, country_code varchar(2), currency_code varchar(3), usd decimal(14, 4),"
        " local decimal(20, 8))"
    )
    with northwind.connection.cursor() as cursor:
        cursor.executemany("INSERT INTO sold VALUES (%s, %s, %s, %s, %s)", contoso.rows("SELECT * FROM sold"))
    yield {"copied": contoso, "postgresql": contoso, "mariadb": northwind}
    contoso.run("DROP TABLE sold")
    northwind.run("DROP TABLE sold")


#: key: column, aggregation, rule
IN_EUROS = {
    "by_day": ("usd", "sum", "transaction"),
    "by_month": ("usd", "sum", "average"),
    "local_by_day": ("local", "sum", "transaction"),
    "local_mean": ("local", "avg", "average"),
    "local_dearest": ("local", "max", "transaction"),
    "standing": ("local", "last", "closing"),
}
EXACT = Context(prec=60)


def rates_into(currency: str) -> dict[tuple[str, datetime.date], Decimal]:
    """(currency, day) → what one unit is worth, from the file, as it is written there."""
    with shared("contoso", "fx.csv").open() as file:
        return {
            (row["from_currency"], datetime.date.fromisoformat(row["date"])): Decimal(row["exchange"])
            for row in csv.DictReader(file)
            if row["to_currency"] == currency
        }


def means(daily: Mapping[tuple[str, datetime.date], Decimal]) -> dict[tuple[str, datetime.date], Decimal]:
    """(currency, first day of the month) → the mean of its days to six places."""
    days: dict[tuple[str, datetime.date], list[Decimal]] = {}
    for (code, day), rate in daily.items():
        days.setdefault((code, day.replace(day=1)), []).append(rate)
    return {
        place: (EXACT.divide(sum(found), len(found))).quantize(Decimal("1e-6"))
        for place, found in days.items()
    }


@pytest.mark.slow
def test_contoso_in_euros_is_what_the_file_multiplies_to_wherever_the_rows_are(
    here: Cast, actor: Any, sold: dict[str, Place]
) -> None:
    Organisation.objects.filter(pk=here.organisation.pk).update(currency="EUR")
    here.organisation.currency = "EUR"
    daily = rates_into("EUR")
    monthly = means(daily)
    _brought_as_a_file(here, actor, daily)
    for kind, brought in (("average", monthly), ("closing", daily)):
        make_rates(here, kind, [(code, day, rate) for (code, day), rate in brought.items()], "EUR")
    for way, place in sold.items():
        mode = "imported" if way == "copied" else "live"
        connection = stage.connected(place, name=f"Contoso {way}")
        dataset = live_places.dataset(connection, place_question(place, "sold"), f"sold_{way}", mode=mode)
        columns = DatasetColumn.objects.filter(dataset=dataset)
        columns.filter(key="usd").update(currency="USD")
        columns.filter(key="local").update(currency="currency_code")
        definitions = {
            f"{key}_{way}": actions.Definition(
                kind="base",
                unit="money",
                effective_from=SINCE,
                dataset=dataset,
                aggregation=aggregation,
                expression=column,
                time_column="order_date",
                dimensions={"country": "country_code"},
                currency_rule=rule,
            )
            for key, (column, aggregation, rule) in IN_EUROS.items()
        }
        live_places.certified(here, actor, definitions)
    refresh()
    assert not Metric.objects.exclude(problem="").exists()
    for key in IN_EUROS:
        copied = kept(f"{key}_copied")
        assert len(copied) > 200
        assert kept(f"{key}_postgresql") == copied, key
        assert kept(f"{key}_mariadb") == copied, key
    rows = sold["copied"].rows("SELECT order_date, country_code, currency_code, usd, local FROM sold")
    for key, amount in (("by_day", 3), ("local_by_day", 4), ("by_month", 3)):
        expected: dict[tuple[datetime.date, str], Decimal] = {}
        for row in rows:
            day, code = row[0], "USD" if amount == 3 else row[2]
            rate = monthly[code, day.replace(day=1)] if key == "by_month" else daily[code, day]
            for cut in ("{}", f'{{"country": "{row[1]}"}}'):
                month = day.replace(day=1), cut
                product = EXACT.multiply(row[amount], rate)
                expected[month] = EXACT.add(expected.get(month, Decimal(0)), product)
        found = {
            (start, cut): value
            for (grain, start, _end, cut), (value, coverage, _inputs) in kept(f"{key}_mariadb").items()
            if grain == "month" and coverage == 1_000_000
        }
        assert found == {
            place: value.quantize(Decimal("1e-12"), rounding=ROUND_HALF_UP, context=EXACT)
            for place, value in expected.items()
        }, key
    _ask_nobody_for_new_rates(here, daily)


def _brought_as_a_file(here: Cast, actor: Any, daily: Mapping[tuple[str, datetime.date], Decimal]) -> None:
    """The table of pairs as it is: of 25 pairs, those into euros, and their rates to the last digit."""
    content = shared("contoso", "fx.csv").read_bytes()
    given = actions.given_in_file(content, "fx.csv", actions.RateColumns(), is_inverse=False)
    by = actor(here.finance_owner)
    proposal = actions.propose_rates(kind="daily", given=given, is_inverse=False, by=by, at=AT)
    actions.apply_rates(proposal=proposal, against=0, by=by, at=AT)
    known = rates.marked_rates("daily", "EUR", 1)
    assert known == {place: (rate, False) for place, rate in daily.items() if place[0] != "EUR"}
    assert (len(known), proposal.left_out) == (5844, 36525 - 5844)


def _ask_nobody_for_new_rates(here: Cast, daily: Mapping[tuple[str, datetime.date], Decimal]) -> None:
    """What a source answered is by currency and day: twice the rates are twice the value, without another question."""
    before, asked = kept("local_by_day_mariadb"), LiveReading.objects.count()
    make_rates(
        here, "daily", [(code, day, 2 * rate) for (code, day), rate in daily.items() if code != "EUR"], "EUR"
    )
    stale.mark("metric_rates", Metric.objects.filter(key="local_by_day_mariadb").values_list("pk", flat=True))
    tasks.refresh_stale_values.apply()
    after = kept("local_by_day_mariadb")
    assert LiveReading.objects.count() == asked
    for place, (value, _coverage, inputs) in after.items():
        if place[0] == "month" and place[3] == '{"country": "US"}':
            earlier = before[place][0]
            assert value is not None
            assert earlier is not None
            assert (value, inputs["rates"]) == (2 * earlier, [2])
