"""How a figure beneath frozen scores came to be another one: by which load of data, by whom, and since when."""

import datetime
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.urls import Resolver404, resolve
from django.utils.module_loading import import_string

from performance.kpis import queries as kpis
from performance.kpis.models import MetricValue, MetricVersion
from performance.people import models as people
from performance.scoring import evidence
from performance.scoring.models import CauseKind, Restatement
from performance.scoring.queries.restatements import metrics_weighed, value_url, values_weighed
from performance.sources.models import Load


@dataclass(frozen=True)
class Origin:
    """`via`: the dataset, and the file where there was one; "" where no load is known."""

    known_at: datetime.datetime
    via: str = ""
    by_id: uuid.UUID | None = None


def origins_of(
    causes: Iterable[evidence.Cause], restatement: Restatement, since: datetime.datetime
) -> dict[str, Origin]:
    """Address of a cause → how it came about, where that is known. A bounded number of queries."""
    found = list(causes)
    kinds = {cause.kind for cause in found}
    origins: dict[str, Origin] = {}
    if CauseKind.METRIC in kinds:
        origins |= metric_origins(metrics_weighed(restatement), restatement.period, since)
    if CauseKind.GOALS in kinds:
        origins |= _objective_origins({cause.url for cause in found if cause.kind == CauseKind.GOALS}, since)
    return origins


def check_origins(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Start-up check: who tells how goals moved exists and can be called."""
    try:
        is_there = callable(import_string(settings.OBJECTIVE_ORIGINS))
    except ImportError as error:
        return [checks.Error(f"OBJECTIVE_ORIGINS: {error}", id="scoring.E006")]
    return [] if is_there else [checks.Error("OBJECTIVE_ORIGINS is not callable.", id="scoring.E007")]


def _objective_origins(urls: Iterable[str], since: datetime.datetime) -> dict[str, Origin]:
    """By the last reading of one of their key results."""
    places = {}
    for url in urls:
        try:
            match = resolve(urlsplit(url).path)
        except Resolver404:
            continue
        if match.view_name == settings.OBJECTIVE_PAGE:
            places[match.kwargs["objective_id"]] = url
    moved = import_string(settings.OBJECTIVE_ORIGINS)(list(places), since) if places else {}
    return {places[objective_id]: Origin(at, via, by_id) for objective_id, (via, by_id, at) in moved.items()}


def metric_origins(keys: Iterable[str], period: people.Period, since: datetime.datetime) -> dict[str, Origin]:
    """Address of a value in the period → where it came from, for values of these metrics that were written after `since`.
    Three queries."""
    values = list(values_weighed(keys, period).filter(as_of__gt=since).select_related("metric"))
    if not values:
        return {}
    beneath = _datasets_beneath({value.metric.key for value in values})
    loads = _loads(set().union(*beneath.values()), since)
    return {
        value_url(value, period): _origin(
            value, [load for load in loads if load.dataset_id in beneath[value.metric.key]]
        )
        for value in values
    }


def _origin(value: MetricValue, loads: Iterable[Load]) -> Origin:
    """The last load that was over when the value was written."""
    before = [load for load in loads if load.finished_at and load.finished_at <= value.as_of]
    if not before:
        return Origin(value.as_of)
    load = before[-1]
    name = load.dataset.name_en
    return Origin(value.as_of, f"{name}, {load.file.name}" if load.file else name, load.asked_by_id)


def _datasets_beneath(keys: set[str]) -> dict[str, set[uuid.UUID]]:
    """The datasets that each metric comes from, at any distance. One query."""
    versions: Mapping[str, MetricVersion] = {
        version.metric.key: version for version in kpis.newest_certified()
    }
    found: dict[str, set[uuid.UUID]] = {}
    for key in keys:
        waiting, seen = [key], set[str]()
        found[key] = set()
        while waiting:
            version = versions.get(name := waiting.pop())
            if version is None or name in seen:
                continue
            seen.add(name)
            if version.dataset_id:
                found[key].add(version.dataset_id)
            waiting += version.input_keys
    return found


def _loads(dataset_ids: Iterable[uuid.UUID], since: datetime.datetime) -> list[Load]:
    """The loads of these datasets that ended well since then, in turn."""
    done = Load.objects.filter(dataset__in=list(dataset_ids), state="done", finished_at__gt=since)
    return list(done.select_related("dataset", "file").order_by("finished_at"))
