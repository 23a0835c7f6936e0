"""The pages and endpoints of the import of goals: the way through, what stands beside its field, and who may."""

import dataclasses
import datetime
import re

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from okr import actions
from okr.actions.importing import plan
from okr.models import GoalImport, Objective
from performance.foundation import sheets, tenancy
from performance.people import actions as people_actions
from performance.people import queries
from tests import races
from tests.okr.conftest import content, key_result

HEADER = "Owner,Objective,Key result,Kind,Start,Target,Unit,Weight\n"
ONE = HEADER + "P003,Never out of stock,Stores served,Number up,0,10,stores,100\n"
PAGES = ("okr:import_goals", "okr:import_template")


def file_of(text=ONE, name="goals.csv"):
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)


@pytest.fixture
def upload(client_for, quarter):
    def do(person, text=ONE, **fields):
        given = {"file": file_of(text), "period": str(quarter.pk)} | fields
        return client_for(person).post(reverse("okr:import_goals"), given)

    return do


@pytest.fixture
def send_file(client_for, quarter):
    def do(person, text=ONE, **fields):
        return client_for(person).post(reverse("api_goal_imports"), {"file": file_of(text)} | fields)

    return do


WRONG = HEADER + "P003,Never out of stock,Stores served,Number up,0,ten,stores,100\n"


def test_a_wrong_cell_is_mended_in_place_and_the_file_goes_on(cast, client_for, upload):
    client = client_for(cast.hr)
    page = client.get(upload(cast.hr, WRONG)["Location"])
    made = page.context["upload"]
    assert '<textarea class="form-control py-1 t-sm" id="fix-1-F2" name="F2"' in page.content.decode()
    address = reverse("okr:import_mend", args=[made.pk])
    assert client_for(cast.manager).post(address, {"F2": "10"}).status_code == 404
    assert client_for(cast.auditor).post(address, {"F2": "10"}).status_code in (403, 404)
    still = client.post(address, {"F2": "eleven"}, follow=True)
    assert "eleven" in still.content.decode()
    mended = client.post(address, {"F2": "10"}, follow=True)
    assert mended.context["counts"]["errors"] == 0
    assert mended.context["is_ready"]
    client.post(reverse("okr:import_apply", args=[made.pk]))
    with tenancy.acting_for(cast.organisation):
        assert Objective.objects.get().key_results.get().target == 10
        assert GoalImport.objects.get().mended == {}
    again = client.post(address, {"F2": "11"}, follow=True)
    assert "This file was applied already." in again.content.decode()


def test_a_mended_cell_leads_to_the_next_one_without_a_new_page(cast, client_for, upload):
    client = client_for(cast.hr)
    wrong = WRONG + "P003,Quick tills,Minutes,Number up,0,few,minutes,40\n,,Tills,Number up,0,9,tills,40\n"
    made = client.get(upload(cast.hr, wrong)["Location"]).context["upload"]
    address = reverse("okr:import_mend", args=[made.pk])

    def mend(**texts):
        page = client.post(address, texts, headers={"HX-Request": "true"}).content.decode()
        assert page.lstrip().startswith('<div id="import-result">'), "a part of the page, not a page"
        return page, re.findall(r'(?:name|id)="(\w+)"[^>]*data-focus', page)

    page, focus = mend(F2="eleven")
    assert focus == ["F2"]
    page, focus = mend(F2="10")
    assert focus == ["F3"]
    page, focus = mend(F3="3")
    assert focus == ["H3"], "what came out only now"
    told = dict(re.findall(r'<textarea [^>]*name="(H\d)"[^>]*>([^<]*)<', page))
    assert told == {"H3": "40", "H4": "40"}, "both weights, with what is written"
    assert mend(H3="60", H4="x")[1] == ["H4"], "the one of these that is wrong still"
    assert mend(H3="60", H4="40")[1] == ["apply"]
    assert sheets.to_mend_next(["B2", "c3", "H4"], ["A3", "h4"]) == "H4"


