"""Asked around an agreement: signatures, suggestions, votes and calls by name."""

import datetime
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.urls import reverse

from okr.actions.work.wording import (
    AGREEMENT,
    CALLS,
    CHANGED_OBJECTIVE,
    DETAIL,
    LINK,
    MENTION,
    NEW_OBJECTIVE,
    SUGGESTION,
    SUGGESTS,
    VOTE,
    VOTES,
    assign,
    in_both,
)
from okr.models import (
    Comment,
    ConfidenceVote,
    Objective,
    ObjectiveVersion,
    SuggestedEdit,
)
from performance.inbox import actions as inbox


def ask_to_agree(
    objective: Objective, version: ObjectiveVersion, *, waiting: list[Any], by: Any, at: Any
) -> None:
    """Whoever has not signed this version yet; what waited for earlier versions is gone."""
    inbox.resolve_work(kind=AGREEMENT, subject_id=objective.pk, by=by, at=at)
    message = NEW_OBJECTIVE if objective.version_number is None else CHANGED_OBJECTIVE
    for person in waiting:
        assign(
            message,
            about=by.person,
            to=person,
            kind=AGREEMENT,
            subject_id=objective.pk,
            url=reverse("okr:objective", args=[objective.pk]),
            detail=(version.as_content.title,) * 2,
            by=by,
            at=at,
        )


def agreement_passed_on(
    objective: Objective, version: ObjectiveVersion, *, former: Any, to: Any, at: datetime.datetime
) -> None:
    """What waited for the former other side waits for the new one; for nobody where there is none."""
    if (
        inbox.resolve_work(kind=AGREEMENT, subject_id=objective.pk, by=None, at=at, to=former)
        and to is not None
    ):
        assign(
            NEW_OBJECTIVE if objective.version_number is None else CHANGED_OBJECTIVE,
            about=version.by,
            to=to,
            kind=AGREEMENT,
            subject_id=objective.pk,
            url=reverse("okr:objective", args=[objective.pk]),
            detail=(version.as_content.title,) * 2,
            by=version.by,
            at=at,
        )


def ask_to_agree_to_new(objectives: Sequence[Objective], *, by: Any, at: datetime.datetime) -> None:
    """Whoever has not signed, of many that are new."""
    titles = in_both(NEW_OBJECTIVE, by.person)
    works = [
        inbox.Work(
            person_id,
            one.pk,
            *titles,
            reverse("okr:objective", args=[one.pk]),
            None,
            *(one.title[:DETAIL],) * 2,
        )
        for one in objectives
        for person_id in (one.owner_id, one.agreer_id)
        if person_id is not None and person_id != by.person_id
    ]
    inbox.assign_many(kind=AGREEMENT, works=works, at=at)


def ask_to_agree_again(
    waiting: Sequence[tuple[ObjectiveVersion, Sequence[uuid.UUID]]], *, at: datetime.datetime
) -> None:
    """Whoever has not signed these proposals, after a rest; asked already, they stay asked."""
    works = []
    for version, person_ids in waiting:
        objective = version.objective
        message = NEW_OBJECTIVE if objective.version_number is None else CHANGED_OBJECTIVE
        titles = in_both(message, version.by)
        url, detail = reverse("okr:objective", args=[objective.pk]), version.as_content.title[:DETAIL]
        works += [inbox.Work(key, objective.pk, *titles, url, None, detail, detail) for key in person_ids]
    inbox.assign_many(kind=AGREEMENT, works=works, at=at)


def texts_rest(
    *,
    objective_ids: Collection[uuid.UUID],
    edit_ids: Collection[uuid.UUID],
    link_ids: Collection[uuid.UUID],
    at: datetime.datetime,
) -> None:
    """Nobody can sign, decide or take an offer now."""
    for kind, subject_ids in ((AGREEMENT, objective_ids), (SUGGESTION, edit_ids), (LINK, link_ids)):
        if subject_ids:
            inbox.resolve_many(kind=kind, subject_ids=subject_ids, by=None, at=at)


