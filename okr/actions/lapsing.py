"""What is open about an objective lapses when it is a draft again or sealed: nobody can answer it any more."""

import datetime
import uuid
from collections.abc import Collection

from django.db.models import Q

from okr.actions import dependencies, work
from okr.models import Alignment, ConfidenceVote, SuggestedEdit
from okr.models.agreements import EditState
from performance.foundation import audit


def let_lapse(objective_ids: Collection[uuid.UUID], at: datetime.datetime) -> None:
    """Votes end and show what was answered until then, suggestions and asks lapse, offers rest, and whoever was asked
    for any of it, or called into the thread, is asked no longer. A constant number of statements."""
    open_votes = ConfidenceVote.objects.filter(objective__in=objective_ids, closed_at=None)
    votes = list(
        open_votes.select_related("objective").order_by("pk").select_for_update(of=("self",), no_key=True)
    )
    edits = SuggestedEdit.objects.filter(objective__in=objective_ids, state=EditState.OPEN)
    around = Q(parent__in=objective_ids) | Q(child__in=objective_ids)
    vote_ids, edit_ids = [each.pk for each in votes], list(edits.values_list("pk", flat=True))
    ConfidenceVote.objects.filter(pk__in=vote_ids).update(closed_at=at)
    SuggestedEdit.objects.filter(pk__in=edit_ids, state=EditState.OPEN).update(
        state=EditState.LAPSED, decided_at=at
    )
    work.nothing_waits(
        objective_ids,
        vote_ids=vote_ids,
        edit_ids=edit_ids,
        link_ids=list(Alignment.objects.filter(around, accepted_at=None).values_list("pk", flat=True)),
        dependency_ids=dependencies.let_dependencies_lapse(set(objective_ids), at),
        at=at,
    )
    audit.record_many(
        by=None, action="okr.lapse_vote", changed=[(vote.objective, {}) for vote in votes], at=at
    )
