"""What goals put before people: work items in both languages, done by the action that resolves them."""

import datetime
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_noop

from okr import rules
from okr.models import (
    AgreedAction,
    Alignment,
    CheckIn,
    CheckInDuty,
    Comment,
    ConfidenceVote,
    Dependency,
    Objective,
    ObjectiveVersion,
    SuggestedEdit,
)
from performance.foundation.components import formats
from performance.inbox import actions as inbox
from performance.people import queries as people

AGREEMENT, SUGGESTION, REPLY, BLOCKER = "goals.agreement", "goals.suggestion", "goals.reply", rules.BLOCKER
LINK = "goals.link"
DEPENDENCY, DECLINED = "goals.dependency", "goals.declined"
VOTE, MENTION = "goals.vote", rules.MENTION
CHECK_IN, MISSED = "goals.check_in", "goals.missed"
SELF_GRADE, MANAGER_GRADE = "goals.self_grade", "goals.manager_grade"
ACTION = "goals.action"
LANGUAGES = ("en", "zh-hans")
# The e-mail and the inbox cut longer texts; a whole sentence is read on the page.
DETAIL = 160

NEW_OBJECTIVE = gettext_noop("%(person)s proposes an objective")
CHANGED_OBJECTIVE = gettext_noop("%(person)s proposes a change to an objective")
SUGGESTS = gettext_noop("%(person)s suggests an edit")
ASKS = gettext_noop("%(person)s asks you for help")
NEEDS_REPLY = gettext_noop("Check-in of %(person)s needs a reply")
OFFERS = gettext_noop("%(person)s offers a contribution")
NEEDS = gettext_noop("%(person)s needs something from your objective")
DECLINES = gettext_noop("%(person)s declines what you need")
YOUR_ACTION = gettext_noop("What you agreed to in the retrospective")
HIDDEN = gettext_noop("A private objective")
VOTES = gettext_noop("%(person)s asks how sure you are")
CALLS = gettext_noop("%(person)s mentions you")
YOUR_CHECK_IN = gettext_noop("Your check-in is due")
HAS_MISSED = gettext_noop("%(person)s has not checked in")
GRADE_YOURS = gettext_noop("Grade your objective")
GRADE_THEIRS = gettext_noop("%(person)s has graded an objective: now you")


def _in_both(message: str, person: Any) -> tuple[str, str]:
    texts = []
    for language in LANGUAGES:
        with translation.override(language):
            texts.append(translation.gettext(message) % {"person": formats.person_name(person)})
    return texts[0], texts[1]


def _assign(
    message: str,
    *,
    about: Any,
    to: Any,
    kind: str,
    subject_id: uuid.UUID,
    url: str,
    detail: tuple[str, str],
    by: Any,
    at: Any,
) -> None:
    english, chinese = _in_both(message, about)
    inbox.assign_work(
        to=to,
        kind=kind,
        subject_id=subject_id,
        title_en=english,
        title_zh=chinese,
        detail_en=detail[0][:DETAIL],
        detail_zh=detail[1][:DETAIL],
        url=url,
        by=by,
        at=at,
    )


def _of_week(check_in: CheckIn) -> tuple[str, str]:
    """What blocks them; without a blocker, which week it is about."""
    texts = []
    for language in LANGUAGES:
        with translation.override(language):
            texts.append(check_in.blockers or formats.week_number(check_in.week_starts_on))
    return texts[0], texts[1]


