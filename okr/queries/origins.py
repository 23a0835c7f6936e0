"""By what the progress of an objective last moved."""

import datetime
import uuid
from collections.abc import Iterable

from okr.models import KeyResultEntry
from okr.models.objectives import Visibility


def progress_origins(
    objective_ids: Iterable[uuid.UUID], since: datetime.datetime
) -> dict[uuid.UUID, tuple[str, uuid.UUID | None, datetime.datetime]]:
    """objective → (the key result, who reported it, when): the last reading since then. The words of a private objective
    stay out. Without a person it was filled from a metric. One query."""
    entries = (
        KeyResultEntry.objects.filter(key_result__objective__in=list(objective_ids), at__gt=since)
        .order_by("key_result__objective_id", "-at", "-id")
        .distinct("key_result__objective_id")
        .values_list(
            "key_result__objective_id",
            "key_result__objective__visibility",
            "key_result__title",
            "check_in__person_id",
            "at",
        )
    )
    return {
        objective_id: ("" if visibility == Visibility.PRIVATE else title, person_id, at)
        for objective_id, visibility, title, person_id, at in entries
    }
