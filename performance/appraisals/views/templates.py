"""Templates of reviews: the list, one version, publishing it and beginning the next."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from performance.appraisals import actions, forms, queries, rules
from performance.appraisals.models import TemplateVersion
from performance.foundation import access, refusals


@require_http_methods(["GET", "POST"])
@access.role("hr")
def templates(request: HttpRequest) -> HttpResponse:
    """Every template with its versions. POST begins one from the usual sections."""
    form = forms.TemplateForm(request.POST or None)
    if request.method == "POST":

        def write() -> Any:
            return actions.start_template(by=request.actor, at=timezone.now(), **form.cleaned_data)

        started = refusals.attempt(form, write)
        if started is not None:
            return redirect("appraisals:template", started.pk)
    context = {
        "nav": "performance",
        "tab": "appraisals",
        "templates": list(queries.templates_seen()),
        "form": form,
        "can_edit": rules.can_edit_templates(request.actor),
    }
    return render(request, "appraisals/templates.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@access.role("hr")
def template(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """One version: a draft is a form, a published one is read."""
    found = access.get_or_404(queries.version_seen(), pk=version_id)
    if request.method == "GET":
        return _page(request, found)
    formset: Any = forms.SectionFormSet(request.POST, prefix="s")
    if formset.is_valid():
        try:
            sections = [form.section() for form in formset.in_order()]
            actions.save_sections(version=found, sections=sections, by=request.actor, at=timezone.now())
        except refusals.Refused as refusal:
            if refusal.code == "conflict":
                raise
            return _page(request, found, formset, refusal.message, status=422)
        messages.success(request, _("Saved"))
        return redirect("appraisals:template", found.pk)
    return _page(request, found, formset, status=422)


@require_POST
@access.role("hr")
def publish_template(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    found = access.get_or_404(queries.version_seen(), pk=version_id)
    try:
        actions.publish_version(
            version=found, note=request.POST.get("note", ""), by=request.actor, at=timezone.now()
        )
    except refusals.Refused as refusal:
        if refusal.code == "conflict":
            raise
        return _page(request, found, why_not=refusal.message, status=422)
    messages.success(request, _("Published. Cycles can be opened with it."))
    return redirect("appraisals:template", found.pk)


@require_POST
@access.role("hr")
def revise_template(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    found = access.get_or_404(queries.version_seen(), pk=version_id)
    draft = actions.revise_template(template=found.template, by=request.actor, at=timezone.now())
    return redirect("appraisals:template", draft.pk)


def _page(
    request: HttpRequest,
    found: TemplateVersion,
    formset: Any = None,
    refused: str = "",
    why_not: str = "",
    status: int = 200,
) -> HttpResponse:
    sections = list(found.sections.all())
    edits = found.is_draft and rules.can_edit_templates(request.actor)
    if edits and formset is None:
        formset = forms.SectionFormSet(
            prefix="s", initial=[forms.SectionForm.initial_of(section) for section in sections]
        )
    context = {
        "nav": "performance",
        "version": found,
        "sections": sections,
        "total": sum(section.weight_ppm for section in sections),
        "formset": formset if edits else None,
        "refused": refused,
        "why_not": why_not,
        "can_edit": rules.can_edit_templates(request.actor),
    }
    return render(request, "appraisals/template.html", context, status=status)
