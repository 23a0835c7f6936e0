"""How long values of metrics take from rows, beside bare SQL that leads to the same values."""

from __future__ import annotations

import datetime
import json
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone
from psycopg import sql

from performance.config.benchmark import ground, report
from performance.config.benchmark.seeding import numbers
from performance.config.benchmark.seeding import people as seeding
from performance.foundation import tenancy
from performance.kpis import actions
from performance.kpis.models import MetricValue
from performance.sources import models as sources

HELP = (
    "Seconds of a refresh of many metrics by month, quarter and slice, against bare SQL for the same values."
)
#: More than this many times the bare SQL is reported as a problem.
MOST_RATIO = 2.0
#: Twelve months and a hundred shops.
YEAR, SHOPS = datetime.date(2024, 1, 1), 100
GRAINS = ("month", "quarter")
COLUMNS = {
    "line": "integer",
    "sold_on": "date",
    "shop": "text",
    "customer": "integer",
    "quantity": "integer",
    "price": "decimal",
}
FILL = """
    INSERT INTO {relation} (organisation_id, load_id, line, sold_on, shop, customer, quantity, price)
    SELECT %(organisation)s, %(load)s, n, %(first)s::date + (n %% 366)::int, 'S' || lpad((n * 7 %% {shops})::text, 3, '0'),
        (n::bigint * 7919) %% 100003, 1 + n %% 9, (100 + (n * 37) %% 90000) / 100.0
    FROM generate_series(1, %(rows)s) n
"""


@dataclass(frozen=True)
class Base:
    """A metric over rows, and the same in SQL. `least`: only rows that sold at least so many."""

    key: str
    aggregation: str
    expression: str
    unit: str
    aggregate: str
    least: int


@dataclass(frozen=True)
class Quotient:
    """A metric over two others."""

    key: str
    unit: str
    above: str
    below: str


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="Rows that the metrics are computed from."
    )
    parser.add_argument("--metrics", type=int, default=50, help="Metrics; two in five read rows.")


def run(options: dict[str, Any], say: Callable[[str], None]) -> report.Report:
    at = timezone.now()
    bases, quotients = _metrics(options["metrics"])
    with ground.throwaway("benchmark") as place:
        company = seeding.found(200)
        with tenancy.acting_for(company.organisation):
            say(f"Making {options['rows']:,} rows in {place.name}")
            dataset = _dataset(company, options["rows"], at)
            for key, definition in _definitions(dataset, bases, quotients):
                numbers.certify(company, key, key.replace("_", " "), "", definition, at)
        say("Bare SQL")
        floor = _bare(place, dataset, bases, quotients)
        say("Refreshing")
        first, again = (_refreshed(company.organisation, at) for _each in range(2))
        with tenancy.acting_for(company.organisation):
            kept = MetricValue.objects.filter(superseded_at=None).count()
        differing = _differing(place, dataset)
    found = report.Report(subject="metrics", columns=("what", "seconds", "× bare SQL", "values"))
    found.rows = [
        ("bare SQL", round(floor, 2), 1.0, kept),
        ("refresh", round(first, 2), round(first / floor, 2), kept),
        ("refresh, nothing changed", round(again, 2), round(again / floor, 2), kept),
    ]
    found.notes.append(
        f"{len(bases)} metrics over {options['rows']:,} rows and {len(quotients)} formulas over them; twelve months, four"
        f" quarters, {SHOPS} shops and the total. Bare SQL: one INSERT for each metric and grain into a table with an"
        " index, in one transaction, without slices as JSON, coverage, versions or what was before."
    )
    if differing:
        found.problems.append(f"{differing} values differ from those of bare SQL")
    if first > MOST_RATIO * floor:
        found.problems.append(
            f"A refresh takes {first / floor:.2f} times the bare SQL, more than {MOST_RATIO}"
        )
    found.figures = {"values": kept, "bare_s": floor, "refresh_s": first, "again_s": again}
    return found


