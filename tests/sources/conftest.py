"""Sources that really answer, one of each for a whole run."""

from collections.abc import Iterator
from typing import Any

import pytest

from performance.sources.connectors import web
from tests.sources import real_data


@pytest.fixture(scope="session")
def contoso() -> Iterator[real_data.Place]:
    with real_data.contoso_in_postgres() as place:
        yield place


@pytest.fixture(scope="session")
def northwind() -> Iterator[real_data.Place]:
    with real_data.northwind_in_mariadb() as place:
        yield place


@pytest.fixture
def webs_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Closes what a test opened and a refusal left open."""
    made: list[web.Web] = []
    begin = web.Web.__init__

    def remembered(self: web.Web, **options: Any) -> None:
        begin(self, **options)
        made.append(self)

    monkeypatch.setattr(web.Web, "__init__", remembered)
    yield
    for one in made:
        one.close()
