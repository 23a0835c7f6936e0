"""Forms: what people type about metrics, parsed. What makes sense is decided by the actions."""

from performance.kpis.forms.alerts import (
    AlertRuleForm,
    HandOverForm,
    PointNoteForm,
    ResolveForm,
    TakeUpForm,
)
from performance.kpis.forms.metrics import (
    FILTER_ROWS,
    MetricForm,
    MonthField,
    PersonChoice,
    TargetForm,
    TargetImportForm,
    initial_of,
    units_offered,
)

__all__ = [
    "FILTER_ROWS",
    "AlertRuleForm",
    "HandOverForm",
    "MetricForm",
    "MonthField",
    "PersonChoice",
    "PointNoteForm",
    "ResolveForm",
    "TakeUpForm",
    "TargetForm",
    "TargetImportForm",
    "initial_of",
    "units_offered",
]
