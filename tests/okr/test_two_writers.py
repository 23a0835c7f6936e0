"""Two people at one text: the form of the slower one shows what stands by now and keeps what was typed."""

from django.urls import reverse

from okr import queries
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
