"""Leaving, planned or not: who takes over, what ends with the last day, and what a withdrawn last day gives back."""

import datetime
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.inbox import actions as inbox
from performance.inbox import tasks as inbox_tasks
from performance.inbox.models import Delivery, WorkItem
from performance.people import actions, models, queries
from performance.people.actions import PeopleRefused
from tests.conftest import LONG_AGO, Cast, make_person, report_to

DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def _acting(cast: Cast) -> Any:
    with tenancy.acting_for(cast.organisation):
        yield


@pytest.fixture
def today(cast: Cast) -> datetime.date:
    return queries.today(cast.organisation)


@pytest.fixture
def leave(cast: Cast, now: datetime.datetime) -> Any:
    def do(person: models.Person, on: datetime.date, to: models.Person | None = None) -> models.Person:
        return actions.deactivate_person(person=person, left_on=on, reports_to=to, by=cast.hr, at=now)

    return do


def manager_on(person: models.Person, day: datetime.date) -> models.Person | None:
    return queries.manager_of(person.pk, day)


def test_a_deputy_who_takes_over_reports_to_the_leavers_own_manager(
    cast: Cast, leave: Any, today: datetime.date
) -> None:
    leave(cast.manager, today + 9 * DAY, cast.employee)
    after = today + 10 * DAY
    assert manager_on(cast.employee, today) == cast.manager
    assert manager_on(cast.employee, after) == cast.boss
    assert queries.line_above(cast.colleague.pk, after) == [cast.employee.pk, cast.boss.pk]


def test_whoever_takes_over_from_the_top_reports_to_nobody(
    cast: Cast, leave: Any, today: datetime.date
) -> None:
    leave(cast.boss, today - DAY, cast.manager)
    assert manager_on(cast.manager, today) is None
    assert manager_on(cast.hr, today) == cast.manager


def test_a_planned_report_is_handed_over_on_the_planned_day(
    cast: Cast, leave: Any, now: Any, today: datetime.date
) -> None:
    actions.change_manager(
        person=cast.auditor, manager=cast.manager, starts_on=today + 60 * DAY, by=cast.hr, at=now
    )
    leave(cast.manager, today + 9 * DAY, cast.hr)
    assert manager_on(cast.auditor, today + 10 * DAY) == cast.boss
    assert manager_on(cast.auditor, today + 60 * DAY) == cast.hr


def test_a_planned_report_stays_with_the_manager_who_takes_over(
    cast: Cast, leave: Any, now: Any, today: datetime.date
) -> None:
    actions.change_manager(
        person=cast.auditor, manager=cast.manager, starts_on=today + 60 * DAY, by=cast.hr, at=now
    )
    leave(cast.manager, today + 9 * DAY, cast.boss)
    assert models.ReportingLine.objects.get(person=cast.auditor).ends_on is None
    assert manager_on(cast.auditor, today + 60 * DAY) == cast.boss


def test_the_page_asks_who_takes_over_also_when_reports_are_only_planned(
    cast: Cast, client_for: Any, now: Any, today: datetime.date
) -> None:
    actions.change_manager(
        person=cast.auditor, manager=cast.colleague, starts_on=today + 60 * DAY, by=cast.hr, at=now
    )
    address = reverse("people:deactivate_person", args=[cast.colleague.pk])
    assert 'name="reports_to"' in client_for(cast.hr).get(address).content.decode()
    given = {"left_on": (today + DAY).isoformat(), "reports_to": cast.boss.pk}
    assert client_for(cast.hr).post(address, given).status_code == 302


def test_a_line_to_or_of_somebody_with_a_last_day_ends_with_it(
    cast: Cast, leave: Any, now: Any, today: datetime.date
) -> None:
    leave(cast.colleague, today + 30 * DAY)
    of_leaver = actions.change_manager(
        person=cast.colleague, manager=cast.boss, starts_on=today, by=cast.hr, at=now
    )
    to_leaver = actions.change_manager(
        person=cast.auditor,
        manager=models.Person.objects.get(pk=cast.colleague.pk),
        starts_on=today,
        by=cast.hr,
        at=now,
    )
    assert of_leaver
    assert to_leaver
    assert of_leaver.ends_on == to_leaver.ends_on == today + 31 * DAY


