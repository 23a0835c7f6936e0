"""Connections: made, changed, paused and closed by an administrator. The password goes in and never comes out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import audit, duties, sealing
from performance.sources import connectors
from performance.sources.actions import whereabouts
from performance.sources.actions.refusing import SourceRefused
from performance.sources.models import Auth, Connection, ConnectionState, Dataset

DATABASE = ("host", "port", "database", "user_name", "tls")
REST = ("base_address", "auth", "user_name", "header_name", "token_address", "scope")
ADDRESS = tuple(dict.fromkeys(DATABASE + REST))
NAMES = ("name_en", "name_zh")


def connect_source(
    *,
    kind: str,
    name_en: str,
    name_zh: str = "",
    host: str = "",
    port: int | None = None,
    database: str = "",
    user_name: str = "",
    password: str = "",
    tls: str = "prefer",
    base_address: str = "",
    auth: str = Auth.NONE,
    header_name: str = "",
    token_address: str = "",
    scope: str = "",
    by: Any,
    at: datetime,
) -> Connection:
    """A new connection, not tested yet. `password`: whatever is secret, a token or key too.

    Raises SourceRefused: name_taken, and what whereabouts.rest says of an address or way of signing in.
    """
    connection = Connection(
        kind=kind, name_en=name_en, name_zh=name_zh, created_by=getattr(by, "person", by), created_at=at
    )
    if connection.is_rest:
        where = whereabouts.rest(
            base_address=base_address,
            auth=auth,
            user_name=user_name,
            header_name=header_name,
            token_address=token_address,
            scope=scope,
        )
        whereabouts.refuse_without_secret(auth, password)
    elif connection.is_database:
        where = {
            "host": host,
            "port": port or connectors.DEFAULT_PORTS[kind],
            "database": database,
            "user_name": user_name,
            "tls": tls,
        }
    else:
        where = {}
    for name, value in where.items():
        setattr(connection, name, value)
    connection.state = ConnectionState.UNTESTED if connection.is_asked else ConnectionState.CONNECTED
    if connection.has_secret:
        connection.sealed = _sealed(connection, password)
    with transaction.atomic():
        _saved_once(connection)
        audit.record(
            by=by,
            action="sources.connect_source",
            subject=connection,
            changes={"kind": kind} | {name: where[name] for name in ADDRESS if name in where},
            at=at,
        )
    return connection


def change_connection(
    *, connection: Connection, values: Mapping[str, Any], password: str, by: Any, at: datetime
) -> Connection:
    """Changes name, address or credentials. An empty `password` keeps the old one, but only at the old address:
    otherwise whoever may edit could send the saved password to a server of their own.

    Raises SourceRefused: name_taken, password_needed.
    """
    with transaction.atomic():
        connection = Connection.objects.select_for_update().get(pk=connection.pk)
        _refuse_scored(connection, by)
        before = {name: getattr(connection, name) for name in (*NAMES, *ADDRESS)}
        after = {name: values.get(name, before[name]) for name in before}
        if connection.is_rest:
            after |= whereabouts.rest(**{name: after[name] for name in REST})
        moved = any(before[name] != after[name] for name in ADDRESS)
        for name, value in after.items():
            setattr(connection, name, value)
        if moved and not password and connection.has_secret:
            raise SourceRefused(
                _("Enter the password again: the connection goes somewhere else now."),
                code="password_needed",
                field="password",
            )
        if not connection.has_secret:
            connection.sealed = ""
        elif password:
            connection.sealed = _sealed(connection, password)
        if moved or password:
            connection.state = ConnectionState.UNTESTED
        _saved_once(connection)
        changes: dict[str, Any] = {
            name: [before[name], after[name]] for name in before if before[name] != after[name]
        }
        if password:
            changes["password"] = "changed"  # noqa: S105 - the word, never the password
        audit.record(by=by, action="sources.change_connection", subject=connection, changes=changes, at=at)
    return connection


def pause_connection(*, connection: Connection, by: Any, at: datetime, why: str = "") -> None:
    """No scheduled loads until resumed. Asking by hand stays possible."""
    _set_paused(connection, True, by=by, at=at, why=why)


def resume_connection(*, connection: Connection, by: Any, at: datetime) -> None:
    _set_paused(connection, False, by=by, at=at, why="")


def _set_paused(connection: Connection, is_paused: bool, *, by: Any, at: datetime, why: str) -> None:
    _refuse_scored(connection, by)
    with transaction.atomic():
        changed = (
            Connection.objects.filter(pk=connection.pk)
            .exclude(is_paused=is_paused)
            .update(is_paused=is_paused)
        )
        connection.is_paused = is_paused
        if changed:
            action = "sources.pause_connection" if is_paused else "sources.resume_connection"
            audit.record(by=by, action=action, subject=connection, why=why, at=at)


def _refuse_scored(connection: Connection, by: Any) -> None:
    """Whoever is scored by what is read from here neither redirects nor stops it."""
    duties.refuse_scored_over(by, Dataset.objects.filter(connection=connection).values_list("pk", flat=True))


def close_connection(*, connection: Connection, by: Any, at: datetime, why: str = "") -> None:
    """Forgets the credentials. Rows that were loaded stay, so that values can still be explained.

    Raises SourceRefused("in_use") while datasets read from it.
    """
    with transaction.atomic():
        connection = Connection.objects.select_for_update().get(pk=connection.pk)
        if Dataset.objects.filter(connection=connection, closed_at=None).exists():
            raise SourceRefused(_("Close the datasets of this source first."), code="in_use")
        connection.closed_at = at
        connection.sealed = ""
        connection.save(update_fields=["closed_at", "sealed"])
        audit.record(by=by, action="sources.close_connection", subject=connection, why=why, at=at)


def reseal_credentials(*, by: Any, at: datetime) -> int:
    """Brings every sealed password under the newest key of the installation. Returns how many."""
    count = 0
    with transaction.atomic():
        for connection in Connection.objects.select_for_update().exclude(sealed=""):
            connection.sealed = sealing.rotate(connection.sealed, keys=settings.FIELD_ENCRYPTION_KEYS)
            connection.save(update_fields=["sealed"])
            audit.record(by=by, action="sources.reseal_credentials", subject=connection, at=at)
            count += 1
    return count


def _sealed(connection: Connection, password: str) -> str:
    return sealing.seal({"password": password}, owner=str(connection.pk), keys=settings.FIELD_ENCRYPTION_KEYS)


def _saved_once(connection: Connection) -> None:
    try:
        with transaction.atomic():
            connection.save()
    except IntegrityError as error:
        if "connection_name_once" not in str(error):
            raise
        raise SourceRefused(
            _("There is a source of this name already."), code="name_taken", field="name_en"
        ) from error
