"""Asked at the end of a period: grades, and what a retrospective agreed on."""

import datetime
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.urls import reverse

from okr.actions.work.wording import (
    ACTION,
    AGREEMENT,
    DECLINED,
    DEPENDENCY,
    DETAIL,
    GRADE_THEIRS,
    GRADE_YOURS,
    LINK,
    MANAGER_GRADE,
    MENTION,
    SELF_GRADE,
    SUGGESTION,
    VOTE,
    YOUR_ACTION,
    assign,
    in_both,
)
from okr.models import (
    AgreedAction,
    Objective,
)
from performance.inbox import actions as inbox


def ask_for_own_grades(objectives: Sequence[Objective], *, at: datetime.datetime) -> None:
    """Each owner, of each of theirs."""
    titles = in_both(GRADE_YOURS, None)
    works = [
        inbox.Work(each.owner_id, each.pk, *titles, _grades_of(each), None, *(each.title[:DETAIL],) * 2)
        for each in objectives
    ]
    inbox.assign_many(kind=SELF_GRADE, works=works, at=at)


def _grades_of(objective: Objective) -> str:
    return f"{reverse('okr:objective', args=[objective.pk])}#card-grades"


def ask_for_managers_grade(objective: Objective, *, to: Any, by: Any, at: datetime.datetime) -> None:
    assign(
        GRADE_THEIRS,
        about=objective.owner,
        to=to,
        kind=MANAGER_GRADE,
        subject_id=objective.pk,
        url=_grades_of(objective),
        detail=(objective.title,) * 2,
        by=by,
        at=at,
    )


def graded(objective: Objective, *, kind: str, by: Any, at: datetime.datetime) -> None:
    inbox.resolve_work(kind=kind, subject_id=objective.pk, by=by, at=at)


def nothing_waits(
    objective_ids: Collection[uuid.UUID],
    *,
    vote_ids: Collection[uuid.UUID],
    edit_ids: Collection[uuid.UUID],
    link_ids: Collection[uuid.UUID],
    dependency_ids: Collection[uuid.UUID],
    at: datetime.datetime,
) -> None:
    """Of sealed objectives, and of what was open about them, nothing is asked any more."""
    for kind, subject_ids in (
        *((kind, objective_ids) for kind in (AGREEMENT, SELF_GRADE, MANAGER_GRADE, MENTION)),
        (VOTE, vote_ids),
        (SUGGESTION, edit_ids),
        (LINK, link_ids),
        *((kind, dependency_ids) for kind in (DEPENDENCY, DECLINED)),
    ):
        if subject_ids:
            inbox.resolve_many(kind=kind, subject_ids=subject_ids, by=None, at=at)


def ask_for_agreed(rows: Sequence[AgreedAction], *, team: Any, period: Any, at: datetime.datetime) -> None:
    """Each owner, of what they agreed to do."""
    titles = in_both(YOUR_ACTION, None)
    url = f"{reverse('okr:retrospective', args=[team.pk])}?period={period.pk}#card-agreed"
    works = [
        inbox.Work(each.owner_id, each.pk, *titles, url, each.due_on, *(each.what[:DETAIL],) * 2)
        for each in rows
    ]
    inbox.assign_many(kind=ACTION, works=works, at=at)


def agreed_done(one: AgreedAction, *, by: Any, at: datetime.datetime) -> None:
    inbox.resolve_work(kind=ACTION, subject_id=one.pk, by=by, at=at)
