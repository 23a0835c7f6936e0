"""Imports of goals, and everything that a file of goals is compared with. A constant number of queries."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Lower

from okr.models import GoalImport, Objective, ObjectiveVersion
from okr.models.agreements import VersionState
from okr.queries import objectives as reads
from okr.queries.sight import proposals_read_by
from okr.queries.visibility import visible_to
from performance.foundation import access
from performance.people import models as people_models
from performance.people import queries as people

RECENT = 5
#: What a list of imports shows nothing of: the file, its mended cells, and the texts of goals.
HEAVY = ("content", "mended", "before", "taken_back")


def goal_imports(actor: access.Actor) -> QuerySet[GoalImport]:
    """Everybody's own: a file shows what its owner may see."""
    return GoalImport.objects.filter(uploaded_by_id=actor.person_id).select_related("period", "uploaded_by")


def recent_goal_imports(actor: access.Actor) -> QuerySet[GoalImport]:
    """Those that were applied, the latest first, without their files."""
    applied = goal_imports(actor).exclude(applied_at=None).defer(*HEAVY)
    return applied.order_by("-applied_at", "-id")[:RECENT]


def people_called(words: Collection[str]) -> list[people_models.Person]:
    """Whoever has one of these numbers, addresses or names, in lower case; also who has left."""
    lower = people_models.Person.objects.annotate(
        lower_number=Lower("number"),
        lower_email=Lower("email"),
        lower_en=Lower("name_en"),
        lower_zh=Lower("name_zh"),
    )
    named = Q()
    for column in ("number", "email", "en", "zh"):
        named |= Q(**{f"lower_{column}__in": list(words)})
    return list(lower.filter(named, erased_at=None).order_by("number"))


def memberships_of(
    person_ids: Collection[uuid.UUID], on: datetime.date
) -> dict[uuid.UUID, frozenset[uuid.UUID]]:
    """person → teams on a day."""
    found: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    rows = people_models.TeamMembership.objects.filter(people.holds_on(on), person_id__in=list(person_ids))
    for person_id, team_id in rows.values_list("person_id", "team_id"):
        found[person_id].add(team_id)
    return {key: frozenset(teams) for key, teams in found.items()}


def standing_goals(
    actor: access.Actor,
    period_id: uuid.UUID,
    on: datetime.date,
    *,
    owner_ids: Collection[uuid.UUID],
    team_ids: Collection[uuid.UUID],
    ids: Collection[uuid.UUID],
) -> tuple[list[Objective], dict[uuid.UUID, Objective]]:
    """Objectives of the period that a file may mean, as far as the actor may see them, with key results and what is
    proposed; and those of other periods that it names by their ID. Of a proposal for fewer readers than its objective
    the actor learns at most that it is there: `hides_proposal`."""
    theirs = Q(owner_id__in=list(owner_ids)) | Q(team_id__in=list(team_ids)) | Q(owner_kind="organisation")
    meant = Q(theirs, period_id=period_id) | Q(pk__in=list(ids))
    readable = proposals_read_by(actor)
    unread = ObjectiveVersion.objects.filter(objective=OuterRef("pk"), state=VersionState.PROPOSED).exclude(
        pk__in=readable.values("pk")
    )
    found = reads.with_key_results(visible_to(actor, on).filter(meant)).annotate(
        hides_proposal=Exists(unread)
    )
    found = found.prefetch_related(Prefetch("versions", queryset=readable))
    rows: list[Objective] = list(found.order_by("pk").distinct())
    here = [each for each in rows if each.period_id == period_id]
    return here, {each.pk: each for each in rows if each.period_id != period_id}
