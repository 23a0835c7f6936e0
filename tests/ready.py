"""What many tests begin with, made once for a file.

A fixture under `@ready.made` is called once. What it wrote stays behind a savepoint; each test that asks for it works on top
of that, and gets a copy of what it returned. A test that begins with something else takes back what it does not want.
What such a fixture asks for besides its like is set up for it alone and torn down at once, and may write no rows:
nothing remains but rows and a value, so that whoever changes settings or writes files has no place here.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction

#: Tests that ask for these commit.
COMMITTING = frozenset({"transactional_db", "live_server", "django_db_reset_sequences"})
#: We are inside the transaction that this would open.
STANDING = frozenset({"db"})
WRITES = ("INSERT", "UPDATE", "DELETE")
Made = TypeVar("Made", bound=Callable[..., Any])


def made(make: Made) -> Made:
    """To stand under `@pytest.fixture`."""
    make.is_ready_made = True  # type: ignore[attr-defined]
    return make


@dataclass(frozen=True)
class Wanted:
    """A ready-made fixture as one test sees it: `made_of` tells it from one that asks for namesakes in another file,
    `depth` is how many others come before it."""

    fixture: Any
    made_of: tuple[Any, ...]
    depth: int


@dataclass
class Stage:
    """A ready-made fixture that has been called, and the savepoint before it. `values`: what it and those before it
    returned, as it has left them."""

    wanted: Wanted
    before: transaction.Atomic
    values: dict[Any, Any]


_stages: list[Stage] = []
_copies: dict[Any, Any] = {}


def stays_in_one_transaction(item: pytest.Item) -> bool:
    """Whether the test rolls back what it does, on the connection of the application alone."""
    names = set(getattr(item, "fixturenames", ()))
    marker = item.get_closest_marker("django_db")
    plain = "db" in names if marker is None else not (marker.args or marker.kwargs)
    return plain and not names & COMMITTING


def wanted_by(item: pytest.Item) -> list[Wanted]:
    """The ready-made fixtures that a test begins with, each after those that it is made of."""
    found: dict[Any, Wanted] = {}
    if stays_in_one_transaction(item):
        for name in item.fixturenames:  # type: ignore[attr-defined]
            _collect(item, name, None, found)
    # In one order, however they are asked for: tests then have as many as they can in common.
    return sorted(found.values(), key=lambda each: (each.depth, each.fixture.argname))


def prepare(request: Any) -> None:
    """Brings the rows to what the test begins with, before it opens its own transaction."""
    wanted = wanted_by(request.node)
    same = 0
    for stage, each in zip(_stages, wanted, strict=False):
        if stage.wanted.made_of != each.made_of:
            break
        same += 1
    _go_back_to(same)
    for each in wanted[same:]:
        _add(request, each)
    _copies.update(_copied_values())


def forget() -> None:
    """Takes everything back, when no more tests come. A browser that has stopped took the connection of its context with
    it: what stood there ends with the database."""
    if connection.in_atomic_block:
        _go_back_to(0)
    _stages.clear()


def has_copy(fixture: Any) -> bool:
    return fixture in _copies


def copy_of(fixture: Any) -> Any:
    """What the test that has just been prepared gets."""
    return _copies[fixture]


def _copied_values() -> dict[Any, Any]:
    """All in one copy, so that what they share is shared again."""
    known = _stages[-1].values if _stages else {}
    return dict(zip(known, copy.deepcopy(list(known.values())), strict=True))


def _collect(
    item: pytest.Item, name: str, asker: Any, found: dict[Any, Wanted]
) -> tuple[tuple[Any, ...], int]:
    """Notes the ready-made ones among a fixture and what it asks for; answers with all of these and the depth."""
    fixture = _meant(item, name, asker)
    if fixture is None:
        return (name,), 0
    asked = [_collect(item, each, fixture, found) for each in fixture.argnames]
    made_of = (item.path, fixture.func, *(each for each, _depth in asked))
    depth = max((depth for _each, depth in asked), default=0)
    if getattr(fixture.func, "is_ready_made", False):
        found.setdefault(fixture, Wanted(fixture, made_of, depth))
        depth += 1
    return made_of, depth


def _meant(item: pytest.Item, name: str, asker: Any) -> Any:
    """The fixture that `name` means to another one, which may be a namesake further in; None for what has none."""
    known = list(item._fixtureinfo.name2fixturedefs.get(name, ()))  # type: ignore[attr-defined]
    further_out = known[: known.index(asker)] if asker in known else known
    return further_out[-1] if further_out else None


def _go_back_to(count: int) -> None:
    _copies.clear()
    while len(_stages) > count:
        transaction.set_rollback(True)
        _stages.pop().before.__exit__(None, None, None)


def _add(request: Any, wanted: Wanted) -> None:
    values = _copied_values()
    before = transaction.atomic()
    # What asks to be outermost may stand in a test's transaction, so also in this one.
    before._from_testcase = True  # type: ignore[attr-defined]
    before.__enter__()
    _stages.append(Stage(wanted, before, values))
    try:
        with contextlib.ExitStack() as around:
            value = _called(request, wanted.fixture, dict(values), around)
        values[wanted.fixture] = value
    except BaseException:
        _go_back_to(len(_stages) - 1)
        raise


def _called(request: Any, fixture: Any, known: dict[Any, Any], around: contextlib.ExitStack) -> Any:
    """Calls a fixture, and for it whatever it asks for."""
    given = {name: _given(request, name, fixture, known, around) for name in fixture.argnames}
    if inspect.isgeneratorfunction(fixture.func):
        return around.enter_context(contextlib.contextmanager(fixture.func)(**given))
    return fixture.func(**given)


def _given(request: Any, name: str, asker: Any, known: dict[Any, Any], around: contextlib.ExitStack) -> Any:
    fixture = _meant(request.node, name, asker)
    if name in STANDING:
        return None
    if fixture.scope != "function":
        return request.getfixturevalue(name)
    if fixture not in known:
        with connection.execute_wrapper(functools.partial(_refuse_to_write, fixture.argname)):
            known[fixture] = _called(request, fixture, known, around)
    elif getattr(fixture.func, "is_ready_made", False):
        # As in a test, whatever those before it entered is open.
        for each in fixture.argnames:
            _given(request, each, fixture, known, around)
    return known[fixture]


def _refuse_to_write(name: str, execute: Any, statement: Any, *given: Any) -> Any:
    """Rows written here would be written once more by the test's own call."""
    assert not str(statement).lstrip().startswith(WRITES), f"{name} writes rows: let it be ready-made too"
    return execute(statement, *given)
