"""Bring an installation's databases to the state that this version of the code needs."""

from __future__ import annotations

from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from psycopg import sql

from performance.foundation import broker


class Command(BaseCommand):
    help = (
        "Makes role and databases where the owner may, migrates as the owner, makes the tables of cache and "
        "broker, grants the application its rights, and collects static files. Run it at each deployment; "
        "running it again changes nothing."
    )
    # The tables that checks may look at are made here.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-static", action="store_true", help="Leave the static files as they are.")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION and "owner" not in settings.DATABASES:
            raise CommandError(
                "Set DATABASE_OWNER_URL: the owner makes the schema, and the application must own nothing in it, or "
                "row-level security separates nobody. docs/operators.md says how to make both roles."
            )
        alias = "owner" if "owner" in settings.DATABASES else "default"
        if alias == "owner":
            _make_databases_and_role()
            _refuse_strong_application_role()
        verbosity = options["verbosity"]
        call_command("migrate", database=alias, interactive=False, verbosity=verbosity)
        _make_cache_table(alias)
        if broker.is_database():
            broker.make_tables(_owner_url(broker.database_name()), settings.APPLICATION_ROLE)
        if not options["no_static"] and not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        self.stdout.write("Databases, roles and static files are ready.")


def _owner_url(database: str) -> str:
    """A libpq URL of another database of the owner's server, with the owner's options (TLS and such)."""
    alias = "owner" if "owner" in settings.DATABASES else "default"
    known = connections[alias].get_connection_params()
    libpq = {"host", "port", "user", "password", "sslmode", "sslrootcert", "sslcert", "sslkey"}
    parts = {name: value for name, value in known.items() if name in libpq}
    query = "&".join(f"{name}={_quoted(value)}" for name, value in (parts | {"dbname": database}).items())
    return f"postgresql:///?{query}"


def _quoted(value: object) -> str:
    from urllib.parse import quote

    return quote(str(value), safe="")


def _make_databases_and_role() -> None:
    """Make what is missing. An owner without the right to make roles or databases gets the words to say."""
    owner = settings.DATABASES["owner"]
    application = settings.DATABASES["default"]
    wanted = [owner["NAME"]] + ([broker.database_name()] if broker.is_database() else [])
    try:
        with psycopg.connect(_owner_url("postgres"), autocommit=True) as connection:
            _make_role(connection, application["USER"], application["PASSWORD"])
            for database in wanted:
                _make_database(connection, database, application["USER"])
    except psycopg.OperationalError:
        # No maintenance database to go to (some hosts give one database only): then all must exist already.
        if broker.is_database():
            raise


def _make_role(connection: psycopg.Connection, role: str, password: str) -> None:
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
        return
    statement = sql.SQL(
        "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD {}"
    ).format(sql.Identifier(role), sql.Literal(password))
    try:
        connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        raise CommandError(
            f"The role {role} does not exist and the owner may not make it. Let an administrator run:\n"
            f"  CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD '…';"
        ) from error


def _make_database(connection: psycopg.Connection, database: str, role: str) -> None:
    names = {"database": sql.Identifier(database), "role": sql.Identifier(role)}
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
        try:
            connection.execute(sql.SQL("CREATE DATABASE {database}").format(**names))
        except psycopg.errors.InsufficientPrivilege as error:
            raise CommandError(
                f"The database {database} does not exist and the owner may not make it. Let an "
                f"administrator run:\n  CREATE DATABASE {database} OWNER <the owner role>;"
            ) from error
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {database} FROM PUBLIC").format(**names))
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {database} TO {role}").format(**names))


def _refuse_strong_application_role() -> None:
    """The walls between organisations stand on this role being weak."""
    role = settings.APPLICATION_ROLE
    if role == settings.DATABASES["owner"]["USER"]:
        raise CommandError("DATABASE_URL and DATABASE_OWNER_URL name the same role; they must differ.")
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = %s", [role])
        found = cursor.fetchone()
        cursor.execute("SELECT pg_has_role(%s, current_user, 'MEMBER')", [role])
        is_member = cursor.fetchone()
    if found is None or any(found) or (is_member and is_member[0]):
        raise CommandError(
            f"The role {role} may bypass row-level security (superuser, BYPASSRLS or member of the owner). "
            f"Weaken it: ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS; and revoke its memberships."
        )


def _make_cache_table(alias: str) -> None:
    cache = settings.CACHES["default"]
    if not cache["BACKEND"].endswith("DatabaseCache"):
        return
    call_command("createcachetable", database=alias, verbosity=0)
    with connections[alias].cursor() as cursor:
        cursor.execute(
            sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}").format(
                sql.Identifier(str(cache["LOCATION"])), sql.Identifier(settings.APPLICATION_ROLE)
            )
        )
