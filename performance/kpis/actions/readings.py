"""Asking sources for the aggregates of metrics whose rows stay there, in a worker.

The source is asked between transactions; what it answers is kept batch by batch beside the answer of before, and
takes its place with the commit that ends the reading. A worker that dies leaves parts that the next attempt throws
away; a reading delivered twice is taken once (sources.actions.claiming).
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F

from performance.foundation import stale, tenancy
from performance.kpis import queries, semantics
from performance.kpis.models import (
    Additivity,
    Grain,
    LivePart,
    LiveReading,
    Metric,
    MetricVersion,
    Problem,
    VersionState,
)
from performance.kpis.queries import live, months
from performance.kpis.semantics.live import Part, Question
from performance.sources import connectors
from performance.sources import queries as sources
from performance.sources.actions import claiming, reaching
from performance.sources.models import JobState, Mode
from performance.sources.models.jobs import OPEN

BATCH_ROWS = 5000
#: Aggregates, not rows: ten thousand slices over sixteen years.
LIMITS = connectors.Limits(statement_seconds=600, max_rows=2_000_000, max_bytes=1024**3)
#: Refusals that asking again does not mend: the definition or the data does not fit, nobody is away.
UNABLE = frozenset(
    {
        "live_kind",
        "live_type",
        "live_changed",
        "live_long",
        "bad_name",
        "column_missing",
        "table_missing",
        "right_missing",
        "source_failed",
        "too_many_bytes",
    }
)


def start_readings(
    *, at: datetime.datetime, metric_ids: Collection[uuid.UUID] | None = None
) -> list[LiveReading]:
    """Readings, waiting for a worker, for every live version of these metrics; with None, for those that have not been
    asked about the periods that there are now."""
    versions = list(live.live_versions(metric_ids))
    spans = _spans()
    if metric_ids is None:
        answers = live.answers(version.pk for version in versions)
        versions = [one for one in versions if _lacks(answers.get(one.pk, live.NONE), spans)]
    return [start_reading(version=version, spans=spans, at=at) for version in versions]


def start_reading(
    *, version: MetricVersion, at: datetime.datetime, spans: Sequence[Sequence[str]] | None = None
) -> LiveReading:
    """A reading of this version, waiting; the one that waits already, if there is one."""
    spans = _spans() if spans is None else spans
    try:
        with transaction.atomic():
            return LiveReading.objects.create(version=version, spans=spans, asked_at=at, due_at=at)
    except IntegrityError as error:
        if "live_reading_open_once" not in str(error):
            raise
    opened = LiveReading.objects.filter(version=version, state__in=OPEN)
    opened.filter(state=JobState.WAITING).update(spans=spans)
    # One that is under way may have looked already: it begins anew when it has ended.
    opened.filter(state=JobState.RUNNING).update(asked_at=at)
    return opened.get()


def _lacks(answer: live.Answer, spans: Sequence[Sequence[str]]) -> bool:
    return answer.newest is None or (not answer.is_awaited and answer.newest.spans != spans)


def _spans() -> list[list[str]]:
    return [[start.isoformat(), end.isoformat()] for start, end in queries.period_spans()]


@dataclass(frozen=True)
class Work:
    """What a reading needs to know, read once."""

    reading: LiveReading
    version: MetricVersion
    names: dict[str, str]
    #: What the amounts are in, where they are converted once they are here.
    money: semantics.Money | None
    address: reaching.Address
    source: connectors.Source


def run_reading(
    *, reading_id: uuid.UUID, clock: Callable[[], datetime.datetime], batch_rows: int = BATCH_ROWS
) -> bool:
    """Asks the source. True when it has answered; False when there was nothing to take, it failed, was put back for
    later, or was taken over. Safe to be delivered twice."""
    reading = claiming.take(LiveReading, reading_id, at=clock())
    if reading is None:
        return False
    try:
        work = _prepared(reading)
        with claiming.heartbeat(reading), reaching.reached(work.address, limits=LIMITS) as source:
            question = _question(work, source)
            _kept(work, question, source, clock=clock, batch_rows=batch_rows)
        _answered(work, at=clock())
    except connectors.ConnectorRefused as refused:
        _failed(reading, refused, at=clock())
        return False
    except claiming.ClaimLost:
        return False
    return True


def _prepared(reading: LiveReading) -> Work:
    with tenancy.acting_for(tenancy.current_organisation_id()):
        if reading.attempt > claiming.MAX_ATTEMPTS:
            raise connectors.ConnectorRefused("gave_up", attempts=claiming.MAX_ATTEMPTS)
        version = MetricVersion.objects.select_related("metric", "dataset__connection").get(
            pk=reading.version_id
        )
        dataset = version.dataset
        if dataset is None or not dataset.is_live:
            # It is copied now: there is nothing to ask any more.
            raise connectors.ConnectorRefused("live_kind")
        LivePart.objects.filter(reading=reading).delete()
        claiming.beat(reading, at=reading.heartbeat_at or reading.asked_at, parts_read=0)
        names = {column.key: column.source_name for column in sources.dataset_columns(dataset)}
        money = _money_of(version)
        used = semantics.live.columns_used(version, money)
        gone = [key for key in used if key not in names]
        if gone:
            raise connectors.ConnectorRefused("column_missing", column=gone[0])
        source: connectors.Source = connectors.Table(dataset.schema_name, dataset.table_name)
        if dataset.query:
            source = connectors.Query(dataset.query)
        return Work(
            reading=reading,
            version=version,
            names={key: names[key] for key in used},
            money=money,
            address=reaching.address_of(dataset.connection),
            source=source,
        )


def _question(work: Work, source: connectors.Connector) -> Question:
    """The types are asked first: what a column is made of decides how it is read."""
    if not isinstance(source, connectors.SqlConnector):
        raise connectors.ConnectorRefused("live_kind")
    natives = source.natives(work.source, list(dict.fromkeys(work.names.values())))
    spans = [tuple(map(datetime.date.fromisoformat, span)) for span in work.reading.spans]
    grains: Sequence[str] = (Grain.MONTH, Grain.QUARTER, Grain.PERIOD)
    if work.version.additivity == Additivity.ADDITIVE:
        # The rest is summed from the months that are kept, as closed as they are.
        grains = (Grain.MONTH, Grain.PERIOD)
        spans = [span for span in spans if not months.is_whole_months(*span)]
    with tenancy.acting_for(tenancy.current_organisation_id()):
        place = live.place_of(work.version.dataset, natives)  # type: ignore[arg-type]
    return semantics.live.asked(
        work.version,
        place,
        grains=grains,
        calendar=months.calendar(),
        spans=spans,  # type: ignore[arg-type]
        money=work.money,
    )


def _money_of(version: MetricVersion) -> semantics.Money | None:
    if not version.currency_rule or version.dataset is None:
        return None
    return semantics.money_of(version, queries.sheet_of(version.dataset))


def _kept(
    work: Work,
    question: Question,
    source: connectors.Connector,
    *,
    clock: Callable[[], datetime.datetime],
    batch_rows: int,
) -> None:
    seen: set[tuple[str | None, ...]] = set()
    query = connectors.Query(question.text)
    for batch in source.read(query, question.columns, batch_size=batch_rows):
        parts = [question.part(row) for row in batch.rows]
        seen.update(part.cuts for part in parts)
        if len(seen) > semantics.MOST_SLICES:
            raise connectors.ConnectorRefused("live_parts", limit=semantics.MOST_SLICES)
        now = clock()
        with tenancy.acting_for(tenancy.current_organisation_id()):
            claiming.beat(work.reading, at=now, parts_read=F("parts_read") + len(parts))
            LivePart.objects.bulk_create(_rows(work, parts))


def _rows(work: Work, parts: Iterable[Part]) -> list[LivePart]:
    keys = work.version.dimension_keys
    rows = []
    for part in parts:
        told = [key for key, cut in zip(keys, part.cuts, strict=True) if cut is not None]
        cuts = {f"d{place}": cut for place, cut in enumerate(part.cuts)}
        rows.append(
            LivePart(
                reading=work.reading,
                grain=part.grain,
                period_start=part.start,
                period_end=part.end,
                dimensions=",".join(told),
                currency=part.currency,
                rate_on=part.rate_on,
                row_count=part.row_count,
                with_value=part.with_value,
                with_amount=part.with_amount,
                amount=part.amount,
                **cuts,
            )
        )
    return rows


def _answered(work: Work, *, at: datetime.datetime) -> None:
    """The moment of truth: one transaction from the old answer to the new one."""
    with tenancy.acting_for(tenancy.current_organisation_id()):
        # Takes the lock on the reading first: a take-over from here on waits, or has won already.
        claiming.finish(work.reading, JobState.DONE, at=at)
        older = LiveReading.objects.filter(version=work.version).exclude(pk=work.reading.pk)
        LivePart.objects.filter(reading__in=older).delete()
        older.exclude(state__in=OPEN).delete()
        stale.mark("live_answers", [work.version.metric_id], at=at)
        again = LiveReading.objects.filter(pk=work.reading.pk, asked_at__gt=F("started_at"))
        if again.exists():
            start_reading(version=work.version, at=at)


def _failed(reading: LiveReading, refused: connectors.ConnectorRefused, *, at: datetime.datetime) -> None:
    """The values stay as they were and say so, from the first failure on."""
    try:
        over = claiming.fail(reading, refused, at=at)
    except claiming.ClaimLost:
        return
    with tenancy.acting_for(tenancy.current_organisation_id()):
        metrics = MetricVersion.objects.filter(
            pk=reading.version_id, state=VersionState.CERTIFIED, dataset__mode=Mode.LIVE
        )
        found = list(metrics.values_list("metric_id", flat=True))
        Metric.objects.filter(pk__in=found).update(problem=problem_behind(refused.code))
        if over:
            LivePart.objects.filter(reading=reading).delete()
            # What waited for the answer, such as a month to be closed, goes on with the one of before.
            stale.mark("live_answers", found, at=at)


def problem_behind(code: str) -> str:
    """What a metric says when its source answered with this code."""
    if code in ("live_parts", "too_many_rows"):
        return Problem.TOO_MANY
    return Problem.UNABLE if code in UNABLE or code.startswith("query_") else Problem.AWAY
