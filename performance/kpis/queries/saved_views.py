"""Saved views: which somebody sees, keeps beside the navigation and is mailed, and the board that one shows."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse

from performance.foundation import access
from performance.kpis.models import SavedView, Subscription, ViewPin
from performance.kpis.queries import months
from performance.kpis.queries.boards import Board, board
from performance.kpis.queries.sights import Sight

#: Entries beside the navigation.
MOST_PINS = 8


def visible_views(actor: access.Actor) -> QuerySet[SavedView]:
    """One's own and the shared ones, by name."""
    return open_to(actor.person_id).select_related("owner", "metric")


def open_to(person_id: Any) -> QuerySet[SavedView]:
    found = SavedView.objects.filter(Q(owner=person_id) | Q(is_shared=True), removed_at=None)
    return found.order_by("name", "created_at")


def own_subscriptions(actor: access.Actor) -> QuerySet[Subscription]:
    """What somebody is mailed; what was ended stays theirs to look at."""
    return Subscription.objects.filter(person=actor.person_id).select_related("view", "person")


@dataclass(frozen=True)
class ListedView:
    """A view as somebody finds it on the board."""

    view: SavedView
    url: str
    is_mine: bool
    is_pinned: bool
    subscription: Subscription | None


def listed_views(actor: access.Actor) -> list[ListedView]:
    """One's own first. Three queries."""
    pinned = set(ViewPin.objects.filter(person=actor.person_id).values_list("view_id", flat=True))
    mailed = {each.view_id: each for each in own_subscriptions(actor).filter(ended_at=None)}
    found = [
        ListedView(
            view,
            address_of(view),
            view.owner_id == actor.person_id,
            view.pk in pinned,
            mailed.get(view.pk),
        )
        for view in visible_views(actor)
    ]
    return sorted(found, key=lambda one: not one.is_mine)


@dataclass(frozen=True)
class Pinned:
    """An entry beside the navigation."""

    text: str
    url: str
    icon: str = "chart-line"


def pinned(actor: access.Actor) -> Sequence[Pinned]:
    """One query."""
    pins = ViewPin.objects.filter(person=actor.person_id, view__in=open_to(actor.person_id).order_by())
    return [
        Pinned(pin.view.name, address_of(pin.view))
        for pin in pins.select_related("view").order_by("pinned_at", "id")[:MOST_PINS]
    ]


def address_of(view: SavedView) -> str:
    """The board with the view's filters; the view is named, so that the page can be called so."""
    asked = {
        "view": str(view.pk),
        "month": months.key(view.month) if view.month else "",
        "metric": str(view.metric_id or ""),
        "by": view.cut,
        "vs": view.basis,
        "heat": view.heat,
        **view.slice,
    }
    return f"{reverse('kpis:board')}?{urlencode({key: value for key, value in asked.items() if value})}"


def board_of(view: SavedView, *, today: datetime.date, at: datetime.datetime, sight: Sight) -> Board | None:
    """As its reader sees it."""
    return board(
        today=today,
        at=at,
        month=view.month,
        within=dict(view.slice),
        metric_id=view.metric_id,
        cut=view.cut,
        basis=view.basis,
        heat=view.heat,
        sight=sight,
    )


def due_subscriptions(today: datetime.date) -> QuerySet[Subscription]:
    return Subscription.objects.filter(ended_at=None, next_on__lte=today).order_by("next_on", "id")
