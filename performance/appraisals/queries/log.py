"""What the log says of reviews, without what others did about the reader's own."""

import uuid
from collections.abc import Mapping, Sequence

from performance.appraisals.models import Review, ReviewKind
from performance.foundation import access
from performance.foundation.models import AuditRow


def closed_changes(actor: access.Actor, rows: Sequence[AuditRow]) -> Mapping[uuid.UUID, frozenset[str]]:
    """Why a colleague declined, or who was asked instead, is not for whoever is reviewed: HR read it of everybody but
    themselves. One query, and none without reviews."""
    keys = {row.subject_id for row in rows if row.subject_type == Review._meta.label_lower}
    if not keys:
        return {}
    reviews = Review.objects.filter(pk__in=keys, entry__person=actor.person_id).exclude(kind=ReviewKind.SELF)
    about_me = set(reviews.values_list("pk", flat=True))
    return {
        row.pk: frozenset({*row.changes, "why"})
        for row in rows
        if row.subject_id in about_me and row.person_id != actor.person_id
    }
