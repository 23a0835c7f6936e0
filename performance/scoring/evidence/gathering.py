"""Calls the collectors named in SCORE_SOURCES. Scoring knows their protocol, never their apps."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from performance.foundation import evidence
from performance.scoring.evidence import keeping
from performance.scoring.evidence.columns import InputColumn, nothing


@dataclass(frozen=True)
class Gathered:
    """By component key, and the trails that people share: id → text, to be kept once."""

    columns: dict[str, InputColumn]
    trails: dict[uuid.UUID, str] = field(default_factory=dict)


def known_sources() -> Mapping[str, str]:
    """Kind of source → dotted name of its collector."""
    sources: Mapping[str, str] = settings.SCORE_SOURCES
    return sources


def check_sources(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Start-up check: every collector exists and can be called."""
    found: list[checks.CheckMessage] = []
    for kind, name in known_sources().items():
        try:
            collector = import_string(name)
        except ImportError as error:
            found.append(checks.Error(f"SCORE_SOURCES[{kind!r}]: {error}", id="scoring.E001"))
            continue
        if not callable(collector):
            found.append(checks.Error(f"SCORE_SOURCES[{kind!r}] is not callable.", id="scoring.E002"))
    return found


def gather(
    *,
    components: Sequence[Mapping[str, Any]],
    person_ids: Sequence[uuid.UUID],
    period: Any,
    as_of: datetime.datetime,
    on: datetime.date | None = None,
) -> Gathered:
    """The inputs of these people; by the units that they were in on a day (`on`), else by those of the directory. What no
    collector speaks of is missing, with nothing covered."""
    gathered = Gathered({component["key"]: nothing(len(person_ids)) for component in components})
    by_kind: dict[str, list[evidence.ComponentRequest]] = {}
    for component in components:
        request = evidence.ComponentRequest(
            key=component["key"], source_ref=component["source_ref"], slice=component["slice"], on=on
        )
        by_kind.setdefault(component["source_kind"], []).append(request)
    for kind, requests in sorted(by_kind.items()):
        if kind not in known_sources():
            raise ImproperlyConfigured(
                f"SCORE_SOURCES names no collector for {kind!r}, which a policy weighs."
            )
        collect: evidence.Collector = import_string(known_sources()[kind])
        for found in collect(person_ids=person_ids, period=period, as_of=as_of, components=requests):
            gathered.columns[found.component_key] = _column(found, gathered.trails)
    return gathered


def _column(found: evidence.EvidenceColumn, shared: dict[uuid.UUID, str]) -> InputColumn:
    texts = [keeping.trail_text(trail) for trail in found.trails]
    if found.is_shared:
        named = {keeping.content_id(text): text for text in texts}
        shared.update(named)
        texts = [f'"{trail_id}"' for trail_id in map(keeping.content_id, texts)]
    zero = np.zeros(len(found.present), dtype=np.int64)
    return InputColumn(
        values_micro=found.values_micro,
        present=found.present,
        coverage_ppm=np.where(found.present, found.coverage_ppm, 0),
        provisional=found.provisional,
        previous_micro=zero,
        carried=np.zeros(len(found.present), dtype=np.bool_),
        refs=[texts[place] for place in found.trail.tolist()],
    )
