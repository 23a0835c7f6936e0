"""What a definition means, as SQL: every input is aggregated to the asked grain first, then joined on shared
dimensions; totals recompute the formula from their inputs. Pure: builds statements, runs none."""

from performance.kpis.semantics import live
from performance.kpis.semantics.base import (
    amount_sql,
    base_values,
    day_sql,
    part_sql,
    rows_where,
    slice_where,
    slices_counted,
    whole_of_parts,
)
from performance.kpis.semantics.checks import (
    Checked,
    DefinitionRefused,
    Input,
    arithmetic,
    check,
    formula_of,
    shared_dimensions,
)
from performance.kpis.semantics.cumulative import first_month, running_values
from performance.kpis.semantics.fused import both, formula_values, summed_months
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
    MAX_DIMENSIONS,
    MOST_MONTHS,
    ROLLING,
    YEAR,
    Definition,
    Wording,
)

__all__ = [
    "KEY_PATTERN",
    "MAX_DIMENSIONS",
    "MOST_MONTHS",
    "MOST_SLICES",
    "ROLLING",
    "YEAR",
    "Checked",
    "Column",
    "Definition",
    "DefinitionRefused",
    "Input",
    "Sheet",
    "Slice",
    "Statement",
    "Tolerance",
    "Wording",
    "amount_sql",
    "arithmetic",
    "base_values",
    "both",
    "check",
    "day_sql",
    "dimension_sets",
    "dimensions_text",
    "first_month",
    "formula_of",
    "formula_values",
    "literal",
    "live",
    "part_sql",
    "rows_where",
    "running_values",
    "shared_dimensions",
    "slice_key",
    "slice_where",
    "slices_counted",
    "store_values",
    "summed_months",
    "whole_of_parts",
]
