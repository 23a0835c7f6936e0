"""A blind vote shows nothing before its time, and a comment calls only whom it may."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions, queries
from okr.models import Ballot, ConfidenceVote, Mention
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from performance.people import models as people
from tests import ready
from tests.okr.conftest import content


@pytest.fixture
@ready.made
def vote(active, cast, actor, now):
    """About the employee's objective, opened by them: both sides are asked."""
    return actions.open_vote(objective=active, by=actor(cast.employee), at=now)


def waiting(kind):
    return set(WorkItem.objects.filter(kind=kind, done_at=None).values_list("person__number", flat=True))


def answer(vote, who, actor, now, confidence=4, why=""):
    return actions.cast_ballot(vote=vote, confidence=confidence, why=why, by=actor(who), at=now)


def test_both_sides_are_asked_and_the_last_answer_shows_all(vote, active, cast, actor, now):
    assert waiting("goals.vote") == {cast.employee.number, cast.manager.number}
    answer(vote, cast.employee, actor, now, 5, "Stock is in")
    hidden = queries.shown_vote(active, cast.manager.pk)
    assert (hidden.is_open, hidden.cast, hidden.asked, hidden.ballots, hidden.mean_tenths) == (
        True,
        1,
        2,
        (),
        None,
    )
    assert waiting("goals.vote") == {cast.manager.number}
    answer(vote, cast.manager, actor, now, 2, "Two stores lack staff")
    shown = queries.shown_vote(active, cast.colleague.pk)
    assert (shown.is_open, shown.mean_tenths) == (False, 35)
    assert sorted(ballot.confidence for ballot in shown.ballots) == [2, 5]
    assert waiting("goals.vote") == set()


def test_nothing_of_an_open_vote_leaks_by_page_api_or_log(vote, active, cast, actor, now, client_for):
    answer(vote, cast.employee, actor, now, 1, "a word nobody may read yet")
    page = reverse("okr:objective", args=[active.pk])
    for person in (cast.manager, cast.colleague, cast.boss, cast.hr, cast.auditor):
        browser = client_for(person)
        assert "nobody may read" not in browser.get(page).content.decode(), person
        told = browser.get(f"/api/v1/goals/objectives/{active.pk}/vote/")
        assert told.json()["ballots"] == [], person
        assert "nobody may read" not in told.content.decode(), person
    assert "nobody may read" in client_for(cast.employee).get(page).content.decode()
    logged = AuditRow.objects.filter(subject_id=active.pk, action__contains="vote")
    assert [row.changes for row in logged] == [{"people": 2}]


def test_an_answer_changes_until_the_vote_is_over(vote, cast, actor, now):
    answer(vote, cast.employee, actor, now, 1)
    answer(vote, cast.employee, actor, now, 3)
    assert Ballot.objects.get(person=cast.employee).confidence == 3
    actions.close_vote(vote=vote, by=actor(cast.employee), at=now)
    with pytest.raises(actions.ObjectiveRefused, match="over"):
        answer(vote, cast.manager, actor, now)
    assert waiting("goals.vote") == set()


def test_one_vote_at_a_time_and_another_when_it_is_over(vote, active, cast, actor, now):
    with pytest.raises(actions.ObjectiveRefused) as refused:
        actions.open_vote(objective=active, by=actor(cast.manager), at=now)
    assert refused.value.code == "conflict"
    actions.close_vote(vote=vote, by=actor(cast.manager), at=now)
    actions.open_vote(objective=active, by=actor(cast.manager), at=now)
    assert ConfidenceVote.objects.count() == 2


