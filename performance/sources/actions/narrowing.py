"""Who sees which rows of a dataset: set by administrators, in force at once."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, audit
from performance.people.models import Person, Role
from performance.sources import queries
from performance.sources.actions.refusing import SourceRefused
from performance.sources.models import Connection, Dataset, RowGrant, RowRule


def narrow_rows(
    *,
    dataset: Dataset,
    columns: Mapping[str, str],
    roles: Collection[str],
    people: Collection[Person],
    by: Any,
    at: datetime,
) -> bool:
    """From now on readers see the rows of the units in their branch: those whose `columns` (dimension → column) say
    what the slice of such a unit says. `roles` and `people` see all rows. Without columns everybody who sees rows sees
    all of them, as before there was a rule. Whether anything changed.

    Raises SourceRefused: dimension, column, role.
    """
    with transaction.atomic():
        dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
        _judge(dataset, columns, roles)
        before = queries.row_rights(dataset)
        RowRule.objects.filter(dataset=dataset).delete()
        RowGrant.objects.filter(dataset=dataset).delete()
        RowRule.objects.bulk_create(
            RowRule(dataset=dataset, dimension=dimension, column=column)
            for dimension, column in columns.items()
        )
        if columns:
            RowGrant.objects.bulk_create(RowGrant(dataset=dataset, role=role) for role in sorted(set(roles)))
            RowGrant.objects.bulk_create(RowGrant(dataset=dataset, person=person) for person in set(people))
        changes = _changes(before, queries.row_rights(dataset))
        if changes:
            audit.record(by=by, action="sources.narrow_rows", subject=dataset, changes=changes, at=at)
        return bool(changes)


def refuse_narrowed(by: Any, connection: Connection) -> None:
    """A second dataset over the same table, or the same one with other columns, would open what a rule closes. Raises
    SourceRefused: narrowed."""
    if not queries.sees_all_of(sight_of(by), connection):
        message = _(
            "You see only some rows of a dataset of this source. Whoever makes and changes its datasets has to see all"
            " of them."
        )
        raise SourceRefused(message, code="narrowed")


def refuse_writing(by: Any, datasets: Iterable[uuid.UUID], *, field: str = "") -> None:
    """What takes the place of all rows, or of the columns that say whose they are, is for those who see all of them.
    Raises SourceRefused: narrowed."""
    if not queries.writes_all(sight_of(by), list(datasets)):
        message = _(
            "You see only some of the rows that this changes. Whoever changes them as a whole has to see all of them."
        )
        raise SourceRefused(message, code="narrowed", field=field)


def sight_of(by: Any) -> queries.RowSight:
    """What whoever acts sees of rows: the system sees all."""
    return queries.row_sight(by) if isinstance(by, access.Actor) else queries.ALL_ROWS


def _judge(dataset: Dataset, columns: Mapping[str, str], roles: Collection[str]) -> None:
    there = {key for key, _type in queries.narrowing_columns(dataset)}
    known = queries.unit_dimensions()
    for dimension, column in columns.items():
        if dimension not in known:
            words = {"name": dimension}
            raise SourceRefused(
                _("No business unit says its part by “%(name)s”.") % words, code="dimension", field="columns"
            )
        if column not in there:
            raise SourceRefused(
                _("Choose a column of text, whole numbers, or yes and no."),
                code="column",
                field=f"column_{dimension}",
            )
    if not set(roles) <= set(Role.values):
        raise SourceRefused(_("This role is not known."), code="role", field="roles")


def _changes(before: queries.RowRights, after: queries.RowRights) -> dict[str, Any]:
    told: dict[str, list[Any]] = {
        "columns": [dict(before.columns), dict(after.columns)],
        "roles_with_all_rows": [list(before.roles), list(after.roles)],
        "people_with_all_rows": [list(before.people), list(after.people)],
    }
    return {name: pair for name, pair in told.items() if pair[0] != pair[1]}
