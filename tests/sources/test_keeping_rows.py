"""What is there stays until something better has come."""

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from performance.people.models import Organisation
from performance.sources import actions, models
from performance.sources.actions import claiming, scheduling
from tests.sources import stage
from tests.sources.stage import AT, Clock
from tests.sources.test_loading_workbooks import written_budgets

LATER = AT + datetime.timedelta(minutes=10)
MAY = datetime.date(2026, 5, 1)


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]


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


def test_an_upload_is_taken_although_a_load_ends_at_that_moment(
    acting: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = written_budgets(tmp_path, [("010", MAY, 1000.1)])
    connection = stage.uploaded(book)
    dataset = stage.modelled(connection, {"table": "Budgets"}, "budgets")
    stop_load = scheduling.stop_load

    def too_late(*, load: models.Load, by: Any, at: datetime.datetime) -> None:
        actions.run_load(load_id=load.pk, clock=Clock())
        stop_load(load=load, by=by, at=at)

    monkeypatch.setattr(scheduling, "stop_load", too_late)
    stage.uploaded(book, connection=connection)
    states = (
        models.Load.objects.filter(dataset=dataset).order_by("asked_at", "id").values_list("state", flat=True)
    )
    assert list(states) == ["done", "waiting"]


def test_the_newest_files_are_kept_and_older_ones_let_go_at_once(
    acting: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr("performance.sources.actions.uploading.KEPT_FILES", 2)
    book = written_budgets(tmp_path, [("010", MAY, 1000.1)])
    connection = stage.uploaded(book)
    for _time in range(4):
        stage.uploaded(book, connection=connection)
    with django_assert_max_num_queries(17):
        stage.uploaded(book, connection=connection)
    kept = models.SourceFilePart.objects.values_list("file", flat=True).distinct()
    assert set(kept) == set(
        models.SourceFile.objects.order_by("-uploaded_at", "-id")[:2].values_list("pk", flat=True)
    )


def test_a_letter_that_cannot_be_kept_is_shown_as_one_that_can(acting: Organisation, northwind: Any) -> None:
    northwind.run("CREATE TABLE words (word varchar(9), other varchar(9))")
    northwind.run("INSERT INTO words VALUES (char(97, 0, 98 USING utf8mb4), 'c')")
    question = {"schema": northwind.values["database"], "table": "words"}
    answer = stage.described(stage.connected(northwind), question)
    northwind.run("DROP TABLE words")
    assert answer["rows"] == [["a\ufffdb", "c"]]
    assert answer["columns"][0]["examples"] == ["a\ufffdb"]


def test_a_question_that_never_ends_is_given_up(acting: Organisation, northwind: Any) -> None:
    connection = stage.connected(northwind)
    probe = actions.ask_source(connection=connection, kind="check", by=None, at=AT)
    models.Probe.objects.filter(pk=probe.pk).update(attempt=claiming.MAX_ATTEMPTS)
    actions.run_probe(probe_id=probe.pk, clock=Clock())
    probe.refresh_from_db()
    assert (probe.state, probe.problem_code) == ("failed", "gave_up")
