"""What stands in a pack: tables with their columns, and metrics over them. Read once from the files beside this one."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from performance.kpis import formulas
from performance.kpis.documents import entries as documents
from performance.kpis.documents import reading

FORMAT = "accord-pack/1"
#: The files of packs, in the order in which they are shown.
NAMES = ("retail", "manufacturing", "internet")
#: What a column has to be: a day; arithmetic over numbers; a column of numbers; words or numbers that only identify.
DAY, NUMBER, FIGURE, VALUE = "day", "number", "figure", "value"


@dataclass(frozen=True)
class Said:
    """Words in both languages."""

    key: str
    name_en: str
    name_zh: str
    description_en: str = ""
    description_zh: str = ""


@dataclass(frozen=True)
class PackColumn(Said):
    """`sql`: how a query makes it, where tables do not have it. `dimension`: what it cuts by, or ""."""

    type: str = VALUE
    dimension: str = ""
    sql: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class PackTable(Said):
    columns: tuple[PackColumn, ...] = ()

    def column(self, key: str) -> PackColumn:
        return next(column for column in self.columns if column.key == key)

    @property
    def dimensions(self) -> tuple[PackColumn, ...]:
        return tuple(column for column in self.columns if column.dimension)


@dataclass(frozen=True)
class PackMetric:
    """`entry`: the definition over the columns of the pack. `source_en`, `source_zh`: where its formula comes from."""

    entry: documents.Entry
    table: str
    source_en: str
    source_zh: str

    @property
    def key(self) -> str:
        return self.entry.key

    @property
    def name_en(self) -> str:
        return self.entry.text("name_en")

    @property
    def name_zh(self) -> str:
        return self.entry.text("name_zh")

    @property
    def description_en(self) -> str:
        return self.entry.text("description_en")

    @property
    def description_zh(self) -> str:
        return self.entry.text("description_zh")

    @property
    def formula(self) -> str:
        return self.entry.text("formula")

    @functools.cached_property
    def inputs(self) -> tuple[str, ...]:
        """The metrics of its formula."""
        return () if self.entry.is_base else formulas.parse(self.entry.text("formula")).references

    @functools.cached_property
    def needed(self) -> tuple[str, ...]:
        """The columns without which it cannot be computed, in the order of the table."""
        if not self.entry.is_base:
            return ()
        expression = self.entry.text("expression")
        used = set(formulas.parse(expression).references) if expression else set()
        return tuple(
            dict.fromkeys(
                [
                    self.entry.text("time_column"),
                    *sorted(used),
                    *(given["column"] for given in self.entry.filters),
                ]
            )
        )


@dataclass(frozen=True)
class Pack(Said):
    icon: str = "package"
    tables: tuple[PackTable, ...] = ()
    metrics: tuple[PackMetric, ...] = ()

    def table(self, key: str) -> PackTable:
        return next(table for table in self.tables if table.key == key)

    def of_table(self, key: str) -> list[PackMetric]:
        return [metric for metric in self.metrics if metric.table == key]


@functools.cache
def load(name: str) -> Pack:
    """One pack. Raises KeyError for a name that is none, DocumentRefused for a file that is not in order."""
    if name not in NAMES:
        raise KeyError(name)
    root = documents.branch(reading.tree_of((Path(__file__).parent / f"{name}.yaml").read_text("utf-8")))
    documents.judge_words(
        root,
        frozenset(
            {
                "accord",
                "key",
                "icon",
                "name_en",
                "name_zh",
                "summary_en",
                "summary_zh",
                "tables",
                "metrics",
            }
        ),
    )
    given = _texts(root, ("accord", "key", "icon", "name_en", "name_zh", "summary_en", "summary_zh"))
    if given["accord"] != FORMAT:
        raise reading.DocumentRefused(f"accord: {FORMAT}", line=root.line)
    return Pack(
        key=given["key"],
        name_en=given["name_en"],
        name_zh=given["name_zh"],
        description_en=given["summary_en"],
        description_zh=given["summary_zh"],
        icon=given["icon"],
        tables=tuple(_table(node) for node in _branches(root, "tables")),
        metrics=tuple(_metric(node) for node in _branches(root, "metrics")),
    )


def every() -> list[Pack]:
    return [load(name) for name in NAMES]


SAID = ("key", "name_en", "name_zh", "description_en", "description_zh")


def _table(node: reading.Branch) -> PackTable:
    documents.judge_words(node, frozenset({*SAID, "columns"}))
    return PackTable(
        **_texts(node, SAID), columns=tuple(_column(each) for each in _branches(node, "columns"))
    )


def _column(node: reading.Branch) -> PackColumn:
    plain = (*SAID, "type", "dimension", "sql")
    documents.judge_words(node, frozenset({*plain, "aliases"}))
    aliases = documents.items(node.entries.get("aliases", reading.Items(node.line, ())))
    return PackColumn(**_texts(node, plain), aliases=tuple(documents.text(alias, 200) for alias in aliases))


def _metric(node: reading.Branch) -> PackMetric:
    more = ("table", "source_en", "source_zh")
    return PackMetric(entry=documents.entry_of(node, frozenset(more)), **_texts(node, more))


def _branches(node: reading.Branch, word: str) -> list[reading.Branch]:
    return [documents.branch(each) for each in documents.items(node.entries[word])]


def _texts(node: reading.Branch, words: Iterable[str]) -> Mapping[str, str]:
    return {word: documents.text(node.entries[word], 1000) if word in node.entries else "" for word in words}
