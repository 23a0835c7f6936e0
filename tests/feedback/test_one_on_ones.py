"""1:1s belong to the two who hold them: agenda, what comes along, private notes, and who reads none of it."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from feedback import actions, queries
from feedback.models import ActionItem, Meeting, OneOnOne, PrivateNote, Topic
from okr import actions as goals
from okr.models import CheckIn
from performance.foundation import access, tenancy
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from performance.people import actions as people_actions
from performance.people import models as people
from tests.conftest import Cast, make_person, report_to

pytestmark = pytest.mark.django_db
Load = Callable[[people.Person], access.Actor]
SignIn = Callable[[people.Person], Client]
OTHERS = (
    "boss",
    "colleague",
    "hr",
    "business_owner",
    "finance_owner",
    "administrator",
    "auditor",
    "stranger",
)


@pytest.fixture
def meeting(cast: Cast, actor: Load, now: Any) -> Meeting:
    with tenancy.acting_for(cast.organisation):
        one = actions.begin_one_on_one(
            by=actor(cast.manager),
            at=now,
            employee=cast.employee,
            manager=cast.manager,
            starts_at=now + datetime.timedelta(hours=1),
            every_weeks=2,
            minutes=30,
        )
        return Meeting.objects.select_related("one_on_one__employee", "one_on_one__manager").get(
            one_on_one=one
        )


def test_nobody_but_the_two_reads_any_of_it(
    cast: Cast, actor: Load, client_for: SignIn, meeting: Meeting, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        topic = actions.add_topic(meeting=meeting, text="The quiet topic", by=actor(cast.employee), at=now)
        item = actions.add_action_item(
            meeting=meeting, what="Call the supplier", owner=cast.manager, by=actor(cast.employee), at=now
        )
    one = meeting.one_on_one_id
    reads = [
        reverse("feedback:one_on_one", args=[one]),
        reverse("feedback:meeting", args=[meeting.pk]),
        reverse("feedback:one_on_one_history", args=[one]),
        reverse("api_one_on_one", args=[one]),
        reverse("api_meetings", args=[one]),
        reverse("api_meeting", args=[meeting.pk]),
    ]
    writes = [
        reverse("feedback:hold_meeting", args=[meeting.pk]),
        reverse("feedback:add_topic", args=[meeting.pk]),
        reverse("feedback:take_point", args=[meeting.pk]),
        reverse("feedback:add_action_item", args=[meeting.pk]),
        reverse("feedback:shared_notes", args=[meeting.pk]),
        reverse("feedback:private_note", args=[meeting.pk]),
        reverse("feedback:mark_topic", args=[topic.pk]),
        reverse("feedback:remove_topic", args=[topic.pk]),
        reverse("feedback:mark_action_item", args=[item.pk]),
        reverse("feedback:end_one_on_one", args=[one]),
        reverse("feedback:change_one_on_one", args=[one]),
        reverse("api_hold_meeting", args=[meeting.pk]),
        reverse("api_topics", args=[meeting.pk]),
        reverse("api_action_items", args=[meeting.pk]),
    ]
    for name in OTHERS:
        client = client_for(getattr(cast, name))
        for address in reads:
            assert client.get(address).status_code == 404, (name, address)
        for address in writes:
            refused = client.post(address, {"text": "x", "what": "x", "owner": str(cast.boss.pk)})
            assert refused.status_code in (403, 404), (name, address)
        assert client.get(reverse("api_one_on_ones")).json()["results"] == []
        for address in (reverse("feedback:home"), reverse("feedback:one_on_ones")):
            assert "The quiet topic" not in client.get(address).content.decode()
    for person in (cast.employee, cast.manager):
        assert "The quiet topic" in client_for(person).get(reads[0]).content.decode()
        told = client_for(person).get(reads[-1]).json()
        assert [each["text"] for each in told["topics"]] == ["The quiet topic"]


def test_a_private_note_is_shown_to_its_author_alone_also_by_the_database(
    cast: Cast, actor: Load, client_for: SignIn, meeting: Meeting, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        actions.save_private_note(
            meeting=meeting, text="Ask plainly about autumn", by=actor(cast.employee), at=now
        )
        assert not PrivateNote.objects.exists(), "no query that does not speak as its author finds it"
        with tenancy.speaking_as(cast.manager.pk):
            assert not PrivateNote.objects.exists()
            assert PrivateNote.objects.update(text="Overwritten") == 0
            with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
                PrivateNote.objects.create(
                    meeting=meeting, author=cast.employee, text="Forged", saved_at=timezone.now()
                )
        with tenancy.speaking_as(cast.employee.pk):
            assert PrivateNote.objects.get().text == "Ask plainly about autumn"
        assert not PrivateNote.objects.exists(), "and it is over when the block is"
        assert "autumn" not in str(list(AuditRow.objects.values_list("changes", "why")))
    page, api = reverse("feedback:meeting", args=[meeting.pk]), reverse("api_meeting", args=[meeting.pk])
    assert "Ask plainly" in client_for(cast.employee).get(page).content.decode()
    assert client_for(cast.employee).get(api).json()["private_note"] == "Ask plainly about autumn"
    assert "Ask plainly" not in client_for(cast.manager).get(page).content.decode()
    assert client_for(cast.manager).get(api).json()["private_note"] == ""


def test_what_a_one_on_one_had_planned_when_it_ended_is_not_the_next_meeting(
    cast: Cast, actor: Load, client_for: SignIn, meeting: Meeting, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        actions.end_one_on_one(one=meeting.one_on_one, by=actor(cast.employee), at=now)
        assert queries.next_meeting(actor(cast.employee)) is None
        again = actions.begin_one_on_one(
            by=actor(cast.employee),
            at=now,
            employee=cast.employee,
            manager=cast.manager,
            starts_at=now + datetime.timedelta(days=3),
            every_weeks=1,
            minutes=30,
        )
        following = queries.next_meeting(actor(cast.manager))
        assert following is not None
        assert following.one_on_one_id == again.pk
    page = client_for(cast.employee).get(reverse("feedback:home")).content.decode()
    assert reverse("feedback:hold_meeting", args=[following.pk]) in page


def test_what_is_done_belongs_to_the_meeting_ahead_also_where_it_comes_sooner_than_the_last_was_planned(
    cast: Cast, actor: Load, client_for: SignIn, meeting: Meeting, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        me = actor(cast.employee)
        item = actions.add_action_item(
            meeting=meeting, what="List the stock", owner=cast.employee, by=me, at=now
        )
        far = now + datetime.timedelta(days=20)
        actions.move_meeting(meeting=meeting, starts_at=far, by=me, at=now)
        following = actions.hold_meeting(meeting=meeting, by=me, at=now)
        assert following is not None
        soon = now + datetime.timedelta(days=7)
        actions.move_meeting(meeting=following, starts_at=soon, by=me, at=now)
    client = client_for(cast.manager)
    done = client.post(reverse("feedback:mark_action_item", args=[item.pk]), {"done": "1"})
    assert done["Location"] == reverse("feedback:meeting", args=[following.pk])
    with tenancy.acting_for(cast.organisation):
        assert ActionItem.objects.get().done_in_id == following.pk


def test_what_was_not_discussed_and_what_is_open_comes_along(
    cast: Cast, actor: Load, meeting: Meeting, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        me = actor(cast.employee)
        done = actions.add_topic(meeting=meeting, text="Settled", by=me, at=now)
        actions.add_topic(meeting=meeting, text="Growth", minutes=10, by=me, at=now)
        actions.mark_topic(topic=done, is_discussed=True, by=me, at=now)
        kept = actions.add_action_item(
            meeting=meeting, what="List the stock", owner=cast.employee, by=me, at=now
        )
        over = actions.add_action_item(meeting=meeting, what="Call", owner=cast.manager, by=me, at=now)
        actions.mark_action_item(item=over, is_done=True, by=actor(cast.manager), at=now)
        following = actions.hold_meeting(meeting=meeting, by=me, at=now + datetime.timedelta(hours=2))
        assert following is not None
        assert following.starts_at - meeting.starts_at == datetime.timedelta(weeks=2)
        page = queries.meeting_page(me, Meeting.objects.get(pk=following.pk))
        assert [(topic.text, topic.minutes, topic.carried) for topic in page.topics] == [("Growth", 10, 1)]
        assert [(item.pk, item.carried) for item in page.actions] == [(kept.pk, 1)]
        past = queries.meeting_page(me, Meeting.objects.get(pk=meeting.pk))
        assert [topic.text for topic in past.topics] == ["Settled", "Growth"], "what was said stays as it is"
        assert {item.pk for item in past.actions} == {kept.pk, over.pk}
        with pytest.raises(actions.MeetingRefused, match="over"):
            actions.add_topic(meeting=meeting, text="Too late", by=me, at=now)
        with pytest.raises(actions.MeetingRefused, match="over"):
            actions.hold_meeting(meeting=meeting, by=actor(cast.manager), at=now)


def test_an_action_item_waits_in_its_owners_list_until_it_is_done_and_again_when_it_is_reopened(
    cast: Cast, actor: Load, meeting: Meeting, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        item = actions.add_action_item(
            meeting=meeting,
            what="Ask for a stand-in",
            owner=cast.manager,
            due_on=now.date() + datetime.timedelta(days=3),
            by=actor(cast.employee),
            at=now,
        )
        waits = WorkItem.objects.filter(kind="feedback.action", person=cast.manager, done_at=None)
        assert (waits.get().due_on, waits.get().title_en) == (item.due_on, "Ask for a stand-in")
        actions.mark_action_item(item=item, is_done=True, by=actor(cast.employee), at=now)
        assert not waits.exists()
        actions.mark_action_item(item=item, is_done=False, by=actor(cast.manager), at=now)
        assert waits.count() == 1
        with pytest.raises(actions.MeetingRefused, match="one of the two"):
            actions.add_action_item(
                meeting=meeting, what="Not theirs", owner=cast.boss, by=actor(cast.employee), at=now
            )


@pytest.fixture
def blocked(cast: Cast, actor: Load, quarter: people.Period, now: Any) -> CheckIn:
    with tenancy.acting_for(cast.organisation):
        monday = now.date() - datetime.timedelta(days=now.weekday())
        return CheckIn.objects.create(
            person=cast.employee,
            period=quarter,
            week_starts_on=monday,
            blockers="Winter stock cannot go back",
            asks=cast.manager,
            at=now,
        )


def test_what_blocks_in_a_check_in_stands_on_the_agenda_and_comes_along_when_nobody_got_to_it(
    cast: Cast, actor: Load, client_for: SignIn, meeting: Meeting, blocked: CheckIn, now: Any
) -> None:
    page = client_for(cast.manager).get(reverse("feedback:one_on_one", args=[meeting.one_on_one_id]))
    assert "Winter stock cannot go back" in page.content.decode()
    assert "asks you for help" in page.content.decode()
    with tenancy.acting_for(cast.organisation):
        assert not Topic.objects.exists(), "a page that is read writes nothing"
        following = actions.hold_meeting(meeting=meeting, by=actor(cast.manager), at=now)
        topic = Topic.objects.get(meeting=following)
        assert (topic.text, topic.kind, topic.by_id) == (
            "Winter stock cannot go back",
            "blocker",
            cast.employee.pk,
        )
        after = queries.meeting_page(actor(cast.manager), Meeting.objects.get(pk=following.pk))
        assert after.blockers == [], "it does not stand there twice"


def test_a_blocker_is_ticked_off_where_it_stands_once(
    cast: Cast, client_for: SignIn, meeting: Meeting, blocked: CheckIn
) -> None:
    address = reverse("feedback:take_point", args=[meeting.pk])
    key = f"blocker:{cast.employee.pk}:{blocked.week_starts_on}:{blocked.period_id}"
    for _time in range(2):
        assert client_for(cast.manager).post(address, {"point": key, "discussed": "1"}).status_code == 302
    with tenancy.acting_for(cast.organisation):
        assert Topic.objects.get(source=key).discussed_at is not None
    refused = client_for(cast.manager).post(address, {"point": "blocker:forged"})
    assert refused.status_code == 409


def test_neither_overwrites_the_shared_notes_of_the_other_unseen(
    cast: Cast, client_for: SignIn, meeting: Meeting
) -> None:
    address = reverse("feedback:shared_notes", args=[meeting.pk])
    fragment = {"HX-Request": "true"}
    first = client_for(cast.employee).post(address, {"notes": "Mine", "revision": "0"}, headers=fragment)
    assert first.status_code == 200
    assert 'value="1"' in first.content.decode()
    second = client_for(cast.manager).post(address, {"notes": "Theirs", "revision": "0"}, headers=fragment)
    assert second.status_code == 409
    assert "Mine" in second.content.decode()
    third = client_for(cast.manager).post(address, {"notes": "Both", "revision": "1"}, headers=fragment)
    assert third.status_code == 200
    put = client_for(cast.employee).put(
        reverse("api_meeting_notes", args=[meeting.pk]),
        {"text": "Old", "revision": 1},
        content_type="application/json",
    )
    assert put.status_code == 409
    with tenancy.acting_for(cast.organisation):
        assert Meeting.objects.get(pk=meeting.pk).notes == "Both"


def test_a_one_on_one_is_set_up_on_the_page_by_either_side_once(cast: Cast, client_for: SignIn) -> None:
    address = reverse("feedback:begin_one_on_one")
    starts = (timezone.localtime() + datetime.timedelta(days=2)).strftime("%Y-%m-%dT10:00")
    body = {"other": str(cast.manager.pk), "starts_at": starts, "every_weeks": "1", "minutes": "25"}
    assert client_for(cast.employee).post(address, body | {"starts_at": ""}).status_code == 422
    assert client_for(cast.employee).post(address, body | {"minutes": "5"}).status_code == 422
    assert (
        client_for(cast.colleague).post(address, body | {"other": str(cast.employee.pk)}).status_code == 422
    )
    assert client_for(cast.auditor).get(address).status_code == 403
    assert client_for(cast.employee).post(address, body).status_code == 302
    again = client_for(cast.manager).post(
        reverse("api_one_on_ones"),
        body | {"other": str(cast.employee.pk), "starts_at": f"{starts}:00+08:00"},
        content_type="application/json",
    )
    assert again.status_code == 409
    with tenancy.acting_for(cast.organisation):
        one = OneOnOne.objects.get()
        assert (one.employee_id, one.manager_id) == (cast.employee.pk, cast.manager.pk)
        assert WorkItem.objects.filter(kind="feedback.one_on_one", person=cast.manager, done_at=None).exists()


def test_somebody_who_manages_later_reads_nothing_and_the_old_series_ends(
    cast: Cast, actor: Load, client_for: SignIn, meeting: Meeting, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.ReportingLine.objects.filter(person=cast.employee).update(manager=cast.boss)
        assert actions.hold_meeting(meeting=meeting, by=actor(cast.employee), at=now) is None
        assert OneOnOne.objects.get().ended_at is not None
    address = reverse("feedback:one_on_one", args=[meeting.one_on_one_id])
    assert client_for(cast.boss).get(address).status_code == 404
    assert client_for(cast.manager).get(address).status_code == 200


def test_erasing_a_person_takes_their_one_on_ones_and_both_private_notes(
    cast: Cast, actor: Load, meeting: Meeting, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        for person in (cast.employee, cast.manager):
            actions.save_private_note(meeting=meeting, text="Between us", by=actor(person), at=now)
        actions.add_topic(meeting=meeting, text="Topic", by=actor(cast.employee), at=now)
        actions.add_action_item(
            meeting=meeting, what="Do", owner=cast.manager, by=actor(cast.employee), at=now
        )
        people.Person.objects.filter(pk=cast.employee.pk).update(
            left_on=now.date() - datetime.timedelta(days=5)
        )
        people_actions.erase_personal_data(
            person=people.Person.objects.get(pk=cast.employee.pk),
            by=actor(cast.hr),
            at=now,
            why="Asked by letter",
        )
        for model in (OneOnOne, Meeting, Topic, ActionItem):
            assert not model.objects.exists()
        for person in (cast.employee, cast.manager):
            with tenancy.speaking_as(person.pk):
                assert not PrivateNote.objects.exists()
        assert not WorkItem.objects.filter(kind="feedback.action", done_at=None).exists()
        told = WorkItem.objects.filter(person=cast.manager, kind="feedback.action")
        assert [item.title_en for item in told] == ["An action item of a 1:1"], (
            "what was agreed is not quoted"
        )
        assert [item.title_zh for item in told] == ["一对一的行动项"]


def test_the_pages_cost_the_same_with_a_long_agenda_and_a_large_team(
    cast: Cast, actor: Load, client_for: SignIn, meeting: Meeting, blocked: CheckIn, now: Any
) -> None:
    addresses = (
        reverse("feedback:one_on_one", args=[meeting.one_on_one_id]),
        reverse("feedback:one_on_ones"),
        reverse("feedback:home"),
    )

    def counts() -> list[int]:
        client, found = client_for(cast.manager), []
        for address in addresses:
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            found.append(len(captured))
        return found

    with tenancy.acting_for(cast.organisation):
        me = actor(cast.employee)
        actions.add_topic(meeting=meeting, text="One", by=me, at=now)
        actions.add_action_item(meeting=meeting, what="Do", owner=cast.manager, by=me, at=now)
    small = counts()
    with tenancy.acting_for(cast.organisation):
        for number in range(8):
            actions.add_topic(meeting=meeting, text=f"Topic {number}", by=actor(cast.manager), at=now)
            actions.add_action_item(meeting=meeting, what=f"Do {number}", owner=cast.employee, by=me, at=now)
            report = make_person(f"R{number}", f"Report {number}")
            report_to(cast.manager, report)
            actions.begin_one_on_one(
                by=actor(cast.manager),
                at=now,
                employee=report,
                manager=cast.manager,
                starts_at=now + datetime.timedelta(days=3),
                every_weeks=1,
                minutes=30,
            )
    assert counts() == small


def test_a_fall_of_confidence_is_offered_for_the_agenda_and_taken(
    cast: Cast, actor: Load, meeting: Meeting, objective_in_force: Any, now: Any
) -> None:
    from okr.models import KeyResultEntry

    with tenancy.acting_for(cast.organisation):
        key_result = objective_in_force.key_results.first()
        monday = now.date() - datetime.timedelta(days=now.weekday())
        for weeks_ago, confidence in ((1, 4), (0, 2)):
            check_in = CheckIn.objects.create(
                person=cast.employee,
                period=objective_in_force.period,
                week_starts_on=monday - datetime.timedelta(weeks=weeks_ago),
                at=now - datetime.timedelta(weeks=weeks_ago),
            )
            KeyResultEntry.objects.create(
                check_in=check_in,
                key_result=key_result,
                confidence=confidence,
                version_number=1,
                at=check_in.at,
            )
        page = queries.meeting_page(actor(cast.manager), meeting)
        [point] = page.suggested
        assert (point.kind, point.was, point.now) == ("confidence", 4, 2)
        actions.take_point(meeting=meeting, point=point.key, by=actor(cast.manager), at=now)
        after = queries.meeting_page(actor(cast.employee), meeting)
        assert (after.suggested, [topic.kind for topic in after.topics]) == ([], ["confidence"])


@pytest.fixture
def objective_in_force(cast: Cast, actor: Load, quarter: people.Period, now: Any) -> Any:
    from okr.models import Content, KeyResultContent

    with tenancy.acting_for(cast.organisation):
        text = Content(
            title="Fewer gaps",
            key_results=(KeyResultContent(kind="yes_no", title="No gap in a week", weight_ppm=1_000_000),),
        )
        objective = goals.propose_objective(period=quarter, content=text, by=actor(cast.employee), at=now)
        goals.agree_objective(objective=objective, version_number=1, by=actor(cast.manager), at=now)
        objective.refresh_from_db()
        return objective
