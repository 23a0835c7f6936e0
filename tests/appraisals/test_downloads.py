"""A download that broke off goes on where it stopped, as long as it is the same file and the file is kept."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.appraisals import tasks
from performance.appraisals.models import Cycle, Export
from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from tests.appraisals.reading import path
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[people.Person], Client]


@pytest.fixture
def written(cast: Cast, cycle: Cycle, ask: Callable[..., Export]) -> tuple[Export, bytes]:
    with tenancy.acting_for(cast.organisation):
        export = ask(cycle, format="csv")
        tasks.write_export.run(str(export.pk))
        export.refresh_from_db()
        return export, path(export).read_bytes()


@pytest.fixture(params=["appraisals:download", "api_export_file"])
def fetch(request: Any, cast: Cast, written: tuple[Export, bytes], client_for: SignIn) -> Callable[..., Any]:
    """Asks for the file as HR, once by the page and once by the API: status, body, response."""
    address = reverse(request.param, args=[written[0].pk])

    def fetched(**headers: str) -> tuple[int, bytes, Any]:
        response: Any = client_for(cast.hr).get(address, headers=headers)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        return response.status_code, body, response

    return fetched


def test_a_broken_download_goes_on_and_gives_the_very_file(
    written: tuple[Export, bytes], fetch: Callable[..., Any]
) -> None:
    export, content = written
    status, body, response = fetch()
    assert (status, body, response["Accept-Ranges"]) == (200, content, "bytes")
    tag = response["ETag"]
    assert tag == f'"{export.sha256}"'
    status, rest, response = fetch(**{"Range": "bytes=100-", "If-Range": tag})
    assert (status, content[:100] + rest) == (206, content)
    assert response["Content-Range"] == f"bytes 100-{len(content) - 1}/{len(content)}"
    assert response["Content-Length"] == str(len(content) - 100)


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [("bytes=0-9", 0, 10), ("bytes=5-5", 5, 6), ("bytes=-7", -7, None), ("bytes=10-999999999", 10, None)],
)
def test_parts_are_those_that_are_asked_for(
    written: tuple[Export, bytes], fetch: Callable[..., Any], asked: str, first: int, end: int | None
) -> None:
    status, body, _response = fetch(Range=asked)
    assert (status, body) == (206, written[1][first:end])


@pytest.mark.parametrize("asked", ["bytes=9-5", "bytes=-", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b"])
def test_what_is_no_single_range_gives_the_whole_file(
    written: tuple[Export, bytes], fetch: Callable[..., Any], asked: str
) -> None:
    assert fetch(Range=asked)[:2] == (200, written[1])


def test_the_beginning_of_another_file_is_not_gone_on_with(
    written: tuple[Export, bytes], fetch: Callable[..., Any]
) -> None:
    assert fetch(**{"Range": "bytes=10-", "If-Range": '"another"'})[:2] == (200, written[1])


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=-0"])
def test_a_part_behind_the_end_is_refused(
    written: tuple[Export, bytes], fetch: Callable[..., Any], asked: str
) -> None:
    status, _body, response = fetch(Range=asked)
    assert (status, response["Content-Range"]) == (416, f"bytes */{len(written[1])}")


def test_each_part_is_on_record_with_who_took_it(
    cast: Cast, written: tuple[Export, bytes], fetch: Callable[..., Any]
) -> None:
    fetch(Range="bytes=10-19")
    with tenancy.acting_for(cast.organisation):
        row = AuditRow.objects.get(action="appraisals.download_export")
        assert row.person_id == cast.hr.pk
        assert (row.changes["from_byte"], row.changes["bytes_taken"]) == (10, 10)


def test_a_file_past_its_time_is_refused_before_the_sweep_has_come(
    cast: Cast, written: tuple[Export, bytes], fetch: Callable[..., Any]
) -> None:
    with tenancy.acting_for(cast.organisation):
        Export.objects.filter(pk=written[0].pk).update(
            expires_at=timezone.now() - datetime.timedelta(seconds=1)
        )
        assert path(written[0]).is_file()
    assert fetch()[0] == 422
    assert fetch(Range="bytes=0-9")[0] == 422
