"""Pages and cards of appraisals."""

from performance.appraisals.views.cycles import (
    add_exception,
    add_newcomers,
    change_bands,
    close_scores,
    cycle,
    cycle_list,
    open_cycle,
    sign_off,
)
from performance.appraisals.views.entries import entry, leave_out, own_results, take_back
from performance.appraisals.views.exports import download, export, export_state, stop_export
from performance.appraisals.views.publishing import acknowledge, publish

__all__ = [
    "acknowledge",
    "add_exception",
    "add_newcomers",
    "change_bands",
    "close_scores",
    "cycle",
    "cycle_list",
    "download",
    "entry",
    "export",
    "export_state",
    "leave_out",
    "open_cycle",
    "own_results",
    "publish",
    "sign_off",
    "stop_export",
    "take_back",
]
