"""The lines of the strategy map: what serves what, and what needs something from what."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from okr.models import Alignment, Dependency, Objective
from okr.models.dependencies import DependencyState

# Pixels at a zoom of 100 %.
NODE_WIDTH, NODE_HEIGHT, COLUMN, LINE, MARGIN = 252, 92, 316, 108, 12
#: A share stands beside the goal that brings it, clear of the button that folds the branch.
SHARE_LEFT, SHARE_UP, SHARE_LINE = 6, 7, 12
#: Needs that are looked at for one map.
MOST_NEEDS = 200

#: Parent → (child, kind, share) of each open objective.
Below = dict[uuid.UUID, list[tuple[uuid.UUID, str, int]]]

# The first drawn goals above those that a folded branch hides; only along links that the reader sees whole.
FIRST_DRAWN = """
    WITH RECURSIVE seen(child_id, parent_id) AS ({links}),
    above(hidden, id) AS (
        SELECT one, one FROM unnest(%s::uuid[]) AS one
        UNION
        SELECT above.hidden, seen.parent_id FROM seen JOIN above ON seen.child_id = above.id
        WHERE NOT above.id = ANY(%s::uuid[])
    )
    SELECT hidden, id FROM above WHERE id = ANY(%s::uuid[])
"""


@dataclass(frozen=True)
class Edge:
    """A line between two objectives: `start` serves `end`, or needs something from it; `path` is SVG."""

    start: uuid.UUID
    end: uuid.UUID
    kind: str
    share_ppm: int
    path: str
    label_x: int = 0
    label_y: int = 0


def serving_lines(nodes: Mapping[uuid.UUID, Any], below: Below) -> list[Edge]:
    """From what is served to what serves it; shares of a goal that serves several stand above each other."""
    found: list[Edge] = []
    told: dict[uuid.UUID, int] = {}
    for parent_id, children in below.items():
        for child_id, kind, share in children:
            parent, child = nodes.get(parent_id), nodes.get(child_id)
            if parent is None or child is None:
                continue
            left, right = parent.x + NODE_WIDTH, child.x
            top, end = parent.y + NODE_HEIGHT // 2, child.y + NODE_HEIGHT // 2
            bend = max((right - left) // 2, 24)
            path = f"M{left} {top}C{left + bend} {top} {right - bend} {end} {right} {end}"
            label_y = end - SHARE_UP - SHARE_LINE * told.get(child_id, 0)
            if share:
                told[child_id] = told.get(child_id, 0) + 1
            found.append(Edge(child_id, parent_id, kind, share, path, right - SHARE_LEFT, label_y))
    return found


def needing_lines(
    nodes: Mapping[uuid.UUID, Any], standing: QuerySet[Objective], links: QuerySet[Alignment]
) -> tuple[list[Edge], int]:
    """From what needs something to what has taken it on. Where a folded branch hides one of them, the line goes to the
    goal that it is folded into. Returns how many lead to what is not drawn at all, too. At most two queries."""
    accepted = Dependency.objects.filter(
        state=DependencyState.ACCEPTED, objective__in=standing.values("pk"), on__in=standing.values("pk")
    )
    ordered = accepted.order_by("objective_id", "on_id").distinct()
    pairs = list(ordered.values_list("objective_id", "on_id")[:MOST_NEEDS])
    stands_for = _first_drawn({one for pair in pairs for one in pair} - set(nodes), nodes, links)
    drawn: dict[tuple[uuid.UUID, uuid.UUID], Edge] = {}
    undrawn = 0
    for needing, needed in pairs:
        start, end = stands_for.get(needing, needing), stands_for.get(needed, needed)
        if start not in nodes or end not in nodes:
            undrawn += 1
        elif start != end:
            drawn[start, end] = Edge(start, end, "needs", 0, _need_path(nodes[start], nodes[end]))
    return list(drawn.values()), undrawn


def _first_drawn(
    hidden: Collection[uuid.UUID], nodes: Mapping[uuid.UUID, Any], links: QuerySet[Alignment]
) -> dict[uuid.UUID, uuid.UUID]:
    """hidden → the goal that it is folded into, the first on the map where there are several."""
    if not hidden:
        return {}
    sql, given = links.order_by().values_list("child_id", "parent_id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(FIRST_DRAWN.format(links=sql), [*given, list(hidden), list(nodes), list(nodes)])
        rows: list[tuple[uuid.UUID, uuid.UUID]] = cursor.fetchall()
    places = {key: place for place, key in enumerate(nodes)}
    return dict(sorted(rows, key=lambda row: -places[row[1]]))


def _need_path(needing: Any, needed: Any) -> str:
    start, end = needing.y + NODE_HEIGHT // 2 + 14, needed.y + NODE_HEIGHT // 2 + 14
    if needing.x == needed.x:
        # Right of the column where nothing hangs there, else left of it.
        is_free = not needing.below and not needed.below
        side, bow = (needing.x + NODE_WIDTH, 44) if is_free else (needing.x, -44)
        return f"M{side} {start}C{side + bow} {start} {side + bow} {end} {side} {end}"
    is_left = needing.x < needed.x
    left, right = (needing.x + NODE_WIDTH, needed.x) if is_left else (needing.x, needed.x + NODE_WIDTH)
    bend = max(abs(right - left) // 2, 24) * (1 if is_left else -1)
    return f"M{left} {start}C{left + bend} {start} {right - bend} {end} {right} {end}"
