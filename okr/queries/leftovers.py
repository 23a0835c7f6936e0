"""What the end of a period finds undone."""

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.translation import ngettext

from okr.models import Grade, Objective, ObjectiveVersion
from okr.models.agreements import Side, VersionState
from okr.models.objectives import RUNNING_STATES
from okr.queries.retrospectives import retrospectives_due
from performance.people import queries as people

Left = dict[uuid.UUID, list[people.Unfinished]]


def unfinished(periods: Sequence[Any], at: datetime.datetime) -> Left:
    """Of periods that run, the proposals nobody has agreed to; of those that are closing, also objectives without both
    grades and teams that have not looked back. Six queries."""
    running = [each.pk for each in periods if each.state in ("active", "closing")]
    closing = {each.pk for each in periods if each.state == "closing"}
    graded = Grade.objects.filter(objective=OuterRef("pk"), side=Side.MANAGER)
    goals = Objective.objects.filter(period__in=closing, state__in=RUNNING_STATES)
    proposals = ObjectiveVersion.objects.filter(objective__period__in=running, state=VersionState.PROPOSED)
    ungraded = _by_period(goals.exclude(Exists(graded)), "period")
    proposed = _by_period(proposals, "objective__period")
    looking_back = [period.pk for _team, period in retrospectives_due(at) if period.pk in closing]
    found: Left = {}
    for key in running:
        numbers = (
            ("ungraded", ungraded.get(key, 0), _ungraded),
            ("proposals", proposed.get(key, 0), _proposals),
            ("retrospectives", looking_back.count(key), _retrospectives),
        )
        found[key] = [people.Unfinished(kind, number, say(number)) for kind, number, say in numbers if number]
    return found


def _by_period(rows: QuerySet[Any], field: str) -> dict[uuid.UUID, int]:
    return dict(rows.order_by().values(field).annotate(number=Count("pk")).values_list(field, "number"))


def _ungraded(number: int) -> str:
    text = ngettext(
        "%(count)s objective is not graded by both sides.",
        "%(count)s objectives are not graded by both sides.",
        number,
    )
    return text % {"count": number}


def _proposals(number: int) -> str:
    text = ngettext("%(count)s proposal is not agreed.", "%(count)s proposals are not agreed.", number)
    return text % {"count": number}


def _retrospectives(number: int) -> str:
    text = ngettext("%(count)s retrospective is open.", "%(count)s retrospectives are open.", number)
    return text % {"count": number}
