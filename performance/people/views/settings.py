"""Settings of the organisation: itself, its calendar, roles, periods, and the log."""

import datetime
import uuid
from collections import defaultdict
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import dates, timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from performance.foundation import access, deeds
from performance.people import actions, forms, queries, rules
from performance.people.actions.organisations import EDITABLE
from performance.people.models import FiscalPattern, Period, PeriodKind, PeriodState, Person, Role
from performance.people.views import frame

AUDIT_PAGE = 50


@require_http_methods(["GET", "POST"])
@access.role("administrator", "hr")
def settings(request: HttpRequest) -> HttpResponse:
    """Names, languages, time zone, currency, fiscal calendar, visibility of goals."""
    actor = request.actor
    organisation = actor.organisation
    initial = {key: getattr(organisation, key) for key in EDITABLE}
    form = forms.OrganisationForm(request.POST or None, initial=initial)

    def write() -> None:
        actions.edit_organisation(
            organisation=organisation, fields=form.cleaned_data, by=actor, at=timezone.now()
        )

    if request.method == "POST":
        access.require(rules.can_administer(actor))
        if frame.attempt(form, write):
            return frame.saved(request, _("Saved"), "people:settings")
    on = frame.today(request)
    quarter = queries.fiscal_quarter(organisation, on)
    context = frame.settings_frame(request, "organisation") | {
        "form": form,
        "organisation": organisation,
        "quarters": [
            (each, queries.months_of(organisation, each))
            for each in (quarter, queries.next_quarter(organisation, quarter))
        ],
    }
    return render(request, "people/settings.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@access.role("administrator", "hr")
def calendar(request: HttpRequest) -> HttpResponse:
    """Which days are worked: the country's rule, and the days on which we differ."""
    actor = request.actor
    form = forms.CalendarDayForm(request.POST or None, initial={"is_worked": ""})

    def write() -> None:
        actions.set_calendar_day(**form.cleaned_data, by=actor, at=timezone.now())

    if request.method == "POST":
        access.require(rules.can_edit_calendar(actor))
        if frame.attempt(form, write):
            return frame.saved(request, _("The day is noted"), "people:calendar")
    on = frame.today(request)
    work_days = queries.work_days(actor.organisation)
    context = frame.settings_frame(request, "calendar") | {
        "form": form,
        "own_days": queries.own_days(),
        "special_days": queries.special_days(work_days, on),
        "country": queries.country_name(actor.organisation.country),
    }
    return render(request, "people/calendar.html", context, status=422 if form.is_bound else 200)


@require_POST
@access.role("administrator", "hr")
def clear_calendar_day(request: HttpRequest, day_id: uuid.UUID) -> HttpResponse:
    actor = request.actor
    access.require(rules.can_edit_calendar(actor))
    day = access.get_or_404(queries.own_days().select_related("calendar"), pk=day_id)
    actions.clear_calendar_day(day=day, by=actor, at=timezone.now())
    return frame.saved(request, _("The day follows the country's rule again"), "people:calendar")


@require_http_methods(["GET", "POST"])
@access.role("administrator", "hr")
def roles(request: HttpRequest) -> HttpResponse:
    """Who holds which role, and what to be aware of."""
    actor = request.actor
    on = frame.today(request)
    form = forms.GrantForm(request.POST or None, on=on)

    def write() -> None:
        actions.grant_role(**form.cleaned_data, by=actor, at=timezone.now())

    if request.method == "POST":
        access.require(rules.can_grant_roles(actor))
        if frame.attempt(form, write):
            return frame.saved(request, _("The role was given"), "people:roles")
    context = frame.settings_frame(request, "roles") | {
        "form": form,
        "holders": _holders(),
        "roles": _role_cards(),
        "managers": queries.managers(on)[:100],
    }
    return render(request, "people/roles.html", context, status=422 if form.is_bound else 200)


@require_POST
@access.role("administrator")
def revoke_role(request: HttpRequest, person_id: uuid.UUID, role: str) -> HttpResponse:
    actor = request.actor
    access.require(rules.can_grant_roles(actor))
    person = access.get_or_404(queries.people_visible_to(actor), pk=person_id)
    actions.revoke_role(person=person, role=role, by=actor, at=timezone.now())
    return frame.saved(request, _("The role was taken back"), "people:roles")


def _holders() -> list[dict[str, Any]]:
    held: dict[Person, list[Any]] = defaultdict(list)
    for grant in queries.grants():
        held[grant.person].append(grant)
    return [
        {
            "person": person,
            "grants": grants,
            "conflicts": rules.role_conflicts({grant.role for grant in grants}),
        }
        for person, grants in held.items()
    ]


def _role_cards() -> list[tuple[str, str]]:
    return [
        (str(Role.HR.label), _("Keeps people, opens periods and appraisal cycles, exports results.")),
        (str(Role.ADMINISTRATOR.label), _("Settings, roles and connections to data.")),
        (
            str(Role.BUSINESS_OWNER.label),
            _("Signs metric definitions and weight policies for the business side."),
        ),
        (
            str(Role.FINANCE_OWNER.label),
            _("Signs metric definitions and weight policies for the finance side."),
        ),
        (str(Role.AUDITOR.label), _("Reads everything and writes nothing.")),
    ]


@require_http_methods(["GET", "POST"])
@access.member
def periods(request: HttpRequest) -> HttpResponse:
    """Every period with its state and locks; HR opens the next one here."""
    actor = request.actor
    form = forms.PeriodForm(request.POST or None, initial=_next_period(actor.organisation, request))

    def write() -> None:
        actions.open_period(**form.cleaned_data, by=actor, at=timezone.now())

    if request.method == "POST":
        access.require(rules.can_open_period(actor))
        if frame.attempt(form, write):
            return frame.saved(request, _("The period is open for planning"), "people:periods")
    context = frame.settings_frame(request, "periods") | {
        "form": form,
        "rows": _rows(request),
        "states": PeriodState,
        "reads_policies": rules.can_read_policies(actor),
    }
    return render(request, "people/periods.html", context, status=422 if form.is_bound else 200)


def _rows(request: HttpRequest) -> list[dict[str, Any]]:
    """Each period, with what whoever moves it on is told first: that its last day is still to come, and what is undone."""
    today, found = frame.today(request), list(queries.periods())
    left = queries.unfinished(found, timezone.now()) if rules.can_open_period(request.actor) else {}
    return [
        {"period": each, "is_early": each.ends_on > today, "left": left.get(each.pk, [])} for each in found
    ]


def _next_period(organisation: Any, request: HttpRequest) -> dict[str, Any]:
    """The first quarter from today's on that is not open yet, or month where one is asked for, named in both
    languages."""
    if request.GET.get("kind") == PeriodKind.MONTH:
        return _next_month(organisation, frame.today(request))
    taken = set(Period.objects.filter(kind="quarter").values_list("starts_on", flat=True))
    quarter = queries.fiscal_quarter(organisation, frame.today(request))
    while quarter.starts_on in taken:
        quarter = queries.next_quarter(organisation, quarter)
    return {
        "name_en": f"Q{quarter.number} {quarter.year}",
        "name_zh": f"{quarter.year}年第{'一二三四'[quarter.number - 1]}季度",
        "kind": "quarter",
        "starts_on": quarter.starts_on,
        "ends_on": quarter.ends_on,
    }


def _next_month(organisation: Any, on: datetime.date) -> dict[str, Any]:
    """Calendar months go by their name; those of weeks, which begin in one and end in another, by their number."""
    taken = set(Period.objects.filter(kind=PeriodKind.MONTH).values_list("starts_on", flat=True))
    month = queries.fiscal_month(organisation, on)
    while month.starts_on in taken:
        month = queries.next_month(organisation, month)
    is_named = organisation.fiscal_pattern == FiscalPattern.MONTHS
    first = month.starts_on
    with translation.override("en"):
        english = f"{dates.MONTHS[first.month]} {first.year}"
    return {
        "name_en": english if is_named else f"P{month.number} {month.year}",
        "name_zh": f"{first.year}年{first.month}月" if is_named else f"{month.year}年第{month.number}期",
        "kind": PeriodKind.MONTH,
        "starts_on": month.starts_on,
        "ends_on": month.ends_on,
    }


@require_POST
@access.role("hr")
def move_period(request: HttpRequest, period_id: uuid.UUID) -> HttpResponse:
    actor = request.actor
    access.require(rules.can_open_period(actor))
    period = access.get_or_404(queries.periods(), pk=period_id)
    period = actions.move_period(
        period=period,
        to=request.POST.get("to", ""),
        by=actor,
        at=timezone.now(),
        why=request.POST.get("why", ""),
    )
    text = _("%(period)s: %(state)s") % {"period": period, "state": period.get_state_display()}
    return frame.saved(request, text, "people:periods")


LOCKS = {
    "lock_goals": lambda **given: actions.lock_goals(**_without_why(given)),
    "unlock_goals": actions.unlock_goals,
    "lock_progress": lambda **given: actions.lock_progress(**_without_why(given)),
    "unlock_progress": actions.unlock_progress,
}


def _without_why(given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key != "why"}


@require_POST
@access.role("hr")
def lock_period(request: HttpRequest, period_id: uuid.UUID) -> HttpResponse:
    """Goals and progress lock separately; opening again asks for a reason."""
    actor = request.actor
    access.require(rules.can_open_period(actor))
    period = access.get_or_404(queries.periods(), pk=period_id)
    act = LOCKS.get(request.POST.get("what", ""))
    if act is None:
        return redirect("people:periods")
    act(period=period, by=actor, at=timezone.now(), why=request.POST.get("why", ""))
    return frame.saved(request, _("Saved"), "people:periods")


@require_GET
@access.role("administrator", "hr")
def audit_log(request: HttpRequest) -> HttpResponse:
    """Who did what, when, why; newest first."""
    access.require(rules.can_read_audit(request.actor))
    filters = forms.AuditFilters(request.GET).filters()
    rows = queries.log(**filters)
    page = Paginator(rows, AUDIT_PAGE).get_page(request.GET.get("page"))
    context = frame.settings_frame(request, "audit") | {
        "page": page,
        "rows": [
            (
                row,
                deeds.deed(row.action),
                deeds.subject(row.subject_label),
                deeds.told(row.action, row.subject_type, row.changes),
            )
            for row in queries.log_shown(request.actor, page)
        ],
        "words": filters["search"],
    }
    return render(request, "people/audit_log.html", context)


@require_GET
@access.role("administrator", "hr")
def first_run(request: HttpRequest) -> HttpResponse:
    """The set-up list for the home page, until everything on it is done. A panel, loaded by its address."""
    actor = request.actor
    steps = queries.setup_steps(actor.organisation, frame.today(request))
    done = sum(step.is_done for step in steps)
    if done == len(steps):
        return HttpResponse(status=204) if request.htmx else redirect("/")
    current = next(step.key for step in steps if not step.is_done)
    context = {
        "steps": steps,
        "done": done,
        "percent": 100 * done // len(steps),
        "current": current,
        "organisation": actor.organisation,
        "can_edit_people": rules.can_edit_people(actor),
        "form": forms.UploadForm(),
    }
    return render(request, "people/_card_first_run.html", context)
