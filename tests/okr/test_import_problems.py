"""What stands in the way of a file of goals, named by its cell."""

import time
from decimal import Decimal

import pytest

from okr import actions, queries
from okr.actions import ObjectiveRefused
from okr.actions.importing import cells, columns, plan
from okr.models import Content, Objective, contents
from performance.foundation import sheets
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from performance.people import models as people
from tests.okr.conftest import content, four_kinds, key_result
from tests.okr.files import HEADER, ONE, counts, errors, plain


@pytest.mark.parametrize(
    ("row", "cell", "words"),
    [
        ("P999,Goal,A,increase,0,10,,100", "A2", "not a person"),
        ("P003,=1+1,A,increase,0,10,,100", "B2", "looks like a formula"),
        ("P003,Goal,A,sideways,0,10,,100", "D2", "none of these"),
        ("P003,Goal,A,increase,0,ten,,100", "F2", "not a number"),
        ('P003,Goal,A,increase,0,"1,5",,100', "F2", "not a number"),
        ("P003,Goal,A,increase,0,10²,,100", "F2", "holds “²”. Write the number out in plain figures"),
        ("P003,Goal,A,increase,0,1½,,100", "F2", "holds “½”"),
        ("P003,Goal,A,increase,0,①0,,100", "F2", "holds “①”"),
        ("P003,Goal,A,increase,0,80万,,100", "F2", "holds “万”"),
        ("P003,Goal,A,increase,0,10⁻,,100", "F2", "not a number"),
        ("P003,Goal,A,increase,0,1.123456789,,100", "F2", "decimals"),
        ("P003,Goal,A,increase,0,1e30,,100", "F2", "too large"),
        (f"P003,Goal,A,increase,0,{'9' * 60},,100", "F2", "too large"),
        (f"P003,Goal,A,increase,0,1.{'0' * 40}1,,100", "F2", "decimals"),
        ("P003,Goal,A,increase,0,1e-99,,100", "F2", "decimals"),
        ("P003,Goal,A,increase,0,10,,1e30", "H2", "too large"),
        ("P003,Goal,A,increase,10,0,,100", "F2", "lies below the start"),
        ("P003,Goal,A,increase,,10,,100", "E2", "where you start"),
        ("P003,Goal,A,yes_no,,10,,100", "F2", "no such value"),
        ("P003,Goal,A,money,0,10,Kronen,100", "G2", "three letters"),
        ("P003,Goal,A,increase,0,10,,99.99", "H2", "sum to 99.99%"),
        ("P003,Goal,A,increase,0,10,,-5", "H2", "between 0% and 100%"),
        (",,A,increase,0,10,,100", "B2", "missing"),
        ("P003,Goal,,,,,,", "C2", "at least one key result"),
        ("P001,Goal,A,increase,0,10,,100", "A2", "Nobody manages"),
        ("P003," + "x" * 201 + ",A,increase,0,10,,100", "B2", "longer than 200"),
    ],
)
def test_a_wrong_cell_is_named_in_plain_words(row, cell, words, upload, apply):
    made = upload(HEADER + row + "\n")
    ((found, text),) = errors(made)
    assert (found, words in text) == (cell, True), text
    with pytest.raises(ObjectiveRefused, match="Nothing was saved"):
        apply(made)
    assert not Objective.objects.exists()


@pytest.mark.parametrize(
    ("weights", "suggested"),
    [
        (["90"], ["100"]),
        (["60", "30"], ["", ""]),
        (["80", "110"], ["", ""]),
        (["10", "100"], ["", "90"]),
        (["99.99", ""], None),
    ],
)
def test_weights_that_sum_to_no_whole_are_offered_with_what_makes_them_one(weights, suggested, upload):
    rows = [f"P003,Goal,KR {place},increase,0,10,,{weight}" for place, weight in enumerate(weights)]
    found = upload(HEADER + "\n".join(rows) + "\n").report["errors"]
    if suggested is None:
        assert found == [], "what is empty takes the rest"
        return
    if "110" in weights:
        assert [(each["cell"], each["value"]) for each in found] == [("H3", "110")], (
            "wrong for its own reason"
        )
        return
    (error,) = found
    told = [(each["cell"], each["value"], each["suggested"]) for each in error["cells"]]
    assert told == [
        (f"H{row}", weight, right)
        for row, (weight, right) in enumerate(zip(weights, suggested, strict=True), 2)
    ]


