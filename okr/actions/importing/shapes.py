"""What an import of goals is made of: what is known here, problems, and the plan. Pure."""

import dataclasses
import datetime
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from okr.models import Content, Objective
from performance.foundation.sheets import Sheet, letter


@dataclass(frozen=True)
class Person:
    """Somebody whom the file may name. `words`: the ways to write the name, in lower case. `writes`: an auditor here
    does not."""

    id: uuid.UUID
    number: str
    email: str
    words: tuple[str, ...]
    label: str
    is_here: bool
    writes: bool = True


@dataclass(frozen=True)
class Team:
    """`words`: code and names, in lower case."""

    id: uuid.UUID
    words: tuple[str, ...]
    label: str
    lead_id: uuid.UUID | None


@dataclass(frozen=True)
class Standing:
    """An objective that is here. `content` is what its rows say, `proposal` what waits for agreement, if another.
    `hides_proposal`: something is proposed that the importer may not read. `is_left`: a draft that taking an import of
    theirs back has left, which a corrected file proposes anew."""

    objective: Objective
    content: Content
    proposal: Content | None = None
    hides_proposal: bool = False
    is_left: bool = False


@dataclass(frozen=True)
class Metric:
    key: str
    words: tuple[str, ...]
    direction: str


@dataclass
class Check:
    """Everything a dry run looks at. `me`: who imports. `below`: everybody under them. `my_teams`: teams that they
    lead or belong to. `period_words`: how the chosen period may be written."""

    sheet: Sheet
    mapping: Mapping[str, int]
    from_workbook: bool
    period_name: str
    starts_on: datetime.date
    ends_on: datetime.date
    period_words: frozenset[str]
    currency: str
    me: uuid.UUID
    imports_for_all: bool
    below: frozenset[uuid.UUID]
    my_teams: frozenset[uuid.UUID]
    people: Sequence[Person]
    teams: Sequence[Team]
    #: person → teams on the day.
    memberships: Mapping[uuid.UUID, frozenset[uuid.UUID]]
    #: Of the people named: who has a manager on the day.
    managed: frozenset[uuid.UUID]
    standing: Sequence[Standing]
    #: Objectives of other periods that the file names by their ID → the period's name.
    elsewhere: Mapping[uuid.UUID, str]
    metrics: Sequence[Metric]
    may_change: frozenset[uuid.UUID]


@dataclass
class Problem:
    """A cell that cannot be used. `column` is -1 where the file has no column for the `field`. `among`: where several
    cells of the column are wrong together, (row, what is written) of each. `suggested`: by row, what would be right."""

    row: int
    column: int
    field: str
    text: str
    value: str = ""
    among: list[tuple[int, str]] = dataclasses.field(default_factory=list)
    suggested: dict[int, str] = dataclasses.field(default_factory=dict)

    @property
    def cell(self) -> str:
        return self.cell_in(self.row)

    def cell_in(self, row: int) -> str:
        return f"{letter(self.column)}{row}" if self.column >= 0 else ""


@dataclass
class Goal:
    """An objective as the file has it. `before`: the text that it changes, None for a new one."""

    row: int
    owner_kind: str
    owner_id: uuid.UUID
    team_id: uuid.UUID | None
    sponsor_id: uuid.UUID | None
    content: Content
    match: Standing | None = None
    before: Content | None = None

    @property
    def is_anew(self) -> bool:
        """Proposed although it is here, and a draft."""
        return self.match is not None and self.match.is_left

    @property
    def needs_reason(self) -> bool:
        return self.match is not None and self.match.objective.is_in_force


@dataclass
class Plan:
    """What applying the file would do."""

    new: list[Goal] = field(default_factory=list)
    changed: list[Goal] = field(default_factory=list)
    same: list[Goal] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def needs_reason(self) -> bool:
        return any(goal.needs_reason for goal in self.changed)

    @property
    def digest(self) -> str:
        """Equal for equal plans: what somebody saw is what they apply."""
        content = [[_identity(goal) for goal in goals] for goals in (self.new, self.changed)]
        return hashlib.sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()


def _identity(goal: Goal) -> list[Any]:
    known = {each.id for each in goal.before.key_results} if goal.before else set()
    text = goal.content.to_json()
    for each, kept in zip(goal.content.key_results, text["key_results"], strict=True):
        # What is new gets its identity when it is written.
        kept["id"] = kept["id"] if each.id in known else ""
        kept["milestones"] = [step["title"] for step in kept["milestones"]]
    return [
        goal.match.objective.pk if goal.match else None,
        goal.match.objective.is_in_force if goal.match else None,
        goal.before.to_json() if goal.before else None,
        [goal.owner_kind, goal.owner_id, goal.team_id, goal.sponsor_id, text],
    ]
