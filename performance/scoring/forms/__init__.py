"""Forms of weight policies and of questions about scores."""

from performance.scoring.forms.components import (
    PERCENT,
    components_formset,
    initial_of,
    shortcomings,
    sources,
)
from performance.scoring.forms.market import ADD, rules_formset, targets_of
from performance.scoring.forms.own_what_ifs import OwnWhatIfForm
from performance.scoring.forms.policies import LockForm, NoticeForm, PolicyForm, ProposeForm, initial_bands
from performance.scoring.forms.questions import AskForm
from performance.scoring.forms.weighing import IN_PAIRS, PENALTIES, WeighingForm, flows, initial_weighing
from performance.scoring.forms.what_ifs import KeepForm, WhatIfEditor

__all__ = [
    "ADD",
    "IN_PAIRS",
    "PENALTIES",
    "PERCENT",
    "AskForm",
    "KeepForm",
    "LockForm",
    "NoticeForm",
    "OwnWhatIfForm",
    "PolicyForm",
    "ProposeForm",
    "WeighingForm",
    "WhatIfEditor",
    "components_formset",
    "flows",
    "initial_bands",
    "initial_of",
    "initial_weighing",
    "rules_formset",
    "shortcomings",
    "sources",
    "targets_of",
]
