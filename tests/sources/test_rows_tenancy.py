"""The tables of imported rows have walls too: hostile probes as the application's role."""

import importlib
import json
import uuid
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection as database
from django.db import connections, transaction
from django.db.utils import DataError, IntegrityError, ProgrammingError

from performance.foundation import tenancy
from performance.people.models import Organisation
from performance.sources import actions, models, queries
from tests.conftest import make_organisation
from tests.sources import stage
from tests.sources.real_data import Place

REFUSALS = (ProgrammingError, IntegrityError, DataError, psycopg.Error)


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]


@pytest.fixture
def stores(organisation: Organisation, contoso: Place) -> models.Dataset:
    with tenancy.acting_for(organisation):
        dataset = stage.modelled(stage.connected(contoso), {"schema": "public", "table": "store"}, "stores")
        assert stage.load(dataset).state == "done"
    return dataset


@pytest.fixture
def elsewhere(db: None) -> Organisation:
    return make_organisation("Elsewhere")


def run(statement: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else [(cursor.rowcount,)]


def test_another_organisation_sees_and_changes_no_rows(
    stores: models.Dataset, elsewhere: Organisation
) -> None:
    kept = queries.row_relation(stores)
    with tenancy.acting_for(elsewhere):
        assert run(f"SELECT count(*) FROM {kept}") == [(0,)]
        assert run(f"UPDATE {kept} SET state = 'x'") == [(0,)]
        assert run(f"DELETE FROM {kept}") == [(0,)]
        assert run(f"SELECT count(*) FROM {queries.stage_relation(stores)}") == [(0,)]
    with tenancy.acting_for(stores.organisation):
        assert run(f"SELECT count(*) FROM {kept}") == [(stores.row_count,)]


def test_without_an_organisation_there_are_no_rows(stores: models.Dataset) -> None:
    assert run(f"SELECT count(*) FROM {queries.row_relation(stores)}") == [(0,)]


@pytest.mark.parametrize("theirs", [True, False])
def test_rows_cannot_be_smuggled_in(theirs: bool, stores: models.Dataset, elsewhere: Organisation) -> None:
    claimed = stores.organisation_id if theirs else elsewhere.pk
    for relation, columns in (
        (queries.row_relation(stores), "organisation_id, load_id, store_key"),
        (queries.row_relation(stores).replace('"d_', '"g_'), "organisation_id, load_id, row_no"),
    ):
        with tenancy.acting_for(elsewhere), pytest.raises(REFUSALS):
            run(f"INSERT INTO {relation} ({columns}) VALUES (%s, gen_random_uuid(), 1)", [claimed])


def test_rows_cannot_be_smuggled_in_by_a_session_that_acts_for_nobody(stores: models.Dataset) -> None:
    kept = queries.row_relation(stores)
    gate = kept.replace('"d_', '"g_')
    values = [stores.organisation_id]
    for setting in (None, ""):
        if setting is not None:
            run("SELECT set_config('app.organisation', %s, true)", [setting])
        with pytest.raises(IntegrityError) as refused:
            run(
                f"INSERT INTO {gate} (organisation_id, load_id, row_no) VALUES (%s, gen_random_uuid(), 1)",
                values,
            )
        assert isinstance(refused.value.__cause__, psycopg.errors.CheckViolation)
        with pytest.raises(ProgrammingError) as walled:
            run(
                f"INSERT INTO {kept} (organisation_id, load_id, store_key) VALUES (%s, gen_random_uuid(), 1)",
                values,
            )
        assert isinstance(walled.value.__cause__, psycopg.errors.InsufficientPrivilege)
    with tenancy.acting_for(stores.organisation):
        assert run(f"SELECT count(*) FROM {queries.stage_relation(stores)}") == [(0,)]


@pytest.mark.django_db(databases=["default", "owner"])
def test_stages_of_before_get_the_wall_that_new_ones_have() -> None:
    """As the owner, who makes a stage as it was made once; a row that waits in it stays."""
    migration = importlib.import_module("performance.sources.migrations.0003_stages_refuse_nobody")
    ours, gate = uuid.uuid4(), f"dataset_rows.g_{uuid.uuid4().hex}"
    row = f"INSERT INTO {gate} VALUES (%s, gen_random_uuid(), 1)"
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute(
            f"CREATE UNLOGGED TABLE {gate} (organisation_id uuid NOT NULL CHECK (organisation_id = '{ours}' AND"
            " organisation_id = NULLIF(current_setting('app.organisation', true), '')::uuid),"
            " load_id uuid NOT NULL, row_no bigint NOT NULL)"
        )
        cursor.execute(row, [ours])
        for _again in range(2):
            cursor.execute(migration.MEND)
            with pytest.raises(IntegrityError), transaction.atomic("owner"):
                cursor.execute(row, [ours])
        cursor.execute("SELECT set_config('app.organisation', %s, true)", [str(ours)])
        cursor.execute(row, [ours])
        with pytest.raises(IntegrityError), transaction.atomic("owner"):
            cursor.execute(row, [uuid.uuid4()])
        cursor.execute(f"SELECT count(*) FROM {gate}")
        assert cursor.fetchone() == (2,)
        transaction.set_rollback(True, "owner")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM {gate}",
        "DELETE FROM {gate}",
        "UPDATE {gate} SET row_no = 1",
        "TRUNCATE {kept}",
        "DROP TABLE {kept}",
        "ALTER TABLE {kept} DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE {kept} NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY wall ON {kept}",
        "CREATE POLICY hole ON {kept} USING (true)",
        "CREATE TABLE dataset_rows.mine (id int)",
        "CREATE OR REPLACE VIEW {stage} AS SELECT 1",
        "ALTER VIEW {stage} RESET (security_barrier)",
        "CREATE OR REPLACE FUNCTION dataset_rows.own_dataset(uuid) RETURNS uuid LANGUAGE sql AS 'SELECT $1'",
    ],
)
def test_the_applications_role_cannot_pull_the_wall_down(statement: str, stores: models.Dataset) -> None:
    kept = queries.row_relation(stores)
    names = {"kept": kept, "gate": kept.replace('"d_', '"g_'), "stage": queries.stage_relation(stores)}
    with tenancy.acting_for(stores.organisation), pytest.raises(REFUSALS):
        run(statement.format(**names))


