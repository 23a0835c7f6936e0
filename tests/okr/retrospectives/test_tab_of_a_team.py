"""The tab of a team's retrospectives: one card for each ended period, and what to do where there is none."""

import datetime

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions
from okr.models import Retrospective
from performance.people import models as people


def tab(client_for, cast, person):
    return client_for(person).get(reverse("okr:team_retrospectives", args=[cast.team.pk]))


def test_an_ended_period_stands_with_its_notes_and_what_was_agreed(note, close, cast, client_for, now):
    note("The order calendar", "went_well")
    note("Late lorries", "learned")
    note("Earlier orders", "learned")
    close(actions.Agreed("Share the calendar", cast.employee, now.date() + datetime.timedelta(days=9)))
    shown = tab(client_for, cast, cast.employee).content.decode()
    assert "closed by Mia Manager" in shown
    assert 'What we learned <b class="num fw-semibold">2</b>' in shown
    assert "Share the calendar" in shown
    assert "The order calendar" not in shown
    told = client_for(cast.employee).get(reverse("api_team_retrospectives", args=[cast.team.pk])).json()
    assert [(row["notes"], len(row["agreed"])) for row in told] == [(3, 1)]


def test_a_period_with_goals_of_the_team_that_nobody_has_looked_back_on_invites_to_begin(
    propose, agree, cast, acting_cast, client_for, quarter
):
    lead = cast.manager
    one = propose(by=lead, team=cast.team, owner_kind="team", owner=lead)
    agree(one)
    assert "No period to look back on yet" in tab(client_for, cast, lead).content.decode()
    people.Period.objects.filter(pk=quarter.pk).update(state="closing")
    shown = tab(client_for, cast, lead).content.decode()
    assert "Nobody has put down anything yet." in shown
    assert f"{reverse('okr:retrospective', args=[cast.team.pk])}?period={quarter.pk}" in shown


def test_who_has_left_the_team_reads_the_periods_that_they_were_there_for(
    note,
    cast,
    client_for,
    closing,
    now,
):
    note("Among us")
    mine = people.TeamMembership.objects.get(person=cast.colleague)
    mine.ends_on = min(closing.ends_on, now.date())
    mine.save()
    assert tab(client_for, cast, cast.colleague).status_code == 404
    people.Period.objects.filter(pk=closing.pk).update(
        ends_on=mine.ends_on - datetime.timedelta(days=1),
        starts_on=mine.ends_on - datetime.timedelta(days=90),
    )
    assert closing.name_en in tab(client_for, cast, cast.colleague).content.decode()


def test_the_tab_asks_as_much_for_many_periods_as_for_one(note, cast, client_for, closing, now):
    note()
    client = client_for(cast.manager)
    address = reverse("okr:team_retrospectives", args=[cast.team.pk])

    def cost():
        client.get(address)
        with CaptureQueriesContext(connection) as made:
            assert client.get(address).status_code == 200
        return len(made)

    before = cost()
    for number in range(1, 5):
        first = closing.starts_on - datetime.timedelta(days=100 * number)
        earlier = people.Period.objects.create(
            name_en=f"Earlier {number}",
            starts_on=first,
            ends_on=first + datetime.timedelta(days=80),
            state="closed",
        )
        Retrospective.objects.create(team=cast.team, period=earlier, closed_by=cast.manager, closed_at=now)
    assert cost() == before
