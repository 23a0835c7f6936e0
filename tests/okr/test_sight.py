"""What was said while few could see a goal, or about a text that is proposed for few, stays with those few."""

import dataclasses
import datetime
from typing import Any

import pytest
from django.urls import reverse

from okr import actions, queries
from tests.okr.conftest import content


@pytest.fixture
def told(client_for: Any) -> Any:
    """Page and API of an objective, as somebody reads them."""

    def do(person: Any, objective: Any) -> str:
        client, key = client_for(person), [objective.pk]
        answers = [client.get(reverse(name, args=key)) for name in ("okr:objective", "api_objective")]
        assert [answer.status_code for answer in answers] == [200, 200]
        return " ".join(answer.content.decode() for answer in answers)

    return do


def test_a_change_that_makes_a_goal_private_is_read_only_by_those_who_may_read_it_then(
    acting_cast: Any, propose: Any, agree: Any, actor: Any, told: Any, now: Any, later: Any
) -> None:
    cast = acting_cast
    one = agree(propose(content("Said aloud")))
    actions.comment_on_objective(objective=one, text="Well chosen", by=actor(cast.colleague), at=now)
    by = actor(cast.manager)
    secret = content("Merge two stores", visibility="private")
    actions.propose_change(objective=one, content=secret, reason="Talks began", by=by, at=later(1))
    actions.suggest_edit(
        objective=one, field="title", new="Merge three", reason="Talks went on", by=by, at=later(2)
    )
    actions.comment_on_objective(objective=one, text="Talks it is", by=by, at=later(3))
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        actions.comment_on_objective(
            objective=one, text=f"@{cast.colleague.name_en} look", by=by, at=later(4)
        )
    assert refusal.value.code == "not_visible"
    for withdrawn in (False, True):
        if withdrawn:
            actions.withdraw_proposal(objective=one, by=by, at=later(5))
        for reader in (cast.employee, cast.manager, cast.auditor):
            page = told(reader, one)
            for words in ("Merge two", "Merge three", "Talks began", "Talks went on", "Talks it is"):
                assert words in page
        for stranger in (cast.colleague, cast.administrator, cast.hr):
            page = told(stranger, one)
            assert "Merge" not in page
            assert "Talks" not in page
            assert "Said aloud" in page
            assert "Well chosen" in page
    actions.comment_on_objective(objective=one, text="Open again", by=by, at=later(6))
    assert "Open again" in told(cast.colleague, one)


def test_opening_a_private_goal_leaves_its_private_past_with_those_who_could_read_it(
    acting_cast: Any, propose: Any, agree: Any, actor: Any, told: Any, now: Any, later: Any
) -> None:
    cast = acting_cast
    one = agree(propose(content("Merge two stores", visibility="private")))
    by = actor(cast.manager)
    actions.comment_on_objective(objective=one, text="Talks began", by=by, at=now)
    edit = actions.suggest_edit(
        objective=one, field="title", new="Merge three", reason="Talks went on", by=by, at=now
    )
    actions.reject_edit(edit=edit, by=actor(cast.employee), at=now)
    vote = actions.open_vote(objective=one, by=by, at=now)
    opened = actions.propose_change(
        objective=one, content=content("Full shelves"), reason="Talks are over", by=by, at=later(1)
    )
    actions.agree_objective(objective=one, version_number=opened.number, by=actor(cast.employee), at=later(2))
    one.refresh_from_db()
    actions.comment_on_objective(objective=one, text="For all to read", by=by, at=later(3))
    line = "while fewer people could see this objective"
    for reader in (cast.employee, cast.manager, cast.auditor):
        page = told(reader, one)
        for words in ("Merge two", "Merge three", "Talks began", "Talks went on", "Talks are over"):
            assert words in page
        assert line not in page
    for reader in (cast.colleague, cast.hr):
        page = told(reader, one)
        assert "Merge" not in page
        assert "Talks" not in page
        assert "Full shelves" in page
        assert "For all to read" in page
        assert line in page
        assert queries.shown_vote(one, reader.pk) is None
    shown = queries.shown_vote(one, cast.employee.pk)
    assert shown is not None
    assert shown.vote == vote


def test_a_goal_whose_texts_are_all_open_is_read_without_a_further_query(
    acting_cast: Any, propose: Any, agree: Any, django_assert_num_queries: Any
) -> None:
    one = agree(propose(content("Said aloud")))
    versions = queries.versions_of(one)
    with django_assert_num_queries(0):
        assert queries.sight_of(one, acting_cast.colleague.pk, versions).closed == ()


def test_the_filter_of_what_waits_does_not_hint_at_a_proposal_that_is_not_for_the_reader(
    acting_cast: Any, propose: Any, agree: Any, actor: Any, client_for: Any, now: Any
) -> None:
    cast = acting_cast
    proposed = {}
    for level in ("private", "team", "public"):
        one = proposed[level] = agree(propose(content(f"Aloud {level}")))
        by, text = actor(cast.manager), content("Another text", visibility=level)
        actions.propose_change(objective=one, content=text, reason="Talks", by=by, at=now)
    everything, open_ones = {"private", "team", "public"}, {"public"}
    for name, reads in (
        ("employee", everything),
        ("manager", everything),
        ("boss", everything),
        ("auditor", everything),
        ("colleague", open_ones | {"team"}),
        ("hr", open_ones | {"team"}),
        ("administrator", open_ones),
    ):
        client = client_for(getattr(cast, name))
        for address in ("okr:objectives", "api_objectives"):
            told = client.get(reverse(address), {"state": "waiting"}).content.decode()
            shown = {level for level, one in proposed.items() if f"Aloud {level}" in told}
            assert shown == reads, (name, address)
        exported = client.get(reverse("okr:export", args=["csv"]), {"state": "waiting"})
        table = b"".join(exported.streaming_content).decode()
        assert {level for level in proposed if f"Aloud {level}" in table} == reads


