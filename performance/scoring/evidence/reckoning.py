"""Inputs × plans → scores with their explanation. Pure: the same inputs and plans give the same bits, which is
what replay relies on.

A person's period is one segment for each policy version that governs part of it; each weighs by its days.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from performance.engine import curves, fixed, penalty, score
from performance.scoring.evidence import keeping
from performance.scoring.evidence.columns import InputColumn, InputColumns, Inputs, columns_of, nothing
from performance.scoring.evidence.segments import Segment, keys_of


@dataclass
class Reckoned:
    """One person's score (None where nothing counts) in the columns that a score is kept in: see `keeping.Numbers`."""

    score_micro: int | None
    constant_micro: int | None
    coverage_ppm: int
    raw_micro: list[int | None] = field(repr=False)
    covered_ppm: list[int] = field(repr=False)
    provisional: list[bool] = field(repr=False)
    previous_micro: list[int | None] | None = field(repr=False)
    value_micro: list[int] = field(repr=False)
    treatment: list[int] = field(repr=False)
    effective_ppm: list[int] = field(repr=False)
    constant_ppm: list[int] = field(repr=False)
    contribution_micro: list[int] = field(repr=False)
    constant_contribution_micro: list[int] = field(repr=False)
    basis: Mapping[str, Any] = field(repr=False)

    @cached_property
    def explanation(self) -> dict[str, Any]:
        """The whole sum."""
        return keeping.explanation(self.basis, self)


@dataclass(frozen=True)
class ReckonedColumns:
    """Scores of P people under the same segments, with the inputs in the same order."""

    basis: Mapping[str, Any]
    keys: tuple[str, ...]
    inputs: Sequence[InputColumns]
    sums: score.ScoreColumns

    def rows(self) -> Iterator[Reckoned]:
        """One after another, as they are kept."""
        for row in zip(*self._kept, strict=True):
            yield Reckoned(*row, self.basis)  # type: ignore[call-arg]  # the columns are those of Reckoned

    def row(self, place: int) -> Reckoned:
        """One of them."""
        return Reckoned(*[column[place] for column in self._kept], self.basis)  # type: ignore[call-arg]

    def parts(self) -> list[str]:
        """Each as it is written: see `keeping.parts`."""
        return keeping.parts_of_all(self._kept)

    @cached_property
    def _kept(self) -> tuple[Sequence[Any], ...]:
        """The columns of `keeping.Numbers`, in its order."""
        people = len(self.sums.score_micro)
        absent = nothing(people)
        given = [columns.get(key, absent) for columns in self.inputs for key in self.keys]
        return (
            fixed.optional_values(self.sums.score_micro, self.sums.scored),
            fixed.optional_values(self.sums.constant_score_micro, self.sums.scored),
            self.sums.coverage_ppm.tolist(),
            _optional_rows(
                _stacked([column.values_micro for column in given], people),
                _stacked([column.present for column in given], people),
            ),
            _stacked([column.coverage_ppm for column in given], people).tolist(),
            _stacked([column.provisional for column in given], people).tolist(),
            _previous(given, people),
            self.sums.values_micro.tolist(),
            self.sums.treatment.tolist(),
            self.sums.effective_ppm.tolist(),
            self.sums.constant_ppm.tolist(),
            self.sums.contributions_micro.tolist(),
            self.sums.constant_contributions_micro.tolist(),
        )

    def refs(self) -> list[str]:
        """The trails of each person as a score keeps them."""
        absent = nothing(len(self.sums.score_micro)).refs
        trails = [
            columns[key].refs if key in columns else absent for columns in self.inputs for key in self.keys
        ]
        return [f"[{','.join(row)}]" for row in zip(*trails, strict=True)]


def reckon(segments: Sequence[Segment], people: Sequence[Sequence[Inputs]]) -> list[Reckoned]:
    """Scores of many people under the same segments. people[i][j]: inputs of person i in segment j."""
    columns = [
        columns_of(segment.components, [inputs[place] for inputs in people])
        for place, segment in enumerate(segments)
    ]
    return list(reckon_columns(segments, columns, people=len(people)).rows())


def reckon_columns(
    segments: Sequence[Segment], inputs: Sequence[InputColumns], *, people: int
) -> ReckonedColumns:
    """Scores of P people. inputs[j]: their columns in segment j."""
    keys = keys_of(segments)
    columns = [
        _columns(segment, keys, of_segment, people)
        for segment, of_segment in zip(segments, inputs, strict=True)
    ]
    return ReckonedColumns(
        keeping.basis_of(segments), tuple(keys), inputs, _blended(columns, segments, people)
    )


def _columns(segment: Segment, keys: Sequence[str], inputs: InputColumns, people: int) -> score.ScoreColumns:
    planned, absent = segment.components, nothing(people)
    given = [inputs.get(key, absent) if key in planned else absent for key in keys]
    values = [
        curves.Curve.from_dict(planned[key]["curve"]).normalise_column(column.values_micro, column.present)
        if key in planned
        else column.values_micro
        for key, column in zip(keys, given, strict=True)
    ]
    missing = segment.plan["missing"]
    return score.score_columns(
        keys=keys,
        values_micro=_stacked(values, people),
        present=_stacked([column.present for column in given], people),
        effective_ppm=_weights(keys, planned, "effective_ppm"),
        base_ppm=_weights(keys, planned, "base_ppm"),
        missing=[planned[key].get("missing", missing) if key in planned else "leave_out" for key in keys],
        previous_micro=_stacked([column.previous_micro for column in given], people),
        previous_present=_stacked([column.carried for column in given], people),
        coverage_ppm=_stacked([column.coverage_ppm for column in given], people),
        alpha_quarters=segment.plan.get("alpha_quarters", penalty.OFF),
    )


def _stacked(columns: Sequence[npt.NDArray[Any]], people: int) -> npt.NDArray[Any]:
    """P rows of these columns."""
    return np.stack(columns, axis=1) if columns else np.zeros((people, 0), dtype=np.int64)


def _previous(given: Sequence[InputColumn], people: int) -> Sequence[list[int | None] | None]:
    """The scores carried forward; None for whoever carries nothing."""
    carries = _stacked([column.carried for column in given], people)
    carriers: list[bool] = np.asarray(carries.any(axis=1)).tolist()
    if not any(carriers):
        return [None] * people
    rows = _optional_rows(_stacked([column.previous_micro for column in given], people), carries)
    return [row if known else None for row, known in zip(rows, carriers, strict=True)]


def _optional_rows(values: npt.NDArray[Any], present: fixed.Flags) -> list[list[int | None]]:
    rows: list[list[int | None]] = values.tolist()
    for at in np.flatnonzero(~present.all(axis=1)).tolist():
        for place in np.flatnonzero(~present[at]).tolist():
            rows[at][place] = None
    return rows


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
