"""A sheet against the people who are here → what would change, and what stands in the way. Pure.

Nothing is guessed silently: a cell that cannot be used becomes a problem that names its row and column. An empty cell
changes nothing.
"""

import contextlib
import datetime
import difflib
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from performance.foundation.sheets import clean, letter
from performance.people import rules
from performance.people.actions.importing import cells, shapes
from performance.people.actions.names import is_chinese

# Characters that fingers and scanners take for each other.
LOOKALIKES = str.maketrans({"o": "0", "l": "1", "i": "1", "s": "5", "b": "8"})


def make(check: shapes.Check) -> shapes.Plan:
    """Reads every row, compares it with who is here, and collects every problem instead of the first."""
    plan = shapes.Plan(starts_on=check.starts_on)
    rows = _read_rows(check, plan)
    _settle_managers(check, rows, plan)
    _refuse_what_has_ended(check, rows, plan)
    _refuse_loops(check, rows, plan)
    _refuse_shared_emails(check, rows, plan)
    _refuse_emails_out_of_reach(check, rows, plan)
    plan.names = {row.person: row.name for row in rows}
    bad = {problem.row for problem in plan.problems}
    for row in rows:
        known = check.known.get(row.person)
        if row.number in bad:
            continue
        if known is None:
            plan.new.append(row)
        elif changes := _changes(check, row, known):
            plan.changed.append(shapes.Change(row, known, changes, _effective(check, row, known)))
        else:
            plan.same += 1
    _refuse_leavers_with_reports(check, rows, plan)
    plan.problems.sort(key=lambda problem: (problem.row, problem.column))
    present = {row.person for row in rows}
    plan.absent = sum(
        1 for key, known in check.known.items() if key not in present and not known.values.get("left_on")
    )
    plan.left_out = len(check.left_out)
    plan.tops = [row.values.get("name_en", "") for row in plan.new if row.manager is None]
    return plan


def cell_text(check: shapes.Check, number: int, index: int, texts: list[str]) -> str:
    """A cell as it counts: the mended value where there is one."""
    mended = check.mended.get(f"{letter(index)}{number}")
    return clean(mended) if mended is not None else texts[index]


def _read_rows(check: shapes.Check, plan: shapes.Plan) -> list[shapes.Row]:
    dates = {
        key: [texts[check.mapping[key]] for _number, texts in check.sheet.rows]
        for key in ("hired_on", "left_on")
        if key in check.mapping
    }
    day_first = {key: cells.day_comes_first(texts) for key, texts in dates.items()}
    for unsure in filter(None, map(cells.unsure_date, dates.values())):
        with contextlib.suppress(cells.CellError):
            plan.assumed.append((unsure, cells.date(unsure, day_first=True, today=check.today)))
    rows: list[shapes.Row] = []
    seen: dict[str, int] = {}
    for number, texts in check.sheet.rows:
        if number in check.left_out:
            continue
        row = _read_row(check, number, texts, day_first, plan)
        if row is None:
            continue
        if row.person in seen:
            plan.problems.append(
                shapes.Problem(
                    number,
                    check.mapping["number"],
                    _("Row %(row)s has this number too.") % {"row": seen[row.person]},
                    row.values["number"],
                )
            )
            continue
        seen[row.person] = number
        rows.append(row)
    return rows


def _read_row(
    check: shapes.Check, number: int, texts: list[str], day_first: Mapping[str, bool], plan: shapes.Plan
) -> shapes.Row | None:
    values: dict[str, Any] = {}
    for key, index in check.mapping.items():
        text = cell_text(check, number, index, texts)
        if cells.is_empty(text) or (key == "manager" and text == "0"):
            continue
        try:
            values[key] = cells.value_of(key, text, day_first=day_first.get(key, True), today=check.today)
        except cells.CellError as error:
            plan.problems.append(shapes.Problem(number, index, str(error), text))
    if "number" not in values:
        if not any(problem.row == number for problem in plan.problems[-len(check.mapping) :]):
            plan.problems.append(
                shapes.Problem(number, check.mapping["number"], _("The employee number is missing."))
            )
        return None
    _join_names(values)
    _settle_group("team", values, check.team_names, plan.new_teams)
    _settle_group("unit", values, check.unit_names, plan.new_units)
    row = shapes.Row(number, values["number"].lower(), values)
    _refuse_missing_name(check, row, plan)
    _refuse_backward_dates(check, row, plan)
    return row


