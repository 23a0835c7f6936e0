"""Servers, the worker, and an empty database for tests that commit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import playwright.sync_api as playwright
import psycopg
import pytest
from django.db import connections

from okr import actions
from okr.models import Content, Objective
from performance.foundation import tenancy
from performance.people import models as people
from tests import services
from tests.conftest import Cast
from tests.e2e import work
from tests.e2e.window import Watch
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
def empty_database(transactional_db: None) -> Iterator[None]:
    """Nothing of another test before, nothing of this one after. The owner empties; the application may not."""
    _empty()
    yield
    _empty()


def _empty() -> None:
    known = connections["owner"].settings_dict
    kept = ["django_migrations", "django_content_type", "auth_permission"]
    with psycopg.connect(
        host=known["HOST"],
        port=known["PORT"] or 5432,
        user=known["USER"],
        password=known["PASSWORD"],
        dbname=known["NAME"],
        autocommit=True,
    ) as owner:
        tables = owner.execute(
            "SELECT string_agg(format('%%I', tablename), ', ') FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename <> ALL(%s)",
            [kept],
        ).fetchone()
        services.insistently(owner, f"TRUNCATE {tables[0] if tables else ''} CASCADE")


@pytest.fixture
def office(empty_database: None, settings: Any) -> Iterator[work.Office]:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]
    with work.working() as found:
        yield found


@pytest.fixture
def proposed(
    empty_database: None, cast: Cast, quarter: people.Period, actor: Any, now: Any
) -> Callable[[Content], Objective]:
    """Puts an objective of the employee before the other side, where a server finds it."""

    def do(text: Content) -> Objective:
        with tenancy.acting_for(cast.organisation):
            return actions.propose_objective(period=quarter, content=text, by=actor(cast.employee), at=now)

    return do


@pytest.fixture
def watch() -> Iterator[Watch]:
    """At the end: nobody asked another host, and no page broke its policy or threw."""
    found = Watch()
    yield found
    assert not found.elsewhere, "pages asked other hosts"
    assert not found.complaints, "pages complained in the console"


@pytest.fixture
def chromium(one_chromium: playwright.Browser) -> Iterator[playwright.Browser]:
    """A browser whose windows are closed after the test: open ones go on drawing."""
    yield one_chromium
    for context in one_chromium.contexts:
        context.close()


@pytest.fixture(scope="session")
def one_chromium() -> Iterator[playwright.Browser]:
    """Debian's Chromium, driven by Playwright."""
    path = services.chromium_path()
    # Playwright runs an event loop in this thread; what Django does here is synchronous all the same.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=services.CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
