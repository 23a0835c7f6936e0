"""Key results with checkpoints of their own: what is expected of them and of their objectives, and who agrees to it."""

import csv
import dataclasses
import datetime
import io
from decimal import Decimal

import openpyxl
import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions, queries, rules
from okr.actions.importing import cells
from okr.models import CheckpointContent, Content, KeyResult, MilestoneContent, Objective
from performance.people import models as people
from tests.okr.conftest import content, key_result

JSON = {"content_type": "application/json"}
DAY = datetime.timedelta(days=1)
PERCENT = 1_000_000


@pytest.fixture
def on(quarter, now, acting_cast):
    """Day n of a quarter of 100 days without weekends, in which today is day 40."""
    first = now.date() - 39 * DAY
    people.Organisation.objects.filter(pk=acting_cast.organisation.pk).update(country="")
    people.Period.objects.filter(pk=quarter.pk).update(starts_on=first, ends_on=first + 99 * DAY)
    calendar, _is_new = people.WorkCalendar.objects.get_or_create(
        is_default=True, defaults={"name_en": "Every day"}
    )
    people.CalendarDay.objects.bulk_create(
        people.CalendarDay(calendar=calendar, on=first + n * DAY, is_worked=True) for n in range(100)
    )
    quarter.refresh_from_db()
    quarter.organisation = acting_cast.organisation
    quarter.organisation.country = ""
    return lambda number: first + (number - 1) * DAY


def points(*pairs):
    return tuple(CheckpointContent(day, Decimal(str(value))) for day, value in pairs)


@pytest.fixture
def seasonal(on, propose, agree):
    """0 → 10 stores of which 1 is expected by day 40 and 2 by day 80."""

    def do(title="Sold in December", **fields):
        row = key_result(checkpoints=points((on(40), 1), (on(80), 2)), **fields)
        return agree(propose(content(title, row)))

    return do


def expected(objective, day, quarter):
    """What is expected of its first key result and of itself, in micro percent."""
    one = queries.with_key_results(Objective.objects.filter(pk=objective.pk)).get()
    pace = queries.pace_of(quarter, day)
    row = queries.key_result_rows(one, pace)[0]
    whole = queries.rows_of([one], {quarter.pk: pace}, {quarter.pk: queries.policy_of(quarter)})[0]
    return row.expected.micro, whole.expected.micro


# --- What is expected --------------------------------------------------------------------------------------


def test_the_pace_goes_straight_from_checkpoint_to_checkpoint(seasonal, on, quarter):
    one = seasonal()
    course = {20: 5, 40: 10, 60: 15, 80: 20, 90: 60, 100: 100}
    for day, percent in course.items():
        assert expected(one, on(day), quarter) == (percent * PERCENT, percent * PERCENT)


def test_a_falling_number_and_milestones_have_checkpoints_in_their_own_terms(on, quarter, propose, agree):
    falling = key_result(
        "decrease", weight=50, start=Decimal(11), target=Decimal(6), checkpoints=points((on(50), 10))
    )
    steps = key_result(
        "milestones", "Steps", 50, milestones=(MilestoneContent("A"),), checkpoints=points((on(50), "12.5"))
    )
    one = agree(propose(content("Both", falling, steps)))
    assert expected(one, on(50), quarter) == (20 * PERCENT, 16_250_000)
    row = queries.key_result_rows(one, queries.pace_of(quarter, on(50)))[1]
    assert (row.expected.micro, row.expected.by_checkpoints) == (12_500_000, True)


def test_status_is_measured_against_the_checkpoints_in_every_policy(
    seasonal, check_in, quarter, actor, cast, now
):
    one = seasonal()
    check_in(actions.Reading(one.key_results.get().pk, value=Decimal(1)))
    for rule in ("own_pace", "worst_wins", "latest_wins"):
        if rule != "own_pace":
            actions.set_policy(
                period=quarter, choices={"status_rule": rule}, reason="Said so.", by=actor(cast.hr), at=now
            )
        shown = queries.with_key_results(Objective.objects.filter(pk=one.pk))
        pace = queries.pace_of(quarter, now.date())
        (row,) = queries.rows_of(shown, {quarter.pk: pace}, {quarter.pk: queries.policy_of(quarter)})
        # Linear, 40 % would be expected and 10 % were off track.
        assert (row.status, row.ahead, row.expected.by_checkpoints) == ("good", 0, True)