def test_a_report_from_before_several_cells_were_mended_together_is_mended_as_well(
    cast, client_for, upload, now
):
    client = client_for(cast.hr)
    made = client.get(upload(cast.hr, WRONG)["Location"]).context["upload"]
    with tenancy.acting_for(cast.organisation):
        report = {**made.report, "errors": [{**made.report["errors"][0]}]}
        del report["errors"][0]["cells"]
        GoalImport.objects.update(report=report)
    page = client.get(reverse("okr:import_check", args=[made.pk])).content.decode()
    assert re.search(r'<textarea [^>]*name="F2"[^>]*>ten<', page)
    with tenancy.acting_for(cast.organisation):
        GoalImport.objects.update(applied_at=now)
    address = reverse("okr:import_mend", args=[made.pk])
    refused = client.post(address, {"F2": "10"}, headers={"HX-Request": "true"})
    assert (refused.status_code, "applied already" in refused.content.decode()) == (409, True)


def test_many_cells_at_once_are_tried_out_once_and_only_those_of_the_file_are_kept(
    cast, client_for, upload, monkeypatch
):
    client = client_for(cast.hr)
    made = client.get(upload(cast.hr, WRONG)["Location"]).context["upload"]
    tried = []
    make = plan.make
    monkeypatch.setattr(plan, "make", lambda check: tried.append(1) or make(check))
    elsewhere = {f"F{row}": "1" for row in range(3, 300)} | {"ZZ2": "1", "F1": "1", "F02": "1"}
    client.post(reverse("okr:import_mend", args=[made.pk]), elsewhere | {"F2": "10", "H2": "100"})
    with tenancy.acting_for(cast.organisation):
        kept = GoalImport.objects.get()
    assert len(tried) == 1
    assert kept.mended == {"F2": "10", "H2": "100"}
    assert kept.report["errors"] == []


def test_a_wrong_cell_is_mended_by_api(cast, client_for, send_file):
    made = send_file(cast.hr, WRONG).json()
    assert [error["cell"] for error in made["report"]["errors"]] == ["F2"]
    address = reverse("api_mend_goal_import", args=[made["id"]])
    answer = client_for(cast.hr).post(address, {"cell": "F2", "value": "10"}, content_type="application/json")
    assert (answer.json()["report"]["errors"], answer.json()["mended"]) == ([], {"F2": "10"})
    refused = client_for(cast.hr).post(address, {"cell": "2F", "value": "x"}, content_type="application/json")
    assert refused.status_code == 400


def test_a_file_whose_mended_cell_names_somebody_goes_when_they_are_forgotten(cast, upload):
    made = GoalImport.objects.none()
    with tenancy.acting_for(cast.organisation):
        upload(cast.hr, WRONG)
        made = GoalImport.objects.get()
        GoalImport.objects.update(mended={"F2": cast.colleague.number})
        gone = people_actions.Forgotten(
            person_id=cast.colleague.pk,
            number=cast.colleague.number,
            name_en="Former colleague",
            name_zh="前同事",
            pattern=cast.colleague.name_en,
            has_namesake=False,
        )
        actions.forget_person(gone)
        assert not GoalImport.objects.filter(pk=made.pk).exists()


def test_a_file_goes_its_way_from_upload_to_proposal(cast, client_for, upload):
    client = client_for(cast.hr)
    listed = client.get(reverse("okr:objectives")).content.decode()
    assert reverse("okr:import_goals") in listed
    checked = client.get(upload(cast.hr)["Location"])
    page = checked.content.decode()
    assert "Nothing is saved yet" in page
    assert "Stores served" in page
    made = checked.context["upload"]
    done = client.post(reverse("okr:import_apply", args=[made.pk]), follow=True)
    assert "1 objective was imported" in done.content.decode()
    with tenancy.acting_for(cast.organisation):
        assert Objective.objects.get().state == "proposed"
    assert "Report of goals.csv" in client.get(reverse("okr:import_goals")).content.decode()


def test_the_reason_is_asked_for_beside_its_field(cast, client_for, upload, propose, agree):
    agree(propose(content("Never out of stock", key_result("increase", "Stores served", unit="stores"))))
    address = upload(cast.hr, ONE.replace(",10,", ",12,"))["Location"]
    client = client_for(cast.hr)
    page = client.get(address).content.decode()
    assert "agreed already" in page
    assert "<del>10 stores</del>" in page
    # The page asks for it before it asks whether to apply.
    (asked,) = re.findall(r'<textarea[^>]*name="reason"[^>]*>', page)
    assert " required" in asked
    assert "data-confirm-whole" in page
    refused = client.post(f"{address}apply/", {"reason": " "})
    assert refused.status_code == 422
    assert "needs a reason" in str(refused.context["form"].errors["reason"])
    assert client.post(f"{address}apply/", {"reason": "Two more"}).status_code == 302


