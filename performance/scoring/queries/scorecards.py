"""What a scorecard shows: the sum line by line, its history, and how the weights moved."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from performance.engine import fixed, shares
from performance.foundation import i18n
from performance.foundation.components import formats
from performance.people import models as people
from performance.scoring.models import CurrentScore, PolicyApproval, PolicyVersion, Score, WeightPolicy

LONGEST_HISTORY = 400
SPARK_POINTS = 40
STEPS_TOLD = 3
MICRO = fixed.ONE


@dataclass(frozen=True)
class Line:
    """One component: score × weight = points. ppm and micro as kept; `start_micro` is where its bar begins."""

    key: str
    name_en: str
    name_zh: str
    category: str
    source_kind: str
    source_ref: str
    color: int
    curve: Mapping[str, Any]
    raw_micro: int | None
    value_micro: int | None
    treatment: str
    base_ppm: int
    constant_ppm: int
    stage_ppm: int
    market_ppm: int
    share_ppm: int
    previous_ppm: int | None
    planned_ppm: int
    effective_ppm: int
    guardrails: tuple[str, ...]
    contribution_micro: int
    constant_contribution_micro: int
    start_micro: int
    coverage_ppm: int
    provisional: bool
    refs: tuple[Mapping[str, str], ...]
    #: Points and their difference to constant weights as the page writes them: with one place, and summing exactly
    #: to the total that it writes (largest remainders).
    points: Decimal = Decimal(0)
    #: The effective weight as it is written, in percent with two places: the column sums to exactly 100.
    written_weight: Decimal = Decimal(0)
    moved: Decimal = Decimal(0)

    @property
    def name(self) -> str:
        return i18n.local(self, "name")

    @property
    def delta_micro(self) -> int:
        return self.contribution_micro - self.constant_contribution_micro

    @property
    def counts(self) -> bool:
        return self.treatment != "left_out"

    @property
    def is_capped(self) -> bool:
        return bool({"max", "step_up"} & set(self.guardrails))

    @property
    def is_floored(self) -> bool:
        return bool({"min", "step_down"} & set(self.guardrails))

    @property
    def score_rounded(self) -> int:
        return round((self.value_micro or 0) / MICRO)

    @property
    def score_plain(self) -> str:
        """For scripts, as below: the exact score."""
        return _plain(self.value_micro)

    @property
    def slider_max(self) -> int:
        return 120 if self.curve.get("stretch") or (self.value_micro or 0) > 100_000_000 else 100

    @property
    def weight_percent(self) -> str:
        """For scripts: a plain decimal with a point in every language."""
        return format(Decimal(self.effective_ppm) / 10_000, "f")

    @property
    def constant_percent(self) -> str:
        return format(Decimal(self.constant_ppm) / 10_000, "f")


@dataclass(frozen=True)
class Point:
    """The last score computed on one day."""

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
    axis: int
    segments: tuple[Days, ...]

    @property
    def signed_by(self) -> list[people.Person]:
        return [approval.person for approval in self.approvals]

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
        return _plain(self.score.score_micro)

    @property
    def constant_plain(self) -> str:
        return _plain(self.score.constant_micro)

    @property
    def total_held(self) -> str:
        """The total as a place on a bar of 100."""
        return _plain(min(self.score.score_micro or 0, 100_000_000))

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
        return _("Score by day: %(scores)s; at constant weights %(constants)s") % {
            "scores": scores,
            "constants": constants,
        }


def scorecard(score: Score) -> Scorecard:
    """Three queries: the plans named by the score, the signatures, the history."""
    evidence = score.evidence["segments"]
    versions = PolicyVersion.objects.select_related("policy").in_bulk(
        [uuid.UUID(segment["version"]) for segment in evidence]
    )
    planned: dict[str, Mapping[str, Any]] = {}
    given: dict[str, Mapping[str, Any]] = {}
    for segment in evidence:
        plan = versions[uuid.UUID(segment["version"])].plan or {"components": []}
        planned.update({component["key"]: component for component in plan["components"]})
        given.update(segment["inputs"])
    lines, start = [], 0
    for explained in score.explanation["components"]:
        lines.append(_line(explained, planned[explained["key"]], given.get(explained["key"], {}), start))
        start += explained["contribution_micro"]
    lines = _as_written(lines, score)
    highest = max((line.start_micro + line.contribution_micro for line in lines), default=0)
    return Scorecard(
        score=score,
        lines=tuple(lines),
        approvals=tuple(PolicyApproval.objects.filter(version_id=score.version_id).select_related("person")),
        history=history(score.person_id, score.period),
        axis=100 if highest <= 100_000_000 else 120,
        segments=_days(evidence, versions),
    )


def _days(
    evidence: Sequence[Mapping[str, Any]], versions: Mapping[uuid.UUID, PolicyVersion]
) -> tuple[Days, ...]:
    several = len({version.policy_id for version in versions.values()}) > 1
    return tuple(
        Days(
            policy=versions[uuid.UUID(segment["version"])].policy if several else None,
            number=segment["number"],
            days=segment["days"],
        )
        for segment in evidence
    )


def _as_written(lines: list[Line], score: Score) -> list[Line]:
    """Sets what is written beside each component, so that the column sums to what is written below it."""
    if not lines or score.score_micro is None:
        return lines
    keys = [line.key for line in lines]
    total, constant = tenths(score.score_micro), tenths(score.constant_micro or 0)
    points = shared_out([line.contribution_micro for line in lines], total, keys)
    moved = shared_out([line.delta_micro for line in lines], total - constant, keys)
    # A ppm of the whole is a ten-thousandth of a percent: × 100 makes micro percent of it.
    counted = [line.effective_ppm * 100 if line.counts else 0 for line in lines]
    weights = shared_out(counted, round(sum(counted) * 100 / MICRO), keys, places=2)
    return [
        replace(line, points=point, moved=change, written_weight=weight)
        for line, point, change, weight in zip(lines, points, moved, weights, strict=True)
    ]


def tenths(micro: int) -> int:
    """The figure with one place, as it is written, in whole tenths."""
    return int(formats.rounded(Decimal(micro) / MICRO, 1) * 10)


def shared_out(micros: list[int], total: int, keys: list[str], *, places: int = 1) -> list[Decimal]:
    """Figures with so many places that sum to `total`, which counts in units of the last place."""
    unit = 10**places
    shared = shares.apportion(
        fixed.column(micros)[None, :],
        fixed.column([MICRO // unit]),
        fixed.column([total]),
        shares.key_order(keys),
    )
    return [Decimal(int(units)) / unit for units in shared[0]]


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


@dataclass(frozen=True)
class WeightSteps:
    """The chart of weights over time, and each version that took over: (version, first day)."""

    chart: dict[str, Any]
    steps: tuple[tuple[PolicyVersion, datetime.date], ...]


def weight_steps(person_id: uuid.UUID, today: datetime.date) -> WeightSteps | None:
    """How the weights of a person moved; None while only one set of weights ever governed them. Two queries."""
    current = (
        CurrentScore.objects.filter(person_id=person_id).select_related("score").order_by("period__starts_on")
    )
    segments = [segment for item in current for segment in item.score.evidence["segments"]]
    versions = PolicyVersion.objects.select_related("policy").in_bulk(
        [uuid.UUID(segment["version"]) for segment in segments]
    )
    steps = [(segment, versions[uuid.UUID(segment["version"])]) for segment in segments]
    if len({version.pk for _segment, version in steps}) < 2:
        return None
    components: dict[str, Mapping[str, Any]] = {}
    for _segment, version in steps:
        components.update({item["key"]: item for item in version.planned})
    weights = [
        {item["key"]: item["effective_ppm"] / 10_000 for item in version.planned} for _, version in steps
    ]
    name = "name_zh" if (get_language() or "").startswith("zh") else "name_en"
    chart = {
        "x": [segment["from"] for segment, _version in steps] + [steps[-1][0]["until"]],
        "today": today.isoformat(),
        "events": _events(steps),
        "series": [
            {
                "name": item[name] or item["name_en"],
                "series": item["color"],
                "values": [step.get(key, 0) for step in [*weights, weights[-1]]],
            }
            for key, item in components.items()
        ],
    }
    taken_over = [
        (version, datetime.date.fromisoformat(segment["from"]))
        for place, (segment, version) in enumerate(steps)
        if place == 0 or steps[place - 1][1].pk != version.pk
    ]
    return WeightSteps(chart, tuple(taken_over[-STEPS_TOLD:][::-1]))


def _points(micro: int | None) -> Decimal | None:
    return None if micro is None else Decimal(micro) / MICRO


def _plain(micro: int | None) -> str:
    """A plain decimal with a point in every language, for scripts and drawings."""
    return format(Decimal(micro or 0) / MICRO, "f")


def _events(steps: Sequence[tuple[Mapping[str, Any], PolicyVersion]]) -> list[dict[str, str]]:
    events, before = [], steps[0][1]
    for segment, version in steps[1:]:
        if version.pk != before.pk:
            events.append({"x": segment["from"], "text": _what_changed(before, version)})
        before = version
    return events


def _what_changed(before: PolicyVersion, version: PolicyVersion) -> str:
    if version.policy_id != before.policy_id:
        return str(version.policy)
    return str(version.get_stage_display()) if version.stage != before.stage else f"v{version.number}"


def _line(
    explained: Mapping[str, Any], planned: Mapping[str, Any], given: Mapping[str, Any], start: int
) -> Line:
    factors = {"stage": MICRO, "market": MICRO}
    for factor in explained["factors"]:
        factors[factor["kind"]] = factors[factor["kind"]] * factor["applied_ppm"] // MICRO
    return Line(
        key=explained["key"],
        name_en=planned["name_en"],
        name_zh=planned["name_zh"],
        category=planned["category"],
        source_kind=planned["source_kind"],
        source_ref=planned["source_ref"],
        color=planned["color"],
        curve=planned["curve"],
        raw_micro=explained["raw_micro"],
        value_micro=explained["value_micro"],
        treatment=explained["treatment"],
        base_ppm=explained["base_ppm"],
        constant_ppm=explained["constant_ppm"],
        stage_ppm=factors["stage"],
        market_ppm=factors["market"],
        share_ppm=planned["share_ppm"],
        previous_ppm=planned["previous_ppm"],
        planned_ppm=explained["planned_ppm"],
        effective_ppm=explained["effective_ppm"],
        guardrails=tuple(explained["guardrails"]),
        contribution_micro=explained["contribution_micro"],
        constant_contribution_micro=explained["constant_contribution_micro"],
        start_micro=start,
        coverage_ppm=explained["coverage_ppm"],
        provisional=explained["provisional"],
        refs=tuple(given.get("refs", ())),
    )
