"""What a version says that a what-if may suppose to be another, and what differs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from performance.engine import weights
from performance.scoring.evidence.plans import ComponentDraft

#: What of a component can be supposed to be another.
SUPPOSABLE = ("base_ppm", "multipliers", "curve")


@dataclass(frozen=True)
class Content:
    """What a version says of weights, or what is supposed instead. `alpha_quarters`: the penalty, in quarters."""

    stage: str
    alpha_quarters: int
    components: tuple[ComponentDraft, ...]


def with_weights(
    component: ComponentDraft,
    *,
    base_ppm: int,
    curve: Mapping[str, Any],
    multipliers: Mapping[str, int],
) -> ComponentDraft:
    """The component with what is supposed of it. A curve and multipliers that say the same stay as they are written."""
    return replace(
        component,
        base_ppm=base_ppm,
        curve=component.curve if _says_same(component.curve, curve) else dict(curve),
        multipliers=component.multipliers
        if _factors(component.multipliers) == _factors(multipliers)
        else dict(multipliers),
    )


def differences(content: Content, supposed: Content) -> dict[str, Any]:
    """As a what-if keeps them: nothing but what is another, components by key."""
    found: dict[str, Any] = {
        name: getattr(supposed, name)
        for name in ("stage", "alpha_quarters")
        if getattr(supposed, name) != getattr(content, name)
    }
    was = {component.key: component for component in content.components}
    parts = {
        component.key: changed
        for component in supposed.components
        if (changed := _changed(was[component.key], component))
    }
    return found | ({"components": parts} if parts else {})


def supposing(content: Content, kept: Mapping[str, Any]) -> Content:
    """The content with what a what-if keeps of it. Components that are gone meanwhile are passed over."""
    parts: Mapping[str, Any] = kept.get("components", {})
    return Content(
        kept.get("stage", content.stage),
        kept.get("alpha_quarters", content.alpha_quarters),
        tuple(replace(each, **parts.get(each.key, {})) for each in content.components),
    )


def moves_a_curve(kept: Mapping[str, Any]) -> bool:
    return any("curve" in part for part in kept.get("components", {}).values())


def moves_a_base(kept: Mapping[str, Any]) -> bool:
    return any("base_ppm" in part for part in kept.get("components", {}).values())


def _changed(was: ComponentDraft, now: ComponentDraft) -> dict[str, Any]:
    pairs: Sequence[tuple[str, Any, Any]] = [
        (name, _plain(getattr(was, name)), _plain(getattr(now, name))) for name in SUPPOSABLE
    ]
    return {name: after for name, before, after in pairs if before != after}


def _says_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """5 and 5.0 are one number, and higher is the better one where nothing is said."""
    told = [
        {
            name: _number(value) if name not in ("kind", "direction") else value
            for name, value in {"direction": "higher", **curve}.items()
        }
        for curve in (one, other)
    ]
    return told[0] == told[1]


def _number(value: Any) -> Any:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return value


def _factors(multipliers: Mapping[str, int]) -> dict[str, int]:
    return {stage: factor for stage, factor in multipliers.items() if factor != weights.WHOLE}


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
