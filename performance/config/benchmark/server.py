"""A real server process, as in production: gunicorn with two workers, DEBUG off, collected static files."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import redis
from django.conf import settings
from django.core.management.base import CommandError

from performance.config.benchmark.ground import Ground
from performance.foundation.embedded import plan

WORKERS = 2
START_SECONDS = 60
SETTINGS = "performance.config.benchmark.settings"


@contextlib.contextmanager
def running(ground: Ground) -> Iterator[int]:
    """Starts the server on a free port, waits until it answers, yields the port, stops it."""
    with tempfile.TemporaryDirectory(prefix=f"{ground.name}-") as folder:
        environ = environment(ground, Path(folder))
        _collect_static_files(environ)
        port = plan.free_port()
        log_path = Path(folder, "server.log")
        with log_path.open("w") as log:
            process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                [
                    *(sys.executable, "-m", "gunicorn", "--config", "python:performance.config.gunicorn"),
                    *("--bind", f"127.0.0.1:{port}", "performance.config.wsgi:application"),
                ],
                cwd=settings.BASE_DIR,
                env=environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _wait_until_it_answers(process, port, log_path)
            yield port
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            _forget_prefix(ground.name)


@contextlib.contextmanager
def working(ground: Ground) -> Iterator[None]:
    """A Celery worker beside the server, as in production; stopped at the end."""
    with tempfile.TemporaryDirectory(prefix=f"{ground.name}-worker-") as folder:
        log_path = Path(folder, "worker.log")
        with log_path.open("w") as log:
            process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                [
                    *(sys.executable, "-m", "celery", "--app", "performance.config.celery", "worker"),
                    *("--concurrency", "1", "--loglevel", "info", "--without-mingle", "--without-gossip"),
                ],
                cwd=settings.BASE_DIR,
                env=environment(ground, Path(folder)),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _wait_until_it_works(process, log_path)
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_it_works(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if " ready." in log.read_text():
            return
        time.sleep(0.1)
    raise CommandError(f"The worker did not start:\n{log.read_text()[-4000:]}")


def environment(ground: Ground, folder: Path, settings_module: str = SETTINGS) -> dict[str, str]:
    """What a production-like process needs to stand on the throwaway database."""
    application = ground.url("default")
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": settings_module,
        "ACCORD_BENCHMARK": ground.name,
        "DATABASE_URL": application,
        "DEBUG": "0",
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_ENCRYPTION_KEYS": ",".join(settings.FIELD_ENCRYPTION_KEYS),
        "ALLOWED_HOSTS": "127.0.0.1",
        # Plain HTTP on this machine: TLS is the proxy's work and would only be measured as noise.
        "ACCORD_TLS": "0",
        "ACCORD_STATIC_ROOT": str(folder / "static"),
        "ACCORD_FILES": str(folder / "files"),
        "ACCORD_ACCESS_LOG": "0",
        "EMAIL_URL": "console:",
        "WEB_CONCURRENCY": str(WORKERS),
    }
    environ.pop("DATABASE_OWNER_URL", None)
    if not settings.REDIS_URL:
        environ["ACCORD_BROKER_URL"] = "sqla+" + application.replace(
            "postgresql://", "postgresql+psycopg://", 1
        )
    return environ


def _collect_static_files(environ: Mapping[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0"],
        cwd=settings.BASE_DIR,
        env=dict(environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"The static files could not be collected:\n{done.stdout}{done.stderr}")


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health/live")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise CommandError(f"The server did not start:\n{log.read_text()[-4000:]}")


def _forget_prefix(prefix: str) -> None:
    """Removes what the server left in Redis."""
    if not settings.REDIS_URL:
        return
    client = redis.Redis.from_url(settings.REDIS_URL)
    with contextlib.suppress(redis.exceptions.ConnectionError), contextlib.closing(client):
        left = list(client.scan_iter(match=f"{prefix}*", count=1000))
        if left:
            client.delete(*left)
