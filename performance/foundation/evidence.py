"""What a score source hands to scoring: the values of many people for a component, with their trails.

Collectors are named in the setting SCORE_SOURCES and called as
`collector(*, person_ids, period, as_of, components) -> list[EvidenceColumn]`. They answer in columns, because one
call may be about a hundred thousand people; a source that reads person by person says `Evidence` for each and hands
them over by `columns_from`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import numpy as np

from performance.engine import fixed

MICRO = 1_000_000


@dataclass(frozen=True)
class ComponentRequest:
    """One component of a weight policy, as its source understands it. `on`: the first of the days that it weighs somebody,
    by which they are in a unit; None: the unit of the directory."""

    key: str
    source_ref: str
    slice: Mapping[str, str] | str
    on: date | None = None


class Ref(NamedTuple):
    """One step down: where the value came from, as a page one may be allowed to open. `note`: what it gave, in
    words, so that the value can be reckoned again by hand."""

    label_en: str
    label_zh: str
    url: str
    version: str = ""
    note_en: str = ""
    note_zh: str = ""


Trail = tuple[Ref, ...]


@dataclass(frozen=True)
class Evidence:
    """`value_micro` is the raw value × 10⁶ (None: missing); `coverage_ppm` the part of the inputs present."""

    person_id: UUID
    component_key: str
    value_micro: int | None
    coverage_ppm: int = MICRO
    provisional: bool = True
    refs: Trail = ()


@dataclass(frozen=True)
class EvidenceColumn:
    """One component of P people, in the order in which they were asked for.

    values_micro (P): the raw values × 10⁶, 0 where not `present` (P). coverage_ppm (P): the part of the inputs that was
    there. provisional (P). trail (P): which of `trails` a value came by. `is_shared`: people share these trails, so each
    is kept once, not with every score.
    """

    component_key: str
    values_micro: fixed.AnyInts
    present: fixed.Flags
    coverage_ppm: fixed.Ints
    provisional: fixed.Flags
    trail: fixed.Ints
    trails: Sequence[Trail]
    is_shared: bool = False


class Collector(Protocol):
    def __call__(
        self,
        *,
        person_ids: Sequence[UUID],
        period: Any,
        as_of: datetime,
        components: Sequence[ComponentRequest],
    ) -> list[EvidenceColumn]: ...


def columns_from(
    person_ids: Sequence[UUID], components: Sequence[ComponentRequest], found: Iterable[Evidence]
) -> list[EvidenceColumn]:
    """One column for each component. Whoever nothing is said of has no value, with nothing covered."""
    said = {(each.component_key, each.person_id): each for each in found}
    columns = []
    for component in components:
        rows = [
            said.get((component.key, person_id), Evidence(person_id, component.key, None, 0))
            for person_id in person_ids
        ]
        values, present = fixed.optional_column(row.value_micro for row in rows)
        places: dict[Trail, int] = {}
        trail = [places.setdefault(row.refs, len(places)) for row in rows]
        columns.append(
            EvidenceColumn(
                component_key=component.key,
                values_micro=values,
                present=present,
                coverage_ppm=fixed.column(row.coverage_ppm for row in rows),
                provisional=np.array([row.provisional for row in rows], dtype=np.bool_),
                trail=np.array(trail, dtype=np.int64),
                trails=list(places),
            )
        )
    return columns
