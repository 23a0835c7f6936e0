"""The goals of a team as a tree: under what they serve, over what serves them."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from okr.models import Objective, OkrPolicy
from okr.queries.objectives import ObjectiveRow, rows_of, with_key_results
from okr.queries.pace import Pace
from okr.queries.visibility import drafts
from performance.foundation import tenancy

# What the own goals serve up to the top, and what directly serves them: links between any two of these. An offer
# that nobody has taken yet serves nothing.
LINKS = """
    WITH RECURSIVE
    standing AS (
        SELECT child_id, parent_id FROM okr_alignment
        WHERE organisation_id = %(organisation)s AND accepted_at IS NOT NULL
    ),
    above(id) AS (
        SELECT unnest(%(own)s::uuid[])
        UNION
        SELECT standing.parent_id FROM standing JOIN above ON standing.child_id = above.id
    )
    SELECT child_id, parent_id FROM standing
    WHERE child_id IN (
        SELECT id FROM above UNION SELECT child_id FROM standing WHERE parent_id = ANY(%(own)s::uuid[])
    )
"""

#: Levels of a tree that fit beside each other, narrower the more there are.
SIDE_BY_SIDE = 4


@dataclass
class Node:
    """An objective in the alignment tree, under each one that it serves. `is_cross`: it belongs to another team.
    `below`: how many visible objectives serve it that are fetched when its branch is opened."""

    row: ObjectiveRow
    is_cross: bool
    children: list["Node"] = field(default_factory=list)
    below: int = 0

    @property
    def rest(self) -> int:
        """How many children are folded away beyond the first six."""
        return max(len(self.children) - 6, 0)

    @property
    def size(self) -> int:
        """How many objectives hang here, each counted once however often it is drawn."""
        return len(self._keys())

    @property
    def is_deep(self) -> bool:
        """Whether the tree has more levels than stand side by side on a wide screen: it is drawn downwards then."""
        return self.levels > SIDE_BY_SIDE

    @property
    def levels(self) -> int:
        """Also that of a branch which is still to be opened."""
        return 1 + max((child.levels for child in self.children), default=1 if self.below else 0)

    def _keys(self) -> set[uuid.UUID]:
        return {self.row.objective.pk}.union(*(child._keys() for child in self.children))


def own_objectives(
    visible: QuerySet[Objective], *, team: Any, member_ids: Iterable[uuid.UUID], period: Any
) -> QuerySet[Objective]:
    """What a team and its people work for in a period: of the visible, without drafts."""
    own = Q(team=team) | Q(owner_id__in=list(member_ids), owner_kind="person")
    return visible.filter(own, period=period).exclude(drafts())


def team_tree(
    visible: QuerySet[Objective],
    *,
    team: Any,
    member_ids: Iterable[uuid.UUID],
    period: Any,
    pace: Pace,
    policy: OkrPolicy,
) -> tuple[list[Node], list[ObjectiveRow]]:
    """The team's objectives under what they serve and over what serves them, and the flat list of the team's own.
    A constant number of queries."""
    standing = visible.filter(period=period).exclude(drafts())
    own = own_objectives(visible, team=team, member_ids=member_ids, period=period)
    own_ids = set(own.values_list("pk", flat=True))
    links = _links(own_ids)
    shown = own_ids.union(*links)
    objectives = with_key_results(standing.filter(pk__in=shown)).order_by("created_at", "id")
    rows = {row.objective.pk: row for row in rows_of(objectives, {period.pk: pace}, {period.pk: policy})}
    nodes = {key: Node(row, key not in own_ids) for key, row in rows.items()}
    places = {key: place for place, key in enumerate(rows)}
    hanging = set()
    for child, parent in sorted(links, key=lambda link: places.get(link[0], 0)):
        if child in nodes and parent in nodes:
            nodes[parent].children.append(nodes[child])
            hanging.add(child)
    roots = [node for key, node in nodes.items() if key not in hanging]
    roots.sort(key=lambda node: -node.size)
    return roots, [row for key, row in rows.items() if key in own_ids]


def _links(own_ids: set[uuid.UUID]) -> list[tuple[uuid.UUID, uuid.UUID]]:
    with connection.cursor() as cursor:
        cursor.execute(LINKS, {"own": list(own_ids), "organisation": tenancy.current_organisation_id()})
        return cursor.fetchall()
