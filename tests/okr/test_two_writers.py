"""Two people at one text: the form of the slower one shows what stands by now and keeps what was typed."""

import pytest
from django.urls import reverse

from okr import actions, queries
from performance.foundation import tenancy
from tests.okr.conftest import content


def _typed(client, address, **changed):
    """What the form would send as it was opened, with some of it typed over."""
    page = client.get(address)
    form, rows = page.context["form"], page.context["rows"]
    sent = {name: form[name].value() for name in form.fields}
    for row in rows:
        sent |= {row[name].html_name: row[name].value() for name in row.fields}
    sent |= {"kr-count": len(rows), "based_on": page.context["based_on"], "propose": "1"}
    sent |= {"made_from": page.context["made_from"] or ""}
    assert f'name="made_from" value="{sent["made_from"]}"' in page.content.decode()
    assert f'name="based_on" value="{page.context["based_on"]}"' in page.content.decode()
    return {name: "" if value in (None, False) else value for name, value in (sent | changed).items()}


def test_the_slower_of_two_forms_is_told_of_the_newer_text_and_loses_nothing(propose, cast, client_for):
    objective = propose(content(description="Winter ties up money."))
    address = reverse("okr:change", args=[objective.pk])
    employee, manager = client_for(cast.employee), client_for(cast.manager)
    slow = _typed(employee, address, title="Always in stock")
    quick = _typed(manager, address, description="Because of the winter.")
    assert manager.post(address, quick).status_code == 302

    late = employee.post(address, slow)

    page = late.content.decode()
    assert late.status_code == 409
    assert "has proposed version 2 meanwhile" in page
    assert cast.manager.name_en in page
    assert 'value="Always in stock"' in page
    assert "Because of the winter." in page
    assert late.context["based_on"] == 2
    with tenancy.acting_for(cast.organisation):
        standing = queries.standing_content(objective)
        assert (standing.title, standing.description) == ("Never out of stock", "Because of the winter.")

    again = employee.post(address, slow | {"based_on": late.context["based_on"]})
    assert again.status_code == 302
    with tenancy.acting_for(cast.organisation):
        assert objective.versions.get(state="proposed").number == 3


def test_adding_a_row_keeps_the_version_on_which_the_form_was_opened(propose, cast, client_for):
    objective = propose(content())
    address = reverse("okr:change", args=[objective.pk])
    employee, manager = client_for(cast.employee), client_for(cast.manager)
    slow = _typed(employee, address)
    manager.post(address, _typed(manager, address, title="Another"))
    del slow["propose"]
    reshaped = employee.post(address, slow | {"add": "increase"})
    assert reshaped.context["based_on"] == 1
    assert 'name="based_on" value="1"' in reshaped.content.decode()


def test_the_api_refuses_a_change_made_from_an_older_version(propose, cast, client_for):
    objective = propose(content())
    address = reverse("api_change_objective", args=[objective.pk])
    text = {"title": "A", "key_results": [{"kind": "yes_no", "title": "Opened", "weight": "100"}]}
    said = [
        client_for(who).post(address, text | {"title": title, "based_on": 1}, content_type="application/json")
        for who, title in ((cast.manager, "Theirs"), (cast.employee, "Mine"))
    ]
    assert [each.status_code for each in said] == [200, 409]
    assert said[1].json()["title"] == "conflict"


def _draft(propose, cast, **fields):
    """Of the manager for the employee: both of them write at it."""
    return propose(content(**fields), by=cast.manager, owner=cast.employee, is_draft=True)


