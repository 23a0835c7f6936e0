"""A dataset may say whose its rows are: readers see those of their branch, and nobody opens them to themselves."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.kpis import actions as kpis
from performance.people.models import BusinessUnit
from performance.sources import actions, models, queries
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables

Visit = Callable[..., Client]
COLUMNS = {"sale": "integer", "on_day": "date", "city": "text", "store": "text", "amount": "decimal"}
ROWS = [
    (1, "2026-01-05", "Hangzhou", "HZ01", "10.00"),
    (2, "2026-01-06", "Hangzhou", "HZ02", "20.00"),
    (3, "2026-01-07", "Shenzhen", "SZ01", "987.65"),
]


@pytest.fixture
def here(cast: Cast) -> Iterator[Cast]:
    with tenancy.acting_for(cast.organisation):
        yield cast


@pytest.fixture
@ready.made
def units(here: Cast) -> dict[str, BusinessUnit]:
    """The manager leads Hangzhou, whose employee works in one of its two stores; the other has nobody."""
    city = BusinessUnit.objects.create(code="HZ", name_en="Hangzhou", slice={"city": "Hangzhou"})
    other = BusinessUnit.objects.create(code="SZ", name_en="Shenzhen", slice={"city": "Shenzhen"})
    made = {
        code: BusinessUnit.objects.create(code=code, name_en=code, slice={"store": code}, parent=parent)
        for code, parent in (("HZ01", city), ("HZ02", city), ("SZ01", other))
    }
    for person, unit in (
        (here.manager, city),
        (here.employee, made["HZ01"]),
        (here.business_owner, made["SZ01"]),
    ):
        person.unit = unit
        person.save(update_fields=["unit"])
    return {"HZ": city, "SZ": other, **made}


@pytest.fixture
@ready.made
def sales(here: Cast, units: Any) -> models.Dataset:
    return tables.make_dataset("sales", COLUMNS, ROWS, keys=["sale"])


def narrow(
    cast: Cast, actor: Any, dataset: models.Dataset, columns: Any = None, roles: Any = (), people: Any = ()
) -> None:
    actions.narrow_rows(
        dataset=dataset,
        columns={"store": "store"} if columns is None else columns,
        roles=roles,
        people=people,
        by=actor(cast.administrator),
        at=timezone.now(),
    )


def seen(actor: Any, person: Any, dataset: models.Dataset) -> list[Any]:
    within = queries.narrowing(dataset, queries.row_sight(actor(person)))
    return sorted(row[0] for row in queries.source_rows(dataset, within=within).rows)


def test_without_a_rule_everybody_who_sees_rows_sees_all(here: Cast, actor: Any, sales: Any) -> None:
    assert seen(actor, here.business_owner, sales) == [1, 2, 3]
    assert queries.row_sight(actor(here.business_owner)) is queries.ALL_ROWS


def test_readers_see_the_rows_of_their_branch(here: Cast, actor: Any, sales: Any) -> None:
    narrow(here, actor, sales, {"store": "store", "city": "city"})
    assert seen(actor, here.employee, sales) == [1]
    assert seen(actor, here.manager, sales) == [1, 2]
    assert seen(actor, here.business_owner, sales) == [3]
    assert seen(actor, here.colleague, sales) == []


def test_a_manager_sees_the_units_beneath_and_those_of_everybody_below(
    here: Cast, actor: Any, sales: Any, units: Any
) -> None:
    """Told by store alone, the city says nothing; its stores still belong to the branch."""
    narrow(here, actor, sales)
    assert seen(actor, here.manager, sales) == [1, 2]
    assert seen(actor, here.boss, sales) == [1, 3], "the boss has no unit: those of the people below count"


def test_a_unit_told_by_something_the_rule_does_not_name_opens_nothing(
    here: Cast, actor: Any, sales: Any, units: Any
) -> None:
    units["HZ01"].slice = {"store": "HZ01", "brand": "own"}
    units["HZ01"].save()
    narrow(here, actor, sales)
    assert seen(actor, here.employee, sales) == []


def test_roles_and_people_who_see_all_rows_are_named(here: Cast, actor: Any, sales: Any) -> None:
    narrow(here, actor, sales, roles=["finance_owner"], people=[here.employee])
    assert seen(actor, here.finance_owner, sales) == [1, 2, 3]
    assert seen(actor, here.employee, sales) == [1, 2, 3]
    assert seen(actor, here.auditor, sales) == []


def test_a_rule_may_name_a_column_that_is_taken_from_another_dataset(
    here: Cast, actor: Any, units: Any
) -> None:
    shops = tables.make_dataset(
        "shops", {"shop": "integer", "code": "text"}, [(1, "HZ01"), (2, "SZ01")], keys=["shop"]
    )
    lines = tables.make_dataset(
        "lines", {"line": "integer", "shop": "integer"}, [(7, 1), (8, 2)], keys=["line"]
    )
    actions.join_dataset(
        dataset=lines, other=shops, key="shops", pairs=[("shop", "shop")], taken=["code"],
        by=actor(here.administrator), at=timezone.now(),
    )  # fmt: skip
    narrow(here, actor, lines, {"store": "shops_code"})
    assert seen(actor, here.employee, lines) == [7]
    page, _last = queries.rows_by_key(
        lines, within=queries.narrowing(lines, queries.row_sight(actor(here.employee)))
    )
    assert [row[0] for row in page.rows] == [7]
    models.Join.objects.all().delete()
    assert seen(actor, here.employee, lines) == [], "a rule whose column is gone opens nothing"


def test_what_is_wrong_with_a_rule_is_said(here: Cast, actor: Any, sales: Any) -> None:
    for columns, code in (
        ({"brand": "store"}, "dimension"),
        ({"store": "amount"}, "column"),
        ({"store": "x"}, "column"),
    ):
        with pytest.raises(actions.SourceRefused) as refused:
            narrow(here, actor, sales, columns)
        assert refused.value.code == code


def test_changing_a_rule_stands_in_the_log_and_counts_at_once(here: Cast, actor: Any, sales: Any) -> None:
    narrow(here, actor, sales, roles=["auditor"])
    narrow(here, actor, sales, roles=["auditor"])
    narrow(here, actor, sales, columns={})
    rows = AuditRow.objects.filter(action="sources.narrow_rows").order_by("at", "id")
    assert [row.changes["columns"] for row in rows] == [[{}, {"store": "store"}], [{"store": "store"}, {}]]
    assert seen(actor, here.business_owner, sales) == [1, 2, 3]


def test_who_sees_some_rows_makes_no_second_dataset_of_the_source(here: Cast, actor: Any, sales: Any) -> None:
    narrow(here, actor, sales, roles=["administrator"])
    other = tables.make_dataset("other", {"line": "integer", "store": "text"}, [(1, "HZ01")], keys=["line"])
    plan = actions.DatasetPlan(key="again", name_en="Again", columns=(), table_name="sales", time_zone="UTC")
    with pytest.raises(actions.SourceRefused) as refused:
        actions.create_dataset(
            connection=sales.connection, plan=plan, by=actor(here.business_owner), at=timezone.now()
        )
    assert refused.value.code == "narrowed"
    with pytest.raises(actions.SourceRefused) as refused:
        actions.join_dataset(
            dataset=other, other=sales, key="sales", pairs=[("line", "sale")], taken=["amount"],
            by=actor(here.business_owner), at=timezone.now(),
        )  # fmt: skip
    assert refused.value.code == "narrowed"


def test_the_page_and_the_api_show_the_rows_of_the_branch(
    here: Cast, actor: Any, client_for: Visit, sales: Any
) -> None:
    narrow(here, actor, sales, roles=["auditor"])
    address = reverse("sources:dataset", args=[sales.pk])
    rows = reverse("api_dataset_rows", args=[sales.pk])
    owner, auditor = client_for(here.business_owner), client_for(here.auditor)
    told = owner.get(address).content.decode()
    assert "SZ01" in told
    assert "HZ01" not in told
    assert "You see the rows of your branch" in told
    assert [row[0] for row in owner.get(rows).json()["rows"]] == [3]
    assert "HZ01" in auditor.get(address).content.decode()
    assert [row[0] for row in auditor.get(rows).json()["rows"]] == [1, 2, 3]


def test_rejected_rows_are_for_those_who_see_all(
    here: Cast, actor: Any, client_for: Visit, sales: Any
) -> None:
    load = models.Load.objects.create(
        dataset=sales,
        state="done",
        rows_read=1,
        rows_rejected=1,
        due_at=timezone.now(),
        asked_at=timezone.now(),
        finished_at=timezone.now(),
    )
    models.RejectedRow.objects.create(
        load=load, number=1, reason="not_a_number", column_key="amount", value="secret", row={"store": "HZ01"}
    )
    narrow(here, actor, sales, roles=["finance_owner"])
    page, api = reverse("sources:load", args=[load.pk]), reverse("api_load_rejected", args=[load.pk])
    owner, finance = client_for(here.business_owner), client_for(here.finance_owner)
    assert "secret" not in owner.get(page).content.decode()
    assert "secret" not in owner.get(reverse("sources:dataset", args=[sales.pk])).content.decode()
    assert owner.get(api).status_code == 403
    assert "secret" in finance.get(page).content.decode()
    assert finance.get(api).json()["results"][0]["value"] == "secret"


def test_an_administrator_sets_the_rule_on_a_page_and_by_the_api(
    here: Cast, client_for: Visit, sales: Any
) -> None:
    browser, address = client_for(here.administrator), reverse("sources:narrow", args=[sales.pk])
    page = browser.get(address).content.decode()
    assert "column_store" in page
    assert "column_city" in page
    wrong = browser.post(address, {"column_store": "store", "roles": ["auditor"], "people": "P003, nobody"})
    assert wrong.status_code == 422
    assert "Nobody has the employee number nobody." in wrong.content.decode()
    sent = {"column_store": "store", "column_city": "", "roles": ["auditor"], "people": "P003"}
    assert "Readers see their rows" in browser.post(address, sent, follow=True).content.decode()
    assert "Nothing has changed." in browser.post(address, sent, follow=True).content.decode()
    api = reverse("api_dataset_row_rule", args=[sales.pk])
    told = browser.get(api).json()
    assert told == {"columns": {"store": "store"}, "roles": ["auditor"], "people": [str(here.employee.pk)]}
    put = browser.put(api, {"columns": {}, "roles": [], "people": []}, content_type="application/json")
    assert put.json() == {"columns": {}, "roles": [], "people": []}
    for person in (here.business_owner, here.finance_owner, here.auditor, here.employee):
        assert client_for(person).get(address).status_code == 403
        refused = client_for(person).put(api, {"columns": {}}, content_type="application/json")
        assert refused.status_code == 403
    assert client_for(here.stranger).get(address).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_branch(
    here: Cast, actor: Any, sales: Any, units: Any, django_assert_max_num_queries: Any
) -> None:
    narrow(here, actor, sales)
    reader = actor(here.manager)
    BusinessUnit.objects.bulk_create(
        BusinessUnit(code=f"N{n}", name_en=f"N{n}", slice={"store": f"N{n}"}, parent=units["HZ"])
        for n in range(50)
    )
    with django_assert_max_num_queries(4):
        sight = queries.row_sight(reader)
    assert len(sight.narrowed[sales.pk].openings) == 52


def test_what_a_source_answered_holds_no_cell_for_those_who_see_some_rows(
    here: Cast, actor: Any, sales: Any, client_for: Any
) -> None:
    probe = models.Probe.objects.create(
        connection=sales.connection,
        kind="describe",
        question={"table": "sale"},
        state=models.JobState.DONE,
        asked_by=here.business_owner,
        due_at=timezone.now(),
        finished_at=timezone.now(),
        asked_at=timezone.now(),
        answer={
            "rows": [["3", "987.65"]],
            "columns": [
                {
                    "key": "amount",
                    "source_name": "amount",
                    "type": "decimal",
                    "role": "measure",
                    "filled_ppm": 1_000_000,
                    "examples": ["987.65"],
                    "is_key": False,
                }
            ],
        },
    )
    addresses = (reverse("sources:model", args=[probe.pk]), reverse("api_probe", args=[probe.pk]))
    client = client_for(here.business_owner)
    for address in addresses:
        assert "987.65" in client.get(address).content.decode()
    narrow(here, actor, sales)
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        assert "987.65" not in answer.content.decode(), address


def test_whoever_sees_some_rows_takes_no_rates_and_no_targets_from_them(
    here: Cast, actor: Any, sales: Any
) -> None:
    narrow(here, actor, sales)
    by = actor(here.finance_owner)
    with pytest.raises(kpis.MetricRefused, match="some of its rows"):
        kpis.given_in_dataset(sales, kpis.RateColumns(day="on_day", rate="amount"), is_inverse=False, by=by)
    columns = kpis.TargetColumns(month_column="on_day", value_column="amount", dimensions={})
    with pytest.raises(kpis.MetricRefused, match="some of its rows"):
        kpis.import_targets(dataset=sales, columns=columns, by=by, at=timezone.now())
