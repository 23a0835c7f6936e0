"""Forms of the pages: parsing only; what is allowed is decided in rules and actions."""

from performance.appraisals.forms.appeals import AppealForm, DecisionForm
from performance.appraisals.forms.cycles import (
    AcknowledgeForm,
    AddForm,
    BandsForm,
    CycleForm,
    ExportForm,
    FilterForm,
    LayoutForm,
    ReasonForm,
    WaveForm,
)
from performance.appraisals.forms.reviews import (
    DelegateForm,
    PeerForm,
    SectionForm,
    SectionFormSet,
    SectionRows,
    StagesForm,
    TemplateForm,
    answers_from,
    key_of,
    revision_of,
)

__all__ = [
    "AcknowledgeForm",
    "AddForm",
    "AppealForm",
    "BandsForm",
    "CycleForm",
    "DecisionForm",
    "DelegateForm",
    "ExportForm",
    "FilterForm",
    "LayoutForm",
    "PeerForm",
    "ReasonForm",
    "SectionForm",
    "SectionFormSet",
    "SectionRows",
    "StagesForm",
    "TemplateForm",
    "WaveForm",
    "answers_from",
    "key_of",
    "revision_of",
]
