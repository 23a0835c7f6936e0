"""Datasets whose rows are written directly, for the semantics of metrics apart from any source."""

import datetime
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import connection
from uuid_utils.compat import uuid7

from performance.foundation import tenancy
from performance.kpis import actions, queries
from performance.kpis.models import MetricVersion, Rate, RateVersion
from performance.sources import models as sources
from performance.sources import queries as source_queries

AT = datetime.datetime(2026, 5, 14, 6, 0, tzinfo=datetime.UTC)
JANUARY, FEBRUARY, MARCH = (datetime.date(2026, month, 1) for month in (1, 2, 3))


def make_dataset(
    key: str, columns: dict[str, str], rows: Sequence[tuple[Any, ...]], keys: Sequence[str] = ()
) -> sources.Dataset:
    """A loaded dataset of a connection of its own; `columns`: key → type; `keys`: those that identify a row."""
    place = sources.Connection.objects.create(
        kind="postgresql", name_en=f"Source of {key}", host="db.example", port=5432, created_at=AT
    )
    dataset = sources.Dataset.objects.create(
        connection=place,
        key=key,
        name_en=key.capitalize(),
        table_name=key,
        time_zone="Asia/Shanghai",
        created_at=AT,
        loaded_at=AT,
        row_count=len(rows),
    )
    roles = {"date": "time", "timestamp": "time", "integer": "measure", "decimal": "measure"}
    sources.DatasetColumn.objects.bulk_create(
        sources.DatasetColumn(
            dataset=dataset,
            number=number,
            source_name=name,
            key=name,
            name_en=name.replace("_", " ").capitalize(),
            type=kind,
            role=roles.get(kind, "dimension"),
            is_key=name in keys,
        )
        for number, (name, kind) in enumerate(columns.items())
    )
    shape = json.dumps(
        [{"key": name, "type": kind, "is_key": name in keys} for name, kind in columns.items()]
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT dataset_rows.shape(%s, %s::jsonb)", [dataset.pk, shape])
    add_rows(dataset, columns, rows)
    return dataset


def add_rows(dataset: sources.Dataset, columns: dict[str, str], rows: Sequence[tuple[Any, ...]]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    gaps = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {source_queries.row_relation(dataset)} (organisation_id, load_id, {names})"
            f" VALUES (%s, %s, {gaps})",
            [(tenancy.current_organisation_id(), uuid7(), *row) for row in rows],
        )


def certify(cast: Any, actor: Any, key: str, definition: actions.Definition, **names: str) -> MetricVersion:
    """Drafted by the business owner, submitted, signed by both."""
    business, finance = actor(cast.business_owner), actor(cast.finance_owner)
    version = actions.draft_metric(
        key=key,
        name_en=names.get("name_en", key.replace("_", " ").capitalize()),
        name_zh=names.get("name_zh", ""),
        business_owner=cast.business_owner,
        finance_owner=cast.finance_owner,
        definition=definition,
        by=business,
        at=AT,
    )
    return sign(version, business, finance)


def sign(version: MetricVersion, business: Any, finance: Any) -> MetricVersion:
    if queries.needs_reason(version):
        MetricVersion.objects.filter(pk=version.pk).update(tie_out_reason="There is no ledger here.")
    actions.submit_for_review(version=version, by=business, at=AT)
    assert not actions.sign_version(version=version, side="business", by=business, at=AT)
    assert actions.sign_version(version=version, side="finance", by=finance, at=AT)
    version.refresh_from_db()
    return version


def base(dataset: sources.Dataset, aggregation: str, expression: str = "", **more: Any) -> actions.Definition:
    unit = more.get("unit", "money:CNY" if aggregation == "sum" else "number")
    return actions.Definition(
        **{
            "kind": "base",
            "unit": unit,
            "tie_out_reason": "There is no ledger here." if unit.startswith("money") else "",
            "effective_from": JANUARY,
            "dataset": dataset,
            "aggregation": aggregation,
            "expression": expression,
            "time_column": "on_day",
            "dimensions": {"city": "city", "store": "store"},
        }
        | more
    )


def formula(text: str, unit: str = "", **more: Any) -> actions.Definition:
    return actions.Definition(
        **{"kind": "derived", "unit": unit, "effective_from": JANUARY, "formula": text} | more
    )


def make_rates(
    cast: Any, kind: str, given: Sequence[tuple[str, Any, Any]], currency: str = "CNY"
) -> RateVersion:
    """The next version with (currency, day, rate) of each."""
    version = RateVersion.objects.create(
        kind=kind,
        currency=currency,
        number=RateVersion.objects.filter(kind=kind, currency=currency).count() + 1,
        origin="hand",
        rate_count=len(given),
        changes=0,
        made_by=cast.finance_owner,
        made_at=AT,
    )
    Rate.objects.bulk_create(
        [Rate(version=version, source=code, day=day, rate=Decimal(rate)) for code, day, rate in given]
    )
    return version
