"""Credentials at rest: sealed with the newest key of the installation, opened with any of them.

Rotation: put a new key first, run `rotate` over the rows, drop the old key. Each seal carries the id of its
row, so that a sealed text copied onto another row does not open there.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.utils.translation import gettext_lazy as _

from performance.foundation import refusals

MIN_KEY_LENGTH = 32


class Unreadable(refusals.Refused):
    """A lost key, or a seal that belongs to another row."""

    def __init__(self) -> None:
        super().__init__(
            _("What was saved cannot be read any more. Enter it again."), code="unreadable_secret"
        )


def seal(values: Mapping[str, Any], *, owner: str, keys: Sequence[str]) -> str:
    """`values` as sealed text. `owner` is the id of the row that keeps it. `keys`: newest first."""
    payload = json.dumps({"owner": owner, "values": dict(values)}, separators=(",", ":")).encode()
    return _box(keys).encrypt(payload).decode()


def unseal(sealed: str, *, owner: str, keys: Sequence[str]) -> dict[str, Any]:
    """The values again. Raises Unreadable for a lost key or a foreign row."""
    try:
        payload = json.loads(_box(keys).decrypt(sealed.encode()))
    except InvalidToken as error:
        raise Unreadable from error
    if payload["owner"] != owner:
        raise Unreadable
    return dict(payload["values"])


def rotate(sealed: str, *, keys: Sequence[str]) -> str:
    """The same secret under the newest key."""
    try:
        return _box(keys).rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable from error


def _box(keys: Sequence[str]) -> MultiFernet:
    if not keys or any(len(key) < MIN_KEY_LENGTH for key in keys):
        raise ValueError(f"Keys for credentials need at least {MIN_KEY_LENGTH} characters each.")
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    # HKDF rather than the key itself: any long text of the installation will do, and the same text
    # used elsewhere gives nothing away here.
    material = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"accord source credentials").derive(
        key.encode()
    )
    return base64.urlsafe_b64encode(material)
