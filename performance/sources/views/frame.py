"""What the pages of sources share: who may enter, and what they may do."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest

from performance.foundation import access
from performance.sources import models, queries, rules

#: To see sources; auditors enter too, to read.
entered = access.role(*rules.DATA_ROLES)
modelling = access.role(*rules.DATA_ROLES, writes=True)
connecting = access.role("administrator", writes=True)


def context(request: HttpRequest, **more: Any) -> dict[str, Any]:
    actor = request.actor
    return {
        "nav": "metrics",
        "can_connect": rules.can_connect_sources(actor),
        "can_model": rules.can_model_datasets(actor),
        **more,
    }


def connection_of(request: HttpRequest, connection_id: uuid.UUID) -> models.Connection:
    return access.get_or_404(queries.connections(), pk=connection_id)


def dataset_of(request: HttpRequest, dataset_id: uuid.UUID) -> models.Dataset:
    return access.get_or_404(queries.datasets(), pk=dataset_id)


def dataset_changed(request: HttpRequest, connection: models.Connection) -> models.Dataset | None:
    """The dataset of this source that the address says is to be changed; None for a new one."""
    changed = request.GET.get("dataset")
    return (
        access.get_or_404(queries.datasets().filter(connection=connection), pk=changed) if changed else None
    )


def load_of(request: HttpRequest, load_id: uuid.UUID) -> models.Load:
    return access.get_or_404(queries.loads(), pk=load_id)


def probe_of(request: HttpRequest, probe_id: uuid.UUID) -> models.Probe:
    return access.get_or_404(queries.probes(), pk=probe_id)
