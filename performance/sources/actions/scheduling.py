"""When datasets are loaded: asked by somebody, or because it is time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import audit, duties
from performance.sources import queries
from performance.sources.actions.refusing import SourceRefused
from performance.sources.connectors import reasons
from performance.sources.models import Dataset, JobState, Load, RejectedRow
from performance.sources.models.jobs import OPEN


def start_load(*, dataset: Dataset, is_full: bool = False, by: Any, at: datetime) -> Load:
    """A load, waiting for a worker; the one that is under way already, if there is one.

    `is_full` forgets how far it has read and reads everything again. Raises SourceRefused: closed, push_only.
    """
    if dataset.closed_at is not None or dataset.connection.closed_at is not None:
        raise SourceRefused(_("This dataset is closed."), code="closed")
    if dataset.connection.is_push:
        raise SourceRefused(reasons.text("push_only", {}), code="push_only")
    cursor = {} if is_full or not dataset.cursor_column else dataset.cursor
    file = None
    if dataset.connection.is_file:
        file = queries.newest_file(dataset.connection)
    load = Load(
        dataset=dataset,
        file=file,
        is_full=not cursor,
        cursor_from=cursor,
        rows_expected=dataset.row_count or None if not cursor else None,
        asked_by=getattr(by, "person", by),
        asked_at=at,
        due_at=at,
    )
    try:
        with transaction.atomic():
            load.save(force_insert=True)
            _plan_next(dataset, at=at)
            if by is not None:
                audit.record(
                    by=by, action="sources.start_load", subject=dataset, changes={"full": load.is_full}, at=at
                )
    except IntegrityError as error:
        if "one_open_load" not in str(error):
            raise
        return Load.objects.get(dataset=dataset, state__in=OPEN)
    return load


def stop_load(*, load: Load, by: Any, at: datetime) -> None:
    """Stops a load; the dataset keeps the rows it had. Raises SourceRefused("over") when it has ended."""
    duties.refuse_scored_over(by, [load.dataset_id])
    with transaction.atomic():
        stopped = Load.objects.filter(pk=load.pk, state__in=OPEN).update(
            state=JobState.CANCELLED, finished_at=at, claim=None
        )
        if not stopped:
            raise SourceRefused(_("This load has ended already."), code="over")
        audit.record(by=by, action="sources.stop_load", subject=load.dataset, at=at)


def stop_open_load(*, dataset: Dataset, by: Any, at: datetime) -> None:
    """Stops the load of a dataset, if one is under way. One that ends at this moment needs no stopping."""
    for load in Load.objects.filter(dataset=dataset, state__in=OPEN):
        try:
            stop_load(load=load, by=by, at=at)
        except SourceRefused as refused:
            if refused.code != "over":
                raise


def start_due_loads(*, at: datetime) -> list[Load]:
    """Loads for every dataset whose time has come."""
    return [
        start_load(dataset=dataset, by=None, at=at)
        for dataset in queries.due_datasets(at).select_related("connection")
    ]


def clear_rejected_rows(*, at: datetime) -> int:
    """Rows that were kept aside hold data of people; they are not kept longer than it takes to mend them."""
    old = at - timedelta(days=RejectedRow.KEEP_DAYS)
    return RejectedRow.objects.filter(load__finished_at__lt=old).delete()[0]


def _plan_next(dataset: Dataset, *, at: datetime) -> None:
    due_at = at + timedelta(hours=dataset.refresh_hours) if dataset.refresh_hours else None
    Dataset.objects.filter(pk=dataset.pk).update(next_load_at=due_at)
    dataset.next_load_at = due_at
