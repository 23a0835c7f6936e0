"""Pages of the team, of links and of policies; and that the main pages ask the same number of questions however much
there is."""

import datetime
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions
from performance.people import models as people
from tests.conftest import make_person, report_to
from tests.okr.conftest import content, four_kinds, key_result, monday_of
from tests.okr.test_pages import posted_week


def test_the_team_page_draws_the_tree(active, propose, agree, cast, actor, now, client_for):
    parent = agree(
        propose(content("Full shelves", key_result()), by=cast.manager, team=cast.team, owner_kind="team")
    )
    actions.align_objectives(child=active, parent=parent, share_ppm=400_000, by=actor(cast.manager), at=now)
    page = client_for(cast.colleague).get(reverse("okr:team", args=[cast.team.pk])).content.decode()
    assert page.index("Full shelves") < page.index(active.title)
    assert "o-tree" in page


def test_linking_and_parting_through_the_page(active, propose, agree, cast, client_for):
    parent = agree(propose(content("Full shelves", key_result()), by=cast.manager))
    client = client_for(cast.employee)
    address = reverse("okr:align", args=[active.pk])
    wrong = {"parent": str(parent.pk), "kind": "contributes", "share": ""}
    assert client.post(address, wrong).status_code == 422
    assert client.post(address, {**wrong, "share": "40"}).status_code == 302
    link = active.serves.get()
    assert (link.parent_id, link.share_ppm) == (parent.pk, 400_000)
    assert client_for(cast.colleague).post(reverse("okr:part", args=[link.pk])).status_code == 403
    assert client.post(reverse("okr:part", args=[link.pk])).status_code == 302
    assert not active.serves.exists()


def test_hr_changes_how_progress_is_counted(active, quarter, cast, client_for):
    address = reverse("okr:policy", args=[quarter.pk])
    assert client_for(cast.employee).get(address).status_code == 403
    choices = {
        "over": "cap",
        "cap_percent": "130",
        "missing": "leave_out",
        "start_equals_target": "reached_or_not",
        "roll_up": "both",
        "method": "weighted_mean",
        "status_rule": "own_pace",
        "carry_over": "restart",
    }
    choices |= {"step": "confirm", "seen": "0"}
    client = client_for(cast.hr)
    assert client.post(address, {**choices, "reason": ""}).status_code == 422
    assert client.post(address, {**choices, "reason": "Agreed."}).status_code == 302
    assert quarter.okr_policies.get().cap_percent == 130


def grow(cast, quarter, actor, now, numbers):
    """More people below the manager, each with an objective in force and this week's check-in."""
    for number in numbers:
        person = make_person(f"N{number:03}", f"New {number}")
        report_to(cast.manager, person)
        people.TeamMembership.objects.create(
            person=person, team=cast.team, starts_on=datetime.date(2020, 1, 1)
        )
        objective = actions.propose_objective(period=quarter, content=four_kinds(), by=actor(person), at=now)
        actions.agree_objective(objective=objective, version_number=1, by=actor(cast.manager), at=now)
        actions.submit_check_in(
            period=quarter,
            week_starts_on=monday_of(now.date()),
            readings=[actions.Reading(objective.key_results.first().pk, value=Decimal(2), confidence=2)],
            blockers="Stuck.",
            asks=cast.manager,
            by=actor(person),
            at=now,
        )


def test_every_main_page_asks_the_same_number_of_questions_at_any_size(
    active, check_in, cast, quarter, actor, now, client_for, this_week
):
    check_in(
        actions.Reading(active.key_results.first().pk, value=Decimal(2)), blockers="Stuck.", asks=cast.manager
    )
    check_in(actions.Reading(active.key_results.first().pk, value=Decimal(2)))
    grow(cast, quarter, actor, now, range(1))
    quarter.starts_on -= datetime.timedelta(weeks=6)
    quarter.save()
    weeks_ago = (monday_of(now.date()) - datetime.timedelta(weeks=each) for each in range(1, 6))
    check_in(blockers="Long stuck.", asks=cast.manager, week_starts_on=next(weeks_ago))
    led = actions.propose_objective(period=quarter, content=content("Led"), by=actor(cast.manager), at=now)
    actions.agree_objective(objective=led, version_number=1, by=actor(cast.boss), at=now)
    employee, manager = client_for(cast.employee), client_for(cast.manager)
    pages = {
        "home": (employee, reverse("okr:home")),
        "objectives": (employee, reverse("okr:objectives")),
        "objective": (employee, reverse("okr:objective", args=[active.pk])),
        "history": (employee, reverse("okr:check_ins")),
        "team": (manager, reverse("okr:team", args=[cast.team.pk])),
        "team's weeks": (manager, reverse("okr:team_check_ins", args=[cast.team.pk])),
        "team's weeks, of a colleague": (employee, reverse("okr:team_check_ins", args=[cast.team.pk])),
        "team's history": (employee, reverse("okr:team_history", args=[cast.team.pk])),
        "team's retrospectives": (manager, reverse("okr:team_retrospectives", args=[cast.team.pk])),
        "my team": (manager, reverse("okr:my_team")),
        "api list": (employee, reverse("api_objectives")),
        "api check-ins": (manager, reverse("api_check_ins")),
        "api team's week": (
            employee,
            f"{reverse('api_team_check_ins', args=[cast.team.pk])}?week_starts_on={now.date()}",
        ),
        "api team's history": (employee, reverse("api_team_history", args=[cast.team.pk])),
    }

    words = iter(["Small.", "Large."])

    def counts():
        found = {}
        for name, (client, address) in pages.items():
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200, name
            found[name] = len(queries)
        with CaptureQueriesContext(connection) as queries:
            employee.post(
                reverse("okr:check_in", args=[this_week]),
                posted_week(active, wins=next(words)),
            )
        found["check-in"] = len(queries)
        return found

    small = counts()
    for number in range(1, 5):
        more = actions.propose_objective(
            period=quarter, content=content(f"More {number}"), by=actor(cast.manager), at=now
        )
        actions.agree_objective(objective=more, version_number=1, by=actor(cast.boss), at=now)
        actions.comment_on_objective(objective=active, text="And more.", by=actor(cast.manager), at=now)
    grow(cast, quarter, actor, now, range(1, 7))
    for week in weeks_ago:
        check_in(blockers="Long stuck.", asks=cast.manager, week_starts_on=week)
    assert counts() == small
