"""The wording of a definition: what a form or endpoint hands in, and what a version keeps."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

#: What a running total runs over: from the start of the year, or so many months up to this one.
YEAR, ROLLING = "year", "rolling"
MOST_MONTHS = 60
#: At which rates amounts become the currency of the metric: flows at the average of their month or at the rate of their
#: day, balances at the closing rate.
AVERAGE, TRANSACTION, CLOSING = "average", "transaction", "closing"
CURRENCY_RULES = (AVERAGE, TRANSACTION, CLOSING)
#: Values are kept for every combination of a metric's dimensions, so their number is bounded.
MAX_DIMENSIONS = 3


class Wording(Protocol):
    """What Definition and MetricVersion have in common."""

    @property
    def kind(self) -> str: ...
    @property
    def dataset(self) -> Any: ...
    @property
    def aggregation(self) -> str: ...
    @property
    def expression(self) -> str: ...
    @property
    def filters(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def time_column(self) -> str: ...
    @property
    def formula(self) -> str: ...
    @property
    def dimensions(self) -> Mapping[str, str]: ...
    @property
    def unit(self) -> str: ...
    @property
    def missing_policy(self) -> str: ...
    @property
    def allocations(self) -> Mapping[str, Mapping[str, Any]]: ...
    @property
    def accumulation(self) -> str: ...
    @property
    def accumulation_months(self) -> int | None: ...
    @property
    def year_starts_in(self) -> int | None: ...
    @property
    def currency_rule(self) -> str: ...


@dataclass(frozen=True)
class Definition:
    """`dimensions`: {dimension key: column key} for rows; for a formula the values are ignored. A running total names
    its metric as the formula; it runs from the month `year_starts_in` (1 to 12), or over `accumulation_months`.
    `allocations`: input of a formula → how it is shared out among parts that it cannot be told apart by, see
    allocating.Allocation. `tie_out`: key of the metric that holds the ledger account; `tie_out_reversed`: the account
    has the other sign; `tie_out_tolerance`: see tying.Tolerance; `tie_out_reason`: why money has no account.
    `currency_rule`: one of CURRENCY_RULES, or ""."""

    kind: str
    unit: str
    effective_from: datetime.date
    direction: str = "up"
    decimals: int = 2
    description_en: str = ""
    description_zh: str = ""
    dataset: Any = None
    aggregation: str = ""
    expression: str = ""
    filters: Sequence[Mapping[str, Any]] = field(default_factory=list)
    time_column: str = ""
    formula: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    missing_policy: str = "null"
    change_note: str = ""
    accumulation: str = ""
    accumulation_months: int | None = None
    year_starts_in: int | None = None
    currency_rule: str = ""
    allocations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tie_out: str = ""
    tie_out_reversed: bool = False
    tie_out_tolerance: str = ""
    tie_out_reason: str = ""
