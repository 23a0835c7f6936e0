"""Layouts of exports: written and removed by HR, with an audit row each."""

import datetime
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from performance.appraisals import queries, rules
from performance.appraisals.models import ExportLayout
from performance.foundation import access, audit, refusals

LONGEST_HEADING = 80
MOST_LAYOUTS = 50


class LayoutRefused(refusals.Refused):
    """A layout cannot be kept as asked."""


@transaction.atomic
def save_layout(
    *,
    name: str,
    columns: Sequence[tuple[str, str]],
    by: access.Actor,
    at: datetime.datetime,
    layout: ExportLayout | None = None,
) -> ExportLayout:
    """A new layout, or another text of one: (column, heading or "") in order."""
    access.require(rules.can_export(by))
    kept = [{"key": key, "heading": " ".join(heading.split())} for key, heading in columns]
    _check(name.strip(), kept)
    if layout is None:
        if ExportLayout.objects.count() >= MOST_LAYOUTS:
            raise LayoutRefused(_("These are as many layouts as there can be. Remove one first."))
        layout, before = ExportLayout(), None
    else:
        layout = ExportLayout.objects.select_for_update().get(pk=layout.pk)
        before = {"name": layout.name, "columns": layout.columns}
    layout.name, layout.columns = name.strip(), kept
    layout.changed_by, layout.changed_at = by.person, at
    try:
        with transaction.atomic():
            layout.save()
    except IntegrityError as error:
        raise LayoutRefused(_("There is a layout of that name already."), field="name") from error
    changes = {"name": layout.name, "columns": layout.columns} | ({"before": before} if before else {})
    audit.record(by=by, action="appraisals.save_export_layout", subject=layout, at=at, changes=changes)
    return layout


@transaction.atomic
def remove_layout(*, layout: ExportLayout, by: access.Actor, at: datetime.datetime) -> None:
    """Exports that were asked for with it keep their columns."""
    access.require(rules.can_export(by))
    changes = {"name": layout.name, "columns": layout.columns}
    audit.record(by=by, action="appraisals.remove_export_layout", subject=layout, at=at, changes=changes)
    layout.delete()


def _check(name: str, columns: Sequence[dict[str, str]]) -> None:
    if not name:
        raise LayoutRefused(_("Give the layout a name."), field="name")
    keys = [column["key"] for column in columns]
    if not keys or len(set(keys)) != len(keys) or not set(keys) <= set(queries.COLUMNS):
        raise LayoutRefused(_("Choose at least one column, each of them once."), field="columns")
    headings = [column["heading"] or str(queries.COLUMNS[column["key"]].label) for column in columns]
    if max(map(len, headings)) > LONGEST_HEADING:
        raise LayoutRefused(
            _("A heading has at most %(count)s characters.") % {"count": LONGEST_HEADING}, field="columns"
        )
    if len({heading.casefold() for heading in headings}) != len(headings):
        raise LayoutRefused(_("Two columns have the same heading."), field="columns")
