"""How scores are spread over the bands before and after, as far as that is told to a reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Count, Func, IntegerField, Q, QuerySet, Value

from performance.scoring.models import SimulatedScore, Simulation
from performance.scoring.queries import spreads, suppressing
from performance.scoring.queries.bands import Standing, standings


@dataclass(frozen=True)
class Step:
    """One band, or neighbours put together: how many people before and after."""

    band: Standing
    before: int
    after: int


def before_and_after(simulation: Simulation, rows: QuerySet[SimulatedScore], unseen: Q) -> tuple[Step, ...]:
    """From the highest band down. One query.

    `unseen`: whose scores the reader does not see. Each step holds nobody of them or enough, before as well as after;
    neighbours are put together until it does.
    """
    bands = _bands_of(simulation)
    edges = [band.low_micro for band in reversed(bands) if band.low_micro is not None]
    counted = (
        rows.annotate(was=_place("before_micro", edges), now=_place("after_micro", edges))
        .values_list("was", "now")
        .annotate(number=Count("pk"), unknown=Count("pk", filter=unseen))
        .order_by()
    )
    last = len(bands) - 1
    before, after, unknown_before, unknown_after = ([0] * len(bands) for _each in range(4))
    for was, now, number, unknown in counted:
        before[last - was] += number
        after[last - now] += number
        unknown_before[last - was] += unknown
        unknown_after[last - now] += unknown
    return tuple(
        Step(
            spreads.together([bands[at] for at in step]),
            sum(before[at] for at in step),
            sum(after[at] for at in step),
        )
        for step in merged([unknown_before, unknown_after])
    )


def merged(columns: Sequence[Sequence[int]]) -> list[range]:
    """Neighbours put together, from the first on, until each holds nobody or enough in every column."""

    def is_safe(start: int, end: int) -> bool:
        return all(suppressing.is_enough(sum(column[start:end])) for column in columns)

    length, start = len(columns[0]), 0
    found: list[range] = []
    for at in range(length):
        if is_safe(start, at + 1):
            found.append(range(start, at + 1))
            start = at + 1
    while found and not is_safe(start, length):
        start = found.pop().start
    return [*found, range(start, length)] if start < length else found


def _place(field: str, edges: list[int]) -> Func:
    return Func(
        field,
        Value(edges, output_field=ArrayField(BigIntegerField())),
        function="width_bucket",
        output_field=IntegerField(),
    )


def _bands_of(simulation: Simulation) -> list[Standing]:
    """From the highest down: those of the plan, else tens."""
    kept: list[Any] = simulation.plan["bands"]
    return standings(kept) if len(kept) > 1 else spreads.tens()
