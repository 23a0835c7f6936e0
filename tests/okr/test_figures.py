"""How an objective's figure is made, so that it can be done by hand, and what is expected of the same parts."""

import datetime
import re
from decimal import Decimal

import pytest
from django.urls import reverse

from okr import actions, queries
from okr.models import Objective
from okr.queries.pace import expected_of_objectives
from tests.okr.conftest import content, key_result

PERCENT = 1_000_000


@pytest.fixture
def whole(propose, agree, check_in, actor, cast, now):
    """The manager's: half and none of two key results, of which one is a yes-or-no; 30 % comes from the employee."""

    def do(**child_fields):
        above = agree(
            propose(
                content("The company grows", key_result(weight=60), key_result("yes_no", "Signed", 40)),
                by=cast.manager,
            )
        )
        child = agree(propose(content("Never out of stock"), **child_fields))
        actions.align_objectives(
            child=child, parent=above, kind="contributes", share_ppm=300_000, by=actor(cast.manager), at=now
        )
        rows = above.key_results.all()
        check_in(
            actions.Reading(rows.get(kind="increase").pk, value=Decimal(5)),
            actions.Reading(rows.get(kind="yes_no").pk, done=False),
            by=cast.manager,
        )
        check_in(actions.Reading(child.key_results.get().pk, value=Decimal(8)))
        above.refresh_from_db()
        return above, child

    return do


def figure(one, person, actor):
    shown = queries.with_key_results(Objective.objects.filter(pk=one.pk)).get()
    visible = queries.visible_to(actor(person))
    return queries.figure_of(shown, list(shown.key_results.all()), visible, queries.policy_of(one.period))


def test_the_sum_can_be_done_by_hand(whole, actor, cast):
    above, child = whole()
    made = figure(above, cast.manager, actor)
    own, other = made.parts
    assert (own.is_own, own.progress_percent, own.share_ppm, own.adds_percent) == (True, 30, 700_000, 21)
    assert (other.objectives, other.progress_percent, other.share_ppm, other.adds_percent) == (
        [child], 80, 300_000, 24,
    )  # fmt: skip
    assert made.whole_percent == own.adds_percent + other.adds_percent == 45
    assert above.progress_micro == 45 * PERCENT
    assert list(made.planned_ppm.values()) == [420_000, 280_000]


def test_the_page_shows_the_sum_and_the_bar_has_every_part(whole, client_for, cast):
    above, child = whole()
    html = client_for(cast.manager).get(reverse("okr:objective", args=[above.pk])).content.decode()
    card = html.split('id="card-objective"')[1].split("</section>")[0]
    made = card.split('id="figure"')[1]
    for words in ("Own key results", "30.00%", "70.00%", "21.00%", child.title, "80.00%", "24.00%", "45.00%"):
        assert words in made, words
    bar = re.search(r'class="o-wbar".*?aria-label="([^"]*)"', card).group(1)
    assert bar == "Stores served 42.0%, Signed 28.0%, Never out of stock 30.0%"
    assert "28% of the whole" in card
    drawn = re.findall(r'<rect class="(s\d)"', card.split('class="o-wbar"')[1].split("</svg>")[0])
    keys = re.findall(r'<svg class="key (s\d)"', made)
    assert keys == drawn == ["s1", "s2", "s3"], "each colour of the bar is named in the sum"


def test_who_may_not_see_a_contribution_reads_its_part_without_a_name(whole, client_for, cast, actor):
    above, child = whole(content=content("A secret plan", visibility="private"))
    made = figure(above, cast.colleague, actor)
    assert [(part.is_seen, part.adds_percent) for part in made.others] == [(False, 24)]
    html = client_for(cast.colleague).get(reverse("okr:objective", args=[above.pk])).content.decode()
    assert "1 private objective" in html.split('id="figure"')[1]
    assert child.title not in html
    assert str(child.pk) not in html
    assert (
        child.title
        in client_for(cast.manager).get(reverse("okr:objective", args=[above.pk])).content.decode()
    )


