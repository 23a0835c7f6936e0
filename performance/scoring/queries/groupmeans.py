"""What the scorecard of a group shows: how its scores spread, what their mean is made of, and what moved it."""

import datetime
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from performance.engine import fixed, shares
from performance.foundation import i18n
from performance.foundation.components import formats
from performance.people import models as people
from performance.scoring.models import PolicyVersion
from performance.scoring.queries import groupsums, suppressing
from performance.scoring.queries.bands import Standing, standings
from performance.scoring.queries.lines import MICRO

TEN = 10 * MICRO
TENTH, HUNDREDTH_OF_PERCENT = MICRO // 10, 100
#: The key of components that are told together.
OTHERS = ""
#: A component as it is told: what it is called and drawn with.
Told = Mapping[str, Any]


@dataclass(frozen=True)
class Held:
    """A score in force, as groups count it."""

    score_id: uuid.UUID
    person_id: uuid.UUID
    unit_id: uuid.UUID | None
    version_id: uuid.UUID
    score_micro: int
    constant_micro: int
    coverage_ppm: int
    is_frozen: bool
    computed_at: datetime.datetime


@dataclass(frozen=True)
class Step:
    """How many scores lie in a band, or within ten points of one another."""

    name: str
    range: str
    number: int
    share: Decimal


@dataclass(frozen=True)
class MeanLine:
    """A component in the mean: `number` of people for whom it counts, their mean score, and over all people the mean
    weight and points. `points`, `moved` and `weight` are as written, and sum to the totals that are written; `_micro`
    are exact and sum to the exact mean."""

    key: str
    name: str
    color: int
    number: int
    score: Decimal | None
    weight: Decimal
    constant_weight: Decimal
    points: Decimal
    moved: Decimal
    start_micro: int
    contribution_micro: int
    weight_ppm: int

    @property
    def constant_points(self) -> Decimal:
        return self.points - self.moved


@dataclass(frozen=True)
class Mean:
    """The mean and what it is made of; the sums behind it are exact."""

    number: int
    mean_micro: int
    constant_micro: int
    median_micro: int | None
    lines: tuple[MeanLine, ...]

    @property
    def points(self) -> Decimal:
        return formats.rounded(Decimal(self.mean_micro) / MICRO, 1)

    @property
    def constant_points(self) -> Decimal:
        return formats.rounded(Decimal(self.constant_micro) / MICRO, 1)

    @property
    def from_weights(self) -> Decimal:
        return self.points - self.constant_points


def held(scores: QuerySet[Any]) -> list[Held]:
    """The scores of a group in which anything counted. One query."""
    found = scores.filter(score__score_micro__isnull=False).order_by("person_id")
    return [
        Held(*row)  # those without a score are filtered out
        for row in found.values_list(
            "score_id",
            "person_id",
            "unit_then",
            "score__version_id",
            "score__score_micro",
            "score__constant_micro",
            "score__coverage_ppm",
            "is_frozen",
            "score__computed_at",
        )
    ]


def versions_behind(periods: Iterable[people.Period], rows: Iterable[Held]) -> dict[uuid.UUID, PolicyVersion]:
    """The versions that governed these periods, and those of the rows. One query."""
    of_rows = {row.version_id for row in rows}
    found = PolicyVersion.objects.filter(Q(period__in=periods, plan__isnull=False) | Q(pk__in=of_rows))
    return {version.pk: version for version in found.order_by("period__starts_on", "number", "pk")}


def named_components(versions: Iterable[PolicyVersion]) -> dict[str, Told]:
    """component → what the newest plan that has it calls it."""
    found: dict[str, Told] = {}
    for version in versions:
        for item in version.planned:
            found[item["key"]] = item
    return found


def mean_of(rows: Sequence[Held], plans: Mapping[str, Told], *, told: Collection[str] | None = None) -> Mean:
    """The mean of at least one score. `told`: the components that are told by themselves, all unless given; the others
    are told as one, and so is no median, which in a group of an odd number is the score of one person. Two queries."""
    number = len(rows)
    sums: dict[str, Counter[str]] = {}
    for key, of_component in groupsums.sums_of(row.score_id for row in rows).items():
        named_as = key if told is None or key in told else OTHERS
        sums.setdefault(named_as, Counter()).update(of_component)
    if OTHERS in sums:
        # Of several components together there is neither a score nor a number of people.
        sums[OTHERS].update(number=-sums[OTHERS]["number"])
    order = {key: place for place, key in enumerate(plans)}
    keys = sorted(sums, key=lambda key: (key == OTHERS, order.get(key, len(order)), key))
    mean_micro = nearest(sum(row.score_micro for row in rows), number)
    constant_micro = nearest(sum(row.constant_micro for row in rows), number)
    return Mean(
        number=number,
        mean_micro=mean_micro,
        constant_micro=constant_micro,
        median_micro=median(row.score_micro for row in rows) if told is None else None,
        lines=tuple(_lines([(key, sums[key]) for key in keys], plans, number, mean_micro, constant_micro)),
    )


