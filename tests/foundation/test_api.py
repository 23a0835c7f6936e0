"""What an endpoint wrote before it declined does not stay."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.test import APIRequestFactory, force_authenticate

from performance.foundation import api, audit, tenancy
from performance.foundation.models import AuditRow
from tests.conftest import Cast


def _not_a_text(request: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text", ["a\x00b"])


def _raises(error: Exception) -> Any:
    def act(request: Any) -> None:
        raise error

    return act


@pytest.mark.parametrize(
    ("decline", "status"),
    [
        (_raises(PermissionDenied()), 403),
        (_raises(Http404()), 404),
        (_raises(exceptions.ValidationError("no")), 400),
        (_not_a_text, 400),
    ],
)
def test_an_endpoint_that_declines_leaves_nothing_behind(cast: Cast, decline: Any, status: int) -> None:
    class Endpoint(api.TenantView):
        def post(self, request: Any) -> None:
            audit.record(
                by=request.actor, action="test.write", subject=request.actor.person, at=timezone.now()
            )
            decline(request)

    request = APIRequestFactory().post("/api/v1/x/", {}, format="json")
    request.session = {}
    force_authenticate(request, user=cast.employee.user)
    answer = Endpoint.as_view()(request)
    assert answer.status_code == status
    with tenancy.acting_for(cast.organisation):
        assert not AuditRow.objects.filter(action="test.write").exists()


def test_json_nested_without_end_is_asked_wrongly(cast: Cast, client_for: Any) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    answer = client_for(cast.hr).post(reverse("api_people"), deep, content_type="application/json")
    assert answer.status_code == 400


def test_a_text_that_cannot_be_written_down_again_is_asked_wrongly(cast: Cast, client_for: Any) -> None:
    client = client_for(cast.hr)

    def asked(body: str) -> tuple[int, str]:
        answer = client.post(reverse("api_periods"), body, content_type="application/json")
        return answer.status_code, answer.json()["title"]

    assert asked(r'{"kind": "\ud800"}') == (400, "parse_error"), "which a choice would quote"
    assert asked(r'{"\udfff": [{"a": "b"}]}') == (400, "parse_error")
    assert asked(r'{"kind": "\ud83d\ude00"}') == (400, "invalid"), "a pair is one letter"


def test_a_text_without_end_is_not_read(cast: Cast, client_for: Any) -> None:
    endless = '{"number": "' + "9" * api.LARGEST_TEXT + '"}'
    answer = client_for(cast.hr).post(reverse("api_people"), endless, content_type="application/json")
    assert (answer.status_code, answer.json()["title"]) == (413, "too_large")


def test_an_address_that_leads_nowhere_is_answered_as_a_problem(client: Any, db: None) -> None:
    answer = client.get("/api/v1/nope/")
    assert (answer.status_code, answer.json()["title"]) == (404, "not_found")
    assert answer["Content-Type"] == "application/problem+json"
    assert client.get("/nope/")["Content-Type"].startswith("text/html")


def test_a_fault_of_an_endpoint_is_answered_as_a_problem(
    cast: Cast, client_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("performance.people.queries.directory", broken)
    client = client_for(cast.hr)
    client.raise_request_exception = False
    answer = client.get(reverse("api_people"))
    assert (answer.status_code, answer.json()["title"]) == (500, "error")


def test_a_fragment_sends_its_page_to_sign_in_and_back(client: Any, db: None) -> None:
    answer = client.get(
        reverse("inbox:card"),
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/people/?q=mia"},
    )
    assert answer["HX-Redirect"] == f"{reverse('account_login')}?next=%2Fpeople%2F"
