"""Definitions as YAML: written down, and read with a dry run before anything is kept."""

import codecs
import uuid
from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from performance.foundation import access, refusals
from performance.kpis import actions, documents, forms, queries, rules
from performance.kpis.views import asking


@access.member
def export(request: asking.MemberRequest) -> HttpResponse:
    """Every signed definition that I may see, as one file."""
    return _file(documents.written(queries.signed_definitions(request.actor)), "metrics")


@access.member
def export_version(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    version = access.get_or_404(queries.visible_versions(request.actor), pk=pk)
    return _file(documents.written([version]), f"{version.metric.key}-{version.number}")


def _file(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.yaml"'
    return response


@access.member
def read_definitions(request: asking.MemberRequest) -> HttpResponse:
    access.require(rules.can_draft_metric(request.actor))
    return _page(request, forms.DocumentForm(initial=forms.own_side(request.actor)))


@require_POST
@access.member
def check_definitions(request: asking.MemberRequest) -> HttpResponse:
    """The dry run: what the document would do."""
    access.require(rules.can_draft_metric(request.actor))
    form = _form(request)
    if not form.is_valid():
        return _page(request, form)
    try:
        outcomes = actions.check_document(**form.asked(), by=request.actor, at=timezone.now())
    except refusals.Refused as refused:
        return _refused(request, form, refused)
    return _page(request, form, outcomes)


@require_POST
@access.member
def apply_definitions(request: asking.MemberRequest) -> HttpResponse:
    """Drafts of what is new and changed."""
    access.require(rules.can_draft_metric(request.actor))
    form = _form(request)
    if not form.is_valid():
        return _page(request, form)
    try:
        outcomes = actions.import_definitions(**form.asked(), by=request.actor, at=timezone.now())
    except actions.ImportRefused as refused:
        return _page(request, form, refused.outcomes, status=422)
    except refusals.Refused as refused:
        return _refused(request, form, refused)
    say_drafted(request, outcomes)
    return redirect(f"{reverse('kpis:library')}?state=draft")


def say_drafted(request: asking.MemberRequest, outcomes: list[actions.Outcome]) -> None:
    kept = sum(one.state in ("new", "changed") for one in outcomes)
    said = ngettext("%(count)s draft kept.", "%(count)s drafts kept.", kept) % {"count": kept}
    skipped = [one.entry.key for one in outcomes if one.state == "skipped"]
    if skipped:
        said += " " + _("There already, left as they are: %(keys)s.") % {"keys": ", ".join(skipped)}
    if any(one.state == "new" and not one.entry.is_base for one in outcomes):
        said += " " + _("What is read from data is signed first, then what is computed from it.")
    messages.success(request, said)


def _form(request: asking.MemberRequest) -> forms.DocumentForm:
    """A file takes the place of the text, so that the next step can send it again."""
    data = request.POST.copy()
    given = request.FILES.get("file")
    problem = ""
    if given is not None:
        raw = given.read(documents.MAX_BYTES + 1)
        try:
            data["document"] = raw.removeprefix(codecs.BOM_UTF8).decode()
        except UnicodeDecodeError:
            problem = _("This file is no text in UTF-8.")
    form = forms.DocumentForm(data)
    if problem:
        form.add_error("file", problem)
    return form


def _refused(
    request: asking.MemberRequest, form: forms.DocumentForm, refused: refusals.Refused
) -> HttpResponse:
    refusals.place(form, refused)
    return _page(request, form)


def _page(
    request: asking.MemberRequest,
    form: forms.DocumentForm,
    outcomes: list[actions.Outcome] | None = None,
    status: int = 200,
) -> HttpResponse:
    counts = Counter(one.state for one in outcomes or [])
    context: dict[str, Any] = {
        "nav": "metrics",
        "form": form,
        "outcomes": outcomes,
        "counts": counts,
        "to_keep": counts["new"] + counts["changed"],
        "largest": documents.MAX_BYTES // 1024,
    }
    status = 422 if form.is_bound and form.errors else status
    return render(request, "kpis/documents.html", context, status=status)
