"""An objective of the employee with four kinds of key results, the moments of a quarter and its end, what two
objectives need from each other, and files of goals."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import translation

from okr import actions, queries
from okr.actions import progress
from okr.models import CheckInDuty, Content, KeyResultContent, MilestoneContent, Objective
from performance.foundation import access, tenancy
from performance.people import actions as people_actions
from performance.people import models as people
from tests import ready

WEEK = datetime.timedelta(days=7)
ZONE = ZoneInfo("Asia/Shanghai")


def moment(monday: datetime.date, day: int, hour: int, minute: int = 0) -> datetime.datetime:
    """Day 0 is the Monday."""
    return datetime.datetime.combine(monday + datetime.timedelta(days=day), datetime.time(hour, minute), ZONE)


def monday_of(day: datetime.date) -> datetime.date:
    return day - datetime.timedelta(days=day.weekday())


def key_result(
    kind: str = "increase", title: str = "Stores served", weight: int = 100, **fields: Any
) -> KeyResultContent:
    """`weight` in percent; a line runs from 0 to 10 where nothing else is said."""
    if kind in ("increase", "decrease", "percent", "money", "kpi") and "target" not in fields:
        fields |= {"start": Decimal(0), "target": Decimal(10)}
    return KeyResultContent(kind=kind, title=title, weight_ppm=weight * 10_000, **fields)


def content(title: str = "Never out of stock", *key_results: KeyResultContent, **fields: Any) -> Content:
    return Content(title=title, key_results=key_results or (key_result(),), **fields)


def four_kinds() -> Content:
    return content(
        "Never out of stock, never overstocked",
        key_result("increase", "Stores served", 25),
        key_result("decrease", "Planning hours", 25, start=Decimal(11), target=Decimal(6), unit="h"),
        key_result(
            "milestones", "Calendar in every store", 25, milestones=tuple(MilestoneContent(t) for t in "ABCD")
        ),
        key_result("yes_no", "Fresh food reorders itself", 25),
    )


@pytest.fixture
def acting_cast(cast: Any) -> Any:
    """The cast, acting for their organisation."""
    with tenancy.acting_for(cast.organisation):
        yield cast


@pytest.fixture
def propose(
    acting_cast: Any,
    quarter: people.Period,
    actor: Callable[[people.Person], access.Actor],
    now: datetime.datetime,
) -> Callable[..., Objective]:
    """Proposes as the employee, unless told otherwise."""

    def do(text: Content | None = None, *, by: people.Person | None = None, **fields: Any) -> Objective:
        who = by or acting_cast.employee
        return actions.propose_objective(
            **{"period": quarter, "content": text or four_kinds(), "by": actor(who), "at": now} | fields
        )

    return do


@pytest.fixture
def agree(
    acting_cast: Any, actor: Callable[[people.Person], access.Actor], now: datetime.datetime
) -> Callable[..., Objective]:
    """Brings the open proposal into force: whoever has not signed does. What is expected of it counts from the quarter's
    first day, as of most goals, although it is agreed today."""

    def do(objective: Objective) -> Objective:
        version = objective.versions.get(state="proposed")
        for person in (objective.owner, objective.agreer):
            actions.agree_objective(
                objective=objective, version_number=version.number, by=actor(person), at=now
            )
        if objective.key_results.exclude(paced_from=None).update(paced_from=None):
            with transaction.atomic():
                progress.roll_up(progress.lock([objective.pk]), at=now)
        objective.refresh_from_db()
        return objective

    return do


@pytest.fixture
@ready.made
def active(propose: Callable[..., Objective], agree: Callable[..., Objective]) -> Objective:
    """The employee's objective, in force."""
    return agree(propose())


@pytest.fixture
def check_in(
    acting_cast: Any,
    quarter: people.Period,
    actor: Callable[[people.Person], access.Actor],
    now: datetime.datetime,
) -> Callable[..., Any]:
    """Submits this week as the employee, unless told otherwise."""

    def do(*readings: actions.Reading, by: people.Person | None = None, **fields: Any) -> Any:
        who = by or acting_cast.employee
        return actions.submit_check_in(
            **{
                "period": quarter,
                "week_starts_on": monday_of(now.date()),
                "readings": readings,
                "by": actor(who),
                "at": now,
            }
            | fields
        )

    return do


