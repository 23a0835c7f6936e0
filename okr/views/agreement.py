"""What two people do to agree: comment, suggest, decide, sign, withdraw; and saying what a goal serves."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget, trigger_client_event

from okr import actions, forms, queries, rules
from okr.models import Alignment, Objective, SuggestedEdit
from okr.models.objectives import LINE_KINDS
from okr.views import reading
from performance.foundation import access, jobs, once, refusals
from performance.foundation.components import formats
from performance.people import queries as people
from performance.scoring import tasks as scoring_tasks

OBJECTIVE_FIELDS = (
    ("title", gettext_lazy("Objective: title")),
    ("description", gettext_lazy("Objective: why")),
)
LINE_FIELDS = ("target", "start")
BAND_FIELDS = ("lower", "upper")


def _card(request: HttpRequest, one: Objective, *, status: int = 200, **extra: Any) -> HttpResponse:
    """The agreement card again, freshly read."""
    fresh, line = reading.found(request, one.pk)
    context = {**reading.agreement_context(request, fresh, line), **extra}
    return render(request, "okr/_card_agreement.html", context, status=status)


def _done(request: HttpRequest, one: Objective, text: str, *, moved: bool = False) -> HttpResponse:
    """After success: the card, or where more than the card has changed the whole page."""
    fragment = bool(request.headers.get("HX-Request"))
    if fragment and not moved:
        response = _card(request, one)
        trigger_client_event(response, "todo:changed", {})
        return trigger_client_event(response, "toast", {"text": text, "level": "good"})
    messages.success(request, text)
    page = reverse("okr:objective", args=[one.pk])
    return HttpResponseClientRedirect(page) if fragment else redirect(page)


def _refused(request: HttpRequest, one: Objective, refusal: Any, **extra: Any) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        if extra:
            # What was typed stays typed.
            context = {**reading.objective_context(request, one.pk), "refusal": refusal, **extra}
            return render(request, "okr/objective.html", context, status=refusal.status)
        messages.error(request, str(refusal.message))
        return redirect("okr:objective", one.pk)
    return _card(request, one, status=refusal.status, refusal=refusal, **extra)


@access.member
@require_POST
def agree(request: HttpRequest, objective_id: uuid.UUID) -> HttpResponse:
    """Signs the version that was on the screen."""
    actor = request.actor
    one, _line = reading.found(request, objective_id)
    access.require(not actor.only_reads and rules.side_of(actor, one) is not None)
    try:
        agreed = actions.agree_objective(
            objective=one, version_number=_number(request), by=actor, at=timezone.now()
        )
    except actions.ObjectiveRefused as refusal:
        return _refused(request, one, refusal)
    jobs.nudge(scoring_tasks.rescore_stale)
    text = _("Agreed by both. Version %(number)s is in force.") % {"number": agreed.version_number}
    in_force = queries.open_proposal(agreed) is None
    return _done(request, one, text if in_force else _("You have agreed."), moved=in_force)


def _number(request: HttpRequest) -> int:
    try:
        return int(request.POST.get("version", ""))
    except ValueError as error:
        raise Http404 from error


@access.member
@require_POST
def withdraw(request: HttpRequest, objective_id: uuid.UUID) -> HttpResponse:
    actor = request.actor
    one, _line = reading.found(request, objective_id)
    access.require(rules.can_withdraw(actor, one, queries.open_proposal(one)))
    try:
        actions.withdraw_proposal(
            objective=one, by=actor, at=timezone.now(), reason=request.POST.get("reason", "")
        )
    except actions.ObjectiveRefused as refusal:
        return _refused(request, one, refusal)
    return _done(request, one, _("Withdrawn."), moved=True)


@access.member
@require_POST
def comment(request: HttpRequest, objective_id: uuid.UUID) -> HttpResponse:
    actor = request.actor
    one, _line = reading.found(request, objective_id)
    access.require(rules.can_discuss(actor, one))
    # A browser ends lines with two characters; they count as one.
    text = request.POST.get("text", "").replace("\r\n", "\n")
    try:
        actions.comment_on_objective(
            objective=one, text=text, key=once.key_of(request, request.POST), by=actor, at=timezone.now()
        )
    except actions.ObjectiveRefused as refusal:
        return _refused(request, one, refusal, comment_text=text)
    return _done(request, one, _("Said."))


@access.member(writes=True)
def suggest(request: HttpRequest, objective_id: uuid.UUID) -> HttpResponse:
    """One field at a time; the other side accepts or rejects it."""
    actor = request.actor
    one, line = reading.found(request, objective_id)
    access.require(rules.can_suggest(actor, one, line))
    content = queries.standing_content(one)
    form = forms.SuggestForm(
        request.POST or None,
        choices=_choices(content),
        initial={"field": request.GET.get("field", "")},
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.suggest_edit(
                objective=one,
                field=form.cleaned_data["field"],
                new=form.cleaned_data["new"],
                reason=form.cleaned_data["reason"],
                by=actor,
                at=timezone.now(),
            )
        except actions.ObjectiveRefused as refusal:
            # What is unsound in the text that would follow is the value suggested.
            named = "new" if refusal.code == "unsound" else refusal.field
            form.add_error(named if named in form.fields else None, str(refusal.message))
        else:
            return _done(request, one, _("Suggested."))
    status = 422 if form.is_bound and form.errors else 200
    fragment = bool(request.headers.get("HX-Request"))
    template = "okr/_suggest.html" if fragment else "okr/suggest.html"
    context = {"nav": "goals", "form": form, "objective": one}
    response = render(request, template, context, status=status)
    # A refused form stays where it is; only what was taken renews the card around it.
    return reswap(retarget(response, "#suggest"), "innerHTML") if fragment else response


def _choices(content: Any) -> list[tuple[str, Any]]:
    """The fields that a suggestion may touch, each with what it says now."""
    choices: list[tuple[str, Any]] = list(OBJECTIVE_FIELDS)
    for key_result in content.key_results:
        names = ["title", "weight_ppm"]
        if key_result.kind in LINE_KINDS:
            names += LINE_FIELDS
        elif key_result.kind == "band":
            names += BAND_FIELDS
        for name in names:
            path = f"{key_result.id}.{name}"
            now = queries.field_value(content, path, content.value_of(path))
            label = f"{key_result.title}{formats.mark(':')}{queries.field_label(content, path)}"
            choices.append((path, f"{label}{formats.mark(',')}{now}"))
    return choices


@access.member
@require_POST
def decide(request: HttpRequest, edit_id: uuid.UUID, decision: str) -> HttpResponse:
    """Accepts or rejects a suggestion."""
    actor = request.actor
    edits = SuggestedEdit.objects.filter(objective__in=reading.visible(request).values("pk"))
    edit = access.get_or_404(edits.select_related("objective"), pk=edit_id)
    one = edit.objective
    if edit.state == "open":
        access.require(rules.can_decide(actor, edit, one))
    try:
        if decision == "accept":
            actions.accept_edit(edit=edit, by=actor, at=timezone.now())
        else:
            actions.reject_edit(edit=edit, by=actor, at=timezone.now())
    except actions.ObjectiveRefused as refusal:
        return _refused(request, one, refusal)
    if decision == "accept":
        jobs.nudge(scoring_tasks.rescore_stale)
        return _done(request, one, _("Accepted. It is now part of the proposal."), moved=True)
    return _done(request, one, _("Rejected. The text stays as it is."))


@access.member
@require_POST
def align(request: HttpRequest, objective_id: uuid.UUID) -> HttpResponse:
    """Says which objective this one serves."""
    actor = request.actor
    one, line = reading.found(request, objective_id)
    access.require(rules.can_align(actor, one, line))
    form = reading.align_form(request, one, line, request.POST)
    if form.is_valid():
        parent = access.get_or_404(reading.visible(request), pk=form.cleaned_data["parent"])
        try:
            link = actions.align_objectives(
                child=one,
                parent=parent,
                kind=form.cleaned_data["kind"],
                share_ppm=int((form.cleaned_data["share"] or 0) * 10_000),
                by=actor,
                at=timezone.now(),
            )
        except actions.ObjectiveRefused as refusal:
            refusals.place(form, refusal)
        else:
            jobs.nudge(scoring_tasks.rescore_stale)
            messages.success(
                request, _("Offered. It counts once they take it.") if link.is_offer else _("Linked.")
            )
            return redirect("okr:objective", one.pk)
    context = {**reading.objective_context(request, one.pk), "align_form": form}
    return render(request, "okr/objective.html", context, status=422)


@access.member
@require_POST
def take(request: HttpRequest, link_id: uuid.UUID) -> HttpResponse:
    """Takes an offered contribution: it counts from now on."""
    actor = request.actor
    link, line = _served(request, link_id)
    access.require(rules.can_take_contributions(actor, link.parent, line))
    try:
        actions.accept_contribution(link=link, by=actor, at=timezone.now())
    except actions.ObjectiveRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        jobs.nudge(scoring_tasks.rescore_stale)
        messages.success(request, _("It counts from now on."))
    return redirect(f"{reverse('okr:objective', args=[link.parent_id])}#card-alignment")


def _served(request: HttpRequest, link_id: uuid.UUID) -> tuple[Alignment, list[uuid.UUID]]:
    """A link within reach whose parent may be seen, and the line above the parent's owner."""
    links = queries.links_within_reach(request.actor).filter(parent__in=reading.visible(request).values("pk"))
    link = access.get_or_404(links, pk=link_id)
    return link, people.line_above(link.parent.owner_id, people.today(request.actor.organisation))


@access.member
@require_POST
def part(request: HttpRequest, link_id: uuid.UUID) -> HttpResponse:
    """Takes a link back, or declines an offer."""
    actor = request.actor
    link = access.get_or_404(queries.links_within_reach(actor), pk=link_id)
    today = people.today(actor.organisation)
    serves = rules.can_align(actor, link.child, people.line_above(link.child.owner_id, today))
    takes = rules.can_take_contributions(actor, link.parent, people.line_above(link.parent.owner_id, today))
    access.require(serves or takes)
    try:
        actions.part_objectives(link=link, by=actor, at=timezone.now())
    except actions.ObjectiveRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        jobs.nudge(scoring_tasks.rescore_stale)
        messages.success(request, _("Link removed."))
    return redirect("okr:objective", link.child_id if serves else link.parent_id)