def _join_names(values: dict[str, Any]) -> None:
    """First and last name make one; a Chinese name in the Latin column moves to its own."""
    first, last = values.pop("first_name", ""), values.pop("last_name", "")
    if (first or last) and "name_en" not in values:
        joined = f"{last}{first}" if is_chinese(last + first) else f"{first} {last}".strip()
        values["name_en"] = joined
    if is_chinese(values.get("name_en", "")):
        chinese = "".join(values.pop("name_en").split())
        values.setdefault("name_zh", chinese)


def _settle_group(key: str, values: dict[str, Any], names: Mapping[str, str], new: list[str]) -> None:
    """A team or unit by its name in either language or its code; an unknown one is started by the import."""
    text = values.get(key)
    if not text:
        return
    same = names.get(text.lower()) or next((name for name in new if name.lower() == text.lower()), None)
    if same is None:
        new.append(text)
    values[key] = same or text


def _refuse_missing_name(check: shapes.Check, row: shapes.Row, plan: shapes.Plan) -> None:
    if row.values.get("name_en") or row.values.get("name_zh") or row.person in check.known:
        return
    index = next(
        (check.mapping[key] for key in ("name_en", "name_zh", "last_name") if key in check.mapping), -1
    )
    if not any(problem.row == row.number and problem.column == index for problem in plan.problems):
        plan.problems.append(shapes.Problem(row.number, index, _("Somebody new needs a name.")))


def _refuse_backward_dates(check: shapes.Check, row: shapes.Row, plan: shapes.Plan) -> None:
    known = check.known.get(row.person)
    hired_on = row.values.get("hired_on") or (known.values.get("hired_on") if known else None)
    left_on = row.values.get("left_on")
    if hired_on and left_on and left_on < hired_on:
        plan.problems.append(
            shapes.Problem(
                row.number,
                check.mapping["left_on"],
                _("The last day lies before the first one."),
                str(left_on),
            )
        )


def _settle_managers(check: shapes.Check, rows: list[shapes.Row], plan: shapes.Plan) -> None:
    """Managers by number, e-mail or unique name, in the file (also further down) or among the people here."""
    directory = _Directory(check, rows)
    index = check.mapping.get("manager", -1)
    for row in rows:
        named = row.values.pop("manager", "")
        if not named:
            continue
        row.manager = directory.find(named)
        if row.manager is None:
            plan.problems.append(
                shapes.Problem(
                    row.number,
                    index,
                    directory.why_not(named),
                    named,
                    directory.near(named),
                )
            )
        elif row.manager == row.person:
            plan.problems.append(shapes.Problem(row.number, index, _("Nobody is their own manager."), named))


