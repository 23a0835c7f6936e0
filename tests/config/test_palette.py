"""The palette jumps to pages by their names and by other words for them, each as its reader may open it."""

import pytest
from django.urls import reverse

from performance.config import shell
from performance.foundation import tenancy
from performance.people import models as people


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("scorecard", "scoring:my_scorecard"),
        ("settings", "people:settings"),
        ("weight polic", "scoring:policies"),
        ("check-in", "okr:home"),
        ("map", "okr:strategy"),
    ],
)
def test_a_page_is_found_by_its_name(words, address, cast, client_for):
    found = client_for(cast.hr).get(reverse("search"), {"q": words}).content.decode()
    assert f'href="{reverse(address)}"' in found


def found(browser, words):
    return browser.get(reverse("search"), {"q": words}).content.decode()


def test_pages_are_found_in_the_readers_language_and_by_whom_they_are_for(cast, client_for):
    chinese = client_for(cast.employee)
    chinese.cookies["accord_language"] = "zh-hans"
    assert f'href="{reverse("scoring:my_scorecard")}"' in found(chinese, "评分卡")
    log = f'href="{reverse("people:audit_log")}"'
    assert log not in found(client_for(cast.employee), "log")
    assert log in found(client_for(cast.auditor), "log")


def test_every_page_that_the_palette_offers_opens(cast, actor, client_for):
    for person in cast.members():
        with tenancy.acting_for(cast.organisation):
            offered = [address for _label, address, _icon, _also in shell.offered(actor(person))]
        for address in offered:
            status = client_for(person).get(reverse(address)).status_code
            assert status in (200, 302), (person, address, status)


def test_a_period_is_found_by_its_name_in_either_language_and_leads_to_its_goals(cast, client_for, quarter):
    with tenancy.acting_for(cast.organisation):
        people.Period.objects.filter(pk=quarter.pk).update(name_en="Spring quarter", name_zh="春季")
    goals = f'href="{reverse("okr:objectives")}?period={quarter.pk}"'
    for words in ("spring", "Quarter spring", "春季"):
        assert goals in found(client_for(cast.employee), words), words
    assert goals not in found(client_for(cast.employee), "spring autumn")
    assert str(quarter.pk) not in found(client_for(cast.stranger), "spring")
