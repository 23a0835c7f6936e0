"""A dataset whose rows are sent, and batches of them."""

import json
from typing import Any

from performance.sources import actions, models
from tests.sources import stage
from tests.sources.stage import AT

SAMPLE = [
    {"id": 1, "store": {"code": "010"}, "day": "2026-05-01", "amount": 0.1, "note": None},
    {"id": 2, "store": {"code": "020"}, "day": "2026-05-02", "amount": 20, "note": "a"},
]


def bytes_of(*rows: Any) -> bytes:
    return json.dumps(rows).encode()


def filled(name: str = "sales") -> models.Dataset:
    """A dataset that a system fills, with nothing in it yet."""
    connection = actions.connect_source(kind="push", name_en=f"Till of {name}", by=None, at=AT)
    probe = actions.look_at_sample(
        connection=connection, name=name, content=bytes_of(*SAMPLE), by=None, at=AT
    )
    plan = stage.plan(
        probe.answer,
        key=name,
        question=probe.question,
        change=lambda proposal: {"is_key": proposal.key == "id"},
    )
    dataset, load = actions.create_dataset(connection=connection, plan=plan, by=None, at=AT)
    assert load is None
    return dataset
