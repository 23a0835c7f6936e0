"""Co-creation: two people agree, one text at a time."""

import dataclasses
import datetime
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from okr import actions, queries
from okr.models import Agreement, Objective, ObjectiveVersion
from performance.foundation import audit
from performance.foundation.models import AuditRow, StaleRow
from performance.inbox import queries as inbox
from performance.people import models as people
from tests.conftest import make_person
from tests.okr.conftest import content, four_kinds, key_result


def test_whoever_proposes_has_signed_and_the_manager_is_asked(propose, cast):
    objective = propose()

    version = objective.versions.get()
    assert objective.state == "proposed"
    assert [(each.side, each.person) for each in version.agreements.all()] == [("owner", cast.employee)]
    assert objective.agreer == cast.manager
    (item,) = inbox.open_items(cast.manager.pk)
    assert item.kind == "goals.agreement"
    assert "Eli Employee" in item.title_en
    assert str(objective.pk) in item.url


def test_both_signatures_put_it_in_force_and_close_the_work_item(propose, cast, actor, now):
    objective = propose()

    agreed = actions.agree_objective(objective=objective, version_number=1, by=actor(cast.manager), at=now)

    assert (agreed.state, agreed.version_number) == ("active", 1)
    assert ObjectiveVersion.objects.get(objective=objective).state == "in_force"
    assert not inbox.open_items(cast.manager.pk).exists()
    assert StaleRow.objects.filter(kind="score", subject_id=cast.employee.pk).exists()
    assert AuditRow.objects.filter(action="okr.put_in_force", subject_id=objective.pk).exists()


def test_in_a_planned_period_it_is_agreed_and_starts_with_the_period(propose, agree, quarter, now):
    quarter.state = "planning"
    quarter.save()
    objective = agree(propose())
    assert objective.state == "agreed"

    quarter.state = "active"
    quarter.save()
    assert actions.activate_agreed_objectives(at=now) == 1
    objective.refresh_from_db()
    assert objective.state == "active"
    (row,) = audit.rows(subject_id=objective.pk).filter(action="okr.activate_objective")
    assert row.changes == {"state": ["agreed", "active"]}
    assert actions.activate_agreed_objectives(at=now) == 0


def test_signing_twice_changes_nothing(propose, cast, actor, now):
    objective = propose()
    for _time in range(2):
        actions.agree_objective(objective=objective, version_number=1, by=actor(cast.employee), at=now)
    assert Agreement.objects.count() == 1


def test_nobody_signs_for_a_side_that_is_not_theirs(propose, cast, actor, now):
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        actions.agree_objective(objective=propose(), version_number=1, by=actor(cast.colleague), at=now)
    assert refusal.value.code == "no_side"


def test_the_database_refuses_one_person_for_both_sides(propose, cast, now):
    version = propose().versions.get()
    with pytest.raises(DatabaseError, match="okr_never_one_for_both"), transaction.atomic():
        Agreement.objects.create(version=version, side="manager", person=cast.employee, at=now)


def test_the_database_refuses_an_objective_whose_two_sides_are_one(propose, cast):
    objective = propose()
    with pytest.raises(DatabaseError, match="objective_two_sides"), transaction.atomic():
        Objective.objects.filter(pk=objective.pk).update(agreer=cast.employee)


def test_the_database_refuses_to_rewrite_a_version(propose):
    version = propose().versions.get()
    with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
        ObjectiveVersion.objects.filter(pk=version.pk).update(content={"title": "another"})


def test_the_managers_own_objective_is_agreed_by_the_managers_manager(propose, cast):
    assert propose(by=cast.manager).agreer == cast.boss


def test_who_has_no_manager_names_a_sponsor_who_is_somebody_else(propose, cast):
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        propose(by=cast.boss)
    assert refusal.value.field == "sponsor"
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        propose(by=cast.boss, sponsor=cast.boss)
    assert refusal.value.code == "one_person"
    assert propose(by=cast.boss, sponsor=cast.hr).agreer == cast.hr