def test_what_contributes_brings_its_checkpoints_along(
    seasonal, propose, agree, on, quarter, actor, cast, now
):
    child = seasonal()
    whole = agree(propose(content("The whole year"), by=cast.manager))
    assert expected(whole, on(40), quarter)[1] == 40 * PERCENT
    actions.align_objectives(
        child=child, parent=whole, kind="contributes", share_ppm=500_000, by=actor(cast.manager), at=now
    )
    # Half of it is its own and linear, half is the child's.
    assert expected(whole, on(40), quarter) == (40 * PERCENT, 25 * PERCENT)
    assert expected(whole, on(60), quarter) == (60 * PERCENT, 37_500_000)
    version = actions.propose_change(
        objective=child,
        content=dataclasses.replace(queries.content_of(child), key_results=(key_result(),)),
        by=actor(cast.employee),
        at=now,
        reason="No season after all.",
    )
    actions.agree_objective(objective=child, version_number=version.number, by=actor(cast.manager), at=now)
    assert expected(whole, on(40), quarter)[1] == 40 * PERCENT


def test_the_lowest_of_two_courses_is_expected_where_the_lowest_decides(
    on, quarter, propose, agree, actor, cast, now
):
    actions.set_policy(
        period=quarter, choices={"method": "worst"}, reason="Said so.", by=actor(cast.hr), at=now
    )
    late = key_result(title="Late", weight=50, checkpoints=points((on(50), 1)))
    early = key_result(title="Early", weight=50, checkpoints=points((on(20), 1), (on(90), 2)))
    one = agree(propose(content("Both", late, early)))
    for day in range(1, 101):
        shown = queries.with_key_results(Objective.objects.filter(pk=one.pk)).get()
        pace = queries.pace_of(quarter, on(day))
        rows = queries.key_result_rows(shown, pace)
        whole = queries.rows_of([shown], {quarter.pk: pace}, {quarter.pk: queries.policy_of(quarter)})[0]
        lowest = min(row.expected.micro for row in rows)
        assert abs(whole.expected.micro - lowest) <= 1


def test_only_what_counts_in_the_progress_counts_in_what_is_expected(on, quarter, propose, agree, check_in):
    late = key_result(title="Late", weight=50, checkpoints=points((on(40), 1)))
    steady = key_result(title="Steady", weight=50)
    one = agree(propose(content("Both", late, steady)))
    assert expected(one, on(40), quarter)[1] == 25 * PERCENT
    check_in(actions.Reading(one.key_results.get(title="Late").pk, value=Decimal(1)))
    assert expected(one, on(40), quarter)[1] == 10 * PERCENT


def test_a_bound_key_result_that_keeps_its_checkpoints_need_not_be_explained(on, quarter, acting_cast):
    row = KeyResult(
        kind="kpi", start=Decimal(0), target=Decimal(10), progress_micro=10 * PERCENT,
        checkpoints=[{"on": on(40).isoformat(), "value": "1"}],
        objective=Objective(period=quarter),
    )  # fmt: skip
    paces = queries.paces_of([row], on(40), quarter.organisation)
    assert paces.status_of(row) == "good"
    assert queries.paces_of([row], on(90), quarter.organisation).status_of(row) == "bad"


def test_a_checkpoint_outside_a_period_that_was_moved_counts_no_more(seasonal, on, quarter):
    one = seasonal()
    people.Period.objects.filter(pk=quarter.pk).update(ends_on=on(80))
    quarter.refresh_from_db()
    assert expected(one, on(60), quarter)[0] == 55 * PERCENT
    assert expected(one, on(80), quarter)[0] == 100 * PERCENT


