"""Is it alive, is it ready: for load balancers and for whoever is called at night.

*Alive* asks nothing of others: a process that answers is alive. *Ready* asks the database, the broker, and
whether a worker has done anything lately: the worker leaves a heartbeat in the cache whenever it carries out
the periodic `heartbeat` task, so a fresh one proves beat, broker, worker and cache at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from kombu.exceptions import KombuError
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from performance.foundation import broker

logger = logging.getLogger(__name__)

HEARTBEAT = "worker-heartbeat"
HEARTBEAT_LIMIT = timedelta(minutes=2)
FAULTS = (DatabaseError, KombuError, RedisError, SQLAlchemyError, OSError)


@dataclass(frozen=True)
class Finding:
    """What one check found: `detail` is for people who operate the installation."""

    name: str
    is_well: bool
    detail: str


def beat_heart(*, at: datetime) -> None:
    """Called by the worker."""
    cache.set(HEARTBEAT, at.isoformat(), timeout=24 * 60 * 60)


def check_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "answers"


def check_walls() -> str:
    """Row-level security separates organisations only while the role that serves them is weak and owns no table."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)),
                   EXISTS (SELECT FROM pg_class WHERE relrowsecurity AND pg_has_role(relowner, 'MEMBER'))
            """
        )
        bypasses, owns = cursor.fetchone()
    if bypasses or owns:
        raise OSError("the role of DATABASE_URL may bypass row-level security")
    return "stand"


def check_broker() -> str:
    return f"{broker.waiting()} waiting"


def check_worker() -> str:
    last = cache.get(HEARTBEAT)
    if last is None:
        raise OSError("no worker has reported yet")
    age = timezone.now() - datetime.fromisoformat(last)
    if age > HEARTBEAT_LIMIT:
        raise OSError(f"the last worker reported {int(age.total_seconds())} s ago")
    return f"reported {int(age.total_seconds())} s ago"


CHECKS: dict[str, Callable[[], str]] = {
    "database": check_database,
    "walls": check_walls,
    "broker": check_broker,
    "worker": check_worker,
}


def findings() -> list[Finding]:
    found = []
    for name, check in CHECKS.items():
        try:
            found.append(Finding(name, True, check()))
        except FAULTS as fault:
            logger.warning("Readiness: %s fails: %s", name, fault)
            # The reason goes to the log; the answer is public and names no hosts or roles.
            detail = str(fault) if name == "worker" and type(fault) is OSError else "does not answer"
            found.append(Finding(name, False, detail))
    return found


def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "alive"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 when all checks are well, else 503; the body names each."""
    found = findings()
    is_ready = all(finding.is_well for finding in found)
    body = {
        "status": "ready" if is_ready else "not ready",
        "checks": {finding.name: {"ok": finding.is_well, "detail": finding.detail} for finding in found},
    }
    return JsonResponse(body, status=200 if is_ready else 503)
