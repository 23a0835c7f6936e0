"""Key results with checkpoints of their own: what is expected of them and of their objectives, and who agrees to it."""

import dataclasses
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions, queries, rules
from okr.models import Content, KeyResult, MilestoneContent, Objective
from performance.people import models as people
from tests.okr.checkpoints.courses import points
from tests.okr.conftest import content, key_result

PERCENT = 1_000_000


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
    text = queries.content_of(child)
    (row,) = text.key_results
    version = actions.propose_change(
        objective=child,
        content=dataclasses.replace(text, key_results=(dataclasses.replace(row, checkpoints=()),)),
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
