"""Sources that are asked instead of copied: who dies, who is away, what changed there, and what was closed meanwhile."""

import datetime
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from performance.foundation import tenancy
from performance.kpis import actions, queries, tasks
from performance.kpis.models import LivePart, LiveReading, Metric, MetricValue, MetricVersion
from performance.kpis.queries import live
from performance.people.models import BusinessUnit, Period
from performance.sources import actions as sources
from performance.sources import queries as source_queries
from performance.sources.models import Dataset
from tests.conftest import Cast
from tests.kpis import live_places
from tests.kpis.live_places import kept, place_question, refresh
from tests.kpis.tables import AT, certify, formula, make_dataset
from tests.sources import stage
from tests.sources.real_data import Place
from tests.sources.stage import Clock, Killed

Visit = Callable[..., Client]
LATER = AT + datetime.timedelta(hours=1)
JANUARY = datetime.date(2026, 1, 1)
COLUMNS = "id int primary key, day date, store text, amount numeric(12,2)"


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]


@pytest.fixture
def till(contoso: Place) -> Iterator[Place]:
    contoso.run("DROP TABLE IF EXISTS till")
    contoso.run(f"CREATE TABLE till ({COLUMNS})")
    contoso.run(
        "INSERT INTO till VALUES (1, '2026-01-05', 'Binjiang', 10), (2, '2026-01-31', 'Nanshan', 5.05),"
        " (3, '2026-02-01', 'Binjiang', 10.10)"
    )
    yield contoso
    contoso.run("DROP TABLE IF EXISTS till")


def wording(dataset: Dataset, aggregation: str = "sum", **more: Any) -> actions.Definition:
    given = {"expression": "amount", "dimensions": {"store": "store"}, "unit": "number"} | more
    return actions.Definition(
        kind="base",
        effective_from=JANUARY,
        dataset=dataset,
        aggregation=aggregation,
        time_column="day",
        **given,
    )


@pytest.fixture
def takings(here: Cast, actor: Any, till: Place) -> Dataset:
    """A live dataset with a certified sum, not asked yet."""
    dataset = live_places.dataset(stage.connected(till), place_question(till, "till"), "till", mode="live")
    certify(here, actor, "takings", wording(dataset))
    return dataset


def total(key: str = "takings", month: datetime.date = JANUARY) -> Decimal | None:
    found = queries.value_at(key, {}, month)
    return found.value if found else None


def waiting() -> LiveReading:
    return LiveReading.objects.get(state="waiting")


def test_nothing_of_a_live_dataset_is_copied(takings: Dataset) -> None:
    refresh()
    assert total() == Decimal("15.05")
    with database.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [source_queries.row_relation(takings)])
        assert cursor.fetchone() == (None,)
    load = source_queries.last_load(takings)
    assert load is not None
    assert (load.state, load.rows_read, takings.row_count) == ("done", 0, 0)
    assert set(LivePart.objects.values_list("d0", flat=True)) == {"Binjiang", "Nanshan"}


@pytest.mark.parametrize("die_at", [1, 2, 3, 4])
def test_a_worker_that_is_killed_loses_and_doubles_nothing(
    die_at: int, takings: Dataset, till: Place
) -> None:
    refresh()
    before = kept("takings")
    till.run("UPDATE till SET amount = amount + 1")
    assert stage.load(takings, Clock(LATER)).state == "done"
    tasks.refresh_stale_values.apply()
    reading, at = waiting(), datetime.datetime.now(datetime.UTC)
    died = False
    try:
        actions.run_reading(reading_id=reading.pk, clock=Clock(at, die_at=die_at), batch_rows=2)
    except Killed:
        died = True
        assert kept("takings") == before
        assert not actions.run_reading(reading_id=reading.pk, clock=Clock(at)) or die_at == 1
    much_later = at + datetime.timedelta(minutes=3)
    actions.run_reading(reading_id=reading.pk, clock=Clock(much_later), batch_rows=2)
    reading.refresh_from_db()
    assert died
    assert (reading.state, reading.parts_read, LivePart.objects.count()) == ("done", 3, 3)
    tasks.refresh_stale_values.apply()
    assert (total(), len(kept("takings"))) == (Decimal("17.05"), len(before))
    assert not actions.run_reading(reading_id=reading.pk, clock=Clock(much_later)), (
        "delivered twice, taken once"
    )


