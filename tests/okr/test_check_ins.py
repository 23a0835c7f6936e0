"""The weekly check-in: one transaction, append-only, progress at once."""

import datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from okr import actions, queries
from okr.models import Alignment, CheckIn, CheckInDraft, KeyResultEntry, ProgressPoint
from performance.foundation.models import StaleRow
from performance.inbox import queries as inbox
from performance.inbox.models import WorkItem
from tests.okr.conftest import WEEK, content, key_result, monday_of


def four_readings(objective, **changed):
    up, down, steps, answer = objective.key_results.all()
    first, second, *_rest = steps.milestones.all()
    return [
        actions.Reading(up.pk, value=changed.get("up", Decimal(5)), confidence=4),
        actions.Reading(down.pk, value=changed.get("down", Decimal(10)), confidence=2),
        actions.Reading(steps.pk, milestones_done=frozenset({first.pk, second.pk}), confidence=5),
        actions.Reading(answer.pk, done=changed.get("done", True), confidence=5),
    ]


def test_without_a_check_in_there_is_no_score_rather_than_zero(active):
    assert active.progress_micro is None
    assert list(active.key_results.values_list("progress_micro", flat=True)) == [None] * 4


def test_a_check_in_moves_every_key_result_and_the_objective(active, check_in, cast):
    check_in(*four_readings(active))

    assert list(active.key_results.values_list("progress_micro", flat=True)) == [
        50_000_000,
        20_000_000,
        50_000_000,
        100_000_000,
    ]
    active.refresh_from_db()
    assert (active.progress_micro, active.coverage_ppm, active.confidence) == (55_000_000, 1_000_000, 2)
    assert StaleRow.objects.filter(kind="score", subject_id=cast.employee.pk).exists()
    assert ProgressPoint.objects.filter(objective=active).latest("at", "id").progress_micro == 55_000_000


def test_what_is_not_reported_stays_as_it_was_and_lowers_the_coverage(active, check_in):
    check_in(four_readings(active)[0])
    active.refresh_from_db()
    assert (active.progress_micro, active.coverage_ppm) == (50_000_000, 250_000)


def test_the_same_again_changes_nothing(active, check_in):
    first = check_in(*four_readings(active), wins="Done.")
    assert check_in(*four_readings(active), wins="Done.") == first
    assert CheckIn.objects.count() == 1


def test_something_else_in_the_same_week_is_a_correction_that_points_back(active, check_in):
    first = check_in(*four_readings(active))
    second = check_in(*four_readings(active, up=Decimal(6)))

    assert (second.number, second.corrects) == (2, first)
    assert first.entries.get(key_result=active.key_results.first()).value == Decimal(5)
    assert active.key_results.first().current == Decimal(6)


def test_the_curve_of_a_key_result_follows_the_weeks_that_were_reported_on(active, check_in, now, quarter):
    monday = monday_of(now.date())
    quarter.starts_on = min(quarter.starts_on, monday - 2 * WEEK)
    quarter.save()
    up = active.key_results.first()
    for weeks_ago, value in ((0, 6), (2, 2), (1, 4), (2, 3)):
        check_in(actions.Reading(up.pk, value=Decimal(value)), week_starts_on=monday - weeks_ago * WEEK)
    row, *_others = queries.key_result_rows(active, queries.pace_of(quarter, now.date()))
    assert row.history == [3, 4, 6]


def test_correcting_an_earlier_week_leaves_the_present_value(active, check_in, now):
    last_week = monday_of(now.date()) - WEEK
    active.period.starts_on = min(active.period.starts_on, last_week)
    active.period.save()
    active.period.refresh_from_db()
    check_in(four_readings(active)[0], week_starts_on=last_week, period=active.period)
    check_in(*four_readings(active, up=Decimal(7)), period=active.period)
    check_in(*four_readings(active, up=Decimal(3)), week_starts_on=last_week, period=active.period)

    assert active.key_results.first().current == Decimal(7)
    corrected = CheckIn.objects.get(week_starts_on=last_week, number=2)
    assert corrected.entries.get(key_result=active.key_results.first()).value == Decimal(3)


