"""Appeals: whose the reader may see, who may decide one, and what it may rest on."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.module_loading import import_string

from performance.appraisals import rules
from performance.appraisals.models import Appeal, AppealState, Cycle, CycleEntry, EvidenceKind
from performance.foundation import access
from performance.foundation.components import formats
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import queries as scoring_queries
from performance.scoring.models import SourceKind

WITH = ("entry__person", "entry__manager", "entry__cycle__period", "decided_by")


def corrections(at: datetime.datetime | None) -> Any:
    """Over entries: the result that an upheld appeal set, as of a moment or as things are."""
    upheld = Appeal.objects.filter(entry=OuterRef("pk"), state=AppealState.UPHELD)
    if at is not None:
        upheld = upheld.filter(ended_at__lte=at)
    return Subquery(upheld.values("rating_after")[:1])


def appeals_visible_to(actor: access.Actor) -> QuerySet[Appeal]:
    """HR and auditors: all; everybody else their own. What somebody's managers may know of one stands in the result."""
    appeals = Appeal.objects.select_related(*WITH)
    return appeals if rules.sees_all_entries(actor) else appeals.filter(entry__person=actor.person_id)


def appeals_of(entry: CycleEntry) -> list[Appeal]:
    """Newest first, with what they rest on. Two queries."""
    found = Appeal.objects.filter(entry=entry).select_related("decided_by").prefetch_related("evidence")
    return list(found.order_by("-id"))


def appeals_in(cycle: Cycle) -> QuerySet[Appeal]:
    """Of a cycle: what waits first, by the day it is promised for."""
    return (
        Appeal.objects.filter(entry__cycle=cycle)
        .select_related("entry__person", "decided_by")
        .order_by(F("ended_at").asc(nulls_first=True), "answer_until", "pk")
    )


def leads(person_id: uuid.UUID, entry: CycleEntry, on: datetime.date) -> bool:
    """Whether somebody led the appraised person on the cycle's day, or leads them today, at any distance."""
    if person_id == entry.manager_id:
        return True
    above_then = people_queries.ids_below(person_id, entry.cycle.people_on)
    return entry.person_id in above_then or entry.person_id in people_queries.ids_below(person_id, on)


def deciders_of(entry: CycleEntry, on: datetime.date) -> list[people.Person]:
    """Who of HR may decide an appeal against this result: not its person, nobody who leads them, not who signed off."""
    parties = {entry.person_id, entry.manager_id, entry.cycle.signed_off_by_id}
    of_hr = people_queries.people_with_role("hr").exclude(pk__in=[each for each in parties if each])
    return [person for person in of_hr.order_by("number") if not leads(person.pk, entry, on)]


def decider_ids(appeal_id: uuid.UUID, on: datetime.date) -> set[uuid.UUID]:
    """For work that is handed over or goes up the line."""
    appeal = Appeal.objects.select_related("entry__cycle").filter(pk=appeal_id).first()
    return {person.pk for person in deciders_of(appeal.entry, on)} if appeal else set()


@dataclass(frozen=True)
class Ground:
    """Something an appeal may rest on. `key` names it in the form."""

    key: str
    kind: str
    title: str
    said: str
    url: str


def grounds_of(entry: CycleEntry, actor: access.Actor) -> list[Ground]:
    """The parts of the score that was signed off, and the goals it was read from that the actor may see. Four queries."""
    score = entry.score
    if score is None:
        return []
    found: list[Ground] = []
    goals: dict[str, Any] = {}
    for line in scoring_queries.lines_of_score(score):
        said = "" if line.value_micro is None else formats.number(formats.micro(line.value_micro), 1)
        url = reverse("scoring:evidence", args=[score.pk, line.key])
        found.append(Ground(f"score:{line.key}", EvidenceKind.SCORE, line.name, said, url))
        if line.source_kind == SourceKind.OKR:
            goals |= {ref["url"]: ref for ref in line.refs if ref.get("url")}
    return [*found, *_goals(goals, actor)]


def _goals(refs: dict[str, Any], actor: access.Actor) -> list[Ground]:
    by_id = {}
    for url, ref in refs.items():
        parts = [part for part in url.split("/") if part]
        try:
            by_id[uuid.UUID(parts[-1])] = (url, ref)
        except (ValueError, IndexError):
            continue
    titles = import_string(settings.OBJECTIVE_TITLES)(actor, list(by_id)) if by_id else {}
    return [
        Ground(f"goal:{key}", EvidenceKind.OBJECTIVE, titles[key], "", url)
        for key, (url, _ref) in by_id.items()
        if key in titles
    ]
