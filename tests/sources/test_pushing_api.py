"""Sending rows: with a token, from the pages, over the API."""

import datetime
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.foundation import duties, tenancy
from performance.people.models import ApiToken
from performance.sources import models
from tests.conftest import Cast
from tests.sources.pushed import SAMPLE, bytes_of, filled
from tests.sources.test_api import ROOT, send
from tests.sources.test_views import fields_of

SignIn = Callable[[Any], Client]


@pytest.fixture
def till(cast: Cast) -> Iterator[models.Dataset]:
    with tenancy.acting_for(cast.organisation):
        yield filled()


def token_of(browser: Client, dataset: models.Dataset) -> str:
    expires = (timezone.now() + datetime.timedelta(days=30)).isoformat()
    made = send(browser, f"datasets/{dataset.pk}/tokens/", {"name": "till", "expires_at": expires})
    assert made.status_code == 201, made.content
    return str(made.json()["secret"])


def sent(dataset: models.Dataset, token: str, content: bytes, key: str = "1", **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}", **({"Idempotency-Key": key} if key else {})}
    return Client().post(
        f"{ROOT}push/{dataset.pk}/",
        content,
        content_type=more.pop("content_type", "application/json"),
        headers=headers,
    )


def test_a_system_sends_rows_with_its_token(cast: Cast, client_for: SignIn, till: models.Dataset) -> None:
    token = token_of(client_for(cast.administrator), till)
    content = bytes_of(*SAMPLE, {**SAMPLE[0], "id": 3, "amount": "much"})
    answer = sent(till, token, content)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["load"]["rows_inserted"], body["load"]["rows_rejected"], body["replayed"]) == (2, 1, False)
    assert [(row["number"], row["column_key"], row["value"]) for row in body["rejected"]] == [
        (3, "amount", "much")
    ]
    again = sent(till, token, content)
    assert (again.status_code, again.json()["replayed"]) == (200, True)
    assert again.json()["load"]["id"] == body["load"]["id"]
    assert again.json()["rejected"] == body["rejected"]
    lines = sent(till, token, json.dumps(SAMPLE[0]).encode(), "2", content_type="application/x-ndjson")
    assert lines.json()["load"]["rows_unchanged"] == 1, lines.content


@pytest.mark.parametrize("name", ["half \ud800", "nul \x00"])
def test_a_column_whose_name_nothing_can_keep_is_answered_like_any_other(
    cast: Cast, client_for: SignIn, till: models.Dataset, name: str
) -> None:
    token = token_of(client_for(cast.administrator), till)
    answer = sent(till, token, bytes_of({**SAMPLE[1], name: 1}))
    assert (answer.status_code, answer.json()["title"]) == (422, "column_unknown")
    assert models.Load.objects.get(dataset=till).drift[0]["change"] == "new"


def test_what_is_wrong_with_a_batch_is_answered(cast: Cast, client_for: SignIn, till: models.Dataset) -> None:
    token = token_of(client_for(cast.administrator), till)
    for content, key, status, title in (
        (bytes_of(*SAMPLE), "", 422, "batch_key"),
        (b"nonsense", "1", 422, "not_json"),
        (bytes_of({**SAMPLE[1], "tip": 1}), "1", 422, "column_unknown"),
        (b"[" + b" " * (5 * 1024**2) + b"]", "1", 413, "too_large"),
    ):
        answer = sent(till, token, content, key)
        assert (answer.status_code, answer.json()["title"]) == (status, title)
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert sent(till, token, b"a=b", content_type="application/x-www-form-urlencoded").status_code == 415
    with tenancy.acting_for(cast.organisation):
        failed = models.Load.objects.get()
        assert (failed.state, failed.drift[0]["column"]) == ("failed", "tip")


def test_a_token_opens_its_dataset_and_nothing_else(
    cast: Cast, client_for: SignIn, till: models.Dataset
) -> None:
    browser = client_for(cast.administrator)
    token = token_of(browser, till)
    with tenancy.acting_for(cast.organisation):
        other = filled("returns")
    assert sent(other, token, bytes_of(*SAMPLE)).status_code == 403
    bearer = {"Authorization": f"Bearer {token}"}
    for path in ("datasets/", f"datasets/{till.pk}/", f"datasets/{till.pk}/rows/", "connections/"):
        assert Client().get(ROOT + path, headers=bearer).status_code == 403
    expires = (timezone.now() + datetime.timedelta(days=1)).isoformat()
    more = Client().post(
        f"{ROOT}datasets/{till.pk}/tokens/",
        {"name": "more", "expires_at": expires},
        content_type="application/json",
        headers=bearer,
    )
    assert more.status_code == 403, "a token makes no tokens"
    assert sent(till, "acc_wrong", bytes_of(*SAMPLE)).status_code in (401, 403)
    listed = browser.get(f"{ROOT}datasets/{till.pk}/tokens/").json()["results"]
    assert token not in json.dumps(listed)
    gone = browser.delete(f"{ROOT}datasets/{till.pk}/tokens/{listed[0]['id']}/")
    assert gone.status_code == 204
    assert sent(till, token, bytes_of(*SAMPLE)).status_code in (401, 403)


def test_a_token_of_somebody_without_the_role_opens_nothing(
    cast: Cast, client_for: SignIn, till: models.Dataset
) -> None:
    token = token_of(client_for(cast.administrator), till)
    assert ApiToken.objects.update(user=cast.employee.user) == 1
    assert sent(till, token, bytes_of(*SAMPLE)).status_code == 403
    for person in (cast.employee, cast.auditor):
        answer = client_for(person).post(
            f"{ROOT}push/{till.pk}/", bytes_of(*SAMPLE), content_type="application/json"
        )
        assert answer.status_code == 403


