"""The log speaks the reader's language: each action has a name, each change is in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from performance.foundation import audit, deed_names, deeds, tenancy
from performance.scoring.models import RunKind
from tests.conftest import Cast

APPS = ("okr", "feedback", "people", "sources", "kpis", "scoring", "appraisals", "inbox")
NAMED = re.compile(
    r"(?:action=|_record\(\s*|action = )f?\"((?:"
    + "|".join(APPS)
    + r")\.[a-z_{}]+)\"(?: if \w+ else \"([a-z_.]+)\")?"
)
#: Names that are put together where they are written.
# A check is asked for by nobody.
COMPOSED = {f"scoring.start_{kind}_run" for kind in RunKind.values if kind != RunKind.CHECK} | {
    f"people.{way}_{what}" for way in ("lock", "unlock") for what in ("goals", "progress")
}
PART = "0198c0de-0000-7000-8000-000000000001"


def _written_actions() -> set[str]:
    found: set[str] = set()
    for top in ("performance", "okr", "feedback"):
        for path in (Path(settings.BASE_DIR) / top).rglob("*.py"):
            for match in NAMED.finditer(path.read_text(encoding="utf-8")):
                found |= {name for name in match.groups() if name and "{" not in name}
    return found


def test_every_action_that_is_written_down_has_a_name() -> None:
    written = _written_actions()
    assert len(written) > 80, "the search finds the actions"
    assert (written | COMPOSED) - deed_names.DEEDS.keys() == set()


def test_every_name_is_told_in_both_languages() -> None:
    with translation.override("zh-hans"):
        for action, name in [*deed_names.DEEDS.items(), *deeds.NAMES.items()]:
            assert re.search(r"[\u4e00-\u9fff]", str(name)), action


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"state": ["discussed", "active"]}, [("State", "In discussion", "Active")]),
        ({"version": [None, 1]}, [("Version", "", "1")]),
        ({"title": ["Old", "New"]}, [("Title", "Old", "New")]),
        ({"filters": {}}, []),
        ({"filters": {"q": "stock"}}, [("Filters", "", "q: stock")]),
        ({"worked": False}, [("Worked", "", "no")]),
        ({"scopes": ["a", "b", "c"]}, [("Scopes", "", "a, b, c")]),
        # A field of one of its key results, and which one it was where no more may be told.
        ({f"{PART}.target": ["5", "6"]}, [("Target", "5", "6")]),
        ({f"{PART}.weight_ppm": [250_000, 300_000]}, [("Weight", "25%", "30%")]),
        ({"field": f"{PART}.target"}, [("Field", "", "Target")]),
    ],
)
def test_changes_are_told_in_words(changes: dict[str, Any], told: list[tuple[str, str, str]]) -> None:
    assert deeds.told("okr.edit", "okr.objective", changes) == told


def test_codes_that_only_their_app_knows_and_names_that_are_withheld_are_words_too() -> None:
    assert deeds.told("inbox.hand_work", "people.person", {"kind": "goals.reply"}) != [
        ("Kind", "", "goals.reply")
    ]
    assert deeds.told("okr.grade_objective", "okr.objective", {"side": "manager"}) == [
        ("Side", "", "Manager")
    ]
    assert deeds.subject("Objective 0123abcd") == "Objective 0123abcd"
    assert deeds.subject("Stock") == "Stock"


def test_a_subject_that_is_no_model_is_told_all_the_same() -> None:
    assert deeds.told("", "Nothing", {"some_thing": 3}) == [("some thing", "", "3")]


@pytest.mark.django_db
def test_the_log_is_found_by_the_words_it_shows(cast: Cast, client_for: Callable[..., Client]) -> None:
    with tenancy.acting_for(cast.organisation):
        for action in ("okr.put_in_force", "people.grant_role"):
            audit.record(by=cast.hr, action=action, subject=cast.team, at=timezone.now())
    client = client_for(cast.hr)
    client.cookies["accord_language"] = "zh-hans"
    cast.hr.user.language = "zh-hans"
    cast.hr.user.save(update_fields=["language"])
    page = client.get(reverse("people:audit_log"), {"q": "使目标生效"}).content.decode()
    assert "使目标生效" in page
    assert "授予了角色" not in page
    assert "okr.put_in_force" not in page


@pytest.mark.parametrize("place", sorted(deeds.FIELDS_OF.items()))
def test_what_an_action_tells_of_another_model_is_a_field_there(
    place: tuple[tuple[str, str], str],
) -> None:
    (action, key), label = place
    assert action in deed_names.DEEDS
    assert apps.get_model(label)._meta.get_field(key).verbose_name


def test_an_absence_in_the_log_of_a_person_is_told_in_the_readers_words() -> None:
    with translation.override("zh-hans"):
        told = deeds.told(
            "people.note_absence", "people.person", {"kind": "leave", "starts_on": "2026-11-30"}
        )
    assert [after for _name, _before, after in told] == ["休假", "2026-11-30"]
    assert not any(name.isascii() for name, _before, _after in told)
