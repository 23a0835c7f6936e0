"""The editor of weights by keyboard: components are compared in pairs, and the weights that follow stand beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse
from django.utils import timezone

from performance.foundation import access, tenancy
from performance.people import models as people
from performance.scoring import actions, evidence, queries
from performance.scoring.models import PolicyVersion
from tests.conftest import Cast
from tests.e2e import screen
from tests.e2e.window import Watch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def draft(
    cast: Cast, quarter: people.Period, actor: Callable[[people.Person], access.Actor]
) -> PolicyVersion:
    """Two components, half each, for a unit of one."""
    with tenancy.acting_for(cast.organisation):
        unit = people.BusinessUnit.objects.create(code="STORES", name_en="Stores", name_zh="门店")
        people.Person.objects.filter(pk=cast.employee.pk).update(unit=unit)
        return actions.draft_policy(
            name_en="Store operations",
            name_zh="门店运营",
            unit=unit,
            period=quarter,
            stage="mature",
            missing="leave_out",
            step_cap_ppm=None,
            components=[
                evidence.ComponentDraft("goals", "Goals", "okr", "okr", 500_000),
                evidence.ComponentDraft("pulse", "Pulse", "okr", "okr", 500_000),
            ],
            by=actor(cast.hr),
            at=timezone.now(),
        )


@pytest.mark.parametrize("language", screen.WIDE_FIRST)
def test_weights_follow_from_comparisons_that_are_made_by_keyboard(
    draft: PolicyVersion,
    live_server: Any,
    chromium: playwright.Browser,
    cast: Cast,
    watch: Watch,
    language: str,
) -> None:
    tab = screen.tab_of(chromium, live_server.url, language, cast.hr, watch)
    look = screen.Look(tab, live_server.url)
    look.at(reverse("scoring:policy_edit", args=[draft.pk]))
    expect = playwright.expect
    expect(tab.locator("[name=c-0-base]")).to_be_visible()
    expect(tab.locator("#pairs")).to_be_hidden()

    tab.focus("[name=weigh_by][value=direct]")
    tab.keyboard.press("ArrowDown")
    expect(tab.locator("[name=c-0-base]")).to_be_hidden()
    expect(tab.locator("#pairs")).to_be_visible()
    tab.focus("[name='pair_goals.pulse']")
    # The scale begins with its numbers: typing one chooses it.
    tab.keyboard.type("3")
    expect(tab.locator("[name='pair_goals.pulse']")).to_have_value("3")
    tab.keyboard.press("Tab")
    expect(tab.locator("#card-effective")).to_contain_text("75.00%")
    expect(tab.locator("#card-effective")).to_contain_text("0.00")
    look.here("the editor, compared in pairs")

    tab.focus("[name=smoothing]")
    tab.keyboard.type("20")
    tab.keyboard.press("Control+Enter")
    tab.wait_for_url(f"**{reverse('scoring:policy', args=[draft.pk])}")
    look.here("the draft")
    with tenancy.acting_for(cast.organisation):
        draft.refresh_from_db()
        assert [each.base_ppm for each in queries.drafts_of(draft)] == [750_000, 250_000]
    assert (draft.judgements, draft.smoothing_ppm) == ({"goals/pulse": "3"}, 200_000)
