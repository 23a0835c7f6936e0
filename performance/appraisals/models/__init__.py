"""Tables of appraisals: cycles with their bands, stages and entries, templates, reviews, and exports."""

from performance.appraisals.models.cycles import Band, Cycle, CycleEntry, CycleState, EntryState
from performance.appraisals.models.exports import Export, ExportFormat, ExportState
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
    "Band",
    "Citation",
    "CitedKind",
    "Cycle",
    "CycleEntry",
    "CycleStage",
    "CycleState",
    "EntryState",
    "Export",
    "ExportFormat",
    "ExportState",
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
]
