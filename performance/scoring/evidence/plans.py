"""A policy's content as plain data, what is wrong with it, and the plan that scores are computed with."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from performance import engine
from performance.engine import curves, errors, weights
from performance.scoring.evidence.blending import Measured, by_component, kept_objective, objective_again
from performance.scoring.evidence.pairs import kept_pairs, priorities_of
from performance.scoring.evidence.signals import Signal, market_factors
from performance.scoring.evidence.weighing import PLAIN, Weighing
from performance.scoring.models import OWN_UNIT

PROBLEMS = {
    "no_components": _("A policy needs at least one component."),
    "duplicate_key": _("Two components have the same key."),
    "base_not_whole": _("The base weights must add up to exactly 100%."),
    "base_out_of_range": _("A base weight lies between 0% and 100%."),
    "bounds_reversed": _("The minimum must not exceed the maximum; both lie between 0% and 100%."),
    "base_outside_bounds": _("The base weight lies outside its own minimum and maximum."),
    "factor_out_of_range": _("A stage multiplier lies between 0.5 and 2."),
    "minimums_too_high": _("The minimums alone exceed 100%."),
    "maximums_too_low": _("The maximums together do not reach 100%."),
    "infeasible_bounds": _("With these minimums and maximums no weights add up to 100%."),
    "infeasible_step": _(
        "With this step cap no weights add up to 100%. Let a component that should go stay with a base weight of 0% "
        "for some periods, or raise the cap."
    ),
    "no_base_weight": _("At least one component needs a base weight."),
    "source_unknown": _("Nothing measures this kind of component here."),
    "metric_not_certified": _("Only a metric that both sides have certified counts in scores."),
    "smoothing_out_of_range": _("Smoothing keeps between 0% and 90% of last period’s weight."),
    "incentive_refused": _(
        "Only weights that grow with what is weak are taken: with others a score could fall when a number rises."
    ),
    "alpha_out_of_range": _("The penalty goes from 0 to 1, in quarters."),
    "three_flows": _(
        "A stage is proposed by three different metrics: operating, investing and financing cash flow."
    ),
    # Objective weights
    "blend_out_of_range": _("Objective weights make up at most a fifth of a weight."),
    "blend_by_half": _("Objective weights need a method and a share."),
    "unknown_method": _("Objective weights are found by entropy or by CRITIC."),
    "units_out_of_range": _("Objective weights need 15 units at least."),
    "too_few_units": _(
        "Too few units have closed values of every component that is measured by unit, so no objective weights can be "
        "blended in."
    ),
    "no_past_period": _("No period before this one is over yet, so no objective weights can be blended in."),
    "no_objective": _(
        "No component is measured for each person’s own unit, so there are no objective weights."
    ),
    "no_variation": _("All units are alike in every component, so there are no objective weights."),
    "no_conflict": _("The components go up and down together in all units; CRITIC finds no weights then."),
    "negative_value": _("A component has a value below zero; entropy finds no weights then."),
    # Comparisons in pairs
    "judgement_missing": _("Compare each component with each other one."),
    "judgement_twice": _("A pair is compared twice."),
    "judgement_out_of_range": _("A comparison is 1 to 9, or 1/2 to 1/9 the other way round."),
    "unknown_component": _("A comparison names a component that the policy does not have."),
    "too_many_components": _("At most 15 components can be compared in pairs."),
    "slice_not_flat": _("Name the part of the business as dimensions, each with one value."),
    # Bands
    "too_many_bands": _("Seven bands at most."),
    "band_unnamed": _("Name this band."),
    "lowest_band_bound": _("The lowest band has no lower bound: everything below the next one is in it."),
    "band_unbound": _("Say from which score this band begins."),
    "band_out_of_range": _("A band begins above 0 and at 1000 points at most."),
    "bands_not_ordered": _("A band begins higher than the one below it."),
    "key_not_plain": _("A key has small Latin letters, digits and hyphens only."),
    # Curves
    "not_a_curve": _("Describe how the value becomes a score."),
    "unknown_kind": _("This kind of curve is not known."),
    "unknown_field": _("This curve has a field that does not belong to it."),
    "missing_field": _("A value of the curve is missing."),
    "inexact_number": _("Write the values of the curve as numbers."),
    "number_too_long": _("A value of the curve is too large, or has too many digits."),
    "not_a_number": _("Write the values of the curve as numbers."),
    "floor_not_before_target": _("The floor must lie on the worse side of the target."),
    "stretch_not_after_target": _("The stretch value must lie on the better side of the target."),
    "cap_without_stretch": _("A cap above 100 needs a stretch value."),
    "cap_out_of_range": _("The cap lies between 100 and 1000."),
    "band_reversed": _("The lower bound must not exceed the upper."),
    "tolerance_not_positive": _("A tolerance must be positive."),
}
#: Beside which field of the policy or of the component it stands, where not beside the base weight.
BESIDE = {"infeasible_step": "step_cap", "bounds_reversed": "highest"}
LONGEST_PART = 120
PLAIN_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True)
class ComponentDraft:
    """One component as its author states it. Weights and multipliers in ppm; multipliers by stage."""

    key: str
    name_en: str
    category: str
    source_kind: str
    base_ppm: int
    name_zh: str = ""
    source_ref: str = ""
    slice: Any = "own_unit"
    min_ppm: int = 0
    max_ppm: int = weights.WHOLE
    curve: Mapping[str, Any] = field(default_factory=lambda: {"kind": "identity"})
    color: int = 1
    multipliers: Mapping[str, int] = field(default_factory=dict)


def is_slice(given: Any) -> bool:
    """The person's own unit, or dimensions with one value each; {} is the whole organisation."""
    if isinstance(given, str):
        return given == OWN_UNIT
    return isinstance(given, Mapping) and all(
        isinstance(part, str) and 0 < len(part) <= LONGEST_PART for item in given.items() for part in item
    )


