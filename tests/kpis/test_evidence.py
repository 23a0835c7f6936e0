"""What scoring is handed: one value for each person and component, with the way down to the rows."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from performance.foundation.evidence import ComponentRequest
from performance.kpis import actions, evidence
from performance.people.models import BusinessUnit, Period
from tests import ready
from tests.columns import rows_of
from tests.conftest import Cast, make_person
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import AT, JANUARY, base, certify

LATER = AT + datetime.timedelta(hours=1)
OWN = ComponentRequest(key="own", source_ref="revenue", slice="own_unit")
TOTAL = ComponentRequest(key="all", source_ref="revenue", slice={})


@pytest.fixture
@ready.made
def january(here: Cast, actor: Any, sales: Any) -> Period:
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price"))
    actions.refresh_values(at=AT)
    here.employee.unit = BusinessUnit.objects.create(code="N", name_en="N", slice={"store": "Nanshan"})
    here.employee.save()
    return Period.objects.create(
        name_en="January", kind="month", starts_on=JANUARY, ends_on=datetime.date(2026, 1, 31)
    )


def gather(period: Period, people: list[Any], as_of: datetime.datetime = AT) -> list[Any]:
    person_ids = [person.pk for person in people]
    found = evidence.metric_values(person_ids=person_ids, period=period, as_of=as_of, components=[OWN, TOTAL])
    return rows_of(found, person_ids)


def test_each_person_gets_the_value_of_the_own_unit_and_of_the_given_slice(
    here: Cast, january: Period
) -> None:
    found = gather(january, [here.employee, here.colleague])
    assert [(one.person_id, one.component_key, one.value_micro) for one in found] == [
        (here.employee.pk, "own", 5_050_000),
        (here.employee.pk, "all", 35_050_000),
        (here.colleague.pk, "own", None),
        (here.colleague.pk, "all", 35_050_000),
    ]
    assert all(one.provisional for one in found)
    value, rows = found[0].refs
    assert (value.label_en, value.version) == (f"Revenue, Nanshan, {january.name_en}", "1")
    assert "store=Nanshan" in value.url
    assert "since=2026-01-01" in rows.url


def test_a_closed_month_is_not_provisional(here: Cast, actor: Any, january: Period) -> None:
    actions.close_month(month=JANUARY, by=actor(here.finance_owner), at=LATER)
    actions.refresh_values(at=LATER)
    assert not any(one.provisional for one in gather(january, [here.employee], LATER))


def test_evidence_is_what_was_known_at_that_moment(here: Cast, january: Period, sales: Any) -> None:
    tables.add_rows(sales, SALES, [(9, "2026-01-15", "Shenzhen", "Nanshan", 9, 1, "1")])
    actions.refresh_values(at=LATER)
    assert gather(january, [here.employee], AT)[0].value_micro == 5_050_000
    assert gather(january, [here.employee], LATER)[0].value_micro == 6_050_000


def test_a_metric_nobody_knows_is_missing_not_zero(here: Cast, january: Period) -> None:
    asked = [ComponentRequest(key="x", source_ref="nothing", slice={})]
    ids = [here.employee.pk]
    found = evidence.metric_values(person_ids=ids, period=january, as_of=AT, components=asked)
    assert [(one.value_micro, one.coverage_ppm, one.refs) for one in rows_of(found, ids)] == [(None, 0, ())]


def test_the_number_of_queries_does_not_grow_with_people(here: Cast, january: Period) -> None:
    def count(people: list[Any]) -> int:
        with CaptureQueriesContext(connection) as found:
            gather(january, people)
        return len(found)

    small = count([here.employee])
    units = [
        BusinessUnit.objects.create(code=f"U{n}", name_en="U", slice={"store": f"S{n}"}) for n in range(5)
    ]
    people = [make_person(f"E{n}", f"E {n}", unit=units[n % 5]) for n in range(30)]
    assert count([here.employee, *people]) == small


def test_a_sum_of_money_keeps_its_cents(here: Cast, january: Period) -> None:
    found = gather(january, [here.employee])
    assert Decimal(found[1].value_micro) / 1_000_000 == Decimal("35.05")
