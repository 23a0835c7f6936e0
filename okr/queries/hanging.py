"""What people have hung on an objective besides its text: words, suggestions, votes, check-ins, links, needs, notes."""

import datetime
import uuid
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.module_loading import import_string

from okr.models import (
    Alignment,
    Ballot,
    Comment,
    ConfidenceVote,
    Dependency,
    KeyResultEntry,
    Objective,
    SuggestedEdit,
)


def with_hanging(
    objectives: QuerySet[Objective], person_id: uuid.UUID, since: datetime.datetime
) -> QuerySet[Objective]:
    """`is_used`: something hangs on it. `is_used_by_others`: something that is not this person's alone. `is_talked_of`:
    others have spoken of its text, or voted on it, since that moment. As part of the one query."""
    every, others = Q(pk__in=[]), Q(pk__in=[])
    for rows, by_others in _hanging(person_id):
        every |= Q(Exists(rows))
        others |= Q(Exists(rows.filter(by_others)))
    return objectives.annotate(
        is_used=Q(every), is_used_by_others=Q(others), is_talked_of=_talked_of(person_id, since)
    )


def writers_of_notes(objective_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, set[uuid.UUID]]:
    """By objective, who has written of it in the apps beside this one; the setting OBJECTIVE_WRITERS names who knows."""
    found: dict[uuid.UUID, set[uuid.UUID]] = {key: set() for key in objective_ids}
    for name in settings.OBJECTIVE_WRITERS:
        for key, person_ids in import_string(name)(objective_ids).items():
            found[key] |= person_ids
    return found


def _hanging(person_id: uuid.UUID) -> list[tuple[QuerySet[Any], Q]]:
    """(rows of an objective, those that are somebody else's too)."""
    one = OuterRef("pk")

    def others(*names: str) -> Q:
        found = Q(pk__in=[])
        for name in names:
            found |= Q(**{f"{name}__isnull": False}) & ~Q(**{name: person_id})
        return found

    cast = Ballot.objects.exclude(cast_at=None)
    return [
        (Comment.objects.filter(objective=one), others("by")),
        (SuggestedEdit.objects.filter(objective=one), others("by", "decided_by")),
        (ConfidenceVote.objects.filter(objective=one), others("opened_by")),
        (cast.filter(vote__objective=one), others("person")),
        (
            KeyResultEntry.objects.filter(key_result__objective=one),
            Q(check_in=None) | others("check_in__person"),
        ),
        (Objective.objects.filter(carried_from=one), ~Q(pk__in=[])),
        (Alignment.objects.filter(Q(parent=one) | Q(child=one)), others("by", "accepted_by")),
        (
            Dependency.objects.filter(Q(objective=one) | Q(on=one)),
            others("by", "answered_by", "ended_by"),
        ),
    ]


def _talked_of(person_id: uuid.UUID, since: datetime.datetime) -> Q:
    one = OuterRef("pk")
    said = Comment.objects.filter(objective=one, at__gt=since).exclude(by=person_id)
    suggested = SuggestedEdit.objects.filter(objective=one, at__gt=since).exclude(by=person_id)
    voted = ConfidenceVote.objects.filter(objective=one, opened_at__gt=since).exclude(opened_by=person_id)
    return Q(Exists(said)) | Q(Exists(suggested)) | Q(Exists(voted))
