"""The embedded PostgreSQL: private, unprivileged, and back after a kill."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from performance.foundation import datafolder
from performance.foundation.embedded import cluster, home, plan


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of its own; temporary folders are closed to other accounts, which root's cluster must survive."""
    monkeypatch.setenv("ACCORD_DATA", str(tmp_path / "data"))
    yield tmp_path / "data"
    cluster.stop()
    for place in home.places(plan.current()):
        shutil.rmtree(place)


def test_it_starts_asks_for_passwords_and_keeps_its_data(data_folder: Path) -> None:
    first = cluster.start(durable=False)
    with psycopg.connect(first.plan.url("accord_owner", "accord"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://accord_super@127.0.0.1:{first.plan.port}/postgres")
    first.stop()
    second = cluster.start(durable=False)
    assert second.plan == first.plan
    with psycopg.connect(second.plan.url("accord_owner", "accord")) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        roles = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles"
            " WHERE rolname IN ('accord_app', 'accord_owner') ORDER BY rolname"
        ).fetchall()
        assert roles == [
            ("accord_app", False, False, False, False),
            ("accord_owner", False, False, True, True),
        ]
    second.stop()


def test_root_gives_it_to_an_unprivileged_account(data_folder: Path) -> None:
    running = cluster.start(durable=False)
    assert running.process is not None
    assert psutil.Process(running.process.pid).uids().effective != 0
    running.stop()


def test_secrets_are_readable_by_us_alone(data_folder: Path) -> None:
    plan.current()
    datafolder.generated_secrets()
    for name in ("embedded.json", "secrets.json"):
        assert (data_folder / name).stat().st_mode & 0o077 == 0


def test_it_recovers_after_a_kill_and_a_stale_lock_file(data_folder: Path) -> None:
    running = cluster.start(durable=False)
    assert running.process is not None
    running.process.kill()
    running.process.wait()
    lock = Path(running.plan.cluster) / "postmaster.pid"
    assert lock.exists()
    # The number belongs to another living process by now: this one.
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    again = _started_within(20)
    assert again.is_running()
    again.stop()


def test_it_takes_another_port_when_its_own_is_taken(data_folder: Path) -> None:
    taken = plan.current().port
    with socket.socket() as squatter:
        squatter.bind((plan.HOST, taken))
        squatter.listen()
        running = cluster.start(durable=False)
        assert running.plan.port != taken
        assert plan.current().port == running.plan.port
        running.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_it_stops_when_its_starter_is_killed(data_folder: Path) -> None:
    code = (
        "import time; from performance.foundation.embedded import cluster;"
        "c = cluster.start(durable=False); print(c.process.pid, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", code], cwd=datafolder.BASE_DIR, stdout=subprocess.PIPE, text=True
    )
    with starter:
        assert starter.stdout is not None
        server = psutil.Process(int(starter.stdout.readline()))
        starter.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while server.is_running() and server.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "PostgreSQL outlived its killed starter"
        time.sleep(0.1)


def test_the_last_of_those_who_share_it_stops_it(data_folder: Path) -> None:
    code = (
        "import sys; from performance.foundation.embedded import cluster\n"
        "with cluster.shared(durable=False): print('in', flush=True); sys.stdin.read()"
    )
    with cluster.shared(durable=False) as first:
        other = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=datafolder.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert other.stdout is not None
        assert other.stdout.readline() == "in\n"
    psycopg.connect(first.url("accord_app", "accord")).close()
    other.communicate(timeout=30)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(first.url("accord_app", "accord"))


def _started_within(seconds: float) -> cluster.Cluster:
    """Start again; for a moment after a kill, orphaned sessions may still hold the shared memory."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return cluster.start(durable=False)
        except plan.ClusterFault:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
