"""Submitting the week, keeping its draft, answering it, reading what was said."""

import contextlib
import datetime
import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from okr import actions, forms, queries, rules
from okr.models import CheckIn
from okr.views import my_week, weeks
from performance.foundation import access, jobs, once, refusals
from performance.foundation.components import formats
from performance.people import queries as people
from performance.scoring import tasks as scoring_tasks

A_PAGE = 12


@access.member
@require_POST
def check_in(request: HttpRequest, week: str) -> HttpResponse:
    """One POST for the whole week. Errors come back beside their fields (422), with what was typed."""
    actor = request.actor
    page = weeks.load_week(request, weeks.monday_from(week))
    access.require(rules.can_check_in_for(actor, actor.person_id))
    if page is None:
        raise Http404
    form = page.form(request.POST)
    if not form.is_valid():
        return _refused(request, page, form)
    try:
        submitted = actions.submit_check_in(
            period=page.period,
            week_starts_on=page.monday,
            readings=form.readings(),
            wins=form.cleaned_data["wins"],
            plans=form.cleaned_data["plans"],
            blockers=form.cleaned_data["blockers"],
            asks=form.cleaned_data["asks"],
            # Whoever has seen both values may say which of them counts.
            made_from=request.POST.get("over", request.POST.get("made_from")),
            by=actor,
            at=timezone.now(),
        )
    except actions.CheckInRefused as refusal:
        if refusal.status == 409:
            return _overtaken(request, page, form, refusal)
        refusals.place(form, refusal)
        return _refused(request, page, form)
    return _submitted(request, page, submitted)


def _overtaken(
    request: HttpRequest, page: weeks.WeekPage, form: forms.CheckInForm, refusal: refusals.Refused
) -> HttpResponse:
    """Sent from another window meanwhile: both values beside each other, and what was typed in its fields (409)."""
    page = weeks.load_week(request, page.monday) or page
    differences = forms.differing(form, page.form().initial)
    return _again(request, page, form, status=refusal.status, conflict=refusal, differences=differences)


def _refused(request: HttpRequest, page: weeks.WeekPage, form: forms.CheckInForm) -> HttpResponse:
    """What was typed is kept as the draft (422)."""
    with contextlib.suppress(actions.CheckInRefused):
        page.draft = actions.save_check_in_draft(
            week_starts_on=page.monday,
            fields=forms.draft_fields(request.POST),
            by=request.actor,
            at=timezone.now(),
        )
    return _again(request, page, form, status=422)


def _again(
    request: HttpRequest, page: weeks.WeekPage, form: forms.CheckInForm, status: int, **extra: Any
) -> HttpResponse:
    fragment = bool(request.headers.get("HX-Request"))
    template = "okr/_card_check_in.html" if fragment else "okr/home.html"
    context = my_week.week_context(request, page.monday, form=form, page=page)
    return render(request, template, context | extra, status=status)


def _submitted(request: HttpRequest, page: weeks.WeekPage, submitted: CheckIn) -> HttpResponse:
    """The toast leads back to the form, which holds what was sent: a check-in is corrected, never undone."""
    jobs.nudge(scoring_tasks.rescore_stale)
    text, form = _said(page, submitted), f"{_address_of(page)}#checkin-title"
    if not request.headers.get("HX-Request"):
        messages.success(request, text, extra_tags=f"correct:{form}")
        return redirect("okr:home")
    context = my_week.week_context(request, page.monday) | {"is_followed": True}
    response = render(request, "okr/_submitted.html", context)
    trigger_client_event(response, "todo:changed", {})
    trigger_client_event(response, "checkin:submitted", {})
    return trigger_client_event(response, "toast", {"text": text, "level": "good", "correct": form})


def _address_of(page: weeks.WeekPage) -> str:
    is_this_week = page.monday == rules.monday_of(page.today)
    return reverse("okr:home") if is_this_week else reverse("okr:week", args=[page.week])


