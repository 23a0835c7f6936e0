"""Inputs × plans → scores with their explanation. Pure: the same inputs and plans give the same bits, which is
what replay relies on.

A person's period is one segment for each policy version that governs part of it; each weighs by its days.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from performance.engine import curves, fixed, score


@dataclass(frozen=True)
class Segment:
    """The days of a period that one locked plan governs. Dates as ISO text; `ends_on` is the last day."""

    version_id: uuid.UUID
    number: int
    starts_on: str
    ends_on: str
    days: int
    plan: Mapping[str, Any]

    @property
    def components(self) -> dict[str, Mapping[str, Any]]:
        return {component["key"]: component for component in self.plan["components"]}


@dataclass(frozen=True)
class Input:
    """What one component of one person was computed from. `previous_micro` is the closed score carried forward."""

    value_micro: int | None = None
    coverage_ppm: int = 0
    provisional: bool = True
    refs: tuple[Mapping[str, str], ...] = ()
    previous_micro: int | None = None


@dataclass(frozen=True)
class Reckoned:
    """One person's score (None where nothing counts) and the whole sum behind it."""

    score_micro: int | None
    constant_micro: int | None
    coverage_ppm: int
    explanation: dict[str, Any] = field(repr=False)


NOTHING = Input()
Inputs = Mapping[str, Input]


def reckon(segments: Sequence[Segment], people: Sequence[Sequence[Inputs]]) -> list[Reckoned]:
    """Scores of many people under the same segments. people[i][j]: inputs of person i in segment j."""
    keys = _keys(segments)
    columns = [
        _columns(segment, keys, [inputs[place] for inputs in people])
        for place, segment in enumerate(segments)
    ]
    blended = _blended(columns, segments, len(people))
    return [_reckoned(blended, row, keys, segments, inputs) for row, inputs in enumerate(people)]


def kept(segments: Sequence[Segment], inputs: Sequence[Inputs]) -> dict[str, Any]:
    """The evidence as a score keeps it."""
    return {
        "segments": [
            {
                "version": str(segment.version_id),
                "number": segment.number,
                "from": segment.starts_on,
                "until": segment.ends_on,
                "days": segment.days,
                "inputs": {
                    key: {
                        "value_micro": given.value_micro,
                        "coverage_ppm": given.coverage_ppm,
                        "provisional": given.provisional,
                        "previous_micro": given.previous_micro,
                        "refs": [dict(ref) for ref in given.refs],
                    }
                    for key, given in sorted(of_segment.items())
                },
            }
            for segment, of_segment in zip(segments, inputs, strict=True)
        ]
    }