def test_a_source_that_is_away_keeps_its_values_says_so_and_is_asked_again(
    here: Cast, takings: Dataset, client_for: Visit
) -> None:
    refresh()
    before = kept("takings")
    port = takings.connection.port
    type(takings.connection).objects.filter(pk=takings.connection_id).update(port=1)
    actions.start_readings(metric_ids=[Metric.objects.get().pk], at=LATER)
    reading, at = waiting(), LATER
    waits = []
    for _attempt in range(4):
        assert not actions.run_reading(reading_id=reading.pk, clock=Clock(at))
        reading.refresh_from_db()
        waits.append((reading.due_at - at).total_seconds() / 60)
        assert Metric.objects.get().problem == "away"
        tasks.refresh_stale_values.apply()
        assert kept("takings") == before
        at = max(at, reading.due_at)
    assert (reading.state, waits[:3]) == ("failed", [2, 4, 8])
    page = client_for(here.business_owner).get(reverse("kpis:metric", args=[Metric.objects.get().pk]))
    assert "the values are those of before" in page.content.decode()
    type(takings.connection).objects.filter(pk=takings.connection_id).update(port=port)
    assert stage.load(takings, Clock(LATER)).state == "done"
    refresh()
    assert (Metric.objects.get().problem, kept("takings")) == ("", before)


def test_a_load_that_cannot_reach_the_source_lets_its_metrics_say_so(takings: Dataset) -> None:
    refresh()
    type(takings.connection).objects.filter(pk=takings.connection_id).update(database="gone")
    assert stage.load(takings, Clock(LATER)).state == "failed"
    refresh()
    assert (Metric.objects.get().problem, total()) == ("away", Decimal("15.05"))


def test_a_column_that_changed_its_type_stops_the_load_and_keeps_the_values(
    takings: Dataset, till: Place
) -> None:
    refresh()
    till.run("ALTER TABLE till ALTER amount TYPE text")
    load = stage.load(takings, Clock(LATER))
    assert (load.state, load.problem_code) == ("failed", "live_changed")
    assert load.drift == [{"column": "amount", "change": "type", "before": "decimal", "after": "text"}]
    refresh()
    assert (Metric.objects.get().problem, total()) == ("unable", Decimal("15.05"))
    assert live_places.failure("takings") == "live_type"


def test_a_new_column_is_reported_and_moves_nothing(takings: Dataset, till: Place) -> None:
    till.run("ALTER TABLE till ADD note text")
    load = stage.load(takings, Clock(LATER))
    assert (load.state, [change["change"] for change in load.drift]) == ("done", ["new"])


def test_formulas_mix_what_is_copied_and_what_stays(here: Cast, actor: Any, takings: Dataset) -> None:
    rows = [(1, "2026-01-31", "Binjiang", "4"), (2, "2026-01-31", "Nanshan", "1.05")]
    columns = {"line": "integer", "day": "date", "store": "text", "amount": "decimal"}
    certify(here, actor, "costs", wording(make_dataset("costs", columns, rows)))
    certify(here, actor, "left_over", formula("takings - costs"))
    refresh()
    assert total("left_over") == Decimal("10.00")
    found = queries.value_at("left_over", {"store": "Nanshan"}, JANUARY)
    assert found is not None
    assert (found.value, found.coverage_ppm) == (Decimal(4), 1_000_000)


def test_a_month_is_closed_with_the_answer_that_was_asked_for_it(
    here: Cast, actor: Any, takings: Dataset, till: Place
) -> None:
    refresh()
    till.run("INSERT INTO till VALUES (4, '2026-01-20', 'Nanshan', 100)")
    actions.close_month(month=JANUARY, by=actor(here.finance_owner), at=AT)
    tasks.refresh_stale_values.apply()
    assert MetricValue.objects.filter(period_start=JANUARY, state="closed").count() == 0
    refresh()
    closed = queries.value_at("takings", {}, JANUARY)
    assert closed is not None
    assert (closed.value, closed.state) == (Decimal("115.05"), "closed")
    till.run("UPDATE till SET amount = 0")
    stage.load(takings, Clock(LATER))
    refresh()
    assert (total(), total(month=datetime.date(2026, 2, 1))) == (Decimal("115.05"), Decimal(0))


