"""Kept evidence under another plan: what scores would have been. Pure: it reads nothing but what it is given."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from performance.scoring.evidence.columns import NOTHING, Input
from performance.scoring.evidence.reckoning import Reckoned, reckon
from performance.scoring.evidence.segments import Segment

LEAVE_OUT = "leave_out"
#: Component of the plan → the segment, and the key in it, that holds the same measure.
Held = Mapping[str, tuple[int, str]]


@dataclass(frozen=True)
class Kept:
    """One person's kept evidence: the stretches with their plans, and the inputs of each."""

    segments: Sequence[Segment]
    inputs: Sequence[Mapping[str, Input]]


@dataclass(frozen=True)
class Resimulated:
    """The score under the other plan. `absent`: its components that the kept evidence does not hold. `origins`: under
    which key it holds the others."""

    reckoned: Reckoned
    absent: tuple[str, ...]
    origins: Mapping[str, str]


def resimulated(plan: Mapping[str, Any], people: Sequence[Kept]) -> list[Resimulated]:
    """Each person's kept inputs reckoned once more, by `plan` for the whole period.

    A component finds its evidence by what measures it (source, reference and slice), whatever it was called. One that
    the kept evidence does not hold was not measured then: it is left out whatever the plan says of missing ones, since
    a zero would be this simulation's own invention.
    """
    together: dict[tuple[uuid.UUID, ...], list[int]] = {}
    for place, kept in enumerate(people):
        together.setdefault(tuple(segment.version_id for segment in kept.segments), []).append(place)
    found: dict[int, Resimulated] = {}
    for places in together.values():
        held = _held(plan, people[places[0]].segments)
        absent = tuple(item["key"] for item in plan["components"] if item["key"] not in held)
        segment = _segment(plan, absent)
        inputs = [[_inputs(held, people[place])] for place in places]
        origins = {key: old for key, (_place, old) in held.items()}
        for place, reckoned in zip(places, reckon([segment], inputs), strict=True):
            found[place] = Resimulated(reckoned, absent, origins)
    return [found[place] for place in range(len(people))]


def _held(plan: Mapping[str, Any], segments: Sequence[Segment]) -> dict[str, tuple[int, str]]:
    """Later stretches speak before earlier ones, the same key before another one."""
    held: dict[str, tuple[int, str]] = {}
    for component in plan["components"]:
        alike = [
            (old["key"] == component["key"], place, old["key"])
            for place, segment in enumerate(segments)
            for old in segment.plan["components"]
            if _measure(old) == _measure(component)
        ]
        if alike:
            _is_same, place, key = max(alike)
            held[component["key"]] = (place, key)
    return held


def _measure(component: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        component["source_kind"],
        component["source_ref"],
        json.dumps(component["slice"], sort_keys=True),
    )


def _segment(plan: Mapping[str, Any], absent: Sequence[str]) -> Segment:
    components = [
        {**component, "missing": LEAVE_OUT} if component["key"] in absent else component
        for component in plan["components"]
    ]
    return Segment(uuid.UUID(int=0), 0, "", "", 1, {**plan, "components": components})


def _inputs(held: Held, kept: Kept) -> dict[str, Input]:
    return {key: kept.inputs[place].get(old, NOTHING) for key, (place, old) in held.items()}