def test_more_checkpoints_ask_the_database_nothing_more(seasonal, propose, agree, client_for, cast, on):
    agree(propose(content("Linear")))
    client = client_for(cast.employee)
    for address in (reverse("okr:objectives"), reverse("okr:home"), reverse("okr:strategy")):
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as linear:
            client.get(address)
        with transaction.atomic():
            seasonal(f"Seasonal on {address}")
        with CaptureQueriesContext(connection) as bent:
            assert client.get(address).status_code == 200
        assert len(bent) == len(linear), address


# --- What is sound -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (((0, 1),), "outside the period"),
        (((101, 1),), "outside the period"),
        (((100, 10),), "last day"),
        (((40, 1), (40, 2)), "Two checkpoints"),
        (((40, 1), (30, 2)), "after a later one"),
        (((40, 11),), "from start to target"),
        (((40, -1),), "from start to target"),
        (((40, 3), (50, 2)), "falls behind"),
        (tuple((day, 1) for day in range(1, 40)), "the most"),
    ],
)
def test_checkpoints_rise_within_the_period_on_the_way_to_the_target(on, quarter, pairs, words):
    row = key_result(checkpoints=points(*((on(day), value) for day, value in pairs)))
    (problem,) = rules.problems_of(content("Goal", row), quarter)
    assert problem.path == "0.checkpoints"
    assert words in str(problem.message)


def test_equal_values_stand_still_and_are_sound(on, quarter):
    row = key_result(checkpoints=points((on(40), 3), (on(50), 3), (on(60), 10)))
    assert rules.problems_of(content("Goal", row), quarter) == []


@pytest.mark.parametrize(
    ("kind", "fields"),
    [("band", {"lower": Decimal(1)}), ("yes_no", {}), ("increase", {"start": 1, "target": 1})],
)
def test_what_is_on_no_way_has_no_checkpoints(on, quarter, kind, fields):
    row = key_result(kind, checkpoints=points((on(40), 1)), **fields)
    assert [problem.path for problem in rules.problems_of(content("Goal", row), quarter)] == ["0.checkpoints"]


def test_the_database_keeps_checkpoints_away_from_a_band(seasonal):
    with pytest.raises(IntegrityError), transaction.atomic():
        KeyResult.objects.filter(objective=seasonal()).update(kind="band")


def test_another_target_is_refused_while_a_checkpoint_lies_beyond_it(seasonal, actor, cast, now):
    one = seasonal()
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        actions.suggest_edit(
            objective=one, field=f"{one.key_results.get().pk}.target", new=Decimal("1.5"),
            by=actor(cast.manager), at=now,
        )  # fmt: skip
    assert refusal.value.field == "0.checkpoints"


# --- Agreeing to it ----------------------------------------------------------------------------------------


def test_other_checkpoints_are_a_change_that_both_sides_agree_to(seasonal, on, quarter, actor, cast, now):
    one = seasonal()
    before = queries.content_of(one)
    row = before.key_results[0]
    later = dataclasses.replace(row, checkpoints=points((on(40), "2.5")))
    text = dataclasses.replace(before, key_results=(later,))
    version = actions.propose_change(
        objective=one, content=text, by=actor(cast.employee), at=now, reason="Sooner."
    )
    ((label, was, is_now),) = queries.differences(
        before, version.as_content, queries.owners_named(one, [text])
    )
    assert (label, was.count(":"), is_now.partition(": ")[2]) == ("KR1 checkpoints", 2, "2.5")
    assert expected(one, on(40), quarter)[0] == 10 * PERCENT
    actions.agree_objective(objective=one, version_number=version.number, by=actor(cast.manager), at=now)
    assert expected(one, on(40), quarter)[0] == 25 * PERCENT


def test_a_text_signed_before_there_were_checkpoints_still_reads(on):
    kept = content("Old").to_json()
    del kept["key_results"][0]["checkpoints"]
    assert Content.from_json(kept).key_results[0].checkpoints == ()


# --- Pages -------------------------------------------------------------------------------------------------


def form(quarter, cast, **fields):
    return {
        "owner": f"person:{cast.employee.pk}", "period": str(quarter.pk), "title": "Sold in December",
        "description": "", "type": "committed", "visibility": "public", "weight": "1", "kr-count": "1",
        "kr-0-kind": "increase", "kr-0-title": "Orders", "kr-0-start": "0", "kr-0-target": "100",
        "kr-0-weight": "100",
    } | fields  # fmt: skip


