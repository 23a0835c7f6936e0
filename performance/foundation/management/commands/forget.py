"""Forget the data of an embedded installation."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from performance.foundation import datafolder
from performance.foundation.embedded import cluster, home, plan

#: Everything that an installation puts into its data folder.
OURS = (
    "pg",
    "files",
    "static",
    "test",
    "secrets.json",
    "embedded.json",
    ".*.json",
    "*.lock",
    "celerybeat-schedule*",
)


class Command(BaseCommand):
    help = (
        "Removes the embedded PostgreSQL's data, uploaded files and generated secrets. There is no way back."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError("DATABASE_URL is set: this command forgets embedded data only.")
        folder = datafolder.path()
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_what_others_keep(folder)
        with open(folder / "up.lock", "a+") as claim:
            try:
                fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CommandError("Accord is running from this folder: stop it first.") from error
            cluster.stop()
            for place in home.places(plan.current()):
                shutil.rmtree(place, ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)
        self.stdout.write("Forgotten. The next start begins anew.")


def _refuse_what_others_keep(folder: Path) -> None:
    """The folder goes as a whole, so nothing may lie in it that Accord did not make."""
    foreign = sorted(
        each.name for each in folder.iterdir() if not any(each.match(pattern) for pattern in OURS)
    )
    if foreign:
        raise CommandError(
            f"{folder} holds what Accord did not make ({', '.join(foreign[:5])}), so nothing was removed. Does "
            "ACCORD_DATA name the right folder?"
        )
