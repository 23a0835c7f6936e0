"""A sheet against the goals that are here → what would be new and changed, and what stands in the way. Pure.

Nothing is guessed silently: a cell that cannot be used becomes a problem that names its row and column. An empty cell
changes nothing. An objective's rows are its whole text: a key result that they leave out is taken out of it, unless
they name none.
"""

import dataclasses
import uuid
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from okr import rules
from okr.actions.importing import cells, columns, naming, owners, results, shapes
from okr.models import Content
from okr.models.objectives import ObjectiveType, OwnerKind, State, Visibility

#: Objectives that one file changes. Each asks both sides anew; what is new is written all at once.
MOST_CHANGES = 500
#: Where the problem of a text, by its path, stands in a file.
COLUMN_OF = {
    **dict.fromkeys(("start", "target", "commit", "stretch", "lower", "upper", "tolerance")),
    "title": "key_result",
    "weight": "weight",
    "milestones": "milestones",
    "checkpoints": "checkpoints",
    "kind": "kind",
    "metric_key": "metric",
    "currency": "unit",
}


@dataclasses.dataclass
class Group:
    """The rows of one objective. `cells`: field → (row, text) of what they say of it."""

    row: int
    cells: dict[str, tuple[int, str]]
    rows: list[tuple[int, dict[str, str]]]

    def text(self, field: str) -> str:
        return self.cells.get(field, (0, ""))[1]

    def written(self, row: int, field: str) -> str:
        """What a cell says: of the objective, or of the key result in this row."""
        if field in columns.OF_OBJECTIVE:
            return self.text(field)
        return next((texts.get(field, "") for number, texts in self.rows if number == row), "")


def make(check: shapes.Check) -> shapes.Plan:
    """Reads every objective, compares it with what is here, and collects every problem instead of the first."""
    return _Reader(check).read()


