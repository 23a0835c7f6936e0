"""The retrospective of a team: notes by its members, and what they agree on. Never scored."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from okr import queries, rules
from okr.actions import work
from okr.actions.refusals import ObjectiveRefused, require_length
from okr.models import AgreedAction, Retrospective, RetrospectiveNote
from okr.models.retrospectives import Column
from performance.foundation import access, audit, once
from performance.people import queries as people

LONGEST = RetrospectiveNote._meta.get_field("text").max_length or 0
LONGEST_ACTION = AgreedAction._meta.get_field("what").max_length or 0
MOST_ACTIONS = 3
AHEAD = datetime.timedelta(days=366)


def invite_to_retrospectives(*, at: datetime.datetime) -> int:
    """Asks the leaders of teams with objectives in a closing period to look back, once each, and the members for their
    notes, until they have put one down; whoever does not lead or belong any longer, or whose period is not closing any
    more, is asked no longer. Returns how many leaders were asked."""
    with transaction.atomic():
        pairs = queries.retrospectives_due(at)
        # Two workers at once ask for different teams; what one of them has asked the other one sees.
        held = people.all_teams().filter(pk__in={team.pk for team, _period in pairs})
        locked = held.order_by("pk").select_for_update(of=("self",), no_key=True, skip_locked=True)
        keys = {team.pk for team in locked}
        work.ask_for_notes(queries.still_to_note(pairs, at), held=keys, at=at)
        return work.ask_to_look_back(pairs, held=keys, at=at)


@dataclass(frozen=True)
class Agreed:
    """What is agreed: `owner` is a member of the team."""

    what: str
    owner: Any
    due_on: datetime.date


@once.kept_once(RetrospectiveNote)
def add_retrospective_note(
    *,
    team: Any,
    period: Any,
    column: str,
    text: str,
    by: access.Actor,
    at: datetime.datetime,
    key: uuid.UUID | None = None,
) -> RetrospectiveNote:
    """Puts a note into one of the three columns."""
    said = _said(text)
    if column not in Column.values:
        raise ObjectiveRefused(_("Choose one of the three columns."), code="column", field="column")
    with transaction.atomic():
        one = _held(team, period)
        note = RetrospectiveNote.objects.create(
            retrospective=one, column=column, text=said, by=by.person, at=at, once_key=key
        )
        work.noted(team, period, by=by, at=at)
        _record("okr.add_retrospective_note", team, period, by, at)
    return note


def edit_retrospective_note(
    *, note: RetrospectiveNote, text: str, by: access.Actor, at: datetime.datetime
) -> RetrospectiveNote:
    """Its author says it otherwise."""
    said = _said(text)
    with transaction.atomic():
        one = _held(note.retrospective.team, note.retrospective.period)
        note = _own(note, by)
        if note.text != said:
            note.text, note.edited_at = said, at
            note.save(update_fields=["text", "edited_at"])
            _record("okr.edit_retrospective_note", one.team, one.period, by, at)
    return note


def remove_retrospective_note(*, note: RetrospectiveNote, by: access.Actor, at: datetime.datetime) -> None:
    """Its author takes it back."""
    with transaction.atomic():
        one = _held(note.retrospective.team, note.retrospective.period)
        _own(note, by).delete()
        _record("okr.remove_retrospective_note", one.team, one.period, by, at)


def close_retrospective(
    *, team: Any, period: Any, agreed: Sequence[Agreed], by: access.Actor, at: datetime.datetime
) -> Retrospective:
    """Nothing is added any more; what was agreed becomes work of its owners. Fields of refusals are named
    "agreed.<place>.<field>"."""
    today = people.day_at(by.organisation, at)
    if len(agreed) > MOST_ACTIONS:
        raise ObjectiveRefused(_("Agree on three actions at most."), code="too_many", field="agreed")
    with transaction.atomic():
        one = _held(team, period)
        members = set(queries.retrospective_members(team, period, today).values_list("pk", flat=True))
        for place, each in enumerate(agreed):
            _require_sound(each, f"agreed.{place}", members, today)
        one.closed_by, one.closed_at = by.person, at
        one.save(update_fields=["closed_by", "closed_at"])
        rows = AgreedAction.objects.bulk_create(
            [
                AgreedAction(
                    retrospective=one, what=" ".join(each.what.split()), owner=each.owner, due_on=each.due_on
                )
                for each in agreed
            ]
        )
        work.ask_for_agreed(rows, team=team, period=period, at=at)
        work.looked_back(team, period, by=by, at=at)
        audit.record(
            by=by,
            action="okr.close_retrospective",
            subject=team,
            changes={"period": period, "number": len(rows)},
            at=at,
        )
    return one


def finish_agreed_action(*, action: AgreedAction, by: access.Actor, at: datetime.datetime) -> AgreedAction:
    """It is done. Twice is once."""
    with transaction.atomic():
        one = (
            AgreedAction.objects.select_related("retrospective__team", "retrospective__period", "owner")
            .select_for_update(of=("self",), no_key=True)
            .get(pk=action.pk)
        )
        if one.done_at is None:
            one.done_by, one.done_at = by.person, at
            one.save(update_fields=["done_by", "done_at"])
            work.agreed_done(one, by=by, at=at)
            both = one.retrospective
            _record("okr.finish_agreed_action", both.team, both.period, by, at)
    return one


def _said(text: str) -> str:
    said = text.strip()
    if not said:
        raise ObjectiveRefused(_("Write the note first."), code="text", field="text")
    require_length(said, LONGEST, "text")
    return said


def _require_sound(each: Agreed, path: str, members: set[Any], today: datetime.date) -> None:
    what = " ".join(each.what.split())
    if not what:
        raise ObjectiveRefused(_("Say what is to be done."), code="what", field=f"{path}.what")
    if len(what) > LONGEST_ACTION:
        raise ObjectiveRefused(
            _("This is too long: %(most)s characters are the most.") % {"most": LONGEST_ACTION},
            code="what",
            field=f"{path}.what",
        )
    if each.owner.pk not in members:
        raise ObjectiveRefused(_("Choose a member of the team."), code="owner", field=f"{path}.owner")
    if not today <= each.due_on <= today + AHEAD:
        raise ObjectiveRefused(
            _("Choose a day within a year, from today on."), code="due_on", field=f"{path}.due_on"
        )


def _held(team: Any, period: Any) -> Retrospective:
    """The open retrospective, begun where there is none, kept until the transaction ends: whoever writes while it is
    being closed either comes before or is refused."""
    if not rules.is_retrospective_time(people.hold_period(period.pk)):
        raise ObjectiveRefused(_("A retrospective is held once the period is closing."), code="not_closing")
    Retrospective.objects.get_or_create(team=team, period=period)
    one = (
        Retrospective.objects.select_related("team", "period")
        .select_for_update(of=("self",), no_key=True)
        .get(team=team, period=period)
    )
    if one.closed_at is not None:
        raise ObjectiveRefused(_("The retrospective is closed."), code="conflict")
    return one


def _own(note: RetrospectiveNote, by: access.Actor) -> RetrospectiveNote:
    found = RetrospectiveNote.objects.filter(pk=note.pk, by_id=by.person_id).first()
    if found is None:
        raise ObjectiveRefused(_("This note has been removed."), code="conflict")
    return found


def _record(action: str, team: Any, period: Any, by: access.Actor, at: datetime.datetime) -> None:
    audit.record(by=by, action=action, subject=team, changes={"period": period}, at=at)
