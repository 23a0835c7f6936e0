"""Formulas of metrics: SQL-like arithmetic that people type and both sides sign. Never evaluated as code.

formula = formulas.parse("(revenue - cost) / customers")
formulas.unit_of(formula, {...}); formulas.sql(formula, {...})
"""

from performance.kpis.formulas.compiling import sql
from performance.kpis.formulas.explaining import ChangeRefused, step_of
from performance.kpis.formulas.lexicon import FUNCTIONS, SPELLINGS
from performance.kpis.formulas.measuring import Measure, measure_of, unit_of
from performance.kpis.formulas.parsing import parse
from performance.kpis.formulas.replacing import replaced
from performance.kpis.formulas.tree import Formula, FormulaRefused

__all__ = [
    "FUNCTIONS",
    "SPELLINGS",
    "ChangeRefused",
    "Formula",
    "FormulaRefused",
    "Measure",
    "measure_of",
    "parse",
    "replaced",
    "sql",
    "step_of",
    "unit_of",
]