@pytest.mark.parametrize("button", ["draft", "propose"])
def test_the_slower_of_two_writers_of_a_draft_is_shown_both_texts_and_loses_nothing(
    propose, cast, client_for, button
):
    objective = _draft(propose, cast, description="Winter ties up money.")
    address = reverse("okr:change", args=[objective.pk])
    employee, manager = client_for(cast.employee), client_for(cast.manager)
    slow = _typed(employee, address, title="Always in stock")
    quick = _typed(manager, address, description="Because of the winter.")
    for sent in (slow, quick):
        del sent["propose"]
    assert manager.post(address, quick | {"draft": "1"}).status_code == 302

    late = employee.post(address, slow | {button: "1"})

    page = late.content.decode()
    assert late.status_code == 409
    assert 'id="card-rival"' in page
    assert "Saving or proposing again replaces" in page
    assert 'value="Always in stock"' in page
    assert page.count("Because of the winter.") == 1
    with tenancy.acting_for(cast.organisation):
        objective.refresh_from_db()
        assert (objective.title, objective.state) == ("Never out of stock", "draft")
        assert objective.description == "Because of the winter."

    again = slow | {button: "1", "made_from": late.context["made_from"]}
    assert employee.post(address, again).status_code == 302
    with tenancy.acting_for(cast.organisation):
        objective.refresh_from_db()
        assert (objective.title, objective.description) == ("Always in stock", "Winter ties up money.")


def test_the_same_draft_saved_twice_and_by_one_after_the_other_is_no_conflict(propose, cast, client_for):
    objective = _draft(propose, cast)
    address = reverse("okr:change", args=[objective.pk])
    for person, title in ((cast.employee, "A"), (cast.manager, "B"), (cast.employee, "C")):
        sent = _typed(client_for(person), address, title=title) | {"draft": "1"}
        del sent["propose"]
        assert client_for(person).post(address, sent).status_code == 302
    with tenancy.acting_for(cast.organisation):
        objective.refresh_from_db()
    assert objective.title == "C"


def test_a_draft_keeps_its_mark_while_rows_are_added(propose, cast, client_for):
    objective = _draft(propose, cast)
    address = reverse("okr:change", args=[objective.pk])
    employee, manager = client_for(cast.employee), client_for(cast.manager)
    slow = _typed(employee, address)
    quick = _typed(manager, address, title="Another") | {"draft": "1"}
    for sent in (slow, quick):
        del sent["propose"]
    assert manager.post(address, quick).status_code == 302
    reshaped = employee.post(address, slow | {"add": "increase"})
    assert reshaped.context["made_from"] == slow["made_from"]


def test_the_api_refuses_a_draft_made_from_an_older_text(propose, cast, client_for):
    objective = _draft(propose, cast)
    address = reverse("api_change_objective", args=[objective.pk])
    mark = client_for(cast.manager).get(reverse("api_objective", args=[objective.pk])).json()["draft_mark"]
    row = {"kind": "yes_no", "title": "Opened", "weight": "100"}
    text = {"key_results": [row], "draft": True, "made_from": mark}
    said = [
        client_for(who).post(address, text | {"title": title}, content_type="application/json")
        for who, title in ((cast.manager, "Theirs"), (cast.employee, "Mine"))
    ]
    assert [each.status_code for each in said] == [200, 409]
    proposed = client_for(cast.employee).post(
        address, text | {"title": "Mine", "draft": False}, content_type="application/json"
    )
    assert proposed.status_code == 409
    text["made_from"] = said[0].json()["draft_mark"]
    third = client_for(cast.employee).post(address, text | {"title": "Mine"}, content_type="application/json")
    assert third.status_code == 200
    with tenancy.acting_for(cast.organisation):
        objective.refresh_from_db()
    assert objective.title == "Mine"


def test_a_draft_that_was_withdrawn_is_told_by_its_text_and_what_is_agreed_by_its_number(
    propose, agree, cast, actor, now
):
    one = propose(content())
    mark = queries.draft_mark(one)
    actions.withdraw_proposal(objective=one, by=actor(cast.employee), at=now)
    actions.save_draft(objective=one, content=content("B"), made_from=mark, by=actor(cast.employee), at=now)
    one.refresh_from_db()
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        actions.propose_change(
            objective=one, content=content("C"), based_on=1, made_from=mark, by=actor(cast.manager), at=now
        )
    assert refusal.value.code == "conflict"
    assert queries.draft_mark(agree(propose(content("D")))) == ""