def test_join_team_refuses_a_day_after_the_last_one(
    cast: Cast, leave: Any, now: Any, today: datetime.date
) -> None:
    team = actions.start_team(code="NEW", name_en="New", by=cast.hr, at=now)
    leave(cast.colleague, today + 30 * DAY)
    with pytest.raises(PeopleRefused, match="will have left"):
        actions.join_team(person=cast.colleague, team=team, starts_on=today + 31 * DAY, by=cast.hr, at=now)
    joined = actions.join_team(person=cast.colleague, team=team, starts_on=today, by=cast.hr, at=now)
    assert joined.ends_on == today + 31 * DAY


def test_a_withdrawn_last_day_gives_back_what_it_cut(
    cast: Cast, leave: Any, now: Any, today: datetime.date
) -> None:
    left = leave(cast.manager, today + 30 * DAY, cast.employee)
    actions.return_person(person=left, hired_on=today, by=cast.hr, at=now)
    later = today + 60 * DAY
    assert manager_on(cast.manager, later) == cast.boss
    assert queries.team_of(cast.manager.pk, later) == cast.team
    assert set(queries.reports_of(cast.manager.pk, later)) == {cast.employee, cast.colleague}
    assert not models.ReportingLine.objects.filter(starts_on__gt=today).exists()
    assert AuditRow.objects.filter(action="people.withdraw_change").count() == 2


def test_nothing_of_somebody_who_came_back_begins_in_between(
    cast: Cast, leave: Any, now: Any, today: datetime.date
) -> None:
    left = leave(cast.colleague, today - 30 * DAY)
    back = actions.return_person(person=left, hired_on=today, by=cast.hr, at=now)
    assert back.returned_on == today
    with pytest.raises(PeopleRefused, match="came back later"):
        actions.change_manager(person=back, manager=cast.manager, starts_on=today - DAY, by=cast.hr, at=now)
    actions.change_manager(person=back, manager=cast.manager, starts_on=today, by=cast.hr, at=now)


def test_a_handed_over_report_is_not_given_back_to_somebody_who_leaves(
    cast: Cast, leave: Any, now: Any, today: datetime.date
) -> None:
    leave(cast.manager, today + 30 * DAY, cast.boss)
    line = models.ReportingLine.objects.get(person=cast.employee, starts_on=today + 31 * DAY)
    with pytest.raises(PeopleRefused, match="will have left"):
        actions.withdraw_change(line=line, by=cast.hr, at=now)


@pytest.fixture
def planned(cast: Cast, leave: Any, actor: Any, now: datetime.datetime, today: datetime.date) -> Any:
    """The manager leaves today, with a role, a token, a team and work; and it is tomorrow."""
    models.RoleGrant.objects.create(person=cast.manager, role="business_owner")
    actions.create_token(
        actor=actor(cast.manager), name="script", scopes=["people:read"], expires_at=now + 9 * DAY, at=now
    )
    for kind in ("goals.reply", "goals.check_in"):
        inbox.assign_work(
            to=cast.manager,
            kind=kind,
            subject_id=cast.employee.pk,
            title_en=kind,
            title_zh=kind,
            url="/goals/",
            by=cast.employee,
            at=now,
        )
    leave(cast.manager, today, cast.finance_owner)
    return now + DAY


def test_what_ends_with_a_planned_last_day_ends_when_it_is_over(
    cast: Cast, now: datetime.datetime, planned: datetime.datetime
) -> None:
    assert actions.end_what_ended(at=now) == 0
    assert models.RoleGrant.objects.filter(person=cast.manager).exists()
    assert actions.end_what_ended(at=planned) == 1
    assert actions.end_what_ended(at=planned) == 0
    assert not models.RoleGrant.objects.filter(person=cast.manager).exists()
    assert not models.Membership.objects.get(user=cast.manager.user).is_active
    assert models.ApiToken.objects.get(user=cast.manager.user).revoked_at == planned


def test_work_and_team_of_a_leaver_go_to_whoever_takes_over(cast: Cast, planned: datetime.datetime) -> None:
    actions.end_what_ended(at=planned)
    cast.team.refresh_from_db()
    assert cast.team.lead == cast.finance_owner
    assert AuditRow.objects.get(action="people.edit_team").changes["lead"] == ["Mia Manager", "Fin Finance"]
    assert not WorkItem.objects.filter(person=cast.manager, done_at=None).exists()
    waiting = WorkItem.objects.get(done_at=None)
    assert (waiting.person, waiting.kind) == (cast.finance_owner, "goals.reply")