def test_notes_of_a_private_time_stay_with_those_who_could_read_them_and_figures_are_seen(
    acting_cast: Any, propose: Any, agree: Any, actor: Any, told: Any, check_in: Any, now: Any, later: Any
) -> None:
    cast = acting_cast
    one = agree(propose(content("Merge two stores", visibility="private")))
    up = one.key_results.get()
    check_in(actions.Reading(up.pk, value=5, note="Talks began"), at=later(1))
    by, text = actor(cast.manager), dataclasses.replace(queries.content_of(one), visibility="public")
    opened = actions.propose_change(objective=one, content=text, reason="Over", by=by, at=later(2))
    actions.agree_objective(objective=one, version_number=opened.number, by=actor(cast.employee), at=later(3))
    one.refresh_from_db()
    for name in ("employee", "manager", "auditor", "colleague", "hr"):
        page = told(getattr(cast, name), one)
        assert ("Talks began" in page) == (name in ("employee", "manager", "auditor")), name
        assert "50%" in page
    check_in(actions.Reading(up.pk, value=6, note="For all to read"), at=later(4))
    assert "For all to read" in told(cast.colleague, one)


def test_notes_on_an_open_goal_are_read_also_while_something_private_is_proposed(
    acting_cast: Any, propose: Any, agree: Any, actor: Any, told: Any, check_in: Any, now: Any, later: Any
) -> None:
    cast = acting_cast
    one = agree(propose(content("Said aloud")))
    secret = content("Merge two stores", visibility="private")
    actions.propose_change(objective=one, content=secret, reason="Talks", by=actor(cast.manager), at=later(1))
    check_in(actions.Reading(one.key_results.get().pk, value=5, note="Shelves are full"), at=later(2))
    assert "Shelves are full" in told(cast.colleague, one)


@pytest.fixture
def later(now: Any) -> Any:
    """Minutes after now."""
    return lambda minutes: now + datetime.timedelta(minutes=minutes)


def test_the_timeline_marks_only_agreements_on_texts_that_the_reader_may_read(
    acting_cast: Any, propose: Any, agree: Any, actor: Any, now: Any, later: Any, client_for: Any
) -> None:
    cast = acting_cast
    opened = agree(propose(content("Merge two stores", visibility="private")))
    text = content("Full shelves")
    version = actions.propose_change(
        objective=opened, content=text, reason="Opened", by=actor(cast.employee), at=later(1)
    )
    actions.agree_objective(
        objective=opened, version_number=version.number, by=actor(cast.manager), at=later(2)
    )
    public = agree(propose(content("Hire forty people")))
    for number, visibility in ((3, "private"), (4, "public")):
        actions.propose_change(
            objective=public,
            content=content(f"Hire {number}", visibility=visibility),
            reason="More",
            by=actor(cast.employee),
            at=later(number),
        )

    def agreed(person: Any) -> dict[str, list[int]]:
        rows = client_for(person).get("/api/v1/goals/timeline/").json()["results"]
        return {row["objective"]["title"]: [each["version"] for each in row["agreed"]] for row in rows}

    assert agreed(cast.employee) == {"Full shelves": [1, 2], "Hire forty people": [1]}
    assert agreed(cast.finance_owner) == {"Full shelves": [2], "Hire forty people": [1]}


def test_what_was_needed_in_a_private_time_stays_with_those_who_were_told_of_it(
    acting_cast: Any, propose: Any, agree: Any, actor: Any, told: Any, now: Any, later: Any
) -> None:
    cast = acting_cast
    one = agree(propose(content("Merge two stores", visibility="private")))
    on = agree(propose(content("Hire forty people"), by=cast.colleague))
    asked = actions.ask_of_objective(
        objective=one, on=on, what="Two silent lawyers", by=actor(cast.employee), at=now
    )
    actions.decline_dependency(
        dependency=asked, reason="No silent lawyer is left", by=actor(cast.colleague), at=now
    )
    version = actions.propose_change(
        objective=one, content=content("Full shelves"), reason="Open", by=actor(cast.employee), at=later(1)
    )
    actions.agree_objective(objective=one, version_number=version.number, by=actor(cast.manager), at=later(2))
    actions.ask_of_objective(objective=one, on=on, what="A lift", by=actor(cast.employee), at=later(3))
    for objective in (one, on):
        for reader in (cast.employee, cast.manager, cast.colleague):
            page = told(reader, objective)
            assert "Two silent lawyers" in page
            assert "No silent lawyer is left" in page
        page = told(cast.finance_owner, objective)
        assert "silent" not in page
        assert "What is needed was said while one of the two was for few." in page
        assert "A lift" in page
