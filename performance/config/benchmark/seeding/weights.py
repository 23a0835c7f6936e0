"""Eight components: goals, and three metrics seen from the own store, the whole organisation, and one store."""

from __future__ import annotations

from typing import Any

from performance.config.benchmark.seeding.people import STORE_DIMENSION
from performance.scoring import evidence

CURVES = {
    "revenue": ("10000", "300000"),
    "customers": ("10", "900"),
    "revenue_per_customer": ("100", "400"),
}
SLICES: dict[str, Any] = {"own": "own_unit", "all": {}, "first": {STORE_DIMENSION: "S000"}}
KPIS = [
    ("revenue", "own"),
    ("revenue", "all"),
    ("revenue", "first"),
    ("customers", "own"),
    ("customers", "all"),
    ("revenue_per_customer", "own"),
    ("revenue_per_customer", "all"),
]
#: The weight of the goals; each metric has a tenth.
OF_GOALS = 300_000


def eight() -> list[evidence.ComponentDraft]:
    goals = evidence.ComponentDraft(
        key="okr", name_en="OKR attainment", category="okr", source_kind="okr", base_ppm=OF_GOALS
    )
    return [goals, *(_of_metric(metric, part, place) for place, (metric, part) in enumerate(KPIS, 2))]


def _of_metric(metric: str, part: str, place: int) -> evidence.ComponentDraft:
    floor, target = CURVES[metric]
    return evidence.ComponentDraft(
        key=f"{metric}-{part}",
        name_en=f"{metric}, {part}",
        category="business",
        source_kind="kpi",
        source_ref=metric,
        slice=SLICES[part],
        base_ppm=(1_000_000 - OF_GOALS) // len(KPIS),
        color=place,
        curve={"kind": "linear", "direction": "higher", "floor": floor, "target": target},
        multipliers={"mature": 1_200_000} if part == "own" else {},
    )