@pytest.mark.parametrize(
    "call",
    [
        'SELECT dataset_rows.shape(%s, \'[{"key": "a", "type": "text"}]\')',
        "SELECT dataset_rows.clear_stage(%s)",
        "SELECT dataset_rows.learn(%s)",
    ],
)
def test_the_owners_functions_serve_only_ones_own_datasets(
    call: str, stores: models.Dataset, elsewhere: Organisation
) -> None:
    with tenancy.acting_for(elsewhere), pytest.raises(REFUSALS):
        run(call, [stores.pk])
    with pytest.raises(REFUSALS):
        run(call, [stores.pk])


@pytest.mark.parametrize(
    "column",
    [
        {"key": "a; drop table people_person", "type": "text"},
        {"key": "a", "type": "text; drop table people_person"},
        {"key": "a", "type": "xml"},
        {"key": "organisation_id", "type": "text"},
        {"key": "A", "type": "text"},
        {"key": '"', "type": "text"},
        {"key": "", "type": "text"},
        {"type": "text"},
        {"key": "x" * 60, "type": "text"},
    ],
)
def test_the_owners_functions_take_only_names_and_types_of_the_list(
    column: dict[str, str], stores: models.Dataset
) -> None:
    with tenancy.acting_for(stores.organisation), pytest.raises(REFUSALS):
        run("SELECT dataset_rows.shape(%s, %s)", [stores.pk, json.dumps([column])])


def test_a_dataset_cannot_read_from_another_organisations_connection(
    stores: models.Dataset, elsewhere: Organisation
) -> None:
    with tenancy.acting_for(elsewhere):
        assert not models.Connection.objects.filter(pk=stores.connection_id).exists()
        assert not actions.run_load(load_id=stores.pk, clock=stage.Clock())
        stolen = models.Dataset(
            connection_id=stores.connection_id,
            key="stolen",
            name_en="Stolen",
            table_name="store",
            time_zone="UTC",
            created_at=stage.AT,
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            stolen.save()


def test_the_password_is_nowhere_in_clear(stores: models.Dataset, contoso: Place) -> None:
    with tenancy.acting_for(stores.organisation):
        connection = actions.connect_source(
            kind="postgresql",
            name_en="Secret",
            host="db.example.com",
            database="d",
            user_name="u",
            password="hunter2-hunter2",
            by=None,
            at=stage.AT,
        )
        (row,) = run("SELECT to_jsonb(c)::text FROM sources_connection c WHERE id = %s", [connection.pk])
        assert "hunter2" not in row[0]
        (audit,) = run("SELECT string_agg(changes::text, '') FROM foundation_auditrow")
        assert "hunter2" not in audit[0]
        with pytest.raises(actions.SourceRefused) as refused:
            actions.change_connection(
                connection=connection, values={"host": "evil.example"}, password="", by=None, at=stage.AT
            )
        assert refused.value.code == "password_needed"


def test_credentials_move_to_a_new_key_and_the_old_one_is_no_longer_needed(
    stores: models.Dataset, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = settings.FIELD_ENCRYPTION_KEYS, "a-new-key-of-the-installation-" * 2
    settings.FIELD_ENCRYPTION_KEYS = [new, *old]
    call_command("reseal_credentials")
    assert "1 sources" in capsys.readouterr().out
    settings.FIELD_ENCRYPTION_KEYS = [new]
    with tenancy.acting_for(stores.organisation):
        assert stage.load(stores).state == "done"
    settings.FIELD_ENCRYPTION_KEYS = old
    with tenancy.acting_for(stores.organisation):
        lost = stage.load(stores)
    assert (lost.state, lost.problem_code) == ("failed", "unreadable_secret")
