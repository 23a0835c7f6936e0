"""Forms: what people type about metrics, parsed. What makes sense is decided by the actions."""

from performance.kpis.forms.alerts import (
    AlertRuleForm,
    HandOverForm,
    PointNoteForm,
    ResolveForm,
    TakeUpForm,
)
from performance.kpis.forms.documents import DocumentForm
from performance.kpis.forms.indicators import IndicatorsForm
from performance.kpis.forms.metrics import (
    FILTER_ROWS,
    MetricForm,
    initial_of,
    units_offered,
)
from performance.kpis.forms.owners import PersonChoice, own_side
from performance.kpis.forms.packs import PackForm
from performance.kpis.forms.placing import Placed, placed
from performance.kpis.forms.planning import CascadeForm, SpreadForm
from performance.kpis.forms.rates import RatesForm
from performance.kpis.forms.saved_views import RenameForm, SubscribeForm, ViewForm
from performance.kpis.forms.targets import MonthField, TargetForm, TargetImportForm
from performance.kpis.forms.whatif import (
    SLIDER,
    ProposeForm,
    ReasonForm,
    ScenarioForm,
    WhatIfForm,
    moves_as_fields,
)

__all__ = [
    "FILTER_ROWS",
    "SLIDER",
    "AlertRuleForm",
    "CascadeForm",
    "DocumentForm",
    "HandOverForm",
    "IndicatorsForm",
    "MetricForm",
    "MonthField",
    "PackForm",
    "PersonChoice",
    "Placed",
    "PointNoteForm",
    "ProposeForm",
    "RatesForm",
    "ReasonForm",
    "RenameForm",
    "ResolveForm",
    "ScenarioForm",
    "SpreadForm",
    "SubscribeForm",
    "TakeUpForm",
    "TargetForm",
    "TargetImportForm",
    "ViewForm",
    "WhatIfForm",
    "initial_of",
    "moves_as_fields",
    "own_side",
    "placed",
    "units_offered",
]
