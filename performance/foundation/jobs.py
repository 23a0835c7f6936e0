"""Tasks that know whom they act for.

The message header carries the organisation; the caller refuses to send and the worker refuses to run without it.
Messages are nudges only: what has to be done stands in the database, and a periodic sweep finds it again.
"""

import logging
import uuid
from functools import partial
from typing import Any

from celery import Task
from django.apps import apps
from django.db import transaction
from kombu.exceptions import KombuError
from sqlalchemy.exc import SQLAlchemyError

from performance.foundation import logs, tenancy

logger = logging.getLogger(__name__)

HEADER = "organisation"
# Seconds after which a swept message says nothing that a later sweep has not said again.
SWEEP_LASTS = 600
BROKER_FAULTS = (KombuError, OSError, SQLAlchemyError)


class OrganisationTask(Task):
    """Base of every task that touches tenant data.

    `transactional` tasks run inside `acting_for`: one transaction. A task that waits on the network sets it to
    False and opens `acting_for` around each piece of database work.
    """

    abstract = True
    transactional = True
    acks_late = True
    reject_on_worker_lost = True

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        return super().apply_async(args, kwargs, **_with_organisation(options))

    def apply(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        return super().apply(args, kwargs, **_with_organisation(options))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        organisation_id = self._organisation_id()
        scope = tenancy.acting_for if self.transactional else tenancy.remembering
        with logs.task(self.request.id or ""), scope(organisation_id):
            return super().__call__(*args, **kwargs)

    def _organisation_id(self) -> uuid.UUID:
        header = (self.request.headers or {}).get(HEADER) or getattr(self.request, HEADER, None)
        if not header:
            raise tenancy.NoOrganisation(f"{self.name} was called without an organisation in its header.")
        return uuid.UUID(str(header))


def _with_organisation(options: dict[str, Any]) -> dict[str, Any]:
    headers = dict(options.get("headers") or {})
    headers.setdefault(HEADER, str(tenancy.organisation_id_or_none() or ""))
    if not headers[HEADER]:
        raise tenancy.NoOrganisation("A task was sent without an organisation.")
    return {**options, "headers": headers}


def nudge(task: Task, *args: Any, **kwargs: Any) -> None:
    """Sends the task after commit. A broker that is away is logged, not raised: the sweep will find the work."""
    organisation_id = tenancy.current_organisation_id()
    transaction.on_commit(partial(_send, task, organisation_id, args, kwargs))


def _send(task: Task, organisation_id: uuid.UUID, args: Any, kwargs: Any) -> None:
    try:
        task.apply_async(args, kwargs, headers={HEADER: str(organisation_id)}, retry=False)
    except BROKER_FAULTS:
        logger.warning("Nudge for %s was not delivered; the sweep will pick it up.", task.name, exc_info=True)


def send_to_every_organisation(task: Task) -> int:
    """One message for each living organisation. Returns how many were sent."""
    organisations = apps.get_model("people", "Organisation").objects.filter(closed_at=None)
    ids = list(organisations.values_list("pk", flat=True))
    for organisation_id in ids:
        task.apply_async(headers={HEADER: str(organisation_id)}, expires=task.expires or SWEEP_LASTS)
    return len(ids)
