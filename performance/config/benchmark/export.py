"""How long a file of everybody's results takes, in how much memory, and whether it says what the database says."""

from __future__ import annotations

import csv
import itertools
import json
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection, connections
from django.test.utils import override_settings
from django.utils import timezone, translation

from performance.appraisals import actions
from performance.appraisals.actions import files
from performance.appraisals.models import Cycle, Export, ExportFormat
from performance.config.benchmark import ground, report, seeding, server
from performance.foundation import tenancy

HELP = (
    "Seconds and peak memory of exports of many results, each file read back and compared with the database."
)
#: Peak memory may grow by so much from the smallest to the largest size.
MOST_GROWTH = 1.1
FORMATS = (ExportFormat.XLSX, ExportFormat.CSV)
#: What is compared for everybody: who it is, and the numbers.
WANTED = """
    SELECT p.number, s.score_micro, s.constant_micro, s.coverage_ppm
    FROM appraisals_cycleentry e JOIN people_person p ON p.id = e.person_id
    LEFT JOIN scoring_currentscore c ON c.person_id = p.id AND c.period_id = %s
    LEFT JOIN scoring_score s ON s.id = c.score_id
    WHERE e.cycle_id = %s ORDER BY e.number, e.id
"""
COMPARED = ("number", "score", "constant_score", "coverage")


@dataclass(frozen=True)
class Written:
    """One file of so many results. `different`: rows that do not say what the database says."""

    format: str
    results: int
    seconds: float
    rows_a_second: int
    megabytes: float
    peak_mb: float
    different: int


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--people",
        type=int,
        nargs="+",
        default=[10_000],
        help="Results to export; several are compared.",
    )


def run(options: dict[str, Any], say: Callable[[str], None]) -> report.Report:
    written: list[Written] = []
    for size in options["people"]:
        if size < 100:
            raise CommandError("Give at least 100 people.")
        with (
            ground.throwaway("benchmark") as place,
            tempfile.TemporaryDirectory() as folder,
            override_settings(MEDIA_ROOT=Path(folder) / "files"),
        ):
            say(f"Seeding {size:,} people in {place.name}")
            company, cycle = seeding.seed_results(size, say=say)
            ground.settle()
            environ = server.environment(place, Path(folder))
            written += [_written(company, cycle, format, environ, say) for format in FORMATS]
            connections["default"].close()
    found = report.Report(
        subject="export",
        columns=("format", "results", "seconds", "results a second", "MB", "peak MB", "different"),
    )
    found.rows = [
        (
            each.format,
            each.results,
            each.seconds,
            each.rows_a_second,
            each.megabytes,
            each.peak_mb,
            each.different,
        )
        for each in written
    ]
    found.notes.append(
        "Every usual column, by a worker in a process of its own. Different: rows of the file whose number, scores and "
        "coverage are not those that the database gives to another query."
    )
    found.problems = [*_grown(written), *_different(written)]
    found.figures = {"most_growth": MOST_GROWTH, "exports": [asdict(each) for each in written]}
    return found


def _written(
    company: seeding.Company,
    cycle: Cycle,
    format: str,
    environ: dict[str, str],
    say: Callable[[str], None],
) -> Written:
    with tenancy.acting_for(company.organisation), translation.override("en"):
        export = actions.request_export(
            cycle=cycle, format=format, by=company.actor(company.staff["hr"]), at=timezone.now()
        )
    told = _in_a_process(company, export, environ)
    with tenancy.acting_for(company.organisation):
        export.refresh_from_db()
        different = _differences(export)
    files.remove(export)
    say(f"  {format}: {told['rows']:,} rows in {told['seconds']:.1f} s, {told['peak_kb'] / 1024:.0f} MB")
    return Written(
        format,
        told["rows"],
        round(told["seconds"], 1),
        int(told["rows"] / told["seconds"]),
        round(told["bytes"] / 1_000_000, 1),
        round(told["peak_kb"] / 1024, 1),
        different,
    )


def _in_a_process(company: seeding.Company, export: Export, environ: dict[str, str]) -> dict[str, Any]:
    """An export as a worker writes it, in a process of its own, so that its memory is its own."""
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        [
            *(sys.executable, "-m", "performance.config.benchmark.one_export"),
            *(str(company.organisation.pk), str(export.pk)),
        ],
        cwd=settings.BASE_DIR,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"The export failed:\n{done.stdout}{done.stderr}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if told["state"] != "done":
        raise CommandError(f"The export ended as {told['state']}. {told['problem']}")
    return told


def _differences(export: Export) -> int:
    """Rows of the file that are not those of the database, and those that either has more of."""
    places = [export.columns.index(key) for key in COMPARED]
    with connection.cursor() as cursor:
        cursor.execute(WANTED, [export.cycle.period_id, export.cycle_id])
        wanted = cursor.fetchall()
    rows = iter(_rows(export))
    next(rows)
    return sum(
        row is None or want is None or not _is_same([row[place] for place in places], want)
        for row, want in itertools.zip_longest(rows, wanted)
    )


def _is_same(told: Sequence[Any], want: Sequence[Any]) -> bool:
    micros = [None if cell in (None, "") else round(Decimal(str(cell)) * 10**6) for cell in told[1:]]
    return [told[0], *micros] == list(want)


def _rows(export: Export) -> Iterator[Sequence[Any]]:
    path = files.path_of(export)
    if export.format == ExportFormat.CSV:
        with path.open(encoding="utf-8", newline="") as table:
            yield from csv.reader(table)
    else:
        yield from openpyxl.load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True)


def _grown(written: Sequence[Written]) -> list[str]:
    problems = []
    for format in dict.fromkeys(each.format for each in written):
        peaks = [each.peak_mb for each in written if each.format == format]
        if max(peaks) > MOST_GROWTH * peaks[0]:
            problems.append(f"{format}: peak memory grows from {peaks[0]} to {max(peaks)} MB")
    return problems


def _different(written: Sequence[Written]) -> list[str]:
    return [
        f"{each.format}, {each.results:,} results: {each.different:,} rows differ from the database"
        for each in written
        if each.different
    ]
