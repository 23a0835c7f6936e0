"""Asked of the other side: contributions and dependencies."""

import datetime
import uuid
from collections.abc import Collection
from typing import Any

from django.urls import reverse

from okr.actions.work.wording import (
    DECLINED,
    DECLINES,
    DEPENDENCY,
    HIDDEN,
    LINK,
    NEEDS,
    OFFERS,
    assign,
    in_both,
)
from okr.models import (
    Alignment,
    Dependency,
    Objective,
)
from performance.inbox import actions as inbox


def offer_contribution(
    link: Alignment,
    child: Objective,
    parent: Objective,
    *,
    is_shown: bool,
    about: Any,
    by: Any,
    at: datetime.datetime,
) -> None:
    """`about` offers it; `is_shown`: whether the owner of what is served may see what is offered."""
    assign(
        OFFERS,
        about=about,
        to=parent.owner,
        kind=LINK,
        subject_id=link.pk,
        url=f"{reverse('okr:objective', args=[parent.pk])}#card-alignment",
        detail=(child.title,) * 2 if is_shown else in_both(HIDDEN, None),
        by=by,
        at=at,
    )


def offer_settled(link: Alignment, *, by: Any, at: datetime.datetime) -> None:
    inbox.resolve_work(kind=LINK, subject_id=link.pk, by=by, at=at)


def sight_ended(
    about: Collection[uuid.UUID],
    link_ids: Collection[uuid.UUID],
    person_ids: Collection[uuid.UUID],
    *,
    by: Any,
    at: datetime.datetime,
) -> None:
    """These people see an objective no more: nothing `about` it waits for them; what it offers them still does, without
    its title."""
    inbox.end_work_of(subject_ids=about, person_ids=person_ids, by=by, at=at)
    inbox.reword_work(subject_ids=link_ids, person_ids=person_ids, detail=in_both(HIDDEN, None))


def ask_for_dependency(one: Dependency, on: Objective, *, by: Any, at: datetime.datetime) -> None:
    """What is needed is said to whoever is asked; the title of what needs it only on the page, to whom may see it."""
    assign(
        NEEDS,
        about=by.person,
        to=on.owner,
        kind=DEPENDENCY,
        subject_id=one.pk,
        url=_needs_of(on),
        detail=(one.what,) * 2,
        by=by,
        at=at,
    )


def tell_of_declining(one: Dependency, *, by: Any, at: datetime.datetime) -> None:
    """Whoever asked reads why, and asks elsewhere or puts it aside."""
    assign(
        DECLINES,
        about=by.person,
        to=one.by,
        kind=DECLINED,
        subject_id=one.pk,
        url=_needs_of(one.objective),
        detail=(one.reason,) * 2,
        by=by,
        at=at,
    )


def dependency_settled(one: Dependency, *, by: Any, at: datetime.datetime) -> None:
    inbox.resolve_work(kind=DEPENDENCY, subject_id=one.pk, by=by, at=at)


def heard_of_declining(dependency_ids: Collection[uuid.UUID], *, by: Any, at: datetime.datetime) -> None:
    """It was put aside, or something else was asked instead."""
    if dependency_ids:
        inbox.resolve_many(kind=DECLINED, subject_ids=dependency_ids, by=by, at=at)


def _needs_of(objective: Objective) -> str:
    return f"{reverse('okr:objective', args=[objective.pk])}#card-alignment"
