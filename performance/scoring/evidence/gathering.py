"""Calls the collectors named in SCORE_SOURCES. Scoring knows their protocol, never their apps."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from performance.foundation import evidence
from performance.scoring.evidence.reckoning import Input


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
) -> dict[uuid.UUID, dict[str, Input]]:
    """Inputs by person and component key. What no collector speaks of is missing, with nothing covered."""
    gathered = {
        person_id: {component["key"]: Input() for component in components} for person_id in person_ids
    }
    by_kind: dict[str, list[evidence.ComponentRequest]] = {}
    for component in components:
        request = evidence.ComponentRequest(
            key=component["key"], source_ref=component["source_ref"], slice=component["slice"]
        )
        by_kind.setdefault(component["source_kind"], []).append(request)
    for kind, requests in sorted(by_kind.items()):
        if kind not in known_sources():
            raise ImproperlyConfigured(
                f"SCORE_SOURCES names no collector for {kind!r}, which a policy weighs."
            )
        collect: evidence.Collector = import_string(known_sources()[kind])
        for found in collect(person_ids=person_ids, period=period, as_of=as_of, components=requests):
            gathered[found.person_id][found.component_key] = Input(
                value_micro=found.value_micro,
                coverage_ppm=found.coverage_ppm if found.value_micro is not None else 0,
                provisional=found.provisional,
                refs=tuple(
                    {
                        "label_en": ref.label_en,
                        "label_zh": ref.label_zh,
                        "url": ref.url,
                        "version": ref.version,
                        "note_en": ref.note_en,
                        "note_zh": ref.note_zh,
                    }
                    for ref in found.refs
                ),
            )
    return gathered
