"""Whoever sees some rows of a dataset writes those and no others, and nothing that says whose a row is."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.people.models import BusinessUnit
from performance.sources import actions, models
from tests.conftest import Cast
from tests.sources import stage
from tests.sources.pushed import bytes_of
from tests.sources.test_pushing_api import sent, token_of

Visit = Callable[..., Client]
RECEIPTS = [
    {"id": 1, "store": "HZ01", "day": "2026-05-01", "amount": "10.00"},
    {"id": 2, "store": "SZ01", "day": "2026-05-02", "amount": "20.00"},
]


@pytest.fixture
def here(cast: Cast) -> Iterator[Cast]:
    """The business owner works in the store SZ01, of two that there are."""
    with tenancy.acting_for(cast.organisation):
        for code in ("HZ01", "SZ01"):
            unit = BusinessUnit.objects.create(code=code, name_en=code, slice={"store": code})
        cast.business_owner.unit = unit
        cast.business_owner.save(update_fields=["unit"])
        yield cast


def sendable(name: str, rows: list[dict[str, Any]], key: str) -> models.Dataset:
    """Rows are sent to it; these are there."""
    connection = actions.connect_source(kind="push", name_en=name, by=None, at=stage.AT)
    content = bytes_of(*rows)
    probe = actions.look_at_sample(connection=connection, name=name, content=content, by=None, at=stage.AT)
    plan = stage.plan(
        probe.answer,
        key=name,
        question=probe.question,
        change=lambda proposal: {"is_key": proposal.key == key},
    )
    dataset, _load = actions.create_dataset(connection=connection, plan=plan, by=None, at=stage.AT)
    actions.push_rows(dataset=dataset, content=content, batch_key="first", by=None, at=timezone.now())
    return dataset


@pytest.fixture
def till(here: Cast) -> models.Dataset:
    return sendable("receipts", RECEIPTS, "id")


def narrow(cast: Cast, actor: Any, dataset: models.Dataset, column: str = "store") -> None:
    actions.narrow_rows(
        dataset=dataset,
        columns={"store": column},
        roles=["administrator", "finance_owner"],
        people=[],
        by=actor(cast.administrator),
        at=timezone.now(),
    )


def receipts(dataset: models.Dataset) -> list[tuple[Any, ...]]:
    return [
        (number, store, str(amount)) for number, store, amount in stage.rows(dataset, "id", "store", "amount")
    ]


def test_a_row_that_is_closed_to_its_sender_is_rejected_with_the_reason(
    here: Cast, actor: Any, client_for: Visit, till: models.Dataset
) -> None:
    narrow(here, actor, till)
    token = token_of(client_for(here.business_owner), till)
    answer = sent(
        till,
        token,
        bytes_of(
            {**RECEIPTS[0], "amount": "0.01"},  # another store's row, as it is
            {**RECEIPTS[0], "store": "SZ01"},  # another store's row, taken over
            {**RECEIPTS[1], "store": "HZ01"},  # an own row, given away
            {**RECEIPTS[0], "id": 3},  # a new row of another store
            {**RECEIPTS[1], "id": 4, "store": None},  # a row of no store
            {**RECEIPTS[1], "amount": "21.00"},
            {**RECEIPTS[1], "id": 5, "amount": "5.00"},
        ),
    )
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert [(row["number"], row["reason"]) for row in body["rejected"]] == [
        (1, "row_closed"),
        (2, "key_closed"),
        (3, "row_closed"),
        (4, "row_closed"),
        (5, "row_closed"),
    ]
    told = body["load"]
    assert [told[f"rows_{name}"] for name in ("read", "rejected", "inserted", "updated")] == [7, 5, 1, 1]
    assert receipts(till) == [(1, "HZ01", "10.00"), (2, "SZ01", "21.00"), (5, "SZ01", "5.00")]


def test_whoever_sees_all_rows_writes_all(
    here: Cast, actor: Any, client_for: Visit, till: models.Dataset
) -> None:
    narrow(here, actor, till)
    token = token_of(client_for(here.finance_owner), till)
    body = sent(till, token, bytes_of({**RECEIPTS[0], "amount": "0.01"})).json()
    assert (body["load"]["rows_updated"], body["rejected"]) == (1, [])


def test_rows_are_judged_by_a_taken_column_and_its_dataset_is_closed_to_the_narrowed(
    here: Cast, actor: Any, client_for: Visit, till: models.Dataset
) -> None:
    """Which store a till stands in says another dataset: to change that would open rows, so it is refused."""
    rows = [{"till": "HZ01", "code": "HZ01"}, {"till": "SZ01", "code": "SZ01"}]
    places = sendable("places", rows, "till")
    join = actions.join_dataset(
        dataset=till, other=places, key="place", pairs=[("store", "till")], taken=["code"], by=None,
        at=timezone.now(),
    )  # fmt: skip
    narrow(here, actor, till, "place_code")
    browser = client_for(here.business_owner)
    token = token_of(browser, till)
    body = sent(till, token, bytes_of(RECEIPTS[0], {**RECEIPTS[1], "amount": "21.00"})).json()
    assert [(row["number"], row["reason"]) for row in body["rejected"]] == [(1, "row_closed")]
    assert receipts(till) == [(1, "HZ01", "10.00"), (2, "SZ01", "21.00")]
    by = actor(here.business_owner)
    for write in (
        lambda: actions.remove_join(join=join, by=by, at=timezone.now()),
        lambda: actions.close_dataset(dataset=places, by=by, at=timezone.now()),
        lambda: actions.close_dataset(dataset=till, by=by, at=timezone.now()),
        lambda: actions.join_dataset(
            dataset=till, other=places, key="more", pairs=[("store", "till")], taken=["code"], by=by,
            at=timezone.now(),
        ),
    ):  # fmt: skip
        with pytest.raises(actions.SourceRefused) as refused:
            write()
        assert refused.value.code == "narrowed"
    with pytest.raises(actions.SourceRefused) as refused:
        actions.push_rows(
            dataset=places,
            content=bytes_of({"till": "HZ01", "code": "SZ01"}),
            batch_key="1",
            by=by,
            at=timezone.now(),
        )
    assert refused.value.code == "narrowed"


def test_a_file_takes_the_place_of_all_rows_so_whoever_sees_some_uploads_none(
    here: Cast, actor: Any, client_for: Visit
) -> None:
    connection = actions.connect_source(kind="file", name_en="Budgets", by=None, at=stage.AT)
    text = b"store,amount\nHZ01,10\nSZ01,20\n"
    actions.upload_file(connection=connection, name="budgets.csv", chunks=[text], by=None, at=stage.AT)
    dataset = stage.modelled(connection, {"table": "budgets"}, "budgets")
    stage.load(dataset)
    narrow(here, actor, dataset)
    api = reverse("api_connection_files", args=[connection.pk])
    page = reverse("sources:upload", args=[connection.pk])
    owner = client_for(here.business_owner)
    for address in (api, page):
        answer = owner.post(address, {"file": SimpleUploadedFile("budgets.csv", b"store,amount\nSZ01,99\n")})
        assert answer.status_code == 422, address
        assert "You see only some of the rows" in answer.content.decode(), address
    assert connection.files.count() == 1
    shown = reverse("sources:connection", args=[connection.pk])
    assert page not in owner.get(shown).content.decode(), "what would be refused is not offered"
    assert page in client_for(here.finance_owner).get(shown).content.decode()
    told = owner.get(reverse("sources:dataset", args=[dataset.pk])).content.decode()
    for name in ("look_again", "close_dataset", "join"):
        assert reverse(f"sources:{name}", args=[dataset.pk]) not in told
        offered = client_for(here.finance_owner).get(reverse("sources:dataset", args=[dataset.pk]))
        assert reverse(f"sources:{name}", args=[dataset.pk]) in offered.content.decode()
    answer = client_for(here.finance_owner).post(api, {"file": SimpleUploadedFile("budgets.csv", text)})
    assert answer.status_code in (201, 202), answer.content


def test_whoever_sees_some_rows_asks_a_source_no_question_about_rows(
    here: Cast, actor: Any, client_for: Visit, till: models.Dataset
) -> None:
    """How full a column of one's own query is would tell any row, bit by bit."""
    connection = actions.connect_source(
        kind="postgresql", name_en="Tills", host="127.0.0.1", port=5432, database="d", user_name="u", by=None,
        at=stage.AT,
    )  # fmt: skip
    models.Dataset.objects.filter(pk=till.pk).update(connection=connection)
    question = {
        "query": "SELECT CASE WHEN sum(amount) > 9 THEN 1 END AS told FROM receipts WHERE store = 'HZ01'"
    }
    address = reverse("api_connection_probes", args=[connection.pk])
    page = reverse("sources:look", args=[connection.pk])
    owner = client_for(here.business_owner)
    assert owner.post(page, question).status_code == 302, "before there is a rule"
    narrow(here, actor, till)
    before = models.Probe.objects.count()
    asked = {"kind": "describe", **question}
    assert owner.post(address, asked, content_type="application/json").status_code == 422
    assert owner.post(page, question).status_code == 422
    assert owner.post(reverse("sources:look_again", args=[till.pk])).status_code >= 400
    assert models.Probe.objects.count() == before
    check = owner.post(address, {"kind": "check"}, content_type="application/json")
    assert check.status_code == 202, "whether it answers is no secret"


def test_a_look_at_one_source_does_not_change_a_dataset_of_another(
    here: Cast, client_for: Visit, till: models.Dataset
) -> None:
    other = actions.connect_source(kind="push", name_en="Other", by=None, at=stage.AT)
    probe = actions.look_at_sample(
        connection=other, name="other", content=bytes_of(*RECEIPTS), by=None, at=stage.AT
    )
    owner = client_for(here.business_owner)
    for address in (
        reverse("sources:model", args=[probe.pk]),
        reverse("sources:sample", args=[other.pk]),
    ):
        assert owner.get(address).status_code == 200
        assert owner.get(f"{address}?dataset={till.pk}").status_code == 404
        assert owner.post(f"{address}?dataset={till.pk}", {}).status_code == 404
