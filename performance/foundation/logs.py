"""Who a log line belongs to: request, organisation and task, on every record.

Middleware opens `request`, the task base class opens `task`, tenancy knows the organisation. The filter
copies them onto each record, so that a formatter (JSON in production) prints them without every call naming them.
What Django and Celery say of a failure they say after these have closed; then the request that the record carries,
or the task that is being traced, still tells.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator
from contextvars import ContextVar

from celery import current_app, current_task

#: The last part of these addresses opens something for whoever has it.
_SECRET = re.compile(
    r"(/(?:invitation|setup|accounts/password/reset/key|accounts/confirm-email)/)[^/\s]+", re.IGNORECASE
)

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


def masked(path: str) -> str:
    """A path as it may be written down: the links that invite, set up or reset a password keep their secret."""
    return _SECRET.sub(r"\1***", path)


class Masked(logging.Filter):
    """What Django says of a request names its path; secrets in it stay out of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(masked(arg) if isinstance(arg, str) else arg for arg in record.args)
        return True


class NotRoutine(logging.Filter):
    """Leaves out that a task of the schedule ended well: it does so several times a minute. Failures are told."""

    def filter(self, record: logging.LogRecord) -> bool:
        data = getattr(record, "data", None)
        name = data.get("name") if isinstance(data, dict) else None
        return name is None or record.levelno > logging.INFO or name not in _scheduled()


def _scheduled() -> set[str]:
    """Tasks that beat sends, and those that these send to each organisation."""
    named = current_app.conf.beat_schedule.values()
    return {task for each in named for task in (each["task"], *each.get("args", ()))}


class Belonging(logging.Filter):
    """Adds request_id, organisation_id and task_id to each record; empty where there is none."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Imported late: logging is configured before the application's modules may be imported.
        from performance.foundation import tenancy

        request = getattr(record, "request", None)
        task = current_task.request if current_task else None
        record.request_id = _request_id.get() or getattr(request, "identifier", "")
        record.task_id = _task_id.get() or (task.id if task and task.id else "")
        actor = getattr(request, "actor", None)
        organisation_id = (
            tenancy.organisation_id_or_none()
            or (actor.organisation.pk if actor else None)
            or (getattr(task, "headers", None) or {}).get("organisation")
            or getattr(task, "organisation", None)
        )
        record.organisation_id = str(organisation_id or "")
        return True
