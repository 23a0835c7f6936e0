"""What a change changes: nothing that two people sign is left out of the comparison."""

import dataclasses
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions, queries
from okr.models import KeyResultContent, MilestoneContent
from okr.views import writing
from tests.okr.conftest import content, four_kinds, key_result


@pytest.fixture
def differ(active, cast):
    """What differs between a text and the same with another first key result."""

    def do(old, **changed):
        new = dataclasses.replace(old, **changed)
        owners = queries.owners_named(active, (content("A", old), content("A", new)))
        return queries.differences(content("A", old), content("A", new), owners)

    return do


def test_a_key_result_that_changes_hands_shows_both_owners(differ, cast):
    assert differ(key_result(), owner_id=cast.colleague.pk) == [
        ("KR1 owner", cast.employee.name_en, cast.colleague.name_en)
    ]


def test_to_name_who_owns_the_objective_changes_nothing(differ, cast):
    assert differ(key_result(), owner_id=cast.employee.pk) == []


def test_another_unit_shows_and_each_value_reads_in_its_own(differ):
    hours = key_result("decrease", start=Decimal(11), target=Decimal(6), unit="h")
    assert differ(hours, unit="days", target=Decimal(5)) == [
        ("KR1 target", "6 h", "5 days"),
        ("KR1 unit", "h", "days"),
    ]


def test_another_currency_shows_though_the_figures_stay(differ):
    assert ("KR1 currency", "CNY", "USD") in differ(key_result("money", currency="CNY"), currency="USD")


def test_money_has_no_unit_besides_its_currency_whichever_way_it_came(differ):
    kept = key_result("money", currency="CNY", unit="CNY")
    assert (kept.unit, kept.currency) == ("", "CNY")
    assert KeyResultContent.from_json({**kept.to_json(), "unit": "CNY"}) == kept, "agreed earlier"
    assert differ(kept, title="Cheaper") == [("KR1 title", kept.title, "Cheaper")]


def test_a_milestone_that_weighs_more_shows(differ):
    one, two = MilestoneContent("One"), MilestoneContent("Two")
    rows = differ(
        key_result("milestones", milestones=(one, two)), milestones=(one, dataclasses.replace(two, weight=3))
    )
    assert rows == [("KR1 milestones", "One; Two", "One; Two ×3")]


def test_an_added_key_result_is_told_in_full(active, cast):
    old = four_kinds()
    added = key_result(
        "decrease", "Returns", 10, start=Decimal(9), target=Decimal(4), unit="%", owner_id=cast.colleague.pk
    )
    new = dataclasses.replace(old, key_results=(*old.key_results, added))
    rows = queries.differences(old, new, queries.owners_named(active, (old, new)))
    assert rows == [
        ("KR5", None, "Returns, Number down, 10%"),
        ("KR5 start", None, "9%"),
        ("KR5 target", None, "4%"),
        ("KR5 unit", None, "%"),
        ("KR5 owner", None, cast.colleague.name_en),
    ]


def test_the_page_asks_once_for_owners_however_many_versions_name_them(active, cast, actor, now, client_for):
    def change(number):
        text = queries.content_of(active)
        first = dataclasses.replace(text.key_results[0], owner_id=(cast.colleague.pk, cast.hr.pk)[number % 2])
        actions.propose_change(
            objective=active,
            content=dataclasses.replace(
                text, title=f"Title {number}", key_results=(first, *text.key_results[1:])
            ),
            reason="Hands change.",
            by=actor(cast.employee),
            at=now,
        )

    def asked():
        with CaptureQueriesContext(connection) as queries_made:
            page = client_for(cast.manager).get(reverse("okr:objective", args=[active.pk]))
        assert "KR1 owner" in page.content.decode()
        return len(queries_made)

    change(0)
    asked()
    few = asked()
    for number in range(1, 5):
        change(number)
    assert asked() == few


def test_an_owner_beyond_the_teammates_on_offer_stays_the_owner(
    active, cast, actor, now, agree, client_for, monkeypatch
):
    text = queries.content_of(active)
    first = dataclasses.replace(text.key_results[0], owner_id=cast.hr.pk)
    actions.propose_change(
        objective=active,
        content=dataclasses.replace(text, key_results=(first, *text.key_results[1:])),
        reason="HR counts.",
        by=actor(cast.employee),
        at=now,
    )
    agree(active)
    monkeypatch.setattr(writing, "MOST_OWNERS", 0)

    page = client_for(cast.employee).get(reverse("okr:change", args=[active.pk]))
    form = page.context["rows"][0]

    assert form["owner"].value() == str(cast.hr.pk)
    assert str(cast.hr.pk) in dict(form.fields["owner"].choices)


def test_where_two_people_sign_an_amount_reads_with_every_figure(propose, cast, client_for, actor, now):
    whole, near = Decimal("99999999999.12345678"), Decimal("99999999999.12345679")
    before = content(
        "Exact",
        key_result("increase", "Units", 40, start=Decimal(0), target=whole, unit="h"),
        key_result("money", "Sales", 30, start=Decimal(0), target=Decimal("2900001.5"), currency="CNY"),
        key_result("band", "Days", 30, lower=Decimal("1.23456"), upper=Decimal(2), tolerance=Decimal(1)),
    )
    objective = propose(before)
    page = reverse("okr:objective", args=[objective.pk])
    shown = client_for(cast.manager).get(page).content.decode()
    for exact in ("0 → 99,999,999,999.12345678 h", "¥2,900,001.50", "1.23456–2"):
        assert exact in shown
    changed = dataclasses.replace(before.key_results[0], target=near)
    after = dataclasses.replace(before, key_results=(changed, *before.key_results[1:]))
    told = queries.differences(before, after, {})
    assert told == [("KR1 target", "99,999,999,999.12345678 h", "99,999,999,999.12345679 h")]


def test_a_proposal_says_what_it_would_do_today_and_does_that_once_agreed(
    reported, agree, cast, actor, now, client_for
):
    standing = queries.content_of(reported)
    first, *rest = standing.key_results
    text = dataclasses.replace(standing, key_results=(dataclasses.replace(first, target=Decimal(20)), *rest))
    actions.propose_change(objective=reported, content=text, reason="Larger", by=actor(cast.employee), at=now)
    reported.refresh_from_db()
    effect = queries.effect_of(reported, queries.open_proposal(reported))
    page = client_for(cast.manager).get(reverse("okr:objective", args=[reported.pk])).content.decode()
    assert "Progress 50% → 25%" in page
    assert (effect.before, effect.after) == (50, 25)
    assert queries.percent(agree(reported).progress_micro) == 25
