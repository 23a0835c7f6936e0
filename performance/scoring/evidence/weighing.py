"""How weights are held and vary, beside base weights, stage and market: as a policy's author states it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from performance.engine import errors, objective, penalty, weights
from performance.scoring.models import MOST_SMOOTHING, MOST_UNITS, BlendMethod


@dataclass(frozen=True)
class Weighing:
    """smoothing_ppm: the share of last period's weight that stays. alpha_quarters: by how much what is weak weighs more,
    as α in quarters; 4 is not at all. judgements: comparisons in pairs that base weights follow from, "a/b" → how many
    times as important a is as b ("3", "1/3"); empty where base weights are stated. blend_ppm: how much of a weight is
    objective, by blend_method, from so many units on (blend_units). cash_…: the metrics whose signs propose a stage."""

    smoothing_ppm: int = 0
    alpha_quarters: int = penalty.OFF
    judgements: Mapping[str, str] = field(default_factory=dict)
    blend_method: str = BlendMethod.NONE
    blend_ppm: int = 0
    blend_units: int = objective.LEAST_UNITS
    cash_operating: str = ""
    cash_investing: str = ""
    cash_financing: str = ""

    @property
    def flows(self) -> dict[str, str]:
        """Kind of cash flow → the metric that it is read from."""
        return {
            "operating": self.cash_operating,
            "investing": self.cash_investing,
            "financing": self.cash_financing,
        }

    def kept(self) -> dict[str, Any]:
        """As a version keeps it: field → value."""
        return asdict(self)

    def told(self) -> dict[str, Any]:
        """What the log says of it: what is done, and nothing of what is not."""
        plain = PLAIN.kept()
        return {name: value for name, value in self.kept().items() if value != plain[name]}

    def troubles(self) -> Iterator[tuple[str, str]]:
        """(code, field) of what cannot be weighed with."""
        if not 0 <= self.smoothing_ppm <= MOST_SMOOTHING:
            yield "smoothing_out_of_range", "smoothing"
        try:
            penalty.check(self.alpha_quarters)
        except errors.InvalidInput as refusal:
            yield refusal.code, "alpha"
        if not 0 <= self.blend_ppm <= weights.MOST_BLEND:
            yield "blend_out_of_range", "blend"
        if bool(self.blend_ppm) != (self.blend_method != BlendMethod.NONE):
            yield "blend_by_half", "blend_method" if self.blend_ppm else "blend"
        if self.blend_method not in BlendMethod.values:
            yield "unknown_method", "blend_method"
        if not objective.LEAST_UNITS <= self.blend_units <= MOST_UNITS:
            yield "units_out_of_range", "blend_units"
        named = [key for key in self.flows.values() if key]
        if named and len(set(named)) < len(self.flows):
            yield "three_flows", "cash_operating"


PLAIN = Weighing()
