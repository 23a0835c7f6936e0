"""What the work is like that goals put before people: what goes up the line, and who else may do it."""

import datetime
import uuid
from collections.abc import Collection

from django.urls import reverse
from django.utils.translation import gettext_noop

from okr.models import AgreedAction, Alignment, CheckIn, CheckInDuty, Dependency, Objective
from okr.models.objectives import OwnerKind
from okr.queries import check_ins, visibility
from performance.inbox.kinds import Kind
from performance.people import queries as people

Ids = Collection[uuid.UUID]


def work_kinds() -> tuple[Kind, ...]:
    """Agreements, suggestions and grades belong to the two sides of a goal; a missed check-in goes up the line by its
    own rhythm; a call for help is handed on where the check-in stands."""
    return (
        Kind("goals.agreement", gettext_noop("An agreement"), goes_up=True, follows_line=True),
        Kind("goals.suggestion", gettext_noop("A suggested edit"), goes_up=True, follows_line=True),
        Kind(
            "goals.reply",
            gettext_noop("A reply to a check-in"),
            goes_up=True,
            follows_line=True,
            stand_ins=_who_may_reply,
        ),
        Kind(
            "goals.missed",
            gettext_noop("A missing check-in"),
            follows_line=True,
            stand_ins=_who_may_follow_up,
            address=_check_ins_of,
        ),
        Kind(
            "goals.dependency",
            gettext_noop("An answer to another objective"),
            goes_up=True,
            follows_line=True,
            stand_ins=_who_may_answer,
        ),
        Kind(
            "goals.link",
            gettext_noop("An answer to an offered contribution"),
            goes_up=True,
            stand_ins=_who_may_take,
        ),
        # Whoever was called may have lost sight of the objective since: it can be read away where it stands.
        Kind("goals.mention", gettext_noop("A call into a thread"), is_note=True),
        Kind("goals.helper_left", gettext_noop("A call for help without an answer"), is_note=True),
        Kind("goals.self_grade", gettext_noop("A grade"), goes_up=True),
        Kind("goals.manager_grade", gettext_noop("A grade"), goes_up=True, follows_line=True),
        Kind(
            "goals.action",
            gettext_noop("What a retrospective agreed on"),
            goes_up=True,
            stand_ins=_who_may_finish,
        ),
    )


def _who_may_reply(first_id: uuid.UUID, on: datetime.date) -> Ids:
    """The line above, and those whose help is asked for in the newest entry: they read it already, or what blocks."""
    newest = check_ins.newest_entry(CheckIn.objects.get(pk=first_id))
    helpers = {newest.asks_id, *check_ins.handed_on(newest).values_list("to_id", flat=True)}
    return {*people.line_above(newest.person_id, on), *(each for each in helpers if each)} - {
        newest.person_id
    }


def _who_may_follow_up(duty_id: uuid.UUID, on: datetime.date) -> Ids:
    duty = CheckInDuty.objects.get(pk=duty_id)
    return set(people.line_above(duty.person_id, on))


def _check_ins_of(duty_id: uuid.UUID) -> str:
    """A stand-in is not led to the page of their own team."""
    return reverse("okr:person_check_ins", args=[CheckInDuty.objects.get(pk=duty_id).person_id])


def _who_may_answer(dependency_id: uuid.UUID, on: datetime.date) -> Ids:
    """Whoever speaks for what is needed, and may see it; not whoever asked."""
    one = Dependency.objects.select_related("on__team").get(pk=dependency_id)
    speakers = {one.on.owner_id, one.on.agreer_id, *people.line_above(one.on.owner_id, on)}
    if one.on.owner_kind == OwnerKind.TEAM and one.on.team is not None:
        speakers.add(one.on.team.lead_id)
    return _readers(one.on, speakers - {one.by_id}, on)


def _who_may_take(link_id: uuid.UUID, on: datetime.date) -> Ids:
    """Both sides of what is served, and the line above its owner; only who may see what is offered, which the item
    names."""
    link = Alignment.objects.select_related("parent", "child").get(pk=link_id)
    speakers = {
        link.parent.owner_id,
        link.parent.agreer_id,
        *people.line_above(link.parent.owner_id, on),
    }
    return _readers(link.child, set(_readers(link.parent, speakers, on)), on)


def _who_may_finish(action_id: uuid.UUID, on: datetime.date) -> Ids:
    """Whoever leads the team; its members say what they do themselves."""
    action = AgreedAction.objects.select_related("retrospective__team").get(pk=action_id)
    return {key for key in (action.owner_id, action.retrospective.team.lead_id) if key}


def _readers(objective: Objective, person_ids: set[uuid.UUID | None], on: datetime.date) -> Ids:
    return visibility.readers_among(objective, [key for key in person_ids if key], on)
