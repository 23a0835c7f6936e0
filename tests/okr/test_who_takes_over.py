"""Who takes over from somebody is asked about no more than they may see; who wrote a goal does not read it for ever."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse

from okr import actions, queries
from okr.models import CheckInDuty, Objective
from performance.foundation import access as foundation_access
from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from performance.people import actions as people_actions
from performance.people import models as people
from tests.conftest import report_to
from tests.okr.conftest import content, key_result, moment


def leaves(cast, person, to, actor, now):
    """Their last day was yesterday."""
    people_actions.deactivate_person(
        person=person,
        left_on=now.date() - datetime.timedelta(days=1),
        reports_to=to,
        by=actor(cast.hr),
        at=now,
    )


def waiting(person, kind):
    return WorkItem.objects.filter(person=person, kind=kind, done_at=None)


def test_whoever_takes_over_agrees_in_the_leavers_place_and_sees_what_they_agree_to(
    propose, actor, cast, now, client_for
):
    secret = propose(content("Close store 07", key_result(), visibility="private"))
    assert secret.agreer_id == cast.manager.pk
    leaves(cast, cast.manager, cast.hr, actor, now)
    secret.refresh_from_db()
    assert secret.agreer_id == cast.hr.pk
    assert waiting(cast.hr, "goals.agreement").exists()
    page = client_for(cast.hr).get(reverse("okr:objective", args=[secret.pk]))
    assert page.status_code == 200
    actions.agree_objective(objective=secret, version_number=1, by=actor(cast.hr), at=now)
    secret.refresh_from_db()
    assert secret.state == "active"


def test_proposing_follows_a_line_that_nothing_has_followed_yet_with_all_that_waits(active, actor, cast, now):
    """A plan of today, before the day's first look at the lines."""
    edit = actions.suggest_edit(
        objective=active, field="title", new="Full shelves", by=actor(cast.employee), at=now
    )
    assert waiting(cast.manager, "goals.suggestion").filter(subject_id=edit.pk).exists()
    people.ReportingLine.objects.filter(person=cast.employee).delete()
    report_to(cast.hr, cast.employee)
    text, by = content("Another text", key_result()), actor(cast.employee)
    version = actions.propose_change(objective=active, content=text, reason="More", by=by, at=now)
    active.refresh_from_db()
    assert active.agreer_id == cast.hr.pk
    assert waiting(cast.hr, "goals.suggestion").filter(subject_id=edit.pk).exists()
    assert not waiting(cast.manager, "goals.suggestion").exists()
    assert waiting(cast.hr, "goals.agreement").filter(subject_id=active.pk).exists()
    row = AuditRow.objects.get(action="okr.pass_agreement_on", subject_id=active.pk)
    assert row.changes["agreer"] == [str(cast.manager), str(cast.hr)]
    with pytest.raises(actions.ObjectiveRefused):
        actions.agree_objective(
            objective=active, version_number=version.number, by=actor(cast.manager), at=now
        )


def test_proposing_leaves_the_side_with_whoever_has_it_where_the_manager_has_left(propose, actor, cast, now):
    one = propose(content("Said aloud", key_result()))
    people.ReportingLine.objects.filter(person=cast.employee).delete()
    report_to(cast.hr, cast.employee)
    people.Person.objects.filter(pk=cast.hr.pk).update(left_on=now.date().replace(year=2020))
    actions.propose_change(objective=one, content=content("Another"), by=actor(cast.employee), at=now)
    one.refresh_from_db()
    assert one.agreer_id == cast.manager.pk


def test_nobody_becomes_the_other_side_of_their_own_goal(propose, actor, cast, now):
    mine = propose(content("Cody's own"), by=cast.colleague)
    leaves(cast, cast.manager, cast.colleague, actor, now)
    mine.refresh_from_db()
    assert mine.agreer_id == cast.boss.pk
    assert waiting(cast.boss, "goals.agreement").filter(subject_id=mine.pk).exists()
    leaves(cast, cast.boss, cast.colleague, actor, now)
    mine.refresh_from_db()
    assert mine.agreer_id is None