def test_what_has_no_progress_is_left_out_and_says_so(propose, agree, actor, cast, now, check_in):
    above = agree(propose(content("The company grows"), by=cast.manager))
    child = agree(propose(content("Never out of stock")))
    actions.align_objectives(
        child=child, parent=above, kind="contributes", share_ppm=300_000, by=actor(cast.manager), at=now
    )
    check_in(actions.Reading(above.key_results.get().pk, value=Decimal(5)), by=cast.manager)
    own, other = figure(above, cast.manager, actor).parts
    assert (own.share_ppm, own.adds_percent) == (1_000_000, 50)
    assert (other.counts, other.progress_percent, other.planned_ppm) == (False, None, 300_000)


def test_a_figure_of_key_results_alone_needs_no_sum(active, actor, cast):
    made = figure(active, cast.employee, actor)
    assert (made.parts, sum(made.planned_ppm.values())) == ([], 1_000_000)


def test_a_contribution_that_moves_the_figure_moves_when_it_last_moved(
    whole, check_in, now, client_for, cast
):
    above, child = whole()
    later = now + datetime.timedelta(minutes=40)
    check_in(actions.Reading(child.key_results.get().pk, value=Decimal(9)), at=later)
    assert queries.course_of(above).moved_at == later
    above.refresh_from_db()
    assert above.checked_at == now


def test_a_yes_or_no_puts_its_objective_neither_behind_nor_ahead(
    propose, agree, check_in, quarter, cast, now
):
    one = agree(propose(content("Both", key_result(weight=60), key_result("yes_no", "Signed", 40))))
    rows = one.key_results.all()

    def report(value, done, at=now):
        check_in(
            actions.Reading(rows.get(kind="increase").pk, value=Decimal(value)),
            actions.Reading(rows.get(kind="yes_no").pk, done=done),
            at=at,
        )
        shown = queries.with_key_results(Objective.objects.filter(pk=one.pk)).get()
        pace = queries.pace_of(quarter, now.date())
        row = queries.rows_of([shown], {quarter.pk: pace}, {quarter.pk: queries.policy_of(quarter)})[0]
        line = queries.key_result_rows(shown, pace)[0]
        return shown.progress_micro - row.expected.micro, line.key_result.progress_micro - line.expected.micro

    for place, done in enumerate((False, True)):
        whole, line = report(5, done, now + datetime.timedelta(minutes=place))
        # The only one with a pace weighs 60 %: the distance of the whole is 60 % of its own.
        assert abs(whole - line * 6 // 10) <= 2
    shown = Objective.objects.get(pk=one.pk)
    last = queries.pace_of(quarter, quarter.ends_on)
    assert expected_of_objectives([(shown, last)])[one.pk].percent == 100


def test_the_page_says_whose_checkpoints_bend_what_is_expected(whole, client_for, cast):
    above, _child = whole()
    html = client_for(cast.manager).get(reverse("okr:objective", args=[above.pk])).content.decode()
    assert "a yes or no puts it neither behind nor ahead before the last day" in html
    assert "expected by its checkpoints" not in html.split('id="card-objective"')[1].split("<table")[0]


def test_the_api_tells_the_parts(whole, client_for, cast):
    above, child = whole()
    told = client_for(cast.manager).get(reverse("api_objective_links", args=[above.pk])).json()["parts"]
    assert [(each["is_own"], each["objective"], float(each["adds"])) for each in told] == [
        (True, None, 21), (False, str(child.pk), 24),
    ]  # fmt: skip


def test_amounts_are_short_on_the_card_and_exact_where_they_are_signed(propose, agree, client_for, cast):
    row = key_result("money", "Stock", start=Decimal(3_800_000), target=Decimal(1_500_000), currency="CNY")
    one = propose(content("Less stock", row))
    client, address = client_for(cast.employee), reverse("okr:objective", args=[one.pk])
    assert ">¥3,800,000.00 → ¥1,500,000.00<" in client.get(address).content.decode()
    agree(one)
    signed = client.get(address).content.decode()
    assert 'title="¥3,800,000.00 → ¥1,500,000.00">¥3.8M → ¥1.5M<' in signed
