"""Hostile probes: every way around the walls is refused, as the application's role on PostgreSQL."""

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction
from django.db.models import Count
from django.utils import timezone
from psycopg import errors
from uuid_utils.compat import uuid7

from performance.foundation import audit, stale, tenancy
from performance.foundation.models import AuditRow, StaleRow
from performance.inbox import models as inbox
from performance.people import actions, queries
from performance.people import models as people
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def refused(
    statement: str, *parameters: object, because: type[Exception] = errors.InsufficientPrivilege
) -> None:
    """PostgreSQL refuses, and for this reason: a statement that is merely wrong would prove nothing."""
    with (
        pytest.raises(DatabaseError) as refusal,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, parameters)
    assert isinstance(refusal.value.__cause__, because), refusal.value


def selected(statement: str, *parameters: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


@pytest.fixture
def inside(cast: Cast) -> Iterator[Cast]:
    """Acting for the cast's organisation; the stranger is elsewhere."""
    with tenancy.acting_for(cast.organisation):
        yield cast


def test_the_application_role_owns_nothing_and_cannot_bypass_row_security(db: None) -> None:
    [(superuser, bypasses, creates)] = selected(
        "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    )
    assert (superuser, bypasses, creates) == (False, False, False)
    assert selected("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole") == [(0,)]


def test_every_tenant_model_has_a_forced_policy_and_every_other_model_is_known_to_be_global(db: None) -> None:
    from django.apps import apps

    walled = {
        row[0]
        for row in selected(
            "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid"
            " WHERE relrowsecurity AND relforcerowsecurity"
        )
    }
    assert {model._meta.db_table for model in tenancy.tenant_models()} <= walled
    ours = {
        model._meta.label
        for model in apps.get_models()
        if not issubclass(model, tenancy.TenantModel)
        and model.__module__.split(".")[0] in {"performance", "okr", "feedback"}
    }
    assert ours == {
        "people.Organisation",
        "people.User",
        "people.Membership",
        "people.ApiToken",
        "people.SetupLink",
    }


def test_every_key_between_tenant_tables_carries_the_organisation(db: None) -> None:
    composite = {
        (row[0], row[1])
        for row in selected(
            "SELECT conrelid::regclass::text, a.attname FROM pg_constraint c"
            " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[2]"
            " WHERE contype = 'f' AND array_length(conkey, 1) = 2"
        )
    }
    for model in tenancy.tenant_models():
        for field in model._meta.local_fields:
            target = getattr(field.remote_field, "model", None)
            if target is not None and isinstance(target, type) and issubclass(target, tenancy.TenantModel):
                assert (model._meta.db_table, field.column) in composite, f"{model.__name__}.{field.name}"


def test_a_query_without_an_organisation_is_an_error_not_an_empty_list(cast: Cast) -> None:
    with pytest.raises(tenancy.NoOrganisation):
        list(people.Person.objects.all())
    with pytest.raises(tenancy.NoOrganisation):
        people.Person.objects.filter(number="P001").exists()
    with pytest.raises(tenancy.NoOrganisation):
        people.Person.objects.count()
    with pytest.raises(tenancy.NoOrganisation):
        people.Person.objects.aggregate(Count("id"))
    with pytest.raises(tenancy.NoOrganisation):
        people.Person._base_manager.get(pk=cast.employee.pk)


def test_a_write_without_an_organisation_is_an_error(cast: Cast) -> None:
    with pytest.raises(tenancy.NoOrganisation):
        people.Person.objects.create(number="Z1", name_en="Nobody")
    with pytest.raises(tenancy.NoOrganisation):
        people.Person.objects.bulk_create([people.Person(number="Z1", name_en="Nobody")])
    with pytest.raises(tenancy.NoOrganisation):
        cast.employee.save()
    with pytest.raises(tenancy.NoOrganisation):
        cast.employee.delete()


def test_raw_sql_without_an_organisation_sees_no_rows(cast: Cast) -> None:
    assert selected("SELECT count(*) FROM people_person") == [(0,)]


def test_raw_sql_sees_only_the_organisation_acted_for(inside: Cast) -> None:
    assert selected("SELECT count(*) FROM people_person WHERE number = 'X900'") == [(0,)]
    assert selected("SELECT count(*) FROM people_person") == [(9,)]


def test_exists_by_a_foreign_id_is_false(inside: Cast) -> None:
    assert not people.Person.objects.filter(pk=inside.stranger.pk).exists()


def test_get_by_a_foreign_id_does_not_exist(inside: Cast) -> None:
    with pytest.raises(people.Person.DoesNotExist):
        people.Person.objects.get(pk=inside.stranger.pk)


def test_a_raw_update_of_foreign_rows_touches_none(inside: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE people_person SET name_en = 'Owned' WHERE id = %s", [inside.stranger.pk])
        assert cursor.rowcount == 0


def test_a_raw_delete_of_foreign_rows_touches_none(inside: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM people_person WHERE organisation_id = %s", [inside.elsewhere.pk])
        assert cursor.rowcount == 0


def test_a_raw_insert_for_another_organisation_is_refused(inside: Cast) -> None:
    refused(
        "INSERT INTO foundation_stalerow (id, organisation_id, kind, subject_id, mark, marked_at)"
        " VALUES (%s, %s, 'score', %s, 1, now())",
        uuid7(),
        inside.elsewhere.pk,
        uuid7(),
    )


def test_a_row_cannot_be_moved_to_another_organisation_by_raw_sql(inside: Cast) -> None:
    refused(
        "UPDATE people_person SET organisation_id = %s WHERE id = %s", inside.elsewhere.pk, inside.employee.pk
    )


def test_a_row_cannot_be_moved_to_another_organisation_by_update(inside: Cast) -> None:
    with pytest.raises(tenancy.OtherOrganisation):
        people.Person.objects.filter(pk=inside.employee.pk).update(organisation=inside.elsewhere)


def test_saving_a_row_of_another_organisation_is_refused(inside: Cast) -> None:
    with pytest.raises(tenancy.OtherOrganisation):
        people.Person.objects.create(number="Z1", name_en="Spy", organisation=inside.elsewhere)
    inside.stranger.name_en = "Renamed"
    with pytest.raises((tenancy.OtherOrganisation, DatabaseError)):
        inside.stranger.save()


def test_bulk_create_for_another_organisation_is_refused(inside: Cast) -> None:
    with pytest.raises(tenancy.OtherOrganisation):
        people.Person.objects.bulk_create(
            [people.Person(number="Z1", name_en="Spy", organisation=inside.elsewhere)]
        )


def test_bulk_update_of_a_foreign_row_changes_nothing(inside: Cast) -> None:
    inside.stranger.name_en = "Renamed"
    assert people.Person.objects.bulk_update([inside.stranger], ["name_en"]) == 0


def test_deleting_a_foreign_instance_changes_nothing(inside: Cast) -> None:
    inside.stranger.delete()
    with tenancy.acting_for(inside.elsewhere):
        assert people.Person.objects.filter(number="X900").exists()


def test_a_key_into_another_organisation_is_refused_by_the_database(inside: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        people.ReportingLine.objects.create(
            person=inside.boss, manager=inside.stranger, starts_on=inside.boss.hired_on
        )


def test_a_key_into_another_organisation_is_refused_in_bulk(inside: Cast) -> None:
    item = inbox.WorkItem(
        person_id=inside.stranger.pk,
        kind="goals.x",
        subject_id=uuid7(),
        title_en="x",
        url="/",
        assigned_at=inside.boss.created_at,
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        inbox.WorkItem.objects.bulk_create([item])


def test_reverse_relations_stay_inside(inside: Cast) -> None:
    assert inside.stranger.lines_down.count() == 0
    assert list(inside.stranger.grants.all()) == []


def test_joins_stay_inside(inside: Cast) -> None:
    assert not people.RoleGrant.objects.filter(person__number="X900").exists()


def test_prefetch_stays_inside(inside: Cast) -> None:
    everyone = people.Person.objects.prefetch_related("grants")
    assert {grant.organisation_id for person in everyone for grant in person.grants.all()} == {
        inside.organisation.pk
    }


def test_a_forward_key_of_a_foreign_row_is_not_followed(cast: Cast) -> None:
    with tenancy.acting_for(cast.elsewhere):
        grant = people.RoleGrant.objects.first()
        assert grant is not None
        grant = people.RoleGrant.objects.get(pk=grant.pk)
    with tenancy.acting_for(cast.organisation), pytest.raises(people.Person.DoesNotExist):
        grant.person  # noqa: B018


def test_row_security_cannot_be_switched_off(inside: Cast) -> None:
    refused("ALTER TABLE people_person DISABLE ROW LEVEL SECURITY")
    refused("ALTER TABLE people_person NO FORCE ROW LEVEL SECURITY")
    refused("DROP POLICY wall ON people_person")
    refused("SET LOCAL row_security = off; SELECT * FROM people_person")


def test_the_role_cannot_become_the_owner(inside: Cast) -> None:
    refused(f'SET ROLE "{settings.DATABASES["owner"]["USER"]}"')
    refused("SET SESSION AUTHORIZATION postgres")


def test_the_role_cannot_create_tables_or_truncate_history(inside: Cast) -> None:
    refused("CREATE TABLE public.loot AS SELECT * FROM people_person")
    for table in (AuditRow._meta.db_table, "scoring_score", "people_person"):
        refused(f"TRUNCATE {table} CASCADE")


def test_a_setting_that_is_no_organisation_shows_nothing(inside: Cast) -> None:
    refused(
        "SELECT set_config('app.organisation', 'x OR true', true); SELECT * FROM people_person",
        because=errors.InvalidTextRepresentation,
    )
    selected("SELECT set_config('app.organisation', %s, true)", str(uuid.uuid4()))
    assert selected("SELECT count(*) FROM people_person") == [(0,)]


def test_nested_acting_restores_the_outer_organisation(cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        with tenancy.acting_for(cast.elsewhere):
            assert people.Person.objects.count() == 1
        assert people.Person.objects.count() == 9
        assert selected("SELECT count(*) FROM people_person") == [(9,)]


def test_an_exception_inside_restores_the_outer_organisation(cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        with pytest.raises(ZeroDivisionError), tenancy.acting_for(cast.elsewhere):
            raise ZeroDivisionError
        assert selected("SELECT count(*) FROM people_person") == [(9,)]


def test_remembering_without_a_transaction_sees_no_rows(cast: Cast) -> None:
    with tenancy.remembering(cast.organisation.pk):
        assert people.Person.objects.count() == 0


def test_another_thread_does_not_inherit_the_organisation(inside: Cast) -> None:
    seen: list[object] = []

    def look() -> None:
        try:
            tenancy.current_organisation_id()
        except tenancy.NoOrganisation as error:
            seen.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert len(seen) == 1


@pytest.mark.django_db(transaction=True)
def test_a_pooled_connection_forgets_the_last_tenant(cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        assert people.Person.objects.count() == 9
    assert selected("SELECT current_setting('app.organisation', true)") in ([("",)], [(None,)])
    assert selected("SELECT count(*) FROM people_person") == [(0,)]


def test_audit_rows_can_be_added_but_neither_changed_nor_deleted(inside: Cast) -> None:
    row = audit.record(by=inside.hr, action="people.test", subject=inside.employee, at=inside.hr.created_at)
    with pytest.raises(ProgrammingError), transaction.atomic():
        AuditRow.objects.filter(pk=row.pk).update(why="changed")
    with pytest.raises(ProgrammingError), transaction.atomic():
        row.delete()
    assert (row.person_name, row.subject_label) == ("Hana Hr", "Eli Employee")


def test_stale_rows_of_another_organisation_cannot_be_claimed(cast: Cast) -> None:
    with tenancy.acting_for(cast.elsewhere):
        stale.mark("score", [cast.stranger.pk])
    with tenancy.acting_for(cast.organisation):
        assert not stale.claim("score", limit=10)
    with tenancy.acting_for(cast.elsewhere):
        assert StaleRow.objects.count() == 1


def test_the_same_address_in_another_organisation_is_not_found(cast: Cast, client_for: object) -> None:
    from django.urls import reverse

    address = reverse("people:person", args=[cast.employee.pk])
    assert client_for(cast.colleague).get(address).status_code == 200  # type: ignore[operator]
    assert client_for(cast.stranger).get(address).status_code == 404  # type: ignore[operator]


def test_a_session_cannot_choose_an_organisation_it_does_not_belong_to(
    cast: Cast, client_for: object
) -> None:
    client = client_for(cast.stranger)  # type: ignore[operator]
    session = client.session
    session["organisation"] = str(cast.organisation.pk)
    session.save()
    from django.urls import reverse

    assert client.get(reverse("people:person", args=[cast.employee.pk])).status_code == 404


def test_the_organisation_is_read_once_in_its_scope_and_never_taken_for_another(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    here, elsewhere = cast.organisation, cast.elsewhere
    with tenancy.remembering(here.pk):
        with tenancy.acting_for(here.pk), django_assert_num_queries(1):
            assert queries.organisation_here() == queries.organisation_here() == here
        with tenancy.acting_for(elsewhere):
            assert queries.organisation_here() is elsewhere
        with tenancy.acting_for(here.pk), django_assert_num_queries(0):
            assert queries.organisation_here() == here
    with tenancy.acting_for(here.pk):
        by = queries.load_actor(user=cast.administrator.user, organisation_id=here.pk)
        actions.edit_organisation(
            organisation=by.organisation, fields={"currency": "EUR"}, by=by, at=timezone.now()
        )
        assert queries.organisation_here().currency == "EUR"


def test_many_rows_are_written_at_once_and_none_of_another_organisation(cast: Cast) -> None:
    with tenancy.acting_for(cast.elsewhere):
        foreign = people.Team.objects.create(code="FAR", name_en="Far away")
    with tenancy.acting_for(cast.organisation):
        teams = [people.Team.objects.create(code=f"T{n}", name_en=f"Team {n}") for n in range(3)]
        day = queries.today(cast.organisation)
        for number, team in enumerate([*teams, foreign]):
            team.name_en, team.closed_on, team.lead = f"It’s “{number}”, \\ and {{}}", day, cast.boss
        teams[1].closed_on = teams[1].lead = None
        assert people.Team.objects.write_columns([*teams, foreign], ["name_en", "closed_on", "lead"]) == 3
        found = people.Team.objects.filter(code__startswith="T", pk__in=[team.pk for team in teams])
        assert set(found.values_list("name_en", "closed_on", "lead")) == {
            (team.name_en, team.closed_on, team.lead_id) for team in teams
        }
        assert people.Team.objects.write_columns([], ["name_en"]) == 0
        teams[0].name_en = "x" * 1_000
        with pytest.raises(DatabaseError), transaction.atomic():
            people.Team.objects.write_columns(teams, ["name_en"])
        with pytest.raises(tenancy.OtherOrganisation):
            people.Team.objects.write_columns(teams, ["organisation"])
    with tenancy.acting_for(cast.elsewhere):
        foreign.refresh_from_db()
        assert foreign.name_en == "Far away"
