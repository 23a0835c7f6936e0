"""Reviews from being made to being sent: who owes which, what a draft keeps, and what they come to."""

import datetime
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from performance.appraisals import actions, queries
from performance.appraisals.actions import made
from performance.appraisals.models import Cycle, CycleEntry, Review, ReviewAnswer
from performance.foundation import access, tenancy
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from performance.people import models as people
from performance.people import queries as people_queries
from tests.appraisals.writing import answers, review_of, send
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
Actor = Callable[[people.Person], access.Actor]


@pytest.fixture(autouse=True)
def here(cast: Cast) -> object:
    with tenancy.acting_for(cast.organisation):
        yield


def kinds(cycle: Cycle, person: people.Person) -> set[tuple[str, people.Person]]:
    found = Review.objects.filter(entry__cycle=cycle, entry__person=person).select_related("reviewer")
    return {(each.kind, each.reviewer) for each in found}


def test_everybody_writes_of_themselves_managers_of_their_people_and_reports_upward(
    cast: Cast, reviewed: Cycle
) -> None:
    assert kinds(reviewed, cast.employee) == {("self", cast.employee), ("manager", cast.manager)}
    assert ("upward", cast.employee) in kinds(reviewed, cast.manager)
    assert ("manager", cast.boss) in kinds(reviewed, cast.manager)
    assert made.make_reviews(reviewed) == 0


def test_two_managers_of_a_period_weigh_by_the_days_that_they_led(
    cast: Cast, quarter: people.Period, template: object, scored: object, actor: Actor
) -> None:
    turn = quarter.starts_on + datetime.timedelta(days=30)
    line = people.ReportingLine.objects.get(person=cast.employee, ends_on=None)
    people.ReportingLine.objects.filter(pk=line.pk).update(ends_on=turn)
    people.ReportingLine.objects.create(person=cast.employee, manager=cast.boss, starts_on=turn)
    today = people_queries.today(cast.organisation)
    cycle = actions.open_cycle(
        period=quarter,
        name_en="Two",
        name_zh="",
        template_version=template,
        days={"manager": (today, today)},
        by=actor(cast.hr),
        at=timezone.now(),
    )
    whole = (quarter.ends_on - quarter.starts_on).days + 1
    first = review_of(cycle, cast.employee, "manager", cast.manager)
    last = review_of(cycle, cast.employee, "manager", cast.boss)
    assert first.share_ppm + last.share_ppm == 1_000_000
    assert abs(first.share_ppm - 30 * 1_000_000 / whole) <= 1
    assert (first.is_lead, last.is_lead) == (False, True)
    assert last.from_on == turn
    # The former manager sees no score, so nothing is suggested to them.
    send(first, actor(cast.manager), 2, 2, 2)
    entry = CycleEntry.objects.get(cycle=cycle, person=cast.employee)
    assert (entry.manager_rating, entry.overall_micro) == (2, 2_000_000)
    send(last, actor(cast.boss), 4, 4, 4)
    entry.refresh_from_db()
    assert entry.overall_micro == round(2 * first.share_ppm + 4 * last.share_ppm)
    assert entry.manager_rating == (3 if entry.overall_micro < 3_500_000 else 4)


def test_who_led_for_a_few_days_does_not_review(cast: Cast, quarter: people.Period) -> None:
    days = (quarter.starts_on, quarter.ends_on)
    led = {cast.boss.pk: (*days, 5), cast.manager.pk: (*days, 80)}
    assert set(made._counted(led)) == {cast.manager.pk}
    assert set(made._counted({cast.boss.pk: (*days, 5), cast.hr.pk: (*days, 3)})) == {cast.boss.pk}


def test_shares_come_to_exactly_one(cast: Cast) -> None:
    parts = made.shares({cast.boss.pk: 1, cast.manager.pk: 1, cast.hr.pk: 1})
    assert sum(parts.values()) == 1_000_000
    assert sorted(parts.values()) == [333_333, 333_333, 333_334]


def test_a_window_that_is_behind_saves_nothing(cast: Cast, reviewed: Cycle, actor: Actor) -> None:
    review, by = review_of(reviewed, cast.employee, "self"), actor(cast.employee)
    actions.save_draft(review=review, answers=answers(review, 3, 3, 3), revision=0, by=by, at=timezone.now())
    with pytest.raises(actions.ReviewRefused) as refused:
        actions.save_draft(
            review=review, answers=answers(review, 1, 1, 1), revision=0, by=by, at=timezone.now()
        )
    assert refused.value.code == "conflict"
    assert set(ReviewAnswer.objects.filter(review=review).values_list("rating", flat=True)) == {3}


