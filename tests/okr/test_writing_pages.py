"""The pages on which two people write an objective: what a form says when it is wrong, and that both have to agree."""

from decimal import Decimal

from django.urls import reverse

from okr.models import Objective
from okr.views import writing
from performance.foundation import tenancy
from performance.people import models as people
from tests.okr.conftest import four_kinds

HTMX = {"HX-Request": "true"}


def proposal_form(cast, quarter, **changed):
    return {
        "owner": f"person:{cast.employee.pk}",
        "period": str(quarter.pk),
        "title": "Never out of stock",
        "description": "Winter ties up money.",
        "type": "committed",
        "visibility": "public",
        "weight": "1",
        "kr-count": "2",
        "kr-0-kind": "decrease",
        "kr-0-title": "Planning hours",
        "kr-0-start": "11",
        "kr-0-target": "6",
        "kr-0-unit": "h",
        "kr-0-weight": "60",
        "kr-1-kind": "milestones",
        "kr-1-title": "Calendar",
        "kr-1-milestones": "One\nTwo\n\nTwo",
        "kr-1-weight": "40",
        "propose": "1",
    } | changed


def test_who_sees_a_draft_is_told_in_full(cast, quarter, client_for):
    def told(who, owner):
        form = proposal_form(cast, quarter, draft="1", owner=f"person:{owner.pk}")
        del form["propose"]
        return client_for(who).post(reverse("okr:propose"), form, follow=True).content.decode()

    assert "Draft saved. Only you can see it." in told(cast.employee, cast.employee)
    with_owner = f"Draft saved. Only you and {cast.employee.name_en} can see it."
    assert with_owner in told(cast.manager, cast.employee)
    with tenancy.acting_for(cast.organisation):
        theirs = Objective.objects.get(proposed_by=cast.manager)
        row = theirs.key_results.first()
    again = proposal_form(cast, quarter, draft="1", **{"kr-0-id": str(row.pk)})
    page = client_for(cast.employee).post(reverse("okr:change", args=[theirs.pk]), again, follow=True)
    assert f"Only you and {cast.manager.name_en} can see it." in page.content.decode()


def test_a_line_says_what_its_milestone_weighs_and_keeps_it_when_only_the_weight_changes(
    cast, quarter, client_for
):
    client = client_for(cast.employee)
    draft = proposal_form(cast, quarter, draft="1", **{"kr-1-milestones": "One ×3\nTwo * 2\nThree"})
    del draft["propose"]
    client.post(reverse("okr:propose"), draft)
    with tenancy.acting_for(cast.organisation):
        objective = Objective.objects.get()
        hours, calendar = objective.key_results.all()
        before = {step.title: step for step in calendar.milestones.all()}
    assert {title: step.weight for title, step in before.items()} == {"One": 3, "Two": 2, "Three": 1}

    address = reverse("okr:change", args=[objective.pk])
    lines = client.get(address).context["rows"][1]["milestones"].value()
    assert lines == "One ×3\nTwo ×2\nThree"
    ids = {"kr-0-id": str(hours.pk), "kr-1-id": str(calendar.pk)}
    client.post(address, draft | ids | {"kr-1-milestones": "One\nTwo ×2\nThree ×5"})
    with tenancy.acting_for(cast.organisation):
        after = {step.title: step for step in calendar.milestones.filter(removed_at=None)}
    assert {title: step.weight for title, step in after.items()} == {"One": 1, "Two": 2, "Three": 5}
    assert {step.pk for step in after.values()} == {step.pk for step in before.values()}

    wrong = client.post(address, draft | ids | {"kr-1-milestones": "One ×101"})
    assert wrong.status_code == 422
    assert "1 to 100" in wrong.context["rows"][1].errors["milestones"][0]


def test_for_a_team_whose_lead_nobody_manages_the_form_asks_for_a_sponsor(cast, quarter, client_for):
    with tenancy.acting_for(cast.organisation):
        people.Team.objects.filter(pk=cast.team.pk).update(lead=cast.boss)
    client, address = client_for(cast.employee), reverse("okr:propose")
    assert "sponsor" not in client.get(address).context["form"].fields
    form = proposal_form(cast, quarter, owner=f"team:{cast.team.pk}")

    without = client.post(address, form)
    assert without.status_code == 422
    assert "Name a sponsor" in without.context["form"].errors["sponsor"][0]
    assert 'name="sponsor"' in without.content.decode()
    assert "sponsor" in client.get(address, {"team": f"team:{cast.team.pk}"}).context["form"].fields

    assert client.post(address, form | {"sponsor": str(cast.hr.pk)}).status_code == 302
    with tenancy.acting_for(cast.organisation):
        assert Objective.objects.get().agreer == cast.hr


def test_sponsors_stand_in_order_and_whoever_is_chosen_stands_among_them(
    cast, quarter, client_for, monkeypatch
):
    monkeypatch.setattr(writing, "FIRST_SPONSORS", 1)
    client = client_for(cast.boss)
    form = proposal_form(cast, quarter, owner=f"person:{cast.boss.pk}", title="", sponsor=str(cast.hr.pk))
    page = client.post(reverse("okr:propose"), form)
    assert page.status_code == 422
    assert f'<option value="{cast.hr.pk}" selected>' in page.content.decode()
    assert reverse("people:picker") in page.content.decode()
    assert len(page.context["sponsors"]) == 2
    with tenancy.acting_for(cast.organisation):
        first = people.Person.objects.exclude(pk=cast.boss.pk).order_by("name_sort").first()
        assert page.context["sponsors"][0] == first


