"""Files of goals: what is read, what a dry run shows, what is applied, and by whom."""

import csv
import io
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from okr.actions import ObjectiveRefused
from okr.models import GoalImport, Objective
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from tests.okr.conftest import content, key_result
from tests.okr.files import HEADER, ONE, book, counts, errors


def test_a_dry_run_saves_no_goal(upload):
    made = upload(ONE)
    assert counts(made) == {"new": 1, "changed": 0, "same": 0, "errors": 0}
    assert made.report["new"][0]["key_results"] == [
        {"title": "Stores served", "kind": "Number up", "weight": "100%", "span": "0 → 10 stores"}
    ]
    assert not Objective.objects.exists()


def test_what_is_new_is_proposed_and_waits_for_both_sides(upload, apply, cast):
    apply(upload(ONE))
    one = Objective.objects.get()
    assert (one.owner, one.agreer, one.proposed_by) == (cast.employee, cast.manager, cast.hr)
    assert (one.state, one.version_number, one.team) == ("proposed", None, cast.team)
    assert not one.versions.get().agreements.exists()
    assert set(WorkItem.objects.filter(kind="goals.agreement").values_list("person_id", flat=True)) == {
        cast.employee.pk,
        cast.manager.pk,
    }


def test_who_imports_their_own_goals_has_agreed_for_their_side(upload, apply, cast):
    file = "目标,关键结果,种类,起始值,目标值\n不缺货,服务门店,数值上升,0,10\n"
    apply(upload(file, by=cast.employee), by=cast.employee)
    one = Objective.objects.get()
    assert one.owner == cast.employee
    assert [each.person for each in one.versions.get().agreements.all()] == [cast.employee]


def test_drafts_wait_for_nobody(upload, apply):
    apply(upload(ONE), as_drafts=True)
    assert Objective.objects.get().state == "draft"
    assert not WorkItem.objects.exists()


def test_rows_below_an_objective_may_leave_its_columns_empty(upload, apply):
    made = upload(
        HEADER
        + "P003,Never out of stock,A,increase,0,10,,\n"
        + ",,B,increase,0,10,,\n"
        + "P003,Never out of stock,C,increase,0,10,,\n"
        + "P004,Another,D,yes_no,,,,\n"
    )
    assert counts(made)["new"] == 2
    apply(made)
    weights = Objective.objects.get(title="Never out of stock").key_results.values_list("title", "weight_ppm")
    assert list(weights) == [("A", 333_334), ("B", 333_333), ("C", 333_333)]


def test_every_kind_of_key_result_is_read_in_both_languages(upload, apply):
    made = upload(
        "负责人工号,目标,关键结果,种类,起始值,目标值,单位,下限,上限,容差,里程碑,权重（%）\n"
        "P003,多做一点,甲,Money,0,￥８００，０００．５,元,,,,,20%\n"
        "P003,多做一点,乙,百分比,１２,20%,%,,,,,20\n"
        "P003,多做一点,丙,保持在区间内,,,天,10,12,2,,20\n"
        'P003,多做一点,丁,里程碑,,,,,,,"第一步；第二步",20\n'
        "P003,多做一点,戊,yes or no,,,,,,,,20\n"
    )
    assert errors(made) == []
    apply(made)
    rows = {each.title: each for each in Objective.objects.get().key_results.all()}
    assert (rows["甲"].currency, rows["甲"].target) == ("CNY", Decimal("800000.5"))
    assert (rows["乙"].start, rows["乙"].target, rows["乙"].unit) == (12, 20, "")
    assert (rows["丙"].lower, rows["丙"].upper, rows["丙"].tolerance, rows["丙"].unit) == (10, 12, 2, "天")
    assert [step.title for step in rows["丁"].milestones.all()] == ["第一步", "第二步"]
    assert rows["戊"].kind == "yes_no"


def test_goals_of_a_team_are_led_by_who_leads_it(upload, apply, cast):
    apply(upload("Team,Objective,Key result,Start,Target\nops,Serve all stores,Stores,0,10\n"))
    one = Objective.objects.get()
    assert (one.owner_kind, one.team, one.owner) == ("team", cast.team, cast.manager)


def test_weights_that_a_workbook_keeps_as_fractions_are_shares(upload, apply):
    rows = [["Owner", "Objective", "Key result", "Kind", "Weight"], ["P003", "Goal", "A", "Yes or no", 0.4]]
    made = upload(book([*rows, ["", "", "B", "Yes or no", 0.6]]), name="goals.xlsx")
    apply(made)
    assert list(Objective.objects.get().key_results.values_list("weight_ppm", flat=True)) == [
        400_000,
        600_000,
    ]


