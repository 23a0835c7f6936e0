"""How the scores of groups spread, as far as that is told to a reader who does not see each of them."""

import datetime
import itertools
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Count, Func, IntegerField, Value

from performance.engine import fixed
from performance.foundation import access
from performance.people import models as people
from performance.scoring.models import CurrentScore, PolicyVersion
from performance.scoring.queries import groupsums, scopes, suppressing
from performance.scoring.queries.bands import Standing, standings

TENS = [10 * fixed.ONE * step for step in range(1, 12)]


@dataclass(frozen=True)
class Spread:
    """The steps in which all groups alike are told of, from the highest down, and of which groups they are told."""

    bands: tuple[Standing, ...]
    nodes: frozenset[scopes.UnitId]


def told_spread(
    period: people.Period,
    actor: access.Actor,
    on: datetime.date,
    told: Collection[scopes.UnitId],
    parents: Mapping[uuid.UUID, scopes.UnitId],
) -> Spread:
    """Steps of one group less those of a part of it are the steps of the rest; so one cut is made for all groups, and each
    step holds nobody whom the reader does not see, or enough of them: in each group that is told of, and in each rest of
    one. Two queries."""
    bands = _bands_of(period)
    counted = (
        groupsums.unseen_scores(period, actor, on)
        .annotate(place=place_in(bands, "score__score_micro"))
        .values_list("unit_then", "place")
        .annotate(number=Count("pk"))
        .order_by()
    )
    unseen: dict[scopes.UnitId, fixed.Ints] = {}
    for unit_id, at, number in counted:
        for node in (*scopes.upwards(unit_id, parents), scopes.WHOLE_ORGANISATION):
            of_node = unseen.setdefault(node, np.zeros(len(bands), dtype=np.int64))
            of_node[len(bands) - 1 - at] += number
    everybody = unseen.get(scopes.WHOLE_ORGANISATION, np.zeros(len(bands), dtype=np.int64))
    steps = merged(everybody.tolist())
    within = {
        node: np.array([numbers[list(step)].sum() for step in steps]) for node, numbers in unseen.items()
    }
    return Spread(
        tuple(together([bands[at] for at in step]) for step in steps), told_among(within, told, parents)
    )


def place_in(bands: Sequence[Standing], field: str) -> Func:
    """In which of the bands a score lies, counted from the lowest."""
    edges = [band.low_micro for band in reversed(bands) if band.low_micro is not None]
    return Func(
        field,
        Value(edges, output_field=ArrayField(BigIntegerField())),
        function="width_bucket",
        output_field=IntegerField(),
    )


def merged(*columns: Sequence[int]) -> list[range]:
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


def told_among(
    unseen: Mapping[scopes.UnitId, fixed.Ints],
    told: Collection[scopes.UnitId],
    parents: Mapping[uuid.UUID, scopes.UnitId],
) -> frozenset[scopes.UnitId]:
    """Of which groups the steps are told: from the whole downwards and from the largest on, each of which neither its own
    steps hold too few nor those of what it leaves of the group around it. `unseen`: group → people by step."""
    nobody = np.zeros_like(next(iter(unseen.values()), np.zeros(1, dtype=np.int64)))

    def place(node: scopes.UnitId) -> tuple[int, int, str]:
        depth = len(scopes.upwards(node, parents))
        return depth, -int(unseen.get(node, nobody).sum()), str(node)

    rests: dict[scopes.UnitId, fixed.Ints] = {}
    for node in sorted(told, key=place):
        own = unseen.get(node, nobody)
        above = (*scopes.upwards(node, parents)[1:], scopes.WHOLE_ORGANISATION)
        around = next((each for each in above if each in rests), node)
        left = rests[around] - own if around in rests else own
        if all(map(suppressing.is_enough, (*own.tolist(), *left.tolist()))):
            rests |= {around: left, node: own}
    return frozenset(rests)


def _bands_of(period: people.Period) -> list[Standing]:
    """From the highest down: the bands of the policies where all of the period are scored by the same ones, else tens."""
    behind = CurrentScore.objects.filter(period=period, score__score_micro__isnull=False)
    plans = PolicyVersion.objects.filter(pk__in=behind.values("score__version_id")).values_list(
        "plan", flat=True
    )
    used = [(plan or {}).get("bands", []) for plan in plans]
    if used and len(used[0]) > 1 and all(each == used[0] for each in used):
        return standings(used[0])
    return tens()


def tens() -> list[Standing]:
    """From the highest down: steps for scores that have no bands in common."""
    bounds = [None, *TENS, None]
    return [Standing("", "", low, high) for low, high in itertools.pairwise(bounds)][::-1]


def together(bands: Sequence[Standing]) -> Standing:
    first, last = bands[0], bands[-1]
    if first is last:
        return first
    return Standing(
        f"{last.name_en}–{first.name_en}" if first.name_en else "",
        f"{last.name_zh}–{first.name_zh}" if first.name_zh else "",
        last.low_micro,
        first.high_micro,
    )