class _Reader:
    def __init__(self, check: shapes.Check) -> None:
        self.check = check
        self.plan = shapes.Plan()
        self.names = naming.Names(check)
        self.seen: dict[Any, int] = {}

    def read(self) -> shapes.Plan:
        for group in self._groups():
            before = len(self.plan.problems)
            goal = self._goal(group)
            if goal is None:
                self._blame_other_cells(group)
            if goal is None or len(self.plan.problems) > before:
                continue
            if goal.match is None:
                self.plan.new.append(goal)
            elif goal.before is None:
                self.plan.same.append(goal)
            else:
                self.plan.changed.append(goal)
        for goal in self.plan.changed[MOST_CHANGES:][:1]:
            text = _("One file changes at most %(count)s objectives. Split it from here on.")
            self.blame(goal.row, "objective", text % {"count": MOST_CHANGES})
        self.plan.problems.sort(key=lambda problem: (problem.row, problem.column))
        return self.plan

    # --- Rows → objectives ---------------------------------------------------------------------------------

    def _groups(self) -> list[Group]:
        found: list[Group] = []
        by_identity: dict[Any, Group] = {}
        current: Group | None = None
        for number, texts in self.check.sheet.rows:
            row = {field: texts[place] for field, place in self.check.mapping.items() if texts[place]}
            if not row:
                continue
            if current is None or not _goes_on(current, row):
                identity = _identity(row)
                current = by_identity.get(identity)
                if current is None:
                    current = by_identity[identity] = Group(number, {}, [])
                    found.append(current)
            for field in columns.OF_OBJECTIVE:
                if field in row:
                    self._note(current, field, number, row[field])
            if any(field in row for field in columns.OF_KEY_RESULT):
                current.rows.append((number, row))
        return found

    def _note(self, group: Group, field: str, number: int, text: str) -> None:
        first, standing = group.cells.setdefault(field, (number, text))
        if cells.key(standing) != cells.key(text):
            self.blame(
                number,
                field,
                _("Row %(row)s says “%(text)s” of the same objective.")
                % {"row": first, "text": standing[:60]},
                text,
            )

    # --- One objective -------------------------------------------------------------------------------------

    def _goal(self, group: Group) -> shapes.Goal | None:
        if not group.text("objective") and not group.text("objective_id"):
            self.blame(group.row, "objective", _("The objective is missing."))
            return None
        self._refuse_other_period(group)
        match = self._named_by_id(group)
        if match is None and group.text("objective_id"):
            return None
        side = owners.side_of(self, group, match)
        if side is None:
            return None
        match = match or self._called_so(group, side)
        if match is None:
            return self._new(group, side)
        if not self._is_first(group, match.objective.pk):
            return None
        return self._known(group, match, side)

    def _blame_other_cells(self, group: Group) -> None:
        """Where it cannot be told which objective it is: the cells that are wrong whichever it is, so that all of a
        row is mended at once."""
        before = len(self.plan.problems)
        told = {(problem.row, problem.field) for problem in self.plan.problems}
        self._content(group, None, self.check.me)
        found = self.plan.problems[before:]
        self.plan.problems[before:] = [
            problem
            for problem in found
            if problem.value and problem.field != "key_result_id" and (problem.row, problem.field) not in told
        ]

    def _refuse_other_period(self, group: Group) -> None:
        text = group.text("period")
        if text and cells.key(text) not in self.check.period_words:
            self.blame_cell(
                group,
                "period",
                _(
                    "This file is read into %(period)s. Choose the other period on the page, or empty the cell."
                )
                % {"period": self.check.period_name},
            )

    def _named_by_id(self, group: Group) -> shapes.Standing | None:
        text = group.text("objective_id")
        if not text:
            return None
        try:
            wanted = uuid.UUID(text)
        except ValueError:
            self.blame_cell(
                group, "objective_id", _("This is no ID. Leave the cell empty for a new objective.")
            )
            return None
        match = next((each for each in self.check.standing if each.objective.pk == wanted), None)
        if match is None and wanted in self.check.elsewhere:
            self.blame_cell(
                group,
                "objective_id",
                _("This objective belongs to %(period)s.") % {"period": self.check.elsewhere[wanted]},
            )
        elif match is None:
            self.blame_cell(
                group,
                "objective_id",
                _("There is no such objective that you may see. Leave the cell empty for a new one."),
            )
        return match

    def somebody(self, row: int, field: str, text: str) -> shapes.Person | None:
        people = self.names.people(text)
        if not people:
            self.blame(row, field, _("%(name)s is not a person here.") % {"name": text[:60]}, text)
        elif len(people) > 1:
            self.blame(
                row,
                field,
                _("Several people are called %(name)s. Write the number.") % {"name": text[:60]},
                text,
            )
        elif not people[0].is_here:
            self.blame(row, field, _("%(name)s does not work here today.") % {"name": people[0].label}, text)
        elif not people[0].writes:
            self.blame(row, field, _("%(name)s only reads here.") % {"name": people[0].label}, text)
        else:
            return people[0]
        return None

    def _called_so(self, group: Group, side: Mapping[str, Any]) -> shapes.Standing | None:
        """The objective of the same owner or team with the same title, so that a second import makes no doubles."""
        found = self.names.called(_of(side), group.text("objective"))
        if len(found) > 1:
            self.blame_cell(
                group,
                "objective",
                _("Several objectives are called so. Say which by the ID of an exported file."),
            )
        return found[0] if found else None

    def _is_first(self, group: Group, key: Any) -> bool:
        first = self.seen.setdefault(key, group.row)
        if first != group.row:
            self.blame_cell(group, "objective", _("Row %(row)s has this objective too.") % {"row": first})
        return first == group.row

    def _new(self, group: Group, side: dict[str, Any]) -> shapes.Goal | None:
        if not self._is_first(group, (_of(side), cells.key(group.text("objective")))):
            return None
        owners.refuse_unauthorised(self, group, side)
        sponsor = owners.sponsor_of(self, group, side["owner_id"])
        content = self._content(group, None, side["owner_id"])
        self._refuse_unsound(group, content)
        return shapes.Goal(group.row, sponsor_id=sponsor, content=content, **side)

    def _known(self, group: Group, match: shapes.Standing, side: dict[str, Any]) -> shapes.Goal:
        """The same when the file says what is in force, or what waits for agreement already; else a change, as is
        proposing a draft anew."""
        goal = shapes.Goal(group.row, sponsor_id=None, content=match.content, match=match, **side)
        before = len(self.plan.problems)
        for base in filter(None, (match.content, match.proposal)):
            del self.plan.problems[before:]
            content = self._content(group, base, side["owner_id"])
            if len(self.plan.problems) == before and content == base and not match.is_left:
                return goal
        self._refuse_unsound(group, content)
        one = match.objective
        if one.state == State.CLOSED:
            self.blame_cell(group, "objective", _("This objective is closed."))
        elif one.pk not in self.check.may_change:
            self.blame_cell(
                group, "objective", _("You may see this objective, but not change it. Ask its owner.")
            )
        elif match.hides_proposal:
            # Applied, the change would replace a text that whoever imports has never seen.
            self.blame_cell(
                group,
                "objective",
                _("This objective cannot be changed by a file at the moment. Ask its owner."),
            )
        return dataclasses.replace(goal, content=content, before=base)

    # --- Its text ------------------------------------------------------------------------------------------

    def _content(self, group: Group, base: Content | None, owner_id: uuid.UUID) -> Content:
        title = group.text("objective")
        description = group.text("description")
        key_results = results.read(self, group, base, owner_id)
        if base is not None and (not title or cells.same(title, base.title)):
            title = base.title
        elif title:
            title = self._try(group, "objective", lambda: cells.line_of(title, longest=200), "")
        if base is not None and (not description or cells.same(description, base.description)):
            description = base.description
        elif description:
            description = self._try(
                group, "description", lambda: cells.text_of(description, longest=4000), ""
            )
        return Content(
            title=title,
            description=description,
            type=self.choice(group, "type", ObjectiveType, base.type if base else "committed"),
            visibility=self.choice(group, "visibility", Visibility, base.visibility if base else "public"),
            weight=self._weight(group, base.weight if base else 1),
            key_results=key_results,
        )

    def _weight(self, group: Group, standing: int) -> int:
        text = group.text("objective_weight")
        if not text:
            return standing
        value = self._try(group, "objective_weight", lambda: cells.amount(text), None)
        if value is not None and (value % 1 or not 1 <= value <= 100):
            self.blame_cell(group, "objective_weight", _("This weight is a whole number from 1 to 100."))
        return standing if value is None else int(value)

    def choice(self, group: Group, field: str, choices: Any, standing: str) -> str:
        text = group.text(field)
        return self._try(group, field, lambda: cells.choice(text, choices), standing) if text else standing

    def _try(self, group: Group, field: str, read: Any, otherwise: Any) -> Any:
        return self.attempt(group.cells[field][0], field, group.text(field), read, otherwise)

    def attempt(self, row: int, field: str, text: str, read: Any, otherwise: Any) -> Any:
        """What `read` makes of a cell; a cell that cannot be used becomes a problem."""
        try:
            return read()
        except cells.CellError as error:
            self.blame(row, field, str(error), text)
            return otherwise

    def _refuse_unsound(self, group: Group, content: Content) -> None:
        """The rules that hold for a text that somebody types hold for one from a file."""
        blamed = {(problem.row, problem.field) for problem in self.plan.problems}
        rows = results.rows_in_order(group, content, self)
        for problem in (
            *rules.problems_of(content, self.check),
            *results.metric_problems(content, self.check),
        ):
            if problem.is_sum:
                self._blame_weights(group, content, rows, blamed)
                continue
            place, _dot, name = problem.path.rpartition(".")
            row = rows[int(place)] if place else group.row
            field = {"title": "objective"}.get(name, name)
            if place:
                field = COLUMN_OF.get(name) or name
            elif name == "weights":
                # No key result, too many, or one of them twice: the last one leads there.
                row, field = max((group.row, *rows)), "key_result"
            if (row, field) not in blamed:
                self.blame(row, field, str(problem.message), group.written(row, field))

    def _blame_weights(
        self, group: Group, content: Content, rows: list[int], blamed: set[tuple[int, str]]
    ) -> None:
        """All of an objective's weights are wrong together, unless one of them is for a reason of its own."""
        if any((row, "weight") in blamed for row in rows):
            return
        among = [(row, group.written(row, "weight")) for row in sorted(set(rows))]
        (first, value), told = among[0], results.weights_told(content)
        self.blame(first, "weight", told, value)
        self.plan.problems[-1].among = among
        self.plan.problems[-1].suggested = results.weight_suggested(content, rows)

    # --- Problems ------------------------------------------------------------------------------------------

    def blame_cell(self, group: Group, field: str, text: str) -> None:
        row, value = group.cells.get(field, (group.row, ""))
        self.blame(row, field, text, value)

    def blame(self, row: int, field: str, text: str, value: str = "") -> None:
        self.plan.problems.append(shapes.Problem(row, self.check.mapping.get(field, -1), field, text, value))


def _goes_on(group: Group, row: Mapping[str, str]) -> bool:
    """Whether a row still speaks of the objective above: what it says of it is the same, or nothing."""
    told = [field for field in IDENTIFYING if field in row]
    return all(
        field in group.cells and cells.key(group.text(field)) == cells.key(row[field]) for field in told
    )


def _identity(row: Mapping[str, str]) -> Any:
    if "objective_id" in row:
        return cells.key(row["objective_id"])
    return tuple(cells.key(row.get(field, "")) for field in IDENTIFYING)


def _of(side: Mapping[str, Any]) -> tuple[str, Any]:
    """Whose it is, as one key: a person's by the person, a team's by the team."""
    kind = str(side["owner_kind"])
    ids = {OwnerKind.PERSON.value: side["owner_id"], OwnerKind.TEAM.value: side["team_id"]}
    return kind, ids.get(kind)


IDENTIFYING = (*("objective_id", "owner_number", "owner_email", "owner", "owned_by", "team", "objective"),)
