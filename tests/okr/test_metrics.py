"""Key results bound to a metric fill themselves."""

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions, queries, tasks
from okr.models import KeyResult, KeyResultEntry
from performance.foundation import tenancy
from performance.kpis import models as kpis
from performance.kpis import queries as kpi_queries
from performance.people import models as people
from performance.sources import actions as sources
from tests.kpis import tables
from tests.okr.conftest import content, key_result


@pytest.fixture
def margin(acting_cast, quarter, now):
    """A certified metric with a value for the quarter in store 010. Returns a way to set the value."""
    metric = kpis.Metric.objects.create(
        key="margin",
        name_en="Margin",
        business_owner=acting_cast.business_owner,
        finance_owner=acting_cast.finance_owner,
        unit="percent",
        direction="up",
        created_at=now,
    )
    version = kpis.MetricVersion.objects.create(
        metric=metric,
        number=1,
        state="certified",
        kind="ratio",
        formula="gross / turnover",
        unit="percent",
        direction="up",
        effective_from=datetime.date(2020, 1, 1),
        proposed_by=acting_cast.business_owner,
        proposed_at=now,
        certified_at=now,
    )

    def be(value: str, state: str = "provisional") -> None:
        kpis.MetricValue.objects.filter(metric=metric, superseded_at=None).update(superseded_at=now)
        kpis.MetricValue.objects.create(
            metric=metric,
            version=version,
            grain="quarter",
            period_start=quarter.starts_on,
            period_end=quarter.ends_on,
            slice={"store": "010"},
            slice_key=kpi_queries.slice_key({"store": "010"}),
            dimensions="store",
            value=Decimal(value),
            coverage_ppm=1_000_000,
            state=state,
            as_of=now,
        )

    return be


@pytest.fixture
def bound(margin, propose, agree):
    margin("35")
    text = content(
        "Earn more",
        key_result(
            "kpi",
            "Margin of 010",
            metric_key="margin",
            slice={"store": "010"},
            start=Decimal(30),
            target=Decimal(40),
        ),
    )
    return agree(propose(text))


def test_it_fills_itself_when_it_comes_into_force(bound):
    row = bound.key_results.get()
    assert (row.current, row.progress_micro, row.provisional) == (Decimal(35), 50_000_000, True)
    entry = KeyResultEntry.objects.get()
    assert (entry.check_in, entry.value) == (None, Decimal(35))
    bound.refresh_from_db()
    assert bound.progress_micro == 50_000_000


def test_a_moved_metric_moves_it_and_the_same_value_again_does_not(bound, margin, now):
    margin("38", state="closed")
    assert actions.refresh_bound_key_results(at=now) == 1
    assert actions.refresh_bound_key_results(at=now) == 0
    row = bound.key_results.get()
    assert (row.current, row.progress_micro, row.provisional) == (Decimal(38), 80_000_000, False)


def test_a_look_at_what_has_not_moved_locks_nothing(bound, margin, now):
    with CaptureQueriesContext(connection) as looked:
        assert actions.refresh_bound_key_results(at=now) == 0
    assert not [each["sql"] for each in looked if "FOR NO KEY UPDATE" in each["sql"]]


def test_only_what_has_moved_is_locked_and_the_task_takes_it_batch_by_batch(
    bound, margin, propose, agree, cast, now, monkeypatch
):
    text = {"metric_key": "margin", "start": Decimal(30), "target": Decimal(40)}
    for title in ("Second", "Third"):
        agree(propose(content(title, key_result("kpi", title, slice={"store": "010"}, **text))))
    nowhere = agree(propose(content("Nowhere", key_result("kpi", "N", slice={"store": "099"}, **text))))
    margin("36")
    locked: list[set[object]] = []
    lock = actions.progress.lock
    monkeypatch.setattr(actions.progress, "lock", lambda ids: locked.append(set(ids)) or lock(ids))
    monkeypatch.setattr(tasks, "BATCH", 2)

    with tenancy.remembering(cast.organisation.pk):
        tasks.refresh_bound_key_results.apply().get()

    assert [len(ids) for ids in locked] == [2, 1]
    assert nowhere.pk not in set().union(*locked)
    values = KeyResult.objects.filter(slice={"store": "010"}).values_list("current", flat=True)
    assert set(values) == {Decimal(36)}


def test_a_check_in_takes_the_metrics_value_whatever_was_typed(bound, margin, check_in):
    margin("40")
    check_in(actions.Reading(bound.key_results.get().pk, value=Decimal(99), confidence=5))
    assert bound.key_results.get().current == Decimal(40)


