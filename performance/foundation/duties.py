"""Separation of duties: whoever is scored edits neither source, metric nor target of that score.

Foundation knows neither scores nor metrics. Two settings name who does: SCORED_BY, `(person_id, metric_keys) -> bool`,
and METRICS_OVER, `(dataset_ids) -> metric keys`.
"""

import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from performance.foundation import refusals


class ScoredRefused(refusals.Refused):
    """Somebody would change what they are scored by."""


def refuse_scored_by(by: Any, metric_keys: Iterable[str]) -> None:
    """Raises ScoredRefused ("is_scored") when one of these metrics, or one computed from them, scores this person.

    `by` is an Actor, a Person, or None for the system, which nobody scores.
    """
    keys = set(metric_keys)
    person = getattr(by, "person", by)
    if person is not None and keys and import_string(settings.SCORED_BY)(person.pk, keys):
        raise ScoredRefused(
            _("You are scored by what rests on this. Somebody who is not has to change it."), code="is_scored"
        )


def refuse_scored_over(by: Any, dataset_ids: Iterable[uuid.UUID]) -> None:
    """The same, for the datasets that such metrics are read from."""
    refuse_scored_by(by, import_string(settings.METRICS_OVER)(dataset_ids))