def _metrics(count: int) -> tuple[list[Base], list[Quotient]]:
    kinds = (
        ("units", "sum", "quantity", "count:item", "sum(quantity)::numeric"),
        ("sales", "sum", "price * quantity", "money:CNY", "sum(price * quantity)"),
        ("receipts", "count", "", "count:receipt", "count(*)::numeric"),
        ("customers", "distinct", "customer", "count:customer", "count(DISTINCT customer)::numeric"),
    )
    bases = [
        Base(f"{key}_{least}", aggregation, expression, unit, aggregate, least)
        for least in range(1, 10)
        for key, aggregation, expression, unit, aggregate in kinds
    ][: max(4, 2 * count // 5)]
    pairs = [
        (above, below)
        for above in bases
        for below in bases
        if above.key.split("_")[0] != below.key.split("_")[0]
    ]
    if len(pairs) < count - len(bases):
        raise CommandError("Give at most 200 metrics.")
    quotients = [
        Quotient(f"{above.key}_per_{below.key}", f"{above.unit} / {below.unit}", above.key, below.key)
        for above, below in pairs[: count - len(bases)]
    ]
    return bases, quotients


def _definitions(
    dataset: sources.Dataset, bases: list[Base], quotients: list[Quotient]
) -> Iterator[tuple[str, actions.Definition]]:
    since = datetime.date(2020, 1, 1)
    for base in bases:
        yield (
            base.key,
            actions.Definition(
                kind="base",
                unit=base.unit,
                effective_from=since,
                dataset=dataset,
                aggregation=base.aggregation,
                expression=base.expression,
                filters=[{"column": "quantity", "op": ">=", "value": base.least}],
                time_column="sold_on",
                dimensions={seeding.STORE_DIMENSION: "shop"},
            ),
        )
    for one in quotients:
        yield (
            one.key,
            actions.Definition(
                kind="ratio", unit=one.unit, effective_from=since, formula=f"{one.above} / {one.below}"
            ),
        )


def _dataset(company: seeding.Company, rows: int, at: datetime.datetime) -> sources.Dataset:
    dataset, load = numbers.dataset(
        company, key="lines", columns=COLUMNS, roles={"line": "key", "sold_on": "time"}, rows=rows, at=at
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT dataset_rows.shape(%s, %s::jsonb)",
            [dataset.pk, json.dumps([{"key": key, "type": kind} for key, kind in COLUMNS.items()])],
        )
        cursor.execute(
            sql.SQL(FILL).format(relation=_relation(dataset), shops=sql.Literal(SHOPS)),
            {
                "organisation": tenancy.current_organisation_id(),
                "load": load.pk,
                "first": YEAR,
                "rows": rows,
            },
        )
        cursor.execute("SELECT dataset_rows.learn(%s)", [dataset.pk])
    return dataset


def _relation(dataset: sources.Dataset) -> sql.Identifier:
    return sql.Identifier("dataset_rows", f"d_{dataset.pk.hex}")


def _bare(
    place: ground.Ground, dataset: sources.Dataset, bases: list[Base], quotients: list[Quotient]
) -> float:
    """Seconds of the floor. The owner's session sees the rows as the application's role does."""
    with psycopg.connect(place.url("owner")) as owner:
        owner.execute("SELECT set_config('app.organisation', %s, false)", [str(dataset.organisation_id)])
        owner.execute("CREATE TABLE bare (metric text, grain text, starts_on date, shop text, value numeric)")
        owner.execute("CREATE UNIQUE INDEX ON bare (metric, grain, starts_on, shop)")
        owner.commit()
        begun = time.perf_counter()
        for base in bases:
            for grain in GRAINS:
                owner.execute(
                    sql.SQL(
                        "INSERT INTO bare SELECT {key}, {grain}, date_trunc({grain}, sold_on)::date,"
                        " coalesce(shop, ''), round({aggregate}, 12) FROM {rows} WHERE quantity >= {least}"
                        " GROUP BY GROUPING SETS ((3, shop), (3))"
                    ).format(
                        key=sql.Literal(base.key),
                        grain=sql.Literal(grain),
                        aggregate=sql.SQL(base.aggregate),
                        rows=_relation(dataset),
                        least=sql.Literal(base.least),
                    )
                )
        for one in quotients:
            owner.execute(
                "INSERT INTO bare SELECT %s, above.grain, above.starts_on, above.shop,"
                " round(above.value * 1.000000000000000000000000 / nullif(below.value, 0), 12)"
                " FROM bare above JOIN bare below USING (grain, starts_on, shop)"
                " WHERE above.metric = %s AND below.metric = %s",
                [one.key, one.above, one.below],
            )
        owner.commit()
        return time.perf_counter() - begun


def _refreshed(organisation: Any, at: datetime.datetime) -> float:
    begun = time.perf_counter()
    with tenancy.acting_for(organisation):
        actions.refresh_values(at=at)
    return time.perf_counter() - begun


def _differing(place: ground.Ground, dataset: sources.Dataset) -> int:
    """Values that one of the two has and the other has not."""
    with psycopg.connect(place.url("owner")) as owner:
        owner.execute("SELECT set_config('app.organisation', %s, false)", [str(dataset.organisation_id)])
        (count,) = owner.execute(
            "SELECT count(*) FROM bare FULL JOIN ("
            " SELECT m.key AS metric, v.grain, v.period_start AS starts_on, coalesce(v.slice ->> %s, '') AS shop, v.value"
            " FROM kpis_metricvalue v JOIN kpis_metric m ON m.id = v.metric_id WHERE v.superseded_at IS NULL"
            ") ours USING (metric, grain, starts_on, shop) WHERE bare.value IS DISTINCT FROM ours.value",
            [seeding.STORE_DIMENSION],
        ).fetchone() or (0,)
        return int(count)