def test_whoever_is_not_asked_neither_answers_nor_opens_nor_ends(vote, active, cast, client_for):
    for person, status in (
        (cast.colleague, 422),
        (cast.boss, 422),
        (cast.auditor, 403),
        (cast.stranger, 404),
    ):
        given = client_for(person).post(reverse("okr:cast_ballot", args=[vote.pk]), {"confidence": "5"})
        assert given.status_code == status, person
    for name, key in (("okr:open_vote", active.pk), ("okr:close_vote", vote.pk)):
        for person, status in ((cast.colleague, 403), (cast.auditor, 403), (cast.stranger, 404)):
            assert client_for(person).post(reverse(name, args=[key])).status_code == status, (name, person)
    assert (
        client_for(cast.employee)
        .post(reverse("okr:cast_ballot", args=[vote.pk]), {"confidence": "9"})
        .status_code
        == 422
    )


def test_a_vote_through_page_and_api(active, cast, client_for):
    employee, manager = client_for(cast.employee), client_for(cast.manager)
    card = employee.post(reverse("okr:open_vote", args=[active.pk]), headers={"HX-Request": "true"})
    assert "0 of 2 answered" in card.content.decode()
    vote = ConfidenceVote.objects.get()
    employee.post(reverse("okr:cast_ballot", args=[vote.pk]), {"confidence": "4", "why": "Fine"})
    told = manager.put(
        f"/api/v1/goals/votes/{vote.pk}/", {"confidence": 2}, content_type="application/json"
    ).json()
    assert sorted(each["confidence"] for each in told["ballots"]) == [2, 4]
    assert "3.0" in employee.get(reverse("okr:objective", args=[active.pk])).content.decode()


def test_a_reason_of_a_vote_is_not_cut(active, cast, client_for):
    employee = client_for(cast.employee)
    employee.post(reverse("okr:open_vote", args=[active.pk]))
    vote = ConfidenceVote.objects.get()
    given = {"confidence": "4", "why": "x" * 301}
    for headers in ({"HX-Request": "true"}, {}):
        answer = employee.post(reverse("okr:cast_ballot", args=[vote.pk]), given, headers=headers)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert "x" * 301 in page
        assert 'id="vote-why-error">This is too long: 300 characters are the most.' in page
    assert not vote.ballots.exclude(cast_at=None).exists()


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("Well done @{manager}!", {"manager"}),
        ("@{manager} and @{boss}, please look", {"manager", "boss"}),
        ("@{manager} @{manager}", {"manager"}),
        ("Mail me at somebody@example.com", set()),
        ("@nobody of that name", set()),
        ("@{manager}ish", set()),
        ("看一下 @{zh}，谢谢", {"manager"}),
        ("麻烦@{zh}看一下", {"manager"}),
        ("mail_me.@{zh}", set()),
        ("Write to me @, please", set()),
    ],
)
def test_names_after_an_at_call_people(text, called, active, cast, actor, now):
    people.Person.objects.filter(pk=cast.manager.pk).update(name_zh="陈巍")
    written = text.format(manager=cast.manager.name_en, boss=cast.boss.name_en, zh="陈巍")
    actions.comment_on_objective(objective=active, text=written, by=actor(cast.employee), at=now)
    numbers = {getattr(cast, name).number for name in called}
    assert set(Mention.objects.values_list("person__number", flat=True)) == numbers
    assert waiting("goals.mention") == numbers


def test_an_answer_in_the_thread_or_having_read_it_ends_the_call(active, cast, actor, now, client_for):
    both = f"@{cast.manager.name_en} @{cast.boss.name_en}"
    actions.comment_on_objective(objective=active, text=both, by=actor(cast.employee), at=now)
    actions.comment_on_objective(objective=active, text="Seen", by=actor(cast.manager), at=now)
    assert waiting("goals.mention") == {cast.boss.number}
    boss = client_for(cast.boss)
    assert "You were called here" in boss.get(reverse("okr:objective", args=[active.pk])).content.decode()
    boss.post(reverse("okr:heard", args=[active.pk]))
    assert waiting("goals.mention") == set()


