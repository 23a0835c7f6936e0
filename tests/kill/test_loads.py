"""Whoever dies while rows travel, the rows and the values over them come out as if nobody had."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.utils import timezone
from psycopg import sql
from sqlalchemy.engine import make_url

from performance.config.benchmark import seeding
from performance.foundation import databases, tenancy
from performance.kpis import actions as kpi_actions
from performance.kpis.models import Metric, MetricValue
from performance.sources import actions, models, queries, tasks
from performance.sources.actions import loading
from tests import services
from tests.kill.conftest import House, new_name, until
from tests.sources import stage

pytestmark = pytest.mark.kill

Acting = Callable[[], Any]
ROWS = 2 * loading.BATCH_LINES + 2_000
#: The row at which the source stops until the test lets it go on: in the second of three batches.
GATE_AT = loading.BATCH_LINES + 1_000
GATE = 7_701
TILLS = """
    CREATE TABLE line (id int PRIMARY KEY, sold_on date NOT NULL, store text NOT NULL, amount numeric(12,2) NOT NULL);
    INSERT INTO line SELECT n, date '2026-01-01' + n % 90, 'S00' || n % 6, (n * 7919 % 50000) / 100.0
        FROM generate_series(1, {rows}) n;
    CREATE FUNCTION gate(n int) RETURNS int LANGUAGE plpgsql VOLATILE AS $$
    BEGIN
        IF n = {at} THEN PERFORM pg_advisory_xact_lock({gate}); END IF;
        RETURN n;
    END $$;
    CREATE VIEW gated_line AS SELECT gate(id) AS id, sold_on, store, amount FROM line;
"""


@dataclass(frozen=True)
class Tills:
    """A source database, and the driver's own connection to it."""

    connection: psycopg.Connection[Any]
    values: dict[str, Any]

    def is_somebody_at_the_gate(self) -> bool:
        found = self.connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted", [GATE]
        ).fetchone()
        return bool(found and found[0])

    def total(self) -> Decimal:
        found = self.connection.execute("SELECT sum(amount) FROM line").fetchone()
        assert found is not None
        return found[0]

    def shut_the_gate(self) -> None:
        self.connection.execute("SELECT pg_advisory_lock(%s)", [GATE])

    def open_the_gate(self) -> None:
        self.connection.execute("SELECT pg_advisory_unlock_all()")


@pytest.fixture(scope="module")
def tills() -> Iterator[Tills]:
    where = make_url(services.postgres_url())
    name = new_name("accord_kill_tills")
    with psycopg.connect(services.postgres_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            url = where.set(database=name).render_as_string(hide_password=False)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(TILLS.format(rows=ROWS, at=GATE_AT, gate=GATE))
                yield Tills(
                    connection,
                    {
                        "host": where.host,
                        "port": where.port or 5432,
                        "database": name,
                        "user_name": where.username or "",
                        "password": where.password or "",
                    },
                )
        finally:
            databases.drop_database(admin, name)


@pytest.fixture(autouse=True)
def _reachable(settings: Any) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]


@pytest.fixture
def connection(house: House, acting: Acting, tills: Tills) -> models.Connection:
    with acting():
        return actions.connect_source(
            kind="postgresql", name_en=new_name("Tills"), by=None, at=timezone.now(), **tills.values
        )


def _dataset(acting: Acting, connection: models.Connection, table: str) -> tuple[models.Dataset, str]:
    """A dataset over a table, with its first load waiting."""
    question = {"schema": "public", "table": table}
    with acting():
        probe = actions.ask_source(
            connection=connection, kind="describe", question=question, by=None, at=timezone.now()
        )
    with _remembering(connection):
        actions.run_probe(probe_id=probe.pk, clock=timezone.now)
    with acting():
        probe.refresh_from_db()
        assert probe.state == "done", probe.problem
        plan = stage.plan(
            probe.answer,
            key=new_name("lines"),
            question=question,
            change=lambda column: {
                "is_key": column.key == "id",
                "role": {"id": "key", "sold_on": "time", "amount": "measure"}.get(column.key, "dimension"),
            },
        )
        dataset, load = actions.create_dataset(connection=connection, plan=plan, by=None, at=timezone.now())
    return dataset, str(load.pk)


