"""Recognition: the feed by value, who received points, and the values that HR keeps."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback import actions, forms, queries, rules
from feedback.models import CompanyValue
from feedback.views.notes import id_from
from performance.foundation import access, refusals
from performance.people import queries as people

PAGE = 20


@require_GET
@access.member
def feed(request: HttpRequest) -> HttpResponse:
    """Public praise, filtered by value or person, and the points received."""
    chosen, person = id_from(request.GET.get("value", "")), id_from(request.GET.get("person", ""))
    notes = queries.praise_feed(request.actor, value_id=chosen, person_id=person)
    page = Paginator(notes, PAGE).get_page(request.GET.get("page"))
    page.object_list = queries.titled(request.actor, page.object_list)
    context = {
        "nav": "feedback",
        "tab": "feed",
        "page_obj": page,
        "values": queries.company_values(),
        "chosen": chosen,
        "person": person,
        "totals": queries.point_totals(request.actor, people.today(request.actor.organisation)),
        "left": queries.points_left(request.actor.person_id, timezone.now()),
        "may_edit": rules.can_edit_values(request.actor),
    }
    return render(request, "feedback/feed.html", context)


@require_http_methods(["GET", "POST"])
@access.role("hr", writes=True)
def company_values(request: HttpRequest) -> HttpResponse:
    """The values of the company and the allowance of points; a form to add a value."""
    form = forms.ValueForm(request.POST or None)
    if request.method == "POST":
        saved = refusals.attempt(
            form,
            lambda: actions.save_value(by=request.actor, at=timezone.now(), **form.cleaned_data),
        )
        if saved is not None:
            messages.success(request, _("Saved."))
            return redirect("feedback:values")
    return _values_page(request, form)


def _values_page(request: HttpRequest, form: Any, points: Any = None) -> HttpResponse:
    context = {
        "nav": "feedback",
        "tab": "feed",
        "form": form,
        "points": points or forms.PointsForm(initial={"points": queries.points_a_month()}),
        "values": queries.all_values(),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "feedback/values.html", context, status=status)


@require_POST
@access.role("hr", writes=True)
def set_points(request: HttpRequest) -> HttpResponse:
    form = forms.PointsForm(request.POST)
    saved = refusals.attempt(
        form,
        lambda: actions.set_points_a_month(by=request.actor, at=timezone.now(), **form.cleaned_data),
    )
    if saved is None:
        return _values_page(request, forms.ValueForm(), form)
    messages.success(request, _("Saved."))
    return redirect("feedback:values")


@require_http_methods(["GET", "POST"])
@access.role("hr", writes=True)
def change_value(request: HttpRequest, value_id: uuid.UUID) -> HttpResponse:
    value = _value(value_id)
    shown = {field: getattr(value, field) for field in forms.ValueForm.Meta.fields}
    form = forms.ValueForm(request.POST or None, initial=shown)
    if request.method == "POST":
        saved = refusals.attempt(
            form,
            lambda: actions.save_value(value=value, by=request.actor, at=timezone.now(), **form.cleaned_data),
        )
        if saved is not None:
            messages.success(request, _("Saved."))
            return redirect("feedback:values")
    context = {"nav": "feedback", "tab": "feed", "form": form, "value": _value(value_id)}
    status = 422 if request.method == "POST" else 200
    return render(request, "feedback/change_value.html", context, status=status)


@require_POST
@access.role("hr", writes=True)
def retire_value(request: HttpRequest, value_id: uuid.UUID) -> HttpResponse:
    actions.retire_value(value=_value(value_id), by=request.actor, at=timezone.now())
    return redirect("feedback:values")


def _value(value_id: uuid.UUID) -> CompanyValue:
    return access.get_or_404(queries.all_values(), pk=value_id)
