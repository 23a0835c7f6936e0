"""Layouts of exports: the list, and the page on which one is written."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from performance.appraisals import actions, forms, queries, rules
from performance.appraisals.models import ExportLayout
from performance.foundation import access, refusals


@require_GET
@access.role("hr")
def layouts(request: HttpRequest) -> HttpResponse:
    """Every layout of the organisation, and the one for payroll, which nobody changes."""
    saved = queries.layouts_visible_to(request.actor)
    context = {
        "nav": "performance",
        "rows": [(layout, queries.chosen(layout)) for layout in saved],
        "payroll": queries.payroll(),
        "can_change": rules.can_export(request.actor),
    }
    return render(request, "appraisals/layouts.html", context)


@require_http_methods(["GET", "POST"])
@access.role("hr", writes=True)
def new_layout(request: HttpRequest) -> HttpResponse:
    return _written(request, None)


@require_http_methods(["GET", "POST"])
@access.role("hr", writes=True)
def layout(request: HttpRequest, layout_id: uuid.UUID) -> HttpResponse:
    return _written(request, _visible(request, layout_id))


@require_POST
@access.role("hr", writes=True)
def remove_layout(request: HttpRequest, layout_id: uuid.UUID) -> HttpResponse:
    actions.remove_layout(layout=_visible(request, layout_id), by=request.actor, at=timezone.now())
    return redirect("appraisals:layouts")


def _visible(request: HttpRequest, layout_id: uuid.UUID) -> ExportLayout:
    return access.get_or_404(queries.layouts_visible_to(request.actor), pk=layout_id)


def _written(request: HttpRequest, found: ExportLayout | None) -> HttpResponse:
    access.require(rules.can_export(request.actor))
    kept = queries.chosen(found) if found else None
    form = forms.LayoutForm(request.POST or None, kept=kept)
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_layout(
                layout=found,
                name=form.cleaned_data["name"],
                columns=form.columns(),
                by=request.actor,
                at=timezone.now(),
            )
        except refusals.Refused as refusal:
            form.add_error("name" if refusal.field == "name" else None, refusal.message)
        else:
            return redirect("appraisals:layouts")
    context = {"nav": "performance", "form": form, "layout": found}
    return render(request, "appraisals/layout.html", context, status=422 if form.errors else 200)