@pytest.fixture
@ready.made
def week(cast: Any, quarter: people.Period) -> datetime.date:
    """A Monday in the middle of the quarter, in a country without holidays."""
    people.Organisation.objects.filter(pk=cast.organisation.pk).update(country="")
    for loaded in (cast.organisation, quarter.organisation):
        loaded.country = ""
    return monday_of(quarter.starts_on) + 5 * WEEK


@pytest.fixture
@ready.made
def reported(active, check_in):
    """Half way in its first key result; the rest without a reading."""
    row = active.key_results.first()
    check_in(actions.Reading(row.pk, value=Decimal(5)))
    active.refresh_from_db()
    return active


@pytest.fixture
@ready.made
def next_quarter(acting_cast, quarter):
    first = quarter.ends_on + datetime.timedelta(days=1)
    return people.Period.objects.create(
        name_en="Next quarter", starts_on=first, ends_on=first + datetime.timedelta(days=80), state="planning"
    )


@pytest.fixture
def move(quarter, cast, actor, now):
    def do(*states):
        for state in states:
            people_actions.move_period(period=quarter, to=state, by=actor(cast.hr), at=now, why="Said so.")
        quarter.refresh_from_db()

    return do


@pytest.fixture
@ready.made
def goals(propose, agree, acting_cast):
    """The employee's, and the one of the human resources that it needs something from."""
    return agree(propose()), agree(propose(content("Hire forty people"), by=acting_cast.hr))


@pytest.fixture
def ask(goals, actor, acting_cast, now):
    def do(what="Two planners by June", **fields):
        one, on = goals
        given = {"objective": one, "on": on, "what": what, "by": actor(acting_cast.employee), "at": now}
        return actions.ask_of_objective(**(given | fields))

    return do


@pytest.fixture
def upload(acting_cast, quarter, actor, now):
    """Uploads as HR, unless told otherwise."""

    def do(file, *, by=None, name="goals.csv", period=None):
        return actions.upload_goals(
            file_name=name,
            content=file.encode() if isinstance(file, str) else file,
            period=period or quarter,
            by=actor(by or acting_cast.hr),
            at=now,
        )

    return do


@pytest.fixture
def apply(acting_cast, actor, now):
    def do(made, *, by=None, **fields):
        return actions.apply_goal_import(upload=made, by=actor(by or acting_cast.hr), at=now, **fields)

    return do


@pytest.fixture
def exported(acting_cast, actor, now):
    """What somebody exports of the objectives that they see, in a language."""

    def do(form="csv", *, by=None, language="en"):
        who = actor(by or acting_cast.hr)
        with translation.override(language):
            file = actions.export_objectives(
                objectives=queries.visible_to(who).order_by("-created_at", "-id"),
                form=form,
                filters={},
                by=who,
                at=now,
                with_bom=True,
            )
            with file:
                return file.read()

    return do


@pytest.fixture
@ready.made
def owed(active: Objective, quarter: people.Period, week: datetime.date) -> CheckInDuty:
    """The employee's duty of the week."""
    actions.open_duties(period=quarter, monday=week, at=moment(week, 0, 8))
    return CheckInDuty.objects.get()


@pytest.fixture
@ready.made
def last_quarter(acting_cast: Any, quarter: people.Period) -> people.Period:
    """The ninety days before."""
    ends = quarter.starts_on - datetime.timedelta(days=1)
    return people.Period.objects.create(
        organisation=acting_cast.organisation,
        name_en="The quarter before",
        name_zh="上一季度",
        kind="quarter",
        starts_on=ends - datetime.timedelta(days=89),
        ends_on=ends,
        state="active",
    )


def week_of(day: datetime.date) -> str:
    year, week, _day = day.isocalendar()
    return f"{year}-W{week:02}"


@pytest.fixture
def this_week(now):
    return week_of(now.date())
