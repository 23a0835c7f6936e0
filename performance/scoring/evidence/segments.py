"""The stretches of a period, each governed by one locked plan; a person's score weighs them by their days."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


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


def keys_of(segments: Sequence[Segment]) -> list[str]:
    """Components in the order of the last plan, then those that only earlier ones have."""
    keys: dict[str, None] = {}
    for segment in reversed(segments):
        keys.update(dict.fromkeys(segment.components))
    return list(keys)
