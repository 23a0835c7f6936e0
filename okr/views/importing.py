"""Import of goals: file → dry run → apply."""

import csv
import io
import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from okr import actions, forms, queries, rules
from okr.actions.importing import cells, columns, reports, steps
from okr.models import GoalImport
from okr.models.objectives import KeyResultKind, ObjectiveType, Visibility
from performance.foundation import access, refusals, sheets
from performance.people import queries as people

SHOWN = 25


@require_http_methods(["GET", "POST"])
@access.member(writes=True)
def import_goals(request: HttpRequest) -> HttpResponse:
    """Takes the file, and the period it is for."""
    actor = request.actor
    periods = [each for each in people.periods() if rules.are_goals_open(each)]
    current = queries.period_to_plan(people.today(actor.organisation))
    initial = {"period": request.GET.get("period") or (str(current.pk) if current else "")}
    form = forms.GoalFileForm(request.POST or None, request.FILES or None, periods=periods, initial=initial)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = actions.upload_goals(
                file_name=file.name,
                content=file.read(),
                period=next(each for each in periods if str(each.pk) == form.cleaned_data["period"]),
                by=actor,
                at=timezone.now(),
            )
        except refusals.Refused as refusal:
            refusals.place(form, refusal)
        else:
            return redirect("okr:import_check", upload.pk)
    context = {
        "nav": "goals",
        "step": "file",
        "form": form,
        "periods": periods,
        "earlier": queries.recent_goal_imports(actor),
        "most_rows": steps.MAX_ROWS,
        "imports_for_all": rules.can_import_for_all(actor),
    }
    return render(request, "okr/import_goals.html", context, status=422 if form.is_bound else 200)


