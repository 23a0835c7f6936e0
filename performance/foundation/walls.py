"""The walls in the database: row-level security, composite keys and grants, derived from the models.

Installed by the owner after every migration, idempotently. The application role owns nothing here, so it can
neither drop a policy nor switch it off.
"""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections, models
from psycopg import sql

from performance.foundation import tenancy

HERE = "organisation_id = NULLIF(current_setting('app.organisation', true), '')::uuid"
POLICY = "wall"
ONE_PERSON = "{} = NULLIF(current_setting('app.person', true), '')::uuid"
PRIVATE = "private"


def install(using: str) -> None:
    """Raises every wall on the database behind the alias `using` (a connection of the owner)."""
    connection = connections[using]
    role = application_role()
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        walled = [model for model in tenancy.tenant_models() if model._meta.db_table in tables]
        _separate_application_role(cursor, role)
        for walled_model in walled:
            _secure_rows(cursor, walled_model._meta.db_table)
            _keep_private(cursor, walled_model)
        _make_keys_composite(cursor, walled)
        for model in apps.get_models(include_auto_created=True):
            if model._meta.managed and model._meta.db_table in tables:
                _grant(cursor, model, role)


def application_role() -> str:
    return str(settings.DATABASES["default"]["USER"])


def _execute(cursor: Any, statement: str, *names: str) -> None:
    cursor.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))


def _separate_application_role(cursor: Any, role: str) -> None:
    _execute(cursor, "GRANT USAGE ON SCHEMA public TO {}", role)
    _execute(cursor, "REVOKE CREATE ON SCHEMA public FROM {}", role)
    _execute(cursor, "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}", role)
    # So that the application can say whether the schema is the one it expects.
    _execute(cursor, "GRANT SELECT ON django_migrations TO {}", role)


def _secure_rows(cursor: Any, table: str) -> None:
    _execute(cursor, "ALTER TABLE {} ENABLE ROW LEVEL SECURITY", table)
    _execute(cursor, "ALTER TABLE {} FORCE ROW LEVEL SECURITY", table)
    _execute(cursor, f"DROP POLICY IF EXISTS {POLICY} ON {{}}", table)
    _execute(cursor, f"CREATE POLICY {POLICY} ON {{}} USING ({HERE}) WITH CHECK ({HERE})", table)


def _keep_private(cursor: Any, model: type[tenancy.TenantModel]) -> None:
    """Rows of one person alone: a second policy that narrows the first."""
    table = model._meta.db_table
    _execute(cursor, f"DROP POLICY IF EXISTS {PRIVATE} ON {{}}", table)
    if model.private_to:
        column = str(model._meta.get_field(model.private_to).column)  # type: ignore[union-attr]
        statement = (
            f"CREATE POLICY {PRIVATE} ON {{}} AS RESTRICTIVE USING ({ONE_PERSON}) WITH CHECK ({ONE_PERSON})"
        )
        _execute(cursor, statement, table, column, column)


def _make_keys_composite(cursor: Any, walled: list[type[tenancy.TenantModel]]) -> None:
    keys = [
        (model._meta.db_table, field.column, field.remote_field.model._meta.db_table)
        for model in walled
        for field in model._meta.local_fields
        if isinstance(field, tenancy.TenantForeignKey)
    ]
    existing = _constraint_names(cursor)
    for target in sorted({target for _, _, target in keys}):
        name = _name("wall_key", target)
        if name not in existing:
            _execute(cursor, "ALTER TABLE {} ADD CONSTRAINT {} UNIQUE (organisation_id, id)", target, name)
    for table, column, target in keys:
        name = _name("wall_fk", table, column)
        if name not in existing:
            _execute(
                cursor,
                "ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY (organisation_id, {})"
                " REFERENCES {} (organisation_id, id)",
                *(table, name, column, target),
            )


def _name(kind: str, *parts: str) -> str:
    import hashlib

    plain = "_".join(parts)
    if len(kind) + len(plain) < 60:
        return f"{kind}_{plain}"
    return f"{kind}_{plain[:36]}_{hashlib.sha256(plain.encode()).hexdigest()[:12]}"


def _constraint_names(cursor: Any) -> set[str]:
    cursor.execute("SELECT conname FROM pg_constraint WHERE conname LIKE 'wall\\_%%'")
    return {row[0] for row in cursor.fetchall()}


def _grant(cursor: Any, model: type[models.Model], role: str) -> None:
    table = model._meta.db_table
    _execute(cursor, "REVOKE ALL ON {} FROM {}", table, role)
    rights = "SELECT, INSERT" if getattr(model, "append_only", False) else "SELECT, INSERT, UPDATE, DELETE"
    _execute(cursor, f"GRANT {rights} ON {{}} TO {{}}", table, role)
