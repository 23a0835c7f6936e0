"""The benchmark measures a real server, says what it found, and leaves nothing behind."""

import io
import json
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import OutputWrapper
from pytest_django import DjangoDbBlocker

from performance.config.benchmark import export, ground, report, web
from tests import services


@pytest.fixture
def unblocked(database_server: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The benchmark brings its own database; pytest's is not touched."""
    with django_db_blocker.unblock():
        yield


def databases() -> set[str]:
    with psycopg.connect(services.owner_url()) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'accord_benchmark%'")
        return {row[0] for row in rows.fetchall()}


@pytest.mark.slow
@pytest.mark.long
def test_the_pages_are_measured_at_a_small_size(unblocked: None) -> None:
    before, out = databases(), io.StringIO()
    call_command(
        "benchmark", "web", "--people", "200", "--requests", "3", "--json", stdout=out, stderr=io.StringIO()
    )
    found = json.loads(out.getvalue().splitlines()[-1])
    assert found["subject"] == "web"
    assert {each["page"] for each in found["pages"]} == {
        "home",
        "my team",
        "inbox",
        "objectives",
        "objective",
        "team tree",
        "strategy map",
        "map, search",
        "timeline",
        "compare",
        "confidence",
        "check-in POST",
        "scorecard",
        "KPI board",
        "people",
    }
    assert found["floor_ms"]["200"] > 0
    assert all(each["queries"] > 0 for each in found["pages"])
    assert not [problem for problem in found["problems"] if "answered" in problem]
    assert databases() <= before, "the throwaway database is gone"


@pytest.mark.slow
@pytest.mark.long
def test_a_check_in_is_seen_everywhere_with_a_worker_running(unblocked: None) -> None:
    before, out = databases(), io.StringIO()
    call_command(
        "benchmark",
        *("check-in", "--people", "200", "--check-ins", "2", "--json"),
        stdout=out,
        stderr=io.StringIO(),
    )
    found = json.loads(out.getvalue().splitlines()[-1])
    assert [each["place"] for each in found["sights"]] == [
        "own objective",
        "objective above",
        "manager's page",
        "score",
    ]
    assert not any(each["unseen"] for each in found["sights"])
    assert databases() <= before, "the throwaway database is gone"


@pytest.mark.slow
@pytest.mark.long
def test_files_of_everybody_s_results_are_measured_and_compared(unblocked: None) -> None:
    before, out = databases(), io.StringIO()
    call_command("benchmark", *("export", "--people", "200", "--json"), stdout=out, stderr=io.StringIO())
    found = json.loads(out.getvalue().splitlines()[-1])
    assert [each["format"] for each in found["exports"]] == ["xlsx", "csv"]
    assert {each["results"] for each in found["exports"]} == {200}
    assert all(each["different"] == 0 and each["peak_mb"] > 0 for each in found["exports"])
    assert databases() <= before, "the throwaway database is gone"


def test_an_export_that_grows_or_differs_is_a_problem() -> None:
    def written(results: int, peak_mb: float, different: int) -> export.Written:
        return export.Written("csv", results, 1.0, results, 1.0, peak_mb, different)

    assert not export._grown([written(10_000, 280.0, 0), written(100_000, 300.0, 0)])
    assert export._grown([written(10_000, 280.0, 0), written(100_000, 320.0, 0)])
    assert export._different([written(10, 1.0, 0), written(10, 1.0, 3)])


def test_the_throwaway_database_goes_when_the_measurement_fails(unblocked: None) -> None:
    before = databases()
    place = ground.Ground("accord_benchmark_test_failure")

    def fail() -> None:
        with ground._stopped_politely(), ground._database(place):
            assert place.name in databases()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert databases() == before


def test_counting_is_never_part_of_an_installation() -> None:
    assert not [name for name in settings.MIDDLEWARE if "benchmark" in name]


def test_a_page_whose_queries_grow_with_the_company_is_a_problem() -> None:
    def figure(people: int, queries: int, p95: float) -> web.Figure:
        return web.Figure("home", "HR", people, 10.0, p95, queries, queries, 1.0, 2.0)

    assert web._problems([figure(1000, 20, 30.0), figure(10000, 20, 40.0)]) == []
    problems = web._problems([figure(1000, 20, 30.0), figure(10000, 31, 400.0)])
    assert len(problems) == 2
    assert any("between 20 and 31" in problem for problem in problems)
    assert any("p95 400.0 ms" in problem for problem in problems)


def test_a_report_ends_with_one_json_object() -> None:
    found = report.Report("web", ("page", "ms"), rows=[("home", 12.5)], problems=["slow"], figures={"a": 1})
    out = io.StringIO()
    found.print(OutputWrapper(out), as_json=True)
    lines = out.getvalue().splitlines()
    assert json.loads(lines[-1]) == {"subject": "web", "a": 1, "problems": ["slow"]}
    assert "12.5" in lines[2]
