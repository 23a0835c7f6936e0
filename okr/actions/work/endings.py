"""Asked at the end of a period: grades, and what a retrospective agreed on."""

import datetime
import uuid
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext

from okr.actions.work.wording import (
    ACTION,
    ADD_NOTE,
    AGREEMENT,
    DECLINED,
    DEPENDENCY,
    DETAIL,
    GRADE_THEIRS,
    GRADE_YOURS,
    LINK,
    LOOK_BACK,
    MANAGER_GRADE,
    MENTION,
    NOTE,
    RETROSPECTIVE,
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
from performance.foundation import i18n
from performance.inbox import actions as inbox
from performance.inbox import queries as waiting

#: A team and the period that it looks back on.
Pair = tuple[Any, Any]


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


def managers_grade_passed_on(objective: Objective, *, former: Any, to: Any, at: datetime.datetime) -> None:
    """A grade that was waited for from the former other side is waited for from the new one."""
    if inbox.resolve_work(kind=MANAGER_GRADE, subject_id=objective.pk, by=None, at=at, to=former):
        ask_for_managers_grade(objective, to=to, by=objective.owner, at=at)


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


def ask_to_look_back(pairs: Iterable[Pair], *, held: Collection[uuid.UUID], at: datetime.datetime) -> int:
    """Asks whoever leads each of these teams for the retrospective of a period, and nobody else any more. `pairs` are
    all that there is to ask for, (team, period); only of teams `held` anybody is asked. Returns how many are new."""
    wanted = [(team.lead_id, team, period) for team, period in pairs]
    return _ask_exactly(RETROSPECTIVE, LOOK_BACK, wanted, held=held, at=at)


def ask_for_notes(
    wanted: Iterable[tuple[uuid.UUID, Any, Any]], *, held: Collection[uuid.UUID], at: datetime.datetime
) -> int:
    """Asks these people, (person's id, team, period), to put something down, and nobody else any more; the same."""
    return _ask_exactly(NOTE, ADD_NOTE, wanted, held=held, at=at)


def _ask_exactly(
    kind: str,
    message: str,
    asked: Iterable[tuple[uuid.UUID, Any, Any]],
    *,
    held: Collection[uuid.UUID],
    at: datetime.datetime,
) -> int:
    wanted = {(person_id, _looking_back(team, period)): (team, period) for person_id, team, period in asked}
    standing = {(item.person_id, item.subject_id): item.pk for item in waiting.open_of_kind(kind)}
    inbox.close_items(keys=[key for pair, key in standing.items() if pair not in wanted], by=None, at=at)
    works = []
    for (person_id, subject_id), (team, period) in wanted.items():
        if (person_id, subject_id) in standing or team.pk not in held:
            continue
        titles = i18n.in_both(partial(_of_team, message, team))
        details = i18n.in_both(partial(str, period))
        url = f"{reverse('okr:retrospective', args=[team.pk])}?period={period.pk}"
        works.append(
            inbox.Work(person_id, subject_id, titles[0], titles[1], url, None, details[0], details[1])
        )
    return inbox.assign_many(kind=kind, works=works, at=at)


def _of_team(message: str, team: Any) -> str:
    return gettext(message) % {"team": team}


def noted(team: Any, period: Any, *, by: Any, at: datetime.datetime) -> None:
    """Somebody has put something down."""
    inbox.resolve_work(kind=NOTE, subject_id=_looking_back(team, period), by=by, at=at, to=by.person)


def looked_back(team: Any, period: Any, *, by: Any, at: datetime.datetime) -> None:
    """The retrospective is closed."""
    for kind in (RETROSPECTIVE, NOTE):
        inbox.resolve_work(kind=kind, subject_id=_looking_back(team, period), by=by, at=at)


def _looking_back(team: Any, period: Any) -> uuid.UUID:
    """There is no row of the retrospective before its first note."""
    return uuid.uuid5(period.pk, str(team.pk))
