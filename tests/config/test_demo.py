"""The demo is whole or begins anew, and never stands beside real people; what is forgotten is Accord's own."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from performance.config.management.commands import seed_demo
from performance.foundation.management.commands import forget
from performance.people.models import Organisation


def test_the_demo_is_refused_in_production(db: None, settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="embedded mode only"):
        call_command("seed_demo", "--once")


def test_a_demo_that_was_interrupted_half_way_begins_anew(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PRODUCTION = False
    told: list[str] = []

    def tell(self: Any, began: float, days: Any, language: str, name_en: str, *rest: Any) -> Any:
        told.append(language)
        if told == ["en", "zh-hans"]:
            raise KeyboardInterrupt
        return Organisation.objects.create(name_en=name_en).pk

    monkeypatch.setattr(seed_demo.Command, "_tell", tell)
    monkeypatch.setattr(seed_demo.databases, "create", lambda *args: None)
    with pytest.raises(KeyboardInterrupt):
        call_command("seed_demo", "--once")
    assert not Organisation.objects.filter(is_demo=True).exists()
    call_command("seed_demo", "--once")
    assert told == ["en", "zh-hans", "en", "zh-hans"]
    assert Organisation.objects.filter(is_demo=True, closed_at=None).count() == 2
    assert Organisation.objects.exclude(closed_at=None).count() == 1


def test_a_folder_with_anything_else_in_it_is_not_forgotten(tmp_path: Path) -> None:
    for name in ("secrets.json", "embedded.json", "up.lock", "celerybeat-schedule.db"):
        (tmp_path / name).touch()
    forget._refuse_what_others_keep(tmp_path)
    (tmp_path / "letters.txt").touch()
    with pytest.raises(CommandError, match=r"letters\.txt"):
        forget._refuse_what_others_keep(tmp_path)
