"""What if: drivers are moved, the result and what rests on it follow. Nothing is kept unless somebody saves it."""

import json
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode

from performance.foundation import access
from performance.kpis import forms, queries
from performance.kpis.models import Metric
from performance.kpis.queries import pages, whatif
from performance.kpis.views import asking


@access.member
def what_if(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """?span=2026-05-01_2026-05-31&store=Binjiang&way_revenue=percent&move_revenue=5: no move at first."""
    found = access.get_or_404(queries.visible_metrics(request.actor), pk=pk)
    asked = asked_of(request, found)
    context = context_of(request, found, asked)
    context |= {"tab": "what_if", "other_name": pages.other_name(found), "save_form": forms.ScenarioForm()}
    return render(request, "kpis/what_if.html", context, status=asked.status if asked else 200)


@access.member
def what_if_result(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """The result of what is typed at this moment."""
    found = access.get_or_404(queries.visible_metrics(request.actor), pk=pk)
    context = context_of(request, found, asked_of(request, found))
    return render(request, "kpis/_what_if_result.html", context | {"is_fragment": True})


@dataclass(frozen=True)
class Asked:
    """A scenario as the address says it. `told` is that of the moves, the base alone while a number is wrong."""

    form: forms.WhatIfForm
    told: whatif.WhatIf
    spans: list[whatif.Span]
    span: whatif.Span
    within: dict[str, str]

    @property
    def status(self) -> int:
        return 422 if self.form.is_bound and self.form.errors else 200


def asked_of(request: HttpRequest, metric: Metric) -> Asked | None:
    """None where the metric has no value, or no definition in force."""
    given = request.POST if request.method == "POST" else request.GET
    spans = whatif.spans_of(metric)
    if not spans:
        return None
    span = next((one for one in spans if one.key == given.get("span")), spans[0])
    within = asking.slice_from(given)
    sight = queries.sight_of(request.actor)
    ground = whatif.ground_of(metric, since=span.since, until=span.until, within=within, sight=sight)
    if metric.pk not in ground.tree.versions:
        return None
    base = whatif.what_if(ground, whatif.Moves(volume=given.get("volume", "")))
    is_given = any(name.startswith(("move_", "volume")) for name in given)
    form = forms.WhatIfForm(given if is_given else None, told=base)
    told = whatif.what_if(ground, form.moves()) if is_given and form.is_valid() else base
    return Asked(form, told, spans, span, within)


def context_of(request: asking.MemberRequest, metric: Metric, asked: Asked | None) -> dict[str, Any]:
    context: dict[str, Any] = {
        "nav": "metrics",
        "metric": metric,
        "asked": asked,
        "can_save": not request.actor.only_reads,
    }
    if asked is not None:
        labels = queries.labels_for([asked.within])
        context |= {
            "told": asked.told,
            "form": asked.form,
            "within_label": labels.of(asked.within),
            "slices": [
                (queries.slice_key(slice), label, slice == asked.within)
                for slice, label in queries.dimension_choices(metric, sight=queries.sight_of(request.actor))
            ],
            "lines": waterfall_of(asked.told),
            "slider": forms.SLIDER,
            "given": kept_of(asked),
            "scores_query": _scores_query(asked),
        }
    return context


def kept_of(asked: Asked) -> list[tuple[str, str]]:
    """The parameters that say this scenario, for a form that keeps it."""
    moved = [(key, way, f"{number}") for key, (way, number) in asked.told.moves.given.items()]
    named = forms.moves_as_fields(moved, asked.told.moves.volume)
    return [("span", asked.span.key), ("slice", queries.slice_key(asked.within)), *named.items()]


def _scores_query(asked: Asked) -> str:
    """What the panel of scores is asked: the days, the slice, and what every metric would be; nothing without a move."""
    lines = [line for line in [*asked.told.tree, *asked.told.others] if line.change]
    if not lines:
        return ""
    place = {
        "since": f"{asked.span.since}",
        "until": f"{asked.span.until}",
        "slice": json.dumps(asked.within),
    }
    return urlencode({**place, **{f"value_{line.metric.key}": f"{line.after}" for line in lines}})


def waterfall_of(told: whatif.WhatIf) -> dict[str, Any]:
    """Each driver's bar with where it starts, counted from the base; `low` and `span` are those of all bars."""
    at = Decimal(0)
    lines, marks = [], [at]
    for one in told.brought:
        lines.append((one, at))
        at += one.amount
        marks.append(at)
    low, high = min(marks), max(marks)
    return {
        "bars": [(one, start - low) for one, start in lines],
        "end": at - low,
        "back": -at,
        "span": (high - low) or 1,
    }
