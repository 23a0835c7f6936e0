"""Reads: who reads what was said about an objective. A proposed text, and what was said while it or a text in force
was for few, stays with those who may read that text, also when everybody sees the objective."""

import copy
import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from okr.models import Objective, ObjectiveVersion
from okr.models.agreements import Side, VersionState
from okr.models.objectives import State, Visibility
from okr.queries import visibility
from performance.foundation import access
from performance.people import queries as people

ENDED = (VersionState.SUPERSEDED, VersionState.WITHDRAWN)
STOOD = (VersionState.IN_FORCE, VersionState.SUPERSEDED)

CLOSED_LEVELS = (Visibility.TEAM, Visibility.PRIVATE)

#: From when until when a text stood, proposed or in force; None: it still does.
Span = tuple[datetime.datetime, datetime.datetime | None]


def _holds(spans: tuple[Span, ...], at: datetime.datetime) -> bool:
    return any(begun <= at and (ended is None or at <= ended) for begun, ended in spans)


@dataclass(frozen=True)
class Sight:
    """`closed`: the spans of texts that this person may not read; `in_force`: those of them that came into force.
    `past`: one of them was replaced by a later text."""

    person_id: uuid.UUID
    closed: tuple[Span, ...] = ()
    in_force: tuple[Span, ...] = ()
    past: bool = False

    def reads(self, at: datetime.datetime, by_id: uuid.UUID | None = None) -> bool:
        """Whether what `by_id` said at that moment is for this person. One's own words always are."""
        return by_id == self.person_id or not _holds(self.closed, at)

    def reads_note(self, at: datetime.datetime, by_id: uuid.UUID | None = None) -> bool:
        """The same of a note on a reading, which is about the text in force, whatever is proposed meanwhile."""
        return by_id == self.person_id or not _holds(self.in_force, at)

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
    as open as the objective, else those of `readers_among` for each other visibility; two more where the versions are
    not given. Given ones come with their agreements."""
    if objective.state == State.DRAFT:
        return Sight(person_id)
    every = list(_texts_of([objective]) if versions is None else versions)
    unread = {
        level
        for level in _other_levels(objective, every)
        if person_id not in readers_under(objective, level, {person_id})
    }
    return _sight(person_id, every, unread)


def sights_of(objectives: Collection[Objective], reader: access.Actor) -> dict[uuid.UUID, Sight]:
    """The same of many objectives, by id. Two queries where every text is as open as its objective, and one more for
    each other visibility."""
    standing = {each.pk: each for each in objectives if each.state != State.DRAFT}
    texts: dict[uuid.UUID, list[ObjectiveVersion]] = {each.pk: [] for each in objectives}
    for version in _texts_of(standing.values()) if standing else ():
        texts[version.objective_id].append(version)
    asked: dict[str, set[uuid.UUID]] = defaultdict(set)
    for key, one in standing.items():
        for level in _other_levels(one, texts[key]):
            asked[level].add(key)
    unread: dict[uuid.UUID, set[str]] = defaultdict(set)
    for level, keys in asked.items():
        seen = visibility.visible_to(reader, level=level).filter(pk__in=keys)
        for key in keys - set(seen.values_list("pk", flat=True)):
            unread[key].add(level)
    return {key: _sight(reader.person_id, every, unread[key]) for key, every in texts.items()}


def _texts_of(objectives: Iterable[Objective]) -> QuerySet[ObjectiveVersion]:
    every = ObjectiveVersion.objects.filter(objective__in=[each.pk for each in objectives])
    return every.prefetch_related("agreements")


def _other_levels(objective: Objective, texts: Iterable[ObjectiveVersion]) -> set[str]:
    """Who sees the objective reads what is as open as it is, or open to all."""
    return {each.as_content.visibility for each in texts} - {Visibility.PUBLIC, objective.visibility}


def _sight(person_id: uuid.UUID, texts: Iterable[ObjectiveVersion], unread: Collection[str]) -> Sight:
    closed = [each for each in texts if unread and each.as_content.visibility in unread]
    spans = [(each.at, each.settled_at if each.state in ENDED else None) for each in closed]
    return Sight(
        person_id,
        closed=tuple(spans),
        in_force=tuple(span for each, span in zip(closed, spans, strict=True) if _came_into_force(each)),
        past=any(each.state == VersionState.SUPERSEDED for each in closed),
    )


def _came_into_force(version: ObjectiveVersion) -> bool:
    return version.state in STOOD and len(version.agreements.all()) == len(Side.values)


def proposals_read_by(reader: access.Actor) -> QuerySet[ObjectiveVersion]:
    """What is proposed, of the objectives that the reader sees, as far as they may read the text. For use as part of a
    larger query."""
    readable = Q(by_id=reader.person_id) | ~Q(content__visibility__in=CLOSED_LEVELS)
    for level in CLOSED_LEVELS:
        seen = visibility.visible_to(reader, level=level).values("pk")
        readable |= Q(content__visibility=level, objective__in=seen)
    return ObjectiveVersion.objects.filter(readable, state=VersionState.PROPOSED)


def readers_under(objective: Objective, level: str, person_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these people would see the objective if it were as open as one of its texts says."""
    as_if = copy.copy(objective)
    as_if.visibility = level
    return visibility.readers_among(as_if, person_ids, people.today(objective.organisation))
