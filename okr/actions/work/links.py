"""Asked of the other side: contributions and dependencies."""

import datetime
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.urls import reverse

from okr.actions.work.wording import (
    DECLINED,
    DECLINES,
    DEPENDENCY,
    DETAIL,
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
        url=_links_of(parent.pk),
        detail=(child.title,) * 2 if is_shown else in_both(HIDDEN, None),
        by=by,
        at=at,
    )


def offer_again(waiting: Sequence[tuple[Alignment, bool]], *, at: datetime.datetime) -> None:
    """Contributions that were offered already, after a rest, each with whether the owner of what is served may see what
    is offered; asked already, they stay asked."""
    hidden = in_both(HIDDEN, None)
    works = [
        inbox.Work(
            link.parent.owner_id,
            link.pk,
            *in_both(OFFERS, link.by),
            _links_of(link.parent_id),
            None,
            *((link.child.title[:DETAIL],) * 2 if is_shown else hidden),
        )
        for link, is_shown in waiting
    ]
    inbox.assign_many(kind=LINK, works=works, at=at)


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
        url=_links_of(on.pk),
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
        url=_links_of(one.objective_id),
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


def _links_of(objective_id: uuid.UUID) -> str:
    return f"{reverse('okr:objective', args=[objective_id])}#card-alignment"