@dataclass(frozen=True)
class Trouble:
    """Why this is not a policy yet. `key` names the component, None the policy as a whole."""

    code: str
    key: str | None
    field: str = "base"

    @property
    def message(self) -> Any:
        return PROBLEMS.get(self.code, _("This component cannot be used as it is."))


def by_pairs(components: Sequence[ComponentDraft], weighing: Weighing) -> list[ComponentDraft]:
    """The components with the base weights that follow from comparisons in pairs, where there are any and they can be
    used; else as they were stated."""
    if not weighing.judgements:
        return list(components)
    try:
        found = priorities_of(weighing.judgements, [draft.key for draft in components])
    except errors.InvalidInput:
        return list(components)
    return [replace(draft, base_ppm=base) for draft, base in zip(components, found.weights_ppm, strict=True)]


def troubles(
    components: Sequence[ComponentDraft],
    *,
    step_cap_ppm: int | None = None,
    previous_ppm: Mapping[str, int] | None = None,
    weighing: Weighing = PLAIN,
) -> list[Trouble]:
    """Everything that keeps these components from being a policy, in any stage; empty when they are one."""
    try:
        kept_pairs(weighing.judgements, [draft.key for draft in components])
    except errors.InvalidInput as refusal:
        return [Trouble(refusal.code, None, "judgements")]
    found = [
        Trouble("key_not_plain", draft.key) for draft in components if not PLAIN_KEY.fullmatch(draft.key)
    ]
    found += [
        Trouble("source_unknown", draft.key, "source")
        for draft in components
        if draft.source_kind not in settings.SCORE_SOURCES
    ]
    found += [
        Trouble("slice_not_flat", draft.key, "slice") for draft in components if not is_slice(draft.slice)
    ]
    stages = sorted({stage for draft in components for stage in draft.multipliers}) or [""]
    for stage in stages:
        for problem in weights.problems([_weighable(draft, stage) for draft in components]):
            trouble = Trouble(problem.code, problem.key, BESIDE.get(problem.code, "base"))
            if trouble not in found:
                found.append(trouble)
    for draft in components:
        try:
            curves.Curve.from_dict(draft.curve)
        except errors.InvalidInput as refusal:
            found.append(Trouble(refusal.code, draft.key, "curve"))
    found += [Trouble(code, None, place) for code, place in weighing.troubles()]
    for stage in stages if not found else ():
        try:
            _weighed(components, stage, step_cap_ppm, previous_ppm, weighing=weighing)
        except errors.InvalidInput as refusal:
            found.append(Trouble(refusal.code, None, BESIDE.get(refusal.code, "base")))
            break
    return found


