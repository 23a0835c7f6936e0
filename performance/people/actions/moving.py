"""Writes: somebody moves to another unit on a day. What was before that day stays as it was."""

import datetime
import uuid
from collections.abc import Mapping

from performance.people.models import UnitStay

#: person → (the unit they leave, the first day in the next one).
Moves = Mapping[uuid.UUID, tuple[uuid.UUID | None, datetime.date]]


def note_moves(moves: Moves) -> tuple[list[UnitStay], list[UnitStay]]:
    """Keeps where these people were before the day, in a few statements. Returns the stays that are new, and those that
    are gone: what was said of later days is said anew by the move. In the caller's transaction."""
    later: dict[uuid.UUID, list[UnitStay]] = {}
    for stay in UnitStay.objects.filter(person_id__in=list(moves)).order_by("until"):
        if stay.until >= moves[stay.person_id][1]:
            later.setdefault(stay.person_id, []).append(stay)
    gone = [stay for stays in later.values() for stay in stays]
    fresh = [
        UnitStay(
            person_id=person_id,
            # Where they were on the day before: the first of the stays that end later, else the unit they leave.
            unit_id=later[person_id][0].unit_id if person_id in later else unit_id,
            until=until,
        )
        for person_id, (unit_id, until) in moves.items()
    ]
    UnitStay.objects.filter(pk__in=[stay.pk for stay in gone]).delete()
    UnitStay.objects.bulk_create(fresh, batch_size=1000)
    return fresh, gone
