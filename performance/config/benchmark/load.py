"""How fast rows come in from a file and from a database, beside a bare COPY of the same rows, and in how much memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone
from psycopg import sql

from performance.config.benchmark import ground, report, server
from performance.config.benchmark.seeding import people as seeding
from performance.foundation import tenancy
from performance.sources import actions, models
from performance.sources.queries import rows

HELP = "Rows per second of a CSV and of an SQL source against a bare COPY of the same rows, and peak memory."
#: Slower than this part of COPY's speed is reported as a problem.
LEAST_SHARE = 0.5
#: Peak memory may grow by so much from the smallest to the largest size.
MOST_GROWTH = 1.25
#: Ways in, by what they are called in the table.
KINDS = {"CSV": "file", "PostgreSQL": "postgresql"}
COLUMNS = {
    "line": ("integer", "key"),
    "sold_on": ("date", "time"),
    "store": ("text", "dimension"),
    "product": ("text", "dimension"),
    "customer": ("integer", "dimension"),
    "quantity": ("integer", "measure"),
    "price": ("decimal", "measure"),
    "note": ("text", "dimension"),
}
TABLE = (
    "line bigint PRIMARY KEY, sold_on date NOT NULL, store text, product text, customer integer,"
    " quantity integer, price numeric(12, 2), note text"
)
FILL = """
    INSERT INTO tills.lines
    SELECT n, date '2024-01-01' + (n %% 700)::int, 'S' || lpad((n %% 97)::text, 3, '0'),
        'Product ' || n %% 2517, (n::bigint * 7919) %% 100003, 1 + n %% 9, (100 + (n * 37) %% 90000) / 100.0,
        CASE WHEN n %% 5 = 0 THEN 'bought together with ' || n %% 811 END
    FROM generate_series(1, %s) n
"""


@dataclass(frozen=True)
class Loaded:
    """One way in at one size. `share`: its speed as a part of COPY's."""

    source: str
    rows: int
    seconds: float
    rows_a_second: int
    share: float
    peak_mb: float | None


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[1_000_000], help="Rows to load; several are compared."
    )
    parser.add_argument(
        "--rounds",
        type=int,
        default=3,
        help="How often COPY and each load take turns; the fastest of each counts.",
    )


def run(options: dict[str, Any], say: Callable[[str], None]) -> report.Report:
    loads: list[Loaded] = []
    for count in options["rows"]:
        with ground.throwaway("benchmark") as place, tempfile.TemporaryDirectory() as folder:
            say(f"Making {count:,} rows in {place.name}")
            file = Path(folder, "lines.csv")
            _made(place, count, file)
            loads += _loads(place, count, file, Path(folder), options["rounds"], say)
    found = report.Report(
        subject="load", columns=("source", "rows", "seconds", "rows a second", "× COPY", "peak MB")
    )
    found.rows = [
        (each.source, each.rows, each.seconds, each.rows_a_second, each.share, each.peak_mb) for each in loads
    ]
    found.notes.append(
        "COPY: the same file into a table of the same types with the same key, in one transaction. It and the"
        f" loads took turns, {options['rounds']} times; the fastest of each counts. Again: a second load in which"
        " nothing has changed."
    )
    found.problems = [*_slow(loads), *_grown(loads)]
    found.figures = {"least_share": LEAST_SHARE, "loads": [asdict(each) for each in loads]}
    return found


def _made(place: ground.Ground, count: int, file: Path) -> None:
    """The rows at the source, and the same rows as a file."""
    with psycopg.connect(place.url("owner"), autocommit=True) as owner:
        owner.execute("CREATE SCHEMA tills")
        owner.execute(sql.SQL("CREATE TABLE tills.lines ({})").format(sql.SQL(TABLE)))
        owner.execute(FILL, [count])
        owner.execute("VACUUM (ANALYZE) tills.lines")
        with (
            file.open("wb") as target,
            owner.cursor().copy("COPY tills.lines TO STDOUT (FORMAT csv, HEADER)") as rows,
        ):
            for piece in rows:
                target.write(piece)


