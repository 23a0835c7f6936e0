"""Metrics whose rows stay at their sources: what was asked, what is to be asked, and what came back."""

import datetime
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from performance.kpis import semantics
from performance.kpis.models import LiveReading, MetricVersion, VersionState
from performance.sources import queries as sources
from performance.sources.models import Dataset, JobState, Mode
from performance.sources.queries.loads import is_claimable


def live_versions(metric_ids: Collection[uuid.UUID] | None = None) -> QuerySet[MetricVersion]:
    """Certified versions over open live datasets that were found at their sources."""
    found = MetricVersion.objects.select_related("metric", "dataset__connection").filter(
        state=VersionState.CERTIFIED,
        metric__retired_at=None,
        dataset__mode=Mode.LIVE,
        dataset__loaded_at__isnull=False,
        dataset__closed_at=None,
    )
    return found if metric_ids is None else found.filter(metric__in=list(metric_ids))


def claimable_readings(at: datetime.datetime) -> QuerySet[LiveReading]:
    return LiveReading.objects.filter(is_claimable(at)).order_by("due_at")


@dataclass(frozen=True)
class Answer:
    """`reading_id`: the newest answer, if there is any. `newest`: the newest asking, answered or not."""

    reading_id: uuid.UUID | None
    newest: LiveReading | None

    @property
    def is_awaited(self) -> bool:
        return self.newest is not None and self.newest.is_open

    @property
    def failure(self) -> str:
        """The code of what went wrong at the last asking, "" where nothing did."""
        return self.newest.problem_code if self.newest and self.newest.state == JobState.FAILED else ""


NONE = Answer(None, None)


def answers(version_ids: Iterable[uuid.UUID]) -> Mapping[uuid.UUID, Answer]:
    """version id → what its source said. Two queries."""
    asked = LiveReading.objects.filter(version__in=list(version_ids)).order_by(
        "version_id", "-asked_at", "-id"
    )
    newest = {reading.version_id: reading for reading in asked.distinct("version_id")}
    done = asked.filter(state=JobState.DONE).distinct("version_id")
    kept = dict(done.values_list("version_id", "pk"))
    return {key: Answer(kept.get(key), reading) for key, reading in newest.items()}


def answer_of(version: MetricVersion) -> Answer:
    return answers([version.pk]).get(version.pk, NONE)


def place_of(dataset: Dataset, natives: Mapping[str, str]) -> semantics.live.Place:
    """Where its rows are; `natives`: source name → what the server calls its type, for the columns that are used."""
    columns = {
        column.key: semantics.live.LiveColumn(column.source_name, column.type, natives[column.source_name])
        for column in sources.dataset_columns(dataset)
        if column.source_name in natives
    }
    return semantics.live.Place(
        kind=dataset.connection.kind,
        zone=dataset.time_zone,
        columns=columns,
        schema=dataset.schema_name,
        table=dataset.table_name,
        query=dataset.query,
    )