def agreement_given(objective: Objective, *, by: Any, at: datetime.datetime, everybody: bool) -> None:
    inbox.resolve_work(
        kind=AGREEMENT, subject_id=objective.pk, by=by, at=at, to=None if everybody else by.person
    )


def ask_to_decide(edit: SuggestedEdit, objective: Objective, decider: Any, *, by: Any, at: Any) -> None:
    assign(
        SUGGESTS,
        about=by.person,
        to=decider,
        kind=SUGGESTION,
        subject_id=edit.pk,
        url=reverse("okr:objective", args=[objective.pk]),
        detail=(objective.title,) * 2,
        by=by,
        at=at,
    )


def ask_to_decide_again(waiting: Sequence[tuple[SuggestedEdit, uuid.UUID]], *, at: datetime.datetime) -> None:
    """Whoever decides on these suggestions, after a rest; asked already, they stay asked."""
    works = [
        inbox.Work(
            decider,
            edit.pk,
            *in_both(SUGGESTS, edit.by),
            reverse("okr:objective", args=[edit.objective_id]),
            None,
            *(edit.objective.title[:DETAIL],) * 2,
        )
        for edit, decider in waiting
    ]
    inbox.assign_many(kind=SUGGESTION, works=works, at=at)


def decision_passed_on(
    edit: SuggestedEdit, objective: Objective, *, former: Any, to: Any, at: datetime.datetime
) -> None:
    """A suggestion that waited for the former other side waits for the new one."""
    if inbox.resolve_work(kind=SUGGESTION, subject_id=edit.pk, by=None, at=at, to=former):
        assign(
            SUGGESTS,
            about=edit.by,
            to=to,
            kind=SUGGESTION,
            subject_id=edit.pk,
            url=reverse("okr:objective", args=[objective.pk]),
            detail=(objective.title,) * 2,
            by=edit.by,
            at=at,
        )


def edit_decided(edit: SuggestedEdit, *, by: Any, at: datetime.datetime) -> None:
    inbox.resolve_work(kind=SUGGESTION, subject_id=edit.pk, by=by, at=at)


def ask_to_vote(
    vote: ConfidenceVote, objective: Objective, voters: Sequence[uuid.UUID], *, by: Any, at: datetime.datetime
) -> None:
    titles, url = in_both(VOTES, by.person), f"{reverse('okr:objective', args=[objective.pk])}#card-vote"
    details = (objective.title,) * 2
    inbox.assign_many(
        kind=VOTE, works=[inbox.Work(voter, vote.pk, *titles, url, None, *details) for voter in voters], at=at
    )


def voted(vote: ConfidenceVote, *, by: Any, at: datetime.datetime) -> None:
    inbox.resolve_work(kind=VOTE, subject_id=vote.pk, by=by, at=at, to=by.person)


def vote_over(vote: ConfidenceVote, *, by: Any, at: datetime.datetime) -> None:
    inbox.resolve_work(kind=VOTE, subject_id=vote.pk, by=by, at=at)


def call(
    comment: Comment, objective: Objective, called: Sequence[Any], *, by: Any, at: datetime.datetime
) -> None:
    """Each is told where; done when they answer in the thread or say that they have read it."""
    titles, url = in_both(CALLS, by.person), f"{reverse('okr:objective', args=[objective.pk])}#card-thread"
    text = " ".join(comment.text.split())[:DETAIL]
    works = [inbox.Work(person.pk, objective.pk, *titles, url, None, text, text) for person in called]
    inbox.assign_many(kind=MENTION, works=works, at=at)


def heard(objective_id: uuid.UUID, *, by: Any, at: datetime.datetime) -> int:
    """Whoever speaks in the thread, or says so, has read what called them there."""
    return inbox.resolve_work(kind=MENTION, subject_id=objective_id, by=by, at=at, to=by.person)