class _Directory:
    """Everybody who may be named as a manager: the file's people and those who are here."""

    def __init__(self, check: shapes.Check, rows: list[shapes.Row]) -> None:
        self.labels: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.by_word: dict[str, set[str]] = {}
        people = [(key, known.number, known.values) for key, known in check.known.items()]
        people += [(row.person, row.values["number"], row.values) for row in rows]
        for key, number, values in people:
            name = values.get("name_en") or values.get("name_zh") or ""
            self.numbers[key] = number
            self.labels[key] = name or self.labels.get(key, "")
            for word in (values.get("email"), values.get("name_en"), values.get("name_zh")):
                if word:
                    self.by_word.setdefault(word.lower(), set()).add(key)

    def find(self, named: str) -> str | None:
        wanted = named.lower()
        if wanted in self.labels:
            return wanted
        keys = self.by_word.get(wanted) or self.by_word.get(cells.person_name(named).lower(), set())
        return next(iter(keys)) if len(keys) == 1 else None

    def why_not(self, named: str) -> str:
        if len(self.by_word.get(named.lower(), ())) > 1:
            return _("Several people are called %(name)s. Write the number.") % {"name": named}
        return _("%(name)s is not a person here or in the file.") % {"name": named}

    def near(self, named: str) -> list[tuple[str, str]]:
        """Up to three (number, name) that may have been meant."""
        same_name = sorted(self.by_word.get(named.lower(), ()))
        looks = named.lower().translate(LOOKALIKES)
        same_name = same_name or [key for key in self.labels if key.translate(LOOKALIKES) == looks]
        close = same_name or difflib.get_close_matches(named.lower(), self.labels, n=3, cutoff=0.7)
        if not close:
            names = difflib.get_close_matches(named.lower(), self.by_word, n=3, cutoff=0.75)
            close = [key for name in names for key in sorted(self.by_word[name])]
        return [(self.numbers[key], self.labels[key]) for key in close[:3]]


def _refuse_what_has_ended(check: shapes.Check, rows: list[shapes.Row], plan: shapes.Plan) -> None:
    """Nobody begins to report to somebody who has left by then, nor belongs to a team that is closed."""
    leaving = {key: known.values.get("left_on") for key, known in check.known.items()}
    leaving |= {row.person: row.values["left_on"] for row in rows if row.values.get("left_on")}
    names = {key: known.values.get("name_en") or known.number for key, known in check.known.items()}
    names |= {row.person: row.name for row in rows}
    for row in rows:
        begins = begins_on(check, row)
        if begins is None:
            continue
        last_day = leaving.get(row.manager or "")
        if row.manager and last_day is not None and last_day < begins:
            text = _("%(manager)s will have left by then.") % {"manager": names[row.manager]}
            plan.problems.append(shapes.Problem(row.number, check.mapping["manager"], text, row.manager))
        team = row.values.get("team", "")
        closed_on = check.closed_teams.get(team)
        if closed_on is not None and closed_on <= begins:
            text = _("This team is closed on that day.")
            plan.problems.append(shapes.Problem(row.number, check.mapping["team"], text, team))


def begins_on(check: shapes.Check, row: shapes.Row) -> datetime.date | None:
    """The day on which a line or membership of this row would begin; None when its person leaves, or left before."""
    known = check.known.get(row.person)
    if known is not None:
        return (
            None
            if known.values.get("left_on") or row.values.get("left_on")
            else _effective(check, row, known)
        )
    begins: datetime.date = row.values.get("hired_on") or check.starts_on
    left_on = row.values.get("left_on")
    return None if left_on is not None and left_on < begins else begins


def _refuse_loops(check: shapes.Check, rows: list[shapes.Row], plan: shapes.Plan) -> None:
    """Walks up from each row's person as things would stand, and blames the cell that closes a loop."""
    above = {key: _holding(known.lines, check.starts_on) for key, known in check.known.items()}
    named = {row.person: row for row in rows if row.manager}
    above |= {key: row.manager for key, row in named.items()}
    settled: set[str] = set()
    for start in named:
        walk: list[str] = []
        at: str | None = start
        while at is not None and at not in settled and at not in walk:
            walk.append(at)
            at = above.get(at)
        if at is not None and at in walk:
            loop = walk[walk.index(at) :]
            _blame_loop(check, [named[key] for key in loop if key in named], loop, plan)
        settled.update(walk)


