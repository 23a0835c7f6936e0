"""A blocker asks anybody who is here; whoever is asked reads what blocks, and nothing that is not theirs to see."""

import dataclasses
import json
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions, queries
from okr.models import CheckIn, CheckInDraft
from performance.foundation import tenancy
from performance.inbox.models import WorkItem
from performance.people import models as people
from performance.people import queries as people_queries
from tests import ready
from tests.conftest import Newcomer, make_people
from tests.okr.conftest import content, monday_of, week_of
from tests.okr.test_pages import HTMX, posted_week

STUCK = "The supplier is silent."


@pytest.fixture
@ready.made
def crowd(acting_cast):
    """More people than are offered at once; the last of them by name is far from everybody."""
    made = make_people(
        *(Newcomer(f"C{n:03}", f"Crowd {n:03}") for n in range(40)), Newcomer("Z001", "Zoe Zenith")
    )
    return made[-1]


@pytest.fixture
def send(cast, client_for, now):
    def do(fields, **options):
        address = reverse("okr:check_in", args=[week_of(now.date())])
        return client_for(cast.employee).post(address, fields, **options)

    return do


def test_the_own_line_and_team_are_offered_first_and_everybody_else_is_found(
    active, crowd, cast, client_for, now
):
    near = list(people_queries.nearest(cast.employee.pk, now.date())[:3])
    assert near == [cast.manager, cast.boss, cast.colleague]
    client = client_for(cast.employee)
    page = client.get(reverse("okr:home")).content.decode()
    assert page.index(str(cast.manager.pk)) < page.index(str(cast.colleague.pk))
    assert str(crowd.pk) not in page
    assert f"{reverse('people:picker')}?optional=1" in page
    found = client.get(reverse("people:picker"), {"optional": "1", "q": "zenith"}).content.decode()
    assert str(crowd.pk) in found
    assert "Nobody for now" in found
    assert "Nobody for now" not in client.get(reverse("people:picker"), {"q": "zenith"}).content.decode()


def test_the_toast_names_who_is_asked_and_who_reads_it_and_leads_back_to_what_was_sent(
    active, cast, crowd, send, client_for
):
    def toast(**fields):
        return json.loads(send(posted_week(active, **fields), headers=HTMX)["HX-Trigger"])["toast"]

    first = toast(wins="Quiet.")
    assert first["text"] == f"Checked in. {cast.manager.name_en} can see it now."
    assert first["correct"] == f"{reverse('okr:home')}#checkin-title"
    page = client_for(cast.employee).get(reverse("okr:home")).content.decode()
    assert 'id="checkin-title"' in page
    assert "Quiet.</textarea>" in page
    helped = {"blockers": STUCK, "asks": str(crowd.pk)}
    assert toast(**helped)["text"].endswith(f"{crowd.name_en} is asked for help.")
    assert "asked" not in toast(wins="More.", **helped)["text"], "asked once"


def test_the_first_toast_tells_a_helper_from_the_manager_who_sees_all(active, cast, crowd, send):
    sent = send(posted_week(active, blockers=STUCK, asks=str(crowd.pk)), follow=True)
    page = " ".join(sent.content.decode().split())
    assert f"{crowd.name_en} is asked for help and sees what blocks you; " in page
    assert f"{cast.manager.name_en} sees all of it." in page
    assert f'<a href="{reverse("okr:home")}#checkin-title">Correct it</a>' in page


def test_somebody_far_away_is_asked_and_finds_it_in_the_inbox(active, crowd, send):
    assert send(posted_week(active, blockers=STUCK, asks=str(crowd.pk))).status_code == 302
    assert WorkItem.objects.get(kind="goals.blocker", done_at=None).person_id == crowd.pk


def test_whoever_is_chosen_stays_chosen_when_the_form_comes_back(active, crowd, send):
    up = active.key_results.first().pk
    refused = send(
        posted_week(active, blockers=STUCK, asks=str(crowd.pk), **{f"value-{up}": "x"}), headers=HTMX
    )
    assert refused.status_code == 422
    assert f'<option value="{crowd.pk}" selected>' in refused.content.decode()
    assert CheckInDraft.objects.get().fields["asks"] == str(crowd.pk)


@pytest.mark.parametrize("who", ["gone", "stranger", "oneself", "nonsense"])
def test_nobody_is_asked_who_is_not_here(active, crowd, cast, send, client_for, now, who):
    people.Person.objects.filter(pk=crowd.pk).update(left_on=now.date().replace(year=2020))
    asked = {"gone": crowd.pk, "stranger": cast.stranger.pk, "oneself": cast.employee.pk, "nonsense": "x"}[
        who
    ]
    refused = send(posted_week(active, blockers=STUCK, asks=str(asked)))
    assert refused.status_code == 422
    assert ("This person is not here." in refused.content.decode()) == (who != "nonsense")
    given = {
        "week_starts_on": monday_of(now.date()).isoformat(),
        "readings": [],
        "blockers": STUCK,
        "asks": str(asked),
    }
    answer = client_for(cast.employee).post(reverse("api_check_ins"), given, content_type="application/json")
    assert answer.status_code in (400, 404, 422)
    with tenancy.acting_for(cast.organisation):
        assert not CheckIn.objects.exists()