def test_errors_are_told_by_cell_and_nothing_is_applied(cast, client_for, upload):
    address = upload(cast.hr, ONE.replace("P003", "P999"))["Location"]
    client = client_for(cast.hr)
    page = client.get(address).content.decode()
    assert "P999 is not a person here." in page
    assert "A2" in page
    refused = client.post(f"{address}apply/")
    assert refused.status_code == 422
    assert "Nothing was saved" in refused.content.decode()


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"file": ""}, "file", "Choose a file"),
        ({"file": SimpleUploadedFile("a.csv", b"A,B\n1,2\n")}, "file", "No column is called"),
        ({"period": "1999"}, "period", "valid choice"),
    ],
)
def test_a_form_that_is_wrong_says_so_beside_the_field(fields, field, words, cast, upload):
    response = upload(cast.hr, **fields)
    assert response.status_code == 422
    assert words in str(response.context["form"].errors[field])


def test_without_an_open_period_the_page_says_what_is_missing(cast, client_for, quarter, now):
    quarter.goals_locked_at = now
    with tenancy.acting_for(cast.organisation):
        quarter.save()
    page = client_for(cast.hr).get(reverse("okr:import_goals")).content.decode()
    assert "No period takes goals now" in page


def test_what_was_overtaken_is_checked_anew_and_shown(cast, client_for, upload, propose):
    address = upload(cast.hr)["Location"]
    propose(content("Never out of stock"))
    refused = client_for(cast.hr).post(f"{address}apply/")
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "changed since" in page
    assert "1 changed" in page


def test_the_template_reads_back_without_an_error(cast, client_for, upload, quarter):
    for language in ("en", "zh-hans"):
        client = client_for(cast.hr)
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        file = client.get(reverse("okr:import_template")).content
        with tenancy.acting_for(cast.organisation):
            page = client_for(cast.hr).get(upload(cast.hr, file)["Location"])
        assert page.context["counts"]["errors"] == 0
        assert page.context["counts"]["new"] == 1


def test_everybody_but_the_auditor_imports_and_sees_only_their_own(cast, client_for, upload):
    for person in cast.members():
        allowed = person != cast.auditor
        assert client_for(person).get(reverse("okr:import_goals")).status_code == (200 if allowed else 403)
        assert client_for(person).get(reverse("okr:import_template")).status_code == 200
        assert upload(person).status_code == (302 if allowed else 403)
    with tenancy.acting_for(cast.organisation):
        made = GoalImport.objects.get(uploaded_by=cast.manager)
    for person in (*cast.members(), cast.stranger):
        client = client_for(person)
        expected = 200 if person == cast.manager else 404
        assert client.get(reverse("okr:import_check", args=[made.pk])).status_code == expected
        assert client.get(reverse("api_goal_import", args=[made.pk])).status_code == expected
        if person != cast.manager:
            refused = 403 if person == cast.auditor else 404
            for name in ("okr:import_apply", "api_apply_goal_import", "api_check_goal_import"):
                assert client.post(reverse(name, args=[made.pk])).status_code == refused
    assert client_for(cast.manager).post(reverse("okr:import_apply", args=[made.pk])).status_code == 302


def test_the_api_tries_a_file_out_and_applies_it(cast, client_for, send_file):
    answer = send_file(cast.hr)
    assert answer.status_code == 201
    report = answer.json()["report"]
    assert report["counts"]["new"] == 1
    client = client_for(cast.hr)
    made = answer.json()["id"]
    assert client.get(reverse("api_goal_import", args=[made])).json()["report"] == report
    assert client.post(reverse("api_check_goal_import", args=[made])).status_code == 200
    applied = client.post(
        reverse("api_apply_goal_import", args=[made]), {"as_drafts": True}, content_type="application/json"
    )
    assert applied.json()["applied_at"]
    again = client.post(reverse("api_apply_goal_import", args=[made]))
    assert again.status_code == 409
    assert [each["id"] for each in client.get(reverse("api_goal_imports")).json()["results"]] == [made]
    with tenancy.acting_for(cast.organisation):
        assert Objective.objects.get().state == "draft"


