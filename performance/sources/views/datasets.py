"""From a table to a dataset: look at it, say what its columns are, load it; and the page of a dataset."""

from __future__ import annotations

import datetime
import uuid
import zoneinfo
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from performance.foundation import access, going, jobs, refusals
from performance.sources import actions, forms, models, queries, rules, tasks
from performance.sources.connectors import proposing
from performance.sources.views import connections, frame, joins, pushing

SHOWN_ROWS = 20


@require_POST
@frame.entered
def look(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    """Asks what is in a table or query; the answer becomes the form of the dataset."""
    found = frame.connection_of(request, connection_id)
    access.require(rules.can_model_datasets(request.actor))
    form = forms.LookForm(request.POST)

    def write() -> models.Probe:
        return connections.ask(found, models.ProbeKind.DESCRIBE, request, question=form.question())

    probe = refusals.attempt(form, write)
    if probe is None:
        return render(
            request, "sources/look.html", frame.context(request, connection=found, form=form), status=422
        )
    return redirect("sources:model", probe.pk)


@require_POST
@frame.entered
def look_again(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    """Looks at the source of a dataset, to change its columns."""
    found = frame.dataset_of(request, dataset_id)
    access.require(rules.can_model_datasets(request.actor))
    if found.connection.is_push:
        response = redirect("sources:sample", found.connection_id)
        response["Location"] += f"?dataset={found.pk}"
        return response
    question = (
        {"query": found.query} if found.query else {"schema": found.schema_name, "table": found.table_name}
    )
    probe = connections.ask(found.connection, models.ProbeKind.DESCRIBE, request, question=question)
    response = redirect("sources:model", probe.pk)
    response["Location"] += f"?dataset={found.pk}"
    return response


@require_GET
@frame.entered
def look_state(request: HttpRequest, probe_id: uuid.UUID) -> HttpResponse:
    """Polled while a worker looks; the page loads again when there is something to see."""
    probe = frame.probe_of(request, probe_id)
    response = render(request, "sources/_look_state.html", frame.context(request, probe=probe))
    if not probe.is_open:
        response["HX-Refresh"] = "true"
    return response


@require_http_methods(["GET", "POST"])
@frame.modelling
def model(request: HttpRequest, probe_id: uuid.UUID) -> HttpResponse:
    """Which column is what: the proposal, confirmed or changed by people, becomes the dataset."""
    probe = frame.probe_of(request, probe_id)
    dataset = frame.dataset_changed(request, probe.connection)
    context = frame.context(request, probe=probe, connection=probe.connection, dataset=dataset)
    if probe.state != models.JobState.DONE or not probe.answer:
        return render(request, "sources/model.html", context)
    columns = probe.answer["columns"]
    cursors = [(c["key"], c["source_name"]) for c in columns if c["type"] in ("date", "timestamp", "integer")]
    initial, initial_columns = _initial(request, probe, dataset)
    form = forms.DatasetForm(
        request.POST or None,
        initial=initial,
        cursors=cursors,
        is_asked=probe.connection.is_asked,
        can_be_live=probe.connection.can_be_live,
        is_new=dataset is None,
    )
    texts = [(c["key"], c["source_name"]) for c in columns if c["type"] == "text"]
    formset = forms.ColumnFormSet(
        request.POST or None, initial=initial_columns, prefix="columns", form_kwargs={"texts": texts}
    )
    if request.method == "POST":
        access.require(rules.can_model_datasets(request.actor))
        made = _made(request, probe, dataset, form, formset)
        if made is not None:
            return redirect("sources:dataset", made.pk)
    answer = queries.answer_read_by(probe, queries.row_sight(request.actor))
    shown = [
        {"form": column_form, "column": column}
        for column_form, column in zip(formset.forms, answer["columns"], strict=False)
    ]
    context |= {"form": form, "formset": formset, "columns": shown, "sample": answer.get("rows", [])}
    context["gaps"] = _gaps(formset)
    return render(request, "sources/model.html", context, status=422 if form.is_bound else 200)


@require_POST
@frame.modelling
def model_gaps(request: HttpRequest, probe_id: uuid.UUID) -> HttpResponse:
    """What the columns would lack as they are chosen now."""
    probe = frame.probe_of(request, probe_id)
    formset = forms.ColumnFormSet(request.POST, prefix="columns")
    context = frame.context(request, probe=probe, gaps=_gaps(formset))
    return render(request, "sources/_gaps.html", context)


def _gaps(formset: Any) -> list[str]:
    names = ("type", "role", "is_key")
    return queries.model_gaps({name: form[name].value() for name in names} for form in formset.forms)


def _initial(
    request: HttpRequest, probe: models.Probe, dataset: models.Dataset | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The proposal; for an existing dataset, what was decided before."""
    columns = [dict(column) for column in probe.answer["columns"]]
    for column in columns:
        column["name_en"] = column["source_name"]
    if dataset is None:
        name = probe.question.get("table") or ""
        organisation = request.actor.organisation
        initial = {
            "name_en": name,
            "key": proposing.column_key(name, queries.keys_taken()) if name else "",
            "time_zone": organisation.time_zone,
        }
        return initial, columns
    fields = [
        "name_en",
        "name_zh",
        "key",
        "mode",
        "time_zone",
        "cursor_column",
        "overlap_days",
        "settling_days",
        "refresh_hours",
    ]
    decided = {column.source_name: column for column in dataset.columns.all()}
    for column in columns:
        old = decided.get(column["source_name"])
        if old is not None:
            column |= {
                name: getattr(old, name)
                for name in ("key", "name_en", "name_zh", "type", "date_order", "role", "is_key", "currency")
            }
        else:
            column["role"] = models.ColumnRole.IGNORED
    return {name: getattr(dataset, name) for name in fields}, columns


def _made(
    request: HttpRequest, probe: models.Probe, dataset: models.Dataset | None, form: Any, formset: Any
) -> models.Dataset | None:
    """The dataset with its load nudged, or None when the forms say why not."""
    if not (form.is_valid() and formset.is_valid()):
        return None
    plan = forms.dataset_plan(form, formset.forms, probe.question)
    by, at = request.actor, timezone.now()
    try:
        if dataset is None:
            dataset, load = actions.create_dataset(connection=probe.connection, plan=plan, by=by, at=at)
        else:
            is_confirmed = form.cleaned_data.get("is_mode_confirmed", False)
            load = actions.change_dataset(
                dataset=dataset, plan=plan, by=by, at=at, is_mode_confirmed=is_confirmed
            )
    except refusals.Refused as refusal:
        refusals.place(form, refusal)
        return None
    if load is not None:
        jobs.nudge(tasks.run_load, str(load.pk))
    return dataset


@require_GET
@frame.entered
def dataset(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    found = frame.dataset_of(request, dataset_id)
    return render(request, "sources/dataset.html", page(request, found))


def page(request: HttpRequest, found: models.Dataset, **more: Any) -> dict[str, Any]:
    """What the page of a dataset shows."""
    card = next(
        card
        for card in queries.dataset_cards(at=timezone.now(), connection=found.connection)
        if card.dataset.pk == found.pk
    )
    rejected_load = (
        queries.loads(dataset=found).filter(rows_rejected__gt=0, state=models.JobState.DONE).first()
    )
    latest_good = queries.last_load(found)
    if latest_good is not None and rejected_load is not None and rejected_load.pk != latest_good.pk:
        rejected_load = None
    rows, sight = None, queries.row_sight(request.actor)
    if found.loaded_at and not found.is_live and rules.can_see_rows(request.actor, found):
        rows = queries.source_rows(found, limit=SHOWN_ROWS, within=queries.narrowing(found, sight))
    can_change = queries.writes_all(sight, [found.pk]) and rules.can_model_datasets(request.actor)
    is_narrowed, rights = sight.of(found) is not None, queries.row_rights(found)
    if found.connection.is_push:
        more = pushing.sending(request, found) | more
    return frame.context(
        request,
        dataset=found,
        connection=found.connection,
        card=card,
        can_load=rules.can_load_dataset(request.actor, found),
        can_change=can_change,
        can_join=can_change and rules.can_join_datasets(request.actor, found),
        joins=joins.listed(found),
        columns=list(found.columns.order_by("number")),
        gaps=queries.gaps_to_mend(found),
        rows=rows,
        cells=[[_cell(value, found) for value in row] for row in rows.rows] if rows is not None else [],
        drift=queries.told_drift(card.latest),
        rejected_load=rejected_load,
        undated=queries.undated_rows(latest_good),
        # What was rejected has no part that it could be shown by.
        rejected=queries.rejected_by_reason(rejected_load) if rejected_load and not is_narrowed else [],
        is_narrowed=is_narrowed,
        rights=rights,
        roles_with_all=[models.RowGrant(role=role).get_role_display() for role in rights.roles],
        can_narrow=rules.can_narrow_rows(request.actor, found),
        runs_url=reverse("sources:dataset_runs", args=[found.pk]),
        **connections.runs_context(queries.loads(dataset=found)),
        **more,
    )


def _cell(value: Any, dataset: models.Dataset) -> str | None:
    """A cell as the file or table would show it, the same for readers of every language."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(zoneinfo.ZoneInfo(dataset.time_zone)).strftime("%Y-%m-%d %H:%M:%S")
    return None if value is None else str(value)


@require_GET
@frame.entered
def dataset_runs_card(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    found = frame.dataset_of(request, dataset_id)
    context = frame.context(
        request,
        runs_url=request.path,
        dataset=found,
        **connections.runs_context(queries.loads(dataset=found)),
    )
    response = render(request, "sources/_card_runs.html", context)
    if not context["is_loading"]:
        # What the page around the card shows (rows, rejects, drift) is new as well.
        response["HX-Refresh"] = "true"
    return response


@require_POST
@frame.entered
def load_now(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    found = frame.dataset_of(request, dataset_id)
    access.require(rules.can_load_dataset(request.actor, found))
    load = actions.start_load(
        dataset=found,
        is_full=request.POST.get("full") == "yes",
        by=request.actor,
        at=timezone.now(),
    )
    jobs.nudge(tasks.run_load, str(load.pk))
    return redirect("sources:dataset", found.pk)


@require_POST
@frame.entered
def load_all(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    """Loads every dataset of a source."""
    found = frame.connection_of(request, connection_id)
    for each in queries.datasets().filter(connection=found):
        access.require(rules.can_load_dataset(request.actor, each))
        load = actions.start_load(dataset=each, by=request.actor, at=timezone.now())
        jobs.nudge(tasks.run_load, str(load.pk))
    return redirect("sources:connection", found.pk)


@require_POST
@frame.entered
def close_dataset(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    found = frame.dataset_of(request, dataset_id)
    access.require(rules.can_model_datasets(request.actor))
    actions.close_dataset(dataset=found, by=request.actor, at=timezone.now())
    return going.done(
        request, _("The dataset was closed. Its rows stay."), "sources:connection", found.connection_id
    )
