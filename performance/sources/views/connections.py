"""The list of sources, and the page of one."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from performance.foundation import access, going, jobs, refusals
from performance.sources import actions, forms, models, queries, rules, tasks
from performance.sources.connectors import files
from performance.sources.views import endpoints, frame

SHOWN_RUNS = 8
CHART_RUNS = 14


@require_GET
@frame.entered
def source_list(request: HttpRequest) -> HttpResponse:
    cards = queries.connection_cards()
    datasets = queries.dataset_cards(at=timezone.now())
    return render(request, "sources/sources.html", frame.context(request, cards=cards, datasets=datasets))


@require_http_methods(["GET", "POST"])
@frame.connecting
def connect(request: HttpRequest, kind: str = "postgresql") -> HttpResponse:
    """A new source. A database is tested, and its tables listed, right after it is saved."""
    if kind not in models.Kind.values:
        raise Http404
    form: Any
    if kind == models.Kind.FILE:
        form = forms.FileSourceForm(request.POST or None, request.FILES or None)
    elif kind == models.Kind.REST:
        form = forms.RestForm(request.POST or None, is_new=True)
    elif kind == models.Kind.PUSH:
        form = forms.NamesForm(request.POST or None)
    else:
        form = forms.DatabaseForm(request.POST or None, kind=kind, is_new=True)

    def write() -> models.Connection:
        access.require(rules.can_connect_sources(request.actor))
        return _connected(request, kind, form)

    if request.method == "POST":
        connection = refusals.attempt(form, write)
        if connection is not None:
            return going.go_to(request, "sources:connection", connection.pk)
    kinds = models.Kind.choices
    context = frame.context(request, form=form, kind=kind, kinds=kinds)
    return render(request, "sources/connect.html", context, status=422 if form.is_bound else 200)


def _connected(request: HttpRequest, kind: str, form: Any) -> models.Connection:
    by, at = request.actor, timezone.now()
    values = dict(form.cleaned_data)
    file = values.pop("file", None)
    connection = actions.connect_source(kind=kind, **values, by=by, at=at)
    if file is not None:
        actions.upload_file(connection=connection, name=file.name, chunks=file.chunks(), by=by, at=at)
    elif connection.is_asked:
        ask(connection, models.ProbeKind.CHECK, request)
    if connection.is_file or connection.is_database:
        ask(connection, models.ProbeKind.DISCOVER, request)
    return connection


def ask(connection: models.Connection, kind: str, request: HttpRequest, **options: Any) -> models.Probe:
    """Writes the question down and nudges a worker."""
    probe = actions.ask_source(
        connection=connection,
        kind=kind,
        by=request.actor,
        at=timezone.now(),
        **options,
    )
    jobs.nudge(tasks.run_probe, str(probe.pk))
    return probe


@require_GET
@frame.entered
def connection(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    found = frame.connection_of(request, connection_id)
    return render(request, "sources/connection.html", _page(request, found))


def _page(request: HttpRequest, connection: models.Connection, **more: Any) -> dict[str, Any]:
    now = timezone.now()
    datasets = queries.dataset_cards(at=now, connection=connection)
    writes_all = queries.writes_all(queries.row_sight(request.actor), [card.dataset.pk for card in datasets])
    context = frame.context(
        request,
        connection=connection,
        datasets=datasets,
        can_upload=writes_all and rules.can_upload_file(request.actor, connection),
        look_form=forms.LookForm(),
        upload_form=forms.UploadForm(),
        files=queries.files(connection)[:SHOWN_RUNS] if connection.is_file else (),
        **more,
    )
    return (
        context
        | _health(connection)
        | _offers(connection)
        | _runs(connection)
        | {"runs_url": reverse("sources:runs", args=[connection.pk])}
    )


def _offers(connection: models.Connection) -> dict[str, Any]:
    """What can become a dataset here."""
    if connection.is_push:
        return {"sample_form": forms.SampleForm()}
    return endpoints.listed(connection) if connection.is_rest else _tables(connection)


def _health(connection: models.Connection) -> dict[str, Any]:
    check = queries.last_probe(connection, models.ProbeKind.CHECK)
    cards = queries.connection_cards()
    card = next((card for card in cards if card.connection.pk == connection.pk), None)
    return {"check": check, "is_checking": check is not None and check.is_open, "card": card}


def _tables(connection: models.Connection) -> dict[str, Any]:
    listing = queries.last_probe(connection, models.ProbeKind.DISCOVER)
    taken = {
        (dataset.schema_name, dataset.table_name): dataset
        for dataset in queries.datasets().filter(connection=connection)
    }
    tables = listing.answer.get("tables", []) if listing is not None else []
    rows = [{**table, "dataset": taken.get((table["schema"], table["name"]))} for table in tables]
    if connection.is_file and rows and _is_of_one_table(connection):
        # A dataset of such a file reads the newest one, by whatever name it came.
        rows[0]["dataset"] = rows[0]["dataset"] or next(iter(taken.values()), None)
    return {"listing": listing, "is_listing": listing is not None and listing.is_open, "tables": rows}


def _is_of_one_table(connection: models.Connection) -> bool:
    newest = queries.newest_file(connection)
    return newest is not None and newest.name.lower().endswith(files.OF_ONE_TABLE)


def _runs(connection: models.Connection) -> dict[str, Any]:
    return runs_context(queries.loads(connection=connection)) | {"connection": connection}


def runs_context(found: Any) -> dict[str, Any]:
    """The newest loads, and the bars of how long the finished ones took."""
    runs = list(found[:SHOWN_RUNS])
    finished = [
        load for load in found.filter(state=models.JobState.DONE)[:CHART_RUNS] if load.seconds is not None
    ]
    longest = max((load.seconds or 0 for load in finished), default=0) or 1
    bars = [
        {
            "x": round(place * 100 / CHART_RUNS, 2),
            "height": max(round((load.seconds or 0) * 46 / longest), 2),
            "y": 50 - max(round((load.seconds or 0) * 46 / longest), 2),
        }
        for place, load in enumerate(reversed(finished))
    ]
    return {
        "runs": runs,
        "bars": bars if len(bars) > 2 and longest > 1 else [],
        "longest": longest,
        "is_loading": any(load.is_open for load in runs),
    }


@require_GET
@frame.entered
def health_card(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    found = frame.connection_of(request, connection_id)
    context = frame.context(request, connection=found, **_health(found))
    response = render(request, "sources/_card_health.html", context)
    if not context["is_checking"]:
        response["HX-Trigger"] = "source:checked"
    return response


@require_GET
@frame.entered
def tables_card(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    found = frame.connection_of(request, connection_id)
    context = frame.context(request, connection=found, look_form=forms.LookForm(), **_tables(found))
    return render(request, "sources/_card_tables.html", context)


@require_GET
@frame.entered
def runs_card(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    found = frame.connection_of(request, connection_id)
    context = frame.context(request, runs_url=request.path, **_runs(found))
    response = render(request, "sources/_card_runs.html", context)
    if not context["is_loading"]:
        # The list of datasets around the card is new as well.
        response["HX-Refresh"] = "true"
    return response


@require_POST
@frame.entered
def test_connection(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    return _asked(request, connection_id, models.ProbeKind.CHECK, health_card)


@require_POST
@frame.entered
def list_tables(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    return _asked(request, connection_id, models.ProbeKind.DISCOVER, tables_card)


def _asked(request: HttpRequest, connection_id: uuid.UUID, kind: str, card: Any) -> HttpResponse:
    found = frame.connection_of(request, connection_id)
    access.require(rules.can_ask_source(request.actor, found))
    ask(found, kind, request)
    if request.headers.get("HX-Request"):
        context = frame.context(request, connection=found, look_form=forms.LookForm())
        if kind == models.ProbeKind.CHECK:
            return render(request, "sources/_card_health.html", context | _health(found))
        return render(request, "sources/_card_tables.html", context | _tables(found))
    return redirect("sources:connection", found.pk)


@require_http_methods(["GET", "POST"])
@frame.connecting
def change_connection(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    found = frame.connection_of(request, connection_id)
    names = ("name_en", "name_zh", *(address_fields(found) if found.is_asked else ()))
    initial = {name: getattr(found, name) for name in names}
    form: Any
    if not found.is_asked:
        form = forms.NamesForm(request.POST or None, initial=initial)
    elif found.is_rest:
        form = forms.RestForm(request.POST or None, initial=initial, is_new=False)
    else:
        form = forms.DatabaseForm(request.POST or None, initial=initial, kind=found.kind, is_new=False)

    def write() -> models.Connection:
        access.require(rules.can_connect_sources(request.actor))
        values = dict(form.cleaned_data)
        password = values.pop("password", "")
        return actions.change_connection(
            connection=found,
            values=values,
            password=password,
            by=request.actor,
            at=timezone.now(),
        )

    if request.method == "POST":
        changed = refusals.attempt(form, write)
        if changed is not None:
            if changed.is_asked:
                ask(changed, models.ProbeKind.CHECK, request)
            return going.done(request, _("The source was changed."), "sources:connection", found.pk)
    context = frame.context(request, form=form, connection=found, kind=found.kind)
    return render(request, "sources/change_connection.html", context, status=422 if form.is_bound else 200)


def address_fields(connection: models.Connection) -> tuple[str, ...]:
    """The parts of an address that a form starts from; never the password."""
    if connection.is_rest:
        return ("base_address", "auth", "user_name", "header_name", "token_address", "scope")
    return ("host", "port", "database", "user_name", "tls")


@require_POST
@frame.connecting
def pause(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    found = frame.connection_of(request, connection_id)
    access.require(rules.can_connect_sources(request.actor))
    actions.pause_connection(connection=found, by=request.actor, at=timezone.now())
    return going.done(request, _("No more loads until you resume."), "sources:connection", found.pk)


@require_POST
@frame.connecting
def resume(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    found = frame.connection_of(request, connection_id)
    access.require(rules.can_connect_sources(request.actor))
    actions.resume_connection(connection=found, by=request.actor, at=timezone.now())
    return going.done(request, _("Loads run again."), "sources:connection", found.pk)


@require_POST
@frame.connecting
def close_connection(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    found = frame.connection_of(request, connection_id)
    access.require(rules.can_connect_sources(request.actor))
    actions.close_connection(connection=found, by=request.actor, at=timezone.now())
    return going.done(request, _("The source was closed and its password forgotten."), "sources:list")


@require_POST
@frame.entered
def upload(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    """A newer file: every dataset of the source is loaded from it."""
    found = frame.connection_of(request, connection_id)
    access.require(rules.can_upload_file(request.actor, found))
    form = forms.UploadForm(request.POST, request.FILES)

    def write() -> models.SourceFile:
        file = form.cleaned_data["file"]
        return actions.upload_file(
            connection=found,
            name=file.name,
            chunks=file.chunks(),
            by=request.actor,
            at=timezone.now(),
        )

    if refusals.attempt(form, write) is None:
        context = _page(request, found) | {"upload_form": form}
        return render(request, "sources/connection.html", context, status=422)
    ask(found, models.ProbeKind.DISCOVER, request)
    for load in queries.loads(connection=found).filter(state=models.JobState.WAITING):
        jobs.nudge(tasks.run_load, str(load.pk))
    return going.done(request, _("The file was taken over."), "sources:connection", found.pk)
