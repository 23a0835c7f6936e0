"""Servers, the worker, and an empty database for tests that commit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e import work
from tests.sources.real_data import Place, contoso_in_postgres, northwind_in_mariadb


@pytest.fixture
def contoso() -> Iterator[Place]:
    with contoso_in_postgres() as place:
        yield place


@pytest.fixture
def northwind() -> Iterator[Place]:
    with northwind_in_mariadb() as place:
        yield place


@pytest.fixture
def office(transactional_db: None, settings: Any) -> Iterator[work.Office]:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]
    with work.working() as found:
        yield found
