"""Effective weights: what each component weighs once stage, market and guardrails have spoken.

effective ∝ base × stage multiplier × market multipliers, optionally blended with objective weights, held within each
component's minimum and maximum, optionally smoothed and step-capped against the previous weights, and projected so
that all sum to exactly 1_000_000 ppm. Sources: DOMAIN, "Weights", also for the blend, a convex combination; `objective`
names those of objective weights, `projection` those of holding within bounds and of rounding.
All of it is exact: Python ints and fractions, since a policy has few components and few distinct situations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from performance.engine import errors, fixed, projection, shares

WHOLE = fixed.ONE
#: The most that objective weights may make up of the effective ones.
MOST_BLEND = WHOLE // 5
Guardrail: TypeAlias = Literal["min", "max", "step_up", "step_down", "factor"]


@dataclass(frozen=True, slots=True)
class Factor:
    """One multiplier in ppm: ×1.2 is 1_200_000. `key` names the stage or the market signal."""

    kind: Literal["stage", "market"]
    key: str
    ppm: int


@dataclass(frozen=True, slots=True)
class Component:
    """A component of a policy: its base weight, bounds and today's multipliers."""

    key: str
    base_ppm: int
    min_ppm: int = 0
    max_ppm: int = WHOLE
    factors: tuple[Factor, ...] = ()


@dataclass(frozen=True, slots=True)
class FactorLimits:
    """The range every single multiplier is held in."""

    low_ppm: int = WHOLE // 2
    high_ppm: int = 2 * WHOLE


DEFAULT_LIMITS = FactorLimits()


@dataclass(frozen=True, slots=True)
class AppliedFactor:
    """A multiplier as stated by the policy and as applied within its limits."""

    kind: Literal["stage", "market"]
    key: str
    stated_ppm: int
    applied_ppm: int


@dataclass(frozen=True, slots=True)
class EffectiveWeight:
    """Why a component weighs what it weighs.

    base_ppm: as stated in the policy. raw_ppm: its share before any guardrail (sums to 1_000_000).
    objective_ppm: its objective weight (None where it has none). blended_ppm: its share once objective weights
    are blended in; as raw_ppm without (sums to 1_000_000).
    smoothed_ppm: its share after bounds and smoothing, before the step cap (None without smoothing).
    previous_ppm: the weight smoothing and step cap look at. guardrails: every guardrail that holds this
    weight where it is, in the order factor, min/max, step. effective_ppm: the result (sums to 1_000_000).
    """

    key: str
    base_ppm: int
    factors: tuple[AppliedFactor, ...]
    raw_ppm: int
    objective_ppm: int | None
    blended_ppm: int
    smoothed_ppm: int | None
    previous_ppm: int | None
    guardrails: tuple[Guardrail, ...]
    effective_ppm: int

    @property
    def bounded(self) -> Literal["capped", "floored"] | None:
        """Whether a guardrail holds the weight down or up."""
        if "max" in self.guardrails or "step_up" in self.guardrails:
            return "capped"
        if "min" in self.guardrails or "step_down" in self.guardrails:
            return "floored"
        return None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a policy's author must mend. `code` is for translation, `message` plain English."""

    code: str
    key: str | None
    message: str