def test_a_manager_who_proposes_for_a_report_signs_the_managers_side(propose, cast):
    objective = propose(by=cast.manager, owner=cast.employee)
    assert objective.versions.get().agreements.get().side == "manager"
    assert inbox.open_items(cast.employee.pk).get().kind == "goals.agreement"


def test_a_change_after_agreement_needs_a_reason_and_leaves_the_old_version_in_force(
    active, cast, actor, now
):
    changed = dataclasses.replace(queries.content_of(active), title="Another title")
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        actions.propose_change(objective=active, content=changed, by=actor(cast.manager), at=now)
    assert refusal.value.field == "reason"

    actions.propose_change(
        objective=active, content=changed, reason="The supplier left.", by=actor(cast.manager), at=now
    )
    active.refresh_from_db()
    assert (active.title, active.version_number, active.state) == (four_kinds().title, 1, "active")

    actions.agree_objective(objective=active, version_number=2, by=actor(cast.employee), at=now)
    active.refresh_from_db()
    assert (active.title, active.version_number) == ("Another title", 2)
    assert list(active.versions.order_by("number").values_list("state", flat=True)) == [
        "superseded",
        "in_force",
    ]


def test_key_results_keep_their_readings_through_a_new_version(active, check_in, agree, cast, actor, now):
    first = active.key_results.first()
    check_in(actions.Reading(first.pk, value=Decimal(4), confidence=4))
    text = queries.content_of(active)
    halved = dataclasses.replace(text.key_results[0], target=Decimal(5))
    changed = dataclasses.replace(text, key_results=(halved, *text.key_results[1:]))
    actions.propose_change(objective=active, content=changed, reason="Fewer.", by=actor(cast.manager), at=now)
    first.refresh_from_db()
    assert first.progress_micro == 40_000_000

    agree(active)
    first.refresh_from_db()
    assert (first.current, first.progress_micro) == (Decimal(4), 80_000_000)


def test_a_newer_proposal_voids_the_signatures_under_the_older(propose, cast, actor, now):
    objective = propose()
    actions.propose_change(objective=objective, content=content("Another"), by=actor(cast.manager), at=now)
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        actions.agree_objective(objective=objective, version_number=1, by=actor(cast.manager), at=now)
    assert refusal.value.code == "conflict"
    assert inbox.open_items(cast.employee.pk).get().kind == "goals.agreement"
    assert not inbox.open_items(cast.manager.pk).exists()


def test_withdrawing_the_first_proposal_makes_a_draft_and_a_later_one_leaves_what_is_in_force(
    propose, agree, cast, actor, now
):
    objective = propose()
    actions.withdraw_proposal(objective=objective, by=actor(cast.employee), at=now)
    objective.refresh_from_db()
    assert objective.state == "draft"
    assert not inbox.open_items(cast.manager.pk).exists()

    other = agree(propose())
    actions.propose_change(
        objective=other, content=content("New"), reason="Why not", by=actor(cast.employee), at=now
    )
    actions.withdraw_proposal(objective=other, by=actor(cast.employee), at=now)
    other.refresh_from_db()
    assert (other.state, other.version_number) == ("active", 1)


def test_locked_goals_refuse_proposals_changes_and_agreement(propose, quarter, cast, actor, now):
    objective = propose()
    quarter.goals_locked_at = now
    quarter.save()
    objective.period.refresh_from_db()
    with pytest.raises(actions.ObjectiveRefused):
        propose()
    with pytest.raises(actions.ObjectiveRefused):
        actions.propose_change(objective=objective, content=content("B"), by=actor(cast.employee), at=now)
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        actions.agree_objective(objective=objective, version_number=1, by=actor(cast.manager), at=now)
    assert refusal.value.code == "goals_locked"


