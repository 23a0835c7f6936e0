"""Rows that a system sends: whole batches or nothing, the same batch once, and reasons for what did not fit."""

import datetime
import json
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.foundation import duties, tenancy
from performance.foundation.models import AuditRow, StaleRow
from performance.people.models import ApiToken, Organisation
from performance.sources import actions, models
from performance.sources.actions import merging, pushing
from tests import races
from tests.conftest import Cast
from tests.sources import stage
from tests.sources.stage import AT, Killed
from tests.sources.test_api import ROOT, send
from tests.sources.test_views import fields_of

SignIn = Callable[[Any], Client]
SAMPLE = [
    {"id": 1, "store": {"code": "010"}, "day": "2026-05-01", "amount": 0.1, "note": None},
    {"id": 2, "store": {"code": "020"}, "day": "2026-05-02", "amount": 20, "note": "a"},
]


def bytes_of(*rows: Any) -> bytes:
    return json.dumps(rows).encode()


def filled(name: str = "sales") -> models.Dataset:
    """A dataset that a system fills, with nothing in it yet."""
    connection = actions.connect_source(kind="push", name_en=f"Till of {name}", by=None, at=AT)
    probe = actions.look_at_sample(
        connection=connection, name=name, content=bytes_of(*SAMPLE), by=None, at=AT
    )
    plan = stage.plan(
        probe.answer,
        key=name,
        question=probe.question,
        change=lambda proposal: {"is_key": proposal.key == "id"},
    )
    dataset, load = actions.create_dataset(connection=connection, plan=plan, by=None, at=AT)
    assert load is None
    return dataset


@pytest.fixture
def sales(acting: Organisation) -> models.Dataset:
    return filled()


def push(dataset: models.Dataset, content: bytes, key: str = "", **options: Any) -> actions.Pushed:
    return actions.push_rows(
        dataset=dataset, content=content, batch_key=key or str(uuid.uuid4()), by=None, at=AT, **options
    )


def test_a_sample_says_which_columns_there_are(sales: models.Dataset) -> None:
    found = {column.source_name: (column.key, column.type) for column in sales.columns.all()}
    assert found == {
        "id": ("id", "integer"),
        "store.code": ("store_code", "text"),
        "day": ("day", "date"),
        "amount": ("amount", "decimal"),
        "note": ("note", "text"),
    }


def test_a_batch_is_a_load_with_its_counts(sales: models.Dataset) -> None:
    load = push(sales, bytes_of(*SAMPLE)).load
    assert (load.state, load.is_full, load.asked_at) == ("done", False, AT)
    assert stage.counts(load)["inserted"] == 2
    assert stage.rows(sales, "id", "store_code", "amount") == [
        (1, "010", Decimal("0.1")),
        (2, "020", Decimal(20)),
    ]
    sales.refresh_from_db()
    assert (sales.row_count, sales.loaded_at) == (2, AT)
    assert StaleRow.objects.filter(kind="metric_values").exists()


def test_rows_are_added_and_changed_and_never_taken_for_gone(sales: models.Dataset) -> None:
    push(sales, bytes_of(*SAMPLE))
    late = {**SAMPLE[0], "id": 7, "day": "2025-12-31", "note": "late"}
    load = push(sales, bytes_of({**SAMPLE[0], "amount": 5}, late)).load
    assert (load.rows_inserted, load.rows_updated, load.rows_deleted) == (1, 1, 0)
    assert stage.rows(sales, "id", "amount") == [(1, Decimal(5)), (2, Decimal(20)), (7, Decimal("0.1"))]