def test_what_is_wrong_of_weights_that_sum_to_a_whole_is_told(upload):
    rows = "".join(f"P003,Goal,KR {place},increase,0,10,,\n" for place in range(13))
    assert errors(upload(HEADER + rows)) == [("C14", "Twelve key results are the most. Fewer are clearer.")]


def test_a_cell_that_a_rule_refuses_is_offered_with_what_it_says(upload):
    (error,) = upload(HEADER + "P003,Goal,A,increase,10,0,,100\n").report["errors"]
    assert (error["cell"], error["value"]) == ("F2", "0")


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("P999,Goal,A,sideways,zero,ten,,101", ["A2", "D2", "E2", "F2", "H2"]),
        (",,A,sideways,zero,10,,100", ["B2", "D2", "E2"]),
        ("P999,=1+1,A,money,0,10,Kronen,-5", ["A2", "B2", "G2", "H2"]),
        ("P003,Goal,A,increase,,,,100", ["E2", "F2"]),
        ("P003,=1+1,A,increase,zero,ten,,100", ["B2", "E2", "F2"]),
        ("P999,Goal,,,,,,", ["A2"]),
    ],
)
def test_every_wrong_cell_of_a_row_is_named_at_once(row, cells, upload):
    assert [cell for cell, _text in errors(upload(HEADER + row + "\n"))] == cells


def test_what_may_stand_of_an_objective_that_is_not_told_is_no_error(upload, propose):
    propose(content("Never out of stock"))
    made = upload("Owner,Objective,Key result,Kind,Target\nP999,Never out of stock,Stores served,,\n")
    assert [cell for cell, _text in errors(made)] == ["A2"]


def test_an_unclear_name_asks_for_the_number(upload, acting_cast):
    people.Person.objects.filter(pk=acting_cast.colleague.pk).update(name_en="Eli Employee")
    made = upload(ONE.replace("P003", "Employee, Eli".join('""')))
    assert errors(made) == [("A2", "Several people are called Employee, Eli. Write the number.")]


def test_two_rows_that_tell_different_things_of_one_objective_are_shown(upload):
    made = upload(
        "Owner,Objective,Type,Key result,Kind\nP003,Goal,Committed,A,yes_no\nP003,Goal,Learning,B,yes_no\n"
    )
    assert errors(made) == [("C3", "Row 2 says “Committed” of the same objective.")]


def test_a_row_of_another_period_is_shown(upload):
    made = upload(ONE.replace("Unit", "Period").replace("stores", "Q1 1999"))
    assert "Choose the other period" in errors(made)[0][1]


def test_an_id_that_one_may_not_see_is_as_unknown_as_none(upload, propose, cast, exported):
    propose(content("Between us", visibility="private"))
    file = exported(by=cast.employee)
    assert errors(upload(file, by=cast.colleague))[0][1].startswith(
        "There is no such objective that you may see"
    )
    told = dict(errors(upload(file.replace(b"-", b"."), by=cast.colleague)))
    assert any(text.startswith("This is no ID") for text in told.values())


def test_a_locked_or_closed_period_takes_no_file(upload, apply, quarter, now):
    made = upload(ONE)
    quarter.goals_locked_at = now
    quarter.save()
    for do in (lambda: upload(ONE), lambda: apply(made)):
        with pytest.raises(ObjectiveRefused, match="locked"):
            do()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "at least one row"),
        (b"PK\x03\x04broken", "cannot be read"),
        (b"Name,Colour\nA,B\n", "No column is called"),
        (b"Objective\n" + b"a\n" * 5_001, "more than 5,000 rows"),
        (b"x" * (5 * 1024 * 1024 + 1), "larger than 5 MB"),
    ],
)
def test_a_file_that_is_no_table_of_goals_is_refused_beside_the_file(content, words, upload):
    with pytest.raises((ObjectiveRefused, sheets.SheetRefused), match=words) as refused:
        upload(content)
    assert refused.value.field == "file"


