"""In which order a list of objectives stands."""

from typing import Any

from django.db.models import BinaryField, Case, F, Func, IntegerField, QuerySet, Value, When
from django.db.models.functions import Coalesce, Lower, NullIf

from okr.models import Objective
from okr.models.objectives import OwnerKind, State
from performance.foundation import i18n


class _Spoken(Func):
    """Small letters, and common Chinese characters by their pinyin: so they stand in the national encoding, whatever
    collations the server was built with."""

    function = "convert_to"
    template = "%(function)s(%(expressions)s, 'GB18030')"
    output_field = BinaryField()

    def __init__(self, text: Any) -> None:
        super().__init__(Lower(text))


def _by_name() -> list[Any]:
    """As the list names owners: people, then teams."""
    first, second = ("team__name_zh", "team__name_en")[:: 1 if i18n.is_chinese() else -1]
    name = Coalesce(NullIf(first, Value("")), second)
    is_team = {"owner_kind": OwnerKind.TEAM}
    return [
        Case(When(**is_team, then=1), default=0, output_field=IntegerField()),
        Case(When(**is_team, then=_Spoken(name)), default=_Spoken("owner__name_sort")),
    ]


def _by_state() -> list[Any]:
    places = [When(state=state, then=place) for place, state in enumerate(State.values)]
    return [Case(*places, output_field=IntegerField())]


#: By what a list is sorted.
ORDERS: dict[str, Any] = {
    "title": lambda: [_Spoken("title")],
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