def test_a_call_for_help_goes_on_only_to_somebody_above_who_called(active, check_in, actor, cast, now):
    reading = actions.Reading(key_result_id=active.key_results.first().pk, value=5, confidence=3)
    check_in(reading, blockers="My boss is the problem.", asks=cast.finance_owner)
    people.ReportingLine.objects.filter(person=cast.finance_owner).delete()
    report_to(cast.business_owner, cast.finance_owner)
    leaves(cast, cast.finance_owner, cast.business_owner, actor, now)
    assert (
        not WorkItem.objects.filter(detail_en__contains="My boss", done_at=None)
        # The manager answers, and who called is told that the help has left.
        .exclude(person__in=[cast.manager, cast.employee])
        .exists()
    )
    assert not waiting(cast.business_owner, "goals.blocker").exists()


def test_a_call_that_the_manager_was_asked_goes_on_to_the_next_manager(active, check_in, actor, cast, now):
    reading = actions.Reading(key_result_id=active.key_results.first().pk, value=5, confidence=3)
    check_in(reading, blockers="The printer is late.", asks=cast.manager)
    leaves(cast, cast.manager, cast.boss, actor, now)
    assert waiting(cast.boss, "goals.blocker").exists()


@pytest.mark.parametrize("visibility", ["private", "team"])
def test_whoever_proposed_a_goal_of_somebody_else_reads_it_until_it_is_agreed(
    propose, agree, actor, cast, client_for, visibility
):
    theirs = propose(content("Not for the author", key_result(), visibility=visibility))
    Objective.objects.filter(pk=theirs.pk).update(proposed_by=cast.finance_owner)
    theirs.refresh_from_db()
    day = theirs.period.starts_on
    assert queries.visible_to(actor(cast.finance_owner)).filter(pk=theirs.pk).exists()
    assert queries.readers_among(theirs, [cast.finance_owner.pk], day) == {cast.finance_owner.pk}
    agree(theirs)
    assert not queries.visible_to(actor(cast.finance_owner)).filter(pk=theirs.pk).exists()
    assert queries.readers_among(theirs, [cast.finance_owner.pk], day) == set()
    address = reverse("okr:objective", args=[theirs.pk])
    assert client_for(cast.finance_owner).get(address).status_code == 404


def test_a_former_helper_does_not_read_what_is_said_to_the_next_one(
    active, check_in, actor, cast, now, client_for
):
    reading = actions.Reading(key_result_id=active.key_results.first().pk, value=5, confidence=3)
    first = check_in(reading, blockers="Help me.", asks=cast.finance_owner)
    later = check_in(reading, blockers="Help me, somebody else.", asks=cast.business_owner)
    actions.reply_to_check_in(check_in=later, text="Between us.", by=actor(cast.manager), at=now)
    address = reverse("okr:conversation", args=[first.pk])
    assert "Between us." not in client_for(cast.finance_owner).get(address).content.decode()
    for person in (cast.employee, cast.manager, cast.auditor):
        assert "Between us." in client_for(person).get(address).content.decode(), person


def test_goals_of_a_team_are_carried_and_copied_to_whoever_leads_it_now(
    propose, agree, acting_cast, actor, cast, now, quarter
):
    goal = agree(
        propose(
            content("Of the team"), team=cast.team, owner_kind="team", owner=cast.manager, by=cast.manager
        )
    )
    people.Team.objects.filter(pk=cast.team.pk).update(lead=cast.colleague)
    later = people.Period.objects.create(
        organisation=cast.organisation,
        name_en="Later",
        kind="quarter",
        starts_on=quarter.ends_on + datetime.timedelta(days=1),
        ends_on=quarter.ends_on + datetime.timedelta(days=90),
        state="planning",
    )
    (copied,) = actions.duplicate_objectives(objectives=[goal], to=later, by=actor(cast.manager), at=now)
    assert copied.owner_id == cast.colleague.pk
    Objective.objects.filter(pk=copied.pk).update(title="Another")
    (carried,) = actions.carry_over(objectives=[goal], to=later, by=actor(cast.manager), at=now)
    assert carried.owner_id == cast.colleague.pk
    assert carried.agreer_id != carried.owner_id