def test_history_is_append_only_in_the_database(active, check_in, now):
    check_in(*four_readings(active))
    for model in (CheckIn, KeyResultEntry, ProgressPoint):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            model.objects.update(at=now)


def test_key_results_of_others_are_not_mine_to_report(active, check_in, cast):
    with pytest.raises(actions.CheckInRefused) as refusal:
        check_in(four_readings(active)[0], by=cast.colleague)
    assert refusal.value.code == "not_yours"


@pytest.mark.parametrize("days", [7, 1])
def test_a_future_or_crooked_week_is_refused(active, check_in, now, days):
    with pytest.raises(actions.CheckInRefused) as refusal:
        check_in(week_starts_on=monday_of(now.date()) + datetime.timedelta(days=days))
    assert refusal.value.field == "week"


def test_locked_progress_refuses_the_check_in(active, check_in, quarter, now):
    quarter.progress_locked_at = now
    quarter.save()
    with pytest.raises(actions.CheckInRefused) as refusal:
        check_in(*four_readings(active))
    assert refusal.value.code == "progress_locked"


def test_a_blocker_asks_a_person_and_a_reply_closes_the_item(active, check_in, cast, actor, now):
    submitted = check_in(*four_readings(active), blockers="The lift is broken.", asks=cast.colleague)

    assert inbox.open_items(cast.colleague.pk).get().kind == "goals.blocker"
    assert inbox.open_items(cast.manager.pk).get().kind == "goals.reply"
    actions.reply_to_check_in(check_in=submitted, by=actor(cast.colleague), text="I call them.", at=now)
    assert not inbox.open_items(cast.colleague.pk).exists()
    assert inbox.open_items(cast.manager.pk).exists()
    actions.reply_to_check_in(check_in=submitted, by=actor(cast.manager), at=now)
    assert not inbox.open_items(cast.manager.pk).exists()


def test_asking_somebody_else_in_a_correction_moves_the_item(active, check_in, cast):
    check_in(*four_readings(active), blockers="Stuck.", asks=cast.colleague)
    check_in(*four_readings(active), blockers="Stuck.", asks=cast.hr)
    assert not inbox.open_items(cast.colleague.pk).exists()
    assert inbox.open_items(cast.hr.pk).get().kind == "goals.blocker"


def test_asking_for_help_needs_a_blocker_and_somebody_else(active, check_in, cast):
    with pytest.raises(actions.CheckInRefused) as refusal:
        check_in(asks=cast.colleague)
    assert refusal.value.field == "blockers"
    with pytest.raises(actions.CheckInRefused) as refusal:
        check_in(blockers="Stuck.", asks=cast.employee)
    assert refusal.value.field == "asks"


def test_a_draft_is_kept_until_the_week_is_submitted(active, check_in, cast, actor, now):
    week = monday_of(now.date())
    for wins in ("Fir", "First"):
        actions.save_check_in_draft(
            week_starts_on=week, fields={"wins": wins}, by=actor(cast.employee), at=now
        )
    assert queries.draft_of(cast.employee.pk, week).fields == {"wins": "First"}
    check_in(*four_readings(active))
    assert not CheckInDraft.objects.exists()


def test_contributions_roll_up_with_their_share(active, propose, agree, check_in, cast, actor, now):
    parent = agree(propose(content("Full shelves", key_result()), by=cast.manager))
    by = actor(cast.employee)
    link = actions.align_objectives(child=active, parent=parent, share_ppm=400_000, by=by, at=now)
    check_in(*four_readings(active))
    check_in(actions.Reading(parent.key_results.get().pk, value=Decimal(10)), by=cast.manager)

    parent.refresh_from_db()
    assert (link.is_offer, parent.progress_micro) == (True, 100_000_000), "an offer does not count"
    actions.accept_contribution(link=link, by=actor(cast.manager), at=now)
    parent.refresh_from_db()
    # 60 % of its own 100, 40 % of the child's 55.
    assert parent.progress_micro == 82_000_000
    assert StaleRow.objects.filter(kind="score", subject_id=cast.manager.pk).exists()


