"""A blind vote: opened by a side, answered by each for themselves, over when everybody has or a side ends it."""

import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from okr import queries
from okr.actions import following, proposals, work
from okr.actions.refusals import ObjectiveRefused, require_length
from okr.models import Ballot, ConfidenceVote, Objective
from performance.foundation import access, audit
from performance.people import queries as people

FEWEST_VOTERS = 2
LONGEST = Ballot._meta.get_field("why").max_length or 0


def open_vote(*, objective: Objective, by: access.Actor, at: datetime.datetime) -> ConfidenceVote:
    """Asks everybody concerned how sure they are. One vote about an objective at a time."""
    voters = queries.voters_of(objective, people.day_at(by.organisation, at))
    if len(voters) < FEWEST_VOTERS:
        raise ObjectiveRefused(_("A vote needs at least two people."), code="too_few")
    with transaction.atomic():
        objective = proposals.lock_objective(objective)
        proposals.require_unclosed(objective.period)
        following.refuse_former_manager(objective, by=by, at=at)
        try:
            with transaction.atomic():
                vote = ConfidenceVote.objects.create(objective=objective, opened_by=by.person, opened_at=at)
        except IntegrityError as error:
            raise ObjectiveRefused(_("A vote is open already."), code="conflict") from error
        Ballot.objects.bulk_create(Ballot(vote=vote, person_id=voter) for voter in voters)
        work.ask_to_vote(vote, objective, voters, by=by, at=at)
        audit.record(by=by, action="okr.open_vote", subject=objective, changes={"people": len(voters)}, at=at)
    return vote


def cast_ballot(
    *, vote: ConfidenceVote, confidence: int, why: str, by: access.Actor, at: datetime.datetime
) -> ConfidenceVote:
    """One's own answer; the last one ends the vote and shows all. What somebody answered is in no log."""
    if not 1 <= confidence <= 5:
        raise ObjectiveRefused(_("Choose one of the five."), code="confidence", field="confidence")
    require_length(why.strip(), LONGEST, "why")
    with transaction.atomic():
        vote = _open_one(vote)
        mine = Ballot.objects.filter(vote=vote, person=by.person)
        if not mine.update(confidence=confidence, why=why.strip(), cast_at=at):
            raise ObjectiveRefused(_("You are not asked in this vote."), code="not_asked")
        work.voted(vote, by=by, at=at)
        if not Ballot.objects.filter(vote=vote, cast_at=None).exists():
            _end(vote, None, by, at)
    return vote


def close_vote(*, vote: ConfidenceVote, by: access.Actor, at: datetime.datetime) -> ConfidenceVote:
    """Ends a vote before everybody has answered; what was answered is shown."""
    with transaction.atomic():
        vote = _open_one(vote)
        _end(vote, by.person, by, at)
    return vote


def leave_votes(*, person: Any, at: datetime.datetime) -> None:
    """Nobody waits for an answer of somebody who has left: they are asked no longer, and a vote that waited for nobody else
    is over."""
    waiting = ConfidenceVote.objects.filter(
        closed_at=None, ballots__person=person, ballots__cast_at=None
    ).exclude(objective__period__state="closed")
    for vote in waiting.select_related("objective").order_by("pk").select_for_update(of=("self",)):
        Ballot.objects.filter(vote=vote, person=person, cast_at=None).delete()
        audit.record(
            by=None, action="okr.leave_vote", subject=vote.objective, changes={"person": person}, at=at
        )
        if not Ballot.objects.filter(vote=vote, cast_at=None).exists():
            _end(vote, None, None, at)


def _open_one(vote: ConfidenceVote) -> ConfidenceVote:
    proposals.require_unclosed(people.hold_period(vote.objective.period_id))
    vote = ConfidenceVote.objects.select_for_update(of=("self",)).select_related("objective").get(pk=vote.pk)
    if vote.closed_at is not None:
        raise ObjectiveRefused(_("This vote is over."), code="conflict")
    return vote


def _end(vote: ConfidenceVote, person: Any, by: access.Actor | None, at: datetime.datetime) -> None:
    vote.closed_at, vote.closed_by = at, person
    vote.save(update_fields=["closed_at", "closed_by"])
    work.vote_over(vote, by=by, at=at)
    audit.record(by=by, action="okr.close_vote", subject=vote.objective, at=at)
