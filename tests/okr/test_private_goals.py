"""What only some may see does not leak through the log, and nobody takes over another's key result."""

import dataclasses
from typing import Any

import pytest
from django.urls import reverse

from okr import actions, queries, rules
from okr.models import Alignment, KeyResult
from performance.foundation import audit
from performance.inbox import actions as inbox
from performance.inbox.models import Delivery, Letter, WorkItem
from tests.okr.conftest import content, key_result


def test_the_log_does_not_name_a_private_objective(
    acting_cast: Any, propose: Any, actor: Any, now: Any
) -> None:
    secret = propose(content("Merge two stores in silence", visibility="private"))
    actions.suggest_edit(
        objective=secret, field="title", new="Merge three stores", by=actor(acting_cast.manager), at=now
    )
    draft = propose(content("Only an idea"), is_draft=True)
    told = " ".join(f"{row.subject_label} {row.changes}" for row in audit.rows())
    assert "Merge" not in told
    assert "Only an idea" not in told
    assert audit.rows(subject_id=draft.pk).exists()
    propose(content("Said aloud"))
    assert audit.rows(search="Said aloud").exists()


def test_the_log_of_a_link_names_neither_of_two_private_objectives(
    acting_cast: Any, propose: Any, agree: Any, actor: Any, client_for: Any, now: Any
) -> None:
    parent = agree(
        propose(content("Merge two stores in silence", visibility="private"), by=acting_cast.manager)
    )
    child = agree(propose(content("Count the stock unseen", visibility="team")))
    aloud = agree(propose(content("Said aloud"), by=acting_cast.manager))
    by = actor(acting_cast.employee)
    for served in (parent, aloud):
        link = actions.align_objectives(
            child=child, parent=served, by=by, at=now, share_ppm=100_000, kind="contributes"
        )
        actions.accept_contribution(link=link, by=actor(acting_cast.manager), at=now)
        actions.part_objectives(link=link, by=actor(acting_cast.manager), at=now)
    client = client_for(acting_cast.administrator)
    assert client.get(reverse("okr:objective", args=[parent.pk])).status_code == 404
    for words in ("offer_contribution", "accept_contribution", "part_objectives"):
        told = client.get(reverse("api_audit_log"), {"q": words}).json()["results"]
        assert {row["subject_label"] for row in told} == {child.audit_label}
        assert [row["changes"]["parent"] for row in told] == ["Said aloud", parent.audit_label]
        page = client.get(reverse("people:audit_log"), {"q": words}).content.decode()
        assert "Merge" not in page
        assert "unseen" not in page


def test_a_form_cannot_take_over_a_key_result_of_another_objective(
    acting_cast: Any, propose: Any, quarter: Any, client_for: Any
) -> None:
    other = propose(content("Theirs"), by=acting_cast.colleague)
    taken = other.key_results.get()
    given = {
        "owner": f"person:{acting_cast.employee.pk}",
        "period": str(quarter.pk),
        "title": "Mine",
        "description": "",
        "type": "committed",
        "visibility": "public",
        "weight": "1",
        "kr-count": "1",
        "kr-0-id": str(taken.pk),
        "kr-0-kind": "increase",
        "kr-0-title": "Taken",
        "kr-0-start": "0",
        "kr-0-target": "5",
        "kr-0-weight": "100",
    }
    answer = client_for(acting_cast.employee).post(reverse("okr:propose"), given)
    assert answer.status_code == 302
    taken.refresh_from_db()
    assert (taken.title, taken.objective_id) == ("Stores served", other.pk)
    assert KeyResult.objects.filter(title="Taken").exclude(pk=taken.pk).count() == 1


@pytest.mark.parametrize("week", ["0001-W01", "9999-W52", "2026-W99"])
def test_a_week_of_no_calendar_is_not_there(acting_cast: Any, client_for: Any, week: str) -> None:
    assert client_for(acting_cast.employee).get(f"/weeks/{week}/").status_code == 404


def test_the_same_key_result_does_not_stand_twice(quarter: Any) -> None:
    half = key_result("increase", "Half", 50)
    assert any(
        problem.path == "weights" for problem in rules.problems_of(content("Whole", half, half), quarter)
    )


def test_an_offer_of_a_private_goal_is_decided_on_without_its_title(
    acting_cast: Any, propose: Any, agree: Any, actor: Any, client_for: Any, now: Any
) -> None:
    cast = acting_cast
    secret = agree(propose(content("Merge two stores in silence", visibility="private")))
    parent = agree(propose(content("Full shelves"), by=cast.hr))
    by = actor(cast.employee)
    link = actions.align_objectives(child=secret, parent=parent, share_ppm=200_000, by=by, at=now)
    told = WorkItem.objects.get(kind="goals.link")
    assert (told.person_id, told.detail_en, told.detail_zh) == (cast.hr.pk, "A private objective", "私密目标")
    address = reverse("okr:objective", args=[parent.pk])
    links = reverse("api_objective_links", args=[parent.pk])
    lead = client_for(cast.hr)
    page = lead.get(address).content.decode()
    assert "A private objective" in page
    assert str(link.pk) in page
    assert "Merge" not in page
    assert str(secret.pk) not in page
    assert [(each["id"], each["child"]) for each in lead.get(links).json()["served_by"]] == [
        (str(link.pk), None)
    ]
    other = client_for(cast.colleague)
    assert "A private objective" not in other.get(address).content.decode()
    assert other.get(links).json()["served_by"] == []
    for name in ("api_take_contribution", "okr:take", "okr:part"):
        assert other.post(reverse(name, args=[link.pk])).status_code == 404, name
    taken = lead.post(reverse("api_take_contribution", args=[link.pk]), content_type="application/json")
    assert (taken.status_code, taken.json()["child"]) == (200, None)
    assert taken.json()["accepted_at"]
    lead.post(reverse("okr:part", args=[link.pk]))
    assert not Alignment.objects.exists()


