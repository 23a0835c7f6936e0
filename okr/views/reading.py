"""Lists of objectives and the page of one."""

import uuid
from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from okr import actions, forms, queries, rules
from okr.models import Objective
from okr.models.agreements import EditState, VersionState
from okr.models.objectives import RUNNING_STATES, SCORED_STATES
from okr.views import figures, list_links
from performance.foundation import access
from performance.foundation.components import parts
from performance.people import models as people_models
from performance.people import queries as people

A_PAGE = 25
MOST_CHOICES = 200


@access.member
def objectives(request: HttpRequest) -> HttpResponse:
    """All objectives that the actor may see, narrowed by the filter."""
    return render(request, template(request, "okr/objectives.html", "okr/_card_list.html"), _list(request))


def template(request: HttpRequest, page: str, card: str) -> str:
    """A fragment request gets the card that the page shows too."""
    htmx = request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request")
    return card if htmx else page


@access.member
def export(request: HttpRequest, form: str) -> Any:
    """What the list's filter leaves, as a file. CSV opens in spreadsheets with its characters intact."""
    found, context = filtered_objectives(request)
    moment = timezone.now()
    file = actions.export_objectives(
        objectives=queries.ordered(found, request.GET.get("sort", "")),
        form=form,
        filters=request.GET.dict() | {"period": str(context["period"] or "")},
        with_bom=True,
        by=request.actor,
        at=moment,
    )
    day = people.today(request.actor.organisation).isoformat()
    return FileResponse(file, as_attachment=True, filename=f"objectives-{day}.{form}")


def filtered_objectives(
    request: HttpRequest, *, in_period: bool = True
) -> tuple[QuerySet[Objective], dict[str, Any]]:
    """What the actor may see and the filter leaves, with the filter and its period; of all periods if so asked."""
    actor = request.actor
    today = people.today(actor.organisation)
    periods = list(people.periods())
    visible = queries.visible_to(actor, today)
    everybody, teams = people_models.Person.objects.all(), people_models.Team.objects.all()
    owners = everybody.filter(pk__in=visible.values("owner_id")).order_by("name_sort")
    form = forms.FilterForm(
        request.GET or None,
        periods=periods,
        owners=_choices(owners, everybody, request.GET.get("owner", "")),
        teams=_choices(teams.filter(closed_on=None).order_by("name_en"), teams, request.GET.get("team", "")),
        is_by_year=not in_period,
    )
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    if form.is_bound and not form.is_valid():
        # A filter that cannot be read leaves nothing: everything would pass for its answer.
        visible = visible.none()
    chosen = next((each for each in periods if str(each.pk) == given.get("period")), None)
    period = chosen or people.current_period(today)
    found = queries.filtered(
        visible,
        reader=actor,
        period=period if in_period else None,
        owner=given.get("owner") or None,
        team=given.get("team") or None,
        state=given.get("state", ""),
        words=given.get("q", ""),
    )
    return found, {
        "filter_form": form,
        "period": period,
        "periods": periods,
        "is_filtered": any(value for name, value in given.items() if name not in ("period", "sort"))
        or bool(form.errors)
        or (chosen is not None and not rules.are_goals_open(chosen)),
    }


def _choices(rows: QuerySet[Any], among: QuerySet[Any], asked: str) -> list[Any]:
    """The first of these rows, and always whichever one is asked for."""
    chosen = list(rows[:MOST_CHOICES])
    try:
        key = uuid.UUID(asked)
    except ValueError:
        return chosen
    return chosen if key in {each.pk for each in chosen} else [*chosen, *among.filter(pk=key)]


def _list(request: HttpRequest) -> dict[str, Any]:
    actor = request.actor
    today = people.today(actor.organisation)
    found, context = filtered_objectives(request)
    period = context["period"]
    ordered = queries.ordered(queries.with_key_results(found), request.GET.get("sort", ""))
    page = Paginator(ordered, A_PAGE).get_page(request.GET.get("page"))
    rows = []
    pace: Any = None
    policy: Any = None
    if period is not None:
        period.organisation = actor.organisation
        pace, policy = queries.pace_of(period, today), queries.policy_of(period)
        rows = queries.rows_of(page, {period.pk: pace}, {period.pk: policy})
    team = people.team_of(actor.person_id, today)
    return {
        **context,
        "nav": "goals",
        "page_obj": page,
        "rows": rows,
        "pace": pace,
        "policy": policy,
        "team": team,
        "quick": list_links.quick(request, team),
        "headings": list_links.headings(request),
        "newest_first": list_links.newest_first(request),
        "can_set_policy": rules.can_set_policy(actor),
        "former": queries.period_before(context["periods"], period) if not rows else None,
    }


