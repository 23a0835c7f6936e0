"""Tokens with which a system sends rows: each opens one dataset and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.foundation import access, duties
from performance.people import actions as people
from performance.people.models import ApiToken
from performance.sources import queries
from performance.sources.actions.refusing import SourceRefused
from performance.sources.models import Dataset


def create_push_token(
    *, dataset: Dataset, name: str, expires_at: datetime, by: access.Actor, at: datetime
) -> tuple[ApiToken, str]:
    """The token and its secret, which is shown now and never again. It acts as `by`, within this one dataset.

    Raises SourceRefused("no_push"), PeopleRefused, and for whoever is scored by these rows.
    """
    if not dataset.connection.is_push or dataset.closed_at is not None:
        raise SourceRefused(_("No rows are sent to this dataset."), code="no_push")
    duties.refuse_scored_over(by, [dataset.pk])
    return people.create_bound_token(
        actor=by, name=name, scope=queries.push_scope(dataset.pk), expires_at=expires_at, at=at
    )


def revoke_push_token(*, token: ApiToken, by: Any, at: datetime) -> None:
    """It opens nothing from now on, whoever made it."""
    people.revoke_token(token=token, by=by, at=at)


def end_push_tokens(*, dataset: Dataset, by: Any, at: datetime) -> None:
    """All of them, with their dataset."""
    for token in queries.push_tokens(dataset).filter(revoked_at=None):
        people.revoke_token(token=token, by=by, at=at)
