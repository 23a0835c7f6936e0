"""Writes: connect, ask, model, upload, load. Each piece of database work is its own transaction; the source is
only ever waited for in between."""

from performance.sources.actions.connecting import (
    change_connection,
    close_connection,
    connect_source,
    pause_connection,
    reseal_credentials,
    resume_connection,
)
from performance.sources.actions.endpoints import add_endpoint, change_endpoint, remove_endpoint
from performance.sources.actions.joining import join_dataset, remove_join
from performance.sources.actions.loading import run_load
from performance.sources.actions.modelling import (
    ColumnPlan,
    DatasetPlan,
    change_dataset,
    close_dataset,
    create_dataset,
)
from performance.sources.actions.narrowing import narrow_rows
from performance.sources.actions.probing import ask_source, clear_answers, run_probe
from performance.sources.actions.pushing import Pushed, look_at_sample, push_rows
from performance.sources.actions.refusing import SourceRefused
from performance.sources.actions.scheduling import clear_rejected_rows, start_due_loads, start_load, stop_load
from performance.sources.actions.tokens import create_push_token, revoke_push_token
from performance.sources.actions.uploading import upload_file

__all__ = [
    "ColumnPlan",
    "DatasetPlan",
    "Pushed",
    "SourceRefused",
    "add_endpoint",
    "ask_source",
    "change_connection",
    "change_dataset",
    "change_endpoint",
    "clear_answers",
    "clear_rejected_rows",
    "close_connection",
    "close_dataset",
    "connect_source",
    "create_dataset",
    "create_push_token",
    "join_dataset",
    "look_at_sample",
    "narrow_rows",
    "pause_connection",
    "push_rows",
    "remove_endpoint",
    "remove_join",
    "reseal_credentials",
    "resume_connection",
    "revoke_push_token",
    "run_load",
    "run_probe",
    "start_due_loads",
    "start_load",
    "stop_load",
    "upload_file",
]