def digest(
    kept: Mapping[str, Any], explanation: Mapping[str, Any], *, state: str, engine_version: str
) -> str:
    """Of everything that makes a score what it is, in one spelling: sorted keys, no spaces."""
    whole = {"evidence": kept, "explanation": explanation, "state": state, "engine": engine_version}
    return hashlib.sha256(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


#: What a reference is called, and what is written beside it, for whoever reads.
WORDS = ("label_en", "label_zh", "note_en", "note_zh")


def is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two kept evidences say the same, whatever it is called."""
    return _wordless(one) == _wordless(other)


def _wordless(kept: Mapping[str, Any]) -> list[Any]:
    return [
        (
            {name: value for name, value in segment.items() if name != "inputs"},
            {
                key: (
                    {name: value for name, value in given.items() if name != "refs"},
                    [
                        {name: value for name, value in ref.items() if name not in WORDS}
                        for ref in given["refs"]
                    ],
                )
                for key, given in segment["inputs"].items()
            },
        )
        for segment in kept["segments"]
    ]


def inputs_from(evidence: Mapping[str, Any]) -> list[dict[str, Input]]:
    """The way back from `kept`: one mapping a segment."""
    return [
        {key: Input(**{**given, "refs": tuple(given["refs"])}) for key, given in segment["inputs"].items()}
        for segment in evidence["segments"]
    ]


def carrying(inputs: Inputs, values: Mapping[str, int]) -> dict[str, Input]:
    """The inputs with last closed scores beside what is missing."""
    return {
        key: replace(given, previous_micro=values.get(key)) if given.value_micro is None else given
        for key, given in inputs.items()
    }


def _keys(segments: Sequence[Segment]) -> list[str]:
    """Components in the order of the last plan, then those that only earlier ones have."""
    keys: dict[str, None] = {}
    for segment in reversed(segments):
        keys.update(dict.fromkeys(segment.components))
    return list(keys)


def _columns(segment: Segment, keys: Sequence[str], people: Sequence[Inputs]) -> score.ScoreColumns:
    planned = segment.components
    shape = (len(people), len(keys))
    values = np.zeros(shape, dtype=np.int64)
    present = np.zeros(shape, dtype=np.bool_)
    previous = np.zeros(shape, dtype=np.int64)
    carried = np.zeros(shape, dtype=np.bool_)
    coverage = np.zeros(shape, dtype=np.int64)
    for place, key in enumerate(keys):
        if key not in planned:
            continue
        given = [inputs.get(key, NOTHING) for inputs in people]
        raw, there = fixed.optional_column(item.value_micro for item in given)
        curve = curves.Curve.from_dict(planned[key]["curve"])
        values[:, place] = curve.normalise_column(raw, there)
        present[:, place] = there
        before, known = fixed.optional_column(item.previous_micro for item in given)
        previous[:, place], carried[:, place] = before, known
        coverage[:, place] = fixed.column(item.coverage_ppm for item in given)
    missing = segment.plan["missing"]
    return score.score_columns(
        keys=keys,
        values_micro=values,
        present=present,
        effective_ppm=_weights(keys, planned, "effective_ppm"),
        base_ppm=_weights(keys, planned, "base_ppm"),
        missing=[planned[key].get("missing", missing) if key in planned else "leave_out" for key in keys],
        previous_micro=previous,
        previous_present=carried,
        coverage_ppm=coverage,
    )


def _weights(keys: Sequence[str], planned: Mapping[str, Mapping[str, Any]], name: str) -> fixed.Ints:
    return np.array([planned[key][name] if key in planned else 0 for key in keys], dtype=np.int64)


def _blended(
    columns: Sequence[score.ScoreColumns], segments: Sequence[Segment], people: int
) -> score.ScoreColumns:
    if len(columns) == 1:
        return columns[0]
    stacked = score.ScoreColumns(
        keys=columns[0].keys,
        **{
            name: np.concatenate([getattr(part, name) for part in columns])
            for name in score.ScoreColumns.__dataclass_fields__
            if name != "keys"
        },
    )
    return score.blend_segments(
        stacked,
        person=np.tile(np.arange(people, dtype=np.int64), len(segments)),
        days=np.repeat(np.array([segment.days for segment in segments], dtype=np.int64), people),
        people=people,
    ).columns


def _reckoned(
    columns: score.ScoreColumns,
    row: int,
    keys: Sequence[str],
    segments: Sequence[Segment],
    inputs: Sequence[Inputs],
) -> Reckoned:
    result = score.score_of(columns, row)
    lines = {line.key: line for line in result.lines}
    explanation = {
        "score_micro": result.score_micro,
        "constant_micro": result.constant_score_micro,
        "coverage_ppm": result.coverage_ppm,
        "segments": [{"number": segment.number, "days": segment.days} for segment in segments],
        "components": [_line(lines[key], key, segments, inputs) for key in keys],
    }
    return Reckoned(result.score_micro, result.constant_score_micro, result.coverage_ppm, explanation)


def _line(
    line: score.ScoreLine, key: str, segments: Sequence[Segment], inputs: Sequence[Inputs]
) -> dict[str, Any]:
    """One component of the sum: raw → score × weight = points, and what moved the weight."""
    place = max(index for index, segment in enumerate(segments) if key in segment.components)
    planned, given = segments[place].components[key], inputs[place].get(key, NOTHING)
    return {
        "key": key,
        "raw_micro": given.value_micro,
        "value_micro": line.value_micro,
        "treatment": line.treatment,
        "base_ppm": planned["base_ppm"],
        "factors": [dict(factor) for factor in planned["factors"]],
        "planned_ppm": planned["effective_ppm"],
        "guardrails": list(planned["guardrails"]),
        "effective_ppm": line.effective_ppm,
        "constant_ppm": line.constant_ppm,
        "contribution_micro": line.contribution_micro,
        "constant_contribution_micro": line.constant_contribution_micro,
        "coverage_ppm": given.coverage_ppm,
        "provisional": given.provisional,
    }
