"""An objective is for fewer people than before: whoever does not see it any more is told nothing more of it."""

import datetime
import uuid
from collections import defaultdict
from typing import Any

from okr.actions import work
from okr.models import Alignment, ConfidenceVote, Objective, SuggestedEdit
from okr.models.objectives import State, Visibility
from okr.queries import visibility
from performance.inbox import queries as inbox
from performance.people import queries as people


def note_fewer_readers(*objectives: Objective, by: Any, at: datetime.datetime) -> None:
    """Their calls and questions about it end, and what is offered by it is called a private objective. Whoever still
    sees it keeps what waits. Of many in a number of statements that grows with how many groups of people lose sight
    of something, not with how much."""
    narrowed = {
        each.pk: each
        for each in objectives
        if each.visibility != Visibility.PUBLIC or each.state == State.DRAFT
    }
    if not narrowed:
        return
    about = dict(zip(narrowed, narrowed, strict=True))
    for model in (ConfidenceVote, SuggestedEdit):
        rows = model._default_manager.filter(objective__in=narrowed)
        about |= dict(rows.values_list("pk", "objective_id"))
    links = dict(Alignment.objects.filter(child__in=narrowed).values_list("pk", "child_id"))
    of = about | links
    told = {(of[subject_id], person_id) for subject_id, person_id in inbox.told_of_each(of)}
    today = people.day_at(objectives[0].organisation, at)
    readers = visibility.reading_pairs([(narrowed[key], person_id) for key, person_id in told], today)
    lost: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    for key, person_id in told - readers:
        lost[key].add(person_id)
    together: dict[frozenset[uuid.UUID], set[uuid.UUID]] = defaultdict(set)
    for key, person_ids in lost.items():
        together[frozenset(person_ids)].add(key)
    for people_lost, keys in together.items():
        gone, offers = ({pk for pk, key in rows.items() if key in keys} for rows in (about, links))
        work.sight_ended(gone, offers, people_lost, by=by, at=at)
