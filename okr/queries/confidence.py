"""How sure people were of their objectives, week by week."""

import datetime
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from okr.models import KeyResultEntry, Objective


@dataclass(frozen=True)
class ConfidenceRow:
    """One objective over the weeks: the lowest confidence among its key results, None where nobody said."""

    objective: Objective
    weeks: tuple[tuple[datetime.date, int | None], ...]

    @property
    def change(self) -> int | None:
        """From the last but one answer to the last."""
        given = [confidence for _week, confidence in self.weeks if confidence is not None]
        return given[-1] - given[-2] if len(given) > 1 else None


def confidence_rows(objectives: Iterable[Any], weeks: Sequence[datetime.date]) -> list[ConfidenceRow]:
    """The objectives of a page over these Mondays. One query; of a week's corrections the newest counts."""
    shown = list(objectives)
    answers = (
        KeyResultEntry.objects.filter(
            key_result__objective__in=[each.pk for each in shown],
            check_in__week_starts_on__in=weeks,
            confidence__isnull=False,
        )
        .order_by("key_result_id", "check_in__week_starts_on", "-at", "-check_in__number")
        .distinct("key_result_id", "check_in__week_starts_on")
        .values_list("key_result__objective_id", "check_in__week_starts_on", "confidence")
    )
    lowest: dict[tuple[uuid.UUID, datetime.date], int] = {}
    for objective_id, week, confidence in answers:
        place = objective_id, week
        lowest[place] = min(lowest.get(place, confidence), confidence)
    return [
        ConfidenceRow(each, tuple((week, lowest.get((each.pk, week))) for week in weeks)) for each in shown
    ]
