"""Reads: requests for feedback, for whoever asked and whoever is asked."""

import datetime

from django.db.models import Q, QuerySet

from feedback.models import FeedbackRequest
from performance.foundation import access
from performance.people import queries as people
from performance.people.models import Person


def requests_seen_by(actor: access.Actor) -> QuerySet[FeedbackRequest]:
    """Whom it asks, and who asked. Whom it is about does not read it: it may be about them without their knowing."""
    mine = Q(by=actor.person_id) | Q(to=actor.person_id)
    return (
        FeedbackRequest.objects.filter(mine).select_related("by", "to", "about").order_by("-asked_at", "-id")
    )


def requests_waiting_for(actor: access.Actor) -> QuerySet[FeedbackRequest]:
    still_open = Q(answered_at=None, declined_at=None, withdrawn_at=None)
    return requests_seen_by(actor).filter(still_open, to=actor.person_id)


def requests_by(actor: access.Actor) -> QuerySet[FeedbackRequest]:
    """What I asked."""
    return requests_seen_by(actor).filter(by=actor.person_id)


def askable_about(actor: access.Actor, on: datetime.date) -> QuerySet[Person]:
    """Oneself, and everybody below one's line; HR asks about anybody."""
    here = people.active_people(on)
    if actor.has_role("hr"):
        return here.order_by("name_sort", "number")
    theirs = Q(pk=actor.person_id) | Q(pk__in=people.below(actor.person_id, on))
    return here.filter(theirs).order_by("name_sort", "number")