def frozen_plan(
    components: Sequence[ComponentDraft],
    *,
    stage: str,
    missing: str,
    step_cap_ppm: int | None,
    previous_ppm: Mapping[str, int] | None = None,
    bands: Sequence[Mapping[str, Any]] = (),
    signals: Sequence[Signal] = (),
    weighing: Weighing = PLAIN,
    measured: Measured | None = None,
) -> dict[str, Any]:
    """The plan of a stage: each component with its curve, its effective weight and why it weighs that much.

    Market rules count as they were read; the plan keeps each reading.

    The step cap counts from `previous_ppm`: a component that is new moves freely, those that were there before do
    not on its account. Where none was there before, it counts from the base weights, and nothing is smoothed.
    Raises engine.errors.InvalidInput where no weights hold all guardrails.
    """
    objective = kept_objective(weighing, measured)
    weighed = _weighed(
        components, stage, step_cap_ppm, previous_ppm, signals, weighing, by_component(objective)
    )
    return {
        "engine": engine.ENGINE_VERSION,
        "stage": stage,
        "missing": missing,
        "step_cap_ppm": step_cap_ppm,
        "smoothing_ppm": weighing.smoothing_ppm,
        "alpha_quarters": weighing.alpha_quarters,
        "objective": objective,
        "pairs": kept_pairs(weighing.judgements, [draft.key for draft in components]),
        "bands": [dict(band) for band in bands],
        "market": [signal.kept() for signal in signals],
        "components": [
            {
                "key": draft.key,
                "name_en": draft.name_en,
                "name_zh": draft.name_zh,
                "category": draft.category,
                "source_kind": draft.source_kind,
                "source_ref": draft.source_ref,
                "slice": draft.slice,
                "color": draft.color,
                "curve": dict(draft.curve),
                "base_ppm": draft.base_ppm,
                "min_ppm": draft.min_ppm,
                "max_ppm": draft.max_ppm,
                "factors": [
                    {
                        "kind": factor.kind,
                        "key": factor.key,
                        "stated_ppm": factor.stated_ppm,
                        "applied_ppm": factor.applied_ppm,
                    }
                    for factor in weight.factors
                ],
                "share_ppm": weight.raw_ppm,
                "objective_ppm": weight.objective_ppm,
                "blended_ppm": weight.blended_ppm,
                "smoothed_ppm": weight.smoothed_ppm,
                "previous_ppm": weight.previous_ppm,
                "guardrails": list(weight.guardrails),
                "effective_ppm": weight.effective_ppm,
            }
            for draft, weight in zip(components, weighed, strict=True)
        ],
    }


def weights_again(plan: Mapping[str, Any]) -> bool:
    """Whether a plan's weights come out again, to the last ppm, from nothing but what it keeps."""
    objective = plan.get("objective") and objective_again(plan["objective"])
    components = [
        weights.Component(
            key=item["key"],
            base_ppm=item["base_ppm"],
            min_ppm=item["min_ppm"],
            max_ppm=item["max_ppm"],
            factors=tuple(
                weights.Factor(factor["kind"], factor["key"], factor["stated_ppm"])
                for factor in item["factors"]
            ),
        )
        for item in plan["components"]
    ]
    is_smoothed = any(item.get("smoothed_ppm") is not None for item in plan["components"])
    again = weights.effective_weights(
        components,
        previous_ppm={
            item["key"]: item["previous_ppm"]
            for item in plan["components"]
            if item["previous_ppm"] is not None
        },
        smoothing_ppm=plan["smoothing_ppm"] if is_smoothed else 0,
        step_cap_ppm=plan["step_cap_ppm"],
        objective_ppm=by_component(objective),
        blend_ppm=objective["blend_ppm"] if objective else 0,
    )
    kept = [item["effective_ppm"] for item in plan["components"]]
    return objective == plan.get("objective") and kept == [weight.effective_ppm for weight in again]


def _weighed(
    components: Sequence[ComponentDraft],
    stage: str,
    step_cap_ppm: int | None,
    previous_ppm: Mapping[str, int] | None,
    signals: Sequence[Signal] = (),
    weighing: Weighing = PLAIN,
    objective_ppm: Mapping[str, int] | None = None,
) -> tuple[weights.EffectiveWeight, ...]:
    base = {draft.key: draft.base_ppm for draft in components}
    shared = {key: weight for key, weight in (previous_ppm or {}).items() if key in base}
    return weights.effective_weights(
        [_weighable(draft, stage, signals) for draft in components],
        previous_ppm=shared or base,
        smoothing_ppm=weighing.smoothing_ppm if shared else 0,
        step_cap_ppm=step_cap_ppm,
        objective_ppm=objective_ppm,
        blend_ppm=weighing.blend_ppm if objective_ppm else 0,
    )


def _weighable(draft: ComponentDraft, stage: str, signals: Sequence[Signal] = ()) -> weights.Component:
    factor = weights.Factor("stage", stage, draft.multipliers.get(stage, weights.WHOLE))
    return weights.Component(
        key=draft.key,
        base_ppm=draft.base_ppm,
        min_ppm=draft.min_ppm,
        max_ppm=draft.max_ppm,
        factors=((factor,) if stage else ()) + market_factors(draft.key, signals),
    )
