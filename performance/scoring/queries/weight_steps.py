"""How the weights of a person moved: which version took over when, and what moved them."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

from performance.foundation.components import formats
from performance.scoring import evidence
from performance.scoring.models import CurrentScore, PolicyVersion

STEPS_TOLD = 3


@dataclass(frozen=True)
class WeightSteps:
    """The chart of weights over time, and each version that took over: (version, first day)."""

    chart: dict[str, Any]
    steps: tuple[tuple[PolicyVersion, datetime.date], ...]


def weight_steps(
    person_id: uuid.UUID, today: datetime.date, *, until: datetime.date | None = None
) -> WeightSteps | None:
    """How the weights of a person moved, `until`: in periods over by this day; None while only one set of weights ever
    governed them. Two queries."""
    current = (
        CurrentScore.objects.filter(person_id=person_id)
        .select_related("score__basis")
        .order_by("period__starts_on", "period__ends_on", "pk")
    )
    if until is not None:
        current = current.filter(period__ends_on__lte=until)
    segments = [segment for item in current for segment in evidence.segments_named(item.score)]
    versions = PolicyVersion.objects.select_related("policy").in_bulk(
        [uuid.UUID(segment["version"]) for segment in segments]
    )
    steps = [(segment, versions[uuid.UUID(segment["version"])]) for segment in segments]
    if len({version.pk for _segment, version in steps}) < 2:
        return None
    components: dict[str, Mapping[str, Any]] = {}
    for _segment, version in steps:
        components.update({item["key"]: item for item in version.planned})
    weights = [
        {item["key"]: item["effective_ppm"] / 10_000 for item in version.planned} for _, version in steps
    ]
    name = "name_zh" if (get_language() or "").startswith("zh") else "name_en"
    chart = {
        "x": [segment["from"] for segment, _version in steps] + [steps[-1][0]["until"]],
        "today": today.isoformat(),
        "events": _events(steps),
        "series": [
            {
                "name": item[name] or item["name_en"],
                "series": item["color"],
                "values": [step.get(key, 0) for step in [*weights, weights[-1]]],
            }
            for key, item in components.items()
        ],
    }
    taken_over = [
        (version, datetime.date.fromisoformat(segment["from"]))
        for place, (segment, version) in enumerate(steps)
        if place == 0 or steps[place - 1][1].pk != version.pk
    ]
    return WeightSteps(chart, tuple(taken_over[-STEPS_TOLD:][::-1]))


def _events(steps: Sequence[tuple[Mapping[str, Any], PolicyVersion]]) -> list[dict[str, str]]:
    events, before = [], steps[0][1]
    for segment, version in steps[1:]:
        if version.pk != before.pk:
            events.append({"x": segment["from"], "text": _what_changed(before, version)})
        before = version
    return events


def _what_changed(before: PolicyVersion, version: PolicyVersion) -> str:
    if version.policy_id != before.policy_id:
        return str(version.policy)
    if version.stage != before.stage:
        return str(version.get_stage_display())
    began = [signal.rule.name for key, signal in _active(version).items() if key not in _active(before)]
    return formats.listed(began) or f"v{version.number}"


def _active(version: PolicyVersion) -> dict[str, evidence.Signal]:
    signals = evidence.signals_from((version.plan or {}).get("market", ()))
    return {signal.rule.key: signal for signal in signals if signal.is_active}