def _loads(
    place: ground.Ground, count: int, file: Path, folder: Path, rounds: int, say: Callable[[str], None]
) -> list[Loaded]:
    company = seeding.found(200)
    environ = server.environment(place, folder) | {"ACCORD_EGRESS_ALLOW": "127.0.0.1,localhost"}
    floor = float("inf")
    fastest: dict[str, float] = {}
    peaks: dict[str, float] = {}
    for turn in range(1, rounds + 1):
        for name, kind in KINDS.items():
            # What else the machine does at a time slows both down.
            floor = min(floor, _copied(place, file))
            with tenancy.acting_for(company.organisation):
                dataset = _dataset(kind, file, place, turn)
            # Nothing is compared with the second load, which takes the longest.
            for title in (name, f"{name}, again") if turn == 1 else (name,):
                say(f"Loading {title}, {turn} of {rounds}")
                done = _in_a_process(company.organisation.pk, dataset, environ)
                if done["rows"] != count:
                    raise CommandError(f"{title}: {done['rows']} of {count} rows arrived. {done['problem']}")
                fastest[title] = min(done["seconds"], fastest.get(title, float("inf")))
                peaks[title] = max(done["peak_kb"] / 1024, peaks.get(title, 0))
            _emptied(place, dataset)
    return [
        Loaded("COPY", count, round(floor, 2), int(count / floor), 1.0, None),
        *(
            Loaded(
                title,
                count,
                round(seconds, 2),
                int(count / seconds),
                round(floor / seconds, 2),
                round(peaks[title], 1),
            )
            for title, seconds in fastest.items()
        ),
    ]


def _emptied(place: ground.Ground, dataset: models.Dataset) -> None:
    """At once, so that nobody clears up while the next ones are measured."""
    with psycopg.connect(place.url("owner")) as owner:
        owner.execute(f"TRUNCATE {rows.row_relation(dataset)}".encode())


def _copied(place: ground.Ground, file: Path) -> float:
    """Seconds of the floor."""
    with psycopg.connect(place.url("owner")) as owner:
        owner.execute("DROP TABLE IF EXISTS tills.copied")
        owner.execute(sql.SQL("CREATE TABLE tills.copied ({})").format(sql.SQL(TABLE)))
        owner.commit()
        # As lasting as a load, whose last transaction is on the disk when it ends, whatever the role is set to.
        owner.execute("SET synchronous_commit = on")
        owner.commit()
        begun = time.perf_counter()
        with (
            file.open("rb") as source,
            owner.cursor().copy("COPY tills.copied FROM STDIN (FORMAT csv, HEADER)") as target,
        ):
            while piece := source.read(1 << 20):
                target.write(piece)
        owner.commit()
        return time.perf_counter() - begun


def _dataset(kind: str, file: Path, place: ground.Ground, turn: int) -> models.Dataset:
    at = timezone.now()
    if kind == "file":
        connection = actions.connect_source(kind=kind, name_en=f"A file of lines {turn}", by=None, at=at)
        with file.open("rb") as source:
            pieces = iter(lambda: source.read(1 << 20), b"")
            actions.upload_file(connection=connection, name=file.name, chunks=pieces, by=None, at=at)
    else:
        address = urlsplit(place.url("owner"))
        connection = actions.connect_source(
            kind=kind,
            name_en=f"Tills {turn}",
            host=address.hostname or "127.0.0.1",
            port=address.port or 5432,
            database=place.name,
            user_name=address.username or "",
            password=address.password or "",
            by=None,
            at=at,
        )
    plan = actions.DatasetPlan(
        key=f"lines_{kind}_{turn}",
        name_en=f"Lines {turn}",
        columns=[
            actions.ColumnPlan(
                source_name=key,
                key=key,
                type=type_,
                role=role,
                is_key=role == "key",
                source_type="" if kind == "file" else type_,
                date_order="",
            )
            for key, (type_, role) in COLUMNS.items()
        ],
        schema_name="" if kind == "file" else "tills",
        table_name=file.stem if kind == "file" else "lines",
        query="",
    )
    return actions.create_dataset(connection=connection, plan=plan, by=None, at=at)[0]


def _in_a_process(organisation_id: Any, dataset: models.Dataset, environ: dict[str, str]) -> dict[str, Any]:
    """A load as a worker runs it, in a process of its own, so that its memory is its own."""
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        [
            *(sys.executable, "-m", "performance.config.benchmark.one_load"),
            *(str(organisation_id), str(dataset.pk)),
        ],
        cwd=settings.BASE_DIR,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"The load failed:\n{done.stdout}{done.stderr}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _slow(loads: Sequence[Loaded]) -> list[str]:
    return [
        f"{each.source}, {each.rows:,} rows: {each.share} of COPY's speed, below {LEAST_SHARE}"
        for each in loads
        if each.share < LEAST_SHARE and "again" not in each.source
    ]


def _grown(loads: Sequence[Loaded]) -> list[str]:
    problems = []
    for source in dict.fromkeys(each.source for each in loads if each.peak_mb):
        peaks = [each.peak_mb for each in loads if each.source == source and each.peak_mb]
        if max(peaks) > MOST_GROWTH * peaks[0]:
            problems.append(f"{source}: peak memory grows from {peaks[0]} to {max(peaks)} MB")
    return problems
