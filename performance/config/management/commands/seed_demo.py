"""Makes the demo company: its databases, its people, and half a year of their work."""

import secrets
import time
import uuid
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from performance.config.demo import calendar, databases
from performance.config.demo.story import (
    goals,
    numbers,
    people,
    results,
    reviews,
    staff,
    stage,
    talk,
    together,
    waiting,
    weights,
)
from performance.foundation import tenancy
from performance.people.models import Organisation

LANGUAGES = {"en": ("Luming Retail", "鹿鸣零售（英文）"), "zh-hans": ("Luming Retail (Chinese)", "鹿鸣零售")}


class Command(BaseCommand):
    help = (
        "Makes the demo company Luming Retail, once in English and once in Chinese. Refuses when it is there."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="Do nothing, and say nothing, when it is there."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError(
                "The demo's passwords are known to everybody: it is made in embedded mode only."
            )
        if Organisation.objects.filter(is_demo=True).exists():
            if options["once"]:
                return
            raise CommandError("The demo company is there already; `make demo-reset` starts over.")
        self.stdout.write("making the demo company; this happens once")
        _close_unfinished()
        days = calendar.Days(timezone.now().astimezone(calendar.ZONE).date())
        password = secrets.token_urlsafe(24)
        began = time.monotonic()
        with _owner() as owner:
            databases.create(owner, days, password)
        self._say(began, "the tills' and the ledger's databases")
        told = [
            self._tell(began, days, language, name_en, name_zh, password)
            for language, (name_en, name_zh) in LANGUAGES.items()
        ]
        # Both at once: what was interrupted before is half a demo, and the next start begins anew.
        Organisation.objects.filter(pk__in=told).update(is_demo=True)

    def _tell(
        self, began: float, days: calendar.Days, language: str, name_en: str, name_zh: str, password: str
    ) -> uuid.UUID:
        organisation = people.found(days, name_en=name_en, name_zh=name_zh, language=language)
        told = stage.Stage(organisation, days, language)
        with tenancy.acting_for(organisation):
            people.tell(told)
        self._say(began, f"{name_en}: people")
        numbers.tell(told, password)
        self._say(began, f"{name_en}: metrics")
        for chapter in (goals, staff, weights, talk, results, together, waiting, reviews):
            with tenancy.acting_for(organisation):
                chapter.tell(told)
            self._say(began, f"{name_en}: {chapter.__name__.rpartition('.')[2]}")
        return organisation.pk

    def _say(self, began: float, what: str) -> None:
        self.stdout.write(f"{time.monotonic() - began:5.1f} s  {what}")


def _close_unfinished() -> None:
    """A telling that was interrupted is shut away: its history cannot be deleted, and nobody needs to see it."""
    Organisation.objects.filter(
        name_en__in=[name_en for name_en, _name_zh in LANGUAGES.values()], is_demo=False, closed_at=None
    ).update(closed_at=timezone.now())


def _owner() -> psycopg.Connection:
    server = settings.DATABASES["owner"]
    return psycopg.connect(
        host=server["HOST"] or None,
        port=server["PORT"] or None,
        user=server["USER"],
        password=server["PASSWORD"] or None,
        dbname=server["NAME"],
    )
