"""Writing an objective: the form to propose one and to change one. Works without JavaScript: "add" and "leave out"
are submits that show the form again."""

import datetime
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from okr import actions, forms, queries, rules
from okr.forms.objectives import PREFIX
from okr.models import Content, Objective
from okr.models.contents import FIELDS_OF, one_line
from okr.models.objectives import State
from okr.views import reading, rivals
from performance.foundation import access, once
from performance.kpis import queries as kpis
from performance.people import models as people_models
from performance.people import queries as people

MOST_OWNERS = 100
#: So many sponsors are on offer at first; the rest is found by their names.
FIRST_SPONSORS = 30
#: What a new objective rests on.
NOWHERE = rivals.Basis()


@dataclass
class Setting:
    """Who may be chosen: for whom, in which period, by whose sponsorship (None where nobody needs one), which owners,
    metrics and parts."""

    owners: list[tuple[str, Any]]
    periods: list[Any]
    sponsors: QuerySet[Any] | None
    mates: list[Any]
    metrics: list[Any]
    parts: list[Any]


@access.member(writes=True)
def propose(request: HttpRequest) -> HttpResponse:
    """A new objective, for oneself, a report or a team."""
    actor = request.actor
    access.require(not actor.only_reads)
    asked = request.GET.get("owner") or request.GET.get("team") or ""
    setting = _setting(actor, request.POST.get("owner") or asked)
    if request.method != "POST":
        current = queries.period_to_plan(people.today(actor.organisation))
        chosen = {"owner": asked or setting.owners[0][0]}
        form = _objective_form(setting, initial={**chosen, "period": str(current.pk) if current else ""})
        return _page(request, form, _row_forms([{"kind": "increase", "weight": "100"}], setting), setting)
    form = _objective_form(setting, request.POST)
    reshaped = forms.reshaped(request.POST)
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
        messages.success(request, _draft_words(one, actor))
    else:
        messages.success(
            request, _("Proposed. %(person)s is asked to agree.") % {"person": _other(one, actor)}
        )
    return redirect("okr:objective", one.pk)


def _propose(request: HttpRequest, form: Any, rows: list[Any], setting: Setting) -> Objective:
    actor = request.actor
    kind, _colon, key = form.cleaned_data["owner"].partition(":")
    period = next(each for each in setting.periods if str(each.pk) == form.cleaned_data["period"])
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
        sponsor=form.cleaned_data.get("sponsor"),
        content=_content(form, rows),
        is_draft="draft" in request.POST,
        key=once.key_of(request, request.POST),
        by=actor,
        at=timezone.now(),
    )


@access.member(writes=True)
def change(request: HttpRequest, objective_id: uuid.UUID) -> HttpResponse:
    """Another text for an objective: at once for a draft, else a proposal that both sides agree to."""
    actor = request.actor
    one, line = reading.found(request, objective_id)
    access.require(rules.can_change(actor, one, line))
    if not rules.are_goals_open(one.period) and request.method != "POST":
        messages.error(request, _("The goals of this period are locked."))
        return redirect("okr:objective", one.pk)
    # What it rests on before the text: of one that comes in between, the form says too little rather than too much.
    standing = rivals.standing_basis(one)
    content = queries.standing_content(one)
    setting = _setting(actor, f"person:{one.owner_id}", one.owner, content)
    known = {str(each.id): each for each in content.key_results}
    if request.method != "POST":
        initial = {**content.to_json(), "reason": ""}
        form = _objective_form(setting, one=one, initial=initial)
        return _page(
            request, form, _row_forms(forms.rows_of(content), setting), setting, one=one, basis=standing
        )
    basis = rivals.basis_of(request)
    reshaped = forms.reshaped(request.POST)
    if reshaped is not None:
        form = _objective_form(setting, one=one, initial=request.POST.dict())
        return _page(request, form, _row_forms(reshaped, setting), setting, one=one, basis=basis)
    form = _objective_form(setting, request.POST, one=one)
    rows = _bound_rows(request, setting, known)
    if not _all_valid(form, rows):
        return _page(request, form, rows, setting, one=one, status=422, basis=basis)
    try:
        _change(request, one, form, rows, basis)
    except actions.ObjectiveRefused as refusal:
        if refusal.code == "conflict" and basis != standing:
            # What stands is seen now, so sending the form once more is an answer to it.
            rival = rivals.rival_of(one, content, _content(form, rows))
            return _page(
                request, form, rows, setting, one=one, status=refusal.status, basis=standing, rival=rival
            )
        _show(refusal, form, rows)
        return _page(request, form, rows, setting, one=one, status=refusal.status, basis=basis)
    return redirect("okr:objective", one.pk)


def _change(request: HttpRequest, one: Objective, form: Any, rows: list[Any], basis: rivals.Basis) -> None:
    actor = request.actor
    content = _content(form, rows)
    if "draft" in request.POST and one.state == State.DRAFT:
        actions.save_draft(objective=one, content=content, made_from=basis.mark, by=actor, at=timezone.now())
        messages.success(request, _draft_words(one, actor))
        return
    actions.propose_change(
        objective=one,
        content=content,
        reason=form.cleaned_data.get("reason", ""),
        based_on=basis.number,
        made_from=basis.mark,
        key=once.key_of(request, request.POST),
        by=actor,
        at=timezone.now(),
    )
    messages.success(request, _("Proposed. %(person)s is asked to agree.") % {"person": _other(one, actor)})