def test_the_same_batch_twice_changes_nothing(sales: models.Dataset) -> None:
    first = push(sales, bytes_of(*SAMPLE), "batch 1")
    push(sales, bytes_of({**SAMPLE[0], "amount": 5, "note": "newer"}), "batch 2")
    again = push(sales, bytes_of(*SAMPLE), "batch 1")
    assert (again.is_new, again.load.pk) == (False, first.load.pk)
    assert stage.rows(sales, "id", "amount")[0] == (1, Decimal(5)), "an old batch brings nothing old back"
    assert models.Load.objects.count() == 2
    with pytest.raises(actions.SourceRefused) as refused:
        push(sales, bytes_of(SAMPLE[0]), "batch 1")
    assert refused.value.code == "batch_key_reused"


def test_another_dataset_may_use_the_same_name_of_a_batch(sales: models.Dataset) -> None:
    assert push(sales, bytes_of(*SAMPLE), "1").is_new
    assert push(filled("returns"), bytes_of(*SAMPLE), "1").is_new


def test_rows_that_do_not_fit_are_kept_aside_with_the_reason(sales: models.Dataset) -> None:
    bad = [{**SAMPLE[0], "id": 3, "amount": "much"}, {**SAMPLE[0], "id": None}, {**SAMPLE[1], "amount": 9}]
    load = push(sales, bytes_of(*SAMPLE, *bad)).load
    assert (load.state, load.rows_read, load.rows_inserted, load.rows_rejected) == ("done", 5, 2, 3)
    assert [(row.number, row.reason) for row in load.rejected_rows.all()] == [
        (3, "not_decimal"),
        (4, "key_missing"),
        (5, "key_twice"),
    ]


@pytest.mark.parametrize(
    ("rows", "code", "drift"),
    [
        ([{**SAMPLE[1], "tip": 1}], "column_unknown", [("tip", "new")]),
        ([{"id": 1, "day": "2026-05-01"}], "column_not_sent", [("store.code", "gone"), ("amount", "gone")]),
    ],
)
def test_a_batch_of_another_shape_changes_nothing_and_is_reported(
    sales: models.Dataset, rows: list[Any], code: str, drift: list[tuple[str, str]]
) -> None:
    push(sales, bytes_of(*SAMPLE))
    load = push(sales, bytes_of(*rows), "shape").load
    assert (load.state, load.problem_code, load.rows_inserted) == ("failed", code, 0)
    assert set(drift) <= {(change["column"], change["change"]) for change in load.drift}
    assert load.problem
    assert len(stage.rows(sales, "id")) == 2
    sales.refresh_from_db()
    assert sales.row_count == 2
    assert push(sales, bytes_of(*SAMPLE), "shape").load.state == "done", "mended, it comes in"


def test_a_field_may_be_left_out_where_another_row_names_it(sales: models.Dataset) -> None:
    assert push(sales, bytes_of(SAMPLE[1], {"id": 9})).load.rows_inserted == 2
    assert stage.rows(sales, "id", "note")[1] == (9, None)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "batch_empty"),
        (b"[]", "batch_empty"),
        (b"nonsense", "not_json"),
        (b'[{"id": 1}', "not_json"),
        (b'{"id": 1}\nnonsense', "line_not_json"),
        (b"[1, 2]", "records_expected"),
        (b'"text"', "records_expected"),
        (b"[" * 50_000, "not_json"),
        (b"\xff\xfe", "not_json"),
    ],
)
def test_what_is_no_batch_is_refused(sales: models.Dataset, content: bytes, code: str) -> None:
    with pytest.raises(actions.SourceRefused) as refused:
        push(sales, content)
    assert refused.value.code == code
    assert not models.Load.objects.exists()


def test_a_batch_is_a_list_or_lines_or_a_record_with_rows(sales: models.Dataset) -> None:
    lines = b"\n".join(json.dumps({**SAMPLE[1], "id": number}).encode() for number in (1, 2, 3))
    assert push(sales, lines + b"\n\n").load.rows_inserted == 3
    assert push(sales, json.dumps({"rows": SAMPLE}).encode()).load.rows_read == 2
    assert push(sales, json.dumps({**SAMPLE[0], "id": 8}).encode()).load.rows_inserted == 1


