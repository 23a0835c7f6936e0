"""How objective weights are shown: each with its interval and the units that it follows from, or why there are none."""

from collections.abc import Mapping
from typing import Any

from performance.foundation import i18n
from performance.scoring import evidence
from performance.scoring.templatetags.scoring_words import local_name


def card_of(plan: Mapping[str, Any], *, is_kept: bool) -> dict[str, Any]:
    """The objective weights of a plan; nothing where it has none."""
    kept = plan.get("objective")
    if not kept:
        return {}
    components = {item["key"]: item for item in plan["components"]}
    rows = [
        {
            "name": local_name(components[key]),
            "color": components[key]["color"],
            "weight_ppm": weight,
            "low_ppm": low,
            "high_ppm": high,
        }
        for key, weight, low, high in zip(
            kept["keys"], kept["weights_ppm"], kept["low_ppm"], kept["high_ppm"], strict=True
        )
    ]
    shown = {name: kept[name] for name in ("level_ppm", "blend_ppm", "resamples", "least_units", "left_out")}
    return {
        "objective": {
            **shown,
            "rows": rows,
            "number": len(kept["units"]),
            "period": kept["period_zh"] if i18n.is_chinese() else kept["period_en"],
            "is_kept": is_kept,
            "is_identical": is_kept and evidence.weights_again(plan),
        }
    }


def card_of_units(weighing: evidence.Weighing, measured: evidence.Measured | None) -> dict[str, Any]:
    """How many units there are, where they are too few or say nothing."""
    if measured is None or not measured.starts_on or not measured.keys:
        return {}
    return {
        "objective": {
            "number": len(measured.units),
            "period": measured.period_zh if i18n.is_chinese() else measured.period_en,
            "least_units": weighing.blend_units,
            "left_out": measured.left_out,
        }
    }
