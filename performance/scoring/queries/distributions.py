"""How scores are spread over the bands before and after, as far as that is told to a reader."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from performance.scoring.models import SimulatedScore, Simulation
from performance.scoring.queries import spreads
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
    counted = (
        rows.annotate(was=spreads.place_in(bands, "before_micro"), now=spreads.place_in(bands, "after_micro"))
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
        for step in spreads.merged(unknown_before, unknown_after)
    )


def _bands_of(simulation: Simulation) -> list[Standing]:
    """From the highest down: those of the plan, else tens."""
    kept: list[Any] = simulation.plan["bands"]
    return standings(kept) if len(kept) > 1 else spreads.tens()
