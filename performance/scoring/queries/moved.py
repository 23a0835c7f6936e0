"""Who would have moved: what the simulations of a version say, to each reader as much as is theirs to know."""

import datetime
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Func, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from performance.engine import errors, fixed
from performance.foundation import access, i18n
from performance.people import models as people
from performance.scoring import evidence, rules
from performance.scoring.models import PolicyVersion, SimulatedScore, Simulation, Tenure
from performance.scoring.queries import distributions, suppressing
from performance.scoring.queries.policies import plan_of
from performance.scoring.queries.scores import people_with_visible_scores
from performance.scoring.queries.simulations import content_digest

NOBODY = Q(pk__in=[])
COMPARED = Q(change_micro__isnull=False)
MOVED = COMPARED & ~Q(change_micro=0)
MOVES_SHOWN = 6
READ_AT_ONCE = 2000


@dataclass(frozen=True)
class Dimension:
    """Averages by one thing that parts people, largest group first; `withheld` groups are too small to be told."""

    name: str
    cells: tuple[suppressing.Cell, ...]
    withheld: int


@dataclass(frozen=True)
class Move:
    """One person's score before and after. `parts`: the components that moved it most, with the score of each."""

    person: people.Person
    before_micro: int | None
    after_micro: int | None
    change_micro: int | None
    before_band: int
    after_band: int
    parts: tuple[tuple[str, int], ...]
    absent: tuple[str, ...]

    @property
    def steps(self) -> int:
        """How many bands up (down: negative)."""
        return self.after_band - self.before_band if self.change_micro is not None else 0


@dataclass(frozen=True)
class Moved:
    """One simulation as a reader may see it. `is_told`: whether its figures name nobody by being few. `is_whole_alone`:
    whether groups are not told because a curve that somebody draws at will could part one person from the others."""

    simulation: Simulation
    is_current: bool
    is_told: bool
    sees_all: bool
    is_whole_alone: bool
    dimensions: tuple[Dimension, ...]
    steps: tuple[distributions.Step, ...]
    moves: tuple[Move, ...]

    @property
    def most(self) -> int:
        """The end of the axis of people by band."""
        return max((max(step.before, step.after) for step in self.steps), default=0) or 1

    @property
    def has_file(self) -> bool:
        """Whether there is anything that the reader may take away."""
        return self.is_told or bool(self.moves)

    @property
    def file_name(self) -> str:
        simulation = self.simulation
        number = simulation.of.number if simulation.of else 0
        return f"simulation-v{number}-{simulation.period.starts_on:%Y-%m-%d}.xlsx"

    @property
    def average(self) -> Decimal | None:
        counted = self.simulation.compared
        return Decimal(self.simulation.change_micro) / fixed.ONE / counted if counted else None

    @property
    def band_moves(self) -> int:
        return self.simulation.band_up + self.simulation.band_down

    @property
    def largest(self) -> Decimal:
        """The end of the axis of averages."""
        averages = [abs(cell.average) for dimension in self.dimensions for cell in dimension.cells]
        return max(averages, default=Decimal(0)) or Decimal(1)

    @property
    def absent(self) -> list[tuple[str, int]]:
        """Components that kept evidence does not hold: (name, for how many people)."""
        names = component_names(self.simulation)
        return [(names.get(key, key), number) for key, number in sorted(self.simulation.absent.items())]


def simulations_of(version: PolicyVersion) -> list[Simulation]:
    """One a past period, oldest first. One query."""
    found = Simulation.objects.filter(version=version).select_related("period", "version__policy", "what_if")
    return list(found.order_by("period__ends_on", "pk"))


def digest_now(version: PolicyVersion) -> str | None:
    """Of what the version says now; None where no weights hold all its guardrails."""
    try:
        return content_digest(version, plan_of(version))
    except errors.InvalidInput:
        return None


def moved(simulation: Simulation, actor: access.Actor, on: datetime.date, *, digest: str | None) -> Moved:
    """What came out, for this reader. Eight queries at most."""
    everybody = SimulatedScore.objects.filter(simulation=simulation)
    rows = everybody.filter(change_micro__isnull=False)
    sees_all = rules.sees_all_scores(actor)
    mine = visible(rows, actor, on)
    unseen = NOBODY if sees_all else ~Q(pk__in=visible(everybody, actor, on).values("pk"))
    is_told = simulation.is_done and (sees_all or _is_told(everybody, unseen))
    is_whole_alone = is_told and not sees_all and _could_part_one(simulation)
    largest = mine.select_related("person").order_by(_size().desc(), "person_id")[:MOVES_SHOWN]
    return Moved(
        simulation=simulation,
        is_current=simulation.digest == digest,
        is_told=is_told,
        sees_all=sees_all,
        is_whole_alone=is_whole_alone,
        dimensions=_dimensions(everybody, unseen, sees_all=sees_all)
        if is_told and not is_whole_alone
        else (),
        steps=distributions.before_and_after(simulation, rows, unseen) if is_told else (),
        moves=tuple(_moves(simulation, largest)) if simulation.is_done else (),
    )


