"""An excused week and a change of the rhythm are taken back while nothing else followed."""

import datetime

import pytest
from django.urls import reverse

from okr import actions, queries
from performance.foundation.models import AuditRow
from performance.foundation.templatetags.components import undo_url
from tests.okr.conftest import moment
from tests.okr.test_rhythm import waiting


def test_a_manager_excuses_with_a_reason_and_the_streak_goes_on(owed, week, cast, client_for, quarter):
    address = reverse("okr:excuse", args=[owed.pk])
    for person, status in (
        (cast.employee, 403),
        (cast.colleague, 404),
        (cast.auditor, 403),
        (cast.stranger, 404),
    ):
        assert client_for(person).post(address, {"reason": "x"}).status_code == status, person
    manager = client_for(cast.manager)
    refused = manager.post(address, {"reason": " "})
    assert refused.status_code == 422
    page = refused.content.decode()
    field = page[page.index(f'id="why-{owed.pk}"') :]
    assert 'aria-invalid="true"' in field[: field.index(">")]
    assert "Say why, in a sentence." in field[: field.index("</details>")]
    owed.refresh_from_db()
    assert owed.state == "open"
    manager.post(address, {"reason": "Stock count all week"})
    owed.refresh_from_db()
    assert (owed.state, owed.excuse, owed.reason) == ("excused", "manager", "Stock count all week")
    streak = queries.streak_of(cast.employee.pk, quarter, week + datetime.timedelta(days=8))
    assert week not in [monday for monday, _done in streak.weeks]


def undo_in(response):
    """The way back that the toast offers."""
    *_, message = response.wsgi_request._messages
    return undo_url(message)


def test_an_excuse_is_taken_back_and_the_week_is_asked_for_anew(owed, week, cast, client_for, actor):
    actions.ask_for_check_ins(organisation=cast.organisation, at=moment(week, 4, 9))
    manager = client_for(cast.manager)
    excused = manager.post(reverse("okr:excuse", args=[owed.pk]), {"reason": "Stock count"})
    assert waiting("goals.check_in") == []
    undo = undo_in(excused)
    assert undo in manager.get(reverse("okr:my_team")).content.decode()
    assert client_for(cast.employee).post(undo).status_code == 403
    assert client_for(cast.stranger).post(undo).status_code == 404
    manager.post(undo)
    owed.refresh_from_db()
    assert (owed.state, owed.excuse, owed.reason, owed.excused_by_id) == ("open", "", "", None)
    assert owed.escalate_at is not None
    assert [name for name, _title in waiting("goals.check_in")] == [cast.employee.name_en]
    assert AuditRow.objects.filter(action="okr.take_excuse_back").count() == 1
    with pytest.raises(actions.ObjectiveRefused):
        actions.take_excuse_back(duty=owed, by=actor(cast.manager), at=moment(week, 4, 12))


def test_an_excuse_stays_once_the_check_in_has_come(owed, week, cast, actor, quarter):
    actions.excuse_week(duty=owed, reason="Stock count", by=actor(cast.manager), at=moment(week, 2, 9))
    actions.submit_check_in(
        period=quarter, week_starts_on=week, readings=(), by=actor(cast.employee), at=moment(week, 3, 12)
    )
    with pytest.raises(actions.ObjectiveRefused):
        actions.take_excuse_back(duty=owed, by=actor(cast.manager), at=moment(week, 3, 13))


def test_a_change_of_the_rhythm_is_taken_back_while_nobody_changed_it_again(acting_cast, client_for, quarter):
    cast = acting_cast
    hr, address = client_for(cast.hr), f"{reverse('okr:rhythm')}?team={cast.team.pk}"
    choices = {
        "every_weeks": 1,
        "due_weekday": 4,
        "due_hour": 17,
        "grace_days": 1,
        "levels": 2,
        "escalate_days": 2,
    }
    first = undo_in(hr.post(address, choices))
    second = undo_in(hr.post(address, choices | {"due_weekday": 2}))
    hr.post(first)
    assert queries.standing_cadence(cast.team).due_weekday == 2, "it was changed once more since"
    assert client_for(cast.employee).post(second).status_code == 403
    hr.post(second)
    assert queries.standing_cadence(cast.team).due_weekday == 4
    dropped = undo_in(hr.post(reverse("okr:drop_rhythm", args=[cast.team.pk])))
    assert queries.own_cadence(cast.team) is None
    hr.post(dropped)
    assert queries.standing_cadence(cast.team).due_weekday == 4
    hr.post(first)
    assert queries.own_cadence(cast.team) is None, "the team had none of its own before the first change"
    assert AuditRow.objects.filter(action="okr.restore_cadence").count() == 3
    assert hr.post(reverse("okr:restore_rhythm") + "?change=forged").status_code == 404