@access.member
def confidence(request: HttpRequest) -> HttpResponse:
    """The same list as a map: how sure people were, week by week."""
    found, context = filtered_objectives(request)
    today = people.today(request.actor.organisation)
    period = context["period"]
    weeks = queries.weeks_of(period, today) if period is not None else []
    running = found.filter(state__in=SCORED_STATES).select_related("owner", "team")
    page = Paginator(running.order_by("owner__name_sort", "created_at", "id"), A_PAGE).get_page(
        request.GET.get("page")
    )
    context |= {
        "nav": "goals",
        "page_obj": page,
        "weeks": weeks,
        "rows": queries.confidence_rows(page, weeks),
        "confidence_words": parts.CONFIDENCE,
        "team": people.team_of(request.actor.person_id, today),
    }
    return render(request, template(request, "okr/confidence.html", "okr/_card_confidence.html"), context)


@access.member
def objective(request: HttpRequest, objective_id: uuid.UUID) -> HttpResponse:
    """One objective: key results, history, agreement and thread."""
    return render(request, "okr/objective.html", objective_context(request, objective_id))


def visible(request: HttpRequest) -> QuerySet[Objective]:
    return queries.visible_to(request.actor)


def found(request: HttpRequest, objective_id: uuid.UUID) -> tuple[Objective, list[uuid.UUID]]:
    """The objective, as far as it may be seen, and the line above its owner."""
    actor = request.actor
    one = access.get_or_404(queries.with_key_results(visible(request)), pk=objective_id)
    one.period.organisation = actor.organisation
    return one, people.line_above(one.owner_id, people.today(actor.organisation))


def objective_context(
    request: HttpRequest, objective_id: uuid.UUID, *, declining: dict[uuid.UUID, Any] | None = None
) -> dict[str, Any]:
    actor = request.actor
    one, line = found(request, objective_id)
    today = people.today(actor.organisation)
    pace = queries.pace_of(one.period, today)
    policy = queries.policy_of(one.period)
    key_results = queries.key_result_rows(one, pace)
    figure = queries.figure_of(one, [row.key_result for row in key_results], visible(request), policy)
    if figure.parts:
        for row in key_results:
            row.whole_ppm = figure.planned_ppm[row.key_result.pk]
    can_take = rules.can_take_contributions(actor, one, line)
    up, down = queries.links_of(one, visible(request), takes=can_take)
    can_align = rules.can_align(actor, one, line)
    readable = {actor.person_id}
    if rules.can_read_check_ins_of(actor, one.owner_id, line):
        readable.add(one.owner_id)
    former, later = queries.kin_of(one, visible(request))
    agreement = agreement_context(request, one, line)
    history = queries.check_in_history(one, readable, agreement["sight"])
    return {
        **agreement,
        **grades_context(request, one, line, policy),
        **vote_context(actor, one),
        **needs_context(request, one, line, declining or {}),
        "carried_from": former,
        "carried_to": later,
        "nav": "goals",
        "period": one.period,
        "pace": pace,
        "policy": policy,
        "row": queries.rows_of([one], {one.period_id: pace}, {one.period_id: policy})[0],
        "key_results": key_results,
        "figure": figure,
        "weights": figures.weights(key_results, figure),
        "figure_lines": figures.lines(key_results, figure),
        "plans": figures.plans(key_results, figure, policy),
        "course": queries.course_of(one),
        "history": history,
        "history_policies": _other_than(
            policy,
            queries.policies_behind(then=[(one.period, at) for row in history for at in row.counted_at]),
        ),
        "can_take": can_take,
        "serves": up,
        "served_by": down,
        "can_check_in": rules.can_check_in_for(actor, actor.person_id)
        and rules.is_progress_open(one.period)
        and one.state in RUNNING_STATES
        and any(row.key_result.owner_id == actor.person_id for row in key_results),
        "align_form": align_form(request, one, line)
        if can_align and rules.are_goals_open(one.period)
        else None,
    }


def _other_than(policy: Any, behind: list[Any]) -> list[Any]:
    """What the history says of its rules: nothing where they are those that stand above it already."""
    return [] if [each.number for each in behind] == [policy.number] else behind


def vote_context(actor: access.Actor, one: Objective) -> dict[str, Any]:
    """The newest blind vote, as far as this reader may see it."""
    shown = queries.shown_vote(one, actor.person_id)
    mean = shown.mean_tenths if shown else None
    is_open = one.period.state != "closed"
    return {
        "shown_vote": shown,
        "vote_mean": None if mean is None else Decimal(mean) / 10,
        "can_open_vote": is_open and rules.can_open_vote(actor, one),
        "can_vote": is_open and not actor.only_reads,
    }


def align_form(
    request: HttpRequest, one: Objective, line: list[uuid.UUID], data: Any = None
) -> forms.AlignForm:
    """Candidates are the goals of teams, of the organisation, and of those above the owner."""
    parents = (
        queries.possible_parents(visible(request), line)
        .filter(period_id=one.period_id)
        .exclude(pk=one.pk)
        .select_related("owner")
        .order_by("-owner_kind", "title")[:MOST_CHOICES]
    )
    return forms.AlignForm(data, parents=parents)


