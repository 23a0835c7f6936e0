"""Parquet from the upload to the rows: exact, repeatable, and a column that went away is said."""

from pathlib import Path

import arro3.io
import pytest
from arro3.core import Array, DataType, Table

from performance.people.models import Organisation
from performance.sources import actions
from performance.sources.connectors import proposing
from tests.sources import stage
from tests.sources.real_data import shared


def written(path: Path, **columns: list[int]) -> Path:
    table = {name: Array(values, type=DataType.int64()) for name, values in columns.items()}
    arro3.io.write_parquet(Table.from_pydict(table), str(path))
    return path


def keyed(proposal: proposing.Proposal) -> dict[str, object]:
    is_key = proposal.key in ("order_id", "id")
    return {"is_key": is_key, "role": "key" if is_key else proposal.role}


def test_late_rows_come_in_and_a_lost_column_stops_the_load(acting: Organisation, tmp_path: Path) -> None:
    connection = stage.uploaded(written(tmp_path / "march.parquet", id=[1, 2], amount=[10, 20]))
    dataset = stage.modelled(connection, {"table": "march"}, "sales", change=keyed)
    assert [column.source_type for column in dataset.columns.all()] == ["integer", "integer"]
    assert stage.counts(stage.load(dataset))["inserted"] == 2
    assert stage.counts(stage.load(dataset))["unchanged"] == 2
    late = written(tmp_path / "april.parquet", id=[3, 1, 2], amount=[30, 10, 25])
    stage.uploaded(late, connection=connection)
    done = stage.load(dataset)
    assert (done.rows_inserted, done.rows_updated, done.rows_unchanged) == (1, 1, 1), done.problem
    assert stage.rows(dataset, "id", "amount") == [(1, 10), (2, 25), (3, 30)]
    stage.uploaded(written(tmp_path / "may.parquet", id=[1]), connection=connection)
    failed = stage.load(dataset)
    assert (failed.state, failed.problem_code) == ("failed", "column_missing")
    assert failed.drift == [{"column": "amount", "change": "gone", "before": "integer", "after": ""}]
    assert len(stage.rows(dataset, "id")) == 3, "the rows of before stay"


def test_a_parquet_that_is_damaged_is_refused_at_the_door(acting: Organisation, tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1" + b"\0" * 64)
    with pytest.raises(actions.SourceRefused) as refused:
        stage.uploaded(broken)
    assert (refused.value.code, refused.value.field) == ("file_unreadable", "file")


@pytest.mark.slow
@pytest.mark.long
def test_a_real_parquet_is_loaded_completely(acting: Organisation) -> None:
    connection = stage.uploaded(shared("jaffle_shop", "orders.parquet"))
    dataset = stage.modelled(connection, {"table": "orders"}, "orders", change=keyed)
    done = stage.load(dataset)
    assert done.state == "done", done.problem
    assert (done.rows_inserted, done.rows_rejected) == (663_029, 0)
