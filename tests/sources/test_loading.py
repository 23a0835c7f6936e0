"""Loads of real databases and files: complete, repeatable, safe to kill, and honest about what did not fit."""

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction

from performance.foundation import models as foundation
from performance.people.models import Organisation
from performance.sources import actions, models, queries
from performance.sources.actions import claiming
from tests.sources import stage
from tests.sources.real_data import Place
from tests.sources.stage import AT, Clock, Killed

LATER = AT + datetime.timedelta(minutes=10)


@pytest.fixture(autouse=True)
def _allowed(settings: Any, request: pytest.FixtureRequest) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]


@pytest.fixture
def sales(acting: Organisation, contoso: Place) -> models.Dataset:
    return stage.modelled(stage.connected(contoso), {"schema": "public", "table": "sales"}, "sales")


@pytest.fixture
def books(contoso: Place) -> Iterator[Place]:
    """A small table that tests may change."""
    contoso.run("DROP TABLE IF EXISTS books")
    contoso.run(
        "CREATE TABLE books (id int PRIMARY KEY, booked_at timestamptz, account text, amount numeric(12,2))"
    )
    contoso.run(
        "INSERT INTO books SELECT n, '2026-05-01'::timestamptz + n * interval '1 hour', 'A' || n % 3, n * 1.5"
        " FROM generate_series(1, 240) n"
    )
    yield contoso
    contoso.run("DROP TABLE books")


@pytest.fixture
def ledger(acting: Organisation, books: Place) -> models.Dataset:
    return stage.modelled(
        stage.connected(books),
        {"schema": "public", "table": "books"},
        "books",
        cursor_column="booked_at",
        overlap_days=2,
    )


def independent(place: Place) -> list[tuple[Any, ...]]:
    return sorted(place.rows("SELECT id, account, amount FROM books"))


def test_contoso_loads_completely_and_exactly(sales: models.Dataset, contoso: Place) -> None:
    done = stage.load(sales, batch_rows=1000)
    assert done.state == "done", done.problem
    assert stage.counts(done) == {
        "read": 7794,
        "rejected": 0,
        "inserted": 7794,
        "updated": 0,
        "deleted": 0,
        "unchanged": 0,
    }
    assert sales.row_count == 7794
    assert sales.loaded_at == AT
    keys = ("order_key", "line_number", "order_date", "net_price", "quantity", "currency_code")
    assert stage.rows(sales, *keys) == sorted(contoso.rows(f"SELECT {', '.join(keys)} FROM sales"))


def test_the_same_total_comes_out_of_the_loaded_rows(sales: models.Dataset, contoso: Place) -> None:
    stage.load(sales)
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT store_key, sum(net_price * quantity) FROM {queries.row_relation(sales)} GROUP BY 1"
        )
        found = dict(cursor.fetchall())
    assert found == dict(contoso.rows("SELECT store_key, sum(net_price * quantity) FROM sales GROUP BY 1"))


def test_northwind_loads_from_mariadb(acting: Organisation, northwind: Place) -> None:
    connection = stage.connected(northwind)
    question = {"schema": northwind.values["database"], "table": "Order Details"}
    details = stage.modelled(connection, question, "order_details")
    done = stage.load(details)
    assert done.state == "done", done.problem
    assert stage.rows(details, "order_id", "product_id", "unit_price", "quantity") == sorted(
        northwind.rows("SELECT OrderID, ProductID, UnitPrice, Quantity FROM `Order Details`")
    )
    question = {
        "query": "SELECT o.OrderID, o.ShipCountry, o.Freight, o.OrderDate FROM Orders o WHERE o.Freight > 1"
    }
    orders = stage.modelled(connection, question, "orders")
    done = stage.load(orders)
    assert stage.rows(orders, "order_id", "freight") == sorted(
        northwind.rows("SELECT OrderID, Freight FROM Orders WHERE Freight > 1")
    )
    assert [column.role for column in orders.columns.all()] == ["dimension", "dimension", "measure", "time"]


