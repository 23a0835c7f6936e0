"""Reading only what is new: nothing is lost at the edge of what is read again, and nothing stops the reading."""

import datetime
from collections.abc import Iterator
from typing import Any

import pytest

from performance.people.models import Organisation
from performance.sources import models
from performance.sources.actions import loading
from tests.sources import stage
from tests.sources.real_data import Place
from tests.sources.stage import AT, Clock

LATER = AT + datetime.timedelta(minutes=10)


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]


@pytest.fixture(params=["contoso", "northwind"])
def tills(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A table that tests may change: a receipt every six hours from the first of May to the thirteenth, 14:00."""
    place: Place = request.getfixturevalue(request.param)
    place.run("DROP TABLE IF EXISTS tills")
    moment = "timestamp" if place.kind == "postgresql" else "datetime"
    place.run(f"CREATE TABLE tills (id int primary key, at {moment}, amount numeric(12,2))")
    first = datetime.datetime.combine(datetime.date(2026, 5, 1), datetime.time(2))
    for number in range(51):
        place.run(f"INSERT INTO tills VALUES ({number}, '{first + number * datetime.timedelta(hours=6)}', 1)")
    yield place
    place.run("DROP TABLE tills")


def receipts(place: Place, type_: str = "date", **options: Any) -> models.Dataset:
    schema = "public" if place.kind == "postgresql" else place.values["database"]
    return stage.modelled(
        stage.connected(place),
        {"schema": schema, "table": "tills"},
        "tills",
        **{
            "change": lambda proposal: {"type": type_} if proposal.source_name == "at" else {},
            "cursor_column": "at",
            "overlap_days": 3,
            "time_zone": "Asia/Shanghai",
        }
        | options,
    )


def numbers(dataset: models.Dataset) -> list[int]:
    return [number for (number,) in stage.rows(dataset, "id")]


def test_a_moment_kept_as_a_day_is_read_again_from_midnight(acting: Organisation, tills: Place) -> None:
    dataset = receipts(tills)
    stage.load(dataset)
    assert len(numbers(dataset)) == 51
    tills.run("INSERT INTO tills VALUES (99, '2026-05-13 20:00:00', 1)")
    done = stage.load(dataset, Clock(LATER))
    assert not done.is_full
    assert (done.rows_inserted, done.rows_deleted) == (1, 0)
    assert numbers(dataset) == [*range(51), 99]


def test_an_instant_kept_as_a_day_is_read_again_from_midnight_where_the_rows_belong(
    acting: Organisation, contoso: Place
) -> None:
    contoso.run("DROP TABLE IF EXISTS tills")
    contoso.run("CREATE TABLE tills (id int primary key, at timestamptz)")
    contoso.run(
        "INSERT INTO tills SELECT n, '2026-05-01 02:00+00'::timestamptz + n * interval '6 hours'"
        " FROM generate_series(0, 50) n"
    )
    dataset = receipts(contoso)
    stage.load(dataset)
    assert stage.load(dataset, Clock(LATER)).rows_deleted == 0
    assert numbers(dataset) == list(range(51))
    contoso.run("DROP TABLE tills")


@pytest.mark.parametrize("moment", ["9999-12-31 00:00:00", "2099-05-13 00:00:00"])
def test_a_day_that_nobody_has_reached_does_not_end_the_reading(
    moment: str, acting: Organisation, tills: Place
) -> None:
    dataset = receipts(tills, "timestamp")
    tills.run(f"INSERT INTO tills VALUES (98, '{moment}', 1)")
    stage.load(dataset)
    tills.run("INSERT INTO tills VALUES (99, '2026-05-14 10:00:00', 1)")
    done = stage.load(dataset, Clock(LATER))
    assert not done.is_full
    assert done.rows_inserted == 1
    assert {51, 99} & set(numbers(dataset)) == {99}


def test_what_was_read_up_to_a_day_to_come_is_read_from_the_beginning_once(
    acting: Organisation, tills: Place
) -> None:
    dataset = receipts(tills, "timestamp")
    stage.load(dataset)
    ahead = {"type": "timestamp_wall", "value": "2099-05-13T00:00:00"}
    models.Dataset.objects.filter(pk=dataset.pk).update(cursor=ahead)
    tills.run("INSERT INTO tills VALUES (99, '2026-05-02 10:00:00', 1)")
    assert stage.load(dataset, Clock(LATER)).rows_inserted == 1
    assert dataset.cursor["value"] < "2026-05-15"


@pytest.mark.parametrize("overlap_days", [0, 3])
def test_numbers_of_the_last_days_are_read_again_for_those_that_came_late(
    acting: Organisation, tills: Place, overlap_days: int
) -> None:
    dataset = receipts(tills, "timestamp", cursor_column="id", overlap_days=overlap_days)
    tills.run("DELETE FROM tills WHERE id IN (20, 49)")
    stage.load(dataset)
    assert dataset.cursor["value"] == "50"
    days = [AT + datetime.timedelta(days=days, minutes=1) for days in range(1, 6)]
    tills.run("INSERT INTO tills VALUES (49, '2026-05-13 08:00:00', 1), (60, '2026-05-14 08:00:00', 1)")
    for day in days[:4]:
        stage.load(dataset, Clock(day))
    assert (49 in numbers(dataset)) is bool(overlap_days)
    tills.run("INSERT INTO tills VALUES (20, '2026-05-05 08:00:00', 1)")
    done = stage.load(dataset, Clock(days[4]))
    assert done.rows_read == 1
    assert 20 not in numbers(dataset), "numbers before the days that are read again are left alone"


@pytest.mark.parametrize("type_", ["date", "timestamp"])
def test_a_row_whose_day_is_set_back_is_moved_and_not_lost(
    acting: Organisation, tills: Place, type_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands before all that is read again; one that is deleted goes all the same."""
    monkeypatch.setattr(loading, "SOUGHT_AT_ONCE", 2)
    dataset = receipts(tills, type_)
    stage.load(dataset)
    tills.run("UPDATE tills SET at = '2026-05-02 09:00:00', amount = 7 WHERE id IN (46, 48, 49)")
    tills.run("DELETE FROM tills WHERE id IN (45, 47)")
    done = stage.load(dataset, Clock(LATER))
    assert done.state == "done", done.problem
    assert not done.is_full
    assert (done.rows_updated, done.rows_deleted, done.rows_inserted) == (3, 2, 0)
    assert numbers(dataset) == [number for number in range(51) if number not in (45, 47)]
    moved = [row for row in stage.rows(dataset, "id", "amount", "at") if row[1] == 7]
    assert [number for number, _amount, _at in moved] == [46, 48, 49]
    assert {f"{at:%Y-%m-%d}" for _number, _amount, at in moved} == {"2026-05-02"}
    again = stage.load(dataset, Clock(LATER))
    assert (again.rows_updated, again.rows_deleted, again.rows_inserted) == (0, 0, 0)


def test_a_row_with_a_key_of_several_columns_is_found_again(acting: Organisation, tills: Place) -> None:
    tills.run("ALTER TABLE tills ADD COLUMN lane varchar(9)")
    tills.run("UPDATE tills SET lane = concat('0', id)")
    dataset = receipts(
        tills, "timestamp", change=lambda proposal: {"is_key": proposal.source_name in ("lane", "id")}
    )
    stage.load(dataset)
    tills.run("UPDATE tills SET at = '2026-05-02 09:00:00' WHERE id = 48")
    done = stage.load(dataset, Clock(LATER))
    assert done.state == "done", done.problem
    assert (done.rows_updated, done.rows_deleted) == (1, 0)
    assert len(numbers(dataset)) == 51