def test_what_counts_is_changed_and_let_go_by_whom_it_counts_for(active, propose, agree, cast, actor, now):
    parent = agree(propose(content("Full shelves", key_result()), by=cast.manager))
    mine, theirs = actor(cast.employee), actor(cast.manager)
    link = actions.align_objectives(child=active, parent=parent, share_ppm=400_000, by=mine, at=now)
    offered = WorkItem.objects.get(kind="goals.link", done_at=None)
    assert offered.person_id == cast.manager.pk
    actions.align_objectives(child=active, parent=parent, share_ppm=300_000, by=mine, at=now)
    actions.accept_contribution(link=link, by=theirs, at=now)
    assert not WorkItem.objects.filter(kind="goals.link", done_at=None).exists()
    for refused in (
        lambda: actions.align_objectives(child=active, parent=parent, share_ppm=900_000, by=mine, at=now),
        lambda: actions.align_objectives(child=active, parent=parent, kind="supports", by=mine, at=now),
        lambda: actions.part_objectives(link=link, by=mine, at=now),
    ):
        with pytest.raises(actions.ObjectiveRefused) as refusal:
            refused()
        assert refusal.value.code == "counts"
    actions.align_objectives(child=active, parent=parent, share_ppm=200_000, by=theirs, at=now)
    assert not actions.align_objectives(
        child=active, parent=parent, kind="supports", by=theirs, at=now
    ).share_ppm
    actions.part_objectives(link=link, by=theirs, at=now)
    assert not Alignment.objects.exists()


def test_supporting_does_not_score(active, propose, agree, check_in, cast, actor, now):
    parent = agree(propose(content("Full shelves", key_result()), by=cast.manager))
    actions.align_objectives(child=active, parent=parent, kind="supports", by=actor(cast.employee), at=now)
    check_in(*four_readings(active))
    parent.refresh_from_db()
    assert parent.progress_micro is None


def test_alignment_refuses_cycles_and_shares_beyond_the_whole(active, propose, agree, cast, actor, now):
    top = agree(propose(content("Top"), by=cast.manager))
    middle = agree(propose(content("Middle"), by=cast.manager))
    by = actor(cast.manager)
    actions.align_objectives(child=active, parent=middle, share_ppm=600_000, by=by, at=now)
    actions.align_objectives(child=middle, parent=top, share_ppm=600_000, by=by, at=now)
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        actions.align_objectives(child=top, parent=active, share_ppm=100_000, by=by, at=now)
    assert refusal.value.code == "cycle"
    other = agree(propose(content("Other"), by=cast.manager))
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        actions.align_objectives(child=other, parent=top, share_ppm=500_000, by=by, at=now)
    assert refusal.value.field == "share"


def test_a_policy_is_versioned_and_counts_the_period_again(active, check_in, quarter, cast, actor, now):
    check_in(*four_readings(active, up=Decimal(11)))
    active.refresh_from_db()
    assert active.progress_micro == 67_500_000
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        actions.set_policy(period=quarter, choices={"over": "cap"}, by=actor(cast.hr), at=now)
    assert refusal.value.field == "reason"

    policy = actions.set_policy(
        period=quarter, choices={"over": "cap"}, reason="We agreed to it.", by=actor(cast.hr), at=now
    )
    active.refresh_from_db()
    assert policy.number == 1
    assert active.progress_micro == 70_000_000
    points = ProgressPoint.objects.filter(objective=active).order_by("at", "id")
    assert [(each.progress_micro, each.policy_number) for each in points][-2:] == [
        (67_500_000, 0),
        (70_000_000, 1),
    ]