def test_propose_suggest_accept_agree_through_the_pages(cast, quarter, client_for):
    employee, manager = client_for(cast.employee), client_for(cast.manager)
    assert employee.get(reverse("okr:propose")).status_code == 200
    response = employee.post(reverse("okr:propose"), proposal_form(cast, quarter))
    assert response.status_code == 302
    with tenancy.acting_for(cast.organisation):
        objective = Objective.objects.get()
        hours, calendar = objective.key_results.all()
        assert [step.title for step in calendar.milestones.all()] == ["One", "Two"]

    page = manager.get(response["Location"]).content.decode()
    assert "Agree to version 1" in page
    manager.post(reverse("okr:comment", args=[objective.pk]), {"text": "Six is bold."}, headers=HTMX)
    suggestion = {"field": f"{hours.pk}.target", "new": "7", "reason": "Bold."}
    assert (
        manager.post(reverse("okr:suggest", args=[objective.pk]), suggestion, headers=HTMX).status_code == 200
    )
    with tenancy.acting_for(cast.organisation):
        edit = objective.suggested_edits.get()
    assert "Six is bold." in employee.get(response["Location"]).content.decode()
    employee.post(reverse("okr:decide", args=[edit.pk, "accept"]))
    stale = manager.post(reverse("okr:agree", args=[objective.pk]), {"version": 1}, headers=HTMX)
    assert stale.status_code == 409
    signed = manager.post(reverse("okr:agree", args=[objective.pk]), {"version": 2}, headers=HTMX)
    assert signed["HX-Redirect"] == response["Location"]
    with tenancy.acting_for(cast.organisation):
        objective.refresh_from_db()
        hours.refresh_from_db()
    assert (objective.state, hours.target) == ("active", Decimal(7))


def test_a_refused_suggestion_stays_in_its_place_and_the_card_around_it_too(active, cast, client_for):
    address = reverse("okr:suggest", args=[active.pk])
    key = active.key_results.get(kind="increase").pk
    refused = client_for(cast.manager).post(
        address, {"field": f"{key}.target", "new": "ninety"}, headers={"HX-Request": "true"}
    )
    assert refused.status_code == 422
    assert (refused["HX-Retarget"], refused["HX-Reswap"]) == ("#suggest", "innerHTML")


def test_weights_that_do_not_sum_to_the_whole_are_refused(cast, quarter, client_for):
    response = client_for(cast.employee).post(
        reverse("okr:propose"), proposal_form(cast, quarter, **{"kr-1-weight": "39.99"})
    )
    assert response.status_code == 422
    assert "must sum to exactly 100%" in response.content.decode()


def test_a_wrong_target_is_said_beside_it(cast, quarter, client_for):
    response = client_for(cast.employee).post(
        reverse("okr:propose"), proposal_form(cast, quarter, **{"kr-0-target": "12"})
    )
    assert response.status_code == 422
    assert 'id="id_kr-0-target_error"' in response.content.decode()


def test_adding_and_removing_key_results_works_without_javascript(cast, quarter, client_for):
    client = client_for(cast.employee)
    more = client.post(reverse("okr:propose"), proposal_form(cast, quarter, add="yes_no")).content.decode()
    assert 'name="kr-2-kind" value="yes_no"' in more
    assert 'value="Planning hours"' in more
    less = client.post(reverse("okr:propose"), proposal_form(cast, quarter, leave_out="0")).content.decode()
    assert 'name="kr-0-kind" value="milestones"' in less
    assert "kr-1-kind" not in less
    even = client.post(reverse("okr:propose"), proposal_form(cast, quarter, even="1")).content.decode()
    assert even.count('value="50"') == 2


def test_nobody_proposes_for_somebody_who_is_not_below_them(cast, quarter, client_for):
    form = proposal_form(cast, quarter, owner=f"person:{cast.boss.pk}")
    response = client_for(cast.employee).post(reverse("okr:propose"), form)
    assert response.status_code in (403, 422)


def test_changing_keeps_what_is_in_force_until_both_agree(active, cast, client_for):
    client = client_for(cast.employee)
    page = client.get(reverse("okr:change", args=[active.pk])).content.decode()
    assert "Why this change" in page
    rows = list(active.key_results.all())
    form = {
        "title": "New words",
        "type": "committed",
        "visibility": "public",
        "weight": "1",
        "reason": "Clearer.",
    }
    form["kr-count"] = "4"
    for place, row in enumerate(rows):
        form |= {f"kr-{place}-id": str(row.pk), f"kr-{place}-kind": row.kind, f"kr-{place}-title": row.title}
        form |= {
            f"kr-{place}-weight": "25",
            f"kr-{place}-start": "" if row.start is None else row.start,
            f"kr-{place}-target": "" if row.target is None else row.target,
        }
    form["kr-2-milestones"] = "A\nB\nC\nD"
    assert client.post(reverse("okr:change", args=[active.pk]), form).status_code == 302
    active.refresh_from_db()
    assert (active.title, active.version_number) == (four_kinds().title, 1)
    version = active.versions.get(state="proposed").as_content
    kept = {step.id for step in version.key_results[2].milestones}
    assert kept == set(rows[2].milestones.values_list("pk", flat=True))