def _said(page: weeks.WeekPage, submitted: CheckIn) -> str:
    """What came of it: whom this entry asks for help, and who reads what was said."""
    former = submitted.corrects
    asked = None if former is not None and former.asks_id == submitted.asks_id else submitted.asks
    names = {"helper": formats.person_name(asked), "manager": formats.person_name(page.manager)}
    if former is not None:
        earlier = _("Corrected. The earlier entry stays in the history.")
        helped = _("Corrected. The earlier entry stays in the history. %(helper)s is asked for help.")
        return helped % names if asked is not None else earlier
    if asked is None:
        return _("Checked in. %(manager)s can see it now.") % names if page.manager else _("Checked in.")
    if asked == page.manager:
        return _("Checked in. %(manager)s can see it now and is asked for help.") % names
    if page.manager is None:
        return _("Checked in. %(helper)s is asked for help and sees what blocks you.") % names
    return (
        _("Checked in. %(helper)s is asked for help and sees what blocks you; %(manager)s sees all of it.")
        % names
    )


@access.member
@require_POST
def check_in_draft(request: HttpRequest, week: str) -> HttpResponse:
    """Saves what is typed. Answers only with when it was saved, never with the field in use."""
    actor = request.actor
    access.require(rules.can_check_in_for(actor, actor.person_id))
    try:
        draft = actions.save_check_in_draft(
            week_starts_on=weeks.monday_from(week),
            fields=forms.draft_fields(request.POST),
            by=actor,
            at=timezone.now(),
        )
    except actions.CheckInRefused as refusal:
        return render(request, "okr/_draft_state.html", {"refusal": refusal}, status=refusal.status)
    return render(request, "okr/_draft_state.html", {"draft": draft, "is_cut": forms.is_cut(request.POST)})


@access.member
def check_ins(request: HttpRequest) -> HttpResponse:
    """My own history."""
    actor = request.actor
    return _history(request, actor.person)