def test_a_second_import_of_the_same_file_makes_no_doubles(upload, apply):
    apply(upload(ONE))
    made = upload(ONE)
    assert counts(made) == {"new": 0, "changed": 0, "same": 1, "errors": 0}
    with pytest.raises(ObjectiveRefused, match="changes nothing"):
        apply(made)
    assert Objective.objects.count() == 1


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_an_exported_file_reads_back_unchanged(
    form, language, upload, exported, propose, agree, active, cast
):
    propose(
        content(
            "=2+5，（全角）",
            key_result(
                "band", "@days", 50, lower=Decimal("10.25"), upper=None, tolerance=Decimal("0.1"), unit="d"
            ),
            key_result(
                "money", "-costs", 50, start=Decimal("1e9"), target=Decimal("0.00000001"), currency="EUR"
            ),
            description="Why\nnow, “exactly”",
            type="learning",
            visibility="team",
            weight=3,
        )
    )
    agree(propose(content("Of the team"), by=cast.manager, team=cast.team, owner_kind="team"))
    made = upload(exported(form, language=language), name=f"objectives.{form}")
    assert errors(made) == []
    assert counts(made) == {"new": 0, "changed": 0, "same": 3, "errors": 0}
    assert len(made.report["not_read"]) == 6


def test_ids_stand_last_and_a_file_that_has_them_first_is_read_as_well(upload, exported, active):
    rows = list(csv.reader(io.StringIO(exported().decode("utf-8-sig"))))
    assert rows[0][-2:] == ["Objective ID", "Key result ID"]
    assert rows[0][0] == "Period"
    file = io.StringIO()
    csv.writer(file).writerows([*row[-2:], *row[:-2]] for row in rows)
    made = upload(file.getvalue())
    assert errors(made) == []
    assert counts(made) == {"new": 0, "changed": 0, "same": 1, "errors": 0}


def test_what_is_not_read_is_named(upload):
    made = upload(ONE.replace("Unit", "Colour"))
    assert made.report["not_read"] == ["Colour"]
    assert "Objective" in made.report["read"]


def test_who_may_propose_for_whom_holds_for_files_too(upload, cast):
    def answer(by, owner):
        made = upload(ONE.replace("P003", owner), by=by)
        return [text for _cell, text in errors(made)]

    refusal = ["You propose goals for yourself and for people below you."]
    assert answer(cast.manager, "P003") == []
    assert answer(cast.boss, "P003") == []
    assert answer(cast.hr, "P003") == []
    assert answer(cast.employee, "P003") == []
    assert answer(cast.colleague, "P003") == refusal
    assert answer(cast.administrator, "P003") == refusal
    team = "Team,Objective,Key result,Kind\nOPS,Goal,A,yes_no\n"
    assert errors(upload(team, by=cast.colleague)) == []
    assert [cell for cell, _text in errors(upload(team, by=cast.administrator))] == ["A2"]


def test_who_may_only_see_an_objective_reads_it_back_but_does_not_change_it(upload, exported, propose, cast):
    propose(content("Open to all"))
    file = exported(by=cast.colleague)
    assert counts(upload(file, by=cast.colleague))["same"] == 1
    made = upload(file.replace(b",10,", b",11,"), by=cast.colleague)
    assert "not change it" in errors(made)[0][1]


def test_the_log_counts_what_an_import_did(upload, apply, cast):
    made = apply(upload(ONE))
    row = AuditRow.objects.get(action="okr.apply_import")
    assert (row.subject_id, row.person_id) == (made.pk, cast.hr.pk)
    assert row.changes == {"new": 1, "changed": 0, "same": 0}


def test_a_longer_file_asks_no_more_questions_in_its_dry_run(upload, acting_cast, propose):
    for title in "AB":
        propose(content(title))

    def asked(rows):
        lines = [f"P00{3 + number % 2},{title},K,yes_no,,,,\n" for number, title in enumerate(rows)]
        with CaptureQueriesContext(connection) as found:
            upload(HEADER + "".join(lines))
        return len(found)

    upload(ONE)
    assert asked("ACDEFGHIJKLMNOPQRSTUVWXYZ") == asked("AC")


def test_a_number_of_a_workbook_is_as_exact_as_it_shows(upload, apply):
    rows = [
        ["Owner", "Objective", "Key result", "Start", "Target"],
        ["P003", "Goal", "A", 0.1 + 0.2, 1234567.89],
    ]
    made = upload(book(rows), name="a.xlsx")
    apply(made)
    row = Objective.objects.get().key_results.get()
    assert (row.start, row.target) == (Decimal("0.3"), Decimal("1234567.89"))


def test_the_file_is_gone_when_it_has_served(upload, apply):
    made = apply(upload(ONE))
    assert bytes(GoalImport.objects.get(pk=made.pk).content) == b""
    with pytest.raises(ObjectiveRefused, match="applied already"):
        apply(made)
