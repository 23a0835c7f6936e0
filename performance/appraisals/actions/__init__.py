"""Writes: cycles through their life, the people in them, and exports."""

from performance.appraisals.actions.cycles import (
    ANNOUNCED_AT_ONCE,
    RESULT,
    CycleRefused,
    announce_results,
    change_bands,
    close_scores,
    open_cycle,
    publish_cycle,
    read_result,
    sign_off_cycle,
)
from performance.appraisals.actions.exports import (
    ExportRefused,
    clear_expired_exports,
    download_export,
    request_export,
    run_export,
    stop_export,
)
from performance.appraisals.actions.people import (
    ExceptionRefused,
    add_exception,
    add_newcomers,
    leave_out,
    take_back_in,
)

__all__ = [
    "ANNOUNCED_AT_ONCE",
    "RESULT",
    "CycleRefused",
    "ExceptionRefused",
    "ExportRefused",
    "add_exception",
    "add_newcomers",
    "announce_results",
    "change_bands",
    "clear_expired_exports",
    "close_scores",
    "download_export",
    "leave_out",
    "open_cycle",
    "publish_cycle",
    "read_result",
    "request_export",
    "run_export",
    "sign_off_cycle",
    "stop_export",
    "take_back_in",
]