def _remembering(row: Any) -> Any:
    return tenancy.remembering(row.organisation_id)


@pytest.fixture
def calm(house: House, acting: Acting, connection: models.Connection) -> models.Dataset:
    """The same rows, loaded without any disturbance."""
    dataset, load_id = _dataset(acting, connection, "line")
    with _remembering(connection):
        assert actions.run_load(load_id=load_id, clock=timezone.now)
    return dataset


def _rows(acting: Acting, dataset: models.Dataset) -> list[tuple[Any, ...]]:
    with acting():
        found = queries.source_rows(dataset, limit=1_000_000)
        return sorted(tuple(row) for row in found.rows)


def _load(acting: Acting, load_id: str) -> models.Load:
    with acting():
        return models.Load.objects.get(pk=load_id)


def _is_done(acting: Acting, load_id: str) -> bool:
    load = _load(acting, load_id)
    assert load.state in ("waiting", "running", "done"), load.problem
    return load.state == "done"


def _time_passes(house: House) -> None:
    with house.owner() as owner:
        house.see_rows(owner)
        owner.execute("UPDATE sources_load SET heartbeat_at = heartbeat_at - interval '1 hour'")
        owner.execute("UPDATE foundation_stalerow SET claimed_at = claimed_at - interval '1 hour'")


def test_a_worker_killed_in_mid_load_leaves_a_load_that_another_one_finishes(
    house: House, acting: Acting, connection: models.Connection, tills: Tills, calm: models.Dataset
) -> None:
    dataset, load_id = _dataset(acting, connection, "gated_line")
    worker = house.running_worker()
    tills.shut_the_gate()
    try:
        house.send(tasks.run_load, load_id)
        until(tills.is_somebody_at_the_gate, "the worker reads beyond its first batch")
        # The second batch is read while the first is staged.
        until(lambda: _load(acting, load_id).rows_read == loading.BATCH_LINES, "the first is staged")
        worker.kill()
    finally:
        tills.open_the_gate()
    assert _rows(acting, dataset) == [], "half a load is no load"
    house.lose_messages()
    _time_passes(house)
    house.running_worker()
    house.beat()
    until(lambda: _is_done(acting, load_id), "another worker finishes the load")
    assert _rows(acting, dataset) == _rows(acting, calm)
    assert len(_rows(acting, dataset)) == ROWS
    done = _load(acting, load_id)
    assert (done.attempt, done.rows_read, done.rows_inserted, done.rows_rejected) == (2, ROWS, ROWS, 0)
    _values_follow(house, acting, {"disturbed": dataset, "calm": calm}, tills)


def _values_follow(house: House, acting: Acting, datasets: dict[str, models.Dataset], tills: Tills) -> None:
    """The same metric over both datasets: the worker computes the same values, to the cent."""
    metrics = {name: _metric(house.company, acting, dataset) for name, dataset in datasets.items()}
    house.beat()
    until(lambda: all(_values(acting, metric) for metric in metrics.values()), "values appear")
    disturbed, calm = (_values(acting, metrics[name]) for name in ("disturbed", "calm"))
    assert disturbed == calm
    months = [
        value for (grain, _start, slice_key), value in calm.items() if grain == "month" and slice_key == "{}"
    ]
    assert sum(months) == tills.total()


