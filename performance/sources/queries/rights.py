"""Which rows of narrowed datasets somebody sees: those of the units in their branch, as of today."""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from performance.foundation import access
from performance.people import queries as people
from performance.people.models import BusinessUnit, Person
from performance.sources.models import Connection, Dataset, Join, Probe, RowGrant, RowRule
from performance.sources.queries import rows as relations
from performance.sources.queries.joins import reading_of

#: (column, value) pairs that a row has to have, all of them: what one unit opens.
Opening = tuple[tuple[str, str], ...]
#: Types whose values a slice can name.
NAMEABLE = frozenset({"text", "integer", "boolean"})


@dataclass(frozen=True)
class Condition:
    """SQL over the columns of a dataset's relation, and its parameters."""

    sql: str
    params: list[object] = field(default_factory=list)


@dataclass(frozen=True)
class Narrowed:
    """One dataset for one reader. `columns`: dimension → column; `openings`: what the units of their branch open, ()
    for nothing."""

    columns: Mapping[str, str]
    openings: tuple[Opening, ...]

    def condition(self, there: Collection[str]) -> Condition:
        """The rows that are open. A unit whose column is not `there` any more opens nothing."""
        groups: dict[tuple[str, ...], list[Opening]] = defaultdict(list)
        for opening in self.openings:
            names = tuple(column for column, _value in opening)
            if set(names) <= set(there):
                groups[names].append(opening)
        parts: list[str] = []
        params: list[object] = []
        for names, opened in sorted(groups.items()):
            columns = [f"coalesce({relations.row_column(name)}::text, '')" for name in names]
            marks = ", ".join(["%s::text[]"] * len(names))
            # Quoted identifiers of checked keys; every value is a parameter.
            parts.append(f"({', '.join(columns)}) IN (SELECT * FROM unnest({marks}))")  # noqa: S608
            params += [[opening[place][1] for opening in opened] for place in range(len(names))]
        return Condition(f"({' OR '.join(parts)})" if parts else "false", params)


@dataclass(frozen=True)
class RowSight:
    """What a reader sees of rows: `narrowed` has the datasets of which that is not everything."""

    narrowed: Mapping[uuid.UUID, Narrowed] = field(default_factory=dict)

    def of(self, dataset: Dataset | uuid.UUID | None) -> Narrowed | None:
        """None where all rows are seen."""
        key = dataset.pk if isinstance(dataset, Dataset) else dataset
        return self.narrowed.get(key) if key else None


#: For what counts and for nobody's eyes: values, scores, alerts are computed over everything.
ALL_ROWS = RowSight()


def row_sight(actor: access.Actor, on: datetime.date | None = None) -> RowSight:
    """What an actor sees that day, the organisation's today by default. One query where no dataset is narrowed, else up to
    four, the first time."""
    key = f"sources.rows {on or ''}"
    if key not in actor.memory:
        actor.memory[key] = _row_sight(actor, on)
    return actor.memory[key]


def _row_sight(actor: access.Actor, on: datetime.date | None) -> RowSight:
    columns = _columns(actor)
    if not columns:
        return ALL_ROWS
    slices = people.branch_slices(actor.person, on or people.today(actor.organisation))
    return RowSight({key: Narrowed(named, _openings(named, slices)) for key, named in columns.items()})


def sees_all_of(sight: RowSight, connection: Connection) -> bool:
    """Whether no dataset of a source is narrowed for the reader: only then its raw rows are theirs to look at. One query
    where any is narrowed."""
    if not sight.narrowed:
        return True
    return not Dataset.objects.filter(connection=connection, pk__in=list(sight.narrowed)).exists()


def decides_for(sight: RowSight, datasets: Iterable[uuid.UUID]) -> bool:
    """Whether the rows of one of these say which rows of another the reader sees: a rule names a column that is taken
    from there. Two queries where any is narrowed."""
    if not sight.narrowed:
        return False
    named = defaultdict(set)
    for dataset_id, column in RowRule.objects.filter(dataset__in=list(sight.narrowed)).values_list(
        "dataset_id", "column"
    ):
        named[dataset_id].add(column)
    joins = Join.objects.filter(dataset__in=list(named), other__in=list(datasets))
    return any(named[join.dataset_id] & set(map(join.column_key, join.taken)) for join in joins)


def writes_all(sight: RowSight, datasets: Collection[uuid.UUID]) -> bool:
    """Whether the reader may change these as a whole: they see all their rows, and all that theirs decide on. Two queries
    where any is narrowed."""
    return all(sight.of(key) is None for key in datasets) and not decides_for(sight, datasets)


def answer_read_by(probe: Probe, sight: RowSight) -> dict[str, Any]:
    """What a source answered, without a single cell of its rows where they are not all open to the reader. One query
    where any dataset is narrowed."""
    answer = dict(probe.answer or {})
    if not answer or sees_all_of(sight, probe.connection):
        return answer
    answer.pop("rows", None)
    if "columns" in answer:
        answer["columns"] = [
            {name: value for name, value in column.items() if name != "examples"}
            for column in answer["columns"]
        ]
    return answer


def _columns(actor: access.Actor) -> dict[uuid.UUID, dict[str, str]]:
    """dataset → dimension → column, of those that nobody opened to the actor as a whole. Two queries at most."""
    found: dict[uuid.UUID, dict[str, str]] = defaultdict(dict)
    for dataset_id, dimension, column in RowRule.objects.values_list("dataset_id", "dimension", "column"):
        found[dataset_id][dimension] = column
    if not found:
        return {}
    for dataset_id, role, person_id in RowGrant.objects.values_list("dataset_id", "role", "person_id"):
        if person_id == actor.person_id or (role and actor.has_role(role)):
            found.pop(dataset_id, None)
    return dict(found)


def _openings(columns: Mapping[str, str], slices: people.Slices) -> tuple[Opening, ...]:
    """A unit told apart by something that the dataset does not say opens nothing there."""
    found = {
        tuple(sorted((columns[key], value) for key, value in each.items()))
        for each in slices
        if set(each) <= set(columns)
    }
    return tuple(sorted(found))


def narrowing(dataset: Dataset, sight: RowSight) -> relations.Narrowing | None:
    """For the rows of one dataset; None where all are seen. Two queries at most."""
    narrowed = sight.of(dataset)
    if narrowed is None:
        return None
    reading = reading_of(dataset)
    condition = narrowed.condition({each.key for each in reading.columns})
    return relations.Narrowing(reading.relation, condition.sql, condition.params)


@dataclass(frozen=True)
class RowRights:
    """What is set for a dataset. `columns`: dimension → column, empty where everybody who sees rows sees all."""

    columns: Mapping[str, str]
    roles: tuple[str, ...]
    people: tuple[Person, ...]


def row_rights(dataset: Dataset) -> RowRights:
    """Two queries."""
    grants = list(RowGrant.objects.filter(dataset=dataset).select_related("person"))
    named = sorted((each.person for each in grants if each.person), key=lambda one: one.name_sort)
    return RowRights(
        columns=dict(RowRule.objects.filter(dataset=dataset).values_list("dimension", "column")),
        roles=tuple(sorted(each.role for each in grants if each.role)),
        people=tuple(named),
    )


def unit_dimensions() -> list[str]:
    """The dimensions by which business units say which part is theirs. One query."""
    return sorted({key for slice in BusinessUnit.objects.values_list("slice", flat=True) for key in slice})


def narrowing_columns(dataset: Dataset) -> list[tuple[str, str]]:
    """(key, type) of the columns that a rule may name, taken ones too. Two queries."""
    return [(each.key, each.type) for each in reading_of(dataset).columns if each.type in NAMEABLE]