def test_the_action_refuses_whoever_has_left(active, check_in, crowd, now):
    people.Person.objects.filter(pk=crowd.pk).update(left_on=now.date().replace(year=2020))
    with pytest.raises(actions.CheckInRefused) as refusal:
        check_in(blockers=STUCK, asks=crowd)
    assert refusal.value.field == "asks"


def test_whoever_is_asked_reads_what_blocks_and_who_asks_and_nothing_of_goals_that_are_not_theirs(
    active, propose, agree, check_in, crowd, cast, client_for, actor, now
):
    secret = agree(propose(content("Merge two stores", visibility="private")))
    rows = [active.key_results.first(), secret.key_results.get()]
    readings = [actions.Reading(row.pk, value=Decimal(5), note=f"Why {row.objective.title}") for row in rows]
    one = check_in(*readings, blockers=STUCK, wins="Merger talks won", plans="Merger talks go on", asks=crowd)
    actions.reply_to_check_in(check_in=one, by=actor(cast.manager), text="Merger stays between us", at=now)
    actions.reply_to_check_in(check_in=one, by=actor(cast.employee), text="It is the dairy one", at=now)
    actions.reply_to_check_in(check_in=one, by=actor(crowd), text="I call them", at=now)
    row = client_for(crowd).get(reverse("okr:reply", args=[one.pk]), headers=HTMX)
    assert row.status_code == 302
    addresses = [
        reverse("okr:conversation", args=[one.pk]),
        reverse("api_check_in", args=[one.pk]),
        reverse("api_check_ins"),
    ]
    for address in addresses:
        told = client_for(crowd).get(address).content.decode()
        for words in (STUCK, "It is the dairy one", "I call them", f"Why {active.title}"):
            assert words in told, (address, words)
        assert "Merge" not in told, address
        assert str(secret.pk) not in told
        for reader in (cast.employee, cast.manager, cast.auditor):
            whole = client_for(reader).get(address).content.decode()
            for words in (
                "Merger talks won",
                "Merger talks go on",
                "Merger stays between us",
                "Why Merge two",
            ):
                assert words in whole, (address, reader, words)
    assert crowd.name_en in client_for(cast.employee).get(addresses[0]).content.decode()


def test_notes_of_a_private_time_are_kept_from_whoever_is_asked_also_once_the_goal_is_open(
    propose, agree, check_in, crowd, cast, client_for, actor, now
):
    secret = agree(propose(content("Full shelves", visibility="private")))
    one = check_in(
        actions.Reading(secret.key_results.get().pk, value=5, note="Merger talks"), blockers=STUCK, asks=crowd
    )
    opened = dataclasses.replace(queries.content_of(secret), visibility="public")
    by = actor(cast.manager)
    version = actions.propose_change(objective=secret, content=opened, reason="Over", by=by, at=now)
    actions.agree_objective(objective=secret, version_number=version.number, by=actor(cast.employee), at=now)
    for address in (reverse("okr:conversation", args=[one.pk]), reverse("api_check_ins")):
        told = client_for(crowd).get(address).content.decode()
        assert "Stores served" in told or str(secret.key_results.get().pk) in told
        assert "Merger talks" not in told
        assert "Merger talks" in client_for(cast.manager).get(address).content.decode()


def test_the_list_of_the_api_asks_as_much_for_many_calls_for_help_as_for_one(
    active, propose, agree, check_in, crowd, cast, client_for, now
):
    counts = []
    for by in (cast.employee, cast.colleague, cast.hr):
        goal = agree(propose(content("Told", visibility="team"), by=by))
        check_in(
            actions.Reading(goal.key_results.get().pk, value=5, note="Why"), by=by, blockers=STUCK, asks=crowd
        )
        client = client_for(crowd)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(reverse("api_check_ins")).status_code == 200
        counts.append(len(caught))
    assert counts[1] == counts[2]


def test_an_auditor_who_answers_nothing_is_not_asked(active, cast, send, check_in):
    assert cast.auditor not in people_queries.nearest(
        cast.employee.pk, people_queries.today(cast.organisation)
    )
    assert send(posted_week(active, blockers=STUCK, asks=str(cast.auditor.pk))).status_code == 422
    with pytest.raises(actions.CheckInRefused, match="only reads"):
        check_in(blockers=STUCK, asks=cast.auditor)
    assert not WorkItem.objects.filter(kind="goals.blocker").exists()
