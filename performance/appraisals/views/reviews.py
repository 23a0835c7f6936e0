"""Reviews: those that I owe, and one of them with its evidence beside it."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from performance.appraisals import actions, forms, queries, rules
from performance.appraisals.models import Citation
from performance.appraisals.views import reviewing
from performance.appraisals.views.finding import one_person
from performance.foundation import access, refusals
from performance.people import queries as people_queries


@require_GET
@access.member
def my_reviews(request: HttpRequest) -> HttpResponse:
    """What I owe and what I have sent, in cycles that are open."""
    on = people_queries.today(request.actor.organisation)
    context = {
        "nav": "performance",
        "tab": "appraisals",
        "reviews": queries.reviews_to_write(request.actor, on),
        "nominating": queries.entries_to_nominate(request.actor),
        "today": on,
    }
    return render(request, "appraisals/reviews.html", context)


@require_http_methods(["GET", "POST"])
@access.member
def review(request: HttpRequest, review_id: uuid.UUID) -> HttpResponse:
    """One review: written by whoever owes it, read by whoever may. POST saves what was typed and sends it if asked."""
    found = visible(request, review_id)
    if request.method == "GET":
        return render(request, "appraisals/review.html", reviewing.page(request, found))
    access.require(rules.can_write_review(request.actor, found) or not found.is_open)
    revision, at = forms.revision_of(request.POST), timezone.now()
    try:
        saved = actions.save_draft(
            review=found,
            answers=forms.answers_from(request.POST, queries.sections_for(found)),
            revision=revision,
            by=request.actor,
            at=at,
        )
        if request.POST.get("do") == "send":
            actions.submit_review(review=saved, revision=saved.revision, by=request.actor, at=at)
            messages.success(request, _("Sent. It stays as it is now."))
            return redirect("appraisals:my_reviews")
    except refusals.Refused as refusal:
        context = reviewing.page(request, visible(request, review_id), typed=request.POST, refusal=refusal)
        return render(request, "appraisals/review.html", context, status=refusal.status)
    messages.success(request, _("Saved"))
    return redirect("appraisals:my_reviews")


@require_POST
@access.member
def review_draft(request: HttpRequest, review_id: uuid.UUID) -> HttpResponse:
    """Saves what is typed. Answers only with when it was saved, never with the field in use."""
    found = visible(request, review_id)
    access.require(rules.can_write_review(request.actor, found) or not found.is_open)
    try:
        saved = actions.save_draft(
            review=found,
            answers=forms.answers_from(request.POST, queries.sections_for(found)),
            revision=forms.revision_of(request.POST),
            by=request.actor,
            at=timezone.now(),
        )
    except refusals.Refused as refusal:
        context = {"review": found, "refusal": refusal, "revision": request.POST.get("revision", "")}
        return render(request, "appraisals/_draft_state.html", context, status=refusal.status)
    return render(request, "appraisals/_draft_state.html", {"review": saved, "revision": saved.revision})


@require_POST
@access.member
def cite(request: HttpRequest, review_id: uuid.UUID) -> HttpResponse:
    """Takes something into a section."""
    found = visible(request, review_id)
    section = forms.key_of(request.POST.get("section"))
    actions.cite(
        review=found,
        section_id=section,
        kind=request.POST.get("kind", ""),
        subject=request.POST.get("subject", ""),
        by=request.actor,
        at=timezone.now(),
    )
    return _cited(request, found.pk)


@require_POST
@access.member
def uncite(request: HttpRequest, review_id: uuid.UUID, citation_id: uuid.UUID) -> HttpResponse:
    found = visible(request, review_id)
    citation = access.get_or_404(Citation.objects.filter(review=found), pk=citation_id)
    actions.uncite(citation=citation, by=request.actor, at=timezone.now())
    return _cited(request, found.pk)


def _cited(request: HttpRequest, review_id: uuid.UUID) -> HttpResponse:
    if not request.htmx:
        return redirect("appraisals:review", review_id)
    context = reviewing.page(request, visible(request, review_id))
    return render(request, "appraisals/_cited.html", context | {"swap": True})


@require_POST
@access.member
def delegate(request: HttpRequest, review_id: uuid.UUID) -> HttpResponse:
    """Somebody else writes it, for a reason; without a name it comes back."""
    found = visible(request, review_id)
    form = forms.DelegateForm(request.POST)

    def write() -> Any:
        words = form.cleaned_data["person"]
        person = one_person(form, queries.person_to_add(words)) if words else None
        if words and person is None:
            return None
        return actions.delegate_review(
            review=found,
            to=person.pk if person else None,
            reason=form.cleaned_data["reason"],
            by=request.actor,
            at=timezone.now(),
        )

    if refusals.attempt(form, write) is not None:
        messages.success(request, _("Handed on. The reason is kept."))
        return redirect("appraisals:my_reviews")
    context = reviewing.page(request, visible(request, review_id), delegate_form=form)
    return render(request, "appraisals/review.html", context, status=422)


@require_POST
@access.member
def decline(request: HttpRequest, review_id: uuid.UUID) -> HttpResponse:
    return _with_reason(request, review_id, actions.decline_review, _("Declined. Your reason is kept."))


@require_POST
@access.role("hr")
def excuse(request: HttpRequest, review_id: uuid.UUID) -> HttpResponse:
    return _with_reason(request, review_id, actions.excuse_review, _("Excused. The reason is kept."))


@require_POST
@access.role("hr")
def reopen(request: HttpRequest, review_id: uuid.UUID) -> HttpResponse:
    return _with_reason(request, review_id, actions.reopen_review, _("Back with its writer."))


def _with_reason(
    request: HttpRequest, review_id: uuid.UUID, act: Callable[..., Any], words: str
) -> HttpResponse:
    found = visible(request, review_id)
    form = forms.ReasonForm(request.POST)

    def write() -> Any:
        return act(review=found, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now())

    if refusals.attempt(form, write) is not None:
        messages.success(request, words)
        if rules.can_run_cycles(request.actor):
            return redirect("appraisals:progress", found.entry.cycle_id)
        return redirect("appraisals:my_reviews")
    context: Mapping[str, Any] = reviewing.page(request, visible(request, review_id), reason_form=form)
    return render(request, "appraisals/review.html", context, status=422)


def visible(request: HttpRequest, review_id: uuid.UUID) -> Any:
    on = people_queries.today(request.actor.organisation)
    return access.get_or_404(queries.reviews_visible_to(request.actor, on), pk=review_id)
