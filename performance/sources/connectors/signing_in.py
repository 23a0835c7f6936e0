"""How a REST source is told who asks: nothing, a bearer token, a user with password, a key in a header, OAuth.

A token that was fetched lives in the memory of this process until it runs out, and nowhere else.
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import quote

from performance.sources.connectors import documents, web
from performance.sources.connectors.protocol import ConnectorRefused

HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}\Z")
#: Headers that say something else than who asks.
NOT_FOR_KEYS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "content-type", "cookie", "te", "upgrade"}
    | {"accept-encoding", "expect", "trailer", "proxy-authorization"}
)
#: Fetched anew this many seconds before the end.
MARGIN = 30
#: Where the server does not say how long a token lasts.
SHORTEST = 300
MOST_KEPT = 500

_tokens: dict[str, tuple[str, float]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Credentials:
    """`auth`: none, bearer, basic, header or oauth. `user`: the user, or the client of OAuth."""

    auth: str = "none"
    user: str = ""
    secret: str = field(default="", repr=False)
    header_name: str = ""
    token_address: str = ""
    scope: str = ""

    def headers(self, through: web.Web) -> dict[str, str]:
        """What goes with each request. Raises ConnectorRefused where no token is to be had."""
        if self.auth == "bearer":
            return {"Authorization": f"Bearer {_clean(self.secret)}"}
        if self.auth == "basic":
            return {"Authorization": _basic(self.user, self.secret)}
        if self.auth == "header":
            return {header_name(self.header_name): _clean(self.secret)}
        if self.auth == "oauth":
            return {"Authorization": f"Bearer {self._token(through)}"}
        return {}

    def forget(self) -> bool:
        """Lets a fetched token go. True when there was one, so that asking again makes sense."""
        with _lock:
            return self.auth == "oauth" and _tokens.pop(self._name, None) is not None

    @property
    def _name(self) -> str:
        parts = "\0".join((self.token_address, self.user, self.secret, self.scope))
        return hashlib.sha256(parts.encode()).hexdigest()

    def _token(self, through: web.Web) -> str:
        with _lock:
            kept = _tokens.get(self._name)
        if kept is not None and kept[1] > time.monotonic():
            return kept[0]
        token, seconds = self._fetched(through)
        with _lock:
            if len(_tokens) >= MOST_KEPT:
                _tokens.clear()
            _tokens[self._name] = (token, time.monotonic() + max(seconds - MARGIN, 0))
        return token

    def _fetched(self, through: web.Web) -> tuple[str, float]:
        """Client credentials (RFC 6749, 4.4): in the header, and in the form for servers that know no other way."""
        form = {"grant_type": "client_credentials"} | ({"scope": self.scope} if self.scope else {})
        basic = {"Authorization": _basic(quote(self.user, safe=""), quote(self.secret, safe=""))}
        answer = through.post_form(self.token_address, form, basic)
        if answer.status in (400, 401):
            inside = {"client_id": self.user, "client_secret": self.secret}
            answer = through.post_form(self.token_address, form | inside, {})
        if answer.status != 200:
            raise ConnectorRefused("token_refused")
        given = documents.parsed(answer.body)
        token = given.get("access_token") if isinstance(given, dict) else None
        if not isinstance(token, str) or not token:
            raise ConnectorRefused("token_refused")
        lasts = given.get("expires_in")
        text = str(lasts) if isinstance(lasts, int | str) else ""
        return _clean(token), float(text) if text.isascii() and text.isdigit() and len(
            text
        ) < 10 else SHORTEST


def header_name(name: str) -> str:
    """Raises ConnectorRefused("bad_header")."""
    if not HEADER.match(name) or name.lower() in NOT_FOR_KEYS:
        raise ConnectorRefused("bad_header")
    return name


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _clean(secret: str) -> str:
    # A line break would begin another header.
    tidy = secret.strip()
    if not tidy.isascii() or not tidy.isprintable():
        raise ConnectorRefused("bad_secret")
    return tidy