def test_who_is_asked_for_help_reads_only_the_goals_that_they_may_see(
    acting_cast: Any, propose: Any, agree: Any, check_in: Any, client_for: Any
) -> None:
    cast = acting_cast
    secret = agree(propose(content("Merge two stores in silence", visibility="private")))
    aloud = agree(propose(content("Said aloud")))
    readings = [
        actions.Reading(each.key_results.get().pk, value=5, note=each.title) for each in (secret, aloud)
    ]
    one = check_in(*readings, blockers="No staff", asks=cast.colleague)
    page, read = reverse("okr:conversation", args=[one.pk]), f"/api/v1/goals/check-ins/{one.pk}/"
    for person, sees in (
        (cast.colleague, False),
        (cast.employee, True),
        (cast.manager, True),
        (cast.boss, True),
        (cast.auditor, True),
    ):
        browser = client_for(person)
        told = browser.get(page).content.decode()
        assert "Said aloud" in told, person
        assert ("Merge" in told) == sees, person
        listed = browser.get("/api/v1/goals/check-ins/").json()["results"]
        for each in (browser.get(read).json(), *listed):
            assert len(each["entries"]) == 1 + sees, person


def test_the_log_keeps_reasons_of_what_is_not_public_for_hr_and_auditors(
    acting_cast: Any, propose: Any, agree: Any, actor: Any, client_for: Any, now: Any
) -> None:
    cast = acting_cast
    secret = agree(propose(content("Merge two stores in silence", visibility="private")))
    closing = agree(propose(content("Said aloud")))
    by = actor(cast.manager)
    for objective, title in ((secret, "Merge three"), (closing, "Said no more")):
        actions.propose_change(
            objective=objective,
            content=content(title, visibility="private"),
            reason="Talks began",
            by=by,
            at=now,
        )
        edit = actions.suggest_edit(
            objective=objective, field="title", new="Merged all", reason="Talks ended", by=by, at=now
        )
        actions.reject_edit(edit=edit, reason="Talks go on", by=actor(cast.employee), at=now)
        actions.withdraw_proposal(objective=objective, reason="Talks broke off", by=by, at=now)
    address = reverse("people:audit_log")
    page = client_for(cast.administrator).get(address).content.decode()
    assert "Talks" not in page
    assert "Merge" not in page
    for reader in (cast.hr, cast.auditor):
        told = client_for(reader).get(address).content.decode()
        for words in ("Talks began", "Talks ended", "Talks go on", "Talks broke off"):
            assert told.count(words) == 2
    aloud = agree(propose(content("Full shelves")))
    actions.propose_change(objective=aloud, content=content("Fuller"), reason="More room", by=by, at=now)
    assert "More room" in client_for(cast.administrator).get(address).content.decode()


def test_who_sees_a_goal_no_more_is_told_no_more_of_it(
    acting_cast: Any, propose: Any, agree: Any, actor: Any, now: Any
) -> None:
    """A call by name and an offered contribution, with their e-mail put off to the morning."""
    cast = acting_cast
    one = agree(propose(content("Merge two stores")))
    parent = agree(propose(content("Full shelves"), by=cast.hr))
    by = actor(cast.employee)
    called = f"@{cast.colleague.name_en} @{cast.boss.name_en} two stores merge"
    actions.comment_on_objective(objective=one, text=called, by=by, at=now)
    actions.align_objectives(child=one, parent=parent, share_ppm=200_000, by=by, at=now)
    secret = dataclasses.replace(queries.standing_content(one), visibility="private")
    actions.propose_change(objective=one, content=secret, reason="Talks began", by=by, at=now)
    assert WorkItem.objects.filter(kind="goals.mention", done_at=None).count() == 2
    agree(one)
    waits = {item.person_id: item for item in WorkItem.objects.filter(kind="goals.mention")}
    lost, kept = waits[cast.colleague.pk], waits[cast.boss.pk]
    assert (lost.done_at, lost.detail_en, lost.detail_zh) == (now, "", "")
    assert (kept.done_at, "merge" in kept.detail_en) == (None, True)
    message = Delivery.objects.get(item=lost)
    assert inbox.claim_delivery(delivery_id=message.pk, at=now) is None
    message.refresh_from_db()
    assert message.error.startswith("dropped")
    offer = WorkItem.objects.get(kind="goals.link")
    assert (offer.person_id, offer.done_at, offer.detail_en) == (cast.hr.pk, None, "A private objective")
    assert not WorkItem.objects.filter(
        person__in=[cast.colleague, cast.hr], detail_en__icontains="merge"
    ).exists()


def test_todays_letter_that_waits_is_written_anew_without_what_its_reader_sees_no_more(
    acting_cast: Any, propose: Any, agree: Any, actor: Any, now: Any
) -> None:
    cast = acting_cast
    one = agree(propose(content("Merge two stores")))
    by = actor(cast.employee)
    text = f"@{cast.colleague.name_en} two stores merge"
    actions.comment_on_objective(objective=one, text=text, by=by, at=now)
    letter = inbox.Written(cast.colleague.pk, "One thing waits", "two stores merge", "two stores merge")
    inbox.queue_letters(kind="inbox.daily", key=now.date().isoformat(), letters=[letter], at=now)
    secret = dataclasses.replace(queries.standing_content(one), visibility="private")
    actions.propose_change(objective=one, content=secret, reason="Talks began", by=by, at=now)
    agree(one)
    assert not Letter.objects.exists()
