"""Is every text translated, and does the compiled catalogue say what the source says?"""

from __future__ import annotations

import gettext
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from performance.foundation import catalogues

SOURCE_FOLDERS = ("performance", "okr", "feedback", "templates")


class Command(BaseCommand):
    help = (
        "Refuses untranslated, fuzzy or uncompiled texts and placeholders that a translation lost. Where "
        "gettext is installed, also texts in the code that the catalogue does not have."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        problems: list[str] = []
        for code, _name in settings.LANGUAGES:
            if code == settings.LANGUAGE_CODE:
                continue
            source = _catalogue(code)
            if not source.exists():
                problems.append(f"{source}: missing")
                continue
            entries = catalogues.read(source)
            problems += [f"{source}:{line}" for line in catalogues.faults(entries)]
            problems += [f"{source.with_suffix('.mo')}: {line}" for line in _differences(entries, source)]
            if shutil.which("xgettext"):
                problems += [f"{source}: {line}" for line in _uncollected(entries, code)]
        if problems:
            raise CommandError("\n".join([*problems, f"{len(problems)} problems. See `make messages`."]))
        self.stdout.write("Every text is translated and compiled.")


def _catalogue(code: str) -> Path:
    from django.utils.translation import to_locale

    return Path(settings.LOCALE_PATHS[0]) / to_locale(code) / "LC_MESSAGES" / "django.po"


def _differences(entries: list[catalogues.Entry], source: Path) -> list[str]:
    """What the compiled catalogue says otherwise; reading it needs no gettext tools."""
    compiled = source.with_suffix(".mo")
    if not compiled.exists():
        return ["missing; compile it with `make messages`"]
    with compiled.open("rb") as file:
        catalogue: dict[Any, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    wrong = [entry for entry in entries if entry.msgid and not entry.agrees_with(catalogue)]
    return [f"{entry.msgid!r} is compiled differently" for entry in wrong]


def _uncollected(entries: list[catalogues.Entry], code: str) -> list[str]:
    """Texts of the code that the catalogue lacks. Collected in a copy, so that checking changes nothing."""
    from django.utils.translation import to_locale

    locale = to_locale(code)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in SOURCE_FOLDERS:
            shutil.copytree(
                Path(settings.BASE_DIR) / name,
                copy / name,
                ignore=shutil.ignore_patterns("__pycache__", "node_modules", "migrations"),
            )
        target = copy / "locale"
        (target / locale / "LC_MESSAGES").mkdir(parents=True)
        done = subprocess.run(  # noqa: S603 - our own command
            [
                *(sys.executable, "-m", "django", "makemessages", "-l", locale),
                *("--no-location", "--no-wrap", "--verbosity=0"),
            ],
            cwd=copy,
            # Without settings it looks at this folder alone.
            env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return [f"makemessages failed: {done.stderr.strip()}"]
        collected = catalogues.read(target / locale / "LC_MESSAGES" / "django.po")
    known = {entry.key for entry in entries}
    needed = {entry.key for entry in collected}
    missing = [
        f"{entry.msgid!r} is not in the catalogue"
        for entry in collected
        if entry.msgid and entry.key not in known
    ]
    stale = [
        f"{entry.msgid!r} is no longer used" for entry in entries if entry.msgid and entry.key not in needed
    ]
    return missing + stale
