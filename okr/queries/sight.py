"""Reads: who reads what was said about an objective. A proposed text, and what was said while it or a text in force
was for few, stays with those who may read that text, also when everybody sees the objective."""

import copy
import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from okr.models import Objective, ObjectiveVersion
from okr.models.agreements import VersionState
from okr.models.objectives import State, Visibility
from okr.queries import visibility
from performance.people import queries as people

ENDED = (VersionState.SUPERSEDED, VersionState.WITHDRAWN)

#: From when until when a text stood, proposed or in force; None: it still does.
Span = tuple[datetime.datetime, datetime.datetime | None]


@dataclass(frozen=True)
class Sight:
    """`closed`: the spans of texts that this person may not read. `past`: one of them was replaced by a later text."""

    person_id: uuid.UUID
    closed: tuple[Span, ...] = ()
    past: bool = False

    def reads(self, at: datetime.datetime, by_id: uuid.UUID | None = None) -> bool:
        """Whether what `by_id` said at that moment is for this person. One's own words always are."""
        return by_id == self.person_id or not any(
            begun <= at and (ended is None or at <= ended) for begun, ended in self.closed
        )

    def said(self) -> Q:
        """The same as a condition on rows with `at` and `by`."""
        closed = Q(pk__in=[])
        for begun, ended in self.closed:
            closed |= Q(at__gte=begun) if ended is None else Q(at__range=(begun, ended))
        return ~closed | Q(by_id=self.person_id)

    def versions(self, every: Iterable[ObjectiveVersion]) -> list[ObjectiveVersion]:
        """Those that this person may read. Of one that came into force out of a closed time the text alone is left,
        without the reason: why it was opened was said among the few."""
        shown = []
        for version in every:
            if self.reads(version.at, version.by_id):
                shown.append(version)
            elif version.state == VersionState.IN_FORCE:
                version.reason = ""
                shown.append(version)
        return shown


def sight_of(
    objective: Objective, person_id: uuid.UUID, versions: Iterable[ObjectiveVersion] | None = None
) -> Sight:
    """What somebody who sees the objective may read of its past and of what is proposed. No query where every text is
    as open as the objective, else those of `readers_among` for each other visibility; one more where the versions are
    not given."""
    if objective.state == State.DRAFT:
        return Sight(person_id)
    every = list(ObjectiveVersion.objects.filter(objective=objective) if versions is None else versions)
    levels = {version.pk: version.as_content.visibility for version in every}
    unread = {
        level
        for level in set(levels.values()) - {Visibility.PUBLIC, objective.visibility}
        if person_id not in readers_under(objective, level, {person_id})
    }
    closed = [version for version in every if levels[version.pk] in unread]
    return Sight(
        person_id,
        closed=tuple((each.at, each.settled_at if each.state in ENDED else None) for each in closed),
        past=any(each.state == VersionState.SUPERSEDED for each in closed),
    )


def readers_under(objective: Objective, level: str, person_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these people would see the objective if it were as open as one of its texts says."""
    as_if = copy.copy(objective)
    as_if.visibility = level
    return visibility.readers_among(as_if, person_ids, people.today(objective.organisation))
