"""What the week's pages share: which week an address means, and the rows of the check-in form."""

import datetime
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.forms.boundfield import BoundField
from django.http import Http404, HttpRequest, QueryDict

from okr import forms, queries, rules
from okr.models import CheckIn, CheckInDraft, KeyResult, KeyResultEntry, Objective, OkrPolicy
from performance.people import queries as people

#: People offered at once; the search above them finds the others.
A_FEW = 30


def monday_from(week: str) -> datetime.date:
    """2026-W20 → its Monday. 404 for what is no week, or none of any calendar of ours."""
    year, _w, number = week.partition("-W")
    try:
        monday = datetime.date.fromisocalendar(int(year), int(number), 1)
    except ValueError as error:
        raise Http404 from error
    if people.day_from(monday.isoformat()) is None:
        raise Http404
    return monday


def address_of(monday: datetime.date) -> str:
    year, week, _day = monday.isocalendar()
    return f"{year}-W{week:02}"


@dataclass
class Row:
    """A key result in the check-in form."""

    key_result: KeyResult
    status: str
    expected: queries.Expected | None
    percent: int | None
    value: BoundField | None
    done: BoundField | None
    steps: BoundField | None
    note: BoundField
    confidence: Any
    confidence_name: str
    delta: Decimal | None
    better: bool | None
    metric: Any
    questioned: str = ""

    @property
    def done_steps(self) -> int:
        return sum(bool(step.done) for step in self.key_result.milestones.all())

    @property
    def all_steps(self) -> int:
        return len(self.key_result.milestones.all())

    @property
    def is_off_track(self) -> bool:
        return self.status == "bad"

    @property
    def asks_why(self) -> bool:
        """A word is asked for where it is off track or hardly anybody believes in it, and kept where one was written;
        everywhere else it may be given."""
        is_unsure = str(self.confidence or "") in ("1", "2")
        return self.is_off_track or is_unsure or bool(self.note.value()) or bool(self.note.errors)


@dataclass
class WeekPage:
    """Everything about one person's week. `period` is the one that its check-in is filed under and `pace` its plan
    of today; `plans` are those of the week shown, of every period that it is reported in (`takes`)."""

    period: Any
    takes: list[Any]
    monday: datetime.date
    today: datetime.date
    pace: queries.Pace
    plans: queries.Paces
    policy: OkrPolicy
    key_results: list[KeyResult]
    check_in: CheckIn | None
    draft: CheckInDraft | None
    manager: Any
    people: Any
    values: dict[uuid.UUID, Any]
    last: dict[uuid.UUID, KeyResultEntry]

    @property
    def week(self) -> str:
        return address_of(self.monday)

    @property
    def is_open(self) -> bool:
        return bool(self.takes)

    @property
    def why_shut(self) -> str:
        """Why the week takes no check-in: its period is in "planning" or "closed", its progress "locked", or the week lies
        "outside" every period that takes any. "" where it takes one."""
        if self.takes:
            return ""
        if self.period.state in ("planning", "closed"):
            return str(self.period.state)
        return "locked" if self.period.progress_locked_at is not None else "outside"

    def form(self, data: QueryDict | None = None) -> forms.CheckInForm:
        return forms.CheckInForm(
            data,
            key_results=self.key_results,
            people=self.people,
            initial=forms.initial_of(self.key_results, check_in=self.check_in, draft=self.draft),
        )

    def helpers(self, form: forms.CheckInForm) -> list[Any]:
        """Who is offered at once to be asked for help, and whoever is chosen already."""
        offered = list(self.people[:A_FEW])
        chosen = form.person_asked(form["asks"].value())
        return [chosen, *offered] if chosen is not None and chosen not in offered else offered

    def rows(self, form: forms.CheckInForm) -> list[tuple[Objective, list[Row]]]:
        """Rows under their objectives."""
        grouped: dict[uuid.UUID, tuple[Objective, list[Row]]] = {}
        for key_result in self.key_results:
            group = grouped.setdefault(key_result.objective_id, (key_result.objective, []))
            group[1].append(self._row(form, key_result))
        return list(grouped.values())

    def _row(self, form: forms.CheckInForm, key_result: KeyResult) -> Row:
        key = key_result.pk
        delta = _delta(key_result, self.last.get(key))
        name = f"confidence-{key}"
        return Row(
            key_result=key_result,
            status=self.plans.status_of(key_result),
            expected=self.plans.expected_of(key_result),
            percent=queries.percent(key_result.progress_micro),
            value=_bound(form, f"value-{key}"),
            done=_bound(form, f"done-{key}"),
            steps=_bound(form, f"steps-{key}"),
            note=form[f"note-{key}"],
            confidence=form[name].value(),
            confidence_name=name,
            delta=delta,
            better=_is_better(key_result, delta),
            metric=self.values.get(key),
            questioned=form.questioned.get(str(key), ""),
        )


