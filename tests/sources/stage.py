"""Sources of the test organisation, made through the actions that the pages use."""

import datetime
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from performance.foundation import tenancy
from performance.sources import actions, models, queries
from performance.sources.connectors import proposing
from tests.sources.real_data import Place

AT = datetime.datetime(2026, 5, 14, 6, 0, tzinfo=datetime.UTC)


class Clock:
    """Time that passes when a test says so; `die_at` kills the worker at its nth look at the clock."""

    def __init__(self, at: datetime.datetime = AT, die_at: int = 0) -> None:
        self.at = at
        self.die_at = die_at
        self.looks = 0

    def __call__(self) -> datetime.datetime:
        self.looks += 1
        if self.looks == self.die_at:
            raise Killed
        return self.at


class Killed(BaseException):
    """SIGKILL, as far as a test can tell: no handler runs, nothing is tidied up."""


def connected(place: Place, *, by: Any = None, name: str = "") -> models.Connection:
    values = place.values
    return actions.connect_source(
        kind=place.kind,
        name_en=name or f"{place.kind} {values['database']}",
        host=values["host"],
        port=values["port"],
        database=values["database"],
        user_name=values["user"],
        password=values["password"],
        by=by,
        at=AT,
    )


def uploaded(path: Path, *, by: Any = None, connection: models.Connection | None = None) -> models.Connection:
    connection = connection or actions.connect_source(kind="file", name_en=path.stem, by=by, at=AT)
    actions.upload_file(connection=connection, name=path.name, chunks=[path.read_bytes()], by=by, at=AT)
    return connection


def described(connection: models.Connection, question: dict[str, Any]) -> dict[str, Any]:
    """The answer of a worker to "what is in this table"."""
    probe = actions.ask_source(connection=connection, kind="describe", question=question, by=None, at=AT)
    actions.run_probe(probe_id=probe.pk, clock=Clock())
    probe.refresh_from_db()
    assert probe.state == "done", probe.problem
    return probe.answer


def plan(
    answer: dict[str, Any],
    *,
    key: str,
    question: dict[str, Any],
    change: Callable[[proposing.Proposal], dict[str, Any]] = lambda proposal: {},
    **fields: Any,
) -> actions.DatasetPlan:
    """The proposal as it is, or with `change` for each column."""
    columns = []
    for found in answer["columns"]:
        proposal = proposing.Proposal(**found)
        taken = {
            "source_name": proposal.source_name,
            "key": proposal.key,
            "type": proposal.type,
            "role": proposal.role,
            "is_key": proposal.is_key,
            "source_type": proposal.source_type,
            "date_order": proposal.date_order,
        }
        columns.append(actions.ColumnPlan(**{**taken, **change(proposal)}))
    return actions.DatasetPlan(
        key=key,
        name_en=fields.pop("name_en", key),
        columns=columns,
        schema_name=question.get("schema", ""),
        table_name=question.get("table", ""),
        query=question.get("query", ""),
        **fields,
    )


def modelled(
    connection: models.Connection, question: dict[str, Any], key: str, **options: Any
) -> models.Dataset:
    """A dataset with its first load waiting."""
    answer = described(connection, question)
    dataset, _load = actions.create_dataset(
        connection=connection, plan=plan(answer, key=key, question=question, **options), by=None, at=AT
    )
    return dataset


def load(dataset: models.Dataset, clock: Clock | None = None, **options: Any) -> models.Load:
    """Asks for a load, unless one waits, and runs it as a worker would."""
    clock = clock or Clock()
    dataset.refresh_from_db()
    waiting = actions.start_load(
        dataset=dataset,
        by=None,
        at=clock.at,
        **{key: options.pop(key) for key in ("is_full",) if key in options},
    )
    actions.run_load(load_id=waiting.pk, clock=clock, **options)
    waiting.refresh_from_db()
    dataset.refresh_from_db()
    return waiting


def rows(dataset: models.Dataset, *keys: str) -> list[tuple[Any, ...]]:
    """All rows, sorted, in the order of `keys`."""
    with tenancy.acting_for(tenancy.current_organisation_id()):
        found = queries.source_rows(dataset, limit=1_000_000)
    places = [[column.key for column in found.columns].index(key) for key in keys]
    return sorted(tuple(row[place] for place in places) for row in found.rows)


def counts(done: models.Load) -> dict[str, int]:
    names: Iterable[str] = ("read", "rejected", "inserted", "updated", "deleted", "unchanged")
    return {name: getattr(done, f"rows_{name}") for name in names}
