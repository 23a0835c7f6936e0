"""Writing an objective: the form to propose one and to change one. Works without JavaScript: "add" and "leave out"
are submits that show the form again."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from okr import actions, forms, rules
from okr.actions import proposals
from okr.forms.objectives import MOST_ROWS, PREFIX
from okr.models import Content, Objective
from okr.models.contents import FIELDS_OF
from okr.models.objectives import State
from okr.views import reading
from performance.foundation import access
from performance.kpis import queries as kpis
from performance.people import models as people_models
from performance.people import queries as people

MOST_OWNERS = 100


@dataclass
class Setting:
    """Who may be chosen: for whom, in which period, by whose sponsorship, which owners, metrics and parts."""

    owners: list[tuple[str, Any]]
    periods: list[Any]
    sponsors: list[Any]
    mates: list[Any]
    metrics: list[Any]
    parts: list[Any]


@access.member
def propose(request: HttpRequest) -> HttpResponse:
    """A new objective, for oneself, a report or a team."""
    actor = request.actor
    access.require(not actor.only_reads)
    setting = _setting(actor, request.GET.get("owner", ""))
    if request.method != "POST":
        current = people.current_period(people.today(actor.organisation))
        chosen = {"owner": request.GET.get("owner") or request.GET.get("team") or setting.owners[0][0]}
        form = _objective_form(setting, initial={**chosen, "period": str(current.pk) if current else ""})
        return _page(request, form, _row_forms([{"kind": "increase", "weight": "100"}], setting), setting)
    form = _objective_form(setting, request.POST)
    reshaped = _reshaped(request)
    if reshaped is not None:
        return _page(
            request,
            _objective_form(setting, initial=request.POST.dict()),
            _row_forms(reshaped, setting),
            setting,
        )
    rows = _bound_rows(request, setting, {})
    if not _all_valid(form, rows):
        return _page(request, form, rows, setting, status=422)
    try:
        one = _propose(request, form, rows, setting)
    except actions.ObjectiveRefused as refusal:
        _show(refusal, form, rows)
        return _page(request, form, rows, setting, status=422)
    if one.state == State.DRAFT:
        messages.success(request, _("Draft saved. Only you can see it."))
    else:
        messages.success(
            request, _("Proposed. %(person)s is asked to agree.") % {"person": _other(one, actor)}
        )
    return redirect("okr:objective", one.pk)


def _propose(request: HttpRequest, form: Any, rows: list[Any], setting: Setting) -> Objective:
    actor = request.actor
    kind, _colon, key = form.cleaned_data["owner"].partition(":")
    period = next(each for each in setting.periods if str(each.pk) == form.cleaned_data["period"])
    sponsor = next(
        (each for each in setting.sponsors if str(each.pk) == form.cleaned_data.get("sponsor")), None
    )
    owner, team = None, None
    today = people.today(actor.organisation)
    if kind == "person":
        owner = access.get_or_404(people.active_people(today), pk=key)
        access.require(rules.can_propose_for(actor, owner.pk, people.line_above(owner.pk, today)))
    else:
        team = access.get_or_404(people_models.Team.objects.select_related("lead"), pk=key)
        members = set(people.members_of(team.pk, today).values_list("pk", flat=True))
        line = people.line_above(team.lead_id, today) if team.lead_id else []
        access.require(rules.can_propose_for_team(actor, team.lead_id, members, line))
    return actions.propose_objective(
        period=period,
        owner=owner,
        team=team,
        owner_kind=kind,
        sponsor=sponsor,
        content=_content(form, rows),
        is_draft="draft" in request.POST,
        by=actor,
        at=timezone.now(),
    )


@access.member
def change(request: HttpRequest, objective_id: uuid.UUID) -> HttpResponse:
    """Another text for an objective: at once for a draft, else a proposal that both sides agree to."""
    actor = request.actor
    one, line = reading.found(request, objective_id)
    access.require(rules.can_change(actor, one, line))
    setting = _setting(actor, f"person:{one.owner_id}", one.owner)
    content = proposals.standing_content(one)
    known = {str(each.id): each for each in content.key_results}
    if request.method != "POST":
        initial = {**content.to_json(), "reason": ""}
        form = _objective_form(setting, one=one, initial=initial)
        return _page(request, form, _row_forms(forms.rows_of(content), setting), setting, one=one)
    reshaped = _reshaped(request)
    if reshaped is not None:
        form = _objective_form(setting, one=one, initial=request.POST.dict())
        return _page(request, form, _row_forms(reshaped, setting), setting, one=one)
    form = _objective_form(setting, request.POST, one=one)
    rows = _bound_rows(request, setting, known)
    if not _all_valid(form, rows):
        return _page(request, form, rows, setting, one=one, status=422)
    try:
        _change(request, one, form, rows)
    except actions.ObjectiveRefused as refusal:
        _show(refusal, form, rows)
        return _page(request, form, rows, setting, one=one, status=422)
    return redirect("okr:objective", one.pk)


def _change(request: HttpRequest, one: Objective, form: Any, rows: list[Any]) -> None:
    actor = request.actor
    content = _content(form, rows)
    if "draft" in request.POST and one.state == State.DRAFT:
        actions.save_draft(objective=one, content=content, by=actor, at=timezone.now())
        messages.success(request, _("Draft saved. Only you can see it."))
        return
    actions.propose_change(
        objective=one,
        content=content,
        reason=form.cleaned_data.get("reason", ""),
        by=actor,
        at=timezone.now(),
    )
    messages.success(request, _("Proposed. %(person)s is asked to agree.") % {"person": _other(one, actor)})


# --- Parts -----------------------------------------------------------------------------------------------


def _other(one: Objective, actor: access.Actor) -> Any:
    return one.agreer if actor.person_id == one.owner_id else one.owner


def _setting(actor: access.Actor, asked: str, owner: Any = None) -> Setting:
    today = people.today(actor.organisation)
    owners: list[tuple[str, Any]] = [
        (f"person:{actor.person_id}", _("Me, %(name)s") % {"name": actor.person})
    ]
    reports = list(people.reports_of(actor.person_id, today)[:MOST_OWNERS])
    owners += [(f"person:{each.pk}", str(each)) for each in reports]
    kind, _colon, key = asked.partition(":")
    if kind == "person" and asked not in dict(owners):
        below = (
            people.everyone_below(actor.person_id, today).filter(pk=key).first() if _is_uuid(key) else None
        )
        owners += [(asked, str(below))] if below else []
    teams = people.teams_spoken_for(actor.person_id, today)
    owners += [(f"team:{each.pk}", _("Team %(name)s") % {"name": each}) for each in teams]
    person = owner or actor.person
    periods = [each for each in people.periods() if rules.are_goals_open(each)]
    has_manager = people.manager_of(person.pk, today) is not None
    sponsors = [] if has_manager else list(people.active_people(today).exclude(pk=person.pk)[:MOST_OWNERS])
    return Setting(
        owners=owners,
        periods=periods,
        sponsors=sponsors,
        mates=list(people.teammates(person.pk, today)[:MOST_OWNERS]),
        metrics=list(kpis.certified_metrics()),
        parts=kpis.parts(),
    )


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _objective_form(
    setting: Setting, data: Any = None, *, one: Objective | None = None, initial: Any = None
) -> forms.ObjectiveForm:
    return forms.ObjectiveForm(
        data,
        initial=initial,
        owners=setting.owners,
        periods=setting.periods,
        sponsors=setting.sponsors,
        is_change=one is not None,
        needs_reason=one is not None and one.is_in_force,
    )


def _row_forms(rows: list[dict[str, Any]], setting: Setting) -> list[forms.KeyResultForm]:
    return [
        forms.KeyResultForm(
            initial=row,
            prefix=f"{PREFIX}-{place}",
            metrics=setting.metrics,
            parts=setting.parts,
            owners=setting.mates,
        )
        for place, row in enumerate(rows)
    ]


def _bound_rows(request: HttpRequest, setting: Setting, known: dict[str, Any]) -> list[forms.KeyResultForm]:
    posted = forms.rows_from(request.POST)
    return [
        forms.KeyResultForm(
            request.POST,
            prefix=f"{PREFIX}-{place}",
            metrics=setting.metrics,
            parts=setting.parts,
            owners=setting.mates,
            initial=forms.standing_of(known[row["id"]]) if row.get("id") in known else {},
        )
        for place, row in enumerate(posted)
    ]


def _reshaped(request: HttpRequest) -> list[dict[str, Any]] | None:
    """The rows after "add", "remove" or "share evenly"; None when the form is to be saved."""
    posted = request.POST
    if not {"add", "leave_out", "even"} & set(posted):
        return None
    rows = forms.rows_from(posted)
    was_even = forms.are_even(rows)
    kind = posted.get("add", "")
    if kind in FIELDS_OF and len(rows) < MOST_ROWS:
        rows.append({"kind": kind, "weight": ""})
    gone = posted.get("leave_out", "")
    if gone.isdigit() and int(gone) < len(rows):
        del rows[int(gone)]
    return forms.with_even_weights(rows) if was_even or "even" in posted else rows


def _all_valid(form: Any, rows: list[Any]) -> bool:
    # Every form says what is wrong with it, not only the first.
    return all([form.is_valid(), *(row.is_valid() for row in rows)])


def _content(form: Any, rows: list[Any]) -> Content:
    given = form.cleaned_data
    return Content(
        title=given["title"].strip(),
        description=given["description"].strip(),
        type=given["type"],
        visibility=given["visibility"],
        weight=given["weight"],
        key_results=tuple(row.content() for row in rows),
    )


def _show(refusal: actions.ObjectiveRefused, form: Any, rows: list[Any]) -> None:
    """Puts the refusal beside the field it speaks of."""
    place, _dot, name = (refusal.field or "").rpartition(".")
    target = rows[int(place)] if place.isdigit() and int(place) < len(rows) else form
    target.add_error(name if name in target.fields else None, str(refusal.message))


def _page(
    request: HttpRequest,
    form: Any,
    rows: list[Any],
    setting: Setting,
    *,
    one: Objective | None = None,
    status: int = 200,
) -> HttpResponse:
    fragment = bool(request.headers.get("HX-Request"))
    context = {
        "nav": "goals",
        "form": form,
        "rows": rows,
        "kinds": list(FIELDS_OF),
        "objective": one,
        "has_metrics": bool(setting.metrics),
        "sum": _sum_of(rows),
        "all_forms": [form, *rows],
    }
    template = "okr/_card_form.html" if fragment else "okr/write.html"
    return render(request, template, context, status=status)


def _sum_of(rows: list[Any]) -> Any:
    """The sum of the weights as they stand in the form; None where one is not a number."""
    field = forms.AmountField()
    try:
        return sum(field.to_python(row["weight"].value() or "0") or 0 for row in rows)
    except (ValidationError, TypeError):
        return None