def test_rows_without_a_business_date_are_counted_and_told(acting: Organisation, books: Place) -> None:
    books.run("UPDATE books SET booked_at = NULL WHERE id <= 3")
    undated = stage.modelled(stage.connected(books), {"schema": "public", "table": "books"}, "books")
    done = stage.load(undated)
    assert (done.state, done.rows_rejected, done.undated) == ("done", 0, {"booked_at": 3})
    [(column, number)] = queries.undated_rows(done)
    assert (column, number) == (str(undated.columns.get(key="booked_at")), 3)
    books.run("UPDATE books SET booked_at = '2026-05-01' WHERE id <= 3")
    again = stage.load(undated)
    assert (again.undated, queries.undated_rows(again)) == ({}, [])


@pytest.mark.parametrize("name", ["sales", "keyless"])
def test_running_twice_changes_nothing(name: str, acting: Organisation, contoso: Place) -> None:
    question = {"schema": "public", "table": "sales"}
    if name == "keyless":
        question = {"query": "SELECT store_key, net_price, order_date FROM sales"}
    dataset = stage.modelled(stage.connected(contoso), question, name)
    stage.load(dataset)
    relation = queries.row_relation(dataset)
    with database.cursor() as cursor:
        cursor.execute(f"SELECT md5(string_agg(r::text, '' ORDER BY r::text)) FROM {relation} r")
        before = cursor.fetchone()
        done = stage.load(dataset, Clock(LATER))
        cursor.execute(f"SELECT md5(string_agg(r::text, '' ORDER BY r::text)) FROM {relation} r")
        assert cursor.fetchone() == before
    assert (done.rows_inserted, done.rows_updated, done.rows_deleted) == (0, 0, 0)
    assert done.rows_unchanged == 7794


@pytest.mark.parametrize("die_at", [2, 3, 4, 6, 9, 12, 13, 14])
def test_a_killed_worker_leaves_the_old_rows_and_the_next_one_finishes(
    die_at: int, ledger: models.Dataset, books: Place
) -> None:
    stage.load(ledger)
    old = stage.rows(ledger, "id", "account", "amount")
    books.run("UPDATE books SET amount = amount + 1 WHERE id > 100")
    books.run("INSERT INTO books VALUES (999, '2026-05-20', 'A9', 9.99)")
    waiting = actions.start_load(dataset=ledger, is_full=True, by=None, at=LATER)
    try:
        actions.run_load(load_id=waiting.pk, clock=Clock(LATER, die_at=die_at), batch_rows=25)
    except Killed:
        assert stage.rows(ledger, "id", "account", "amount") == old
        assert not actions.run_load(load_id=waiting.pk, clock=Clock(LATER)), "a living worker is left alone"
    much_later = LATER + datetime.timedelta(minutes=3)
    assert list(queries.claimable_loads(much_later)) in ([waiting], [])
    actions.run_load(load_id=waiting.pk, clock=Clock(much_later), batch_rows=25)
    waiting.refresh_from_db()
    assert waiting.state == "done"
    assert waiting.rows_read == 241
    assert (waiting.rows_inserted, waiting.rows_updated, waiting.rows_unchanged) == (1, 140, 100)
    assert stage.rows(ledger, "id", "account", "amount") == independent(books)


def test_a_worker_that_comes_back_from_the_dead_may_write_nothing(ledger: models.Dataset) -> None:
    waiting = queries.open_load(ledger)
    assert waiting is not None
    ghost = claiming.take(models.Load, waiting.pk, at=AT)
    assert ghost is not None
    assert claiming.take(models.Load, waiting.pk, at=AT) is None, "delivered twice, taken once"
    later = AT + datetime.timedelta(minutes=5)
    assert claiming.take(models.Load, waiting.pk, at=later) is not None
    with pytest.raises(claiming.ClaimLost):
        claiming.beat(ghost, at=later)
    with pytest.raises(claiming.ClaimLost):
        claiming.finish(ghost, "done", at=later)


def test_a_load_that_never_ends_is_given_up(ledger: models.Dataset) -> None:
    waiting = queries.open_load(ledger)
    at = AT
    for _attempt in range(claiming.MAX_ATTEMPTS):
        with pytest.raises(Killed):
            actions.run_load(load_id=waiting.pk, clock=Clock(at, die_at=3))
        at += datetime.timedelta(minutes=5)
    actions.run_load(load_id=waiting.pk, clock=Clock(at))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.problem_code) == ("failed", "gave_up")
    assert "4" in waiting.problem