def moves_of(simulation: Simulation, actor: access.Actor, on: datetime.date) -> Iterator[Move]:
    """Everybody whose score the actor may see, the largest change first; those who cannot be compared come last. Read as
    they are asked for: they may be many."""
    rows = visible(SimulatedScore.objects.filter(simulation=simulation), actor, on)
    ordered = rows.select_related("person").order_by(_size().desc(nulls_last=True), "person_id")
    moves: Iterator[Move] = _moves(simulation, ordered.iterator(READ_AT_ONCE))
    return moves


def visible(
    rows: QuerySet[SimulatedScore], actor: access.Actor, on: datetime.date
) -> QuerySet[SimulatedScore]:
    """Those of people whose scores the actor sees anyway."""
    if rules.sees_all_scores(actor):
        return rows
    return rows.filter(person__in=people_with_visible_scores(actor, on).values("pk"))


def component_names(simulation: Simulation) -> dict[str, str]:
    return {item["key"]: i18n.local_in(item, "name") for item in simulation.plan["components"]}


def _size() -> Func:
    return Func(F("change_micro"), function="ABS")


def _moves(simulation: Simulation, rows: Iterable[SimulatedScore]) -> Any:
    names = component_names(simulation)
    for row in rows:
        yield Move(
            person=row.person,
            before_micro=row.before_micro,
            after_micro=row.after_micro,
            change_micro=row.change_micro,
            before_band=row.before_band,
            after_band=row.after_band,
            parts=tuple((names.get(key, key), value) for key, value in row.parts),
            absent=tuple(names.get(key, key) for key in row.absent),
        )


def _is_told(everybody: QuerySet[SimulatedScore], unseen: Q) -> bool:
    """Whether the figures over all give away nobody whose score the reader does not see. One query."""
    found = everybody.aggregate(
        number=Count("pk", filter=COMPARED),
        unseen=Count("pk", filter=COMPARED & unseen),
        moved=Count("pk", filter=MOVED & unseen),
        left=Count("pk", filter=~COMPARED & unseen),
    )
    few = [found["moved"], found["left"]]
    if not found["unseen"]:
        return True
    return suppressing.is_told(found["number"], found["unseen"]) and all(map(suppressing.is_enough, few))


def _could_part_one(simulation: Simulation) -> bool:
    """A what-if changes in a moment and leaves the policy as it is: with a step in a curve here and then a little further
    it would ask whether one person lies between, and each group that differs would say where they belong."""
    return simulation.what_if is not None and evidence.moves_a_curve(simulation.what_if.supposed)


def _dimensions(everybody: QuerySet[SimulatedScore], unseen: Q, *, sees_all: bool) -> tuple[Dimension, ...]:
    def by(name: str, fields: tuple[str, ...], named: Callable[[dict[str, Any]], str]) -> Dimension:
        return _dimension(name, everybody, unseen, fields, named, sees_all=sees_all)

    return (
        by(_("By unit"), ("unit_id", "unit__name_en", "unit__name_zh"), _unit_name),
        by(_("By team"), ("team_id", "team__name_en", "team__name_zh"), _team_name),
        by(_("By level"), ("level",), lambda group: group["level"] or _no_level()),
        by(_("By time with us"), ("tenure",), lambda group: str(Tenure(group["tenure"]).label)),
    )


def _dimension(
    name: str,
    everybody: QuerySet[SimulatedScore],
    unseen: Q,
    by: tuple[str, ...],
    named: Callable[[dict[str, Any]], str],
    *,
    sees_all: bool,
) -> Dimension:
    """How many of a group are unseen and move, or are left out, counts as well: where they are few, its sum speaks of
    them alone."""
    groups = everybody.values(*by).annotate(
        number=Count("pk", filter=COMPARED),
        change=Sum("change_micro"),
        unseen=Count("pk", filter=COMPARED & unseen),
        moved=Count("pk", filter=MOVED & unseen),
        left=Count("pk", filter=~COMPARED & unseen),
        up=Count("pk", filter=COMPARED & Q(after_band__gt=F("before_band"))),
        down=Count("pk", filter=COMPARED & Q(after_band__lt=F("before_band"))),
    )
    cells = [
        suppressing.Cell(
            named(group),
            group["number"],
            int(group["change"] or 0),
            group["unseen"],
            (group["moved"], group["left"]),
            *((group["up"], group["down"]) if sees_all else ()),
        )
        for group in groups.filter(number__gt=0).order_by("-number", *by)
    ]
    shown, withheld = suppressing.told(cells)
    return Dimension(name, tuple(shown), withheld)


def _unit_name(group: dict[str, Any]) -> str:
    return _("Without a unit") if group["unit_id"] is None else i18n.local_in(group, "unit__name")


def _team_name(group: dict[str, Any]) -> str:
    return _("Without a team") if group["team_id"] is None else i18n.local_in(group, "team__name")


def _no_level() -> str:
    return pgettext("level", "Without a level")


def chosen_of(simulations: list[Simulation], period_id: str | uuid.UUID | None) -> Simulation | None:
    """The one of the period asked for, else the latest."""
    named = (simulation for simulation in simulations if str(simulation.period_id) == str(period_id))
    return next(named, simulations[-1] if simulations else None)
