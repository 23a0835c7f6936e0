"""What waits around the text of a goal while the goals of its period are locked."""

import datetime
import uuid
from typing import Any

from django.db.models import Q, QuerySet

from okr import queries, rules
from okr.actions import work
from okr.models import Alignment, Objective, ObjectiveVersion, SuggestedEdit
from okr.models.agreements import EditState, VersionState
from okr.models.objectives import State
from performance.people import queries as people


def follow_locks(*, period: Any, at: datetime.datetime) -> None:
    """Nobody is asked for what would be refused: signatures, decisions on suggestions and on offered contributions rest
    while goals are locked. Once they are open again, whoever has not answered yet is asked anew. Part of the transaction
    that moves or locks the period."""
    proposals = ObjectiveVersion.objects.filter(objective__period=period, state=VersionState.PROPOSED)
    edits = SuggestedEdit.objects.filter(objective__period=period, state=EditState.OPEN)
    offers = Alignment.objects.filter(parent__period=period, accepted_at=None)
    if not rules.are_goals_open(period):
        work.texts_rest(
            objective_ids=list(proposals.values_list("objective_id", flat=True)),
            edit_ids=list(edits.values_list("pk", flat=True)),
            link_ids=list(offers.values_list("pk", flat=True)),
            at=at,
        )
        return
    today = people.day_at(period.organisation, at)
    here = set(people.active_people(today).values_list("pk", flat=True))
    standing = proposals.select_related("objective", "by").prefetch_related("agreements").order_by("pk")
    work.ask_to_agree_again([(each, _unsigned(each, here)) for each in standing], at=at)
    work.ask_to_decide_again(
        [
            (each, decider)
            for each in edits.select_related("objective", "by").order_by("pk")
            if (decider := rules.decider_of(each, each.objective)) in here
        ],
        at=at,
    )
    _offer_again(offers.filter(parent__owner__in=here), today, at)


def ask_for_offers(objective: Objective, *, on: datetime.date, at: datetime.datetime) -> None:
    """Contributions offered by or to a text that was taken back, and is proposed anew, wait for their answer again."""
    around = Q(child=objective) | Q(parent=objective)
    _offer_again(Alignment.objects.filter(around, accepted_at=None), on, at)


def _offer_again(offers: QuerySet[Alignment], today: datetime.date, at: datetime.datetime) -> None:
    """Both ends have to stand: a draft serves nothing."""
    resting = (State.DRAFT, State.CLOSED)
    standing = offers.exclude(Q(child__state__in=resting) | Q(parent__state__in=resting))
    links = list(standing.select_related("child", "parent", "by").order_by("pk"))
    reading = queries.reading_pairs([(link.child, link.parent.owner_id) for link in links], today)
    work.offer_again([(link, (link.child_id, link.parent.owner_id) in reading) for link in links], at=at)


def _unsigned(version: ObjectiveVersion, here: set[uuid.UUID]) -> list[uuid.UUID]:
    """The sides that have not signed, as far as they are here; whoever proposes has no need to be asked."""
    signed = {each.person_id for each in version.agreements.all()} | {version.by_id}
    sides = (version.objective.owner_id, version.objective.agreer_id)
    return [key for key in sides if key is not None and key in here and key not in signed]