def _bound(form: forms.CheckInForm, name: str) -> BoundField | None:
    return form[name] if name in form.fields else None


def _delta(key_result: KeyResult, last: KeyResultEntry | None) -> Decimal | None:
    """The change since last week's reading."""
    if last is None:
        return None
    if key_result.kind == "milestones":
        done = sum(bool(step.done) for step in key_result.milestones.all())
        return Decimal(done - len(last.milestones_done or []))
    if key_result.current is None or last.value is None:
        return None
    return key_result.current - last.value


def _is_better(key_result: KeyResult, delta: Decimal | None) -> bool | None:
    if not delta:
        return None
    if key_result.kind == "milestones":
        return delta > 0
    if key_result.start is None or key_result.target is None:
        return None
    return (delta > 0) == (key_result.target >= key_result.start)


def load_week(request: HttpRequest, monday: datetime.date | None = None) -> WeekPage | None:
    """The signed-in person's week; None while the organisation has no period."""
    actor = request.actor
    today = people.today(actor.organisation)
    monday = monday or rules.monday_of(today)
    on = min(today, monday + datetime.timedelta(days=6))
    takes = queries.periods_of_week(monday, today)
    period = takes[0] if takes else queries.period_of_week(monday, today)
    if period is None:
        return None
    period.organisation = actor.organisation
    shown = takes or [period]
    places = {each.pk: place for place, each in enumerate(shown)}
    key_results = list(queries.key_results_to_report(actor.person_id, shown))
    key_results.sort(key=lambda each: places[each.objective.period_id])
    check_in = queries.entry_of_week(actor.person_id, monday, period, today)
    manager = people.manager_of(actor.person_id, today)
    values = queries.metric_values(key_results)
    for key_result in key_results:
        queries.take(key_result, values.get(key_result.pk))
    if check_in is not None and monday < rules.monday_of(today):
        values = _as_reported(key_results, check_in, values)
    return WeekPage(
        period=period,
        takes=takes,
        monday=monday,
        today=today,
        pace=queries.pace_of(period, today),
        plans=queries.paces_of(key_results, on, actor.organisation),
        policy=queries.policy_of(period),
        key_results=key_results,
        check_in=check_in,
        draft=queries.draft_of(actor.person_id, monday, check_in),
        manager=manager,
        people=people.nearest(actor.person_id, today),
        values=values,
        last=queries.last_readings([each.pk for each in key_results], monday),
    )


def _as_reported(
    key_results: list[KeyResult], check_in: CheckIn, values: dict[uuid.UUID, Any]
) -> dict[uuid.UUID, Any]:
    """An earlier week reads as it was reported. Returns the metric values that are still today's."""
    entries = {entry.key_result_id: entry for entry in check_in.entries.all()}
    for key_result in key_results:
        entry = entries.get(key_result.pk)
        if entry is None:
            continue
        key_result.current, key_result.done = entry.value, entry.done
        key_result.confidence, key_result.progress_micro = entry.confidence, entry.progress_micro
        reached = entry.milestones_done
        for step in key_result.milestones.all():
            step.done = None if reached is None else str(step.pk) in reached
    return {key: value for key, value in values.items() if key not in entries}
