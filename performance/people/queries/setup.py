"""Reads: how far the set-up of an organisation is.

Sources and goals belong to apps above this one; settings name the functions that count them.
"""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from performance.people.models import Invitation, Organisation, Person, ReportingLine


@dataclass(frozen=True)
class SetupStep:
    """One step of the list. `count` is what it is about: people, sources, goals, invitations."""

    key: str
    is_done: bool
    count: int = 0


def setup_steps(organisation: Organisation, on: datetime.date) -> list[SetupStep]:
    """The five steps to the first check-in, in order."""
    people = Person.objects.exclude(left_on__lt=on).count()
    invited = Invitation.objects.filter(withdrawn_at=None).count()
    signed_in = Person.objects.exclude(user=None).count()
    sources = _count("sources")
    goals = _count("goals")
    return [
        SetupStep("organisation", bool(organisation.name_en)),
        SetupStep("people", people > 1 and ReportingLine.objects.exists(), people),
        SetupStep("sources", sources > 0, sources),
        SetupStep("goals", goals > 0, goals),
        SetupStep("invite", invited > 0 or signed_in > 1, max(invited, signed_in - 1)),
    ]


def _count(step: str) -> int:
    count = settings.SETUP_COUNTERS.get(step)
    return int(import_string(count)()) if count else 0
