"""Who sees which rows of a dataset: a page of its own, for administrators."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from performance.foundation import access, going, refusals
from performance.sources import actions, forms, models, queries, rules
from performance.sources.views import frame


@require_http_methods(["GET", "POST"])
@frame.connecting
def narrow(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    """Which column says which part of the business a row belongs to, and who sees all rows."""
    dataset = frame.dataset_of(request, dataset_id)
    access.require(rules.can_narrow_rows(request.actor, dataset))
    rights = queries.row_rights(dataset)
    dimensions = queries.unit_dimensions()
    # What is set stays to be taken away, also where no unit says it any more.
    offered = [*dimensions, *(key for key in sorted(rights.columns) if key not in dimensions)]
    form = forms.NarrowForm(
        request.POST or None,
        dimensions=[(key, key) for key in offered],
        columns=[key for key, _type in queries.narrowing_columns(dataset)],
        rights=rights,
    )
    if request.method == "POST" and (changed := _narrowed(request, dataset, form)) is not None:
        said = _("Readers see their rows by this rule from now on.") if changed else _("Nothing has changed.")
        return going.done(request, said, "sources:dataset", dataset.pk)
    context = frame.context(
        request, dataset=dataset, connection=dataset.connection, form=form, offered=offered
    )
    return render(request, "sources/narrow.html", context, status=422 if form.is_bound else 200)


def _narrowed(request: HttpRequest, dataset: models.Dataset, form: forms.NarrowForm) -> bool | None:
    """Whether anything changed; None where the form says why it may not."""

    def write() -> bool:
        return actions.narrow_rows(
            dataset=dataset,
            columns=form.columns(),
            roles=form.cleaned_data["roles"],
            people=form.cleaned_data["people"],
            by=request.actor,
            at=timezone.now(),
        )

    changed: bool | None = refusals.attempt(form, write)
    return changed