def test_goals_that_changed_since_the_dry_run_are_shown_again(upload, apply, propose, actor, now, cast):
    made = upload(ONE)
    propose(content("Never out of stock", key_result("increase", "Other")))
    with pytest.raises(ObjectiveRefused, match="changed since") as refused:
        apply(made)
    assert refused.value.status == 409
    made = actions.check_goal_import(upload=made, by=actor(cast.hr), at=now)
    assert counts(made)["changed"] == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_messy_files_are_read(encoding, upload):
    file = (
        "负责人； 目标 ；关键结果*；目标值；权重；基线\n".replace("；", "\t")
        + "  易员工\u3000\t 不缺货 \t服务门店\t '１０ \t\t０\n"
        + "\t\t\t\t\t\n"
        + "\t\t周转\t−5\t\t1,000.50\n"
    )
    made = upload(file.encode(encoding))
    assert errors(made) == []
    spans = [each["span"] for each in made.report["new"][0]["key_results"]]
    assert spans == ["0 → 10", "1,000.5 → −5"]


def test_one_file_changes_so_many_objectives_and_no_more(upload, propose, monkeypatch):
    monkeypatch.setattr(plan, "MOST_CHANGES", 1)
    propose(content("A"))
    propose(content("B"))
    made = upload("Owner,Objective,Type\nP003,A,Learning\nP003,B,Learning\n")
    assert errors(made) == [("B3", "One file changes at most 1 objectives. Split it from here on.")]


def test_many_new_objectives_are_written_as_each_one_would_be(upload, apply, propose, cast):
    """In a fixed number of statements."""
    text = four_kinds()
    propose(text)
    one = Objective.objects.get()
    told = queries.content_of(one).to_json()
    apply(
        upload(
            "Owner,Objective,Key result,Kind,Start,Target,Unit,Milestones\n"
            'P004,"Never out of stock, never overstocked",Stores served,increase,0,10,,\n'
            ",,Planning hours,decrease,11,6,h,\n"
            ",,Calendar in every store,milestones,,,,A;B;C;D\n"
            ",,Fresh food reorders itself,yes_no,,,,\n",
            by=cast.manager,
        ),
        by=cast.manager,
    )
    two = Objective.objects.get(owner=cast.colleague)
    assert plain(queries.content_of(two)) == plain(queries.content_of(one)) == plain(Content.from_json(told))
    assert plain(two.versions.get().as_content) == plain(one.versions.get().as_content)
    assert (two.state, two.team, two.agreer) == (one.state, one.team, one.agreer)
    assert [each.side for each in two.versions.get().agreements.all()] == ["manager"]
    (item,) = WorkItem.objects.filter(subject_id=two.pk)
    assert (item.person, item.kind) == (cast.colleague, "goals.agreement")
    assert AuditRow.objects.filter(action="okr.propose_objective", subject_id=two.pk).count() == 1


def test_a_cell_of_many_milestones_or_dimensions_is_named(upload):
    steps = ";".join(f"Step {number}" for number in range(51))
    made = upload(f"Owner,Objective,Key result,Milestones,Weight\nP003,Goal,A,{steps},100\n")
    assert errors(made) == [("D2", "50 milestones are the most.")]
    checkpoint = "Owner,Objective,Key result,Start,Target,Checkpoints\nP003,Goal,A,0,10,2026-01-31: 1e30\n"
    assert errors(upload(checkpoint)) == [("F2", "This number is too large.")]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("１，２３４．５", "1234.5"),
        ("－３", "-3"),
        ("￥ 800,000", "800000"),
        ("１２ ％", "12"),
        ("1 234", "1234"),
    ],
)
def test_a_number_is_read_in_any_width(written, read):
    assert cells.amount(written) == Decimal(read)


def test_a_checkpoint_is_read_in_any_width_and_never_as_another_number():
    (point,) = cells.checkpoints("２０２６－０１－３１：４０")
    assert (point.on.isoformat(), point.value) == ("2026-01-31", 40)
    with pytest.raises(cells.CellError, match="holds “²”"):
        cells.checkpoints("2026-01-31: 10²")


def test_a_cell_full_of_signs_is_read_as_fast_as_any():
    long = 100_000
    began = time.process_time()
    assert contents.slice_of(f"store=1,{' ' * long}x, at = 12:30 ,=2,country: CN") == {
        "store": "1",
        "at": "12:30",
        "country": "CN",
    }
    assert columns.plain("(" * long) == "(" * columns.LONGEST
    assert columns.plain("Weight (in %) (KR)") == "weight"
    with pytest.raises(cells.CellError, match="is no checkpoint"):
        cells.checkpoints(f"2026-01-31{' ' * long}x")
    assert time.process_time() - began < 2