@require_GET
@access.member
def import_check(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """The dry run, or the report of an import that was applied."""
    return render(request, "okr/import_check.html", _result(request, _found(request, import_id)))


@require_POST
@access.member
def import_mend(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Another text for wrong cells; then the file is tried out again."""
    upload, form = _found(request, import_id), forms.ApplyGoalsForm()
    texts = {key: str(value) for key, value in request.POST.items() if sheets.CELL.fullmatch(key)}
    status = 200
    if texts:
        try:
            upload = actions.mend_goal_cells(upload=upload, texts=texts, by=request.actor, at=timezone.now())
        except refusals.Refused as refusal:
            form = forms.ApplyGoalsForm({})
            refusals.place(form, refusal)
            status = refusal.status
    if request.htmx:
        context = _result(request, upload, form) | {"focus": _go_on_with(upload, texts)}
        return render(request, "okr/_import_result.html", context, status=status)
    for text in (text for errors in form.errors.values() for text in errors):
        messages.error(request, str(text))
    return redirect(f"{reverse('okr:import_check', args=[upload.pk])}#card-errors")


def _go_on_with(upload: GoalImport, mended: Iterable[str]) -> str:
    """Where whoever mends goes on: the next wrong cell, else what applies the file."""
    wrong = (each["cell"] for error in reports.errors_of(upload.report) for each in error["cells"])
    return sheets.to_mend_next(wrong, mended) or "apply"


@require_POST
@access.member
def import_apply(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Everything or nothing."""
    actor = request.actor
    upload = _found(request, import_id)
    form = forms.ApplyGoalsForm(request.POST)
    if not form.is_valid():
        return render(request, "okr/import_check.html", _result(request, upload, form), status=422)
    try:
        upload = actions.apply_goal_import(upload=upload, by=actor, at=timezone.now(), **form.cleaned_data)
    except refusals.Refused as refusal:
        return _refused(request, upload, form, refusal)
    text = ngettext(
        "%(count)s objective was imported", "%(count)s objectives were imported", _to_save(upload)
    )
    messages.success(request, text % {"count": _to_save(upload)})
    return redirect("okr:import_check", upload.pk)


def _refused(
    request: HttpRequest, upload: GoalImport, form: forms.ApplyGoalsForm, refusal: refusals.Refused
) -> HttpResponse:
    """The reason stands beside its field; what was overtaken is checked anew and shown."""
    if refusal.status == 409:
        upload = _found(request, upload.pk)
        if upload.applied_at is None:
            upload = actions.check_goal_import(upload=upload, by=request.actor, at=timezone.now())
    refusals.place(form, refusal)
    return render(request, "okr/import_check.html", _result(request, upload, form), status=refusal.status)


@require_http_methods(["GET", "POST"])
@access.member(writes=True)
def import_take_back(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """First what would be taken back and what stays, and why; then it is done, for a reason."""
    actor = request.actor
    upload = _found(request, import_id)
    if not rules.can_take_import_back(actor, upload):
        return redirect("okr:import_check", upload.pk)
    form = forms.TakeBackForm(request.POST or None)
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            upload = actions.take_back_goal_import(
                upload=upload, by=actor, at=timezone.now(), **form.cleaned_data
            )
        except refusals.Refused as refusal:
            refusals.place(form, refusal)
            status = refusal.status
        else:
            messages.success(request, _("The import was taken back"))
            return redirect("okr:import_check", upload.pk)
    remains = queries.remains_of(upload, actor, people.today(actor.organisation))
    taken = [each for each in remains if each.is_taken_back]
    staying = [each for each in remains if not each.is_taken_back]
    most = _most(request)
    context = {
        "nav": "goals",
        "upload": upload,
        "form": form,
        "seen": queries.digest_of(remains),
        "taken": taken[:most],
        "staying": staying[:most],
        "taken_count": len(taken),
        "staying_count": len(staying),
        "are_goals_open": rules.are_goals_open(upload.period),
    }
    return render(request, "okr/import_take_back.html", context, status=status)


@require_GET
@access.member
def import_template(request: HttpRequest) -> HttpResponse:
    """A file with the names of the columns, in the reader's language, and two made-up objectives."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([columns.label(key) for key in TEMPLATE])
    for row in _examples(request.actor):
        writer.writerow([row.get(key, "") for key in TEMPLATE])
    response = HttpResponse("\ufeff" + file.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="objectives-template.csv"'
    return response


TEMPLATE = (
    *("owner_number", "team", "objective", "description", "type", "visibility"),
    *("key_result", "kind", "start", "target", "unit", "weight", "lower", "upper", "milestones"),
    "checkpoints",
)


def _examples(actor: access.Actor) -> list[dict[str, str]]:
    return [
        {
            "owner_number": actor.person.number,
            "objective": _("No store runs out of what it sells"),
            "description": _("Empty shelves cost us customers."),
            "type": str(ObjectiveType.COMMITTED.label),
            "visibility": str(Visibility.PUBLIC.label),
            "key_result": _("Days without a gap on the shelf"),
            "kind": str(KeyResultKind.INCREASE.label),
            "start": "12",
            "target": "26",
            "unit": _("days"),
            "weight": "60",
        },
        {
            "key_result": _("Capital tied up in stock"),
            "kind": str(KeyResultKind.MONEY.label),
            "start": "1,200,000",
            "target": "950,000",
            "unit": actor.organisation.currency,
            "weight": "40",
        },
    ]


def _found(request: HttpRequest, import_id: uuid.UUID) -> GoalImport:
    return access.get_or_404(queries.goal_imports(request.actor), pk=import_id)


def _most(request: HttpRequest) -> int | None:
    """Rows of each table, until all are asked for."""
    return None if request.GET.get("all") else SHOWN


def _to_save(upload: GoalImport) -> int:
    return int(upload.report["counts"]["new"]) + int(upload.report["counts"]["changed"])


def _result(
    request: HttpRequest, upload: GoalImport, form: forms.ApplyGoalsForm | None = None
) -> dict[str, Any]:
    report = upload.report
    lists = {
        "new": report["new"],
        "changed": report["changed"],
        "same": report["same"],
        "errors": reports.errors_of(report),
        "taken_back": queries.taken_back_rows(upload),
    }
    most = _most(request)
    counts = report["counts"]
    form = form or forms.ApplyGoalsForm()
    # A change of what is agreed needs a reason: the page says so before anybody applies.
    form.fields["reason"].required = bool(counts["agreed"])
    return {
        "nav": "goals",
        "step": "apply" if upload.applied_at else "check",
        "upload": upload,
        "report": report,
        "counts": counts,
        **{name: rows[:most] for name, rows in lists.items()},
        "taken_back_count": len(lists["taken_back"]),
        "all_shown": most is None,
        "to_save": _to_save(upload),
        "longest": cells.LONGEST,
        "can_take_back": rules.can_take_import_back(request.actor, upload),
        "is_ready": not counts["errors"] and _to_save(upload) > 0,
        "form": form,
        "earlier": queries.recent_goal_imports(request.actor),
    }
