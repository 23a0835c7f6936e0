"""A worker that dies between two pages of a REST source: another one reads from the first page on, to the same rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from performance.foundation import tenancy
from performance.sources import actions, models, queries, tasks
from performance.sources.actions import loading
from tests.kill.conftest import House, new_name, until
from tests.sources import rest_server, stage

pytestmark = pytest.mark.kill

Acting = Callable[[], Any]
ROWS = 12_000
A_PAGE = 1_000
#: In the second of three batches.
GATE_AT = loading.BATCH_ROWS + A_PAGE


class Gate:
    """Holds the answer to one page back until the test lets it go."""

    def __init__(self) -> None:
        self.is_shut = False
        self.somebody_waits = threading.Event()
        self._opened = threading.Event()

    def __call__(self, asked: rest_server.Asked) -> None:
        if self.is_shut and asked.query.get("after") == str(GATE_AT):
            self.somebody_waits.set()
            self._opened.wait(timeout=60)

    def open(self) -> None:
        self.is_shut = False
        self._opened.set()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def shop(gate: Gate, settings: Any) -> Iterator[rest_server.Shop]:
    rows = [{"id": number, "amount": number % 977 / 100} for number in range(1, ROWS + 1)]
    with rest_server.served(rows) as shop:
        shop.rows_a_page, shop.at_each = A_PAGE, gate
        settings.ACCORD_EGRESS_ALLOW = shop.allow
        try:
            yield shop
        finally:
            gate.open()


def _dataset(acting: Acting, shop: rest_server.Shop) -> tuple[models.Dataset, str]:
    """A dataset over the paged endpoint of a connection of its own, with its first load waiting."""
    question = {"schema": "", "table": "lines"}
    endpoint = {
        "name": "lines",
        "path": "cursors",
        "rows_path": "rows",
        "paging": "cursor",
        "page_parameter": "after",
        "next_path": "meta.next",
    }
    with acting():
        connection = actions.connect_source(
            kind="rest", name_en=new_name("Shop"), base_address=shop.base, by=None, at=timezone.now()
        )
        actions.add_endpoint(connection=connection, values=endpoint, by=None, at=timezone.now())
        probe = actions.ask_source(
            connection=connection, kind="describe", question=question, by=None, at=timezone.now()
        )
    with tenancy.remembering(connection.organisation_id):
        actions.run_probe(probe_id=probe.pk, clock=timezone.now)
    with acting():
        probe.refresh_from_db()
        assert probe.state == "done", probe.problem
        plan = stage.plan(
            probe.answer,
            key=new_name("lines"),
            question=question,
            change=lambda column: {"is_key": column.key == "id"},
        )
        dataset, load = actions.create_dataset(connection=connection, plan=plan, by=None, at=timezone.now())
        assert load is not None
    return dataset, str(load.pk)


def _rows(acting: Acting, dataset: models.Dataset) -> list[tuple[Any, ...]]:
    with acting():
        return sorted(tuple(row) for row in queries.source_rows(dataset, limit=1_000_000).rows)


def _load(acting: Acting, load_id: str) -> models.Load:
    with acting():
        return models.Load.objects.get(pk=load_id)


def _is_done(acting: Acting, load_id: str) -> bool:
    load = _load(acting, load_id)
    assert load.state in ("waiting", "running", "done"), load.problem
    return load.state == "done"


def test_a_worker_killed_between_pages_leaves_a_load_that_another_one_finishes(
    house: House, acting: Acting, shop: rest_server.Shop, gate: Gate
) -> None:
    calm, calm_load = _dataset(acting, shop)
    with tenancy.remembering(calm.organisation_id):
        assert actions.run_load(load_id=calm_load, clock=timezone.now)
    dataset, load_id = _dataset(acting, shop)
    worker = house.running_worker()
    gate.is_shut = True
    house.send(tasks.run_load, load_id)
    until(gate.somebody_waits.is_set, "the worker reads beyond its first batch")
    # The second batch is read while the first is staged.
    until(lambda: _load(acting, load_id).rows_read == loading.BATCH_ROWS, "the first is staged")
    worker.kill()
    gate.open()
    assert _rows(acting, dataset) == [], "half a load is no load"
    house.lose_messages()
    with house.owner() as owner:
        house.see_rows(owner)
        owner.execute("UPDATE sources_load SET heartbeat_at = heartbeat_at - interval '1 hour'")
    house.running_worker()
    house.beat()
    until(lambda: _is_done(acting, load_id), "another worker finishes the load")
    done = _load(acting, load_id)
    assert (done.attempt, done.rows_read, done.rows_inserted, done.rows_rejected) == (2, ROWS, ROWS, 0)
    assert _rows(acting, dataset) == _rows(acting, calm)
    assert len(_rows(acting, dataset)) == ROWS
