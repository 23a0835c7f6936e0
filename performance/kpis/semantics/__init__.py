"""What a definition means, as SQL: every input is aggregated to the asked grain first, then joined on shared
dimensions; totals recompute the formula from their inputs. Pure: builds statements, runs none."""

from performance.kpis.semantics import live
from performance.kpis.semantics.allocating import (
    EVEN,
    FIXED,
    SHARE,
    WAYS,
    Allocation,
    AllocationRefused,
    Shared,
    allocations_of,
    weighing,
)
from performance.kpis.semantics.base import (
    RATE_BESIDE,
    amount_sql,
    base_values,
    day_sql,
    part_sql,
    rates_beside,
    rows_where,
    slice_where,
    slices_counted,
    whole_of_parts,
)
from performance.kpis.semantics.checks import (
    Checked,
    Input,
    arithmetic,
    check,
    formula_of,
    shared_dimensions,
)
from performance.kpis.semantics.cumulative import first_month, running_values
from performance.kpis.semantics.currencies import (
    RATES_OF,
    Conversion,
    Money,
    covered_rates,
    known_rates,
)
from performance.kpis.semantics.fused import both, formula_values, summed_months
from performance.kpis.semantics.pricing import money_of
from performance.kpis.semantics.refusing import DefinitionRefused
from performance.kpis.semantics.sheets import Column, Sheet, Statement
from performance.kpis.semantics.slices import (
    KEY_PATTERN,
    MOST_SLICES,
    Slice,
    dimension_sets,
    dimensions_text,
    literal,
    slice_key,
)
from performance.kpis.semantics.storing import store_values
from performance.kpis.semantics.tying import Tolerance
from performance.kpis.semantics.wording import (
    AVERAGE,
    CLOSING,
    CURRENCY_RULES,
    MAX_DIMENSIONS,
    MOST_MONTHS,
    ROLLING,
    TRANSACTION,
    YEAR,
    Definition,
    Wording,
)

__all__ = [
    "AVERAGE",
    "CLOSING",
    "CURRENCY_RULES",
    "EVEN",
    "FIXED",
    "KEY_PATTERN",
    "MAX_DIMENSIONS",
    "MOST_MONTHS",
    "MOST_SLICES",
    "RATES_OF",
    "RATE_BESIDE",
    "ROLLING",
    "SHARE",
    "TRANSACTION",
    "WAYS",
    "YEAR",
    "Allocation",
    "AllocationRefused",
    "Checked",
    "Column",
    "Conversion",
    "Definition",
    "DefinitionRefused",
    "Input",
    "Money",
    "Shared",
    "Sheet",
    "Slice",
    "Statement",
    "Tolerance",
    "Wording",
    "allocations_of",
    "amount_sql",
    "arithmetic",
    "base_values",
    "both",
    "check",
    "covered_rates",
    "day_sql",
    "dimension_sets",
    "dimensions_text",
    "first_month",
    "formula_of",
    "formula_values",
    "known_rates",
    "literal",
    "live",
    "money_of",
    "part_sql",
    "rates_beside",
    "rows_where",
    "running_values",
    "shared_dimensions",
    "slice_key",
    "slice_where",
    "slices_counted",
    "store_values",
    "summed_months",
    "weighing",
    "whole_of_parts",
]
