"""The retrospective of a team at the end of a period."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from okr import actions, forms, queries, rules
from okr.actions import retrospectives
from okr.models import RetrospectiveNote
from performance.foundation import access, once
from performance.people import models as people_models
from performance.people import queries as people

PLACES = range(retrospectives.MOST_ACTIONS)


@access.member
def retrospective(request: HttpRequest, team_id: uuid.UUID) -> HttpResponse:
    """What the team says of a period that is closing or closed."""
    team = _team(team_id)
    period = queries.last_ending(list(people.periods()), request.GET.get("period", ""))
    return render(request, "okr/retrospective.html", _context(request, team, period))


@access.member
@require_POST
def add_note(request: HttpRequest, team_id: uuid.UUID, period_id: uuid.UUID, column: str) -> HttpResponse:
    """Puts a note into a column."""
    team, period, circle = _reached(request, team_id, period_id)
    access.require(rules.can_note(request.actor, team, circle.member_ids))
    form = _note_form(column, request.POST)
    if form.is_valid():
        try:
            actions.add_retrospective_note(
                team=team,
                period=period,
                column=column,
                text=form.cleaned_data["text"],
                key=once.key_of(request, request.POST),
                by=request.actor,
                at=timezone.now(),
            )
        except actions.ObjectiveRefused as refusal:
            form.add_error("text" if refusal.field == "text" else None, str(refusal.message))
        else:
            return redirect(_page(team, period, column))
    context = _context(request, team, period, adding={column: form})
    return render(request, "okr/retrospective.html", context, status=422)


@access.member
@require_POST
def edit_note(request: HttpRequest, note_id: uuid.UUID) -> HttpResponse:
    """Its author says it otherwise."""
    note = _note(request, note_id)
    team, period = note.retrospective.team, note.retrospective.period
    form = _edit_form(note, request.POST)
    if form.is_valid():
        try:
            actions.edit_retrospective_note(
                note=note, text=form.cleaned_data["text"], by=request.actor, at=timezone.now()
            )
        except actions.ObjectiveRefused as refusal:
            form.add_error("text" if refusal.field == "text" else None, str(refusal.message))
        else:
            return redirect(_page(team, period, note.column))
    context = _context(request, team, period, editing={note.pk: form})
    return render(request, "okr/retrospective.html", context, status=422)


@access.member
@require_POST
def remove_note(request: HttpRequest, note_id: uuid.UUID) -> HttpResponse:
    """Its author takes it back."""
    note = _note(request, note_id)
    try:
        actions.remove_retrospective_note(note=note, by=request.actor, at=timezone.now())
    except actions.ObjectiveRefused as refusal:
        messages.error(request, str(refusal.message))
    return redirect(_page(note.retrospective.team, note.retrospective.period, note.column))


@access.member
@require_POST
def close_retrospective(request: HttpRequest, team_id: uuid.UUID, period_id: uuid.UUID) -> HttpResponse:
    """Closes it with up to three agreed actions."""
    team, period, circle = _reached(request, team_id, period_id)
    access.require(rules.can_close_retrospective(request.actor, team))
    given = [forms.AgreedForm(request.POST, members=circle.members, place=place) for place in PLACES]
    if all(form.is_valid() for form in given):
        filled = [form for form in given if form.has_changed()]
        people_by_key = {str(each.pk): each for each in circle.members}
        try:
            actions.close_retrospective(
                team=team,
                period=period,
                agreed=[
                    actions.Agreed(
                        what=form.cleaned_data["what"],
                        owner=people_by_key[form.cleaned_data["owner"]],
                        due_on=form.cleaned_data["due_on"],
                    )
                    for form in filled
                ],
                by=request.actor,
                at=timezone.now(),
            )
        except actions.ObjectiveRefused as refusal:
            _top, place, field = (*(refusal.field or "").split("."), "", "")[:3]
            if not field:
                messages.error(request, str(refusal.message))
                return redirect(_page(team, period, "agreed"))
            filled[int(place)].add_error(field, str(refusal.message))
        else:
            messages.success(request, _("The retrospective is closed."))
            return redirect(_page(team, period, "agreed"))
    context = _context(request, team, period, agreeing=given)
    return render(request, "okr/retrospective.html", context, status=422)


@access.member
@require_POST
def finish_action(request: HttpRequest, action_id: uuid.UUID) -> HttpResponse:
    """What was agreed is done."""
    one = access.get_or_404(queries.all_agreed(), pk=action_id)
    team, period = one.retrospective.team, one.retrospective.period
    if not rules.can_finish(request.actor, one, team):
        _circle(request, team, period)
        raise PermissionDenied
    actions.finish_agreed_action(action=one, by=request.actor, at=timezone.now())
    messages.success(request, _("Marked as done."))
    return redirect(_page(team, period, "agreed"))


def _team(team_id: uuid.UUID) -> Any:
    return access.get_or_404(people_models.Team.objects.select_related("lead"), pk=team_id)


def _reached(
    request: HttpRequest, team_id: uuid.UUID, period_id: uuid.UUID
) -> tuple[Any, Any, queries.Circle]:
    """A team and a period whose retrospective the actor may read; anything else does not exist."""
    team = _team(team_id)
    period = access.get_or_404(people.periods(), pk=period_id)
    return team, period, _circle(request, team, period)


def _circle(request: HttpRequest, team: Any, period: Any) -> queries.Circle:
    circle = queries.circle_of(team, period, people.today(request.actor.organisation))
    if not rules.can_read_retrospective(request.actor, team, circle.member_ids, circle.line_above):
        raise Http404
    return circle


def _note(request: HttpRequest, note_id: uuid.UUID) -> RetrospectiveNote:
    note = access.get_or_404(queries.retrospective_notes(), pk=note_id)
    _circle(request, note.retrospective.team, note.retrospective.period)
    access.require(not request.actor.only_reads and note.by_id == request.actor.person_id)
    return note


def _page(team: Any, period: Any, card: str) -> str:
    return f"{reverse('okr:retrospective', args=[team.pk])}?period={period.pk}#card-{card}"


def _note_form(column: str, data: Any = None) -> forms.NoteForm:
    return forms.NoteForm(data, column=column, auto_id=f"add-{column}-%s")


def _edit_form(note: RetrospectiveNote, data: Any = None) -> forms.NoteForm:
    return forms.NoteForm(data, column=note.column, auto_id=f"edit-{note.pk}-%s", initial={"text": note.text})


def _context(
    request: HttpRequest,
    team: Any,
    period: Any,
    *,
    adding: dict[str, Any] | None = None,
    editing: dict[uuid.UUID, Any] | None = None,
    agreeing: list[Any] | None = None,
) -> dict[str, Any]:
    """The page; forms that were refused stand where they were."""
    actor = request.actor
    today = people.today(actor.organisation)
    context: dict[str, Any] = {"nav": "goals", "team": team, "period": period, "today": today}
    ending = [each for each in people.periods() if rules.is_retrospective_time(each)]
    if period is None:
        if not rules.can_read_retrospective(actor, team, *_circle_today(team, today)):
            raise Http404
        return context
    is_time = rules.is_retrospective_time(period)
    one = queries.retrospective_of(team, period) if is_time else None
    circle = queries.circle_of(team, period, today)
    if not rules.can_read_retrospective(actor, team, circle.member_ids, circle.line_above):
        return context | _own_part(actor, team, one)
    is_open = is_time and (one is None or one.closed_at is None)
    may_note = is_open and rules.can_note(actor, team, circle.member_ids)
    columns = []
    for column, notes in queries.columns_of(one):
        shown = [
            (note, (editing or {}).get(note.pk) or _edit_form(note))
            if may_note and note.by_id == actor.person_id
            else (note, None)
            for note in notes
        ]
        form = ((adding or {}).get(column) or _note_form(column)) if may_note else None
        columns.append((column, shown, form))
    agreed = list(one.agreed.all()) if one is not None else []
    may_close = is_open and rules.can_close_retrospective(actor, team)
    return context | {
        "periods": ending,
        "is_time": is_time,
        "is_open": is_open,
        "may_note": may_note,
        "has_open_actions": any(each.done_at is None for each in agreed),
        "retrospective": one,
        "columns": columns,
        "note_count": sum(len(notes) for _column, notes, _form in columns),
        "agreed": [(each, each.done_at is None and rules.can_finish(actor, each, team)) for each in agreed],
        "agreed_forms": (agreeing or [forms.AgreedForm(members=circle.members, place=p) for p in PLACES])
        if may_close
        else [],
    }


def _own_part(actor: access.Actor, team: Any, one: Any) -> dict[str, Any]:
    """Whoever has left the team is shown what they still have to do for it, and nothing else that was said."""
    own = [each for each in one.agreed.all() if each.owner_id == actor.person_id] if one is not None else []
    if not own:
        raise Http404
    may_finish = [each.done_at is None and rules.can_finish(actor, each, team) for each in own]
    return {"is_time": True, "agreed": list(zip(own, may_finish, strict=True))}


def _circle_today(team: Any, today: Any) -> tuple[Any, Any]:
    """Members and the line above while no period has ended yet."""
    members = people.members_of(team.pk, today).values_list("pk", flat=True)
    return set(members), people.line_above(team.lead_id, today) if team.lead_id else []