def test_rows_of_checkpoints_come_and_go_without_javascript(on, quarter, cast, client_for):
    client = client_for(cast.employee)
    page = client.post(reverse("okr:propose"), form(quarter, cast, add_point="0"))
    assert page.content.count(b'type="date"') == 1
    assert b"autofocus" in page.content
    typed = {"kr-0-point-0-on": str(on(30)), "kr-0-point-0-value": "10"}
    page = client.post(reverse("okr:propose"), form(quarter, cast, add_point="0", **typed))
    assert page.content.count(b'type="date"') == 2
    assert str(on(30)).encode() in page.content
    typed |= {"kr-0-point-1-on": "", "kr-0-point-1-value": ""}
    page = client.post(reverse("okr:propose"), form(quarter, cast, drop_point="0.0", **typed))
    assert page.content.count(b'type="date"') == 1
    assert str(on(30)).encode() not in page.content
    assert not Objective.objects.exists()


def test_checkpoints_are_saved_in_the_order_of_their_days_and_empty_rows_are_none(
    on, quarter, cast, client_for
):
    typed = {
        "kr-0-point-0-on": str(on(60)), "kr-0-point-0-value": "1,0.5",
        "kr-0-point-1-on": "", "kr-0-point-1-value": "",
        "kr-0-point-2-on": str(on(30)), "kr-0-point-2-value": "10",
    }  # fmt: skip
    answer = client_for(cast.employee).post(reverse("okr:propose"), form(quarter, cast, propose="1", **typed))
    assert answer.status_code == 302
    row = KeyResult.objects.get()
    assert row.checkpoints == [
        {"on": str(on(30)), "value": "10"},
        {"on": str(on(60)), "value": "10.5"},
    ]
    one = Objective.objects.get()
    page = client_for(cast.employee).get(reverse("okr:change", args=[one.pk])).content.decode()
    assert f'value="{on(30)}"' in page
    assert 'value="10.5"' in page


@pytest.mark.parametrize(
    ("day", "value", "words"),
    [
        (30, "", "Say which value"),
        (None, "3", "Say by which day"),
        (30, "x", "Enter a number"),
        (0, "3", "outside the period"),
    ],
)
def test_a_checkpoint_that_says_half_or_nonsense_is_shown_again(
    on, quarter, cast, client_for, day, value, words
):
    typed = {"kr-0-point-0-on": "" if day is None else str(on(day)), "kr-0-point-0-value": value}
    page = client_for(cast.employee).post(reverse("okr:propose"), form(quarter, cast, propose="1", **typed))
    assert page.status_code == 422
    assert words in page.content.decode()


def test_beside_the_figure_stands_where_it_comes_from(seasonal, propose, agree, cast, client_for):
    one, other = seasonal(), agree(propose(content("Linear")))
    client = client_for(cast.employee)
    page = client.get(reverse("okr:objective", args=[one.pk])).content.decode()
    assert "10% expected by its checkpoints" in page
    page = client.get(reverse("okr:objective", args=[other.pk])).content.decode()
    assert "40% expected, linear by workday" in page
    week = client.get(reverse("okr:home")).content.decode()
    assert "10% expected by your checkpoints" in week
    assert "40% expected, linear by workday" in week
    assert "10% expected by its checkpoints" in client.get(reverse("okr:objectives")).content.decode()


def test_a_reading_behind_is_called_the_worst_by_its_distance_to_its_plan(
    seasonal, propose, agree, check_in, on, now, cast
):
    late, steady = seasonal(), agree(propose(content("Steady")))
    readings = [
        actions.Reading(late.key_results.get().pk, value=Decimal(0)),
        actions.Reading(steady.key_results.get().pk, value=Decimal("0.5")),
    ]
    check_in(*readings)
    (row,) = queries.team_week(
        [cast.employee], rules.monday_of(now.date()), today=now.date(), organisation=cast.organisation
    )
    assert row.worst.key_result.objective == steady


# --- Other ways in and out ---------------------------------------------------------------------------------


