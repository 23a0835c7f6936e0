"""How long everybody's scores take, from the evidence to what is stored and explained, beside bare SQL over its rows."""

from __future__ import annotations

import contextlib
import io
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from performance.config.benchmark import ground, report, seeding, server
from performance.foundation import tenancy
from performance.people import models as people
from performance.scoring import actions, tasks
from performance.scoring.models import CurrentScore, PolicyVersion, Score, ScoreRun

HELP = "Seconds of a run over everybody beside bare SQL over the same rows, memory, and one changed person's score."
#: A run takes at most so many times what the bare statement takes, and no process more memory than this.
LIMIT = 2.0
LIMIT_MB = 2048
LIMIT_MS = 100.0

#: What scores rest on, restated and reorganised once they are frozen.
RESTATED = """
    UPDATE okr_progresspoint SET progress_micro = progress_micro / 2;
    ALTER TABLE kpis_metricvalue DISABLE TRIGGER USER;
    UPDATE kpis_metricvalue SET value = value * 3 + 1;
    ALTER TABLE kpis_metricvalue ENABLE TRIGGER USER;
    UPDATE people_person SET unit_id = (SELECT id FROM people_businessunit WHERE code = 'S001')
"""
#: One statement: all scores once more, and which of them is in force.
STORING = """
    WITH again AS (
        INSERT INTO {table} (id, {columns}) SELECT accord_uuid7(), {columns} FROM {table}
        RETURNING id, organisation_id, person_id, period_id
    )
    INSERT INTO scoring_currentscore (id, organisation_id, person_id, period_id, score_id, is_frozen)
    SELECT accord_uuid7(), organisation_id, person_id, period_id, id, false FROM again
    ON CONFLICT (organisation_id, person_id, period_id) DO UPDATE SET score_id = EXCLUDED.score_id
"""
#: The weighted mean of each person's goals at their newest points, the values of the metrics in the own store and in the
#: given ones, each held between floor and target, and the weighted mean of all eight.
FLOOR = """
    INSERT INTO bare_scores (organisation_id, person_id, period_id, score_micro)
    WITH newest AS (
        SELECT DISTINCT ON (point.objective_id) o.owner_id, o.weight, point.progress_micro
        FROM okr_progresspoint point JOIN okr_objective o ON o.id = point.objective_id
        WHERE o.organisation_id = %(organisation)s AND o.period_id = %(period)s
        ORDER BY point.objective_id, point.at DESC, point.id DESC
    ), goals AS (
        SELECT owner_id, sum(weight * progress_micro) / sum(weight) AS micro FROM newest GROUP BY owner_id
    ), counted AS (
        SELECT p.id, c.weight,
            CASE WHEN c.metric IS NULL THEN g.micro ELSE greatest(0, least(100000000,
                (v.value - c.floor) / (c.target - c.floor) * 100000000)) END AS micro
        FROM people_person p
        JOIN people_businessunit u ON u.id = p.unit_id
        CROSS JOIN bare_components c
        LEFT JOIN goals g ON g.owner_id = p.id
        LEFT JOIN bare_values v ON v.key = c.metric AND v.slice = coalesce(c.slice, u.slice)
        WHERE p.organisation_id = %(organisation)s AND u.code LIKE 'S0%%'
    )
    SELECT %(organisation)s, id, %(period)s, round(sum(weight * micro) / sum(weight))
    FROM counted WHERE micro IS NOT NULL GROUP BY id
"""
TABLES = """
    CREATE TABLE bare_scores (organisation_id uuid, person_id uuid, period_id uuid, score_micro bigint,
        PRIMARY KEY (organisation_id, period_id, person_id));
    CREATE TABLE bare_components (weight integer, metric text, slice jsonb, floor numeric, target numeric);
    CREATE TABLE bare_values AS
        SELECT m.key, v.slice, v.value FROM kpis_metricvalue v JOIN kpis_metric m ON m.id = v.metric_id
        WHERE v.period_start = %(starts_on)s AND v.period_end = %(ends_on)s;
    ANALYZE bare_values
"""


@dataclass(frozen=True)
class Full:
    """A run over everybody by so many processes; `floor_s` is the bare statement, `storing_s` what putting the finished
    scores into their tables takes the database alone, `python_s` for how long the processes kept processors busy."""

    people: int
    seconds: float
    floor_s: float
    storing_s: float
    python_s: float
    peak_mb: list[float]

    @property
    def ratio(self) -> float:
        return self.seconds / self.floor_s


@dataclass(frozen=True)
class Single:
    """One changed person's score, again and again: milliseconds of work and queries."""

    people: int
    median_ms: float
    p95_ms: float
    queries: int


