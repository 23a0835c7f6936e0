"""Tables of appraisals: cycles with their bands and entries, and exports."""

from performance.appraisals.models.cycles import Band, Cycle, CycleEntry, CycleState, EntryState
from performance.appraisals.models.exports import Export, ExportFormat, ExportState

__all__ = [
    "Band",
    "Cycle",
    "CycleEntry",
    "CycleState",
    "EntryState",
    "Export",
    "ExportFormat",
    "ExportState",
]