def test_the_api_takes_and_gives_checkpoints_and_keeps_those_it_is_not_told_of(on, quarter, cast, client_for):
    row = {"kind": "increase", "title": "Orders", "weight": "100", "start": "0", "target": "100"}
    body = {"period": str(quarter.pk), "title": "Season", "draft": True}
    told = [{"on": str(on(60)), "value": "20.5"}, {"on": str(on(30)), "value": "10"}]
    client = client_for(cast.employee)
    made = client.post(
        reverse("api_objectives"), body | {"key_results": [row | {"checkpoints": told}]}, **JSON
    )
    assert made.status_code == 201, made.content
    (given,) = made.json()["key_results"]
    assert [(each["on"], Decimal(each["value"])) for each in given["checkpoints"]] == [
        (str(on(30)), Decimal(10)),
        (str(on(60)), Decimal("20.5")),
    ]
    address = reverse("api_change_objective", args=[made.json()["id"]])
    same = row | {"id": given["id"], "title": "Orders shipped"}
    again = client.post(address, {"title": "Season", "draft": True, "key_results": [same]}, **JSON).json()
    assert again["key_results"][0]["checkpoints"] == given["checkpoints"]
    none = client.post(
        address, {"title": "Season", "draft": True, "key_results": [same | {"checkpoints": []}]}, **JSON
    ).json()
    assert none["key_results"][0]["checkpoints"] == []
    wrong = [{"on": str(on(101)), "value": "1"}]
    refused = client.post(
        address, {"title": "Season", "draft": True, "key_results": [same | {"checkpoints": wrong}]}, **JSON
    )
    assert refused.status_code in (400, 409, 422)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_holds_checkpoints_exactly_and_brings_them_back(seasonal, on, quarter, actor, cast, now, kind):
    one = seasonal()
    who = actor(cast.hr)
    with actions.export_objectives(
        objectives=queries.visible_to(who), form=kind, filters={}, by=who, at=now
    ) as file:
        written = file.read()
    rows = (
        list(csv.reader(io.StringIO(written.decode())))
        if kind == "csv"
        else [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(written)).active]
    )
    place = rows[0].index("Checkpoints")
    assert rows[1][place] == f"{on(40)}: 1\n{on(80)}: 2"

    def upload(content):
        return actions.upload_goals(
            file_name=f"goals.{kind}", content=content, period=quarter, by=who, at=now
        ).report

    assert upload(written)["counts"]["same"] == 1
    if kind == "csv":
        rows[1][place] = f"{on(40)}: 1.25; {on(80):%Y年%m月%d日}：2"
        changed = io.StringIO()
        csv.writer(changed).writerows(rows)
        report = upload(changed.getvalue().encode())
        assert [field["label"] for field in report["changed"][0]["fields"]] == ["KR1 checkpoints"]
        assert one.key_results.get().checkpoints[0]["value"] == "1"


def test_what_is_no_checkpoint_in_a_file_is_told():
    for text in ("40", "2026-13-01: 4", "2026-01-31: many", "31/01/2026: 4"):
        with pytest.raises(cells.CellError):
            cells.checkpoints(text)
    assert cells.checkpoints("2026/1/31：1,000\n\n2026-01-05 = 40%") == points(
        (datetime.date(2026, 1, 5), 40), (datetime.date(2026, 1, 31), 1000)
    )


def test_neither_copies_nor_what_is_carried_over_take_checkpoints_along(
    seasonal, on, quarter, actor, cast, now, client_for
):
    one = seasonal()
    later = people.Period.objects.create(
        name_en="Later", starts_on=on(101), ends_on=on(180), state="planning"
    )
    client = client_for(cast.employee)
    copied = client.post(
        reverse("okr:duplicate", args=[quarter.pk]),
        {"period": str(later.pk), "objectives": [str(one.pk)], "start": "same"},
        follow=True,
    ).content.decode()
    assert "Checkpoints stayed behind" in copied
    copy = Objective.objects.get(period=later)
    assert copy.key_results.get().checkpoints == []
    (carried,) = actions.carry_over(objectives=[one], to=later, by=actor(cast.employee), at=now)
    assert carried.key_results.get().checkpoints == []