def ask_to_agree(
    objective: Objective, version: ObjectiveVersion, *, waiting: list[Any], by: Any, at: Any
) -> None:
    """Whoever has not signed this version yet; what waited for earlier versions is gone."""
    inbox.resolve_work(kind=AGREEMENT, subject_id=objective.pk, by=by, at=at)
    message = NEW_OBJECTIVE if objective.version_number is None else CHANGED_OBJECTIVE
    for person in waiting:
        _assign(
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
        _assign(
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
    titles = _in_both(NEW_OBJECTIVE, by.person)
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


def agreement_given(objective: Objective, *, by: Any, at: datetime.datetime, everybody: bool) -> None:
    inbox.resolve_work(
        kind=AGREEMENT, subject_id=objective.pk, by=by, at=at, to=None if everybody else by.person
    )


def ask_to_decide(edit: SuggestedEdit, objective: Objective, decider: Any, *, by: Any, at: Any) -> None:
    _assign(
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


def edit_decided(edit: SuggestedEdit, *, by: Any, at: datetime.datetime) -> None:
    inbox.resolve_work(kind=SUGGESTION, subject_id=edit.pk, by=by, at=at)


def ask_for_answers(
    check_in: CheckIn,
    first_id: uuid.UUID,
    *,
    helper: Any,
    former_helper: Any,
    manager: Any,
    needs_reply: bool,
    by: Any,
    at: Any,
) -> None:
    """A blocker goes to whom it asks; the manager is asked to answer what is off track or blocked.

    Items hang on the week's first entry, so that a correction refreshes them.
    """
    if former_helper is not None and former_helper != helper:
        # Whoever it was handed on to is not asked any longer either.
        inbox.resolve_work(kind=BLOCKER, subject_id=first_id, by=by, at=at)
    for kind, person, message in (
        (BLOCKER, helper, ASKS),
        (REPLY, manager if needs_reply and manager != helper else None, NEEDS_REPLY),
    ):
        if person is None:
            inbox.resolve_work(kind=kind, subject_id=first_id, by=by, at=at)
            continue
        _assign(
            message,
            about=check_in.person,
            to=person,
            kind=kind,
            subject_id=first_id,
            url=reverse("okr:conversation", args=[check_in.pk]),
            detail=_of_week(check_in),
            by=by,
            at=at,
        )


def help_handed_on(
    first: CheckIn, newest: CheckIn, *, former: Any, to: Any, by: Any, at: datetime.datetime
) -> bool:
    """The item goes from one to the other; False when it no longer waits for whom it is taken from."""
    if not inbox.resolve_work(kind=BLOCKER, subject_id=first.pk, by=by, at=at, to=former):
        return False
    _assign(
        ASKS,
        about=newest.person,
        to=to,
        kind=BLOCKER,
        subject_id=first.pk,
        url=reverse("okr:conversation", args=[newest.pk]),
        detail=_of_week(newest),
        by=by,
        at=at,
    )
    return True


def answered(first_id: uuid.UUID, *, by: Any, at: datetime.datetime) -> None:
    for kind in (BLOCKER, REPLY):
        inbox.resolve_work(kind=kind, subject_id=first_id, by=by, at=at, to=by.person)


def ask_for_own_grades(objectives: Sequence[Objective], *, at: datetime.datetime) -> None:
    """Each owner, of each of theirs."""
    titles = _in_both(GRADE_YOURS, None)
    works = [
        inbox.Work(each.owner_id, each.pk, *titles, _grades_of(each), None, *(each.title[:DETAIL],) * 2)
        for each in objectives
    ]
    inbox.assign_many(kind=SELF_GRADE, works=works, at=at)


def _grades_of(objective: Objective) -> str:
    return f"{reverse('okr:objective', args=[objective.pk])}#card-grades"


def ask_for_managers_grade(objective: Objective, *, to: Any, by: Any, at: datetime.datetime) -> None:
    _assign(
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


def ask_for_check_ins(duties: Sequence[CheckInDuty], *, at: datetime.datetime) -> None:
    """Due today: one item each, on the home page of whoever owes it."""
    titles = _in_both(YOUR_CHECK_IN, None)
    works = []
    for duty in duties:
        due = people.local_time(duty.person.organisation, duty.due_at or at)
        details = _week_in_both(duty.week_starts_on)
        works.append(
            inbox.Work(
                duty.person_id, duty.pk, *titles, f"{reverse('okr:home')}#card-checkin", due.date(), *details
            )
        )
    inbox.assign_many(kind=CHECK_IN, works=works, at=at)


@dataclass(frozen=True)
class Missed:
    """Who is told of a missed check-in. The direct manager has the person on the page of their team; everybody
    further up is led to the person's own."""

    duty: CheckInDuty
    to: uuid.UUID
    is_direct: bool


def tell_of_missed(told: Sequence[Missed], *, at: datetime.datetime) -> None:
    """The grace is over: whoever is next up the line hears of it."""
    works = []
    for each in told:
        duty = each.duty
        titles, details = _in_both(HAS_MISSED, duty.person), _week_in_both(duty.week_starts_on)
        url = reverse("okr:person_check_ins", args=[duty.person_id])
        if each.is_direct:
            url = f"{reverse('okr:my_team')}#card-missing"
        works.append(inbox.Work(each.to, duty.pk, *titles, url, None, *details))
    inbox.assign_many(kind=MISSED, works=works, at=at)


def check_ins_settled(duty_ids: Collection[uuid.UUID], *, by: Any, at: datetime.datetime) -> None:
    """Done or excused: nobody waits any more."""
    for kind in (CHECK_IN, MISSED) if duty_ids else ():
        inbox.resolve_many(kind=kind, subject_ids=duty_ids, by=by, at=at)


def _week_in_both(monday: datetime.date) -> tuple[str, str]:
    texts = []
    for language in LANGUAGES:
        with translation.override(language):
            texts.append(formats.week(monday))
    return texts[0], texts[1]


def ask_to_vote(
    vote: ConfidenceVote, objective: Objective, voters: Sequence[uuid.UUID], *, by: Any, at: datetime.datetime
) -> None:
    titles, url = _in_both(VOTES, by.person), f"{reverse('okr:objective', args=[objective.pk])}#card-vote"
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
    titles, url = _in_both(CALLS, by.person), f"{reverse('okr:objective', args=[objective.pk])}#card-thread"
    text = " ".join(comment.text.split())[:DETAIL]
    works = [inbox.Work(person.pk, objective.pk, *titles, url, None, text, text) for person in called]
    inbox.assign_many(kind=MENTION, works=works, at=at)


def heard(objective: Objective, *, by: Any, at: datetime.datetime) -> int:
    """Whoever speaks in the thread, or says so, has read what called them there."""
    return inbox.resolve_work(kind=MENTION, subject_id=objective.pk, by=by, at=at, to=by.person)


def offer_contribution(
    link: Alignment, child: Objective, parent: Objective, *, is_shown: bool, by: Any, at: datetime.datetime
) -> None:
    """`is_shown`: whether the owner of what is served may see what is offered."""
    _assign(
        OFFERS,
        about=by.person,
        to=parent.owner,
        kind=LINK,
        subject_id=link.pk,
        url=f"{reverse('okr:objective', args=[parent.pk])}#card-alignment",
        detail=(child.title,) * 2 if is_shown else _in_both(HIDDEN, None),
        by=by,
        at=at,
    )


def offer_settled(link: Alignment, *, by: Any, at: datetime.datetime) -> None:
    inbox.resolve_work(kind=LINK, subject_id=link.pk, by=by, at=at)


def ask_for_dependency(one: Dependency, on: Objective, *, by: Any, at: datetime.datetime) -> None:
    """What is needed is said to whoever is asked; the title of what needs it only on the page, to whom may see it."""
    _assign(
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
    _assign(
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


def ask_for_agreed(rows: Sequence[AgreedAction], *, team: Any, period: Any, at: datetime.datetime) -> None:
    """Each owner, of what they agreed to do."""
    titles = _in_both(YOUR_ACTION, None)
    url = f"{reverse('okr:retrospective', args=[team.pk])}?period={period.pk}#card-agreed"
    works = [
        inbox.Work(each.owner_id, each.pk, *titles, url, each.due_on, *(each.what[:DETAIL],) * 2)
        for each in rows
    ]
    inbox.assign_many(kind=ACTION, works=works, at=at)


def agreed_done(one: AgreedAction, *, by: Any, at: datetime.datetime) -> None:
    inbox.resolve_work(kind=ACTION, subject_id=one.pk, by=by, at=at)
