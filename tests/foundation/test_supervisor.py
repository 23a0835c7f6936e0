"""One command keeps several processes running."""

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import psutil

from performance.foundation import supervisor

SLEEPER = "import os, time; print('here', os.getpid(), flush=True); time.sleep(60)"


def _until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def _while_running(services: list[supervisor.Service], story: Callable[[io.StringIO], None]) -> str:
    """Run the supervisor in this thread (it owns the signals) and the story in another."""
    said = io.StringIO()
    console = supervisor.Console(said, [service.name for service in services])
    keeper = supervisor.Supervisor(services, console, before_reviving=lambda: None)
    failures: list[BaseException] = []

    def tell() -> None:
        try:
            story(said)
        except AssertionError as failure:
            failures.append(failure)
        finally:
            keeper.stop()

    teller = threading.Thread(target=tell)
    teller.start()
    keeper.run()
    teller.join()
    if failures:
        raise failures[0]
    return said.getvalue()


def test_lines_carry_the_name_of_who_said_them_and_a_killed_service_comes_back() -> None:
    service = supervisor.Service("web", supervisor.python("-c", SLEEPER), {}, pause=0.1)

    def story(said: io.StringIO) -> None:
        _until(lambda: said.getvalue().count("here") == 1)
        assert service.process is not None
        os.kill(service.process.pid, signal.SIGKILL)
        _until(lambda: said.getvalue().count("here") == 2)

    said = _while_running([service], story)
    assert said.startswith("web | here")
    assert "web | stopped (SIGKILL); starting again" in said


def test_stopping_ends_every_service() -> None:
    services = [supervisor.Service(name, supervisor.python("-c", SLEEPER), {}) for name in ("web", "worker")]
    numbers: list[int] = []

    def story(said: io.StringIO) -> None:
        _until(lambda: said.getvalue().count("here") == 2)
        numbers.extend(service.process.pid for service in services if service.process)

    _while_running(services, story)
    assert len(numbers) == 2
    assert not any(psutil.pid_exists(number) for number in numbers)


def test_a_command_runs_to_its_end_with_its_words_shown() -> None:
    said = io.StringIO()
    console = supervisor.Console(said, ["prepare"])
    code = supervisor.run_once(
        "prepare", [sys.executable, "-c", "print('ready'); raise SystemExit(3)"], {}, console
    )
    assert code == 3
    assert said.getvalue() == "prepare | ready\n"