@pytest.fixture(params=["contoso", "northwind"])
def essays(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Three short texts and one that is too long for anybody."""
    place: Place = request.getfixturevalue(request.param)
    place.run("DROP TABLE IF EXISTS essays")
    place.run(
        f"CREATE TABLE essays (id int primary key, body {'text' if place.kind == 'postgresql' else 'longtext'})"
    )
    place.run("INSERT INTO essays VALUES (1, '12'), (2, NULL), (3, repeat('1', 10000000)), (4, '34')")
    yield place
    place.run("DROP TABLE essays")


@pytest.mark.parametrize("is_query", [True, False])
@pytest.mark.parametrize("type_", ["text", "integer"])
def test_a_row_with_a_text_that_is_too_long_is_kept_aside(
    is_query: bool, type_: str, acting: Organisation, essays: Place
) -> None:
    schema = "public" if essays.kind == "postgresql" else essays.values["database"]
    question = {"query": "SELECT id, body FROM essays"} if is_query else {"schema": schema, "table": "essays"}
    dataset = stage.modelled(
        stage.connected(essays),
        question,
        "essays",
        change=lambda proposal: {"type": type_} if proposal.source_name == "body" else {"is_key": True},
    )
    done = stage.load(dataset)
    assert done.state == "done"
    assert stage.counts(done) | {"unchanged": 0} == {
        "read": 4,
        "rejected": 1,
        "inserted": 3,
        "updated": 0,
        "deleted": 0,
        "unchanged": 0,
    }
    wanted = {"text": ["12", None, "34"], "integer": [12, None, 34]}[type_]
    assert stage.rows(dataset, "id", "body") == list(zip([1, 2, 4], wanted, strict=True))
    (kept,) = queries.rejected_rows(done)
    assert (kept.number, kept.reason, kept.column_key) == (3, "text_too_long", "body")
    assert kept.value == "1" * 200
    assert kept.row["id"] == "3"


def test_a_cursor_reads_only_what_is_new_and_late(ledger: models.Dataset, books: Place) -> None:
    first = stage.load(ledger)
    assert first.rows_read == 240
    assert first.cursor_to["value"].startswith("2026-05-11T00:00")
    books.run(
        "INSERT INTO books VALUES (900, '2026-05-10 12:30+00', 'late', 1), (901, '2026-05-12+00', 'new', 2)"
    )
    books.run("UPDATE books SET amount = 0 WHERE id = 239")
    books.run("DELETE FROM books WHERE id = 238")
    done = stage.load(ledger, Clock(LATER))
    assert not done.is_full
    assert done.rows_read < 60
    assert (done.rows_inserted, done.rows_updated, done.rows_deleted) == (2, 1, 1)
    assert stage.rows(ledger, "id", "account", "amount") == independent(books)


def test_a_full_load_notices_what_the_window_cannot(ledger: models.Dataset, books: Place) -> None:
    stage.load(ledger)
    books.run("DELETE FROM books WHERE id = 1")
    assert stage.load(ledger, Clock(LATER)).rows_deleted == 0
    assert stage.load(ledger, Clock(LATER), is_full=True).rows_deleted == 1
    assert stage.rows(ledger, "id", "account", "amount") == independent(books)


def test_a_dropped_column_is_reported_and_the_rows_stay(ledger: models.Dataset, books: Place) -> None:
    stage.load(ledger)
    books.run("ALTER TABLE books DROP COLUMN account, ADD COLUMN note text, ALTER COLUMN amount TYPE text")
    done = stage.load(ledger, Clock(LATER))
    assert (done.state, done.problem_code) == ("failed", "column_missing")
    assert {(change["column"], change["change"]) for change in done.drift} == {
        ("account", "gone"),
        ("amount", "type"),
        ("note", "new"),
    }
    assert ledger.row_count == 240
    assert len(stage.rows(ledger, "id", "account")) == 240


def test_a_source_that_is_away_is_tried_again_later_and_longer(ledger: models.Dataset, books: Place) -> None:
    models.Connection.objects.filter(pk=ledger.connection_id).update(port=9)
    waiting = queries.open_load(ledger)
    at, waits = AT, []
    for _attempt in range(claiming.MAX_ATTEMPTS):
        actions.run_load(load_id=waiting.pk, clock=Clock(at))
        waiting.refresh_from_db()
        waits.append((waiting.due_at - at).total_seconds() / 60 if waiting.state == "waiting" else None)
        at = max(waiting.due_at, at)
    assert waits == [2, 4, 8, None]
    assert (waiting.state, waiting.problem_code) == ("failed", "unreachable")
    assert models.Connection.objects.get(pk=ledger.connection_id).state == "failing"
    models.Connection.objects.filter(pk=ledger.connection_id).update(port=books.values["port"])
    assert stage.load(ledger, Clock(at)).state == "done"
    assert models.Connection.objects.get(pk=ledger.connection_id).state == "connected"


def test_a_stopped_load_changes_nothing(ledger: models.Dataset) -> None:
    waiting = queries.open_load(ledger)

    class Stopping(Clock):
        def __call__(self) -> datetime.datetime:
            if self.looks == 4:
                actions.stop_load(load=waiting, by=None, at=AT)
            return super().__call__()

    assert not actions.run_load(load_id=waiting.pk, clock=Stopping(), batch_rows=25)
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"
    assert stage.rows(ledger, "id") == []
    with pytest.raises(actions.SourceRefused):
        actions.stop_load(load=waiting, by=None, at=AT)


def test_metrics_hear_of_a_load_in_its_own_transaction(ledger: models.Dataset) -> None:
    stage.load(ledger)
    assert foundation.StaleRow.objects.filter(kind="metric_values", subject_id=ledger.pk).exists()


def test_an_open_load_is_found_rather_than_doubled(ledger: models.Dataset) -> None:
    first = actions.start_load(dataset=ledger, by=None, at=AT)
    assert actions.start_load(dataset=ledger, by=None, at=LATER) == first


def test_datasets_are_loaded_when_their_time_has_come(ledger: models.Dataset) -> None:
    stage.load(ledger)
    assert actions.start_due_loads(at=AT + datetime.timedelta(hours=1)) == []
    tomorrow = AT + datetime.timedelta(hours=25)
    actions.pause_connection(connection=ledger.connection, by=None, at=AT)
    assert actions.start_due_loads(at=tomorrow) == []
    actions.resume_connection(connection=ledger.connection, by=None, at=AT)
    assert [load.dataset for load in actions.start_due_loads(at=tomorrow)] == [ledger]
    assert actions.start_due_loads(at=tomorrow) == []


def test_columns_are_changed_and_everything_is_read_again(ledger: models.Dataset, books: Place) -> None:
    stage.load(ledger)
    books.run("ALTER TABLE books ADD COLUMN note text DEFAULT 'n'")
    question = {"schema": "public", "table": "books"}
    answer = stage.described(ledger.connection, question)

    def change(proposal: Any) -> dict[str, Any]:
        return {"role": "ignored"} if proposal.key == "account" else {}

    plan = stage.plan(answer, key="books", question=question, change=change, cursor_column="booked_at")
    actions.change_dataset(dataset=ledger, plan=plan, by=None, at=LATER, why="the note matters")
    done = stage.load(ledger, Clock(LATER))
    assert done.state == "done", done.problem
    assert done.is_full
    assert [column.key for column in queries.dataset_columns(ledger)] == ["id", "booked_at", "amount", "note"]
    assert set(stage.rows(ledger, "note")) == {("n",)}
    assert foundation.AuditRow.objects.filter(
        action="sources.change_dataset", why="the note matters"
    ).exists()


def test_other_columns_wait_for_a_load_that_the_clock_asked_for_in_the_same_moment(
    ledger: models.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would read on from where the former columns ended, and the rows before would lack the new ones."""
    stage.load(ledger)
    plan = stage.plan(
        stage.described(ledger.connection, {"schema": "public", "table": "books"}),
        key="books",
        question={"schema": "public", "table": "books"},
    )
    waiting = actions.start_load(dataset=ledger, by=None, at=LATER)
    assert not waiting.is_full
    # When the change looked, the other transaction had not ended yet.
    monkeypatch.setattr(queries, "open_load", lambda dataset: None)
    with pytest.raises(actions.SourceRefused) as refused, transaction.atomic():
        actions.change_dataset(dataset=ledger, plan=plan, by=None, at=LATER)
    assert refused.value.code == "load_running"
    ledger.refresh_from_db()
    assert ledger.cursor_column == "booked_at"
    assert ledger.loaded_at is not None
