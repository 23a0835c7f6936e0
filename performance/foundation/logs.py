"""Who a log line belongs to: request, organisation and task, on every record.

Middleware opens `request`, the task base class opens `task`, tenancy knows the organisation. The filter
copies them onto each record, so that a formatter (JSON in production) prints them without every call naming them.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextvars import ContextVar

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_task_id: ContextVar[str] = ContextVar("task_id", default="")


def request_id() -> str:
    """The request being served; empty outside one."""
    return _request_id.get()


@contextlib.contextmanager
def request(identifier: str) -> Iterator[None]:
    """Every record inside belongs to this request."""
    token = _request_id.set(identifier)
    try:
        yield
    finally:
        _request_id.reset(token)


@contextlib.contextmanager
def task(identifier: str) -> Iterator[None]:
    """Every record inside belongs to this task."""
    token = _task_id.set(identifier)
    try:
        yield
    finally:
        _task_id.reset(token)


class Belonging(logging.Filter):
    """Adds request_id, organisation_id and task_id to each record; empty where there is none."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Imported late: logging is configured before the application's modules may be imported.
        from performance.foundation import tenancy

        record.request_id = _request_id.get()
        record.task_id = _task_id.get()
        record.organisation_id = str(tenancy.organisation_id_or_none() or "")
        return True