@dataclass(frozen=True)
class Replays:
    """Frozen scores computed again from what they kept."""

    people: int
    seconds: float
    different: int


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--people", type=int, nargs="+", default=[1000], help="Size of the company; several are compared."
    )
    parser.add_argument("--processes", type=int, default=2, help="Workers of a run.")
    parser.add_argument("--singles", type=int, default=60, help="Single scores computed.")
    parser.add_argument(
        "--replays", type=int, default=20_000, help="Frozen scores replayed at most, drawn from all of them."
    )


def run(options: dict[str, Any], say: Callable[[str], None]) -> report.Report:
    found = report.Report(
        subject="scoring",
        columns=(
            "people",
            "run s",
            "bare SQL s",
            "times",
            "storing s",
            "Python s",
            "people/s",
            "peak MB each",
            "one p50 ms",
            "one p95 ms",
            "queries",
            "replays/s",
        ),
    )
    fulls, singles, replays = list[Full](), list[Single](), list[Replays]()
    for size in options["people"]:
        if size < 100:
            raise CommandError("Give at least 100 people.")
        with ground.throwaway("benchmark") as place:
            say(f"Seeding {size:,} people in {place.name}")
            company = seeding.seed_many(size, say=say)
            ground.settle()
            fulls.append(_full(company, place, options["processes"], size, say))
            singles.append(_single(company, options["singles"], size, say))
            replays.append(_replays(company, options["processes"], options["replays"], say))
            connections["default"].close()
    found.rows = [
        (
            full.people,
            round(full.seconds, 1),
            round(full.floor_s, 1),
            round(full.ratio, 1),
            round(full.storing_s, 1),
            round(full.python_s, 1),
            round(full.people / full.seconds),
            ", ".join(f"{each:.0f}" for each in full.peak_mb),
            round(single.median_ms, 1),
            round(single.p95_ms, 1),
            single.queries,
            round(replayed.people / replayed.seconds),
        )
        for full, single, replayed in zip(fulls, singles, replays, strict=True)
    ]
    found.notes.append(
        f"{options['processes']} processes; three objectives, nine key results and eight components a head. Bare SQL: the "
        "weighted means of the same rows, put into a table without walls by one statement. One: a changed goal to its "
        "stored score, without the way of the message. Storing: the database copies the finished scores within their "
        "tables. Python: seconds of processors in all processes together; the rest is the database's. Replays: of frozen "
        "scores in another order, after goals, values and units of people have changed."
    )
    found.problems = [
        *(
            f"{full.people:,} people take {full.ratio:.1f} times as long as the bare statement"
            for full in fulls
            if full.ratio > LIMIT
        ),
        *(
            f"a process takes {max(full.peak_mb):.0f} MB at {full.people:,} people"
            for full in fulls
            if max(full.peak_mb) > LIMIT_MB
        ),
        *(
            f"one score takes {single.p95_ms:.0f} ms at {single.people:,} people"
            for single in singles
            if single.p95_ms > LIMIT_MS
        ),
        *(
            f"{replayed.different:,} of {replayed.people:,} frozen scores replay otherwise"
            for replayed in replays
            if replayed.different
        ),
    ]
    if len({single.queries for single in singles}) > 1:
        found.problems.append("the number of queries for one score depends on the size of the company")
    found.figures = {
        "processes": options["processes"],
        "full": [{**asdict(full), "ratio": full.ratio} for full in fulls],
        "single": [asdict(single) for single in singles],
        "replays": [asdict(replayed) for replayed in replays],
    }
    return found


def _full(
    company: seeding.Company, place: ground.Ground, processes: int, size: int, say: Callable[[str], None]
) -> Full:
    floor_s = _floor(company)
    say(f"  bare SQL: {floor_s:.2f} s")
    with tenancy.acting_for(company.organisation):
        run = seeding.start_run(company)
    connections["default"].close()
    with tempfile.TemporaryDirectory() as folder:
        environ = server.environment(place, Path(folder))
        workers = [_worker(company, run, environ) for _process in range(processes)]
        for worker in workers:
            _said(worker)
        begun = time.time()
        with tenancy.acting_for(company.organisation):
            actions.take_run(run_id=run.pk, at=timezone.now())
        for worker in workers:
            print("go", file=worker.stdin, flush=True)
        told = [json.loads(_said(worker)) for worker in workers]
        for worker in workers:
            worker.wait()
    with tenancy.acting_for(company.organisation):
        run.refresh_from_db()
        if run.state != "done" or CurrentScore.objects.count() != run.total:
            raise CommandError(f"The run ended as {run.state}, with {run.done} of {run.total} people.")
        storing_s = _storing()
    seconds = max(each["ended_at"] for each in told) - begun
    say(f"  {run.total:,} scores: {seconds:.2f} s; storing them alone: {storing_s:.2f} s")
    return Full(
        people=run.total,
        seconds=seconds,
        floor_s=floor_s,
        storing_s=storing_s,
        python_s=sum(each["python_s"] for each in told),
        peak_mb=[each["peak_kb"] / 1024 for each in told],
    )


