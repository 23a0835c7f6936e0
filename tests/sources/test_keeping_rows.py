"""What is there stays until something better has come."""

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from performance.people.models import Organisation
from tests.sources import stage
from tests.sources.stage import AT, Clock
from tests.sources.test_loading import written_budgets

LATER = AT + datetime.timedelta(minutes=10)
MAY = datetime.date(2026, 5, 1)


def test_a_row_that_cannot_be_read_any_more_stays_as_it_was_last_read(
    acting: Organisation, tmp_path: Path
) -> None:
    connection = stage.uploaded(written_budgets(tmp_path, [("010", MAY, 1000.1), ("020", MAY, 2000)]))

    def by_store(proposal: Any) -> dict[str, Any]:
        return {"is_key": proposal.key == "store"} | ({"type": "decimal"} if proposal.key == "budget" else {})

    dataset = stage.modelled(connection, {"table": "Budgets"}, "budgets", change=by_store)
    stage.load(dataset)
    stage.uploaded(
        written_budgets(tmp_path, [("010", MAY, "a lot"), ("030", "soon", 4)]), connection=connection
    )
    done = stage.load(dataset, Clock(LATER))
    assert stage.counts(done) == {
        "read": 2,
        "rejected": 2,
        "inserted": 0,
        "updated": 0,
        "deleted": 1,
        "unchanged": 0,
    }
    assert stage.rows(dataset, "store", "budget") == [("010", Decimal("1000.1"))]
