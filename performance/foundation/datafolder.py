"""The data folder of an installation without configured services.

Everything that an embedded installation must remember lives in one git-ignored folder: secrets that were
generated once, the address of the embedded PostgreSQL, uploaded files, collected static files. The folder is
``.accord`` beside ``manage.py``; ``ACCORD_DATA`` names another one.

Plain standard library: settings import it before Django is set up.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

BASE_DIR = Path(__file__).resolve().parent.parent.parent


def path() -> Path:
    """The absolute data folder; it need not exist yet."""
    configured = os.environ.get("ACCORD_DATA", "")
    return (BASE_DIR / configured).resolve() if configured else BASE_DIR / ".accord"


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold an advisory lock of the data folder; the operating system drops it when the holder dies."""
    folder = path()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def remembered(name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the JSON object kept under `name`; make and keep it when there is none yet.

    Many processes start at once (web, worker, beat, test workers): the lock lets exactly one make it, and
    the rename lets nobody read half of it.
    """
    file = path() / f"{name}.json"
    if not file.exists():
        with locked(name):
            if not file.exists():
                keep(name, make())
    kept: dict[str, Any] = json.loads(file.read_text())
    return kept


def keep(name: str, content: dict[str, Any]) -> None:
    """Write a JSON object readable by this user alone, all or nothing."""
    folder = path()
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{name}.{os.getpid()}.json"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        json.dump(content, handle, indent=2)
        handle.write("\n")
    os.replace(draft, folder / f"{name}.json")


def generated_secrets() -> dict[str, Any]:
    """The secrets of this installation, generated on first use: Django's key and the field key."""

    def make() -> dict[str, Any]:
        from cryptography.fernet import Fernet

        return {
            "secret_key": secrets.token_urlsafe(64),
            "field_encryption_keys": [Fernet.generate_key().decode()],
        }

    return remembered("secrets", make)
