"""What an import is made of: rows, people who are here, problems, changes, and the plan of them all. Pure."""

import datetime
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from performance.foundation.sheets import Sheet, letter

PLAIN = ("name_en", "name_zh", "email", "title_en", "title_zh", "level", "city", "hired_on", "left_on")


@dataclass(frozen=True)
class Known:
    """A person who is here already. `lines`, `teams`: (from, until, key of the manager or team)."""

    id: uuid.UUID
    number: str
    values: Mapping[str, Any]
    unit: str
    lines: tuple[tuple[datetime.date, datetime.date | None, str], ...] = ()
    teams: tuple[tuple[datetime.date, datetime.date | None, str], ...] = ()


@dataclass
class Row:
    """One row of the file: what its cells say. `person` is the key of its person: the number in lower case."""

    number: int
    person: str
    values: dict[str, Any]
    manager: str | None = None

    @property
    def name(self) -> str:
        return str(self.values.get("name_en") or self.values.get("name_zh") or self.values["number"])


@dataclass
class Problem:
    """A cell that cannot be used. `column` is -1 when no one cell is to blame."""

    row: int
    column: int
    text: str
    value: str = ""
    suggestions: list[tuple[str, str]] = field(default_factory=list)

    @property
    def cell(self) -> str:
        return f"{letter(self.column)}{self.row}" if self.column >= 0 else ""


@dataclass
class Change:
    """What a row changes of somebody who is here: field → (before, after)."""

    row: Row
    known: Known
    fields: dict[str, tuple[Any, Any]]
    starts_on: datetime.date


@dataclass
class Plan:
    """What applying the file would do."""

    new: list[Row] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    same: int = 0
    absent: int = 0
    left_out: int = 0
    new_teams: list[str] = field(default_factory=list)
    new_units: list[str] = field(default_factory=list)
    tops: list[str] = field(default_factory=list)
    starts_on: datetime.date | None = None
    #: Key of a person → name, for every row that could be read, also those with a problem.
    names: dict[str, str] = field(default_factory=dict)
    #: (text, date) for each column of dates that could be read both ways: how it was read.
    assumed: list[tuple[str, datetime.date]] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """Equal for equal plans: what somebody saw is what they apply."""
        content = [
            [(row.person, row.values, row.manager) for row in self.new],
            [(change.row.person, change.fields) for change in self.changed],
            str(self.starts_on),
        ]
        return hashlib.sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()


@dataclass
class Check:
    """Everything a dry run looks at."""

    sheet: Sheet
    mapping: Mapping[str, int]
    known: Mapping[str, Known]
    today: datetime.date
    starts_on: datetime.date
    mended: Mapping[str, str] = field(default_factory=dict)
    left_out: frozenset[int] = frozenset()
    # Every way to write a team or unit, in lower case → its name.
    team_names: Mapping[str, str] = field(default_factory=dict)
    unit_names: Mapping[str, str] = field(default_factory=dict)
    #: Name of a team → the day it closes or closed on.
    closed_teams: Mapping[str, datetime.date] = field(default_factory=dict)
    #: Keys of people whose e-mail address whoever imports may not change.
    out_of_reach: frozenset[str] = frozenset()