def test_rows_and_bytes_are_capped(sales: models.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "MAX_ROWS", 1)
    with pytest.raises(actions.SourceRefused) as refused:
        push(sales, bytes_of(*SAMPLE))
    assert refused.value.code == "too_many_rows_sent"
    monkeypatch.setattr(pushing, "MAX_BYTES", 10)
    with pytest.raises(actions.SourceRefused) as refused:
        push(sales, bytes_of(*SAMPLE))
    assert refused.value.code == "too_many_bytes"


def test_a_batch_killed_in_the_middle_leaves_nothing_and_comes_in_when_sent_again(
    sales: models.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(sales, bytes_of(SAMPLE[1]))
    before = stage.rows(sales, "id", "amount")
    for step in ("set_doubles_aside", "merge", "counted"):
        with monkeypatch.context() as patch:
            patch.setattr(merging, step, killed)
            with pytest.raises(Killed):
                push(sales, bytes_of(*SAMPLE), "again")
        assert stage.rows(sales, "id", "amount") == before, step
        assert models.Load.objects.count() == 1
    assert push(sales, bytes_of(*SAMPLE), "again").is_new
    assert stage.rows(sales, "id", "amount") == [(1, Decimal("0.1")), (2, Decimal(20))]


def killed(*_given: Any, **_named: Any) -> None:
    raise Killed


def test_a_paused_or_closed_dataset_takes_nothing(sales: models.Dataset) -> None:
    actions.pause_connection(connection=sales.connection, by=None, at=AT)
    with pytest.raises(actions.SourceRefused) as refused:
        push(sales, bytes_of(*SAMPLE))
    assert refused.value.code == "paused"
    actions.resume_connection(connection=sales.connection, by=None, at=AT)
    actions.close_dataset(dataset=sales, by=None, at=AT)
    with pytest.raises(actions.SourceRefused) as refused:
        push(sales, bytes_of(*SAMPLE))
    assert refused.value.code == "closed"


def test_rows_without_a_key_cannot_be_sent(acting: Organisation) -> None:
    connection = actions.connect_source(kind="push", name_en="Till", by=None, at=AT)
    probe = actions.look_at_sample(
        connection=connection, name="sales", content=bytes_of(*SAMPLE), by=None, at=AT
    )
    plan = stage.plan(probe.answer, key="sales", question=probe.question)
    with pytest.raises(actions.SourceRefused) as refused:
        actions.create_dataset(connection=connection, plan=plan, by=None, at=AT)
    assert refused.value.code == "key_needed"


def test_there_is_nothing_to_load_or_to_ask(sales: models.Dataset) -> None:
    with pytest.raises(actions.SourceRefused) as refused:
        actions.start_load(dataset=sales, by=None, at=AT)
    assert refused.value.code == "push_only"
    assert sales.next_load_at is None
    assert actions.start_due_loads(at=AT + datetime.timedelta(days=40)) == []


def test_a_sample_leaves_its_rows_in_no_log(sales: models.Dataset) -> None:
    looked = AuditRow.objects.filter(action="sources.look_at_table").get()
    assert looked.changes == {"question": {"schema": "", "table": "sales"}}


@pytest.mark.django_db(transaction=True)
def test_the_same_batch_sent_twice_at_once_comes_in_once(cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        dataset = filled()
    first, second = races.second_waits_for_first(
        cast.organisation,
        lambda: push(dataset, bytes_of(*SAMPLE), "1"),
        lambda: push(dataset, bytes_of(*SAMPLE), "1"),
    )
    assert (first.is_new, second.is_new) == (True, False)
    assert first.load.pk == second.load.pk
    with tenancy.acting_for(cast.organisation):
        assert models.Load.objects.count() == 1
        assert len(stage.rows(dataset, "id")) == 2


# -- the API and the pages ----------------------------------------------------------------------------------


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
