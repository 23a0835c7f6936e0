"""Objective weights of a policy: what tells units apart in a period that is over, kept with everything it rests on."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from performance.engine import errors, objective
from performance.scoring.evidence.weighing import Weighing

#: The resamples of an interval are drawn from here: the same of the same units, whenever and wherever.
SEED = 1


@dataclass(frozen=True)
class Unit:
    """A part of the business, by its id."""

    key: str
    name_en: str
    name_zh: str


@dataclass(frozen=True)
class Measured:
    """What units scored in a period that is over: values_micro (units × keys) are points by the curves of the components
    `keys`, all of them closed. left_out: how many units lack one. Dates as ISO text; as_of is when it was read."""

    period_en: str = ""
    period_zh: str = ""
    starts_on: str = ""
    ends_on: str = ""
    as_of: str = ""
    keys: tuple[str, ...] = ()
    units: tuple[Unit, ...] = ()
    values_micro: tuple[tuple[int, ...], ...] = ()
    left_out: int = 0


def kept_objective(weighing: Weighing, measured: Measured | None) -> dict[str, Any] | None:
    """Objective weights as a plan keeps them: with their interval, and the units and points that they follow from. None
    where nothing is blended in.

    Raises engine.errors.InvalidInput as `objective.objective_weights`; "no_past_period" where no period is over yet,
    "no_objective" where no component is measured by unit.
    """
    if not weighing.blend_ppm:
        return None
    if measured is None or not measured.starts_on:
        raise errors.InvalidInput("No period is over yet.", code="no_past_period")
    if not measured.keys:
        raise errors.InvalidInput("No component is measured by unit.", code="no_objective")
    found = _weights(
        measured.values_micro,
        tuple(unit.key for unit in measured.units),
        measured.keys,
        weighing.blend_method,
        weighing.blend_units,
        SEED,
    )
    return {
        "method": found.method,
        "blend_ppm": weighing.blend_ppm,
        "least_units": weighing.blend_units,
        "seed": SEED,
        "resamples": objective.RESAMPLES,
        "level_ppm": found.level_ppm,
        "period_en": measured.period_en,
        "period_zh": measured.period_zh,
        "starts_on": measured.starts_on,
        "ends_on": measured.ends_on,
        "as_of": measured.as_of,
        "left_out": measured.left_out,
        "units": [
            {"key": unit.key, "name_en": unit.name_en, "name_zh": unit.name_zh} for unit in measured.units
        ],
        "values_micro": [list(row) for row in measured.values_micro],
        "keys": list(found.keys),
        "weights_ppm": list(found.weights_ppm),
        "low_ppm": list(found.low_ppm),
        "high_ppm": list(found.high_ppm),
    }


def objective_again(kept: Mapping[str, Any]) -> dict[str, Any]:
    """What a plan keeps of its objective weights, computed once more from the units and points kept beside them."""
    found = _weights(
        tuple(tuple(row) for row in kept["values_micro"]),
        tuple(unit["key"] for unit in kept["units"]),
        tuple(kept["keys"]),
        kept["method"],
        kept["least_units"],
        kept["seed"],
    )
    return {
        **kept,
        "weights_ppm": list(found.weights_ppm),
        "low_ppm": list(found.low_ppm),
        "high_ppm": list(found.high_ppm),
    }


def without_units(plan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan for those to whom figures of single units are closed: of these no more than how many there are."""
    kept = plan.get("objective")
    if not kept:
        return dict(plan)
    told = {name: value for name, value in kept.items() if name not in ("units", "values_micro")}
    return {**plan, "objective": {**told, "number": len(kept["units"])}}


def by_component(kept: Mapping[str, Any] | None) -> dict[str, int]:
    """component key → its objective weight."""
    return dict(zip(kept["keys"], kept["weights_ppm"], strict=True)) if kept else {}


@functools.lru_cache(maxsize=128)
def _weights(
    values_micro: Sequence[Sequence[int]],
    units: Sequence[str],
    keys: Sequence[str],
    method: Any,
    least_units: int,
    seed: int,
) -> objective.Objective:
    """Drawn and drawn again, the interval takes a while: the same units are not asked twice."""
    shape = (len(units), len(keys))
    if len(units) < least_units:
        raise errors.InvalidInput("Too few units.", code="too_few_units", key="units")
    return objective.objective_weights(
        np.array(values_micro, dtype=np.int64).reshape(shape),
        units=units,
        keys=keys,
        method=method,
        least_units=least_units,
        seed=seed,
    )