def _metric(company: seeding.Company, acting: Acting, dataset: models.Dataset) -> Metric:
    with acting():
        business, finance = (
            company.actor(company.staff[f"{side}_owner"]) for side in ("business", "finance")
        )
        version = kpi_actions.draft_metric(
            key=new_name("amount"),
            name_en=new_name("Amount"),
            name_zh="",
            business_owner=business.person,
            finance_owner=finance.person,
            definition=kpi_actions.Definition(
                kind="base",
                unit="money:CNY",
                effective_from=datetime.date(2026, 1, 1),
                dataset=dataset,
                aggregation="sum",
                expression="amount",
                time_column="sold_on",
                dimensions={"store": "store"},
                tie_out_reason="Made for a test.",
            ),
            by=business,
            at=timezone.now(),
        )
        kpi_actions.submit_for_review(version=version, by=business, at=timezone.now())
        kpi_actions.sign_version(version=version, side="business", by=business, at=timezone.now())
        kpi_actions.sign_version(version=version, side="finance", by=finance, at=timezone.now())
        return version.metric


def _values(acting: Acting, metric: Metric) -> dict[tuple[Any, ...], Decimal]:
    with acting():
        rows = MetricValue.objects.filter(metric=metric, superseded_at=None)
        return {
            (grain, start, slice_key): value
            for grain, start, slice_key, value in rows.values_list(
                "grain", "period_start", "slice_key", "value"
            )
        }


def test_a_worker_killed_while_rows_change_hands_leaves_the_old_rows(
    house: House, acting: Acting, connection: models.Connection, tills: Tills, calm: models.Dataset
) -> None:
    old = _rows(acting, calm)
    tills.connection.execute("UPDATE line SET amount = amount + 1 WHERE id % 10 = 0")
    with acting():
        load_id = str(actions.start_load(dataset=calm, is_full=True, by=None, at=timezone.now()).pk)
    worker = house.running_worker()
    with house.owner() as barrier:
        table = sql.Identifier("dataset_rows", f"d_{calm.pk.hex}")
        barrier.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(table))
        house.send(tasks.run_load, load_id)
        until(house.is_waiting_for_a_lock, "the worker is about to merge")
        assert _load(acting, load_id).rows_read == ROWS
        worker.kill()
    assert _rows(acting, calm) == old
    _time_passes(house)
    house.running_worker()
    house.lose_messages()
    house.beat()
    until(lambda: _is_done(acting, load_id), "another worker finishes the load")
    done = _load(acting, load_id)
    assert (done.rows_updated, done.rows_unchanged, done.rows_inserted) == (ROWS // 10, ROWS - ROWS // 10, 0)
    amount = [column.key for column in _columns(acting, calm)].index("amount")
    assert sum(row[amount] for row in _rows(acting, calm)) == tills.total()


def _columns(acting: Acting, dataset: models.Dataset) -> list[models.DatasetColumn]:
    with acting():
        return list(queries.dataset_columns(dataset))


def test_a_load_delivered_to_two_workers_at_once_is_done_by_one(
    house: House, acting: Acting, connection: models.Connection, tills: Tills, calm: models.Dataset
) -> None:
    dataset, load_id = _dataset(acting, connection, "gated_line")
    house.running_worker()
    second = house.start_worker()
    # A source is not waited for longer than ten seconds at a lock: nobody may stand at the gate while a process starts.
    until(lambda: second.is_ready, "the second worker is ready")
    tills.shut_the_gate()
    try:
        for _delivery in range(4):
            house.send(tasks.run_load, load_id)
        until(tills.is_somebody_at_the_gate, "one worker reads")
        until(lambda: house.waiting_messages() == 0, "the other one has taken and left the rest")
    finally:
        tills.open_the_gate()
    until(lambda: _is_done(acting, load_id), "the load ends")
    second.kill()
    done = _load(acting, load_id)
    assert (done.attempt, done.rows_read, done.rows_inserted) == (1, ROWS, ROWS)
    assert _rows(acting, dataset) == _rows(acting, calm)


def test_a_load_whose_message_was_lost_is_found_by_the_sweep(
    house: House, acting: Acting, connection: models.Connection, calm: models.Dataset
) -> None:
    house.stop_workers()
    dataset, load_id = _dataset(acting, connection, "line")
    house.send(tasks.run_load, load_id)
    assert house.lose_messages() == 1
    house.running_worker()
    house.beat()
    until(lambda: _is_done(acting, load_id), "the sweep takes the load up")
    assert _rows(acting, dataset) == _rows(acting, calm)
