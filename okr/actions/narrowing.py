"""An objective is for fewer people than before: whoever does not see it any more is told nothing more of it."""

import datetime
from typing import Any

from okr.actions import work
from okr.models import Alignment, ConfidenceVote, Objective, SuggestedEdit
from okr.models.objectives import State, Visibility
from okr.queries import visibility
from performance.inbox import queries as inbox
from performance.people import queries as people


def note_fewer_readers(objective: Objective, *, by: Any, at: datetime.datetime) -> None:
    """Their calls and questions about it end, and what is offered by it is called a private objective. Whoever still
    sees it keeps what waits."""
    if objective.visibility == Visibility.PUBLIC and objective.state != State.DRAFT:
        return
    about = {objective.pk}
    for model in (ConfidenceVote, SuggestedEdit):
        about |= set(model._default_manager.filter(objective=objective).values_list("pk", flat=True))
    links = set(Alignment.objects.filter(child=objective).values_list("pk", flat=True))
    told = inbox.told_about(about | links)
    today = people.day_at(objective.organisation, at)
    lost = told - visibility.readers_among(objective, told, today)
    if lost:
        work.sight_ended(about, links, lost, by=by, at=at)
