"""In which order a list of objectives stands."""

from typing import Any

from django.db.models import Case, F, IntegerField, QuerySet, When

from okr.models import Objective
from okr.models.objectives import OwnerKind, State
from performance.foundation import i18n


def _by_name() -> list[Any]:
    """As the list names owners: people, then teams."""
    is_team = {"owner_kind": OwnerKind.TEAM}
    return [
        Case(When(**is_team, then=1), default=0, output_field=IntegerField()),
        Case(When(**is_team, then=i18n.spoken_local("team__name")), default=i18n.Spoken("owner__name_sort")),
    ]


def _by_state() -> list[Any]:
    places = [When(state=state, then=place) for place, state in enumerate(State.values)]
    return [Case(*places, output_field=IntegerField())]


#: By what a list is sorted.
ORDERS: dict[str, Any] = {
    "title": lambda: [i18n.Spoken("title")],
    "owner": _by_name,
    "progress": lambda: [F("progress_micro")],
    "confidence": lambda: [F("confidence")],
    "checked": lambda: [F("checked_at")],
    "state": _by_state,
}


def is_order(asked: str) -> bool:
    return asked.removeprefix("-") in ORDERS


def ordered(objectives: QuerySet[Objective], asked: str) -> QuerySet[Objective]:
    """By "progress", or by "-progress" the other way round; what has none comes last in both. As they came, newest
    first, where nothing that can be sorted by is asked for; so too among equals."""
    if not is_order(asked):
        return objectives
    keys = [
        key.desc(nulls_last=True) if asked.startswith("-") else key.asc(nulls_last=True)
        for key in ORDERS[asked.removeprefix("-")]()
    ]
    return objectives.order_by(*keys, "-created_at", "-id")
