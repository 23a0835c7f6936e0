"""The lines of a score: each component with its sum, and the figures as pages write them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from performance.engine import fixed, shares
from performance.foundation import i18n
from performance.foundation.components import formats
from performance.scoring import evidence
from performance.scoring.models import PolicyVersion, Score, SourceKind
from performance.scoring.queries.keeping import trails_of

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
    blended_ppm: int | None
    smoothed_ppm: int | None
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
    #: Each market rule that may move this weight, with the multiplier that applied.
    market: tuple[tuple[evidence.Signal, int], ...] = ()
    #: Points and their difference to constant weights as the page writes them: with one place, and summing exactly
    #: to the total that it writes (largest remainders).
    points: Decimal = Decimal(0)
    #: The effective weight as it is written, in percent with two places: the column sums to exactly 100.
    written_weight: Decimal = Decimal(0)
    moved: Decimal = Decimal(0)
    #: What it would weigh if weights did not depend on results; None where they do not.
    unvaried_ppm: int | None = None

    @property
    def name(self) -> str:
        return i18n.local(self, "name")

    @property
    def objectives(self) -> int:
        """How many objectives it was read from; 0 for what is no goal."""
        return len(self.refs) if self.source_kind == SourceKind.OKR else 0

    @property
    def delta_micro(self) -> int:
        return self.contribution_micro - self.constant_contribution_micro

    @property
    def spread_ppm(self) -> int:
        """The weight over what counts, before results vary it."""
        return self.effective_ppm if self.unvaried_ppm is None else self.unvaried_ppm

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
        return plain(self.value_micro)

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


def versions_of(*scores: Score) -> dict[uuid.UUID, PolicyVersion]:
    """The versions that these scores were computed with. One query."""
    named = {segment["version"] for score in scores for segment in evidence.segments_named(score)}
    return PolicyVersion.objects.select_related("policy").in_bulk([uuid.UUID(each) for each in named])


def lines_of(
    score: Score,
    versions: Mapping[uuid.UUID, PolicyVersion],
    trails: Mapping[str, Sequence[Mapping[str, str]]],
) -> tuple[Line, ...]:
    """In the order of the plan, as pages write them."""
    planned: dict[str, Mapping[str, Any]] = {}
    given: dict[str, Mapping[str, Any]] = {}
    signals: dict[str, evidence.Signal] = {}
    for segment in evidence.evidence_of(score, trails)["segments"]:
        plan = versions[uuid.UUID(segment["version"])].plan or {"components": []}
        signals.update({one.rule.key: one for one in evidence.signals_from(plan.get("market", ()))})
        planned.update({component["key"]: component for component in plan["components"]})
        given.update(segment["inputs"])
    lines, start = [], 0
    for explained in evidence.explanation_of(score)["components"]:
        lines.append(
            _line(explained, planned[explained["key"]], given.get(explained["key"], {}), signals, start)
        )
        start += explained["contribution_micro"]
    return tuple(_as_written(lines, score))


def lines_of_score(score: Score) -> tuple[Line, ...]:
    """All components of one score. Two queries."""
    return lines_of(score, versions_of(score), trails_of([score]))


def line_of(score: Score, key: str) -> Line | None:
    """One component of a score. Two queries."""
    return next((line for line in lines_of_score(score) if line.key == key), None)


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


def plain(micro: int | None) -> str:
    """A plain decimal with a point in every language, for scripts and drawings."""
    return format(Decimal(micro or 0) / MICRO, "f")


def _line(
    explained: Mapping[str, Any],
    planned: Mapping[str, Any],
    given: Mapping[str, Any],
    signals: Mapping[str, evidence.Signal],
    start: int,
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
        blended_ppm=planned.get("blended_ppm"),
        smoothed_ppm=planned.get("smoothed_ppm"),
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
        market=tuple(
            (signals[factor["key"]], factor["applied_ppm"])
            for factor in explained["factors"]
            if factor["kind"] == "market"
        ),
    )
