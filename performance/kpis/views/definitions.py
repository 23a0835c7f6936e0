"""The library, a definition, and the steps of its life."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from performance.foundation import access, going, jobs, refusals
from performance.foundation.components import formats
from performance.kpis import actions, queries, rules, tasks, units
from performance.kpis.models import Metric, MetricVersion, Side, VersionState
from performance.kpis.queries import flows, live, pages, readings
from performance.kpis.queries import library as catalogue
from performance.kpis.views import asking
from performance.people import queries as people

#: Words of a search in the library.
LONGEST_SEARCH = 80


@access.member
def library(request: asking.MemberRequest) -> HttpResponse:
    """?q=…&state=review&owner=…&page=2; a state that is none is every state."""
    actor, words = request.actor, request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    state = next((each for each in catalogue.STATES if each == request.GET.get("state")), "")
    owner = asking.id_of(request, "owner")
    rows, page = catalogue.library(actor, words=words, state=state, owner=owner, page=asking.page_of(request))
    context = {
        "nav": "metrics",
        "rows": rows,
        "page_obj": page,
        "words": words,
        "state": state,
        "owner": owner,
        "owners": catalogue.owners_of_metrics(actor),
        "states": [
            ("", _("All")),
            (VersionState.CERTIFIED, _("Certified")),
            (VersionState.REVIEW, _("In review")),
            (VersionState.DRAFT, _("Drafts")),
            (VersionState.DEPRECATED, _("Retired")),
        ],
        "labels": queries.labels_for([]),
        "can_draft": rules.can_draft_metric(actor),
        "can_import": rules.can_import_targets(actor),
    }
    return render(request, "kpis/library.html", context)


@access.member
def metric(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """The definition: one version at a time, ?version=5; the one in force, or the open one, by default."""
    found = access.get_or_404(queries.visible_metrics(request.actor), pk=pk)
    number = request.GET.get("version", "")
    return render(request, "kpis/metric.html", definition_context(request, found, number))


def definition_context(request: asking.MemberRequest, found: Metric, number: str) -> dict[str, Any]:
    actor, today = request.actor, people.today(request.actor.organisation)
    versions = list(
        queries.visible_versions(actor)
        .filter(metric=found)
        .prefetch_related("signatures__person")
        .order_by("-number")
    )
    in_force = queries.versions_in_force(today, [found.pk]).get(found.pk)
    opened = next((version for version in versions if version.is_open), None)
    chosen = next((version for version in versions if str(version.number) == number), None)
    shown = chosen or opened or in_force or versions[0]
    shown.metric = found
    line = queries.lineage(shown, today)
    sight = queries.sight_of(actor)
    total = queries.value_at(found.key, {}, queries.latest_month([found.pk]) or today, sight=sight)
    users = flows.users_of(found)
    impact = queries.impact_of(shown, actor)
    return {
        "nav": "metrics",
        "metric": found,
        "version": shown,
        "versions": versions,
        "in_force": in_force,
        "opened": opened,
        "total": total if total and total.version_id == shown.pk else None,
        "previewed": next((row for row in reversed(impact.months) if row.after is not None), None),
        "other_name": pages.other_name(found),
        "reading": pages.reading_of(shown, line),
        "over": readings.over_words(shown) if shown.is_cumulative else "",
        "asked": live.answer_of(shown).newest if queries.stays_at_source(shown) else None,
        "stays_at_source": queries.stays_at_source(shown),
        "line": line,
        "flow": flows.flow(shown, line, users, impact.uses),
        "filters": [pages.filter_words(given) for given in shown.filters],
        "labels": queries.labels_for([]),
        "shared_out": queries.shared_out_words(shown),
        "sides": pages.signature_cards(actor, shown),
        "unsigned": queries.unsigned_inputs(shown) if shown.is_open else [],
        "signed": sum(1 for _one in shown.signatures.all()),
        "impact": impact,
        "tied": queries.tie_out_of(shown, on=today, sight=sight),
        "can_explain": rules.can_explain_tie_out(actor, shown),
        "is_bare_money": shown.is_base and not shown.tie_out and units.parse(shown.unit).is_money,
        "can_edit": rules.can_edit_metric(actor, found),
        "can_edit_draft": rules.can_edit_draft(actor, shown),
        "can_decline": rules.can_decline(actor, shown),
        "can_retire": rules.can_retire_metric(actor, found) and in_force is not None,
        "can_revise": rules.can_edit_metric(actor, found) and opened is None and found.retired_at is None,
        "tab": "definition",
    }


def _version(request: asking.MemberRequest, pk: uuid.UUID) -> MetricVersion:
    return access.get_or_404(queries.visible_versions(request.actor), pk=pk)


def _address(version: MetricVersion) -> str:
    return f"{reverse('kpis:metric', args=[version.metric_id])}?version={version.number}"


def _card(
    request: asking.MemberRequest, version: MetricVersion, status: int = 200, refused: Any = None
) -> HttpResponse:
    """The signatures card again, after a step on it."""
    context = definition_context(request, version.metric, str(version.number)) | {"refused": refused}
    return render(request, "kpis/_card_sign.html", context, status=status)


@require_POST
@access.member
def submit(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    version = _version(request, pk)
    access.require(rules.can_edit_draft(request.actor, version))
    try:
        actions.submit_for_review(version=version, by=request.actor, at=timezone.now())
    except refusals.Refused as refused:
        messages.error(request, str(refused))
        if refused.field == "tie_out_reason":
            # To the field that it is about, which says the same beside it.
            return redirect(reverse("kpis:edit", args=[version.pk]) + "?asked=reason#card-tied")
    else:
        if queries.stays_at_source(version):
            jobs.nudge(tasks.refresh_stale_values)
        messages.success(request, _("Both owners are asked to sign."))
    return redirect(_address(version))


@require_POST
@access.member
def sign(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """One owner signs the own side."""
    version = _version(request, pk)
    side = rules.side_of(request.actor, version.metric) or ""
    access.require(side in Side.values and (rules.can_sign(request.actor, version, side)))
    try:
        certified = actions.sign_version(
            version=version,
            side=side,
            note=request.POST.get("note", "").strip(),
            seen=request.POST.get("seen", ""),
            by=request.actor,
            at=timezone.now(),
        )
    except refusals.Refused as refused:
        if request.headers.get("HX-Request"):
            return _card(request, version, status=refused.status, refused=refused)
        messages.error(request, str(refused))
        return redirect(_address(version))
    if certified:
        jobs.nudge(tasks.refresh_stale_values)
        words = {"number": version.number, "day": formats.day(version.effective_from)}
        said = _("Version %(number)s is certified, in force from %(day)s.") % words
    else:
        said = _("Signed. The other side is asked too.")
    messages.success(request, said)
    return going.go_to(request, _address(version))


@require_POST
@access.member
def decline(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Sends a version back with a reason."""
    version = _version(request, pk)
    access.require(rules.can_decline(request.actor, version))
    reason = request.POST.get("reason", "")
    try:
        actions.decline_version(version=version, reason=reason, by=request.actor, at=timezone.now())
    except refusals.Refused as refused:
        if refused.field == "reason":
            context = definition_context(request, version.metric, str(version.number))
            context |= {"decline_refused": refused, "decline_typed": reason}
            return render(request, "kpis/metric.html", context, status=refused.status)
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Sent back with your reason."))
    return redirect(_address(version))