def test_another_rating_than_the_suggested_one_needs_a_reason_and_both_stay(
    cast: Cast, reviewed: Cycle, actor: Actor
) -> None:
    by = actor(cast.manager)
    review = review_of(reviewed, cast.employee, "manager")
    hint = queries.suggested_rating(by, review)
    assert hint is not None
    other = 5 if hint != 5 else 4
    with pytest.raises(actions.ReviewRefused, match="Say why"):
        send(review, by, other, 3, 3, why="")
    sent = send(review_of(reviewed, cast.employee, "manager"), by, other, 3, 3, why="November was agreed.")
    answer = ReviewAnswer.objects.get(review=sent, section__kind="score")
    assert (answer.rating, answer.suggested_rating, answer.why) == (other, hint, "November was agreed.")
    assert (sent.suggested_rating, sent.score is not None) == (hint, True)
    entry = CycleEntry.objects.get(cycle=reviewed, person=cast.employee)
    assert entry.overall_micro == other * 600_000 + 3 * 400_000
    assert entry.suggested_rating is None
    row = AuditRow.objects.get(action="appraisals.submit_review")
    assert row.changes["late"] is False


def test_nothing_is_sent_unfinished_and_what_is_sent_stays(cast: Cast, reviewed: Cycle, actor: Actor) -> None:
    by, review = actor(cast.manager), review_of(reviewed, cast.employee, "manager")
    with pytest.raises(actions.ReviewRefused, match="no rating"):
        send(review, by, 3, None, 3)
    with pytest.raises(actions.ReviewRefused, match="no text"):
        send(review_of(reviewed, cast.employee, "manager"), by, text="")
    sent = send(review_of(reviewed, cast.employee, "manager"), by)
    with pytest.raises(actions.ReviewRefused) as refused:
        send(sent, by)
    assert refused.value.code == "conflict"


def test_nobody_writes_for_somebody_else_unless_it_was_delegated_for_a_reason(
    cast: Cast, reviewed: Cycle, actor: Actor
) -> None:
    review = review_of(reviewed, cast.employee, "manager")
    with pytest.raises(PermissionDenied):
        send(review, actor(cast.boss))
    at = timezone.now()
    with pytest.raises(actions.ReviewRefused) as refused:
        actions.delegate_review(review=review, to=cast.employee.pk, reason="x", by=actor(cast.manager), at=at)
    assert refused.value.field == "person"
    with pytest.raises(actions.ReviewRefused):
        actions.delegate_review(review=review, to=cast.boss.pk, reason=" ", by=actor(cast.manager), at=at)
    actions.delegate_review(review=review, to=cast.boss.pk, reason="On leave", by=actor(cast.manager), at=at)
    review.refresh_from_db()
    with pytest.raises(PermissionDenied):
        send(review, actor(cast.manager))
    sent = send(review, actor(cast.boss))
    assert (sent.reviewer, sent.submitted_by) == (cast.manager, cast.boss)
    row = AuditRow.objects.get(action="appraisals.delegate_review")
    assert (row.why, row.person_id) == ("On leave", cast.manager.pk)


def test_hr_sends_a_review_back_and_what_it_came_to_counts_no_more(
    cast: Cast, reviewed: Cycle, actor: Actor
) -> None:
    sent = send(review_of(reviewed, cast.employee, "manager"), actor(cast.manager))
    with pytest.raises(PermissionDenied):
        actions.reopen_review(review=sent, reason="x", by=actor(cast.manager), at=timezone.now())
    actions.reopen_review(review=sent, reason="Wrong person", by=actor(cast.hr), at=timezone.now())
    entry = CycleEntry.objects.get(cycle=reviewed, person=cast.employee)
    assert (entry.manager_rating, entry.overall_micro) == (None, None)
    assert ReviewAnswer.objects.filter(review=sent).count() == 3


def test_a_sign_off_waits_for_managers_reviews_and_says_so(cast: Cast, reviewed: Cycle, actor: Actor) -> None:
    people.Period.objects.filter(pk=reviewed.period_id).update(state="closing")
    with pytest.raises(actions.CycleRefused) as refused:
        actions.sign_off_cycle(cycle=reviewed, by=actor(cast.hr), at=timezone.now())
    assert refused.value.code == "unreviewed"