def _blame_loop(check: shapes.Check, rows: list[shapes.Row], loop: list[str], plan: shapes.Plan) -> None:
    if len(loop) < 2:
        return
    for row in rows:
        turn = loop.index(row.person)
        around = [*loop[turn:], *loop[:turn], row.person]
        plan.problems.append(
            shapes.Problem(
                row.number,
                check.mapping["manager"],
                _("These people would report to each other in a loop: %(loop)s.")
                % {"loop": " → ".join(key.upper() for key in around[:6])},
                row.manager or "",
            )
        )


def _refuse_shared_emails(check: shapes.Check, rows: list[shapes.Row], plan: shapes.Plan) -> None:
    owners = {known.values["email"]: key for key, known in check.known.items() if known.values.get("email")}
    for row in rows:
        if row.person in check.known and row.values.get("email"):
            owners.pop(check.known[row.person].values.get("email"), None)
    for row in rows:
        email = row.values.get("email")
        if email and owners.setdefault(email, row.person) != row.person:
            plan.problems.append(
                shapes.Problem(
                    row.number,
                    check.mapping["email"],
                    _("%(number)s has this e-mail address too.") % {"number": owners[email].upper()},
                    email,
                )
            )


def _refuse_emails_out_of_reach(check: shapes.Check, rows: list[shapes.Row], plan: shapes.Plan) -> None:
    for row in rows:
        email = row.values.get("email")
        if email and row.person in check.out_of_reach and email != check.known[row.person].values["email"]:
            text = rules.readdressing_refused(row.name)
            plan.problems.append(shapes.Problem(row.number, check.mapping["email"], text, email))


def _refuse_leavers_with_reports(check: shapes.Check, rows: list[shapes.Row], plan: shapes.Plan) -> None:
    leaving = {change.row.person: change for change in plan.changed if "left_on" in change.fields}
    if not leaving:
        return
    reports: dict[str, int] = {}
    moved = {row.person: row.manager for row in rows if row.manager}
    gone = {row.person for row in rows if row.values.get("left_on")}
    for key, known in check.known.items():
        if key in gone or known.values.get("left_on"):
            continue
        managers = {moved.get(key) or _holding(known.lines, check.starts_on)}
        # Who will report to them by plan needs somebody else too.
        managers |= {manager for begins, _ends, manager in known.lines if begins > check.starts_on}
        for manager in managers:
            if manager is not None and manager in leaving:
                reports[manager] = reports.get(manager, 0) + 1
    for key, count in reports.items():
        row = leaving[key].row
        plan.problems.append(
            shapes.Problem(
                row.number,
                check.mapping["left_on"],
                _("%(count)s of their reports still have no other manager.") % {"count": count},
                str(row.values["left_on"]),
            )
        )


def _changes(check: shapes.Check, row: shapes.Row, known: shapes.Known) -> dict[str, tuple[Any, Any]]:
    found = {
        key: (known.values.get(key), row.values[key])
        for key in shapes.PLAIN
        if key in row.values and known.values.get(key) != row.values[key]
    }
    if "unit" in row.values and row.values["unit"] != known.unit:
        found["unit"] = (known.unit, row.values["unit"])
    day = _effective(check, row, known)
    if known.values.get("left_on") or row.values.get("left_on"):
        return found
    manager = _holding(known.lines, day)
    if row.manager and row.manager != manager:
        found["manager"] = (manager, row.manager)
    team = _holding(known.teams, day) or ""
    if "team" in row.values and row.values["team"] != team:
        found["team"] = (team, row.values["team"])
    return found


def _effective(check: shapes.Check, row: shapes.Row, known: shapes.Known) -> datetime.date:
    """Lines and teams change on the chosen day, for somebody who joins later on their first day."""
    hired_on = row.values.get("hired_on") or known.values.get("hired_on")
    return max(check.starts_on, hired_on) if hired_on else check.starts_on


def _holding(
    dated: tuple[tuple[datetime.date, datetime.date | None, str], ...], on: datetime.date
) -> str | None:
    for starts_on, ends_on, key in dated:
        if starts_on <= on and (ends_on is None or ends_on > on):
            return key
    return None