def told_components(patterns: Mapping[Any, Mapping[frozenset[str], int]]) -> frozenset[str]:
    """Which components may be told by themselves to a reader who does not see these people's scores.

    `patterns`: for each group of people that can be told apart by sums and differences, how many have which components.
    In each of them a component counts for nobody or for enough. So does what is left once those are taken away from the
    whole: where it does not, the component of the fewest people goes with it.
    """

    def number(concerns: Callable[[frozenset[str]], bool]) -> list[int]:
        return [sum(many for keys, many in group.items() if concerns(keys)) for group in patterns.values()]

    def is_safe(numbers: Iterable[int]) -> bool:
        return all(each == 0 or each >= suppressing.LEAST for each in numbers)

    every = frozenset[str]().union(*(keys for group in patterns.values() for keys in group))
    numbers = {key: number(lambda keys, key=key: key in keys) for key in sorted(every)}  # type: ignore[misc]
    told = {key for key, each in numbers.items() if is_safe(each)}
    while told and not is_safe(number(lambda keys: bool(keys - told))):
        told.remove(min(told, key=lambda key: (sum(numbers[key]), key)))
    return frozenset(told)


def _lines(
    sums: Sequence[tuple[str, Counter[str]]],
    plans: Mapping[str, Told],
    number: int,
    mean_micro: int,
    constant_micro: int,
) -> Iterator[MeanLine]:
    keys = [key for key, _sums in sums]

    def shared(name: str, total: int, unit: int) -> list[int]:
        return shared_mean([of_key[name] for _key, of_key in sums], number, total, unit, keys)

    written = formats.rounded(Decimal(mean_micro) / MICRO, 1)
    moved_total = written - formats.rounded(Decimal(constant_micro) / MICRO, 1)
    exact = shared("points", mean_micro, 1)
    tenths = shared("points", int(written * 10), TENTH)
    moves = shared_mean(
        [of_key["points"] - of_key["constant"] for _key, of_key in sums],
        number,
        int(moved_total * 10),
        TENTH,
        keys,
    )
    weights = shared("weight", 10_000, HUNDREDTH_OF_PERCENT)
    constant_weights = shared("constant_weight", 10_000, HUNDREDTH_OF_PERCENT)
    exact_weights = shared("weight", MICRO, 1)
    start = 0
    for place, (key, of_key) in enumerate(sums):
        told = plans.get(key, {})
        counted = of_key["number"]
        yield MeanLine(
            key=key,
            name=named(told, key),
            color=told.get("color", 8),
            number=counted,
            score=Decimal(of_key["value"]) / MICRO / counted if counted else None,
            weight=Decimal(weights[place]) / 100,
            constant_weight=Decimal(constant_weights[place]) / 100,
            points=Decimal(tenths[place]) / 10,
            moved=Decimal(moves[place]) / 10,
            start_micro=start,
            contribution_micro=exact[place],
            weight_ppm=exact_weights[place],
        )
        start += exact[place]


def steps(rows: Sequence[Held], versions: Mapping[uuid.UUID, PolicyVersion]) -> list[Step]:
    """How many scores lie where, from the highest down: by the bands of the policy where all are scored by the same
    ones, else by tens."""
    return steps_in(_own_bands(rows, versions), rows)


def _own_bands(rows: Sequence[Held], versions: Mapping[uuid.UUID, PolicyVersion]) -> list[Standing]:
    used = [(versions[pk].plan or {}).get("bands", []) for pk in sorted({row.version_id for row in rows})]
    if used and len(used[0]) > 1 and all(each == used[0] for each in used):
        return standings(used[0])
    return _tens([row.score_micro for row in rows])


def steps_in(bands: Sequence[Standing], rows: Sequence[Held]) -> list[Step]:
    """How many scores lie in each of these bands; of tens, from the first that holds any to the last."""
    numbers = [sum(_lies_in(band, row.score_micro) for row in rows) for band in bands]
    if not bands[0].name:
        held_at = [place for place, number in enumerate(numbers) if number]
        shown = slice(held_at[0], held_at[-1] + 1)
        bands, numbers = bands[shown], numbers[shown]
    keys = [str(place) for place in range(len(bands))]
    tenths = shared_mean([number * 1000 for number in numbers], len(rows), 1000, 1, keys)
    return [
        Step(band.name, band.range, number, Decimal(tenth) / 10)
        for band, number, tenth in zip(bands, numbers, tenths, strict=True)
    ]


def _lies_in(band: Standing, micro: int) -> bool:
    return (band.low_micro is None or micro >= band.low_micro) and (
        band.high_micro is None or micro < band.high_micro
    )


def _tens(scores: Sequence[int]) -> list[Standing]:
    first, last = min(scores) // TEN, max(scores) // TEN
    return [Standing("", "", place * TEN, (place + 1) * TEN) for place in range(last, first - 1, -1)]


def nearest(total: int, number: int) -> int:
    """The mean in whole units, half up."""
    return (2 * total + number) // (2 * number)


def median(values: Iterable[int]) -> int:
    """The middle one; between two, the mean of both, half up."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else nearest(ordered[half - 1] + ordered[half], 2)


def shared_mean(sums: Sequence[int], number: int, total: int, unit: int, keys: Sequence[str]) -> list[int]:
    """The mean of each sum over so many people in whole units of its last place, by largest remainders: they sum to
    `total`, which is the mean of all as it is written."""
    shared = shares.apportion(
        fixed.column(sums)[None, :],
        fixed.column([number * unit]),
        fixed.column([total]),
        shares.key_order(keys),
    )
    return [int(each) for each in shared[0]]


def named(told: Told, key: str) -> str:
    """What a component is called in the reader's language."""
    if key == OTHERS:
        return _("Components told together")
    return i18n.local_in(told, "name") or key