def test_a_change_made_from_an_older_text_is_refused_instead_of_undoing_the_newer(
    propose, agree, cast, actor, now
):
    objective = propose()
    employee, manager = actor(cast.employee), actor(cast.manager)
    first = queries.standing_content(objective)
    assert queries.standing_number(objective) == 1
    theirs = dataclasses.replace(first, description="Winter.")
    actions.propose_change(objective=objective, content=theirs, based_on=1, by=manager, at=now)
    mine = dataclasses.replace(first, title="Mine")
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        actions.propose_change(objective=objective, content=mine, based_on=1, by=employee, at=now)
    assert (refusal.value.code, refusal.value.status) == ("conflict", 409)
    assert queries.standing_content(objective) == theirs
    actions.propose_change(objective=objective, content=mine, based_on=2, by=employee, at=now)

    actions.withdraw_proposal(objective=objective, by=employee, at=now)
    assert queries.standing_number(objective) == 3
    actions.propose_change(objective=objective, content=mine, based_on=3, by=employee, at=now)
    agree(objective)
    later = dataclasses.replace(mine, title="Later")
    actions.propose_change(objective=objective, content=later, reason="So", based_on=4, by=employee, at=now)
    actions.withdraw_proposal(objective=objective, by=employee, at=now)
    assert queries.standing_number(objective) == 4
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        actions.propose_change(
            objective=objective, content=later, reason="So", based_on=5, by=manager, at=now
        )
    assert refusal.value.code == "conflict"


def test_the_reason_under_a_version_cannot_be_rewritten_by_the_application(active, cast, actor, now):
    changed = dataclasses.replace(queries.content_of(active), title="Another title")
    version = actions.propose_change(
        objective=active, content=changed, reason="The supplier left.", by=actor(cast.manager), at=now
    )
    assert connection.settings_dict["USER"] != settings.DATABASES["owner"]["USER"]
    with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
        ObjectiveVersion.objects.filter(pk=version.pk).update(reason="They asked for it.")
    version.refresh_from_db()
    assert version.reason == "The supplier left."


def test_a_comment_that_is_too_long_is_refused_beside_its_field_and_stays_typed(active, cast, client_for):
    browser, address = client_for(cast.employee), reverse("okr:comment", args=[active.pk])
    long = "x" * 4001
    for headers in ({"HX-Request": "true"}, {}):
        answer = browser.post(address, {"text": long}, headers=headers)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert long in page
        assert 'id="comment-error">This is too long: 4000 characters are the most.' in page
    assert not active.comments.exists()
    # A browser ends lines with two characters.
    browser.post(address, {"text": "\r\n".join(["x" * 99] * 40)})
    assert len(active.comments.get().text) == 3999


def test_a_reason_too_long_for_the_log_is_refused(active, cast, client_for, actor, now):
    text = dataclasses.replace(queries.standing_content(active), title="Full shelves")
    by = actor(cast.employee)
    with pytest.raises(actions.ObjectiveRefused) as refused:
        actions.propose_change(objective=active, content=text, reason="x" * 2001, by=by, at=now)
    assert (refused.value.code, refused.value.field) == ("too_long", "reason")
    actions.propose_change(objective=active, content=text, reason="Clearer", by=by, at=now)
    address = reverse("okr:withdraw", args=[active.pk])
    answer = client_for(cast.employee).post(address, {"reason": "x" * 2001}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "2000 characters are the most" in answer.content.decode()
    assert active.versions.filter(state="proposed").exists()


def test_nobody_who_has_left_or_only_reads_is_newly_named_in_a_text(
    propose, cast, actor, now, agree, quarter, acting_cast
):
    leaver = make_person("X9", "Lea Leaver")
    with_owner = content("Owned", key_result(owner_id=leaver.pk))
    standing = agree(propose(with_owner))
    people.Person.objects.filter(pk=leaver.pk).update(left_on=now.date() - datetime.timedelta(days=1))
    for named in (leaver, cast.auditor):
        with pytest.raises(actions.ObjectiveRefused, match="This person is not here") as refused:
            propose(content("New", key_result(owner_id=named.pk)))
        assert refused.value.field == "0.owner"
    kept = dataclasses.replace(queries.standing_content(standing), description="Said better")
    change = {
        "objective": standing,
        "content": kept,
        "reason": "Words",
        "by": actor(cast.employee),
        "at": now,
    }
    assert actions.propose_change(**change).number == 2
    with pytest.raises(actions.ObjectiveRefused, match="does not only read") as refused:
        propose(content("Nobody manages the boss"), by=cast.boss, sponsor=cast.auditor)
    assert (refused.value.code, refused.value.field) == ("no_agreer", "sponsor")