def test_nobody_is_called_to_what_they_may_not_see(propose, cast, actor, now, client_for):
    secret = propose(content("Merge two stores in silence", visibility="private"))
    with pytest.raises(actions.ObjectiveRefused, match="cannot see"):
        actions.comment_on_objective(
            objective=secret, text=f"@{cast.colleague.name_en}?", by=actor(cast.employee), at=now
        )
    refused = client_for(cast.employee).post(
        reverse("okr:comment", args=[secret.pk]),
        {"text": f"@{cast.colleague.name_en}?"},
        headers={"HX-Request": "true"},
    )
    assert refused.status_code == 422
    assert "@" in refused.content.decode(), "what was typed stays"
    assert waiting("goals.mention") == set()
    actions.comment_on_objective(
        objective=secret, text=f"@{cast.boss.name_en}?", by=actor(cast.employee), at=now
    )
    assert waiting("goals.mention") == {cast.boss.number}


def test_names_are_offered_to_members_of_the_organisation_alone(cast, client_for):
    address = reverse("okr:names")
    word = cast.manager.name_en[:3]
    assert cast.manager.name_en in client_for(cast.employee).get(address, {"q": word}).content.decode()
    assert cast.manager.name_en not in client_for(cast.stranger).get(address, {"q": word}).content.decode()


@pytest.mark.parametrize(
    ("visibility", "asked"),
    [("public", {"manager", "employee", "colleague", "boss"}), ("private", {"manager", "boss"})],
)
def test_a_vote_on_a_goal_of_a_team_asks_only_members_who_may_see_it(
    visibility, asked, propose, agree, cast, actor, now, client_for
):
    closing = agree(
        propose(
            content("Close store 07", visibility=visibility),
            by=cast.manager,
            team=cast.team,
            owner_kind="team",
        )
    )
    vote = actions.open_vote(objective=closing, by=actor(cast.manager), at=now)
    numbers = {getattr(cast, name).number for name in asked}
    assert waiting("goals.vote") == numbers
    told = WorkItem.objects.filter(detail_en="Close store 07", kind="goals.vote")
    assert set(told.values_list("person__number", flat=True)) == numbers
    for name in sorted(asked):
        person = getattr(cast, name)
        assert client_for(person).get(reverse("okr:objective", args=[closing.pk])).status_code == 200
        answer(vote, person, actor, now)
    vote.refresh_from_db()
    assert vote.closed_at is not None, "the last answer ends it"


def test_who_may_see_an_objective_is_the_same_from_both_sides(propose, agree, cast, actor, now):
    goals = [
        agree(propose(content(visibility, visibility=visibility), by=by, **fields))
        for visibility in ("public", "team", "private")
        for by, fields in (
            (cast.employee, {}),
            (cast.manager, {"team": cast.team, "owner_kind": "team"}),
            (cast.hr, {}),
        )
    ]
    goals.append(propose(content("Not yet"), is_draft=True))
    everybody = cast.members()
    on = now.date()
    for goal in goals:
        seeing = {
            person.pk
            for person in everybody
            if queries.visible_to(actor(person), on).filter(pk=goal.pk).exists()
        }
        assert queries.readers_among(goal, [person.pk for person in everybody], on) == seeing, goal


def test_of_two_people_of_one_name_the_one_who_may_see_it_is_called(propose, cast, actor, now):
    secret = propose(content("Merge two stores in silence", visibility="private"))
    people.Person.objects.filter(pk__in=[cast.boss.pk, cast.hr.pk]).update(name_zh="王伟")
    actions.comment_on_objective(objective=secret, text="麻烦@王伟看一下", by=actor(cast.employee), at=now)
    assert waiting("goals.mention") == {cast.boss.number}
    aloud = propose(content("Said aloud"))
    actions.comment_on_objective(objective=aloud, text="麻烦@王伟看一下", by=actor(cast.employee), at=now)
    assert waiting("goals.mention") == {cast.boss.number, cast.hr.number}


def test_an_at_before_a_mark_asks_for_nobody_by_name(cast, now):
    with CaptureQueriesContext(connection) as asked:
        assert queries.called_in("Write to me @, or @。", now.date()) == []
    assert len(asked) == 0