def _storing() -> float:
    """Seconds in which the database copies all scores within their tables, walls and all. Nothing of it stays."""
    copied = [str(field.column) for field in Score._meta.local_concrete_fields if field.column != "id"]
    statement = STORING.format(table=Score._meta.db_table, columns=", ".join(copied))
    begun = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        seconds = time.perf_counter() - begun
        transaction.set_rollback(True)
    return seconds


def _worker(company: seeding.Company, run: ScoreRun, environ: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own program, no shell
        [
            *(sys.executable, "-m", "performance.config.benchmark.one_run"),
            *(str(company.organisation.pk), str(run.pk)),
        ],
        cwd=settings.BASE_DIR,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _said(worker: subprocess.Popen[str]) -> str:
    line = worker.stdout.readline() if worker.stdout else ""
    if not line:
        raise CommandError("A worker ended before it was through.")
    return line


def _floor(company: seeding.Company) -> float:
    """Seconds of the bare statement, by the owner, before any score exists."""
    given: dict[str, Any] = {
        "organisation": company.organisation.pk,
        "period": company.period.pk,
        "starts_on": company.period.starts_on,
        "ends_on": company.period.ends_on,
    }
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('app.organisation', %s, false)", [str(company.organisation.pk)])
        cursor.execute(TABLES, given)
        cursor.executemany(
            "INSERT INTO bare_components VALUES (%s, %s, %s, %s, %s)", _bare_components(company)
        )
        cursor.execute("ANALYZE bare_components")
        begun = time.perf_counter()
        cursor.execute(FLOOR, given)
        seconds = time.perf_counter() - begun
        if not cursor.rowcount:
            raise CommandError("The bare statement found nobody.")
    return seconds


def _bare_components(company: seeding.Company) -> list[tuple[Any, ...]]:
    with tenancy.acting_for(company.organisation):
        planned = PolicyVersion.objects.get(state="locked").planned
    return [
        (
            each["effective_ppm"],
            each["source_ref"] or None,
            None if isinstance(each["slice"], str) else json.dumps(each["slice"]),
            each["curve"].get("floor"),
            each["curve"].get("target"),
        )
        for each in planned
    ]


def _single(company: seeding.Company, count: int, size: int, say: Callable[[str], None]) -> Single:
    times, queries = list[float](), list[int]()
    with tenancy.acting_for(company.organisation):
        scored = CurrentScore.objects.filter(person__objectives__isnull=False).order_by("person_id")
        chosen = list(scored.values_list("person_id", flat=True).distinct()[: count + 5])
    for person_id in chosen:
        with tenancy.acting_for(company.organisation):
            seeding.move_goals(person_id, at=timezone.now())
        with CaptureQueriesContext(connection) as captured, tenancy.acting_for(company.organisation):
            begun = time.perf_counter()
            written = actions.rescore_people(person_ids=[person_id], at=timezone.now())
            times.append((time.perf_counter() - begun) * 1000)
        if written.written != 1:
            raise CommandError("A moved goal moved no score.")
        queries.append(len(captured))
    counted = sorted(times[5:])
    say(f"  one score: {statistics.median(counted):.1f} ms")
    return Single(size, statistics.median(counted), counted[int(len(counted) * 0.95)], max(queries[5:]))


def _replays(company: seeding.Company, processes: int, most: int, say: Callable[[str], None]) -> Replays:
    with tenancy.acting_for(company.organisation):
        people.Period.objects.filter(pk=company.period.pk).update(state="closing")
        company.period.refresh_from_db()
        run = actions.freeze_scores(
            period=company.period, by=company.actor(company.staff["hr"]), at=timezone.now()
        )
        actions.take_run(run_id=run.pk, at=timezone.now())
    with tenancy.remembering(company.organisation.pk):
        tasks.help_with_run.run(str(run.pk))
    with connections["owner"].cursor() as cursor:
        cursor.execute(RESTATED)
    out = io.StringIO()
    begun = time.perf_counter()
    with contextlib.suppress(CommandError):
        call_command("replay_scores", processes=processes, shuffle=7, most=most, stdout=out)
    seconds = time.perf_counter() - begun
    told = out.getvalue().splitlines()[-1]
    replayed, _identical, different = (int(number) for number in re.findall(r"\d+", told))
    if not replayed:
        raise CommandError("No score was frozen.")
    say(f"  {told}: {seconds:.1f} s")
    return Replays(replayed, seconds, different)
