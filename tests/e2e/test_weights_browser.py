"""Weights from the proposal to the replayed score: tried on the past, approved twice, locked; scored, explained down to
source rows, supposed otherwise, computed again.

In English on a wide screen by mouse, in Chinese on a phone by keyboard alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import playwright.sync_api as playwright
import pypdf
import pytest
from django.urls import reverse

from performance.inbox.models import WorkItem
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import queries
from performance.scoring.models import ANNOUNCEMENT, CurrentScore, Score, Simulation
from tests.conftest import Cast
from tests.e2e import screen, stores
from tests.e2e.hands import Hands, Keyboard, Mouse
from tests.e2e.stores import CUSTOMER, MARGIN, OKR
from tests.e2e.window import Watch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]

expect = playwright.expect
REASON = {"en": "The margin is what pays for new stores.", "zh-hans": "新店要靠毛利来开。"}
SHARE = re.compile(r"\d+\.\d\d%")
#: A figure is written with one place: it is off by half of the last one at most.
HALF = Decimal("0.05")


@pytest.fixture
def company(empty_database: None, cast: Cast, quarter: people.Period, actor: Any) -> stores.Stores:
    return stores.found(cast, quarter, actor)


@dataclass(frozen=True)
class Room:
    """Where everybody finds a screen of their own."""

    company: stores.Stores
    chromium: playwright.Browser
    base: str
    language: str
    watch: Watch

    def seat(self, person: people.Person) -> tuple[Hands, screen.Look]:
        tab = screen.tab_of(self.chromium, self.base, self.language, person, self.watch)
        hands = Mouse if self.language == "en" else Keyboard
        return hands(tab, self.base), screen.Look(tab, self.base)


@pytest.mark.parametrize("language", screen.WIDE_FIRST)
def test_weights_from_the_proposal_to_the_replayed_score(
    language: str,
    company: stores.Stores,
    live_server: Any,
    chromium: playwright.Browser,
    watch: Watch,
) -> None:
    room = Room(company, chromium, live_server.url, language, watch)
    hr, look = room.seat(company.cast.hr)
    _draft_the_next_version(company, hr, look)
    _try_it_on_the_past(company, hr, look)
    _have_it_approved(room, hr)
    _put_it_in_force(company, hr)
    employee, look = room.seat(company.cast.employee)
    _read_what_changes(company, employee, look)
    _see_the_score_add_up(company, employee, look)
    _go_down_to_the_rows(company, employee, look)
    _suppose_otherwise(company, employee)
    _compute_again(company, employee, look)
    _read_the_scorecard_of_the_team(room)


def _draft_the_next_version(company: stores.Stores, hr: Hands, look: screen.Look) -> None:
    """The margin counts more, and goals less; what that comes to stands beside, held by the cap of five points."""
    tab = hr.tab
    hr.open(reverse("scoring:policies"))
    look.here("policies")
    hr.press(f"form[action='{reverse('scoring:policy_next', args=[company.policy.pk])}'] button")
    version = company.version()
    tab.wait_for_url(f"**{reverse('scoring:policy_edit', args=[version.pk])}")
    if tab.get_attribute("html", "lang") != "en":
        # Named here, the first day is what everybody approves, and the weights lock by themselves on it.
        today = people_queries.today(company.cast.organisation)
        hr.write_day("[name=starts_on]", today.year, today.month, today.day)
    hr.write("[name=reason]", REASON[str(tab.get_attribute("html", "lang"))])
    hr.write("[name=c-0-base]", "40")
    hr.write("[name=c-2-base]", "30")
    beside = tab.locator("#card-effective .dumbs")
    expect(beside).to_contain_text("24.42%")
    shown = SHARE.findall(beside.inner_text())
    look.here("editor")
    hr.press("button[name=do][value=save]")
    tab.wait_for_url(f"**{reverse('scoring:policy', args=[version.pk])}")
    version = company.version()
    with company.acting():
        planned = queries.plan_of(version)["components"]
    assert {item["key"]: item["base_ppm"] for item in planned} == {
        OKR: 400_000,
        CUSTOMER: 300_000,
        MARGIN: 300_000,
    }
    assert shown == [f"{Decimal(item['effective_ppm']) / 10_000:.2f}%" for item in planned]
    assert SHARE.findall(tab.inner_text("#card-effective .dumbs")) == shown


def _try_it_on_the_past(company: stores.Stores, hr: Hands, look: screen.Look) -> None:
    """Nobody is asked to approve what was not simulated. Then HR reads who would have moved, but of no few people alone."""
    tab, version = hr.tab, company.version()
    propose = f"form[action='{reverse('scoring:policy_propose', args=[version.pk])}'] button"
    hr.press(propose)
    expect(tab.locator("#card-approval [role=alert]")).to_be_visible()
    assert company.version().state == "draft"
    hr.press(f"#card-approval form[action='{reverse('scoring:policy_simulate', args=[version.pk])}'] button")
    expect(tab.locator("#card-moved progress")).to_be_visible()
    company.work()
    expect(tab.locator("#card-moved .num-lg")).to_have_count(3)
    with company.acting():
        simulation = Simulation.objects.get(version=version)
    in_band = simulation.band_up + simulation.band_down
    assert (simulation.compared, simulation.period_id) == (13, company.before.pk)
    assert in_band, "nobody moves band: the figures would say so of any draft"
    figures = [str(each) for each in (simulation.within, simulation.beyond, in_band)]
    assert tab.locator("#card-moved .num-lg").all_inner_texts() == figures
    assert tab.locator("#card-moved a[href*='/people/']").count() == 6
    _bands, by_unit, by_level, _by_tenure = tab.locator("#card-moved table.table-sm").all()
    assert by_unit.locator("tbody tr").count() == 2
    # Two people of one level are too few, and would be known if but one more level were told.
    assert [row.inner_text().split()[:2] for row in by_level.locator("tbody tr").all()] == [["P4", "6"]]
    look.here("simulated draft")
    hr.press(propose)
    expect(tab.locator(propose)).to_have_count(0)
    assert company.version().state == "proposed"


def _have_it_approved(room: Room, hr: Hands) -> None:
    """By an owner of each side, from their lists of what waits; not by whoever proposed."""
    company = room.company
    version = company.version()
    page = reverse("scoring:policy", args=[version.pk])
    approve = f"form[action='{reverse('scoring:policy_approve', args=[version.pk])}'] button"
    assert hr.tab.locator(approve).count() == 0
    for side, owner in (("business", company.cast.business_owner), ("finance", company.cast.finance_owner)):
        hands, look = room.seat(owner)
        hands.open(reverse("inbox:list"))
        hands.press(f"#card-inbox a.btn[href='{page}']")
        hands.tab.wait_for_url(f"**{page}")
        # They are told how many would move; who they are is not theirs to know.
        assert hands.tab.locator("#card-moved .num-lg").count() == 3
        assert hands.tab.locator("#card-moved a[href*='/people/']").count() == 0
        if side == "business":
            look.here("before an owner")
        hands.press(approve)
        hands.agree()
        expect(hands.tab.locator(approve)).to_have_count(0)
        with company.acting():
            assert version.approvals.get(side=side).person_id == owner.pk
        hands.tab.context.close()
    assert company.version().state == "approved"


def _put_it_in_force(company: stores.Stores, hr: Hands) -> None:
    """By hand; where the first day was named before, by itself. Everybody concerned is told, and scored."""
    version = company.version()
    hr.open(reverse("scoring:policy", args=[version.pk]))
    if version.told_from is None:
        hr.press(f"form[action='{reverse('scoring:policy_lock', args=[version.pk])}'] button")
        hr.agree()
        expect(hr.tab.locator("#card-approval form")).to_have_count(0)
    company.work()
    version = company.version()
    assert (version.state, version.effective_on) == (
        "locked",
        people_queries.today(company.cast.organisation),
    )
    assert sum(item["effective_ppm"] for item in version.planned) == 1_000_000
    with company.acting():
        assert CurrentScore.objects.filter(period=company.quarter).count() == 13


def _read_what_changes(company: stores.Stores, employee: Hands, look: screen.Look) -> None:
    page = reverse("scoring:policy", args=[company.version().pk])
    employee.open(reverse("inbox:list"))
    employee.press(f"#card-inbox a.btn[href='{page}']")
    employee.tab.wait_for_url(f"**{page}")
    # Nothing has weighed them in this quarter yet: the difference is to what did in the one before.
    before = employee.tab.locator("#card-mine tbody td:nth-child(2)").all_inner_texts()
    assert before == ["48.5%", "32.0%", "19.4%"]
    look.here("what changes for me")
    read = f"form[action='{reverse('scoring:policy_read', args=[company.version().pk])}'] button"
    employee.press(read)
    expect(employee.tab.locator(read)).to_have_count(0)
    with company.acting():
        told = WorkItem.objects.get(
            kind=ANNOUNCEMENT, person=company.cast.employee, subject_id=company.version().pk
        )
        assert told.done_at is not None


def _see_the_score_add_up(company: stores.Stores, employee: Hands, look: screen.Look) -> None:
    """What is written in each column sums to what is written below it, and is the score that is kept."""
    tab = employee.tab
    score, before = (
        company.score(company.cast.employee, period) for period in (company.quarter, company.before)
    )
    employee.open(reverse("scoring:my_scorecard"))
    points = _figures(tab, "#card-waterfall tbody tr td:nth-child(7)")
    [total] = _figures(tab, "#card-waterfall tfoot td:nth-child(7)")
    assert len(points) == 3
    assert sum(points) == total == _figure(tab.inner_text("#card-score .hero"))
    assert abs(total - _points(score.score_micro)) <= HALF
    weights = tab.locator("#card-waterfall tbody tr td:nth-child(6)").all_inner_texts()
    assert sum(Decimal(SHARE.findall(text)[0].rstrip("%")) for text in weights) == 100
    moved = [_figures(tab, f"#card-change tbody tr td:nth-child({place})") for place in (4, 5, 6)]
    below = [_figures(tab, f"#card-change tfoot td:nth-child({place})")[0] for place in (4, 5, 6)]
    assert [sum(column) for column in moved] == below
    assert below[0] + below[1] == below[2]
    assert below[1], "the weights have moved, so some of the change is theirs"
    assert abs(below[2] - (_points(score.score_micro) - _points(before.score_micro))) <= 2 * HALF
    look.here("scorecard")
    text = _file(employee, f"a[href='{reverse('scoring:scorecard_file', args=[score.pk])}']")
    assert f"{total}" in text


def _go_down_to_the_rows(company: stores.Stores, employee: Hands, look: screen.Look) -> None:
    """From the score to the goal with its check-in, and to the rows of one's own store; not to those of all stores."""
    tab, card = employee.tab, reverse("scoring:my_scorecard")
    score = company.score(company.cast.employee, company.quarter)
    goal = reverse("okr:objective", args=[company.goal.pk])
    employee.open(card)
    _open_step(company, employee, score, OKR)
    look.here("evidence of goals")
    employee.press(f"#drawer-body a[href='{goal}']")
    tab.wait_for_url(f"**{goal}")
    assert stores.WINS in tab.inner_text("#card-history")

    employee.open(card)
    _open_step(company, employee, score, CUSTOMER)
    look.here("evidence of a metric")
    employee.press("#drawer-body a[href*='/rows/']")
    tab.wait_for_url("**/rows/**")
    today = people_queries.today(company.cast.organisation)
    rows = (today.month - company.quarter.starts_on.month + 1) * stores.CUSTOMERS
    assert tab.locator("#card-rows tbody tr").count() == rows
    assert "Nanshan" not in tab.inner_text("#card-rows")
    look.here("source rows")

    employee.open(card)
    opened = _open_step(company, employee, score, MARGIN)
    assert tab.locator("#drawer-body a[href*='/metrics/']").count() == 1
    assert tab.locator("#drawer-body a[href*='/rows/']").count() == 0
    tab.keyboard.press("Escape")
    expect(tab.locator("#drawer")).to_be_hidden()
    assert tab.evaluate("selector => document.activeElement.matches(selector)", opened), (
        "where one was before"
    )