def test_a_metric_that_is_off_track_has_to_be_explained(bound, margin, check_in, quarter, now):
    quarter.starts_on -= datetime.timedelta(days=900)
    quarter.ends_on = now.date()
    quarter.save()
    kpis.MetricValue.objects.update(superseded_at=now)
    row = bound.key_results.get()
    with pytest.raises(actions.CheckInRefused) as refusal:
        check_in(actions.Reading(row.pk, confidence=2))
    assert refusal.value.field == f"note-{row.pk}"

    submitted = check_in(actions.Reading(row.pk, confidence=2, note="The supplier left."))
    assert submitted.entries.get().note == "The supplier left."


def test_a_bound_key_result_cannot_lead_the_wrong_way(margin, propose, cast):
    """More margin is better: nobody agrees to bring it down."""
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        propose(
            content(
                "Margin",
                key_result("kpi", start=Decimal(40), target=Decimal(30), metric_key="margin", unit="%"),
            )
        )
    assert (refusal.value.code, refusal.value.field) == ("direction", "0.target")


def test_the_page_names_the_metric_and_the_part_that_fill_a_key_result(
    margin, propose, agree, cast, client_for
):
    bound = key_result(
        "kpi",
        start=Decimal(30),
        target=Decimal(40),
        metric_key="margin",
        slice={"store": "010"},
        unit="%",
    )
    objective = agree(propose(content("Margin", bound)))
    page = client_for(cast.employee).get(reverse("okr:objective", args=[objective.pk])).content.decode()
    row = page[page.index('id="kr-') :]
    assert "Margin</a>, 010, Higher is better" in row


def test_same_as_last_week_keeps_the_word_that_says_why(bound, margin, cast, client_for, now):
    margin("20")
    row = bound.key_results.get()
    year, week, _day = now.date().isocalendar()
    address = reverse("okr:check_in", args=[f"{year}-W{week:02}"])
    client = client_for(cast.employee)
    assert client.post(address, {}).status_code == 422
    assert client.post(address, {f"note-{row.pk}": "Strike at the port"}).status_code == 302
    assert KeyResultEntry.objects.get(check_in__isnull=False).note == "Strike at the port"


def test_key_results_are_counted_for_whoever_changes_their_metric_and_named_where_they_may_be_seen(
    bound, propose, agree, actor, cast, quarter
):
    text = {"metric_key": "margin", "start": Decimal(30), "target": Decimal(40)}
    private = propose(content("In private", key_result("kpi", "Hidden", **text), visibility="private"))
    agree(private)
    (found,) = queries.metric_uses(actor(cast.finance_owner), ["margin"], quarter.starts_on)
    assert (found.kind, found.number) == ("key_results", 2)
    assert [(one.title, one.address) for one in found.shown] == [
        ("Earn more: Margin of 010", reverse("okr:objective", args=[bound.pk]))
    ]
    (none,) = queries.metric_uses(actor(cast.finance_owner), ["turnover"], quarter.starts_on)
    assert (none.number, none.shown) == (0, ())


def test_nobody_newly_binds_a_goal_to_a_part_that_is_closed_to_them(
    margin, acting_cast, propose, actor, now, quarter
):
    """A key result shows the figures of its part to its readers. One that stands may stay."""
    shops = tables.make_dataset("shops", {"line": "integer", "store": "text"}, [(1, "010")], keys=["line"])
    metric = kpis.Metric.objects.get(key="margin")
    kpis.MetricVersion.objects.create(
        metric=metric,
        number=2,
        state="certified",
        kind="base",
        dataset=shops,
        aggregation="count",
        time_column="line",
        dimensions={"store": "store"},
        unit="percent",
        direction="up",
        effective_from=datetime.date(2020, 1, 1),
        proposed_by=acting_cast.business_owner,
        proposed_at=now,
        certified_at=now,
    )
    own = people.BusinessUnit.objects.create(code="020", name_en="020", slice={"store": "020"})
    acting_cast.employee.unit = own
    acting_cast.employee.save(update_fields=["unit"])

    def text(title: str, store: str):
        bound = key_result("kpi", title, metric_key="margin", slice={"store": store})
        return content("Earn more", bound)

    standing = propose(text("Margin", "010"))
    sources.narrow_rows(
        dataset=shops,
        columns={"store": "store"},
        roles=[],
        people=[],
        by=actor(acting_cast.administrator),
        at=now,
    )
    with pytest.raises(actions.ObjectiveRefused) as refused:
        propose(text("Margin of a neighbour", "010"))
    assert refused.value.code == "closed_part"
    assert refused.value.field == "0.slice"
    assert propose(text("Margin of ours", "020"))
    by = actor(acting_cast.employee)
    actions.propose_change(objective=standing, content=text("Margin, said better", "010"), by=by, at=now)