def test_a_closed_dataset_takes_its_tokens_with_it(
    cast: Cast, client_for: SignIn, till: models.Dataset
) -> None:
    browser = client_for(cast.administrator)
    token = token_of(browser, till)
    assert browser.delete(f"{ROOT}datasets/{till.pk}/").status_code == 204
    assert sent(till, token, bytes_of(*SAMPLE)).status_code in (401, 403)


def test_who_is_scored_by_the_rows_sends_none(
    cast: Cast, client_for: SignIn, till: models.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_of(client_for(cast.administrator), till)

    def refuse(by: Any, datasets: Any) -> None:
        raise duties.ScoredRefused("no", code="scored")

    monkeypatch.setattr(duties, "refuse_scored_over", refuse)
    assert sent(till, token, bytes_of(*SAMPLE)).status_code == 422


def test_a_system_is_set_up_on_the_pages(cast: Cast, client_for: SignIn) -> None:
    browser = client_for(cast.administrator)
    answer = browser.post(reverse("sources:connect", args=["push"]), {"name_en": "Till"})
    assert answer.status_code == 302, answer.content.decode()
    page = browser.get(answer["Location"]).content.decode()
    assert "card-sample" in page
    with tenancy.acting_for(cast.organisation):
        connection = models.Connection.objects.get()
    where = reverse("sources:sample", args=[connection.pk])
    wrong = browser.post(where, {"name": "sales", "sample": "nonsense"})
    assert (wrong.status_code, list(wrong.context["sample_form"].errors)) == (422, ["sample"])
    looked = browser.post(where, {"name": "sales", "sample": json.dumps(SAMPLE)})
    model = browser.get(looked["Location"])
    assert "store.code" in model.content.decode()
    body = fields_of(model.context["form"], model.context["formset"])
    without_key = browser.post(looked["Location"], body)
    assert without_key.status_code == 422
    made = browser.post(looked["Location"], body | {"columns-0-is_key": "on"})
    assert made.status_code == 302, made.content.decode()
    page = browser.get(made["Location"]).content.decode()
    assert "/api/v1/sources/push/" in page
    with tenancy.acting_for(cast.organisation):
        dataset = models.Dataset.objects.get()
    token = browser.post(
        reverse("sources:create_push_token", args=[dataset.pk]), {"name": "till", "days": "90"}
    )
    assert token.status_code == 200
    secret = token.context["secret"]
    assert secret in token.content.decode()
    assert secret not in browser.get(made["Location"]).content.decode()
    assert sent(dataset, secret, bytes_of(*SAMPLE)).status_code == 201
    page = browser.get(made["Location"]).content.decode()
    assert "020" in page
    with tenancy.acting_for(cast.organisation):
        load = models.Load.objects.get()
        bound = ApiToken.objects.get()
    assert browser.get(reverse("sources:load", args=[load.pk])).status_code == 200
    assert browser.get(reverse("people:profile")).status_code == 200
    browser.post(reverse("sources:revoke_push_token", args=[dataset.pk, bound.pk]))
    assert sent(dataset, secret, bytes_of(*SAMPLE), "2").status_code in (401, 403)
    again = browser.post(reverse("sources:look_again", args=[dataset.pk]))
    assert browser.get(again["Location"]).status_code == 200
    changed = browser.post(
        again["Location"], {"name": "sales", "sample": json.dumps([{**SAMPLE[1], "tip": 1}])}
    )
    model = browser.get(changed["Location"])
    assert model.status_code == 200
    body = fields_of(model.context["form"], model.context["formset"])
    saved = browser.post(changed["Location"], body)
    assert saved.status_code == 302, saved.content.decode()


def test_the_api_makes_a_dataset_from_a_sample(cast: Cast, client_for: SignIn) -> None:
    browser = client_for(cast.administrator)
    made = send(browser, "connections/", {"kind": "push", "name_en": "Till"})
    assert made.status_code == 201, made.content
    key = made.json()["id"]
    looked = send(browser, f"connections/{key}/samples/", {"name": "sales", "sample": json.dumps(SAMPLE)})
    assert looked.status_code == 201, looked.content
    taken = ("source_name", "key", "type", "role")
    columns = [{name: column[name] for name in taken} for column in looked.json()["answer"]["columns"]]
    columns[0]["is_key"] = True
    plan = {"connection": key, "key": "sales", "name_en": "Sales", "table_name": "sales", "columns": columns}
    dataset = send(browser, "datasets/", plan)
    assert dataset.status_code == 201, dataset.content
    pushed = browser.post(
        f"{ROOT}push/{dataset.json()['id']}/",
        bytes_of(*SAMPLE),
        content_type="application/json",
        headers={"Idempotency-Key": "1"},
    )
    assert pushed.status_code == 201, pushed.content
    changed = browser.put(
        f"{ROOT}datasets/{dataset.json()['id']}/",
        plan | {"columns": columns[:4]},
        content_type="application/json",
    )
    assert (changed.status_code, changed.json()["key"]) == (200, "sales")
    for path in (f"datasets/{dataset.json()['id']}/loads/", f"connections/{key}/probes/"):
        assert send(browser, path, {"kind": "check"}).status_code in (403, 422)
