"""Accord on one machine, under one command: PostgreSQL (embedded mode), web, worker and beat."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType
from typing import IO, Any

from django.conf import settings
from django.core.management import get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser

from performance.foundation import datafolder, supervisor
from performance.foundation.embedded import cluster, plan

FIRST_PORT = 8000
PORTS_TRIED = 50
NAMES = ("postgres", "prepare", "demo", "web", "worker", "beat", "accord")


class Command(BaseCommand):
    help = (
        "Starts everything that an installation on one machine needs, and stops it together. Without "
        "DATABASE_URL it brings its own PostgreSQL. PORT and HOST choose the address (8000, 127.0.0.1)."
    )
    # The database may not run yet: it is started here.
    requires_system_checks: list[str] = []
    _cluster: cluster.Cluster | None = None

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo", action="store_true", help="With the demo company; its accounts are printed."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        console = supervisor.Console(sys.stdout, NAMES)
        signal.signal(signal.SIGTERM, _interrupt)
        alone = _claim()
        try:
            self._start_cluster(console)
            try:
                self._serve(console, demo=options["demo"])
            finally:
                self._stop_cluster()
        except KeyboardInterrupt:
            console.say("accord", "stopped")
        except plan.ClusterFault as fault:
            raise CommandError(str(fault)) from fault
        finally:
            alone.close()

    def _start_cluster(self, console: supervisor.Console) -> None:
        self._cluster = cluster.start(output=console.pipe("postgres")) if settings.EMBEDDED else None

    def _revive_cluster(self, console: supervisor.Console) -> None:
        """PostgreSQL repairs itself from its log after a kill; somebody must start it again."""
        if self._cluster is None or self._cluster.is_running():
            return
        console.say("postgres", "stopped; starting again")
        self._start_cluster(console)

    def _stop_cluster(self) -> None:
        if self._cluster is not None:
            self._cluster.stop()
            # Also one that was adopted from a supervisor that was killed.
            cluster.stop()

    def _serve(self, console: supervisor.Console, *, demo: bool) -> None:
        host = os.environ.get("HOST", "127.0.0.1")
        port = _choose_port(host)
        shown_host = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::"} else host  # noqa: S104 - compared
        address = os.environ.get("ACCORD_URL") or f"http://{shown_host}:{port}"
        environment = {"ACCORD_URL": address}
        if demo:
            # The demo company connects to databases of the embedded server.
            environment["ACCORD_EGRESS_ALLOW"] = ",".join([*settings.ACCORD_EGRESS_ALLOW, "127.0.0.1/32"])
        manage = supervisor.python(str(datafolder.BASE_DIR / "manage.py"))
        self._run(console, "prepare", [*manage, "prepare", "--verbosity=0"], environment)
        if demo:
            self._seed(console, manage, environment)
        services = _services(host, port, environment)
        keeper = supervisor.Supervisor(
            services, console, before_reviving=lambda: self._revive_cluster(console)
        )
        threading.Thread(
            target=_announce,
            args=(console, f"http://{shown_host}:{port}", address, manage, environment, demo),
            daemon=True,
        ).start()
        keeper.run()
        console.say("accord", "stopped")

    def _seed(self, console: supervisor.Console, manage: list[str], environment: dict[str, str]) -> None:
        """The demo company is made once; later starts find it as its people left it. The database knows."""
        self._run(console, "demo", [*manage, "seed_demo", "--once"], environment)

    def _run(
        self, console: supervisor.Console, name: str, command: list[str], environment: dict[str, str]
    ) -> None:
        code = supervisor.run_once(name, command, environment, console)
        if code:
            raise CommandError(f"{name} failed; its last lines above say why.")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _claim() -> IO[str]:
    """One supervisor per data folder; the operating system frees the claim when it dies."""
    folder = datafolder.path()
    folder.mkdir(parents=True, exist_ok=True)
    claim = open(folder / "up.lock", "a+")  # noqa: SIM115 - held for the life of the supervisor
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        claim.seek(0)
        raise CommandError(
            f"Accord already runs from this folder (process {claim.read().strip() or 'unknown'}). "
            "Stop it first, or set ACCORD_DATA to another folder."
        ) from error
    claim.truncate(0)
    claim.write(str(os.getpid()))
    claim.flush()
    return claim


def _choose_port(host: str) -> int:
    """PORT, or the next free one after it; said aloud by the banner."""
    wanted = int(os.environ.get("PORT") or FIRST_PORT)
    for port in range(wanted, wanted + PORTS_TRIED):
        if plan.port_is_free(port, host):
            return port
    raise CommandError(f"No free port from {wanted} to {wanted + PORTS_TRIED - 1}. Set PORT to a free one.")


def _services(host: str, port: int, environment: dict[str, str]) -> list[supervisor.Service]:
    configuration = str(Path(settings.BASE_DIR) / "performance" / "config" / "gunicorn.py")
    celery = supervisor.python("-m", "celery", "--quiet", "-A", "performance.config")
    # Nothing that arrives is unpickled (JSON alone), which is what Celery warns root of.
    quiet = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
    level = os.environ.get("ACCORD_LOG_LEVEL", "INFO").lower()
    return [
        supervisor.Service(
            "web",
            supervisor.python(
                "-m", "gunicorn", "-c", configuration, "-b", f"{host}:{port}", "performance.config.wsgi"
            ),
            environment,
        ),
        supervisor.Service(
            "worker",
            [
                *celery,
                "worker",
                f"--loglevel={level}",
                f"--concurrency={os.environ.get('ACCORD_WORKERS', '2')}",
                "--without-gossip",
                "--without-mingle",
            ],
            {**environment, **quiet},
        ),
        supervisor.Service(
            "beat",
            [*celery, "beat", f"--loglevel={level}", "--pidfile="],
            environment,
        ),
    ]


def _announce(
    console: supervisor.Console,
    local: str,
    address: str,
    manage: list[str],
    environment: dict[str, str],
    demo: bool,
) -> None:
    """Say where it is once it answers: with the demo's accounts or the link to set it up."""
    if not _answers(f"{local}/health/live"):
        console.say("accord", "the web process does not answer; its lines above say why")
        return
    lines = [f"Accord is at {address}", "Stop it with Ctrl-C; everything is kept."]
    command = "demo_accounts" if demo else "setup_link"
    if command in get_commands():
        lines.append(_output_of([*manage, command], environment))
    console.banner("\n".join(line for line in lines if line))


def _answers(url: str) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=3):  # noqa: S310 - our own address
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.2)
    return False


def _output_of(command: list[str], environment: dict[str, str]) -> str:
    import subprocess

    done = subprocess.run(  # noqa: S603 - our own command
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    return (done.stdout if done.returncode == 0 else done.stderr).strip()