def test_a_peer_is_nominated_by_the_person_and_agreed_to_by_the_manager(
    cast: Cast, reviewed: Cycle, actor: Actor
) -> None:
    entry, at = CycleEntry.objects.get(cycle=reviewed, person=cast.employee), timezone.now()
    review = actions.nominate_peer(entry=entry, peer=cast.colleague, by=actor(cast.employee), at=at)
    assert review.state == "nominated"
    assert WorkItem.objects.get(kind="performance.peers").person == cast.manager
    with pytest.raises(PermissionDenied):
        actions.approve_peer(review=review, by=actor(cast.employee), at=at)
    with pytest.raises(PermissionDenied):
        send(review, actor(cast.colleague))
    actions.approve_peer(review=review, by=actor(cast.manager), at=at)
    assert WorkItem.objects.get(kind="performance.peers").done_at is not None
    review.refresh_from_db()
    send(review, actor(cast.colleague), 4)
    with pytest.raises(actions.PeerRefused):
        actions.nominate_peer(entry=entry, peer=cast.colleague, by=actor(cast.manager), at=at)
    with pytest.raises(actions.PeerRefused):
        actions.nominate_peer(entry=entry, peer=cast.manager, by=actor(cast.employee), at=at)


def test_a_stage_that_begins_asks_once_and_a_late_review_is_reminded_of_once(
    cast: Cast, reviewed: Cycle, actor: Actor
) -> None:
    at = timezone.now()
    asked = actions.ask_for_reviews(at=at)
    assert asked == Review.objects.filter(state="open").count() > 3
    assert actions.ask_for_reviews(at=at) == 0
    mine = WorkItem.objects.get(person=cast.employee, title_en="Write your self review")
    assert mine.due_on is not None
    with pytest.raises(actions.StageRefused):
        actions.remind_late(cycle=reviewed, by=actor(cast.hr), at=at)
    yesterday = people_queries.today(cast.organisation) - datetime.timedelta(days=1)
    reviewed.stages.update(starts_on=yesterday, ends_on=yesterday)
    told = actions.remind_late(cycle=reviewed, by=actor(cast.hr), at=at)
    assert told == asked == WorkItem.objects.filter(kind="performance.reminder").count()
    with pytest.raises(actions.StageRefused):
        actions.remind_late(cycle=reviewed, by=actor(cast.hr), at=at)
    send(review_of(reviewed, cast.employee, "self"), actor(cast.employee))
    mine.refresh_from_db()
    assert mine.done_at is not None
    assert not WorkItem.objects.filter(subject_id=mine.subject_id, done_at=None).exists()


def test_a_pilot_team_comes_first_and_the_rest_later(
    cast: Cast, quarter: people.Period, scored: object, template: object, actor: Actor
) -> None:
    today, at = people_queries.today(cast.organisation), timezone.now()
    cycle = actions.open_cycle(
        period=quarter,
        name_en="Pilot",
        name_zh="",
        team=cast.team,
        template_version=template,
        days={"manager": (today, today)},
        by=actor(cast.hr),
        at=at,
    )
    inside = cycle.entries.count()
    sent = send(review_of(cycle, cast.employee, "self"), actor(cast.employee))
    added = actions.extend_cycle(cycle=cycle, by=actor(cast.hr), at=at)
    assert added > 0
    assert cycle.entries.count() == inside + added
    cycle.refresh_from_db()
    assert (cycle.pilot, cycle.team) == (cast.team, None)
    assert review_of(cycle, cast.boss, "self").state == "open"
    assert Review.objects.get(pk=sent.pk).is_submitted
    with pytest.raises(actions.StageRefused):
        actions.extend_cycle(cycle=cycle, by=actor(cast.hr), at=at)


def test_who_was_here_too_briefly_stays_out(cast: Cast, quarter: people.Period) -> None:
    people.Person.objects.filter(pk=cast.employee.pk).update(
        hired_on=quarter.ends_on - datetime.timedelta(days=9)
    )
    for least, is_in in ((10, True), (11, False)):
        found = queries.population(quarter, unit=None, team=None, on=quarter.starts_on, least_days=least)
        assert found.filter(pk=cast.employee.pk).exists() is is_in
        assert found.filter(pk=cast.manager.pk).exists()


def test_overall_is_the_weighted_mean_and_a_scale_of_its_own_is_stretched() -> None:
    assert queries.overall_of([(600_000, 4, 5), (250_000, 4, 5), (150_000, 3, 5)]) == 3_850_000
    assert queries.overall_of([(1, 1, 3), (1, 3, 3)]) == 3_000_000
    assert queries.overall_of([]) is None
    assert [queries.rating_of(micro) for micro in (2_499_999, 2_500_000, 3_850_000)] == [2, 3, 4]
