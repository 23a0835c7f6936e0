"""Reads: blind votes, and whom a comment calls."""

import datetime
import re
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from okr.models import Ballot, ConfidenceVote, KeyResult, Mention, Objective
from okr.queries import sight, visibility
from performance.people import models as people_models
from performance.people import queries as people

#: Nobody is called after more than so many @ in one comment.
MOST_CALLS = 20
# An address is no call, but Chinese is written without spaces: 麻烦@王伟看一下.
CALL = re.compile(r"(?<![A-Za-z0-9_.])@(\S[^@\n]{0,79})")


@dataclass(frozen=True)
class VoteShown:
    """A vote as one reader may see it: their own ballot always, the others once it is over."""

    vote: ConfidenceVote
    mine: Ballot | None
    cast: int
    asked: int
    ballots: tuple[Ballot, ...]

    @property
    def is_open(self) -> bool:
        return self.vote.closed_at is None

    @property
    def mean_tenths(self) -> int | None:
        """The mean in tenths, a half rounded up."""
        given = [ballot.confidence for ballot in self.ballots if ballot.confidence]
        return (20 * sum(given) + len(given)) // (2 * len(given)) if given else None


def shown_vote(objective: Objective, person_id: uuid.UUID) -> VoteShown | None:
    """The newest vote about an objective; None where it was opened while the objective, or what was proposed, was for
    others. Ballots of others are left out, not hidden, while it is open."""
    vote = ConfidenceVote.objects.filter(objective=objective).select_related("opened_by", "closed_by").first()
    if vote is None:
        return None
    ballots = list(vote.ballots.select_related("person").order_by("person__name_sort"))
    is_asked = person_id in {ballot.person_id for ballot in ballots}
    if not is_asked and not sight.sight_of(objective, person_id).reads(vote.opened_at, vote.opened_by_id):
        return None
    return VoteShown(
        vote=vote,
        mine=next((ballot for ballot in ballots if ballot.person_id == person_id), None),
        cast=sum(ballot.cast_at is not None for ballot in ballots),
        asked=len(ballots),
        ballots=tuple(ballots) if vote.closed_at else (),
    )


def voters_of(objective: Objective, on: datetime.date) -> list[uuid.UUID]:
    """Both sides, whoever owns a key result, and the members of the team whose objective it is, as far as they may
    see it: nobody is asked about what they cannot read, and a vote that waits for them would never end."""
    found = [objective.owner_id, objective.agreer_id]
    found += KeyResult.objects.filter(objective=objective, removed_at=None).values_list("owner_id", flat=True)
    if objective.owner_kind == "team" and objective.team_id:
        found += people.members_of(objective.team_id, on).values_list("pk", flat=True)
    here = set(
        people.active_people(on).filter(pk__in=[key for key in found if key]).values_list("pk", flat=True)
    )
    readers = visibility.readers_among(objective, here, on)
    return [key for key in dict.fromkeys(found) if key in readers]


def called_in(text: str, on: datetime.date) -> list[Sequence[people_models.Person]]:
    """Whom a text calls with @ and their name in either language: for each call all who bear the longest name that
    fits."""
    calls = [call for match in CALL.finditer(text) if _first_word(call := match.group(1))][:MOST_CALLS]
    starts = Q(pk__in=[])
    for call in calls:
        starts |= Q(name_en__istartswith=_first_word(call)) | Q(name_zh__startswith=call[:1])
    if not calls:
        return []
    nearby: list[Any] = list(people.active_people(on).filter(starts))
    found: list[Sequence[people_models.Person]] = []
    for call in calls:
        fits = [
            (len(name), person)
            for person in nearby
            for name in (person.name_en, person.name_zh)
            if name and _begins(call, name)
        ]
        longest = max((length for length, _person in fits), default=0)
        named = {person.pk: person for length, person in fits if length == longest}
        if named:
            found.append(list(named.values()))
    return found


def called_by_comment(objective: Objective) -> dict[uuid.UUID, list[people_models.Person]]:
    """comment → whom it calls. One query for the whole thread."""
    found: dict[uuid.UUID, list[people_models.Person]] = defaultdict(list)
    for mention in Mention.objects.filter(comment__objective=objective).select_related("person"):
        found[mention.comment_id].append(mention.person)
    return found


def _first_word(call: str) -> str:
    """Empty where nothing but marks follows the @: that calls nobody, and would be the beginning of every name."""
    return call.split()[0].rstrip(",.;:!?，。；：！？、")


def _begins(call: str, name: str) -> bool:
    """Whether a call begins with a name, and with no longer word than that name."""
    after = call[len(name) :][:1]
    is_whole = not (after.isascii() and after.isalnum()) or not name[-1:].isascii()
    return call[: len(name)].casefold() == name.casefold() and is_whole