def test_the_api_refuses_the_auditor_and_what_is_no_table(cast, send_file, client_for):
    assert send_file(cast.auditor).status_code == 403
    assert send_file(cast.stranger).status_code == 404
    answer = send_file(cast.hr, "Colour\nred\n")
    assert (answer.status_code, "file" in answer.json()["errors"]) == (422, True)
    assert client_for(cast.auditor).get(reverse("api_goal_imports")).json()["results"] == []


def test_a_file_that_names_somebody_is_gone_when_they_are_forgotten(
    acting_cast, upload, client_for, actor, now
):
    cast = acting_cast
    upload(cast.hr, ONE.replace("P003", "Cody Colleague"))
    for text in (ONE, ONE.replace("P003", cast.colleague.number).replace("Never", "Hardly")):
        upload(cast.hr, text)
        with tenancy.acting_for(cast.organisation):
            last = GoalImport.objects.order_by("-pk").first()
            actions.apply_goal_import(upload=last, by=actor(cast.hr), at=now)
    with tenancy.acting_for(cast.organisation):
        last_day = queries.today(cast.organisation) - datetime.timedelta(days=2)
        people_actions.deactivate_person(
            person=cast.colleague, left_on=last_day, by=cast.hr, at=now, why="moves"
        )
        people_actions.erase_personal_data(person=cast.colleague, by=cast.hr, at=now, why="asked")
        kept, theirs = GoalImport.objects.order_by("pk")
        for left in (kept, theirs):
            assert left.report["counts"]["new"] == 1
            assert left.report["new"] == []
        assert kept.before["new"], "it tells of nobody who is forgotten: it can be taken back still"
        assert theirs.before == {}, "the texts of their goals are details too"
    told = "It cannot be taken back any more"
    for left, said in ((kept, False), (theirs, True)):
        page = client_for(cast.hr).get(reverse("okr:import_check", args=[left.pk])).content.decode()
        assert (told in page, reverse("okr:import_take_back", args=[left.pk]) in page) == (said, not said)


@pytest.mark.django_db(transaction=True)
def test_a_file_applied_from_two_windows_at_once_is_applied_once(cast, quarter, actor, now):
    with tenancy.acting_for(cast.organisation):
        who = actor(cast.hr)
        made = actions.upload_goals(
            file_name="goals.csv", content=ONE.encode(), period=quarter, by=who, at=now
        )

    def apply():
        return actions.apply_goal_import(upload=made, by=who, at=now)

    first, second = races.second_waits_for_first(cast.organisation, apply, apply)
    assert first.applied_at == now
    assert (second.code, "applied already" in str(second)) == ("conflict", True)
    with tenancy.acting_for(cast.organisation):
        assert Objective.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_files_with_the_same_goal_at_once_make_one(cast, quarter, actor, now):
    with tenancy.acting_for(cast.organisation):
        who = actor(cast.hr)
        made = [
            actions.upload_goals(file_name=name, content=ONE.encode(), period=quarter, by=who, at=now)
            for name in ("a.csv", "b.csv")
        ]

    def applying(upload):
        return lambda: actions.apply_goal_import(upload=upload, by=who, at=now)

    first, second = races.second_waits_for_first(cast.organisation, *map(applying, made))
    assert first.applied_at == now
    assert (second.code, "changed since" in str(second)) == ("conflict", True)
    with tenancy.acting_for(cast.organisation):
        assert Objective.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_goal_changed_while_a_file_is_applied_is_not_overwritten(cast, quarter, actor, now):
    with tenancy.acting_for(cast.organisation):
        who, owner = actor(cast.hr), actor(cast.employee)
        text = content("Never out of stock", key_result("increase", "Stores served", unit="stores"))
        one = actions.propose_objective(period=quarter, content=text, by=owner, at=now)
        made = actions.upload_goals(
            file_name="a.csv", content=ONE.replace(",10,", ",12,").encode(), period=quarter, by=who, at=now
        )
        other = dataclasses.replace(text, description="Told by its owner")

    first, second = races.second_waits_for_first(
        cast.organisation,
        lambda: actions.propose_change(objective=one, content=other, by=owner, at=now),
        lambda: actions.apply_goal_import(upload=made, by=who, at=now),
    )
    assert first.number == 2
    assert (second.code, "changed since" in str(second)) == ("conflict", True)
    with tenancy.acting_for(cast.organisation):
        one.refresh_from_db()
        assert one.description == "Told by its owner"
