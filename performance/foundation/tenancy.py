"""Whom we act for. No answer, no rows.

Four walls keep organisations apart:

1. `acting_for` names the organisation in a context variable and in the database session; the manager of
   every tenant model raises without it.
2. PostgreSQL row-level security on every tenant table (`walls.py`), which the application role cannot bypass.
3. Composite foreign keys (organisation, id), so that no row can point into another organisation.
4. Celery messages carry the organisation in their header (`jobs.py`).
"""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import connection, models, transaction
from uuid_utils.compat import uuid7

SETTING = "app.organisation"
PERSON = "app.person"


@dataclass
class _Scope:
    """`organisation`: the row itself once somebody has read it; which class it is of is not our concern."""

    organisation_id: uuid.UUID
    organisation: Any = None


_scope: ContextVar[_Scope | None] = ContextVar("scope", default=None)


class NoOrganisation(RuntimeError):
    """Tenant data was asked for without saying for which organisation."""


class OtherOrganisation(RuntimeError):
    """A row of one organisation was to be written while acting for another."""


def current_organisation_id() -> uuid.UUID:
    """The organisation we act for. Raises NoOrganisation outside `acting_for`."""
    scope = _scope.get()
    if scope is None:
        raise NoOrganisation("Tenant data was touched outside acting_for(organisation).")
    return scope.organisation_id


def organisation_id_or_none() -> uuid.UUID | None:
    scope = _scope.get()
    return scope.organisation_id if scope else None


def held_organisation() -> Any:
    """The organisation's row, where somebody has read it in this scope or one around it; None where nobody has."""
    scope = _scope.get()
    return scope.organisation if scope else None


def hold_organisation(organisation: Any) -> None:
    """Keeps the row that was read, or has just been changed, until the scope ends, and those around it that act for the
    same organisation."""
    scope = _scope.get()
    if scope is not None and scope.organisation_id == organisation.pk:
        scope.organisation = organisation


@contextmanager
def remembering(organisation_id: uuid.UUID) -> Iterator[None]:
    """Names the organisation without opening a transaction: for code that waits on the network.

    Queries inside still see no rows; open `acting_for` around each piece of database work.
    """
    outer = _scope.get()
    # The same organisation further in shares what is held; another one never does.
    is_same = outer is not None and outer.organisation_id == organisation_id
    token = _scope.set(outer if is_same else _Scope(organisation_id))
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def acting_for(organisation: Any) -> Iterator[None]:
    """One transaction in which only this organisation's rows exist. Takes an Organisation, which is held, or its id.

    The setting is local to the transaction, so a pooled connection forgets it at commit. Nested use restores
    the outer organisation: on success here, on an exception by the rolled-back savepoint.
    """
    is_id = isinstance(organisation, uuid.UUID)
    organisation_id = organisation if is_id else uuid.UUID(str(organisation.pk))
    outer = organisation_id_or_none()
    nested = connection.in_atomic_block
    with remembering(organisation_id), transaction.atomic():
        if not is_id:
            hold_organisation(organisation)
        _tell_database(organisation_id)
        yield
        if nested and not connection.needs_rollback:
            _tell_database(outer)


@contextmanager
def speaking_as(person_id: uuid.UUID) -> Iterator[None]:
    """Within it, the database shows and takes this person's private rows (`private_to`); outside it there are none,
    whoever asks. To be used around the reads and writes of one's own rows, inside `acting_for`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [PERSON])
        before = cursor.fetchone()[0] or ""
        cursor.execute("SELECT set_config(%s, %s, true)", [PERSON, str(person_id)])
    try:
        yield
    finally:
        # A transaction that is broken takes the setting back with everything else.
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config(%s, %s, true)", [PERSON, before])


def _tell_database(organisation_id: uuid.UUID | None) -> None:
    """Without just-in-time compilation, which takes longer than nearly all of our statements run: the planner
    overestimates those that walk a line or a tree."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config(%s, %s, true), set_config('jit', 'off', true)",
            [SETTING, str(organisation_id or "")],
        )


class TenantQuerySet(models.QuerySet):
    def update(self, **kwargs: Any) -> int:
        if "organisation" in kwargs or "organisation_id" in kwargs:
            raise OtherOrganisation("A row never moves to another organisation.")
        return super().update(**kwargs)

    def write_columns(self, rows: Iterable[models.Model], fields: Iterable[str]) -> int:
        """`bulk_update` for thousands of rows: the values of a field travel as one array, where a CASE with a branch for
        each row takes longer to build than to run. Values alone, no expressions. Returns how many rows were written."""
        written, meta = list(rows), self.model._meta
        if not written:
            return 0
        columns: list[Any] = [meta.get_field(name) for name in fields]
        if any(isinstance(column, OrganisationKey) for column in columns):
            raise OtherOrganisation("A row never moves to another organisation.")
        quoted = connection.ops.quote_name
        key: Any = meta.pk
        told = [key, *columns]
        # Without its length, or a cast would cut what an assignment refuses.
        arrays = [f"%s::{column.db_type(connection).partition('(')[0]}[]" for column in told]
        names = [f"value_{place}" for place in range(len(told))]
        assigned = [f"{quoted(column.column)} = {name}" for column, name in zip(told, names, strict=True)][1:]
        statement = (
            f"UPDATE {quoted(meta.db_table)} AS kept SET {', '.join(assigned)}"  # noqa: S608
            f" FROM unnest({', '.join(arrays)}) AS given({', '.join(names)})"
            f" WHERE kept.{quoted(key.column)} = {names[0]} AND kept.organisation_id = %s"
        )
        values = [
            [column.get_db_prep_save(getattr(row, column.attname), connection) for row in written]
            for column in told
        ]
        with connection.cursor() as cursor:
            cursor.execute(statement, [*values, current_organisation_id()])
            return int(cursor.rowcount)


class TenantManager(models.Manager.from_queryset(TenantQuerySet)):  # type: ignore[misc]
    """Rows of the organisation we act for, and an error when there is none."""

    def get_queryset(self) -> TenantQuerySet:
        return super().get_queryset().filter(organisation_id=current_organisation_id())

    def none(self) -> TenantQuerySet:
        """No rows need no organisation: what a form's field begins with."""
        return super().get_queryset().none()


class OrganisationKey(models.ForeignKey):
    """The tenant column: filled from the context, checked against it on every insert and update."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        organisation_id = getattr(model_instance, self.attname)
        if organisation_id != current_organisation_id():
            raise OtherOrganisation(f"{model_instance._meta.label} belongs to another organisation.")
        return organisation_id


class TenantForeignKey(models.ForeignKey):
    """A key that cannot leave the organisation: `walls.py` makes it (organisation_id, x_id) in the database."""

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete, **kwargs)


class TenantModel(models.Model):
    """A row that belongs to one organisation. `append_only = True` withholds UPDATE and DELETE from the
    application role. `private_to` names the key to the one person who reads and writes it, and nobody else does
    (`speaking_as`): the database keeps it from every other query."""

    append_only: ClassVar[bool] = False
    private_to: ClassVar[str] = ""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = OrganisationKey(
        "people.Organisation",
        on_delete=models.PROTECT,
        related_name="+",
        default=organisation_id_or_none,
        editable=False,
        db_index=False,
    )

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        default_manager_name = "objects"


def tenant_models() -> list[type[TenantModel]]:
    """Every concrete model with walls around it."""
    from django.apps import apps

    return [model for model in apps.get_models() if issubclass(model, TenantModel)]
