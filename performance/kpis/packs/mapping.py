"""Which column of a dataset a column of a pack is, and what becomes possible with it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.foundation import i18n
from performance.kpis import formulas, semantics
from performance.kpis.documents import Entry
from performance.kpis.packs import likeness
from performance.kpis.packs.shapes import DAY, FIGURE, NUMBER, Pack, PackColumn, PackMetric, PackTable

NUMERIC = frozenset({"integer", "decimal"})
TYPES = {
    DAY: frozenset({"date", "timestamp"}),
    NUMBER: NUMERIC,
    FIGURE: NUMERIC,
}
#: So many columns of a table tell it from another, whatever its name.
FEWEST_ALIKE = 3
#: Words and numbers that identify.
IDENTIFYING = frozenset({"text", "integer", "boolean"})


@dataclass(frozen=True)
class Chosen:
    """A dataset for a table of the pack. `columns`: key of the pack's column → column of the dataset, or arithmetic
    over its columns; what is left open is not in it."""

    dataset: Any
    sheet: semantics.Sheet
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def found(self) -> int:
        """How many columns stand for one of the pack's."""
        return sum(bool(text) for text in self.columns.values())


Mapped = Mapping[str, Chosen]


def fitting(column: PackColumn, sheet: semantics.Sheet) -> list[semantics.Column]:
    """The columns of a dataset that this one may be."""
    types = TYPES.get(column.type, IDENTIFYING)
    return [each for each in sheet.columns.values() if each.type in types]


def proposed(table: PackTable, sheet: semantics.Sheet) -> dict[str, str]:
    """The pack's columns that the dataset seems to have: by key, name or a usual other name in either language; else the
    one that is called alike; else, for the day that decides the month, the only one with a day."""
    found = _meant(table, sheet)
    first = next((column for column in table.columns if column.type == DAY), None)
    if first is not None and first.key not in found:
        days = fitting(first, sheet)
        if len(days) == 1 and days[0].key not in found.values():
            found[first.key] = days[0].key
    return {column.key: found[column.key] for column in table.columns if column.key in found}


def _meant(table: PackTable, sheet: semantics.Sheet) -> dict[str, str]:
    """Those that are called what the pack calls them, or alike."""
    found = {column.key: text for column in table.columns if (text := _named(column, sheet))}
    # How a query makes a column is not found by chance.
    for column in (each for each in table.columns if each.key not in found and not each.sql):
        left = [each for each in fitting(column, sheet) if each.key not in found.values()]
        alike = [
            each for each in left if likeness.is_alike((each.key, each.name_en, each.name_zh), column, table)
        ]
        if len(alike) == 1:
            found[column.key] = alike[0].key
    return found


def _gives_any(pack: Pack, table: PackTable, columns: Mapping[str, str]) -> bool:
    return any(all(key in columns for key in metric.needed) for metric in pack.of_table(table.key))


def _named(column: PackColumn, sheet: semantics.Sheet) -> str:
    able = fitting(column, sheet)
    called = {
        likeness.same(name): each.key
        for each in reversed(able)
        for name in (each.name_zh, each.name_en, each.key)
        if name
    }
    for word in (column.key, column.name_en, column.name_zh, *column.aliases):
        if likeness.same(word) in called:
            return called[likeness.same(word)]
        if column.type == NUMBER and re.search(r"[*/+-]", word) and not _is_refused(word, sheet):
            return word
    return ""


def proposed_tables(pack: Pack, sheets: Iterable[tuple[Any, semantics.Sheet]]) -> dict[str, Chosen]:
    """table of the pack → the dataset that fits it best, each dataset for one table. It fits when a metric becomes
    possible with its columns, half of those that tables usually have are there, and its name or the names of three of
    them are those of the table; the more of them and the closer its name, the better."""
    found = []
    for place, (dataset, sheet) in enumerate(sheets):
        for table in pack.tables:
            columns = proposed(table, sheet)
            usual = [column.key for column in table.columns if not column.sql]
            there = sum(key in columns for key in usual)
            kin = likeness.kinship(table, (dataset.key, dataset.name_en, dataset.name_zh))
            is_known = kin > 0 or len(_meant(table, sheet)) >= FEWEST_ALIKE
            if 2 * there < len(usual) or not is_known or not _gives_any(pack, table, columns):
                continue
            fit = (there / len(usual) + kin / 2, len(columns))
            found.append((fit, -place, table.key, Chosen(dataset, sheet, columns)))
    given: dict[str, Chosen] = {}
    taken: set[int] = set()
    for _fit, place, key, chosen in sorted(found, key=lambda one: one[:3], reverse=True):
        if key not in given and place not in taken:
            given[key] = chosen
            taken.add(place)
    return given


