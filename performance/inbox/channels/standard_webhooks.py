"""Signed webhooks for systems: Standard Webhooks 1.0.0.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md — the headers
webhook-id, webhook-timestamp and webhook-signature; `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`; secrets of
24 to 64 random bytes, written `whsec_` and base64; both signatures while a secret is being replaced; 2xx is success, 410
means never again, everything else (redirects too) is tried later, after Retry-After where there is one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from performance.foundation.outgoing import Answer
from performance.inbox.channels import protocol

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def call(event: protocol.Event, *, address: str, signing: Sequence[str], at: datetime) -> protocol.Call:
    """The event as a signed POST. `signing`: the secret, and for a while the one that it replaces."""
    body = protocol.body_of(
        {
            "type": event.type,
            "timestamp": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "data": dict(event.data),
        }
    )
    stamp = str(int(at.timestamp()))
    headers = {
        **protocol.JSON,
        "webhook-id": event.id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signature(secret, event.id, stamp, body) for secret in signing),
    }
    return protocol.Call(address, headers, body)


def signature(secret: str, message_id: str, stamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def outcome(answer: Answer, at: datetime) -> protocol.Outcome:
    status = answer.status
    if 200 <= status < 300:
        return protocol.Delivered()
    if status == 410:
        return protocol.Gone("gone", "410")
    code = "redirected" if 300 <= status < 400 else "status"
    return protocol.Later(code, str(status), protocol.pause(answer, at))