def test_nobody_is_written_to_after_their_last_day(
    cast: Cast, planned: datetime.datetime, today: datetime.date
) -> None:
    models.Person.objects.filter(pk=cast.manager.pk).update(left_on=today - DAY)
    assert Delivery.objects.count() == 2
    inbox_tasks.deliver_waiting.apply()
    assert mail.outbox == []


def test_a_withdrawn_leaving_opens_access_again(
    cast: Cast, planned: datetime.datetime, today: datetime.date
) -> None:
    actions.end_what_ended(at=planned)
    left = models.Person.objects.get(pk=cast.manager.pk)
    back = actions.return_person(person=left, hired_on=today + DAY, by=cast.hr, at=planned)
    assert models.Membership.objects.get(user=cast.manager.user).is_active
    assert back.parted_at is None


def test_whoever_left_one_organisation_enters_the_other(
    cast: Cast, client_for: Any, leave: Any, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.elsewhere):
        models.Membership.objects.create(user=cast.colleague.user, organisation=cast.elsewhere)
        models.Person.objects.create(user=cast.colleague.user, number="X1", name_en="Cody Colleague")
    models.Person.objects.filter(pk=cast.colleague.pk).update(left_on=today - DAY)
    page = client_for(cast.colleague).get(reverse("people:directory"))
    assert page.status_code == 200
    assert "Stella Stranger" in page.content.decode()


def test_a_changed_address_closes_the_invitation_to_the_old_one(cast: Cast, now: Any) -> None:
    person = make_person("P060", "Ivy Invited", user=None, email="ivy@old.example")
    report_to(cast.boss, person, starts_on=LONG_AGO)
    invitation = actions.invite_person(person=person, by=cast.hr, at=now)
    actions.edit_person(person=person, fields={"email": "ivy@new.example"}, by=cast.hr, at=now)
    invitation.refresh_from_db()
    assert invitation.withdrawn_at == now
    secret = actions.invitations.link_secret(invitation)
    models.Invitation.objects.update(withdrawn_at=None)
    assert actions.invitations.open_invitation(secret=secret, at=now) is None


def test_a_planned_last_day_changes_nothing_about_a_role_before_it(
    cast: Cast, leave: Any, today: datetime.date
) -> None:
    leave(cast.finance_owner, today + 30 * DAY)
    assert list(queries.people_with_role("finance_owner")) == [cast.finance_owner]
    models.Person.objects.filter(pk=cast.finance_owner.pk).update(left_on=today - DAY)
    assert not queries.people_with_role("finance_owner")


def test_a_line_ends_on_the_page_when_that_is_ticked(
    cast: Cast, client_for: Any, today: datetime.date
) -> None:
    address = reverse("people:change_manager", args=[cast.employee.pk])
    client, given = client_for(cast.hr), {"starts_on": today.isoformat()}
    assert client.post(address, given).status_code == 422
    assert client.post(address, {**given, "to_nobody": "on"}).status_code == 302
    assert manager_on(cast.employee, today) is None


def test_a_last_day_beyond_every_calendar_is_asked_wrongly(cast: Cast, client_for: Any) -> None:
    address = reverse("people:deactivate_person", args=[cast.employee.pk])
    assert client_for(cast.hr).post(address, {"left_on": "9999-12-31"}).status_code == 422


def test_the_next_month_is_suggested_by_the_fiscal_calendar(
    cast: Cast, client_for: Any, today: datetime.date
) -> None:
    models.Organisation.objects.update(fiscal_pattern="13")
    cast.organisation.refresh_from_db()
    month = queries.fiscal_month(cast.organisation, today)
    page = client_for(cast.hr).get(reverse("people:periods"), {"kind": "month"})
    initial = page.context["form"].initial
    assert (initial["starts_on"], initial["ends_on"]) == (month.starts_on, month.ends_on)
    assert initial["name_en"] == f"P{month.number} {month.year}"
    assert f"Month {month.number}" in client_for(cast.hr).get(reverse("people:settings")).content.decode()