def _is_refused(text: str, sheet: semantics.Sheet) -> bool:
    try:
        semantics.arithmetic(text, sheet)
    except semantics.DefinitionRefused:
        return True
    return False


def judged(column: PackColumn, text: str, sheet: semantics.Sheet) -> str:
    """What was chosen for a column, spelt one way. Raises DefinitionRefused."""
    if column.type == NUMBER:
        return semantics.arithmetic(text, sheet).text
    if text not in {each.key for each in fitting(column, sheet)}:
        words = {"column": text, "name": i18n.local(column, "name")}
        raise semantics.DefinitionRefused(_("“%(column)s” cannot be “%(name)s”.") % words, field="columns")
    return text


@dataclass(frozen=True)
class Possible:
    """A metric of a pack: whether it can be drafted, or what it lacks. `is_there`: a metric has this key already;
    `is_usable`: and formulas may name it."""

    metric: PackMetric
    is_there: bool = False
    is_usable: bool = False
    table: PackTable | None = None
    columns: tuple[PackColumn, ...] = ()
    inputs: tuple[PackMetric, ...] = ()

    @property
    def is_new(self) -> bool:
        return not (self.is_there or self.table or self.columns or self.inputs)


def possible(pack: Pack, mapped: Mapped, there: Mapping[str, bool]) -> list[Possible]:
    """Every metric of the pack in its order. `there`: key of a metric that exists → whether formulas may name it."""
    found: dict[str, Possible] = {}
    waiting = list(pack.metrics)
    while waiting:
        ready = [metric for metric in waiting if all(key in found for key in metric.inputs)]
        for metric in ready:
            found[metric.key] = _possible(pack, mapped, there, metric, found)
        waiting = [metric for metric in waiting if metric.key not in found]
    return [found[metric.key] for metric in pack.metrics]


def _possible(
    pack: Pack,
    mapped: Mapped,
    there: Mapping[str, bool],
    metric: PackMetric,
    found: Mapping[str, Possible],
) -> Possible:
    if metric.key in there:
        return Possible(metric, is_there=True, is_usable=there[metric.key])
    if not metric.entry.is_base:
        inputs = (found[key] for key in metric.inputs)
        return Possible(
            metric, inputs=tuple(one.metric for one in inputs if not (one.is_new or one.is_usable))
        )
    table, chosen = pack.table(metric.table), mapped.get(metric.table)
    if chosen is None:
        return Possible(metric, table=table)
    return Possible(
        metric, columns=tuple(table.column(key) for key in metric.needed if key not in chosen.columns)
    )


def entries(pack: Pack, mapped: Mapped, chosen: Iterable[PackMetric]) -> list[Entry]:
    """The definitions over the datasets' own columns."""
    return [_entry(pack, mapped, metric) for metric in chosen]


def _entry(pack: Pack, mapped: Mapped, metric: PackMetric) -> Entry:
    given = metric.entry
    if not given.is_base:
        return given
    table = mapped[metric.table]
    columns, texts = table.columns, dict(given.texts)
    texts["dataset"] = table.dataset.key
    texts["time_column"] = columns[given.text("time_column")]
    if given.text("expression"):
        texts["expression"] = _expression(given, table)
    return Entry(
        line=given.line,
        texts=texts,
        filters=tuple({**each, "column": columns[each["column"]]} for each in given.filters),
        dimensions={
            column.dimension: columns[column.key]
            for column in pack.table(metric.table).dimensions
            if column.key in columns
        },
        lines=given.lines,
    )


def _expression(given: Entry, table: Chosen) -> str:
    if given.text("aggregation") in ("count", "distinct"):
        return table.columns[given.text("expression")]
    formula = formulas.parse(given.text("expression"))
    by = {key: semantics.arithmetic(table.columns[key], table.sheet) for key in formula.references}
    return formulas.replaced(formula, by)
