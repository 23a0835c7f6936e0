"""Forms of weight policies and of questions about scores."""

from performance.scoring.forms.components import (
    PERCENT,
    components_formset,
    initial_of,
    shortcomings,
    sources,
)
from performance.scoring.forms.market import ADD, rules_formset
from performance.scoring.forms.policies import LockForm, PolicyForm, ProposeForm, initial_bands
from performance.scoring.forms.questions import AskForm

__all__ = [
    "ADD",
    "PERCENT",
    "AskForm",
    "LockForm",
    "PolicyForm",
    "ProposeForm",
    "components_formset",
    "initial_bands",
    "initial_of",
    "rules_formset",
    "shortcomings",
    "sources",
]
