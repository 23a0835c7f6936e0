"""Tables of appraisals: cycles with their bands, stages and entries, templates, reviews, results, appeals, and exports."""

from performance.appraisals.models.appeals import (
    LONGEST_REASON,
    Appeal,
    AppealEvidence,
    AppealState,
    EvidenceKind,
)
from performance.appraisals.models.cycles import Band, Cycle, CycleEntry, CycleState, EntryState
from performance.appraisals.models.exports import CodePage, Export, ExportFormat, ExportState
from performance.appraisals.models.layouts import ExportLayout
from performance.appraisals.models.results import Acknowledgement, Publication, Wave, WaveKind
from performance.appraisals.models.reviews import Citation, CitedKind, Review, ReviewAnswer, ReviewState
from performance.appraisals.models.stages import CycleStage, Stage
from performance.appraisals.models.templates import (
    ReviewKind,
    ReviewTemplate,
    SectionKind,
    TemplateSection,
    TemplateVersion,
    VersionState,
)

__all__ = [
    "LONGEST_REASON",
    "Acknowledgement",
    "Appeal",
    "AppealEvidence",
    "AppealState",
    "Band",
    "Citation",
    "CitedKind",
    "CodePage",
    "Cycle",
    "CycleEntry",
    "CycleStage",
    "CycleState",
    "EntryState",
    "EvidenceKind",
    "Export",
    "ExportFormat",
    "ExportLayout",
    "ExportState",
    "Publication",
    "Review",
    "ReviewAnswer",
    "ReviewKind",
    "ReviewState",
    "ReviewTemplate",
    "SectionKind",
    "Stage",
    "TemplateSection",
    "TemplateVersion",
    "VersionState",
    "Wave",
    "WaveKind",
]
