"""Targets planned in one go, before anybody sets them: a total over months by season, and over parts by their shares.

What is shown sums to the total to its last digit.
"""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from performance.kpis.models import Metric, TargetPlan
from performance.kpis.queries.labels import Labels
from performance.kpis.queries.planning.making import MOST_MONTHS, plan_of, ways_of
from performance.kpis.queries.planning.shapes import (
    CascadeAsked,
    Plan,
    PlannedPart,
    PlannedRow,
    PlanRefused,
    SpreadAsked,
)

__all__ = [
    "MOST_MONTHS",
    "TYPED_PLACES",
    "CascadeAsked",
    "Plan",
    "PlanRefused",
    "PlannedPart",
    "PlannedRow",
    "SpreadAsked",
    "place_of",
    "plan_of",
    "target_plans",
    "ways_of",
]

#: A typed target has at most so many places.
TYPED_PLACES = 8


def target_plans(metric: Metric) -> QuerySet[TargetPlan]:
    """Newest first."""
    return (
        TargetPlan.objects.filter(metric=metric)
        .select_related("applied_by", "undone_by")
        .order_by("-applied_at")
    )


def place_of(plan: TargetPlan, labels: Labels) -> str:
    """What the plan is about: "Hangzhou", or "Hangzhou, each Store"."""
    whole = labels.of(plan.slice)
    if not plan.cut:
        return whole
    words = {"dimension": labels.dimension(plan.cut), "whole": whole}
    return _("each %(dimension)s in %(whole)s") % words if plan.slice else _("each %(dimension)s") % words
