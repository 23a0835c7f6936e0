"""What slices are called."""

import datetime

from django.db import connection
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, audit, tenancy
from performance.kpis import queries
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.models import Dimension
from performance.sources.models import Dataset, Mode


def name_dimension(
    *,
    key: str,
    name_en: str,
    name_zh: str,
    by: access.Actor | None,
    at: datetime.datetime,
    dataset: Dataset | None = None,
    key_column: str = "",
    label_en_column: str = "",
    label_zh_column: str = "",
) -> Dimension:
    """Names a dimension; with a dataset, its values take their names from there, now and at each refresh."""
    columns = queries.sheet_of(dataset).columns if dataset else {}
    if dataset and dataset.is_live:
        message = _("Names come from a dataset that is copied. This one stays at its source.")
        raise MetricRefused(message, code="live", field="dataset")
    named = (key_column, label_en_column, label_zh_column)
    if dataset and (not key_column or any(column and column not in columns for column in named)):
        message = _("Choose the columns of the value and of its names.")
        raise MetricRefused(message, code="columns", field="key_column")
    dimension, _is_new = Dimension.objects.update_or_create(
        key=key,
        defaults={
            "name_en": name_en,
            "name_zh": name_zh,
            "dataset": dataset,
            "key_column": key_column,
            "label_en_column": label_en_column,
            "label_zh_column": label_zh_column,
        },
    )
    refresh_labels()
    audit.record(by=by, action="kpis.name_dimension", subject=dimension, at=at, changes={"key": key})
    return dimension


def refresh_labels() -> None:
    """Reads the names of slices again where a dimension says from which dataset. One statement for each."""
    dimensions = Dimension.objects.filter(
        dataset__loaded_at__isnull=False, dataset__mode=Mode.IMPORTED
    ).select_related("dataset")
    sheets = queries.sheets_of(dimension.dataset for dimension in dimensions)
    for dimension in dimensions:
        sheet = sheets[dimension.dataset_id]
        columns = sheet.columns
        if dimension.key_column not in columns:
            continue
        texts = [
            f"coalesce(max({columns[name].sql}::text), '')" if name in columns else "''"
            for name in (dimension.label_en_column, dimension.label_zh_column)
        ]
        key = f"left(coalesce({columns[dimension.key_column].sql}::text, ''), 200)"
        with connection.cursor() as cursor:
            # Quoted columns of the dataset; every value is a parameter.
            cursor.execute(
                "INSERT INTO kpis_dimensionvalue (id, organisation_id, dimension_id, key, name_en, name_zh)"  # noqa: S608
                f" SELECT accord_uuid7(), %s, %s, {key}, left({texts[0]}, 200),"
                f" left({texts[1]}, 200) FROM {sheet.relation} AS given_rows GROUP BY {key}"
                " ON CONFLICT (organisation_id, dimension_id, key) DO UPDATE"
                " SET name_en = EXCLUDED.name_en, name_zh = EXCLUDED.name_zh"
                " WHERE (kpis_dimensionvalue.name_en, kpis_dimensionvalue.name_zh)"
                " IS DISTINCT FROM (EXCLUDED.name_en, EXCLUDED.name_zh)",
                [tenancy.current_organisation_id(), dimension.pk],
            )