def effective_weights(
    components: Sequence[Component],
    *,
    previous_ppm: Mapping[str, int] | None = None,
    smoothing_ppm: int = 0,
    step_cap_ppm: int | None = None,
    factor_limits: FactorLimits = DEFAULT_LIMITS,
    objective_ppm: Mapping[str, int] | None = None,
    blend_ppm: int = 0,
) -> tuple[EffectiveWeight, ...]:
    """The effective weights in the order of `components`, each with its explanation.

    previous_ppm: the weights of the period before (or the base, for a cap measured from the base).
    smoothing_ppm: the share of the previous weight that stays (0 = none). step_cap_ppm: the most a weight
    may move from the previous one (50_000 = 5 points). A component without a previous weight moves freely.
    objective_ppm: objective weights by component, of which `blend_ppm` (at most 200_000) makes up that part of
    the share: (1 − b)·share + b·objective, before bounds. A component without one (what it measures is no unit's)
    keeps its share; the others share theirs anew.
    Only proportions of the base and of the objective weights matter. Raises InvalidInput, code "infeasible_bounds"
    or "infeasible_step", where no weights within the guardrails sum to 100 %; "blend_out_of_range", "no_objective"
    (a blend without objective weights), "objective_out_of_range" and "unknown_component" for the blend.
    """
    _check(components, previous_ppm, smoothing_ppm, step_cap_ppm)
    _check_blend(components, objective_ppm, blend_ppm)
    order = [component.key for component in components]
    applied = {component.key: _applied(component, factor_limits) for component in components}
    raw = {component.key: _raw(component, applied[component.key]) for component in components}
    if sum(raw.values()) == 0:
        raise errors.InvalidInput("At least one component needs a base weight.", code="no_base_weight")
    bounds = {component.key: (component.min_ppm, component.max_ppm) for component in components}
    objective = dict(objective_ppm or {})
    blended = _blended(raw, objective, blend_ppm) if blend_ppm else raw
    within = projection.project(blended, bounds, code="infeasible_bounds")
    previous = dict(previous_ppm or {})
    smoothed = _smoothed(within, previous, smoothing_ppm)
    stepped = _step_bounds(bounds, previous, step_cap_ppm)
    final = projection.project(
        projection.reachable(smoothed, stepped, previous), stepped, code="infeasible_step"
    )
    effective = projection.rounded(final)
    raw_ppm = projection.rounded(projection.scaled_to_whole(raw))
    blended_ppm = projection.rounded(projection.scaled_to_whole(blended)) if blend_ppm else raw_ppm
    smoothed_ppm = (
        projection.rounded(projection.scaled_to_whole(smoothed)) if smoothing_ppm and previous else {}
    )
    by_key = {component.key: component for component in components}
    return tuple(
        EffectiveWeight(
            key=key,
            base_ppm=by_key[key].base_ppm,
            factors=applied[key],
            raw_ppm=raw_ppm[key],
            objective_ppm=objective.get(key),
            blended_ppm=blended_ppm[key],
            smoothed_ppm=smoothed_ppm.get(key),
            previous_ppm=previous.get(key),
            guardrails=_guardrails(applied[key], final[key], bounds[key], stepped[key]),
            effective_ppm=effective[key],
        )
        for key in order
    )


def problems(
    components: Sequence[Component], *, factor_limits: FactorLimits = DEFAULT_LIMITS
) -> tuple[Problem, ...]:
    """What keeps these components from being a policy; empty when they are one.

    Stricter than `effective_weights`: base weights sum to exactly 100 %, each lies within its own bounds,
    and multipliers within their limits.
    """
    found: list[Problem] = []
    if not components:
        found.append(Problem("no_components", None, "A policy needs at least one component."))
    if len({component.key for component in components}) != len(components):
        found.append(Problem("duplicate_key", None, "Each component needs its own key."))
    total = sum(component.base_ppm for component in components)
    if components and total != WHOLE:
        found.append(Problem("base_not_whole", None, f"Base weights sum to {total} ppm instead of {WHOLE}."))
    for component in components:
        found.extend(_component_problems(component, factor_limits))
    low, high = (
        sum(component.min_ppm for component in components),
        sum(component.max_ppm for component in components),
    )
    if low > WHOLE:
        found.append(Problem("minimums_too_high", None, f"The minimums alone sum to {low} ppm."))
    if components and high < WHOLE:
        found.append(Problem("maximums_too_low", None, f"The maximums together reach only {high} ppm."))
    return tuple(found)


def _component_problems(component: Component, limits: FactorLimits) -> Iterable[Problem]:
    key = component.key
    if not 0 <= component.base_ppm <= WHOLE:
        yield Problem("base_out_of_range", key, "A base weight lies between 0 % and 100 %.")
    if not 0 <= component.min_ppm <= component.max_ppm <= WHOLE:
        yield Problem(
            "bounds_reversed", key, "Minimum and maximum must satisfy 0 % ≤ minimum ≤ maximum ≤ 100 %."
        )
    elif not component.min_ppm <= component.base_ppm <= component.max_ppm:
        yield Problem("base_outside_bounds", key, "The base weight lies outside its own minimum and maximum.")
    for factor in component.factors:
        if not limits.low_ppm <= factor.ppm <= limits.high_ppm:
            yield Problem("factor_out_of_range", key, f"The multiplier {factor.key} lies outside its limits.")