def test_a_new_period_is_asked_for_once(takings: Dataset) -> None:
    refresh()
    Period.objects.create(name_en="Cut", kind="custom", starts_on=JANUARY, ends_on=datetime.date(2026, 2, 1))
    refresh()
    found = MetricValue.objects.get(grain="period", slice_key="{}")
    assert found.value == Decimal("25.15")
    refresh()
    assert not LiveReading.objects.exclude(state="done").exists()


def test_a_reading_that_was_under_way_when_data_changed_begins_anew(takings: Dataset) -> None:
    refresh()
    metric = Metric.objects.get()
    actions.start_readings(metric_ids=[metric.pk], at=LATER)
    under_way = waiting()

    def clock() -> datetime.datetime:
        actions.start_readings(metric_ids=[metric.pk], at=LATER + datetime.timedelta(minutes=1))
        return LATER

    assert actions.run_reading(reading_id=under_way.pk, clock=clock)
    assert waiting().pk != under_way.pk


def test_switching_needs_a_second_word_and_takes_the_copies_away(here: Cast, till: Place) -> None:
    connection = stage.connected(till)
    dataset = live_places.dataset(connection, place_question(till, "till"), "till", mode="imported")
    answer = stage.described(connection, place_question(till, "till"))
    plan = stage.plan(answer, key="till", question=place_question(till, "till"), mode="live")
    with pytest.raises(sources.SourceRefused) as refused:
        sources.change_dataset(dataset=dataset, plan=plan, by=None, at=AT)
    assert (refused.value.code, refused.value.field) == ("confirm_mode", "is_mode_confirmed")
    sources.change_dataset(dataset=dataset, plan=plan, by=None, at=AT, is_mode_confirmed=True)
    assert dataset_count(dataset) == 3, "until the source has answered"
    stage.load(dataset)
    assert (dataset_count(dataset), dataset.mode) == (0, "live")
    back = stage.plan(answer, key="till", question=place_question(till, "till"))
    sources.change_dataset(dataset=dataset, plan=back, by=None, at=AT, is_mode_confirmed=True)
    stage.load(dataset)
    assert (dataset_count(dataset), dataset.mode) == (3, "imported")


def dataset_count(dataset: Dataset) -> int:
    with database.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {source_queries.row_relation(dataset)}")
        return int(cursor.fetchone()[0])


def test_a_metric_goes_on_where_its_dataset_was_switched(
    here: Cast, actor: Any, till: Place, takings: Dataset
) -> None:
    refresh()
    before = kept("takings")
    question = place_question(till, "till")
    answer = stage.described(takings.connection, question)
    for mode in ("imported", "live"):
        plan = stage.plan(answer, key="till", question=question, mode=mode, time_zone="Asia/Shanghai")
        sources.change_dataset(dataset=takings, plan=plan, by=None, at=AT, is_mode_confirmed=True)
        tasks.refresh_stale_values.apply()
        assert kept("takings") == before
        stage.load(takings, Clock(LATER))
        refresh()
        assert (kept("takings"), Metric.objects.get().problem) == (before, "")


def test_texts_at_their_source_are_not_compared_by_order(here: Cast, actor: Any, takings: Dataset) -> None:
    filters = [{"column": "store", "op": "<", "value": "M"}]
    with pytest.raises(actions.DefinitionRefused) as refused:
        certify(here, actor, "early", wording(takings, filters=filters))
    assert refused.value.field == "filters"


def test_whoever_signs_sees_what_the_source_gives(
    here: Cast, actor: Any, takings: Dataset, client_for: Visit
) -> None:
    version = actions.draft_metric(
        key="lines",
        name_en="Lines",
        name_zh="",
        business_owner=here.business_owner,
        finance_owner=here.finance_owner,
        definition=wording(takings, "count", expression=""),
        by=actor(here.business_owner),
        at=AT,
    )
    assert queries.preview(version) == []
    actions.submit_for_review(version=version, by=actor(here.business_owner), at=AT)
    refresh()
    version.refresh_from_db()
    assert [row.value for row in queries.preview(version)] == [2, 1]
    assert queries.value_at("lines", {}, JANUARY) is None, "nothing counts before it is signed"
    assert live.answer_of(version).reading_id


