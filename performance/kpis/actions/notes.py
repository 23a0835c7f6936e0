"""Notes that explain a point, and are remembered."""

import datetime
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, audit
from performance.kpis import queries, semantics
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.models import Metric, PointNote
from performance.kpis.queries import months
from performance.people import queries as people

MOST_WORDS = 2000


def write_point_note(
    *,
    metric: Metric,
    slice: Mapping[str, str],
    month: datetime.date,
    text: str,
    by: access.Actor,
    at: datetime.datetime,
) -> PointNote:
    """Says why a slice was what it was in a month. The same text by the same person there is kept once."""
    text = text.strip()
    if not text:
        raise MetricRefused(_("Write what explains this value."), code="text", field="text")
    if len(text) > MOST_WORDS:
        raise MetricRefused(_("A note has up to 2,000 characters."), code="text", field="text")
    today = people.day_at(by.organisation, at)
    version = queries.versions_in_force(today, [metric.pk]).get(metric.pk)
    if any(key not in (version.dimension_keys if version else ()) for key in slice):
        raise MetricRefused(_("This metric has no such part."), code="slice", field="slice")
    month = months.first_of(month)
    if month > today:
        raise MetricRefused(_("This month has not begun yet."), code="month", field="month")
    place = {"metric": metric, "slice_key": semantics.slice_key(slice), "month": month}
    with transaction.atomic():
        same = PointNote.objects.filter(**place, text=text, written_by=by.person, withdrawn_at=None).first()
        if same is not None:
            return same
        note = PointNote.objects.create(
            **place, slice=dict(slice), text=text, written_by=by.person, written_at=at
        )
        audit.record(by=by, action="kpis.write_point_note", subject=metric, at=at, changes={"month": month})
    return note


def withdraw_point_note(*, note: PointNote, by: access.Actor, at: datetime.datetime) -> None:
    """Shown no more."""
    with transaction.atomic():
        locked = PointNote.objects.select_for_update(of=("self",)).get(pk=note.pk)
        if locked.withdrawn_at is not None:
            raise MetricRefused(_("This note was taken back already."), code="conflict")
        locked.withdrawn_at = at
        locked.save(update_fields=["withdrawn_at"])
        audit.record(
            by=by,
            action="kpis.withdraw_point_note",
            subject=note.metric,
            at=at,
            changes={"month": note.month},
        )
