"""Columns taken from another dataset, row by row: added and removed by those who model datasets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import audit, duties, stale
from performance.sources import queries
from performance.sources.actions import narrowing
from performance.sources.actions.refusing import SourceRefused
from performance.sources.connectors import proposing
from performance.sources.models import Dataset, Join

MAX_JOINS = 5
#: Of a column, see models.datasets.KEY.
MAX_KEY = 50


def join_dataset(
    *,
    dataset: Dataset,
    other: Dataset,
    key: str,
    pairs: Sequence[tuple[str, str]],
    taken: Sequence[str],
    by: Any,
    at: datetime,
) -> Join:
    """From now on rows of `dataset` have the columns `taken` from `other`, named "<key>_<column>". `pairs`: (own column,
    key column of the other), all of its key, so that no row is ever counted twice.

    Raises SourceRefused: live, too_many, not_joinable, pairs, types, taken, key_taken, narrowed.
    """
    duties.refuse_scored_over(by, [dataset.pk])
    # A column of the right name could stand in for the one by which rows are told apart.
    narrowing.refuse_writing(by, [dataset.pk])
    if narrowing.sight_of(by).of(other) is not None:
        # What is taken is read under the rule of the taker: whoever takes opens it to its readers.
        message = _("You see only some of its rows. Whoever takes columns of it has to see all of them.")
        raise SourceRefused(message, code="narrowed", field="other")
    with transaction.atomic():
        dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
        if dataset.is_live:
            raise SourceRefused(_("Rows that stay at their source cannot be joined here."), code="live")
        if dataset.joins.count() >= MAX_JOINS:
            words = {"limit": MAX_JOINS}
            raise SourceRefused(
                _("A dataset takes columns from at most %(limit)s others.") % words, code="too_many"
            )
        join = Join(
            dataset=dataset,
            other=other,
            key=key,
            pairs=[list(pair) for pair in pairs],
            taken=list(taken),
            created_by=getattr(by, "person", by),
            created_at=at,
        )
        _judge(join)
        try:
            with transaction.atomic():
                join.save()
        except IntegrityError as error:
            if "join_key_once" not in str(error):
                raise
            raise _key_taken() from error
        audit.record(by=by, action="sources.join_dataset", subject=dataset, changes=_told(join), at=at)
        stale.mark("metric_values", [dataset.pk], at=at)
    return join


def remove_join(*, join: Join, by: Any, at: datetime) -> None:
    """Its columns go. Metrics that name them keep the values that they had, and say that something is gone. Raises
    SourceRefused: narrowed."""
    duties.refuse_scored_over(by, [join.dataset_id])
    narrowing.refuse_writing(by, [join.dataset_id])
    with transaction.atomic():
        dataset = Dataset.objects.select_for_update().get(pk=join.dataset_id)
        deleted, _each = Join.objects.filter(pk=join.pk).delete()
        if deleted:
            audit.record(by=by, action="sources.remove_join", subject=dataset, changes=_told(join), at=at)
            stale.mark("metric_values", [dataset.pk], at=at)


def _judge(join: Join) -> None:
    own = {column.key: column.type for column in queries.dataset_columns(join.dataset)}
    names = {*(column.key for column in queries.reading_of(join.dataset).columns), *proposing.RESERVED}
    if not queries.joinable(join.dataset).filter(pk=join.other_id).exists():
        raise SourceRefused(
            _("Choose a dataset that is copied, loaded and has a key."), code="not_joinable", field="other"
        )
    theirs = {column.key: column for column in queries.dataset_columns(join.other)}
    keys = {key for key, column in theirs.items() if column.is_key}
    if {other for _own, other in join.pairs} != keys or len(join.pairs) != len(keys):
        raise SourceRefused(
            _("Name a column for each part of the other's key: only then each row finds at most one."),
            code="pairs",
        )
    for mine, other in join.pairs:
        if mine not in own or own[mine] != theirs[other].type:
            words = {"own": mine, "other": theirs[other]}
            raise SourceRefused(
                _("%(own)s and %(other)s are not of the same type.") % words,
                code="types",
                field=f"pair_{other}",
            )
    is_twice = len(set(join.taken)) != len(join.taken)
    if not join.taken or is_twice or any(name not in theirs for name in join.taken):
        raise SourceRefused(_("Choose at least one column."), code="taken", field="taken")
    if any(join.column_key(name) in names for name in join.taken):
        raise _key_taken()
    if any(len(join.column_key(name)) > MAX_KEY for name in join.taken):
        raise SourceRefused(_("Choose a shorter key."), code="key_long", field="key")


def _key_taken() -> SourceRefused:
    return SourceRefused(
        _("There are columns of this name already. Choose another key."), code="key_taken", field="key"
    )


def _told(join: Join) -> dict[str, Any]:
    """What an audit row says."""
    return {
        "other": join.other.name_en,
        "matched": ", ".join(f"{own} = {other}" for own, other in join.pairs),
        "taken": ", ".join(join.column_key(name) for name in join.taken),
    }
