"""Where a REST source is and how it is signed in to, judged before it is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.sources import connectors
from performance.sources.actions.refusing import SourceRefused
from performance.sources.connectors import reasons, signing_in, web
from performance.sources.connectors import rest as rest_rules
from performance.sources.models import Auth


def rest(
    *, base_address: str, auth: str, user_name: str, header_name: str, token_address: str, scope: str
) -> dict[str, Any]:
    """The fields of a connection; what this way of signing in does not need is let go.

    Raises SourceRefused: bad_address, bad_header, needed.
    """
    base = _judged("base_address", rest_rules.base_address, base_address)
    origin = web.origin_of(base)
    kept = {"user_name": "", "header_name": "", "token_address": "", "scope": ""}
    if auth in (Auth.BASIC, Auth.OAUTH):
        kept["user_name"] = _needed("user_name", user_name)
    if auth == Auth.HEADER:
        kept["header_name"] = _judged(
            "header_name", signing_in.header_name, _needed("header_name", header_name)
        )
    if auth == Auth.OAUTH:
        kept["token_address"] = _needed("token_address", token_address).strip()
        _judged("token_address", web.origin_of, kept["token_address"])
        kept["scope"] = scope.strip()
    return {"base_address": base, "auth": auth, "host": origin.host, "port": origin.port, **kept}


def refuse_without_secret(auth: str, secret: str) -> None:
    if auth != Auth.NONE:
        _needed("password", secret)


def _needed(field: str, value: str) -> str:
    if not value.strip():
        raise SourceRefused(_("This way of signing in needs it."), code="needed", field=field)
    return value


def _judged(field: str, rule: Callable[[str], Any], value: str) -> Any:
    try:
        return rule(value)
    except connectors.ConnectorRefused as refused:
        said = reasons.text(refused.code, refused.params)
        raise SourceRefused(said, code=refused.code, field=field) from refused
