"""Rows that a system sends: whole batches or nothing, the same batch once, and reasons for what did not fit."""

import datetime
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest

from performance.foundation import tenancy
from performance.foundation.models import AuditRow, StaleRow
from performance.people.models import Organisation
from performance.sources import actions, models
from performance.sources.actions import merging, pushing
from tests import races, ready
from tests.conftest import Cast
from tests.sources import stage
from tests.sources.pushed import SAMPLE, bytes_of, filled
from tests.sources.stage import AT, Killed


@pytest.fixture
@ready.made
def sales(acting: Organisation) -> models.Dataset:
    return filled()


def push(dataset: models.Dataset, content: bytes, key: str = "", **options: Any) -> actions.Pushed:
    return actions.push_rows(
        dataset=dataset, content=content, batch_key=key or str(uuid.uuid4()), by=None, at=AT, **options
    )


def test_a_sample_says_which_columns_there_are(sales: models.Dataset) -> None:
    found = {column.source_name: (column.key, column.type) for column in sales.columns.all()}
    assert found == {
        "id": ("id", "integer"),
        "store.code": ("store_code", "text"),
        "day": ("day", "date"),
        "amount": ("amount", "decimal"),
        "note": ("note", "text"),
    }


def test_a_batch_is_a_load_with_its_counts(sales: models.Dataset) -> None:
    load = push(sales, bytes_of(*SAMPLE)).load
    assert (load.state, load.is_full, load.asked_at) == ("done", False, AT)
    assert stage.counts(load)["inserted"] == 2
    assert stage.rows(sales, "id", "store_code", "amount") == [
        (1, "010", Decimal("0.1")),
        (2, "020", Decimal(20)),
    ]
    sales.refresh_from_db()
    assert (sales.row_count, sales.loaded_at) == (2, AT)
    assert StaleRow.objects.filter(kind="metric_values").exists()


def test_rows_are_added_and_changed_and_never_taken_for_gone(sales: models.Dataset) -> None:
    push(sales, bytes_of(*SAMPLE))
    late = {**SAMPLE[0], "id": 7, "day": "2025-12-31", "note": "late"}
    load = push(sales, bytes_of({**SAMPLE[0], "amount": 5}, late)).load
    assert (load.rows_inserted, load.rows_updated, load.rows_deleted) == (1, 1, 0)
    assert stage.rows(sales, "id", "amount") == [(1, Decimal(5)), (2, Decimal(20)), (7, Decimal("0.1"))]


def test_the_same_batch_twice_changes_nothing(sales: models.Dataset) -> None:
    first = push(sales, bytes_of(*SAMPLE), "batch 1")
    push(sales, bytes_of({**SAMPLE[0], "amount": 5, "note": "newer"}), "batch 2")
    again = push(sales, bytes_of(*SAMPLE), "batch 1")
    assert (again.is_new, again.load.pk) == (False, first.load.pk)
    assert stage.rows(sales, "id", "amount")[0] == (1, Decimal(5)), "an old batch brings nothing old back"
    assert models.Load.objects.count() == 2
    with pytest.raises(actions.SourceRefused) as refused:
        push(sales, bytes_of(SAMPLE[0]), "batch 1")
    assert refused.value.code == "batch_key_reused"


def test_another_dataset_may_use_the_same_name_of_a_batch(sales: models.Dataset) -> None:
    assert push(sales, bytes_of(*SAMPLE), "1").is_new
    assert push(filled("returns"), bytes_of(*SAMPLE), "1").is_new


def test_rows_that_do_not_fit_are_kept_aside_with_the_reason(sales: models.Dataset) -> None:
    bad = [{**SAMPLE[0], "id": 3, "amount": "much"}, {**SAMPLE[0], "id": None}, {**SAMPLE[1], "amount": 9}]
    load = push(sales, bytes_of(*SAMPLE, *bad)).load
    assert (load.state, load.rows_read, load.rows_inserted, load.rows_rejected) == ("done", 5, 2, 3)
    assert [(row.number, row.reason) for row in load.rejected_rows.all()] == [
        (3, "not_decimal"),
        (4, "key_missing"),
        (5, "key_twice"),
    ]


@pytest.mark.parametrize(
    ("rows", "code", "drift"),
    [
        ([{**SAMPLE[1], "tip": 1}], "column_unknown", [("tip", "new")]),
        ([{"id": 1, "day": "2026-05-01"}], "column_not_sent", [("store.code", "gone"), ("amount", "gone")]),
    ],
)
def test_a_batch_of_another_shape_changes_nothing_and_is_reported(
    sales: models.Dataset, rows: list[Any], code: str, drift: list[tuple[str, str]]
) -> None:
    push(sales, bytes_of(*SAMPLE))
    load = push(sales, bytes_of(*rows), "shape").load
    assert (load.state, load.problem_code, load.rows_inserted) == ("failed", code, 0)
    assert set(drift) <= {(change["column"], change["change"]) for change in load.drift}
    assert load.problem
    assert len(stage.rows(sales, "id")) == 2
    sales.refresh_from_db()
    assert sales.row_count == 2
    assert push(sales, bytes_of(*SAMPLE), "shape").load.state == "done", "mended, it comes in"