def _open_step(company: stores.Stores, hands: Hands, score: Score, key: str) -> str:
    """Opens the drawer of a component, which says its points as the card does. Answers with what was pressed."""
    link = f"#card-waterfall a[href='{reverse('scoring:evidence', args=[score.pk, key])}']"
    hands.press(link)
    drawer = hands.tab.locator("#drawer-body .hexline .num-lg")
    expect(hands.tab.locator("#drawer")).to_be_visible()
    row = hands.tab.locator(
        "#card-waterfall tbody tr", has=hands.tab.locator(link.removeprefix("#card-waterfall "))
    )
    expect(drawer).to_have_text(row.locator("td:nth-child(7)").text_content() or "")
    return link


def _suppose_otherwise(company: stores.Stores, employee: Hands) -> None:
    """A slider moves the score that is shown, by its weight, and nothing else: the page that comes back is as before."""
    tab = employee.tab
    score = company.score(company.cast.employee, company.quarter)
    with company.acting():
        line = queries.line_of(score, CUSTOMER)
        computed = Score.objects.count()
    assert line is not None
    employee.open(reverse("scoring:my_scorecard"))
    total, slider = tab.locator("#card-whatif [data-out=total]"), f"#wi-{CUSTOMER}"
    as_kept, value_kept = total.inner_text(), tab.input_value(slider)

    def slide() -> None:
        employee.slide_up(slider)
        value = Decimal(tab.input_value(slider))
        assert value > 118, "up to the stretch"
        change = (value - _points(line.value_micro)) * line.effective_ppm / 1_000_000
        assert abs(_figure(total.inner_text()) - (_points(score.score_micro) + change)) <= HALF
        assert abs(_figure(tab.inner_text("#card-whatif [data-out=delta]")) - change) <= HALF

    slide()
    employee.press("#card-whatif [type=reset]")
    expect(total).to_have_text(as_kept)
    slide()
    tab.reload(wait_until="load")
    employee.still()
    assert (total.inner_text(), tab.input_value(slider)) == (as_kept, value_kept)
    with company.acting():
        assert Score.objects.count() == computed
    assert company.score(company.cast.employee, company.quarter).pk == score.pk


