"""How progress is counted stands beside every progress figure: of today by the policy in force, of earlier readings by
the one that counted them."""

import datetime

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from okr import actions, evidence, queries, tasks
from performance.foundation import tenancy
from performance.foundation.evidence import ComponentRequest
from performance.inbox import tasks as inbox_tasks
from performance.people import models as people
from tests.okr.conftest import content, moment
from tests.okr.test_check_ins import four_readings

VERSION_1 = "Counted by policy version 1:"
VERSION_2 = "Counted by policy version 2:"
DEFAULTS = "Counted by the default rules:"


@pytest.fixture
def choose(quarter, cast, actor, now):
    """A new version of the quarter's policy."""

    def do(at=now, **choices):
        return actions.set_policy(
            period=quarter, choices=choices, reason="We agreed to it.", by=actor(cast.hr), at=at
        )

    return do


@pytest.fixture
def page(client_for, cast):
    def read(name, *args, by=cast.manager, query=""):
        answer = client_for(by).get(reverse(name, args=args) + query)
        assert answer.status_code == 200
        return answer.content.decode()

    return read


def pages(page, cast, active, reported):
    team = active.team_id or people.Team.objects.filter(memberships__person=cast.employee).first().pk
    return {
        "my week": page("okr:home", by=cast.employee),
        "my team": page("okr:my_team", query="?show=all"),
        "list": page("okr:objectives"),
        "objective": page("okr:objective", active.pk),
        "team": page("okr:team", team),
        "map": page("okr:strategy"),
        "timeline": page("okr:timeline"),
        "conversation": page("okr:conversation", reported.pk),
    }


def test_every_page_with_progress_prints_the_policy_that_counts_it(
    page, cast, active, propose, agree, actor, now, choose, check_in
):
    above = agree(propose(content("The company grows"), by=cast.manager))
    actions.align_objectives(child=active, parent=above, share_ppm=400_000, by=actor(cast.manager), at=now)
    choose(
        at=now - datetime.timedelta(seconds=1),
        over="cap",
        status_rule="worst_wins",
        start_equals_target="leave_out",
    )
    reported = check_in(*four_readings(active))
    for name, html in pages(page, cast, active, reported).items():
        assert VERSION_1 in html, name
        assert "contributing objectives, each key result up to 120%." in html, name
        assert "The status is that of the worst key result." in html, name
        assert "Where the target equals the start, there is no progress." in html, name
        assert html.count(VERSION_1) == 1, name
        assert DEFAULTS not in html, name


def test_a_reading_keeps_the_policy_that_counted_it(page, cast, active, choose, check_in, now):
    reported = check_in(*four_readings(active))
    choose(at=now + datetime.timedelta(minutes=1), over="cap")
    shown = pages(page, cast, active, reported)
    for name in ("conversation", "my team"):
        assert DEFAULTS in shown[name], name
    assert VERSION_1 not in shown["conversation"]
    for name in ("my week", "list", "timeline"):
        assert VERSION_1 in shown[name], name
        assert DEFAULTS not in shown[name], name
    card, history = shown["objective"].split('id="card-history"')
    assert VERSION_1 in card.split('id="card-objective"')[1]
    assert DEFAULTS in history


def test_periods_that_count_differently_each_have_their_line(
    page, active, quarter, last_quarter, choose, check_in
):
    check_in(*four_readings(active))
    choose(over="cap")
    choose(missing="zero")
    html = page("okr:compare", query=f"?before={last_quarter.pk}&now={quarter.pk}")
    assert html.index("The quarter before:") < html.index(DEFAULTS) < html.index(VERSION_2)
    assert VERSION_1 not in html


def test_all_policies_of_a_page_are_one_query(cast, active, quarter, choose, now):
    choose(over="cap")
    second = choose(missing="zero", at=now + datetime.timedelta(minutes=2))
    with CaptureQueriesContext(connection) as captured:
        behind = queries.policies_behind([quarter, quarter], [(quarter, now), (quarter, second.at)])
    assert len(captured) == 1
    assert [each.number for each in behind] == [1, 2]
    assert [each.since for each in behind] == [now, second.at]
    assert [each.since for each in queries.policies_behind([quarter])] == [None]
    with CaptureQueriesContext(connection) as captured:
        assert queries.policies_behind() == []
    assert len(captured) == 0


def test_copying_into_a_later_period_says_how_the_progress_beside_each_goal_is_counted(
    active, next_quarter, choose, page
):
    choose(over="cap")
    assert VERSION_1 in page("okr:duplicate", active.period_id)


def test_the_letter_of_the_week_says_how_progress_is_counted(
    cast, active, quarter, week, choose, monkeypatch
):
    choose(over="cap")
    actions.open_duties(period=quarter, monday=week, at=moment(week, 0, 8))
    monkeypatch.setattr(timezone, "now", lambda: moment(week, 7, 7))
    with tenancy.acting_for(cast.organisation):
        tasks.write_week_letters.apply().get()
        inbox_tasks.deliver_waiting.apply().get()
    (letter,) = [each for each in mail.outbox if each.to == [cast.employee.email]]
    assert VERSION_1 in letter.body
    assert VERSION_1 in letter.alternatives[0].content


def test_the_evidence_of_a_score_names_the_version_that_counted_the_progress(
    cast, active, quarter, choose, check_in, now
):
    choose(at=now - datetime.timedelta(seconds=1), over="cap")
    check_in(*four_readings(active))
    (found,) = evidence.attainment(
        person_ids=[cast.employee.pk],
        period=quarter,
        as_of=now,
        components=[ComponentRequest(key="goals", source_ref="", slice={})],
    )
    (ref,) = found.trails[0]
    assert ref.note_en.endswith("%, policy version 1")
    assert ref.note_zh.endswith("%，按计算规则第1版")


def test_the_same_choices_are_no_new_version_and_a_closed_period_takes_none(
    acting_cast, cast, quarter, choose, move, client_for
):
    choose(over="cap")
    with pytest.raises(actions.ObjectiveRefused, match="counted differently"):
        choose(over="cap")
    address = reverse("okr:policy", args=[quarter.pk])
    assert "See what this changes" in client_for(cast.hr).get(address).content.decode()
    with tenancy.acting_for(cast.organisation):
        move("closing", "closed")
    assert "See what this changes" not in client_for(cast.hr).get(address).content.decode()
