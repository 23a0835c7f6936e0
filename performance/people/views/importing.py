"""Import of people: file → columns → dry run → apply."""

import csv
import datetime
import io
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from performance.foundation import access, refusals, sheets
from performance.people import actions, forms, queries, rules
from performance.people.actions.importing import apply, columns
from performance.people.models import PeopleImport
from performance.people.views import frame

SHOWN = 25


def _upload(request: HttpRequest, import_id: uuid.UUID) -> PeopleImport:
    return access.get_or_404(queries.people_imports(), pk=import_id)


def _steps(current: str, upload: PeopleImport | None) -> dict[str, Any]:
    return {"step": current, "upload": upload, "report": upload.report if upload else {}}


@require_http_methods(["GET", "POST"])
@access.role("hr", writes=True)
def import_people(request: HttpRequest) -> HttpResponse:
    """Takes the file."""
    form = forms.UploadForm(request.POST or None, request.FILES or None)
    made: list[PeopleImport] = []

    def write() -> None:
        file = form.cleaned_data["file"]
        made.append(
            actions.upload_people(
                file_name=file.name,
                content=file.read(),
                by=request.actor,
                at=timezone.now(),
            )
        )

    if request.method == "POST":
        access.require(rules.can_edit_people(request.actor))
        if frame.attempt(form, write):
            step = "people:import_check" if made[0].checked_at else "people:import_columns"
            return redirect(step, made[0].pk)
    context = frame.people_frame(request, "directory") | _steps("file", None)
    context |= {"form": form, "earlier": _earlier(), "fields": columns.FIELDS}
    return render(request, "people/import_people.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@access.role("hr", writes=True)
def import_columns(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Which column means what; guessed, and changed here."""
    upload = _upload(request, import_id)
    sheet = sheets.read_sheet(bytes(upload.content), upload.file_name)
    form = forms.ColumnsForm(request.POST or None, headers=sheet.headers, mapping=upload.mapping)

    def write() -> None:
        actions.map_columns(upload=upload, mapping=form.mapping(), at=timezone.now())

    if request.method == "POST":
        access.require(rules.can_edit_people(request.actor))
        if frame.attempt(form, write):
            return redirect("people:import_check", upload.pk)
    context = frame.people_frame(request, "directory") | _steps("columns", upload)
    context |= {"form": form, "rows": len(sheet.rows), "sample": _sample(sheet)}
    return render(request, "people/import_columns.html", context, status=422 if form.is_bound else 200)


@require_GET
@access.role("hr")
def import_check(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """The dry run, or the report of an import that was applied."""
    upload = _upload(request, import_id)
    if upload.checked_at is None:
        return redirect("people:import_columns", upload.pk)
    return render(request, "people/import_check.html", _result(request, upload))


@require_POST
@access.role("hr")
def import_mend(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Another text for a wrong cell, a row left out, another day; then the file is tried out again."""
    access.require(rules.can_edit_people(request.actor))
    upload = _upload(request, import_id)
    if upload.checked_at is None:
        return redirect("people:import_columns", upload.pk)
    now = timezone.now()
    leave_out = request.POST.get("leave_out", "")
    form = forms.ApplyForm(request.POST)
    if leave_out.isdecimal():
        upload = actions.leave_row_out(upload=upload, row=int(leave_out), at=now)
    elif "starts_on" in request.POST and form.is_valid():
        upload = actions.start_changes_on(upload=upload, at=now, **form.cleaned_data)
    texts = {key: str(value) for key, value in request.POST.items() if sheets.CELL.fullmatch(key)}
    if texts and not leave_out:
        upload = actions.mend_cells(upload=upload, texts=texts, at=now)
    if request.htmx:
        wrong = (error["cell"] for error in upload.report["errors"])
        context = _result(request, upload) | {"focus": sheets.to_mend_next(wrong, texts) if texts else ""}
        return render(request, "people/_import_result.html", context)
    return redirect("people:import_check", upload.pk)


@require_POST
@access.role("hr")
def import_apply(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Saves everything or nothing."""
    access.require(rules.can_edit_people(request.actor))
    upload = _upload(request, import_id)
    if upload.checked_at is None:
        return redirect("people:import_columns", upload.pk)
    try:
        upload = actions.apply_import(upload=upload, by=request.actor, at=timezone.now())
    except refusals.Refused as refusal:
        if refusal.status == 409 and upload.applied_at is None:
            upload = actions.check_import(upload=upload, at=timezone.now())
        context = _result(request, upload) | {"refusal": refusal}
        return render(request, "people/import_check.html", context, status=refusal.status)
    count = upload.report["counts"]["new"] + upload.report["counts"]["changed"]
    text = ngettext("%(count)s person was saved", "%(count)s people were saved", count) % {"count": count}
    return frame.saved(request, text, "people:import_check", upload.pk)


@require_POST
@access.role("hr")
def import_undo(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    access.require(rules.can_edit_people(request.actor))
    upload = _upload(request, import_id)
    actions.undo_import(upload=upload, by=request.actor, at=timezone.now())
    return frame.saved(request, _("The import was taken back"), "people:import_people")


@require_GET
@access.member
def import_template(request: HttpRequest) -> HttpResponse:
    """A file with the column names and one made-up row."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([str(columns.BY_KEY[key].label) for key in columns.TEMPLATE])
    writer.writerow(
        [
            "A-001",
            "Lin Yue",
            "林悦",
            "lin.yue@example.com",
            "Planner",
            "Chengdu",
            "Store Operations",
            "",
            "2024-03-04",
        ]
    )
    response = HttpResponse("\ufeff" + file.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="people-template.csv"'
    return response


def _result(request: HttpRequest, upload: PeopleImport) -> dict[str, Any]:
    report = upload.report
    shown = {} if request.GET.get("all") else {"new": SHOWN, "changed": SHOWN, "errors": SHOWN}
    counts = report["counts"]
    return (
        frame.people_frame(request, "directory")
        | _steps("apply" if upload.applied_at else "check", upload)
        | {
            "counts": counts,
            "errors": report["errors"][: shown.get("errors")],
            "new": [{**row, "joins": _day(row["joins"])} for row in report["new"][: shown.get("new")]],
            "changed": [_labelled(row) for row in report["changed"][: shown.get("changed")]],
            "all_shown": bool(request.GET.get("all")),
            "starts_on": report["starts_on"],
            "assumed": [(text, _day(day)) for text, day in report.get("assumed", ())],
            "to_save": counts["new"] + counts["changed"],
            "is_ready": not counts["errors"] and counts["new"] + counts["changed"] > 0,
            "undo_until": upload.applied_at and upload.applied_at + apply.UNDO_LASTS,
            "can_undo": _can_undo(upload),
            "earlier": _earlier(),
        }
    )


def _labelled(row: dict[str, Any]) -> dict[str, Any]:
    fields = [{**field, "label": columns.BY_KEY[field["field"]].label} for field in row["fields"]]
    return {**row, "fields": fields, "from": _day(row["from"])}


def _day(text: str) -> datetime.date | None:
    """A day as the report keeps it; a person without one has none."""
    return datetime.date.fromisoformat(text) if text else None


def _can_undo(upload: PeopleImport) -> bool:
    if upload.applied_at is None or upload.undone_at is not None:
        return False
    return timezone.now() <= upload.applied_at + apply.UNDO_LASTS


def _earlier() -> Any:
    return queries.applied_imports()[:5]


def _sample(sheet: sheets.Sheet) -> dict[str, Any]:
    return {
        "columns": [
            {"letter": sheets.letter(index), "name": header} for index, header in enumerate(sheet.headers)
        ],
        "rows": [
            {"number": number, "cells": [{"value": text} for text in texts]}
            for number, texts in sheet.rows[:4]
        ],
    }