def _compute_again(company: stores.Stores, employee: Hands, look: screen.Look) -> None:
    """The score to date, and the frozen one of the quarter before: the same to the last digit."""
    tab = employee.tab
    for period in (company.quarter, company.before):
        score = company.score(company.cast.employee, period)
        if period == company.before:
            employee.press(f".head-act .seg a[href='?period={period.pk}']")
            tab.wait_for_url(f"**?period={period.pk}")
        assert abs(_figure(tab.inner_text("#card-score .hero")) - _points(score.score_micro)) <= HALF
        assert tab.locator("#replay .chip").count() == 0
        employee.press(f"#replay a[href='{reverse('scoring:replay', args=[score.pk])}']")
        expect(tab.locator("#replay[role=status] .chip-good")).to_be_visible()
        assert tab.locator("#replay .chip-bad").count() == 0
    assert score.is_frozen
    look.here("frozen and replayed")


def _read_the_scorecard_of_the_team(room: Room) -> None:
    """The manager's people together, as a page and as a file."""
    company = room.company
    team = reverse("scoring:team_card", args=[company.cast.manager.pk])
    manager, look = room.seat(company.cast.manager)
    tab = manager.tab
    look.at(reverse("scoring:team"))
    assert tab.locator("#card-scores tbody tr").count() == 13
    manager.press(f".head-act a[href^='{team}']")
    tab.wait_for_url(f"**{team}*")
    with company.acting():
        current = CurrentScore.objects.filter(period=company.quarter)
        scores = list(current.values_list("score__score_micro", flat=True))
    mean = _figure(tab.inner_text("#card-group .hero"))
    assert abs(mean - _points(sum(scores)) / len(scores)) <= HALF
    points = _figures(tab, "#card-waterfall tbody tr td:nth-child(7)")
    assert sum(points) == _figures(tab, "#card-waterfall tfoot td:nth-child(7)")[0] == mean
    look.here("team scorecard")
    text = _file(
        manager, f".head-act a[href^='{reverse('scoring:team_file', args=[company.cast.manager.pk])}']"
    )
    assert f"{mean}" in text
    name = company.cast.employee.name_en if room.language == "en" else company.cast.employee.name_zh
    assert name in text


def _file(hands: Hands, link: str) -> str:
    """The words of the PDF behind a link."""
    with hands.tab.expect_download() as coming:
        hands.press(link)
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(coming.value.path()).pages)


def _figures(tab: playwright.Page, selector: str) -> list[Decimal]:
    return [_figure(text) for text in tab.locator(selector).all_inner_texts()]


def _figure(text: str) -> Decimal:
    """As pages write figures; "=" is no difference."""
    text = text.strip()
    return Decimal(0) if text == "=" else Decimal(text.replace("−", "-").replace(",", ""))


def _points(micro: int | None) -> Decimal:
    return Decimal(micro or 0) / 1_000_000
