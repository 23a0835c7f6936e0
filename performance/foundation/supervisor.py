"""One command that keeps several processes running: their logs side by side, restarted when they die.

The supervisor is for one machine. On many, a service manager or an orchestrator runs the same commands.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import IO

from performance.foundation import child

STOP_SECONDS = 20
A_MOMENT = 0.3
# A process that dies again and again is restarted ever more slowly.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
STABLE_AFTER = 60.0
COLOURS = ("36", "32", "33", "35", "34")


class Console:
    """Prints lines with the name of the process that said them; one writer at a time."""

    def __init__(self, stream: IO[str], names: Sequence[str]) -> None:
        self._stream = stream
        self._width = max(len(name) for name in names)
        self._colours = dict(zip(names, COLOURS * 3, strict=False)) if stream.isatty() else {}
        self._lock = threading.Lock()

    def say(self, name: str, line: str) -> None:
        label = f"{name:<{self._width}} |"
        if name in self._colours:
            label = f"\x1b[{self._colours[name]}m{label}\x1b[0m"
        # A reader that went away (a closed terminal) must not take the supervisor with it.
        with self._lock, contextlib.suppress(BrokenPipeError, OSError):
            self._stream.write(f"{label} {line}\n")
            self._stream.flush()

    def banner(self, text: str) -> None:
        with self._lock, contextlib.suppress(BrokenPipeError, OSError):
            self._stream.write(f"\n{text}\n\n")
            self._stream.flush()

    def relay(self, name: str, lines: IO[str]) -> threading.Thread:
        """Print everything that arrives on `lines` until its other end closes."""

        def read() -> None:
            with lines:
                for line in lines:
                    self.say(name, line.rstrip())

        reader = threading.Thread(target=read, name=f"log-{name}", daemon=True)
        reader.start()
        return reader

    def pipe(self, name: str) -> IO[str]:
        """A writable end whose lines are printed under `name`, for a child that writes by itself."""
        reading, writing = os.pipe()
        self.relay(name, os.fdopen(reading, "r", errors="replace"))
        return os.fdopen(writing, "w")


@dataclass
class Service:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    pause: float = FIRST_PAUSE
    restart_at: float = 0.0


class Supervisor:
    """Starts services, restarts those that die, stops them together."""

    def __init__(
        self, services: Sequence[Service], console: Console, *, before_reviving: Callable[[], None]
    ) -> None:
        """`before_reviving` is called several times a second, for what the services themselves stand on."""
        self._services = services
        self._console = console
        self._before_reviving = before_reviving
        # No threading.Event: a signal that arrives while its lock is held would wait for that lock forever.
        self._is_stopping = False

    def run(self) -> None:
        """Keep all services running until SIGINT or SIGTERM."""
        with self._signals():
            for service in self._services:
                self._start(service)
            try:
                while True:
                    time.sleep(A_MOMENT)
                    if self._is_stopping:
                        break
                    self._before_reviving()
                    self._revive()
            finally:
                self._stop_all()

    def stop(self) -> None:
        self._is_stopping = True

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def on_signal(number: int, frame: FrameType | None) -> None:
            self._is_stopping = True

        before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(self, service: Service) -> None:
        service.process = spawn(service.command, service.environment)
        service.started_at = time.monotonic()
        if service.process.stdout is not None:
            self._console.relay(service.name, service.process.stdout)

    def _revive(self) -> None:
        now = time.monotonic()
        for service in self._services:
            if service.process is None:
                if now >= service.restart_at:
                    self._start(service)
            elif service.process.poll() is not None:
                if now - service.started_at > STABLE_AFTER:
                    service.pause = FIRST_PAUSE
                cause = _cause(service.process.returncode)
                self._console.say(service.name, f"stopped ({cause}); starting again in {service.pause:.0f} s")
                service.process = None
                service.restart_at = now + service.pause
                service.pause = min(service.pause * 2, LONGEST_PAUSE)

    def _stop_all(self) -> None:
        """Ask all to finish, the last started first; whoever does not in time is killed."""
        running = [service for service in reversed(self._services) if service.process is not None]
        for service in running:
            _signal(service, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for service in running:
            if service.process is None:
                continue
            try:
                service.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._console.say(service.name, "does not stop; killed")
                _signal(service, signal.SIGKILL)
                service.process.wait()


def spawn(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """A child in a session of its own (Ctrl-C reaches the supervisor alone) that dies with its parent.

    Called from the main thread: the kernel ties the child to the thread that made it.
    """
    return subprocess.Popen(  # noqa: S603 - our own commands
        child.command(list(command), signal=signal.SIGTERM),
        env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def run_once(name: str, command: Sequence[str], environment: Mapping[str, str], console: Console) -> int:
    """Run one command to its end with its output under `name`. Returns its exit code."""
    process = spawn(command, environment)
    reader = console.relay(name, process.stdout) if process.stdout is not None else None
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    if reader is not None:
        reader.join(timeout=5)
    return code


def _signal(service: Service, number: signal.Signals) -> None:
    """SIGTERM to the process, which tells its own children; SIGKILL to its whole session."""
    if service.process is None or service.process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        if number == signal.SIGKILL:
            os.killpg(service.process.pid, number)
        else:
            service.process.send_signal(number)


def _cause(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def python(*arguments: str) -> list[str]:
    """A command line for this installation's Python."""
    return [sys.executable, *arguments]
