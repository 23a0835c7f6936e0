"""The rows a base metric reads, as far as SQL is concerned, and statements with their parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NUMERIC = frozenset({"integer", "decimal"})
TIMES = frozenset({"date", "timestamp"})


@dataclass(frozen=True)
class Column:
    """`sql` is the quoted column name, each per cent sign doubled; `type` is one of sources.ColumnType. `currency`: the code
    of the money in it, or the key of the column that holds the code; "" where nobody said."""

    key: str
    sql: str
    type: str
    name_en: str = ""
    name_zh: str = ""
    role: str = ""
    currency: str = ""


@dataclass(frozen=True)
class Sheet:
    """A dataset's rows: where they lie, and which columns a definition may name."""

    relation: str
    columns: Mapping[str, Column]
    #: The rows stay at their source: there is no relation to read, only columns to name.
    is_live: bool = False

    def names(self) -> dict[str, str]:
        """What people may write for a column: its key or its name in either language."""
        names = {key: key for key in self.columns}
        for key, column in self.columns.items():
            for name in (column.name_en, column.name_zh):
                if name:
                    names.setdefault(name, key)
        return names


@dataclass(frozen=True)
class Statement:
    """SQL text with %s places, and what goes into them, in order."""

    sql: str
    params: list[Any] = field(default_factory=list)
