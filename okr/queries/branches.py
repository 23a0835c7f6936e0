"""One branch of the alignment tree: what directly serves an objective, a page at a time."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from okr.models import Alignment, Objective, OkrPolicy
from okr.queries.objectives import rows_of, with_key_results
from okr.queries.pace import Pace
from okr.queries.tree import Node
from okr.queries.visibility import drafts

A_BRANCH = 15


@dataclass
class Branch:
    """Some of the objectives that serve one. `following` is the place of the next page's first."""

    nodes: list[Node]
    rest: int
    following: int


def serving(visible: QuerySet[Objective], parent_id: uuid.UUID) -> QuerySet[Objective]:
    """The visible objectives that directly serve one; no drafts, and no offers that nobody has taken yet."""
    links = Alignment.objects.filter(parent_id=parent_id).exclude(accepted_at=None).values("child_id")
    return visible.filter(pk__in=links).exclude(drafts())


def counts_below(visible: QuerySet[Objective], parents: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many visible objectives directly serve each; one query."""
    seen = visible.exclude(drafts()).values("pk")
    links = (
        Alignment.objects.filter(parent_id__in=parents, child__in=seen).exclude(accepted_at=None).order_by()
    )
    return dict(links.values_list("parent_id").annotate(Count("child_id")))


def branch_of(
    visible: QuerySet[Objective], parent: Objective, *, pace: Pace, policy: OkrPolicy, start: int = 0
) -> Branch:
    """A page of what serves the objective in its period, oldest first. `is_cross` compares with its team.
    A constant number of queries."""
    found = serving(visible, parent.pk).filter(period=parent.period_id)
    total = found.count()
    page = with_key_results(found).order_by("created_at", "id")[start : start + A_BRANCH]
    rows = rows_of(page, {parent.period_id: pace}, {parent.period_id: policy})
    below = counts_below(visible, [row.objective.pk for row in rows])
    nodes = [
        Node(row, row.objective.team_id != parent.team_id, below=below.get(row.objective.pk, 0))
        for row in rows
    ]
    following = start + len(nodes)
    return Branch(nodes, max(total - following, 0), following)
