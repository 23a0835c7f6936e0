"""The stage that cash flows propose: the flows of a closed year, their signs, and how fresh they are."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from performance.engine import stages
from performance.foundation import i18n

FLOWS = ("operating", "investing", "financing")
#: Why there is no proposal.
NO_METRIC, FEW_MONTHS, NOT_FRESH, NO_SIGN = "no_metric", "few_months", "not_fresh", "no_sign"


@dataclass(frozen=True)
class Flow:
    """One of the three: its metric, and what came in or went out in the months in micro of the metric's unit."""

    kind: str
    metric_key: str
    metric_name_en: str = ""
    metric_name_zh: str = ""
    unit: str = "number"
    decimals: int = 0
    metric_version: int | None = None
    value_micro: int | None = None

    @property
    def name(self) -> str:
        return i18n.local(self, "metric_name") or self.metric_key


@dataclass(frozen=True)
class StageProposal:
    """`stage` is "" where nothing is proposed; then `quiet` says why. Months as ISO text; `months` is how many of them
    are closed in all three flows, `needed` how many make a year: signs are those of a year, as in the statements that
    Dickinson read, since within it flows follow the season. `slice`: the part of the business that they are of."""

    stage: str
    quiet: str
    flows: tuple[Flow, ...]
    first_month: str = ""
    last_month: str = ""
    months: int = 0
    needed: int = 12
    as_of: str = ""
    slice: Mapping[str, str] = field(default_factory=dict)

    def kept(self) -> dict[str, Any]:
        """As a version keeps what somebody accepted."""
        return {**asdict(self), "flows": [asdict(flow) for flow in self.flows]}


def proposal_from(kept: Mapping[str, Any]) -> StageProposal:
    """The way back from `kept`."""
    return StageProposal(**{**kept, "flows": tuple(Flow(**flow) for flow in kept["flows"])})


def proposed_stage(
    flows: Sequence[Flow],
    months: Sequence[str],
    *,
    needed: int,
    is_old: bool,
    as_of: str,
    slice: Mapping[str, str],
) -> StageProposal:
    """What the signs of the flows' sums over `months` (those closed in all three, the latest at the end) propose."""
    span = {"first_month": months[0], "last_month": months[-1]} if months else {}
    told: dict[str, Any] = {
        "flows": tuple(flows),
        "months": len(months),
        "needed": needed,
        "as_of": as_of,
        "slice": slice,
        **span,
    }
    values = {flow.kind: flow.value_micro for flow in flows}
    if set(values) != set(FLOWS):
        return StageProposal("", NO_METRIC, **told)
    if len(months) < needed:
        return StageProposal("", FEW_MONTHS, **told)
    if is_old:
        return StageProposal("", NOT_FRESH, **told)
    found = stages.stage_of(*(values[kind] or 0 for kind in FLOWS))
    return StageProposal(found or "", "" if found else NO_SIGN, **told)
