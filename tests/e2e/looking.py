"""What axe finds on the main pages, light and dark, wide and on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.urls import reverse
from django.utils import timezone

from performance.appraisals.models import Cycle
from performance.inbox import models as inbox
from performance.kpis import queries as kpis
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions as scoring
from performance.scoring.models import PolicyVersion, Score, ScoreQuestion
from tests.e2e.company import BUSINESS, EMPLOYEE, MANAGER, Company
from tests.e2e.window import Window

#: axe-core, unmodified (MPL-2.0, see LICENSE-axe-core.txt beside it).
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
WIDTHS = {"wide": (1440, 900), "phone": (390, 844)}
#: Each width in a theme of its own, the other way round in the other language: their colours are the same.
THEMES = {
    ("en", "wide"): "light",
    ("en", "phone"): "dark",
    ("zh-hans", "wide"): "dark",
    ("zh-hans", "phone"): "light",
}
#: Colours glide from one theme to the other; axe must look when they have arrived.
SWITCH = """async theme => {
    document.documentElement.setAttribute('data-bs-theme', theme);
    document.dispatchEvent(new CustomEvent('theme:change'));
    await new Promise(requestAnimationFrame);
    await Promise.allSettled(document.getAnimations().map(one => one.finished));
}"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async only => {
    const found = await axe.run(document, {resultTypes: ['violations'], runOnly: only});
    return found.violations.map(one => one.id + ': ' + one.help + ' @ '
        + one.nodes.slice(0, 3).map(node => node.target.join(' ')).join(' | '));
}"""


def pages(company: Company) -> list[tuple[str, str]]:
    """Who looks at which page."""
    with company.acting():
        revenue = kpis.metric_by_key("revenue")
        version = PolicyVersion.objects.get()
        employee = people.Person.objects.get(number=EMPLOYEE)
        manager = people.Person.objects.get(number=MANAGER)
        webhook = _endpoints(employee)
        assert revenue is not None
        metric_id = revenue.pk
        cycle = Cycle.objects.get()
        entry = cycle.entries.get(person=employee)
        score = Score.objects.filter(person=employee).latest("computed_at")
        question = _question(employee, score)
        team = people.Team.objects.filter(memberships__person=employee).latest("code")
        team_tabs = [
            reverse(f"okr:{tab}", args=[team.pk])
            for tab in ("team", "team_list", "team_check_ins", "team_retrospectives", "team_history")
        ]
    return [
        (EMPLOYEE, reverse("okr:home")),
        (EMPLOYEE, reverse("okr:objectives")),
        (EMPLOYEE, reverse("okr:confidence")),
        (EMPLOYEE, reverse("okr:strategy")),
        *((MANAGER, address) for address in team_tabs),
        (EMPLOYEE, reverse("okr:timeline")),
        (EMPLOYEE, reverse("okr:compare")),
        (EMPLOYEE, reverse("inbox:mail")),
        ("HR", reverse("inbox:webhooks")),
        ("HR", reverse("inbox:webhook", args=[webhook.pk])),
        ("HR", reverse("okr:rhythm")),
        ("HR", reverse("okr:import_goals")),
        (EMPLOYEE, company.objective),
        (EMPLOYEE, reverse("okr:propose")),
        (MANAGER, reverse("okr:my_team")),
        (EMPLOYEE, reverse("scoring:my_scorecard")),
        (MANAGER, reverse("scoring:team")),
        (MANAGER, reverse("scoring:team_card", args=[manager.pk])),
        ("HR", reverse("scoring:organisation_card")),
        (BUSINESS, reverse("kpis:board")),
        (BUSINESS, reverse("kpis:library")),
        (BUSINESS, reverse("kpis:metric", args=[metric_id])),
        (BUSINESS, reverse("kpis:what_if", args=[metric_id])),
        (BUSINESS, reverse("kpis:scenarios")),
        (BUSINESS, reverse("kpis:plan_targets", args=[metric_id])),
        (EMPLOYEE, reverse("feedback:home")),
        (EMPLOYEE, reverse("inbox:list")),
        (EMPLOYEE, reverse("people:profile")),
        ("HR", reverse("people:directory")),
        ("HR", reverse("people:organisation_chart")),
        ("HR", reverse("people:person", args=[employee.pk])),
        ("HR", reverse("people:import_people")),
        ("HR", reverse("people:periods")),
        ("HR", reverse("people:roles")),
        ("HR", reverse("sources:list")),
        ("HR", reverse("scoring:policy", args=[version.pk])),
        ("HR", reverse("scoring:policy_what_if", args=[version.pk])),
        ("HR", reverse("scoring:compare_what_ifs")),
        (EMPLOYEE, reverse("scoring:suppose_score", args=[score.pk])),
        ("HR", reverse("appraisals:cycles")),
        ("HR", reverse("appraisals:cycle", args=[cycle.pk])),
        (MANAGER, reverse("appraisals:entry", args=[entry.pk])),
        (EMPLOYEE, reverse("scoring:evidence", args=[score.pk, "profit-per-customer"])),
        (EMPLOYEE, reverse("scoring:ask", args=[score.pk])),
        (BUSINESS, reverse("scoring:question", args=[question.pk])),
        (BUSINESS, reverse("kpis:values", args=[metric_id])),
    ]


def _question(employee: people.Person, score: Score) -> ScoreQuestion:
    """About the first number of the score, which the owners of its metric are asked for."""
    actor = people_queries.load_actor(user=employee.user, organisation_id=employee.organisation_id)
    assert actor is not None
    return scoring.ask_about_score(
        score=score, component_key="profit-per-customer", text="Why?", by=actor, at=timezone.now()
    )


def _endpoints(employee: people.Person) -> inbox.Endpoint:
    """A webhook, and a chat of this person, each of which was told something."""
    now = timezone.now()
    made = [
        inbox.Endpoint.objects.create(
            channel=channel, person=whose, name=name, host="hooks.example", sealed="x", areas=["goals"],
            created_by=employee, created_at=now, is_paused=True,
        )
        for channel, whose, name in (("webhook", None, "Ticket system"), ("feishu", employee, "My group"))
    ]  # fmt: skip
    for endpoint in made:
        inbox.Delivery.objects.create(
            endpoint=endpoint,
            channel=endpoint.channel,
            occasion="test",
            queued_at=now,
            sent_at=now,
            answered=200,
        )
    return made[0]


def violations(window: Window, theme: str) -> list[str]:
    """What axe finds on the page that is open; it has been brought there."""
    window.tab.evaluate(SWITCH, theme)
    return list(window.tab.evaluate(RUN, RULES))


def no_violations(company: Company) -> None:
    found: dict[str, Any] = {}
    axe = AXE.read_text(encoding="utf-8")
    for number, address in pages(company):
        window = company.window(number)
        assert isinstance(window, Window)
        for width, (wide, high) in WIDTHS.items():
            window.tab.set_viewport_size({"width": wide, "height": high})
            window.open(address)
            # Playwright's evaluate stands outside the page's own policy.
            window.tab.evaluate(axe)
            theme = THEMES[company.language, width]
            if wrong := violations(window, theme):
                found[f"{address} {width} {theme}"] = wrong
    assert not found, "\n".join(f"{where}: {what}" for where, what in found.items())