def test_the_rows_behind_a_value_are_described_and_not_fetched(
    here: Cast, takings: Dataset, client_for: Visit
) -> None:
    refresh()
    metric = Metric.objects.get()
    address = reverse("kpis:rows", args=[metric.pk])
    page = client_for(here.business_owner).get(f"{address}?month=2026-01&store=Nanshan").content.decode()
    assert "never copied" in page
    assert "public.till" in page
    told = client_for(here.business_owner).get(
        f"/api/v1/metrics/{metric.pk}/rows/?since=2026-01-01&store=Nanshan"
    )
    assert told.json()["stays_at"]["conditions"] == [{"column": "store", "value": "Nanshan"}]
    assert told.json()["rows"] == []
    rows = client_for(here.administrator).get(f"/api/v1/sources/datasets/{takings.pk}/rows/")
    assert (rows.status_code, rows.json()["title"]) == (422, "live")
    assert client_for(here.employee).get(address).status_code == 403


def test_a_neighbour_sees_neither_readings_nor_parts(cast: Cast, takings: Dataset) -> None:
    refresh()
    with tenancy.acting_for(cast.elsewhere):
        assert not LiveReading.objects.exists()
        with database.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM kpis_livepart")
            assert cursor.fetchone() == (0,)


def test_the_api_models_live_datasets_and_asks_for_a_second_word(
    here: Cast, takings: Dataset, client_for: Visit
) -> None:
    client = client_for(here.administrator)
    address = f"/api/v1/sources/datasets/{takings.pk}/"
    assert client.get(address).json()["mode"] == "live"
    answer = stage.described(takings.connection, {"schema": "public", "table": "till"})
    names = ("source_name", "key", "type", "role", "is_key", "source_type")
    body = {
        "connection": str(takings.connection_id),
        "key": "till",
        "name_en": "Till",
        "schema_name": "public",
        "table_name": "till",
        "columns": [{name: column[name] for name in names} for column in answer["columns"]],
    }
    refused = client.put(address, body, content_type="application/json")
    assert (refused.status_code, refused.json()["title"]) == (422, "confirm_mode")
    body["columns"][0]["type"] = "date"
    unfit = client.put(address, body | {"mode": "live"}, content_type="application/json")
    assert (unfit.status_code, unfit.json()["title"]) == (422, "live_type")
    body["columns"][0]["type"] = "integer"
    switched = client.put(address, body | {"is_mode_confirmed": True}, content_type="application/json")
    assert switched.status_code == 202
    takings.refresh_from_db()
    assert takings.mode == "imported"


def test_what_a_source_answered_is_seen_by_branch(here: Cast, actor: Any, takings: Dataset) -> None:
    """The sums are kept for everybody; a reader has those of their branch, and of a draft nothing but these."""
    refresh()
    unit = BusinessUnit.objects.create(code="BJ", name_en="Binjiang", slice={"store": "Binjiang"})
    here.employee.unit = unit
    here.employee.save(update_fields=["unit"])
    sources.narrow_rows(
        dataset=takings,
        columns={"store": "store"},
        roles=["finance_owner"],
        people=[],
        by=actor(here.administrator),
        at=datetime.datetime.now(datetime.UTC),
    )
    version = MetricVersion.objects.select_related("dataset").get(metric__key="takings")
    reader, seer = (queries.sight_of(actor(one)) for one in (here.employee, here.finance_owner))
    assert queries.slices(version.metric, "store", sight=reader) == [{"store": "Binjiang"}]
    assert len(queries.slices(version.metric, "store", sight=seer)) == 2

    def previewed(store: dict[str, str], sight: queries.Sight) -> list[Decimal | None]:
        return [row.value for row in queries.preview(version, within=store, sight=sight)]

    assert previewed({"store": "Binjiang"}, reader) == [Decimal(10), Decimal("10.10")]
    assert previewed({"store": "Nanshan"}, reader) == previewed({}, reader) == []
    assert previewed({"store": "Nanshan"}, seer) == [Decimal("5.05")]
    assert total("takings", datetime.date(2026, 2, 1)) == Decimal("10.10")
    assert queries.value_at("takings", {}, JANUARY, sight=reader) is None, "one other store is all the rest"
