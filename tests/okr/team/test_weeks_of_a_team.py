"""The weeks of a team: who reads what of them, and how one steps through them."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from okr import actions, queries
from okr.models import CheckInDuty
from performance.people import models as people
from tests import ready
from tests.okr.conftest import WEEK, content, key_result, monday_of


def address(monday):
    year, week, _day = monday.isocalendar()
    return f"{year}-W{week:02}"


@pytest.fixture
def monday(now):
    return monday_of(now.date())


@pytest.fixture
def weeks(cast, client_for):
    def do(person, monday=None, **query):
        args = [cast.team.pk, *([address(monday)] if monday else [])]
        name = "okr:team_week" if monday else "okr:team_check_ins"
        return client_for(person).get(reverse(name, args=args), query)

    return do


@pytest.fixture
@ready.made
def told(acting_cast, propose, agree, check_in, quarter):
    """The employee on one public and one private goal, stuck; six weeks of the quarter have passed."""
    quarter.starts_on -= 6 * WEEK
    quarter.save()
    public = agree(propose(content("Aurora", key_result(title="Auroras seen"))))
    private = agree(propose(content("Cygnus", key_result(title="Cygnets counted"), visibility="private")))
    return check_in(
        actions.Reading(public.key_results.get().pk, value=Decimal(5), confidence=2, note="Clouds"),
        actions.Reading(private.key_results.get().pk, value=Decimal(1), confidence=1, note="Fog"),
        wins="A ladder stands.",
        blockers=BLOCKER,
        asks=acting_cast.business_owner,
    )


BLOCKER, WORDS = "The lift is broken.", ("A ladder stands.", "I am coming.")
#: Who reads what blocks, everything that was said, the readings of the public and of the private goal, and that the
#: colleague has not reported.
READS = {
    "employee": (True, True, True, True, False),
    "manager": (True, True, True, True, True),
    "boss": (True, True, True, True, True),
    "auditor": (True, True, True, True, True),
    "business_owner": (True, False, True, False, False),
    "colleague": (False, False, True, False, True),
    "hr": (False, False, True, False, True),
    "administrator": (False, False, True, False, False),
}


def test_everybody_reads_of_a_teams_week_what_is_theirs_to_read(
    told, cast, actor, now, weeks, client_for, monday
):
    actions.reply_to_check_in(check_in=told, text="I am coming.", by=actor(cast.manager), at=now)
    for name, (blocker, words, public, private, colleague) in READS.items():
        reader = getattr(cast, name)
        page = weeks(reader)
        shown = page.content.decode()
        told_by_api = client_for(reader).get(
            reverse("api_team_check_ins", args=[cast.team.pk]), {"week_starts_on": monday.isoformat()}
        )
        assert [told_by_api.json()[name] for name in ("members", "owing", "reported")] == [3, 1, 1]
        assert "1 checked in, nobody was asked" in shown
        rows = {row["person"]: row for row in told_by_api.json()["rows"]}
        for text in (shown, told_by_api.content.decode()):
            assert (BLOCKER in text) is blocker, name
            for said in WORDS:
                assert (said in text) is words, (name, said)
            assert ("Fog" in text) is private, name
        assert ("Auroras seen" in shown) is public, name
        assert ("Cygnets counted" in shown) is private, name
        assert (reverse("okr:conversation", args=[told.pk]) in shown) is blocker, name
        assert (str(cast.colleague.pk) in rows) is colleague, name
        assert (f'id="of-{cast.colleague.pk}"' in shown) is colleague, name
        mine = rows[str(cast.employee.pk)]
        assert (mine["check_in"] == str(told.pk)) is blocker, name
        assert mine["confidence"] == (1 if private else 2), name


def test_who_has_reported_on_nothing_that_one_sees_is_counted_and_not_named(
    propose, agree, check_in, cast, acting_cast, weeks
):
    secret = agree(propose(content("Cygnus", visibility="private")))
    check_in(actions.Reading(secret.key_results.get().pk, value=Decimal(1), confidence=1), wins="Quietly.")
    page = weeks(cast.administrator).content.decode()
    assert "1 checked in, nobody was asked" in page
    assert cast.employee.name_en not in page
    assert "Nothing that is for you" in page
    page = weeks(cast.colleague).content.decode()
    assert cast.employee.name_en not in page
    assert "1 more person has checked in" in page


def test_the_confidence_of_the_week_before_betrays_no_private_goal(
    told, cast, check_in, monday, weeks, client_for
):
    private, public = (told.entries.get(note=note).key_result for note in ("Fog", "Clouds"))
    check_in(
        actions.Reading(private.pk, value=Decimal(1), confidence=1),
        actions.Reading(public.pk, value=Decimal(3), confidence=4),
        week_starts_on=monday - WEEK,
    )

    def before(reader):
        told_by_api = client_for(reader).get(
            reverse("api_team_check_ins", args=[cast.team.pk]), {"week_starts_on": monday.isoformat()}
        )
        rows = {row["person"]: row for row in told_by_api.json()["rows"]}
        return rows[str(cast.employee.pk)]["confidence_before"]

    assert before(cast.manager) == 1
    assert before(cast.colleague) == 4


def test_one_steps_through_the_weeks_of_the_period_that_have_begun(told, cast, monday, quarter, weeks):
    page = weeks(cast.manager)
    shown = page.content.decode()
    assert page.context["monday"] == monday
    assert len(page.context["weeks"]) == len(queries.weeks_of(quarter, page.context["today"]))
    earlier = reverse("okr:team_week", args=[cast.team.pk, address(monday - WEEK)])
    assert f'href="{earlier}" rel="prev"' in shown
    assert 'rel="next"' not in shown
    former = weeks(cast.manager, monday - WEEK)
    assert former.context["count"].reported == 0
    assert 'rel="next"' in former.content.decode()
    assert "The lift is broken." not in former.content.decode()
    assert weeks(cast.manager, monday + WEEK).status_code == 404
    assert weeks(cast.manager, monday - 30 * WEEK).status_code == 404
    first = queries.weeks_of(quarter, page.context["today"])[0]
    assert 'rel="prev"' not in weeks(cast.manager, first).content.decode()


def test_a_chosen_period_stays_chosen_from_week_to_week_and_tab_to_tab(told, cast, quarter, weeks):
    shown = weeks(cast.manager, period=str(quarter.pk)).content.decode()
    for name in ("okr:team", "okr:team_list", "okr:team_history"):
        assert f'href="{reverse(name, args=[cast.team.pk])}?period={quarter.pk}"' in shown
    assert (
        '/"'
        not in shown[
            shown.index('class="week-strip"') : shown.index("</nav>", shown.index('class="week-strip"'))
        ]
    )


def test_a_week_counts_those_who_were_in_the_team_then(told, cast, actor, monday):
    membership = people.TeamMembership.objects.get(person=cast.colleague)
    membership.ends_on = monday
    membership.save()
    people.TeamMembership.objects.filter(person=cast.employee).update(starts_on=monday - WEEK)
    today = monday + datetime.timedelta(days=6)
    weeks = [monday - 2 * WEEK, monday - WEEK, monday]
    counts = queries.counts_by_week(cast.team, weeks, today, actor(cast.hr))
    assert [(each.members, each.reported) for each in counts] == [(2, 0), (3, 0), (2, 1)]


def test_a_week_counts_who_owes_a_check_in_and_says_who_is_not_shown(told, cast, quarter, monday, now, weeks):
    """The employee has reported, the colleague is excused, the third owes theirs."""
    duty = CheckInDuty.objects.create(
        person=cast.colleague,
        period=quarter,
        week_starts_on=monday,
        state="excused",
        excuse="manager",
        reason="A trade fair",
    )
    lead = people.TeamMembership.objects.filter(team=cast.team).exclude(
        person__in=[cast.employee, cast.colleague]
    )
    CheckInDuty.objects.create(
        person=lead.get().person, period=quarter, week_starts_on=monday, due_at=now, state="open"
    )

    def read_by(person):
        return " ".join(weeks(person).content.decode().split())

    def row_of_the_colleague(page):
        return page.partition(f'id="of-{cast.colleague.pk}"')[2].partition("</li>")[0]

    page = read_by(cast.boss)
    assert "1 of 2 checked in this week" in page
    row = row_of_the_colleague(page)
    assert "Excused by a manager: A trade fair" in row
    assert "Not checked in" not in row
    assert 'id="week-others"' not in page
    page = read_by(cast.business_owner)
    assert "A trade fair" not in page
    assert "1 more person has not checked in; they, those above them and HR see who it is." in page
    assert "1 more of the team owes none for this week" in page
    duty.delete()
    assert "Owes none" in row_of_the_colleague(read_by(cast.boss))


def test_a_period_that_has_not_begun_says_so_and_a_quiet_week_asks_for_the_first_check_in(
    cast, acting_cast, quarter, next_quarter, weeks
):
    shown = weeks(cast.employee, period=str(next_quarter.pk)).content.decode()
    assert "No week of this period has begun" in shown
    assert "Nobody has checked in yet" in weeks(cast.administrator).content.decode()


def test_of_fewer_than_three_people_others_read_no_count(told, cast, weeks, client_for, monday, acting_cast):
    people.TeamMembership.objects.filter(team=cast.team).exclude(person=cast.employee).delete()
    of_week = {"week_starts_on": monday.isoformat()}
    for name, counts in {
        "finance_owner": [1, None, None, None],
        "manager": [1, 1, 0, 1],
        "employee": [1, 1, 0, 1],
        "hr": [1, 1, 0, 1],
    }.items():
        client = client_for(getattr(cast, name))
        answer = client.get(reverse("api_team_check_ins", args=[cast.team.pk]), of_week).json()
        assert [answer[each] for each in ("members", "reported", "asked", "owing")] == counts, name
        shown = weeks(getattr(cast, name)).content.decode()
        assert ("1 checked in, nobody was asked" in shown) is (counts[1] == 1)
        assert ("1 checked in this week" in shown) is (counts[1] == 1)
        assert ("in so small a team no count is shown" in shown) is (counts[1] is None)


def test_readings_lead_to_their_goals_and_to_the_check_in_of_whom_one_may_read(told, weeks, cast):
    goal = reverse("okr:objective", args=[told.entries.first().key_result.objective_id])
    said = reverse("okr:conversation", args=[told.pk])
    seen = weeks(cast.manager).content.decode()
    assert f'href="{goal}"' in seen
    assert seen.count(f'href="{said}"') == 3, "the time, and both readings"
    others = weeks(cast.colleague).content.decode()
    assert said not in others
    assert "Auroras seen" in others


def test_every_word_why_is_told_and_not_only_that_of_what_is_furthest_behind(told, weeks, cast):
    seen = weeks(cast.manager).content.decode()
    assert "Clouds" in seen
    assert "Fog" in seen