def test_a_form_that_was_open_in_another_organisation_is_not_written_into_this_one(cast, client_for):
    """The organisation changes by a link in a mail; the forms of other tabs end there."""
    user = cast.employee.user
    people.Membership.objects.create(user=user, organisation=cast.elsewhere)
    with tenancy.acting_for(cast.elsewhere):
        people.Person.objects.create(
            user=user, number="X3", name_en="Eli", name_sort="eli", hired_on=datetime.date(2020, 1, 1)
        )
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    here = reverse("inbox:mail")
    page = browser.get(here, {"organisation": str(cast.organisation.pk)})
    token = page.context["csrf_token"]
    browser.get(here, {"organisation": str(cast.elsewhere.pk)})
    assert browser.session[foundation_access.SESSION_KEY] == str(cast.elsewhere.pk)
    given = {"pace": "never", "daily_hour": "8", "csrfmiddlewaretoken": str(token)}
    assert browser.post(here, given).status_code == 403
    fresh = browser.get(here).context["csrf_token"]
    assert browser.post(here, given | {"csrfmiddlewaretoken": str(fresh)}).status_code == 302


@pytest.fixture
def moves(cast, actor, now):
    """HR moves the employee to somebody else."""

    def do(to, *, days=0):
        return people_actions.change_manager(
            person=cast.employee,
            manager=to,
            starts_on=now.date() + datetime.timedelta(days=days),
            by=actor(cast.hr),
            at=now,
        )

    return do


def test_a_new_manager_agrees_and_the_former_one_reads_and_signs_nothing(
    propose, moves, actor, cast, now, client_for
):
    secret = propose(content("Quietly", key_result(), visibility="private"))
    moves(cast.boss)
    secret.refresh_from_db()
    assert secret.agreer_id == cast.boss.pk
    former, page = client_for(cast.manager), reverse("okr:objective", args=[secret.pk])
    assert former.get(page).status_code == 404
    assert former.post(reverse("okr:agree", args=[secret.pk]), {"version": 1}).status_code == 404
    asked = WorkItem.objects.filter(subject_id=secret.pk, done_at=None)
    assert [item.person_id for item in asked] == [cast.boss.pk]
    actions.agree_objective(objective=secret, version_number=1, by=actor(cast.boss), at=now)
    secret.refresh_from_db()
    assert secret.is_in_force


def test_a_planned_manager_agrees_from_their_day_on(propose, moves, actor, cast, now):
    goal = propose()
    moves(cast.boss, days=3)
    goal.refresh_from_db()
    assert goal.agreer_id == cast.manager.pk
    later = now + datetime.timedelta(days=3)
    with pytest.raises(actions.ObjectiveRefused, match="another manager by now"):
        actions.agree_objective(objective=goal, version_number=1, by=actor(cast.manager), at=later)
    assert actions.follow_lines(at=later, organisation=cast.organisation) == [goal]
    assert actions.follow_lines(at=later, organisation=cast.organisation) == []
    actions.agree_objective(objective=goal, version_number=1, by=actor(cast.boss), at=later)


def test_what_the_former_manager_signed_stays_signed(propose, moves, actor, cast, now):
    goal = propose(by=cast.manager, owner=cast.employee)
    moves(cast.boss)
    actions.agree_objective(objective=goal, version_number=1, by=actor(cast.employee), at=now)
    goal.refresh_from_db()
    assert goal.is_in_force


def test_without_another_side_a_change_is_refused_in_words(active, moves, actor, cast, now, client_for):
    moves(None)
    actions.pass_goals_on(person=cast.manager, to=None, at=now)
    active.refresh_from_db()
    assert active.agreer is None
    by = actor(cast.employee)
    with pytest.raises(actions.ObjectiveRefused, match="Nobody agrees for the other side"):
        actions.propose_change(
            objective=active, content=content("Another"), by=by, at=now, reason="It turned out so."
        )
    with pytest.raises(actions.ObjectiveRefused, match="Nobody agrees for the other side"):
        actions.suggest_edit(objective=active, field="title", new="Another", by=by, at=now, reason="")
    sent = {"field": "title", "new": "Another"}
    answer = client_for(cast.employee).post(reverse("okr:suggest", args=[active.pk]), sent)
    assert answer.status_code == 422


def test_what_waits_for_the_former_manager_waits_for_the_new_one(active, moves, actor, cast, now):
    by = actor(cast.employee)
    edit = actions.suggest_edit(objective=active, field="title", new="Another", by=by, at=now, reason="Why")
    moves(cast.boss)
    assert [item.person_id for item in WorkItem.objects.filter(subject_id=edit.pk, done_at=None)] == [
        cast.boss.pk
    ]
    actions.accept_edit(edit=edit, by=actor(cast.boss), at=now)