@access.member
def person_check_ins(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """Somebody's history, for them and the line above."""
    actor = request.actor
    person = access.get_or_404(people.people_visible_to(actor), pk=person_id)
    line = people.line_above(person.pk, people.today(actor.organisation))
    access.require(rules.can_read_check_ins_of(actor, person.pk, line))
    return _history(request, person)


def _history(request: HttpRequest, person: Any) -> HttpResponse:
    latest = queries.newest_entries(CheckIn.objects.filter(person=person))
    rows = queries.with_conversation(CheckIn.objects.filter(pk__in=latest.values("pk")))
    page = Paginator(rows.order_by("-week_starts_on", "-at"), A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "okr/check_ins.html",
        {
            "nav": "goals",
            "person": person,
            "page_obj": page,
            "is_mine": person.pk == request.actor.person_id,
        },
    )


def _readable(request: HttpRequest, check_in_id: uuid.UUID) -> tuple[CheckIn, list[uuid.UUID]]:
    """A check-in that the actor may read: their own, their line's, or one that asks them for help; else 404."""
    actor = request.actor
    rows = queries.with_conversation(queries.readable_by(actor), actor)
    (found,) = queries.as_read([access.get_or_404(rows, pk=check_in_id)], actor)
    line = people.line_above(found.person_id, people.today(actor.organisation))
    return found, line


@access.member
def conversation(request: HttpRequest, check_in_id: uuid.UUID) -> HttpResponse:
    """One check-in with its readings and what was said about it."""
    return render(request, "okr/conversation.html", _conversation(request, check_in_id))


def _conversation(
    request: HttpRequest, check_in_id: uuid.UUID, form: Any = None, hand_on: Any = None
) -> dict[str, Any]:
    actor = request.actor
    found, line = _readable(request, check_in_id)
    entries = list(found.entries.all())
    # What was reported is judged by the plan of its week, not by that of the day on which it is read.
    on = min(people.today(actor.organisation), found.week_starts_on + datetime.timedelta(days=6))
    return {
        "nav": "goals",
        "check_in": found,
        "entries": entries,
        "is_asked": actor.person_id in queries.helpers_of(found),
        "replies": list(queries.replies_to(found, actor)),
        "versions": (versions := list(queries.entries_of(found).order_by("-number"))),
        "others": _others(actor, versions, found),
        "can_reply": rules.can_reply(actor, found, line, queries.helpers_of(found)),
        "handed_on": list(queries.handed_on(found)),
        "hand_on": (hand_on := hand_on or _hand_on_form(request, found)),
        "helpers": list(hand_on.fields["to"].queryset[: weeks.A_FEW]) if hand_on else [],
        "pace": queries.paces_of([entry.key_result for entry in entries], on, actor.organisation),
        "policies": queries.policies_behind(
            then=[(entry.key_result.objective.period, found.at) for entry in entries]
        ),
        "form": form or forms.ReplyForm(),
    }


def _others(actor: access.Actor, versions: list[CheckIn], shown: CheckIn) -> list[CheckIn]:
    """What else was reported on the week and is this reader's to read: a correction hides nothing."""
    keys = [each.pk for each in versions if each.pk != shown.pk]
    if not keys:
        return []
    rows = queries.with_conversation(queries.readable_by(actor).filter(pk__in=keys), actor)
    return queries.as_read(rows.order_by("-number"), actor)


@access.member(writes=True)
def reply(request: HttpRequest, check_in_id: uuid.UUID) -> HttpResponse:
    """GET: the form, for the row it opens in. POST: the answer; without text it says "read"."""
    actor = request.actor
    found, line = _readable(request, check_in_id)
    access.require(rules.can_reply(actor, found, line, queries.helpers_of(found)))
    # The row stands on the manager's page, whole; nobody else is shown it.
    is_row = bool(request.headers.get("HX-Request")) and actor.person_id in line
    if request.method != "POST":
        if not is_row:
            return redirect("okr:conversation", found.pk)
        return _team_row(request, found, opens=True)
    form = forms.ReplyForm(request.POST)
    if form.is_valid() and not form.cleaned_data["text"].strip() and "read" not in request.POST:
        form.add_error("text", _("Write something first, or mark it as read."))
    if form.is_valid():
        try:
            actions.reply_to_check_in(
                check_in=found,
                text=form.cleaned_data["text"],
                key=once.key_of(request, request.POST),
                by=actor,
                at=timezone.now(),
            )
        except actions.CheckInRefused as refusal:
            form.add_error("text", str(refusal.message))
    if not form.is_valid():
        if is_row:
            return _team_row(request, found, opens=True, form=form)
        return render(request, "okr/conversation.html", _conversation(request, check_in_id, form), status=422)
    text = _("Answered.") if form.cleaned_data["text"].strip() else _("Marked as read.")
    if not is_row:
        messages.success(request, text)
        return redirect("okr:conversation", found.pk)
    response = _team_row(request, found, opens=False)
    trigger_client_event(response, "todo:changed", {})
    return trigger_client_event(response, "toast", {"text": text, "level": "good"})


def _hand_on_form(request: HttpRequest, found: CheckIn, data: Any = None) -> forms.HandOnForm | None:
    """For whoever's help is waited for; nobody else can hand it on."""
    actor = request.actor
    if actor.only_reads or not queries.waits_for_help(found, actor.person_id):
        return None
    others = people.nearest(actor.person_id, people.today(actor.organisation))
    return forms.HandOnForm(data, people=others.exclude(pk=found.person_id))


@require_POST
@access.member
def hand_on(request: HttpRequest, check_in_id: uuid.UUID) -> HttpResponse:
    """Asks somebody else to help in my place."""
    actor = request.actor
    found, _line = _readable(request, check_in_id)
    form = _hand_on_form(request, found, request.POST)
    access.require(form is not None)
    if form is not None and form.is_valid():
        try:
            actions.hand_on(check_in=found, by=actor, at=timezone.now(), **form.cleaned_data)
        except actions.CheckInRefused as refusal:
            refusals.place(form, refusal)
        else:
            messages.success(request, _("Handed on."))
            return redirect("okr:conversation", found.pk)
    return render(
        request, "okr/conversation.html", _conversation(request, check_in_id, hand_on=form), status=422
    )


def _team_row(request: HttpRequest, found: CheckIn, *, opens: bool, form: Any = None) -> HttpResponse:
    """The row of the manager's page; with its form where that was opened, or refused (422)."""
    actor = request.actor
    today = people.today(actor.organisation)
    (row,) = queries.team_week(
        [found.person], found.week_starts_on, today=today, organisation=actor.organisation
    )
    context = {"row": row, "opens": opens, "form": form, "is_asked": opens}
    return render(request, "okr/_team_row.html", context, status=200 if form is None else 422)


@access.member
@require_POST
def mark_read(request: HttpRequest) -> HttpResponse:
    """Acknowledges every check-in of my reports this week that asks nothing and that I have not answered."""
    actor = request.actor
    access.require(not actor.only_reads)
    entries = queries.unread_by(actor, people.today(actor.organisation))
    count = actions.acknowledge_check_ins(entries=entries, by=actor, at=timezone.now())
    messages.success(request, _("Marked as read: %(count)s.") % {"count": count})
    return redirect("okr:my_team")
