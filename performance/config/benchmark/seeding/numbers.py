"""A dataset of sales by store, three certified metrics over it (base, distinct count, ratio), and their values."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from django.db import connection
from psycopg import sql

from performance.config.benchmark.seeding.people import STORE_DIMENSION, Company
from performance.foundation import tenancy
from performance.kpis import actions
from performance.kpis.models import Metric
from performance.people import queries as people
from performance.sources import models as sources

DAYS = 200
LINES_A_DAY = 5
COLUMNS = {"line": "integer", "sold_on": "date", "store": "text", "customer": "integer", "amount": "decimal"}
ROLES = {"line": "key", "sold_on": "time", "amount": "measure"}
FILL = """
    INSERT INTO {relation} (organisation_id, load_id, line, sold_on, store, customer, amount)
    SELECT %(organisation)s, %(load)s, row_number() OVER (), %(last)s::date - day, 'S' || lpad(store::text, 3, '0'),
        (day * 7 + store * 13 + line * 31) %% 997, 20 + (day * 37 + store * 101 + line * 53) %% 480 + 0.5
    FROM generate_series(1, %(days)s) day, generate_series(0, %(stores)s - 1) store,
        generate_series(1, %(lines)s) line
"""


def tell(company: Company, at: datetime.datetime) -> None:
    sales = _sales(company, at)
    for definition, key, name_en, name_zh in _definitions(company, sales):
        certify(company, key, name_en, name_zh, definition, at)
    actions.refresh_values(at=at)
    _set_targets(company, at)


def dataset(
    company: Company,
    *,
    key: str,
    columns: Mapping[str, str],
    roles: Mapping[str, str],
    rows: int,
    at: datetime.datetime,
) -> tuple[sources.Dataset, sources.Load]:
    """A dataset as if it had been loaded; its rows are the caller's."""
    place = sources.Connection.objects.create(
        kind="postgresql", name_en="Tills", host="tills.example", port=5432, created_at=at
    )
    made = sources.Dataset.objects.create(
        connection=place,
        key=key,
        name_en="Sales",
        name_zh="销售",
        table_name=key,
        time_zone=company.organisation.time_zone,
        created_at=at,
        loaded_at=at,
        row_count=rows,
    )
    sources.DatasetColumn.objects.bulk_create(
        sources.DatasetColumn(
            dataset=made,
            number=number,
            source_name=name,
            key=name,
            name_en=name.replace("_", " ").capitalize(),
            type=kind,
            role=roles.get(name, "dimension"),
            is_key=roles.get(name) == "key",
        )
        for number, (name, kind) in enumerate(columns.items())
    )
    load = sources.Load.objects.create(
        dataset=made, state="done", asked_at=at, due_at=at, started_at=at, finished_at=at, rows_read=rows
    )
    return made, load


def _sales(company: Company, at: datetime.datetime) -> sources.Dataset:
    rows = DAYS * LINES_A_DAY * company.stores
    sales, load = dataset(company, key="sales", columns=COLUMNS, roles=ROLES, rows=rows, at=at)
    shape = json.dumps([{"key": key, "type": kind} for key, kind in COLUMNS.items()])
    with connection.cursor() as cursor:
        cursor.execute("SELECT dataset_rows.shape(%s, %s::jsonb)", [sales.pk, shape])
        relation = sql.Identifier("dataset_rows", f"d_{sales.pk.hex}")
        cursor.execute(
            sql.SQL(FILL).format(relation=relation),
            {
                "organisation": tenancy.current_organisation_id(),
                "load": load.pk,
                "last": people.today(company.organisation),
                "days": DAYS,
                "stores": company.stores,
                "lines": LINES_A_DAY,
            },
        )
    return sales


def _definitions(company: Company, sales: sources.Dataset) -> list[tuple[actions.Definition, str, str, str]]:
    since = datetime.date(2020, 1, 1)
    by_store = {STORE_DIMENSION: "store"}
    money = f"money:{company.organisation.currency}"

    def counted(aggregation: str, expression: str, unit: str) -> actions.Definition:
        return actions.Definition(
            kind="base",
            unit=unit,
            effective_from=since,
            dataset=sales,
            aggregation=aggregation,
            expression=expression,
            time_column="sold_on",
            dimensions=by_store,
        )

    per_customer = actions.Definition(
        kind="ratio",
        unit=f"{money} / count:customer",
        effective_from=since,
        formula="revenue / customers",
    )
    return [
        (counted("sum", "amount", money), "revenue", "Revenue", "收入"),
        (counted("distinct", "customer", "count:customer"), "customers", "Customers", "顾客数"),
        (per_customer, "revenue_per_customer", "Revenue per customer", "客均收入"),
    ]


def certify(
    company: Company,
    key: str,
    name_en: str,
    name_zh: str,
    definition: actions.Definition,
    at: datetime.datetime,
) -> None:
    business = company.actor(company.staff["business_owner"])
    finance = company.actor(company.staff["finance_owner"])
    version = actions.draft_metric(
        key=key,
        name_en=name_en,
        name_zh=name_zh,
        business_owner=business.person,
        finance_owner=finance.person,
        definition=replace(definition, tie_out_reason="Made to be measured." if definition.dataset else ""),
        by=business,
        at=at,
    )
    actions.submit_for_review(version=version, by=business, at=at)
    actions.sign_version(version=version, side="business", by=business, at=at)
    actions.sign_version(version=version, side="finance", by=finance, at=at)


def _set_targets(company: Company, at: datetime.datetime) -> None:
    metric = Metric.objects.get(key="revenue")
    month = people.today(company.organisation).replace(day=1)
    rows = [
        (month, {STORE_DIMENSION: f"S{store:03d}"}, Decimal(40_000 + 100 * store))
        for store in range(company.stores)
    ]
    actions.set_targets(
        metric=metric, kind="target", rows=rows, by=company.actor(company.staff["finance_owner"]), at=at
    )
