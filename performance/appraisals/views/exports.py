"""Exports: the form, progress, stopping, and the file."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from performance.appraisals import actions, forms, queries, rules, tasks
from performance.appraisals.models import Cycle, Export, ExportFormat
from performance.appraisals.views.finding import cycle_seen
from performance.foundation import access, downloads, jobs, refusals


@require_http_methods(["GET", "POST"])
@access.role("hr", writes=True)
def export(request: HttpRequest, cycle_id: uuid.UUID) -> HttpResponse:
    """Chooses format and columns; the filter of the list comes along in the address and is kept."""
    access.require(rules.can_export(request.actor))
    found = cycle_seen(request, cycle_id)
    filters = _filters(request.GET)
    layout = queries.layout_asked_for(
        request.actor, request.POST.get("layout") or request.GET.get("layout", "")
    )
    if request.method == "GET":
        begun = {"layout": request.GET.get("layout", "")} | ({"format": ExportFormat.CSV} if layout else {})
        return _form_page(request, found, forms.ExportForm(initial=begun), filters, layout)
    sent = request.POST.copy()
    if "columns" not in sent and "quick" in sent:
        sent.setlist("columns", list(queries.DEFAULT_COLUMNS))
    form = forms.ExportForm(sent)
    if form.is_valid():
        try:
            given = form.cleaned_data | {"layout": layout}
            asked = actions.request_export(
                cycle=found, filters=filters, by=request.actor, at=timezone.now(), **given
            )
        except refusals.Refused as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            jobs.nudge(tasks.write_export, str(asked.pk))
            return redirect("appraisals:cycle", found.pk)
    return _form_page(request, found, form, filters, layout, status=422)


@require_GET
@access.role("hr")
def export_state(request: HttpRequest, export_id: uuid.UUID) -> HttpResponse:
    """One export's row, asked for again and again while it is under way."""
    return _row(request, _visible(request, export_id))


@require_POST
@access.role("hr")
def stop_export(request: HttpRequest, export_id: uuid.UUID) -> HttpResponse:
    found = _visible(request, export_id)
    actions.stop_export(export=found, by=request.actor, at=timezone.now())
    if request.htmx:
        return _row(request, _visible(request, export_id))
    return redirect("appraisals:cycle", found.cycle_id)


@require_GET
@access.role("hr")
def download(request: HttpRequest, export_id: uuid.UUID) -> Any:
    """The file, or the rest of it, as an attachment. Each time is an audit row."""
    found = _visible(request, export_id)
    part = downloads.part_asked_for(request, found.bytes or 0, found.sha256)
    path = actions.download_export(export=found, by=request.actor, at=timezone.now(), part=part)
    return downloads.attachment(
        path, name=found.file_name, content_type=found.content_type, sha256=found.sha256, part=part
    )


def rows_of(exports: Iterable[Export]) -> list[dict[str, Any]]:
    """Each export with the job that its row shows while it is under way."""
    return [{"export": export, "job": _job(export) if export.is_open else None} for export in exports]


def _job(export: Export) -> dict[str, Any]:
    return {
        "id": f"export-{export.pk}",
        "title": export.get_format_display(),
        "state": "running",
        "done": export.done,
        "total": export.total,
        "url": reverse("appraisals:export_state", args=[export.pk]),
        "stop_url": reverse("appraisals:stop_export", args=[export.pk]),
    }


def _visible(request: HttpRequest, export_id: uuid.UUID) -> Export:
    return access.get_or_404(queries.exports_visible_to(request.actor), pk=export_id)


def _filters(given: QueryDict) -> queries.Filters:
    return queries.Filters.from_mapping({key: given.get(key, "") for key in given})


def _form_page(
    request: HttpRequest,
    found: Cycle,
    form: forms.ExportForm,
    filters: queries.Filters,
    layout: queries.Chosen | None,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "nav": "performance",
        "cycle": found,
        "form": form,
        "layout": layout,
        "layouts": [
            ("", _("Own choice")),
            (queries.PAYROLL, queries.payroll().name),
            *((str(saved.pk), saved.name) for saved in queries.layouts_visible_to(request.actor)),
        ],
        "asked_layout": form["layout"].value() or "",
        "filter_notes": queries.filter_in_words(filters.kept),
    }
    return render(request, "appraisals/export.html", context, status=status)


def _row(request: HttpRequest, found: Export) -> HttpResponse:
    [row] = rows_of([found])
    context = {"row": row, "can_export": rules.can_export(request.actor)}
    return render(request, "appraisals/_export.html", context)
