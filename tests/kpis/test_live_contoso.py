"""Three years of Contoso, copied from PostgreSQL, asked in PostgreSQL and asked in MariaDB: the same values."""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from performance.kpis import actions
from performance.kpis.models import Metric
from tests.conftest import Cast
from tests.kpis import live_places
from tests.kpis.live_places import kept, place_question, refresh
from tests.sources import stage
from tests.sources.conftest import contoso, northwind
from tests.sources.real_data import Place

__all__ = ["contoso", "northwind"]

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