def need_form(request: HttpRequest, one: Objective, data: Any = None, *, words: str = "") -> forms.NeedForm:
    """Candidates are what the actor sees of others in the period; those that the words find, where there are any."""
    everything = queries.to_ask(visible(request), one)
    rows = queries.filtered(everything, reader=request.actor, words=words) if words.strip() else everything
    rows = rows.select_related("owner", "team").order_by("-owner_kind", "title", "id")
    asked = data.get("on", "") if data else ""
    return forms.NeedForm(data, objectives=_choices(rows, everything, asked))


def needs_context(
    request: HttpRequest, one: Objective, line: list[uuid.UUID], declining: dict[uuid.UUID, Any]
) -> dict[str, Any]:
    """What it needs and what is needed from it, with what the actor may do about each. `declining` are forms that
    were refused."""
    actor = request.actor
    speaks = rules.speaks_for(actor, one, line)
    needs, needed = queries.dependencies_of(one, visible(request), reader=actor, speaks=speaks)
    acts = not actor.only_reads and speaks and one.period.state != "closed"
    return {
        "needs": needs,
        "needed_by": [
            (
                row,
                (declining.get(row.pk) or forms.DeclineForm(auto_id=f"decline-{row.pk}-%s"))
                if acts and row.state == "open" and rules.can_answer(actor, row, line)
                else None,
            )
            for row in needed
        ],
        "today": people.today(actor.organisation),
        "acts_on_needs": acts,
        "need_form": need_form(request, one) if rules.can_ask_of(actor, one, line) else None,
    }


def grades_context(
    request: HttpRequest, one: Objective, line: list[uuid.UUID], policy: Any
) -> dict[str, Any]:
    """The grades of both sides, and the form of whoever's turn it is."""
    actor = request.actor
    if one.period.state not in ("closing", "closed") or not rules.can_read_grades(actor, one, line):
        return {}
    given = queries.grades_of(one)
    side = rules.side_of(actor, one)
    suggested = rules.suggested_grade(one, policy)
    form, mine = None, given.get(side or "")
    if rules.can_grade(actor, one, given):
        names = ("percent", "reason", "went_well", "learned", "change")
        initial = {name: getattr(mine, name) for name in names} if mine else {"percent": suggested}
        form = forms.GradeForm(most=rules.highest_grade(policy), initial=initial)
    return {
        "shows_grades": bool(given) or rules.is_graded_now(one),
        "final_grade": given.get("manager") or given.get("owner"),
        "grades": [(one.owner, "owner", given.get("owner")), (one.agreer, "manager", given.get("manager"))],
        "suggested_grade": suggested,
        "grade_form": form,
        "has_graded": mine is not None,
        "grades_side": side,
    }


def agreement_context(request: HttpRequest, one: Objective, line: list[uuid.UUID]) -> dict[str, Any]:
    """The agreement card: signatures, what is proposed, the thread, and what the actor may do."""
    actor = request.actor
    every = queries.versions_of(one)
    sight = queries.sight_of(one, actor.person_id, every)
    versions = sight.versions(every)
    proposal = next((each for each in versions if each.state == VersionState.PROPOSED), None)
    in_force = next((each for each in versions if each.state == VersionState.IN_FORCE), None)
    shown = proposal or in_force
    signed = {each.person_id: each for each in shown.agreements.all()} if shown else {}
    said = one.suggested_edits.select_related("by", "decided_by").order_by("at")
    edits = [edit for edit in said if sight.reads(edit.at, edit.by_id)]
    content = shown.as_content if shown else queries.content_of(one)
    signs = rules.side_of(actor, one)
    is_open = rules.are_goals_open(one.period)
    return {
        "objective": one,
        "sight": sight,
        "proposal": proposal,
        "in_force": in_force,
        "signatures": _signatures(actor, one, signed, proposal is not None),
        "effect": queries.effect_of(one, proposal) if is_open and proposal and in_force else None,
        "thread": queries.thread_of(one, versions, edits, content, actor, sight),
        "has_closed_past": sight.past,
        "open_suggestions": sum(edit.state == EditState.OPEN for edit in edits),
        "goals_open": is_open,
        "is_my_turn": is_open
        and proposal is not None
        and signs is not None
        and actor.person_id not in signed,
        "can_agree": is_open and rules.can_agree(actor, one, proposal) and actor.person_id not in signed,
        "can_discuss": one.period.state != "closed" and rules.can_discuss(actor, one),
        "can_suggest": is_open and rules.can_suggest(actor, one, line),
        "can_change": is_open and rules.can_change(actor, one, line),
        "can_withdraw": is_open and rules.can_withdraw(actor, one, proposal),
        "is_called": queries.is_called(one, actor.person_id),
    }


def _signatures(
    actor: access.Actor, one: Objective, signed: dict[uuid.UUID, Any], is_proposed: bool
) -> list[dict[str, Any]]:
    boxes = []
    for side, person in (("owner", one.owner), ("manager", one.agreer)):
        agreement = signed.get(person.pk) if person is not None else None
        if agreement is not None:
            state = "signed"
        elif not is_proposed:
            state = "waiting"
        else:
            state = "mine" if person is not None and person.pk == actor.person_id else "open"
        boxes.append(
            {"person": person, "side": side, "state": state, "at": agreement.at if agreement else None}
        )
    return boxes
