"""The inputs of many people in columns, one for each component of a stretch of days."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from performance.engine import fixed


@dataclass(frozen=True)
class Input:
    """What one component of one person was computed from. `previous_micro` is the closed score carried forward."""

    value_micro: int | None = None
    coverage_ppm: int = 0
    provisional: bool = True
    previous_micro: int | None = None


NOTHING = Input()
Inputs = Mapping[str, Input]


@dataclass(frozen=True)
class InputColumn:
    """One component of P people: `Input` in columns, 0 where a value is not there. `refs` (P): the trail of each as a score
    keeps it."""

    values_micro: fixed.AnyInts
    present: fixed.Flags
    coverage_ppm: fixed.Ints
    provisional: fixed.Flags
    previous_micro: fixed.AnyInts
    carried: fixed.Flags
    refs: Sequence[str]


#: By component key.
InputColumns = Mapping[str, InputColumn]
NO_REFS = "[]"


def columns_of(keys: Iterable[str], people: Sequence[Inputs]) -> dict[str, InputColumn]:
    """Single inputs as columns, without trails; what nobody has is missing."""
    columns = {}
    for key in keys:
        given = [inputs.get(key, NOTHING) for inputs in people]
        values, present = fixed.optional_column(item.value_micro for item in given)
        previous, carried = fixed.optional_column(item.previous_micro for item in given)
        columns[key] = InputColumn(
            values_micro=values,
            present=present,
            coverage_ppm=fixed.column(item.coverage_ppm for item in given),
            provisional=np.array([item.provisional for item in given], dtype=np.bool_),
            previous_micro=previous,
            carried=carried,
            refs=[NO_REFS] * len(given),
        )
    return columns


def nothing(people: int) -> InputColumn:
    """A component of which nothing is known, for so many people."""
    none, zero = np.zeros(people, dtype=np.bool_), np.zeros(people, dtype=np.int64)
    return InputColumn(zero, none, zero, ~none, zero, none, [NO_REFS] * people)


def carrying(
    columns: InputColumns, person_ids: Sequence[uuid.UUID], closed: Mapping[uuid.UUID, Mapping[str, int]]
) -> dict[str, InputColumn]:
    """The columns with the last closed scores (by person and component) beside what is missing."""
    if not closed:
        return dict(columns)
    carried = {}
    for key, column in columns.items():
        known = [closed.get(person_id, {}).get(key) for person_id in person_ids]
        previous, is_known = fixed.optional_column(known)
        counts = is_known & ~column.present
        carried[key] = replace(column, previous_micro=np.where(counts, previous, 0), carried=counts)
    return carried
