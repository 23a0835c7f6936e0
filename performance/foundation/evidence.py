"""What a score source hands to scoring: one value for a person and a component, with its trail.

Collectors are named in the setting SCORE_SOURCES and called as
`collector(*, person_ids, period, as_of, components) -> list[Evidence]`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

MICRO = 1_000_000


@dataclass(frozen=True)
class ComponentRequest:
    """One component of a weight policy, as its source understands it."""

    key: str
    source_ref: str
    slice: Mapping[str, str] | str


@dataclass(frozen=True)
class Ref:
    """One step down: where the value came from, as a page one may be allowed to open. `note`: what it gave, in
    words, so that the value can be reckoned again by hand."""

    label_en: str
    label_zh: str
    url: str
    version: str = ""
    note_en: str = ""
    note_zh: str = ""


@dataclass(frozen=True)
class Evidence:
    """`value_micro` is the raw value × 10⁶ (None: missing); `coverage_ppm` the part of the inputs present."""

    person_id: UUID
    component_key: str
    value_micro: int | None
    coverage_ppm: int = MICRO
    provisional: bool = True
    refs: tuple[Ref, ...] = ()


class Collector(Protocol):
    def __call__(
        self,
        *,
        person_ids: Sequence[UUID],
        period: Any,
        as_of: datetime,
        components: Sequence[ComponentRequest],
    ) -> list[Evidence]: ...
