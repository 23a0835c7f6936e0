"""The same rows in PostgreSQL, in MariaDB, and copied into Accord; and a metric over each of them."""

import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from performance.kpis import actions, tasks
from performance.kpis.models import LiveReading, MetricValue
from performance.kpis.queries import live
from performance.sources import models as sources
from tests.kpis.tables import certify
from tests.sources import stage
from tests.sources.real_data import Place
from tests.sources.stage import Clock

Values = dict[tuple[Any, ...], tuple[Decimal | None, int, Any]]


def dataset(
    connection: sources.Connection,
    question: dict[str, Any],
    key: str,
    *,
    mode: str,
    change: Callable[[Any], dict[str, Any]] = lambda proposal: {},
    time_zone: str = "Asia/Shanghai",
) -> sources.Dataset:
    """Modelled and loaded: copied, or found where it is."""
    made = stage.modelled(connection, question, key, change=change, mode=mode, time_zone=time_zone)
    done = stage.load(made)
    assert done.state == "done", done.problem
    return made


def refresh(clock: Clock | None = None) -> None:
    """What the worker does until nothing is left to do."""
    tasks.refresh_stale_values.apply()
    for reading_id in LiveReading.objects.filter(state="waiting").values_list("pk", flat=True):
        actions.run_reading(
            reading_id=reading_id, clock=clock or (lambda: datetime.datetime.now(datetime.UTC))
        )
    tasks.refresh_stale_values.apply()


def certified(cast: Any, actor: Any, definitions: Mapping[str, actions.Definition]) -> None:
    for key, definition in definitions.items():
        certify(cast, actor, key, definition)


def kept(key: str) -> Values:
    """(grain, first day, last day, slice) → value, coverage, rows behind it."""
    found = MetricValue.objects.filter(metric__key=key, superseded_at=None)
    return {
        (one.grain, one.period_start, one.period_end, one.slice_key): (
            one.value,
            one.coverage_ppm,
            one.inputs,
        )
        for one in found
    }


def failure(key: str) -> str:
    version = live.live_versions().get(metric__key=key)
    newest = live.answer_of(version).newest
    return newest.problem_code if newest else "never asked"


def place_question(place: Place, table: str) -> dict[str, Any]:
    schema = "public" if place.kind == "postgresql" else place.values["database"]
    return {"schema": schema, "table": table}
