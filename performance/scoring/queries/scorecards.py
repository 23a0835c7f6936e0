"""What a scorecard shows: the sum line by line, its history, and how the weights moved."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import DateField, F
from django.db.models.functions import Greatest, Least, TruncDate, TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _

from performance.foundation.components import formats
from performance.people import models as people
from performance.scoring import evidence
from performance.scoring.models import PolicyApproval, PolicyVersion, Score, WeightPolicy
from performance.scoring.queries.bands import Standing, band_of
from performance.scoring.queries.keeping import trails_of
from performance.scoring.queries.lines import MICRO, Line, lines_of, plain, versions_of
from performance.scoring.queries.penalties import Penalty, penalty_of

LONGEST_HISTORY = 400
SPARK_POINTS = 40
MONTHS_SHOWN = 12


@dataclass(frozen=True)
class Point:
    """The last score computed on one day, or for one month, which `on` is the first day of."""

    on: datetime.date
    score_micro: int | None
    constant_micro: int | None


@dataclass(frozen=True)
class Days:
    """The version that governed some of the days; `policy` only where versions of several policies did."""

    policy: WeightPolicy | None
    number: int
    days: int


@dataclass(frozen=True)
class Scorecard:
    """A score with everything its page says about it."""

    score: Score
    lines: tuple[Line, ...]
    approvals: tuple[PolicyApproval, ...]
    history: tuple[Point, ...]
    #: Where several months are known, `history` is by month.
    is_by_month: bool
    axis: int
    segments: tuple[Days, ...]
    #: What the penalty for what is weak did; None where there is none.
    penalty: Penalty | None = None

    @property
    def band(self) -> Standing | None:
        return band_of(self.score)

    @property
    def signed_by(self) -> list[people.Person]:
        return [approval.person for approval in self.approvals]

    @property
    def signals(self) -> tuple[evidence.Signal, ...]:
        """What the market said when the weights were locked."""
        return evidence.signals_from((self.score.version.plan or {}).get("market", ()))

    @property
    def capped(self) -> list[Line]:
        return [line for line in self.lines if line.is_capped or line.is_floored]

    @property
    def left_out(self) -> list[Line]:
        return [line for line in self.lines if line.treatment == "left_out"]

    @property
    def step_cap_ppm(self) -> int | None:
        return self.score.version.step_cap_ppm

    @property
    def marks(self) -> list[tuple[int, int]]:
        """The axis: (place in percent, points)."""
        return [(20 * step, self.axis * step // 5) for step in range(6)]

    @property
    def weight_parts(self) -> list[tuple[Decimal, int, str]]:
        """The weight bar: (percent, colour, name) of what counts."""
        return [
            (Decimal(line.effective_ppm) / 10_000, line.color, line.name)
            for line in self.lines
            if line.counts
        ]

    @property
    def sliders(self) -> list[Line]:
        return [line for line in self.lines if line.counts]

    @property
    def total_plain(self) -> str:
        return plain(self.score.score_micro)

    @property
    def constant_plain(self) -> str:
        return plain(self.score.constant_micro)

    @property
    def total_held(self) -> str:
        """The total as a place on a bar of 100."""
        return plain(min(self.score.score_micro or 0, 100_000_000))

    @property
    def spark_scores(self) -> list[Decimal | None]:
        return [_points(point.score_micro) for point in self.history]

    @property
    def spark_constants(self) -> list[Decimal | None]:
        return [_points(point.constant_micro) for point in self.history]

    @property
    def spark_provisional(self) -> int:
        return 0 if self.score.is_frozen else 1

    @property
    def spark_label(self) -> str:
        scores = ", ".join(formats.number(value, 1) for value in self.spark_scores)
        constants = ", ".join(formats.number(value, 1) for value in self.spark_constants)
        told = {"scores": scores, "constants": constants}
        if self.is_by_month:
            return _("Score by month: %(scores)s; at constant weights %(constants)s") % told
        return _("Score by day: %(scores)s; at constant weights %(constants)s") % told


def scorecard(score: Score) -> Scorecard:
    """Five queries at most: the plans and trails that the score names, the signatures, the months, else the days."""
    versions = versions_of(score)
    penalty = penalty_of(score, versions)
    lines = tuple(
        replace(line, unvaried_ppm=penalty.weights_ppm.get(line.key)) if penalty else line
        for line in lines_of(score, versions, trails_of([score]))
    )
    months = by_month(score.person_id, score.period)
    is_by_month = len(months) > 1
    highest = max((line.start_micro + line.contribution_micro for line in lines), default=0)
    return Scorecard(
        score=score,
        lines=lines,
        approvals=tuple(PolicyApproval.objects.filter(version_id=score.version_id).select_related("person")),
        history=months if is_by_month else history(score.person_id, score.period),
        is_by_month=is_by_month,
        axis=100 if highest <= 100_000_000 else 120,
        segments=_days(evidence.segments_named(score), versions),
        penalty=penalty,
    )


def _days(
    segments: Sequence[Mapping[str, Any]], versions: Mapping[uuid.UUID, PolicyVersion]
) -> tuple[Days, ...]:
    several = len({version.policy_id for version in versions.values()}) > 1
    return tuple(
        Days(
            policy=versions[uuid.UUID(segment["version"])].policy if several else None,
            number=segment["number"],
            days=segment["days"],
        )
        for segment in segments
    )


def history(person_id: uuid.UUID, period: people.Period) -> tuple[Point, ...]:
    """One point for each day on which the score was computed and changed, oldest first."""
    found = (
        Score.objects.filter(person_id=person_id, period=period)
        .order_by("-computed_at")
        .values_list("computed_at", "score_micro", "constant_micro")[:LONGEST_HISTORY]
    )
    by_day: dict[datetime.date, Point] = {}
    for computed_at, score_micro, constant_micro in found:
        on = timezone.localdate(computed_at)
        by_day.setdefault(on, Point(on, score_micro, constant_micro))
    return tuple(sorted(by_day.values(), key=lambda point: point.on))[-SPARK_POINTS:]


def by_month(person_id: uuid.UUID, period: people.Period) -> tuple[Point, ...]:
    """The last score of each month up to the end of the period, oldest first: of periods before it, too.

    What is computed after its period, as a freeze is, counts for the last month of it, and what is computed before for
    the first. A longer period that ends later, as the year of this quarter does, tells of its months up to this end. One
    query.
    """
    computed = Greatest(TruncDate("computed_at"), F("period__starts_on"), output_field=DateField())
    day = Least(computed, F("period__ends_on"), output_field=DateField())
    found = (
        Score.objects.filter(person_id=person_id, period__starts_on__lte=period.starts_on)
        .annotate(day=day)
        .filter(day__lte=period.ends_on)
        .annotate(month=TruncMonth("day"))
        .order_by("-month", "-period__starts_on", "-computed_at")
        .distinct("month")
        .values_list("month", "score_micro", "constant_micro")[:MONTHS_SHOWN]
    )
    return tuple(Point(*row) for row in found)[::-1]


def _points(micro: int | None) -> Decimal | None:
    return None if micro is None else Decimal(micro) / MICRO
