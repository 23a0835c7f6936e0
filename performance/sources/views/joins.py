"""Columns that a dataset takes from another one: chosen on a page of their own, listed on that of the dataset."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from performance.foundation import access, going, refusals
from performance.sources import actions, forms, models, queries, rules
from performance.sources.views import frame


def listed(dataset: models.Dataset) -> list[dict[str, Any]]:
    """The card of joins: what is matched, what is taken, whether it still stands, how many rows find nothing."""
    own = {column.key: column.type for column in queries.dataset_columns(dataset)}
    return [_row(join, own) for join in queries.joins_of(dataset)]


def _row(join: models.Join, own: dict[str, str]) -> dict[str, Any]:
    names = {column.key: column for column in join.other.columns.all()}
    stands = queries.standing(join, own)
    return {
        "join": join,
        "matched": [(mine, names.get(other, other)) for mine, other in join.pairs],
        "taken": [(names.get(name, name), join.column_key(name)) for name in join.taken],
        "stands": stands,
        "unmatched": queries.unmatched(join) if stands and join.dataset.loaded_at else None,
    }


@require_http_methods(["GET", "POST"])
@frame.modelling
def join(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    """First the other dataset, then by what rows are matched and which columns are taken."""
    dataset = frame.dataset_of(request, dataset_id)
    access.require(rules.can_join_datasets(request.actor, dataset))
    joinable = queries.joinable(dataset)
    chosen = forms.OtherForm(request.GET if "other" in request.GET else None, joinable=joinable)
    other = chosen.cleaned_data["other"] if chosen.is_bound and chosen.is_valid() else None
    form = None
    if other is not None:
        form = forms.JoinForm(
            request.POST or None,
            own=queries.dataset_columns(dataset),
            theirs=queries.dataset_columns(other),
            initial={"key": other.key[:20].rstrip("_")},
        )
        if request.method == "POST" and _joined(request, dataset, other, form):
            return going.done(request, _("The columns are there."), "sources:dataset", dataset.pk)
    context = frame.context(
        request,
        dataset=dataset,
        connection=dataset.connection,
        chosen=chosen,
        other=other,
        form=form,
        has_others=joinable.exists(),
    )
    is_refused = form is not None and form.is_bound
    return render(request, "sources/join.html", context, status=422 if is_refused else 200)


def _joined(request: HttpRequest, dataset: models.Dataset, other: models.Dataset, form: Any) -> bool:
    def write() -> models.Join:
        return actions.join_dataset(
            dataset=dataset,
            other=other,
            key=form.cleaned_data["key"],
            pairs=form.pairs(),
            taken=form.cleaned_data["taken"],
            by=request.actor,
            at=timezone.now(),
        )

    return refusals.attempt(form, write) is not None


@require_POST
@frame.modelling
def remove_join(request: HttpRequest, dataset_id: uuid.UUID, join_id: uuid.UUID) -> HttpResponse:
    dataset = frame.dataset_of(request, dataset_id)
    access.require(rules.can_join_datasets(request.actor, dataset))
    found = access.get_or_404(models.Join.objects.filter(dataset=dataset), pk=join_id)
    actions.remove_join(join=found, by=request.actor, at=timezone.now())
    return going.done(request, _("The columns are gone."), "sources:dataset", dataset.pk)
