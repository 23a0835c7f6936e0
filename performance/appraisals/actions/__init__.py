"""Writes: cycles through their life, the people in them, their results, and exports."""

from performance.appraisals.actions.cycles import (
    CycleRefused,
    change_bands,
    close_scores,
    open_cycle,
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
from performance.appraisals.actions.publishing import (
    ANNOUNCED_AT_ONCE,
    EVERYBODY,
    LONGEST_COMMENT,
    MOST_DAYS,
    RESULT,
    ResultRefused,
    Whom,
    acknowledge_result,
    announce_results,
    publish_wave,
    read_result,
)

__all__ = [
    "ANNOUNCED_AT_ONCE",
    "EVERYBODY",
    "LONGEST_COMMENT",
    "MOST_DAYS",
    "RESULT",
    "CycleRefused",
    "ExceptionRefused",
    "ExportRefused",
    "ResultRefused",
    "Whom",
    "acknowledge_result",
    "add_exception",
    "add_newcomers",
    "announce_results",
    "change_bands",
    "clear_expired_exports",
    "close_scores",
    "download_export",
    "leave_out",
    "open_cycle",
    "publish_wave",
    "read_result",
    "request_export",
    "run_export",
    "sign_off_cycle",
    "stop_export",
    "take_back_in",
]