@require_POST
@access.member
def explain_tie_out(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """An owner says why the months that are off differ."""
    version = _version(request, pk)
    access.require(rules.can_explain_tie_out(request.actor, version))
    reason = request.POST.get("reason", "")
    try:
        actions.explain_tie_out(version=version, reason=reason, by=request.actor, at=timezone.now())
    except refusals.Refused as refused:
        context = definition_context(request, version.metric, str(version.number))
        context |= {"explain_refused": refused, "explain_typed": reason}
        return render(request, "kpis/metric.html", context, status=refused.status)
    messages.success(request, _("Your reason stands beside these months."))
    return redirect(_address(version) + "#card-tied")


@require_POST
@access.member
def retire(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    found = access.get_or_404(queries.visible_metrics(request.actor), pk=pk)
    access.require(rules.can_retire_metric(request.actor, found))
    reason = request.POST.get("reason", "").strip()
    try:
        actions.retire_metric(metric=found, reason=reason, by=request.actor, at=timezone.now())
    except refusals.Refused as refused:
        context = definition_context(request, found, "")
        if context["can_retire"]:
            context |= {"retire_refused": refused, "retire_typed": reason}
            return render(request, "kpis/metric.html", context, status=refused.status)
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Retired. What was computed stays."))
    return redirect("kpis:metric", pk=found.pk)
