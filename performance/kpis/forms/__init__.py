"""Forms: what people type about metrics, parsed. What makes sense is decided by the actions."""

from performance.kpis.forms.documents import DocumentForm
from performance.kpis.forms.metrics import (
    MetricForm,
    MonthField,
    TargetForm,
    TargetImportForm,
    initial_of,
    units_offered,
)
from performance.kpis.forms.owners import own_side
from performance.kpis.forms.packs import PackForm

__all__ = [
    "DocumentForm",
    "MetricForm",
    "MonthField",
    "PackForm",
    "TargetForm",
    "TargetImportForm",
    "initial_of",
    "own_side",
    "units_offered",
]