def test_a_field_may_be_left_out_where_another_row_names_it(sales: models.Dataset) -> None:
    assert push(sales, bytes_of(SAMPLE[1], {"id": 9})).load.rows_inserted == 2
    assert stage.rows(sales, "id", "note")[1] == (9, None)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "batch_empty"),
        (b"[]", "batch_empty"),
        (b"nonsense", "not_json"),
        (b'[{"id": 1}', "not_json"),
        (b'{"id": 1}\nnonsense', "line_not_json"),
        (b"[1, 2]", "records_expected"),
        (b'"text"', "records_expected"),
        (b"[" * 50_000, "not_json"),
        (b"\xff\xfe", "not_json"),
    ],
)
def test_what_is_no_batch_is_refused(sales: models.Dataset, content: bytes, code: str) -> None:
    with pytest.raises(actions.SourceRefused) as refused:
        push(sales, content)
    assert refused.value.code == code
    assert not models.Load.objects.exists()


def test_a_batch_is_a_list_or_lines_or_a_record_with_rows(sales: models.Dataset) -> None:
    lines = b"\n".join(json.dumps({**SAMPLE[1], "id": number}).encode() for number in (1, 2, 3))
    assert push(sales, lines + b"\n\n").load.rows_inserted == 3
    assert push(sales, json.dumps({"rows": SAMPLE}).encode()).load.rows_read == 2
    assert push(sales, json.dumps({**SAMPLE[0], "id": 8}).encode()).load.rows_inserted == 1


def test_rows_and_bytes_are_capped(sales: models.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "MAX_ROWS", 1)
    with pytest.raises(actions.SourceRefused) as refused:
        push(sales, bytes_of(*SAMPLE))
    assert refused.value.code == "too_many_rows_sent"
    monkeypatch.setattr(pushing, "MAX_BYTES", 10)
    with pytest.raises(actions.SourceRefused) as refused:
        push(sales, bytes_of(*SAMPLE))
    assert refused.value.code == "too_many_bytes"


def test_a_batch_killed_in_the_middle_leaves_nothing_and_comes_in_when_sent_again(
    sales: models.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(sales, bytes_of(SAMPLE[1]))
    before = stage.rows(sales, "id", "amount")
    for step in ("set_doubles_aside", "merge", "counted"):
        with monkeypatch.context() as patch:
            patch.setattr(merging, step, killed)
            with pytest.raises(Killed):
                push(sales, bytes_of(*SAMPLE), "again")
        assert stage.rows(sales, "id", "amount") == before, step
        assert models.Load.objects.count() == 1
    assert push(sales, bytes_of(*SAMPLE), "again").is_new
    assert stage.rows(sales, "id", "amount") == [(1, Decimal("0.1")), (2, Decimal(20))]


def killed(*_given: Any, **_named: Any) -> None:
    raise Killed


def test_a_paused_or_closed_dataset_takes_nothing(sales: models.Dataset) -> None:
    actions.pause_connection(connection=sales.connection, by=None, at=AT)
    with pytest.raises(actions.SourceRefused) as refused:
        push(sales, bytes_of(*SAMPLE))
    assert refused.value.code == "paused"
    actions.resume_connection(connection=sales.connection, by=None, at=AT)
    actions.close_dataset(dataset=sales, by=None, at=AT)
    with pytest.raises(actions.SourceRefused) as refused:
        push(sales, bytes_of(*SAMPLE))
    assert refused.value.code == "closed"


def test_rows_without_a_key_cannot_be_sent(acting: Organisation) -> None:
    connection = actions.connect_source(kind="push", name_en="Till", by=None, at=AT)
    probe = actions.look_at_sample(
        connection=connection, name="sales", content=bytes_of(*SAMPLE), by=None, at=AT
    )
    plan = stage.plan(probe.answer, key="sales", question=probe.question)
    with pytest.raises(actions.SourceRefused) as refused:
        actions.create_dataset(connection=connection, plan=plan, by=None, at=AT)
    assert refused.value.code == "key_needed"


def test_there_is_nothing_to_load_or_to_ask(sales: models.Dataset) -> None:
    with pytest.raises(actions.SourceRefused) as refused:
        actions.start_load(dataset=sales, by=None, at=AT)
    assert refused.value.code == "push_only"
    assert sales.next_load_at is None
    assert actions.start_due_loads(at=AT + datetime.timedelta(days=40)) == []


def test_a_sample_leaves_its_rows_in_no_log(sales: models.Dataset) -> None:
    looked = AuditRow.objects.filter(action="sources.look_at_table").get()
    assert looked.changes == {"question": {"schema": "", "table": "sales"}}


@pytest.mark.django_db(transaction=True)
def test_the_same_batch_sent_twice_at_once_comes_in_once(cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        dataset = filled()
    first, second = races.second_waits_for_first(
        cast.organisation,
        lambda: push(dataset, bytes_of(*SAMPLE), "1"),
        lambda: push(dataset, bytes_of(*SAMPLE), "1"),
    )
    assert (first.is_new, second.is_new) == (True, False)
    assert first.load.pk == second.load.pk
    with tenancy.acting_for(cast.organisation):
        assert models.Load.objects.count() == 1
        assert len(stage.rows(dataset, "id")) == 2


# -- the API and the pages ----------------------------------------------------------------------------------
