"""What can be cited of a person's work. The setting CITABLE names functions
`(actor, person_id, first day, last day) -> list[Citable]`: each app answers with what that actor may see."""

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core import checks
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Citable:
    """One thing: `kind` objective, check_in or feedback; `note` a small line beside the title; `said` its words;
    `percent` how far it came, where that says something."""

    kind: str
    subject: str
    title: str
    note: str = ""
    said: str = ""
    url: str = ""
    percent: Decimal | None = None


Source = Callable[[Any, uuid.UUID, datetime.date, datetime.date], list[Citable]]


def citable(actor: Any, person_id: uuid.UUID, first: datetime.date, last: datetime.date) -> list[Citable]:
    """Everything of all sources, in their order. A constant number of queries for each source."""
    sources: list[Source] = [import_string(name) for name in settings.CITABLE]
    return [each for source in sources for each in source(actor, person_id, first, last)]


def check_sources(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Start-up check: every function exists."""
    found: list[checks.CheckMessage] = []
    for name in settings.CITABLE:
        try:
            import_string(name)
        except ImportError as error:
            found.append(checks.Error(f"CITABLE: {error}", id="foundation.E010"))
    return found