def _check(
    components: Sequence[Component],
    previous_ppm: Mapping[str, int] | None,
    smoothing_ppm: int,
    step_cap_ppm: int | None,
) -> None:
    if not components:
        raise errors.InvalidInput("A policy needs at least one component.", code="no_components")
    shares.key_order([component.key for component in components])
    for component in components:
        if component.base_ppm < 0:
            raise errors.InvalidInput(
                "A base weight cannot be negative.", code="base_out_of_range", key=component.key
            )
        if not 0 <= component.min_ppm <= component.max_ppm <= WHOLE:
            raise errors.InvalidInput(
                "Minimum and maximum must satisfy 0 % ≤ minimum ≤ maximum ≤ 100 %.",
                code="bounds_reversed",
                key=component.key,
            )
    if not 0 <= smoothing_ppm < WHOLE:
        raise errors.InvalidInput("Smoothing keeps less than the whole.", code="smoothing_out_of_range")
    if step_cap_ppm is not None and step_cap_ppm < 0:
        raise errors.InvalidInput("A step cap cannot be negative.", code="step_cap_out_of_range")
    for key, weight in (previous_ppm or {}).items():
        if not 0 <= weight <= WHOLE:
            raise errors.InvalidInput(
                "A previous weight lies outside 0…100 %.", code="previous_out_of_range", key=key
            )


def _check_blend(
    components: Sequence[Component], objective_ppm: Mapping[str, int] | None, blend_ppm: int
) -> None:
    if not 0 <= blend_ppm <= MOST_BLEND:
        raise errors.InvalidInput("A blend makes up at most 20 %.", code="blend_out_of_range")
    objective, keys = objective_ppm or {}, {component.key for component in components}
    for key, weight in objective.items():
        if key not in keys:
            raise errors.InvalidInput("No component has this key.", code="unknown_component", key=key)
        if not 0 <= weight <= WHOLE:
            raise errors.InvalidInput(
                "An objective weight lies outside 0…100 %.", code="objective_out_of_range", key=key
            )
    if blend_ppm and not any(objective.values()):
        raise errors.InvalidInput("There are no objective weights to blend in.", code="no_objective")


def _applied(component: Component, limits: FactorLimits) -> tuple[AppliedFactor, ...]:
    return tuple(
        AppliedFactor(
            factor.kind, factor.key, factor.ppm, min(max(factor.ppm, limits.low_ppm), limits.high_ppm)
        )
        for factor in component.factors
    )


def _raw(component: Component, factors: Sequence[AppliedFactor]) -> Fraction:
    product = Fraction(component.base_ppm)
    for factor in factors:
        product *= Fraction(factor.applied_ppm, WHOLE)
    return product


def _blended(
    raw: Mapping[str, Fraction], objective: Mapping[str, int], blend_ppm: int
) -> dict[str, Fraction]:
    """The shares, with part of what the components with objective weights have in all shared out by these."""
    part = Fraction(blend_ppm, WHOLE)
    pool, total = sum(raw[key] for key in objective), sum(objective.values())
    return {
        key: (1 - part) * share + part * pool * Fraction(objective[key], total) if key in objective else share
        for key, share in raw.items()
    }


def _smoothed(
    weights: Mapping[str, Fraction], previous: Mapping[str, int], smoothing_ppm: int
) -> dict[str, Fraction]:
    """Exponential smoothing: what stays of the previous weight plus the rest of the new one."""
    stay = Fraction(smoothing_ppm, WHOLE)
    return {
        key: stay * previous[key] + (1 - stay) * weight if key in previous else weight
        for key, weight in weights.items()
    }


def _step_bounds(
    bounds: Mapping[str, tuple[int, int]], previous: Mapping[str, int], step_cap_ppm: int | None
) -> dict[str, tuple[int, int]]:
    """The bounds narrowed to one step around the previous weight. Where the two do not meet, the bounds
    win: a minimum or maximum is part of the policy, the step only its manners."""
    if step_cap_ppm is None:
        return dict(bounds)
    narrowed = {}
    for key, (low, high) in bounds.items():
        if key in previous:
            narrowed[key] = (
                min(max(previous[key] - step_cap_ppm, low), high),
                max(min(previous[key] + step_cap_ppm, high), low),
            )
        else:
            narrowed[key] = (low, high)
    return narrowed


def _guardrails(
    factors: Sequence[AppliedFactor], weight: Fraction, bounds: tuple[int, int], stepped: tuple[int, int]
) -> tuple[Guardrail, ...]:
    held: list[Guardrail] = []
    if any(factor.stated_ppm != factor.applied_ppm for factor in factors):
        held.append("factor")
    if 0 < bounds[0] == weight:
        held.append("min")
    if weight == bounds[1] < WHOLE:
        held.append("max")
    if weight == stepped[0] > bounds[0]:
        held.append("step_down")
    if weight == stepped[1] < bounds[1]:
        held.append("step_up")
    return tuple(held)
