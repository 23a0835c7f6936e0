"""What is read when a dataset is read: its own rows, beside each the columns that it takes from other datasets."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from performance.foundation import patience
from performance.sources.connectors import proposing
from performance.sources.models import ColumnRole, Dataset, DatasetColumn, Join, Mode
from performance.sources.queries import rows as relations
from performance.sources.queries.datasets import copied_datasets

#: A page counts no longer than that.
MOST_MILLISECONDS = 2000


@dataclass(frozen=True)
class ReadColumn:
    """A column as definitions may name it."""

    key: str
    type: str
    name_en: str
    name_zh: str
    role: str
    #: See DatasetColumn.currency; a column that holds it is named as it is called here.
    currency: str = ""


@dataclass(frozen=True)
class Reading:
    """`relation`: SQL that stands after FROM, before an alias (a query needs one), with a column for each of `columns`;
    `datasets`: all that it reads."""

    relation: str
    columns: tuple[ReadColumn, ...]
    datasets: tuple[uuid.UUID, ...]


def reading_of(dataset: Dataset, *, is_staged: bool = False) -> Reading:
    """`is_staged`: of the rows that are on their way in, with what they would take."""
    return readings([dataset], is_staged=is_staged)[dataset.pk]


def readings(datasets: Iterable[Dataset], *, is_staged: bool = False) -> dict[uuid.UUID, Reading]:
    """dataset id → how it is read. Two queries, one more where there are joins."""
    by_id = {dataset.pk: dataset for dataset in datasets}
    own: dict[uuid.UUID, list[DatasetColumn]] = {key: [] for key in by_id}
    for column in _used().filter(dataset__in=by_id):
        own[column.dataset_id].append(column)
    joins: dict[uuid.UUID, list[Join]] = {key: [] for key in by_id}
    for join in _joins().filter(dataset__in=by_id):
        joins[join.dataset_id].append(join)
    name = relations.stage_relation if is_staged else relations.row_relation
    # Rows without a key are told by where they lie; those on their way in lie nowhere yet.
    places = [] if is_staged else ["d.ctid"]
    return {
        key: _reading(dataset, own[key], joins[key], name(dataset), places) for key, dataset in by_id.items()
    }


def joins_of(dataset: Dataset) -> list[Join]:
    """Its joins with the other's columns, by key. Two queries."""
    return list(_joins().filter(dataset=dataset))


def joining(dataset_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """The datasets that take columns from one of these."""
    return set(Join.objects.filter(other__in=list(dataset_ids)).values_list("dataset_id", flat=True))


def read_through(dataset_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """These datasets and those that they take columns from."""
    wanted = set(dataset_ids)
    return wanted | set(Join.objects.filter(dataset__in=wanted).values_list("other_id", flat=True))


def joinable(dataset: Dataset) -> QuerySet[Dataset]:
    """The datasets that this one could take columns from: copied ones whose rows have a key."""
    return copied_datasets().filter(columns__is_key=True).exclude(pk=dataset.pk).distinct()


def unmatched(join: Join) -> int | None:
    """How many rows of the dataset find no row of the other; None where counting would keep a page waiting."""
    own, other = (relations.row_relation(each) for each in (join.dataset_id, join.other_id))
    try:
        with patience.in_time(MOST_MILLISECONDS) as cursor:
            cursor.execute(
                f"SELECT count(*) FROM {own} AS d"  # noqa: S608
                f" WHERE NOT EXISTS (SELECT 1 FROM {other} AS o WHERE {_on('o', join)})"
            )
            (count,) = cursor.fetchone()
    except patience.TooSlow:
        return None
    return int(count)


def standing(join: Join, own: Mapping[str, str]) -> bool:
    """Whether all that it names is still there, of the same type on both sides, and names whole keys. `own`: key → type
    of the dataset's columns."""
    theirs = {column.key: column.type for column in join.other.columns.all()}
    keys = {column.key for column in join.other.columns.all() if column.is_key}
    return (
        join.other.mode != Mode.LIVE
        and {other for _own, other in join.pairs} == keys
        and all(mine in own and own[mine] == theirs[other] for mine, other in join.pairs)
    )


def _used() -> QuerySet[DatasetColumn]:
    return DatasetColumn.objects.exclude(role=ColumnRole.IGNORED).order_by("number")


def _joins() -> QuerySet[Join]:
    return Join.objects.select_related("other", "dataset").prefetch_related(
        Prefetch("other__columns", _used())
    )


def _reading(
    dataset: Dataset,
    own: Sequence[DatasetColumn],
    joins: Sequence[Join],
    relation: str,
    places: Sequence[str],
) -> Reading:
    columns = [
        ReadColumn(each.key, each.type, each.name_en, each.name_zh, each.role, each.currency) for each in own
    ]
    types = {each.key: each.type for each in own}
    names = {*types, *proposing.RESERVED}
    selected, joined, read = ["d.*", *places], [], [dataset.pk]
    for place, join in enumerate(joins):
        # What was changed under a join takes its columns away; definitions that name them say so.
        if not standing(join, types):
            continue
        there = {column.key: column for column in join.other.columns.all()}
        taken = [there[name] for name in join.taken if name in there]
        read.append(join.other_id)
        joined.append(
            f" LEFT JOIN {relations.row_relation(join.other_id)} AS j{place} ON {_on(f'j{place}', join)}"
        )
        for column in taken:
            key = join.column_key(column.key)
            if key in names:
                # The dataset has got a column of this name itself: that one is meant.
                continue
            names.add(key)
            selected.append(f"j{place}.{relations.row_column(column)} AS {relations.row_column(key)}")
            columns.append(_taken(join, column, key))
    if joined:
        relation = f"(SELECT {', '.join(selected)} FROM {relation} AS d{''.join(joined)})"  # noqa: S608
    return Reading(relation, tuple(columns), tuple(read))


def _taken(join: Join, column: DatasetColumn, key: str) -> ReadColumn:
    """In its dataset it may be a key; here it cuts or measures. Its name says where it comes from."""
    other = join.other
    name_zh = f"{other.name_zh or other.name_en}·{column.name_zh or column.name_en}"
    role = ColumnRole.DIMENSION if column.role == ColumnRole.KEY else column.role
    is_code = column.currency.isupper() or not column.currency
    currency = column.currency if is_code else join.column_key(column.currency)
    return ReadColumn(key, column.type, f"{other.name_en}: {column.name_en}", name_zh, role, currency)


def _on(alias: str, join: Join) -> str:
    """Quoted identifiers of checked keys."""
    return " AND ".join(
        f"{alias}.{relations.row_column(other)} = d.{relations.row_column(own)}" for own, other in join.pairs
    )
