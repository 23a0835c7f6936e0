"""What actions and the database refuse, and what the audit keeps."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from performance.foundation import audit, stale, tenancy
from performance.kpis import actions, queries, tasks
from performance.kpis.models import Metric, MetricValue, MetricVersion, Signature
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import AT, JANUARY, base, certify, formula


def drafted(here: Cast, by: Any, sales: Any, **changes: Any) -> MetricVersion:
    given = {
        "key": "revenue",
        "name_en": "Revenue",
        "name_zh": "",
        "business_owner": here.business_owner,
        "finance_owner": here.finance_owner,
        "definition": base(sales, "sum", "quantity * price"),
    }
    return actions.draft_metric(**{**given, **changes}, by=by, at=AT)


def test_one_person_cannot_sign_for_both_sides_even_in_the_database(
    here: Cast, actor: Any, sales: Any
) -> None:
    version = drafted(here, actor(here.business_owner), sales)
    actions.submit_for_review(version=version, by=actor(here.business_owner), at=AT)
    actions.sign_version(version=version, side="business", by=actor(here.business_owner), at=AT)
    with pytest.raises(actions.MetricRefused, match="own side"):
        actions.sign_version(version=version, side="finance", by=actor(here.business_owner), at=AT)
    with pytest.raises(IntegrityError, match="two_people_sign"), transaction.atomic():
        Signature.objects.create(version=version, side="finance", person=here.business_owner, at=AT)
    with pytest.raises(DatabaseError), transaction.atomic():
        Signature.objects.update(person=here.finance_owner)
    with pytest.raises(IntegrityError, match="owners_are_two"), transaction.atomic():
        Metric.objects.update(finance_owner=here.business_owner)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": "Revenue!"}, "key"),
        ({"finance_owner": "business_owner"}, "one_owner"),
        ({"finance_owner": "employee"}, "role"),
    ],
)
def test_a_draft_with_wrong_owners_or_key_is_refused(
    here: Cast, actor: Any, sales: Any, changes: dict[str, str], code: str
) -> None:
    named = {
        name: getattr(here, value) if name == "finance_owner" else value for name, value in changes.items()
    }
    with pytest.raises(actions.MetricRefused) as refused:
        drafted(here, actor(here.business_owner), sales, **named)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"expression": "city"}, "expression"),
        ({"expression": "quantity * pg_sleep(1)"}, "expression"),
        ({"time_column": "city"}, "time_column"),
        ({"dimensions": {"price": "price"}}, "dimensions"),
        ({"dimensions": dict.fromkeys("abcd", "city")}, "dimensions"),
        ({"unit": "furlongs"}, "unit"),
        ({"aggregation": "count", "unit": "money:CNY"}, "unit"),
        ({"filters": [{"column": "price", "op": ">", "value": "much"}]}, "filters"),
        ({"filters": [{"column": "price); DROP TABLE x", "op": "=", "value": "1"}]}, "filters"),
        ({"filters": [{"column": "city", "op": "; DELETE", "value": "1"}]}, "filters"),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused_beside_its_field(
    here: Cast, actor: Any, sales: Any, changes: dict[str, Any], field: str
) -> None:
    definition = base(sales, changes.pop("aggregation", "sum"), changes.pop("expression", "price"), **changes)
    if definition.aggregation == "count":
        definition = base(sales, "count", unit="money:CNY")
    with pytest.raises((actions.DefinitionRefused, actions.UnitRefused)) as refused:
        drafted(here, actor(here.business_owner), sales, definition=definition)
    assert refused.value.field == field
    assert not Metric.objects.exists()


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [
        ("(revenue - cost) / revenue", "percent", "multiply by 100"),
        ("(revenue - cost) / revenue * 100", "ratio", "name the unit percent"),
    ],
)
def test_a_formula_in_percent_multiplies_by_a_hundred_and_a_ratio_does_not(
    here: Cast, actor: Any, sales: Any, costs: Any, text: str, unit: str, said: str
) -> None:
    certify(here, actor, "revenue", base(sales, "sum", "price"))
    certify(here, actor, "cost", base(costs, "sum", "amount"))
    with pytest.raises(actions.DefinitionRefused, match=said) as refused:
        drafted(here, actor(here.business_owner), sales, key="margin", definition=formula(text, unit))
    assert refused.value.field == "unit"
    for fitting, named in (("(revenue - cost) / revenue", "ratio"), (f"{text} * 7", "number")):
        drafted(
            here,
            actor(here.business_owner),
            sales,
            key=f"margin_{named}",
            definition=formula(fitting, named),
        )


def test_the_wording_of_a_version_in_review_cannot_change(here: Cast, actor: Any, sales: Any) -> None:
    by = actor(here.business_owner)
    version = drafted(here, by, sales)
    actions.edit_draft(version=version, definition=base(sales, "sum", "price"), by=by, at=AT)
    actions.submit_for_review(version=version, by=by, at=AT)
    with pytest.raises(actions.MetricRefused, match="Only a draft"):
        actions.edit_draft(version=version, definition=base(sales, "sum", "quantity"), by=by, at=AT)
    with pytest.raises(IntegrityError, match="keeps its wording"), transaction.atomic():
        MetricVersion.objects.filter(pk=version.pk).update(expression="quantity")
    kept = audit.rows(subject_id=version.pk).get(action="kpis.edit_draft")
    assert kept.changes["expression"] == ["quantity * price", "price"]


def test_two_versions_are_not_worked_on_at_once(here: Cast, actor: Any, sales: Any) -> None:
    version = drafted(here, actor(here.business_owner), sales)
    with pytest.raises(actions.MetricRefused) as refused:
        actions.revise_metric(
            metric=version.metric,
            definition=base(sales, "sum", "price"),
            by=actor(here.finance_owner),
            at=AT,
        )
    assert refused.value.status == 409


def test_a_task_delivered_twice_computes_once_and_settles(here: Cast, actor: Any, sales: Any) -> None:
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price"))
    tasks.refresh_stale_values.apply()
    count = MetricValue.objects.count()
    assert count > 0
    tasks.refresh_stale_values.apply()
    assert MetricValue.objects.count() == count
    tables.add_rows(sales, SALES, [(9, "2026-01-09", "Hangzhou", "Binjiang", 1, 1, "1")])
    stale.mark("metric_values", [sales.pk])
    tasks.refresh_stale_values.apply()
    found = queries.value_at("revenue", {}, JANUARY)
    assert found is not None
    assert found.value == Decimal("36.05")
    assert stale.waiting("metric_values") == 0


def test_a_version_whose_column_is_gone_keeps_its_values(here: Cast, actor: Any, sales: Any) -> None:
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price"))
    actions.refresh_values(at=AT)
    sales.columns.filter(key="price").update(role="ignored")
    assert actions.refresh_values(at=AT + datetime.timedelta(hours=1)) == []
    found = queries.value_at("revenue", {}, JANUARY)
    assert found is not None
    assert found.value == Decimal("35.05")


def test_no_value_of_another_organisation_is_seen_or_computed(here: Cast, actor: Any, sales: Any) -> None:
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price"))
    certify(here, actor, "double", formula("revenue * 2"))
    actions.refresh_values(at=AT)
    with tenancy.acting_for(here.elsewhere):
        assert not MetricValue.objects.exists()
        assert actions.refresh_values(at=AT) == []
        assert queries.metric_by_key("revenue") is None


def test_labels_come_from_a_dataset_in_both_languages(here: Cast, actor: Any, sales: Any) -> None:
    stores = tables.make_dataset(
        "stores",
        {"code": "text", "name": "text", "name_zh": "text"},
        [("Binjiang", "Binjiang Mall", "滨江店"), ("Nanshan", "Nanshan Plaza", "南山店")],
    )
    actions.name_dimension(
        key="store",
        name_en="Store",
        name_zh="门店",
        dataset=stores,
        key_column="code",
        label_en_column="name",
        label_zh_column="name_zh",
        by=actor(here.finance_owner),
        at=AT,
    )
    assert queries.labels_for([{"store": "Nanshan"}]).of({"store": "Nanshan"}) == "Nanshan Plaza"
    with pytest.raises(actions.MetricRefused):
        actions.name_dimension(
            key="store", name_en="Store", name_zh="", dataset=stores, key_column="gone", by=None, at=AT
        )