# --- Parts -----------------------------------------------------------------------------------------------


def _draft_words(one: Objective, actor: access.Actor) -> str:
    """Who sees a draft: its author, and who will own it."""
    other = one.proposed_by if actor.person_id == one.owner_id else one.owner
    if other.pk == actor.person_id:
        return _("Draft saved. Only you can see it.")
    return _("Draft saved. Only you and %(person)s can see it.") % {"person": other}


def _other(one: Objective, actor: access.Actor) -> Any:
    return one.agreer if actor.person_id == one.owner_id else one.owner


def _setting(actor: access.Actor, asked: str, owner: Any = None, content: Content | None = None) -> Setting:
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
    return Setting(
        owners=owners,
        periods=periods,
        sponsors=_sponsors(_answering(actor, asked, dict(owners), teams), today),
        mates=_mates(person, today, content),
        metrics=list(kpis.certified_metrics()),
        parts=kpis.parts(sight=kpis.sight_of(actor)),
    )


def _answering(
    actor: access.Actor, asked: str, owners: Mapping[str, Any], teams: Iterable[Any]
) -> uuid.UUID | None:
    """Who will answer for the objective: the person chosen, or who leads the team chosen."""
    kind, _colon, key = asked.partition(":")
    if asked not in owners:
        return actor.person_id
    if kind == "team":
        return next((each.lead_id for each in teams if str(each.pk) == key), None)
    return uuid.UUID(key)


def _sponsors(owner_id: uuid.UUID | None, today: datetime.date) -> QuerySet[Any] | None:
    """Anybody else may sign for the other side, where the owner has no manager who does."""
    if owner_id is None or people.manager_of(owner_id, today) is not None:
        return None
    return people.people_who_write(today).exclude(pk=owner_id).order_by("name_sort")


def _first_sponsors(form: Any) -> list[Any]:
    """What the select offers before anybody is looked for: the first by name, and who is chosen."""
    if "sponsor" not in form.fields:
        return []
    everybody, chosen = form.fields["sponsor"].queryset, str(form["sponsor"].value() or "")
    first = list(everybody[:FIRST_SPONSORS])
    if _is_uuid(chosen) and chosen not in {str(each.pk) for each in first}:
        first += everybody.filter(pk=chosen)
    return first


def _mates(person: Any, today: datetime.date, content: Content | None) -> list[Any]:
    """Who may own a key result: those who share a team, and whoever owns one as it stands."""
    mates = list(people.teammates(person.pk, today)[:MOST_OWNERS])
    standing = {each.owner_id for each in content.key_results if each.owner_id} if content else set()
    others = people_models.Person.objects.filter(pk__in=standing - {each.pk for each in mates})
    return mates + list(others.order_by("name_sort"))


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


def _all_valid(form: Any, rows: list[Any]) -> bool:
    # Every form says what is wrong with it, not only the first.
    return all([form.is_valid(), *(row.is_valid() for row in rows)])


def _content(form: Any, rows: list[Any]) -> Content:
    given = form.cleaned_data
    return Content(
        title=one_line(given["title"]),
        description=given["description"].strip(),
        type=given["type"],
        visibility=given["visibility"],
        weight=given["weight"],
        key_results=tuple(row.content() for row in rows),
    )


def _show(refusal: actions.ObjectiveRefused, form: Any, rows: list[Any]) -> None:
    """Puts the refusal beside the field it speaks of."""
    row, _dot, name = (refusal.field or "").rpartition(".")
    place = forms.place_named(row, rows)
    target = form if place is None else rows[place]
    target.add_error(name if name in target.fields else None, str(refusal.message))


def _page(
    request: HttpRequest,
    form: Any,
    rows: list[Any],
    setting: Setting,
    *,
    one: Objective | None = None,
    status: int = 200,
    basis: rivals.Basis = NOWHERE,
    rival: dict[str, Any] | None = None,
) -> HttpResponse:
    fragment = bool(request.headers.get("HX-Request"))
    context = {
        "nav": "goals",
        "form": form,
        "rows": rows,
        "sponsors": _first_sponsors(form),
        "kinds": list(FIELDS_OF),
        "objective": one,
        "based_on": basis.number,
        "made_from": basis.mark,
        "rival": rival,
        "has_metrics": bool(setting.metrics),
        "sum": _sum_of(rows),
        "all_forms": [form, *rows],
    }
    template = "okr/_card_form.html" if fragment else "okr/write.html"
    return render(request, template, context, status=status)


def _sum_of(rows: list[Any]) -> Decimal | None:
    """The sum of the weights as they stand in the form; None where one is none."""
    weights = [forms.weight_typed(row["weight"].value()) for row in rows]
    known = [each for each in weights if each is not None]
    return sum(known, Decimal(0)) if len(known) == len(weights) else None
