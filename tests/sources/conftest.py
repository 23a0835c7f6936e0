"""Sources that really answer, one of each for a whole run."""

from collections.abc import Iterator

import pytest

from tests.sources import real_data


@pytest.fixture(scope="session")
def contoso() -> Iterator[real_data.Place]:
    with real_data.contoso_in_postgres() as place:
        yield place


@pytest.fixture(scope="session")
def northwind() -> Iterator[real_data.Place]:
    with real_data.northwind_in_mariadb() as place:
        yield place