def test_a_grade_is_asked_of_the_new_manager(active, move, moves, actor, cast, now):
    move("closing")
    active.refresh_from_db()
    actions.grade_objective(objective=active, percent=80, reason="Done.", by=actor(cast.employee), at=now)
    assert WorkItem.objects.filter(subject_id=active.pk, person=cast.manager, done_at=None).exists()
    moves(cast.boss)
    waiting_for = WorkItem.objects.filter(subject_id=active.pk, done_at=None).values_list("person", flat=True)
    assert list(waiting_for) == [cast.boss.pk]


def reports_now_to(cast, manager, actor, now):
    people_actions.change_manager(
        person=cast.employee, manager=manager, starts_on=now.date(), by=actor(cast.hr), at=now
    )


def test_a_reply_that_waits_goes_with_the_line(active, check_in, actor, cast, now):
    one = check_in(actions.Reading(active.key_results.first().pk, value=5), blockers="No staff")
    assert waiting(cast.manager, "goals.reply").exists()
    reports_now_to(cast, cast.hr, actor, now)
    assert not waiting(cast.manager, "goals.reply").exists()
    item = waiting(cast.hr, "goals.reply").get()
    assert (item.subject_id, item.detail_en) == (one.pk, "No staff")
    reports_now_to(cast, None, actor, now)
    assert not WorkItem.objects.filter(kind="goals.reply", done_at=None).exists()


def test_a_new_manager_whose_help_is_asked_for_is_not_asked_twice(active, check_in, actor, cast, now):
    check_in(actions.Reading(active.key_results.first().pk, value=5), blockers="No staff", asks=cast.hr)
    reports_now_to(cast, cast.hr, actor, now)
    assert waiting(cast.hr, "goals.blocker").exists()
    assert not WorkItem.objects.filter(kind="goals.reply", done_at=None).exists()


def test_of_a_missing_check_in_hears_who_leads_now(active, actor, cast, now, quarter, week):
    late = moment(week, 10, 12)
    actions.open_duties(period=quarter, monday=week, at=moment(week, 0, 8))
    CheckInDuty.objects.update(escalate_at=late)
    assert actions.escalate_missed(organisation=cast.organisation, at=late)
    assert waiting(cast.manager, "goals.missed").exists()
    people_actions.change_manager(
        person=cast.employee, manager=cast.hr, starts_on=late.date(), by=actor(cast.hr), at=late
    )
    assert not waiting(cast.manager, "goals.missed").exists()
    assert waiting(cast.hr, "goals.missed").exists()


def test_a_former_manager_does_nothing_in_the_new_ones_place_before_the_line_is_followed(
    active, propose, agree, move, moves, actor, cast, now
):
    """A plan holds from its day on, also until that day's look at the lines."""
    other = agree(propose(content("Theirs"), by=cast.colleague))
    edit = actions.suggest_edit(objective=active, field="title", new="Other", by=actor(cast.employee), at=now)
    offer = {"child": other, "parent": active, "share_ppm": 500_000}
    link = actions.align_objectives(**offer, by=actor(cast.colleague), at=now)
    moves(cast.boss, days=3)
    later = now + datetime.timedelta(days=3)
    given = {"by": actor(cast.manager), "at": later}
    acts = (
        lambda: actions.accept_edit(edit=edit, **given),
        lambda: actions.reject_edit(edit=edit, **given),
        lambda: actions.accept_contribution(link=link, **given),
        lambda: actions.align_objectives(child=active, parent=other, kind="supports", **given),
        lambda: actions.open_vote(objective=active, **given),
    )
    for act in acts:
        with pytest.raises(actions.ObjectiveRefused, match="another manager by now"):
            act()
    move("closing")
    actions.grade_objective(objective=active, percent=80, reason="So.", by=actor(cast.employee), at=later)
    with pytest.raises(actions.ObjectiveRefused, match="another manager by now"):
        actions.grade_objective(objective=active, percent=80, reason="So.", **given)
    actions.follow_lines(at=later, organisation=cast.organisation)
    actions.grade_objective(objective=active, percent=80, reason="So.", by=actor(cast.boss), at=later)
