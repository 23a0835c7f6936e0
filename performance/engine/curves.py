"""KPI curves: a raw measured value becomes a score between 0 and the cap.

A curve is data (a plain dict in a policy version), checked when it is read. Values and scores are written
as text or whole numbers ("0.15", 80), never as floats, and computed in micro.

Source: floor / target / stretch curves are the payout curves of variable-pay practice (threshold, target,
maximum); bands and step tables are its grading tables. DOMAIN, "KPI curve".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal, TypeAlias

import numpy as np

from performance.engine import errors, fixed
from performance.engine.fixed import AnyInts, Flags, Ints

Kind: TypeAlias = Literal["linear", "within", "bands", "steps", "identity"]
Direction: TypeAlias = Literal["higher", "lower"]
DEFAULT_STRETCH_CAP = 120 * fixed.ONE
LARGEST_CAP = 10 * fixed.HUNDRED

_FIELDS: Mapping[Kind, frozenset[str]] = {
    "linear": frozenset({"kind", "direction", "floor", "target", "stretch", "cap"}),
    "within": frozenset({"kind", "lower", "upper", "tolerance"}),
    "bands": frozenset({"kind", "bands", "cap"}),
    "steps": frozenset({"kind", "direction", "steps", "cap"}),
    "identity": frozenset({"kind", "cap"}),
}


@dataclass(frozen=True, slots=True)
class Curve:
    """A checked curve. Build it with `from_dict`; apply it with `normalise` or `normalise_column`.

    linear / within / identity: straight lines through (xs, ys), flat outside.
    steps / bands: ys[i] from xs[i-1] up (ys has one more entry than xs).
    For "lower", xs are negated values, so that every curve reads upwards.
    """

    kind: Kind
    direction: Direction
    xs: tuple[int, ...]
    ys: tuple[int, ...]
    cap_micro: int
    source: Mapping[str, Any]

    @classmethod
    def from_dict(cls, source: Mapping[str, Any]) -> Curve:
        """The curve that a policy describes.

        {"kind": "linear", "direction": "higher"|"lower", "floor", "target", ["stretch"], ["cap"]}:
            0 at the floor, 100 at the target, the cap (default 120) at the stretch; flat beyond.
        {"kind": "within", "lower", "upper", ["tolerance"]}: 100 inside, down to 0 at the tolerance outside.
        {"kind": "steps", "direction", "steps": [{"from", "score"}, …], ["cap"]}: the score of the best step
            reached, 0 before the first; "from" counts as reached.
        {"kind": "bands", "bands": [{"up_to", "score"}, …, {"score"}], ["cap"]}: the score of the band that
            holds the value; "up_to" belongs to the next band.
        {"kind": "identity", ["cap"]}: the value is a score already; held within 0…cap (default 100).

        Raises InvalidInput with `code` and the offending field in `key`.
        """
        if not isinstance(source, Mapping):
            raise errors.InvalidInput("A curve is a set of named fields.", code="not_a_curve")
        kind = _kind(source)
        unknown = sorted(str(field) for field in source if field not in _FIELDS[kind])
        if unknown:
            raise errors.InvalidInput(
                f"A {kind} curve has no field {unknown[0]!r}.", code="unknown_field", key=unknown[0]
            )
        direction, xs, ys, cap = _BUILDERS[kind](source)
        return cls(kind, direction, tuple(xs), tuple(ys), cap, dict(source))

    def to_dict(self) -> dict[str, Any]:
        """The dict this curve was read from."""
        return dict(self.source)

    def normalise(self, value_micro: int | None) -> int | None:
        """The score (micro points) of one raw value in micro; None stays None."""
        if value_micro is None:
            return None
        values = fixed.column([value_micro])
        return int(self.normalise_column(values, np.ones(1, dtype=np.bool_))[0])

    def normalise_column(self, values_micro: AnyInts, present: Flags) -> Ints:
        """Scores (micro points) of a column of raw values; 0 where `present` is False."""
        values = fixed.integers(values_micro)
        values = values if self.direction == "higher" else -values
        if self.kind in ("steps", "bands"):
            thresholds = fixed.column(self.xs)
            if thresholds.dtype == object:
                values = fixed.wide(values)
            reached = np.searchsorted(thresholds, values, side="right")
            scores: Ints = np.array(self.ys, dtype=np.int64)[reached]
        else:
            scores = fixed.interpolate(values, self.xs, self.ys)
        held: Ints = np.where(present, scores, 0).astype(np.int64)
        return held


def _kind(source: Mapping[str, Any]) -> Kind:
    for kind in _FIELDS:
        if source.get("kind") == kind:
            return kind
    known = ", ".join(_FIELDS)
    raise errors.InvalidInput(
        f"Unknown kind of curve {source.get('kind')!r}; known: {known}.", code="unknown_kind", key="kind"
    )


def _linear(source: Mapping[str, Any]) -> tuple[Direction, list[int], list[int], int]:
    direction = _direction(source)
    sign = 1 if direction == "higher" else -1
    floor, target = _number(source, "floor") * sign, _number(source, "target") * sign
    word = "below" if direction == "higher" else "above"
    if floor >= target:
        raise errors.InvalidInput(
            f"The floor must lie {word} the target.", code="floor_not_before_target", key="floor"
        )
    if source.get("stretch") is None:
        if source.get("cap") is not None and _cap(source, fixed.HUNDRED) != fixed.HUNDRED:
            raise errors.InvalidInput(
                "A cap above 100 needs a stretch value.", code="cap_without_stretch", key="cap"
            )
        return direction, [floor, target], [0, fixed.HUNDRED], fixed.HUNDRED
    stretch = _number(source, "stretch") * sign
    if stretch <= target:
        word = "above" if direction == "higher" else "below"
        raise errors.InvalidInput(
            f"The stretch must lie {word} the target.", code="stretch_not_after_target", key="stretch"
        )
    cap = _cap(source, DEFAULT_STRETCH_CAP)
    return direction, [floor, target, stretch], [0, fixed.HUNDRED, cap], cap


def _within(source: Mapping[str, Any]) -> tuple[Direction, list[int], list[int], int]:
    lower, upper = _number(source, "lower"), _number(source, "upper")
    if lower > upper:
        raise errors.InvalidInput("The lower bound lies above the upper.", code="band_reversed", key="lower")
    # Without a tolerance the fall-off is a single micro: inside or not.
    tolerance = 1 if source.get("tolerance") is None else _number(source, "tolerance")
    if tolerance <= 0:
        raise errors.InvalidInput(
            "A tolerance must be positive.", code="tolerance_not_positive", key="tolerance"
        )
    inside = [lower] if lower == upper else [lower, upper]
    xs = [lower - tolerance, *inside, upper + tolerance]
    return "higher", xs, [0, *[fixed.HUNDRED] * len(inside), 0], fixed.HUNDRED


def _steps(source: Mapping[str, Any]) -> tuple[Direction, list[int], list[int], int]:
    direction = _direction(source)
    sign = 1 if direction == "higher" else -1
    cap = _cap(source, DEFAULT_STRETCH_CAP)
    rows = _rows(source, "steps")
    steps = sorted((_number(row, "from") * sign, _score(row, cap)) for row in rows)
    xs, scores = [value for value, _points in steps], [points for _value, points in steps]
    if any(b <= a for a, b in pairwise(xs)):
        raise errors.InvalidInput("Each step needs its own value.", code="duplicate_step", key="steps")
    if any(b < a for a, b in pairwise(scores)):
        raise errors.InvalidInput("A better value cannot score less.", code="steps_not_monotone", key="steps")
    return direction, xs, [0, *scores], cap


def _bands(source: Mapping[str, Any]) -> tuple[Direction, list[int], list[int], int]:
    cap = _cap(source, DEFAULT_STRETCH_CAP)
    *bounded, last = _rows(source, "bands")
    if last.get("up_to") is not None:
        raise errors.InvalidInput(
            "The last band is open; leave its up_to out.", code="last_band_closed", key="bands"
        )
    xs = [_number(row, "up_to") for row in bounded]
    if any(b <= a for a, b in pairwise(xs)):
        raise errors.InvalidInput("Bands must be listed upwards.", code="bands_not_ordered", key="bands")
    return "higher", xs, [_score(row, cap) for row in [*bounded, last]], cap


def _identity(source: Mapping[str, Any]) -> tuple[Direction, list[int], list[int], int]:
    cap = _cap(source, fixed.HUNDRED)
    return "higher", [0, cap], [0, cap], cap


def _direction(source: Mapping[str, Any]) -> Direction:
    direction = source.get("direction", "higher")
    if direction == "higher":
        return "higher"
    if direction == "lower":
        return "lower"
    raise errors.InvalidInput(
        'The direction is "higher" or "lower".', code="unknown_direction", key="direction"
    )


def _number(source: Mapping[str, Any], field: str) -> int:
    value = source.get(field)
    if value is None or value == "":
        raise errors.InvalidInput(f"The field {field!r} is missing.", code="missing_field", key=field)
    if not isinstance(value, int | str | Decimal):
        raise errors.InvalidInput(
            f"Write {field!r} as text or as a whole number.", code="inexact_number", key=field
        )
    try:
        return fixed.micro(value)
    except errors.InvalidInput as refusal:
        raise errors.InvalidInput(refusal.message, code=refusal.code, key=field) from refusal


def _cap(source: Mapping[str, Any], default: int) -> int:
    if source.get("cap") is None:
        return default
    cap = _number(source, "cap")
    if not fixed.HUNDRED <= cap <= LARGEST_CAP:
        raise errors.InvalidInput("A cap lies between 100 and 1000.", code="cap_out_of_range", key="cap")
    return cap


def _score(row: Mapping[str, Any], cap: int) -> int:
    score = _number(row, "score")
    if not 0 <= score <= cap:
        raise errors.InvalidInput(
            "A score lies between 0 and the cap.", code="score_out_of_range", key="score"
        )
    return score


def _rows(source: Mapping[str, Any], field: str) -> Sequence[Mapping[str, Any]]:
    rows = source.get(field)
    if not isinstance(rows, list | tuple) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise errors.InvalidInput(
            f"The field {field!r} is a list with at least one row.", code="missing_field", key=field
        )
    return rows


_BUILDERS: Mapping[Kind, Callable[[Mapping[str, Any]], tuple[Direction, list[int], list[int], int]]] = {
    "linear": _linear,
    "within": _within,
    "bands": _bands,
    "steps": _steps,
    "identity": _identity,
}
