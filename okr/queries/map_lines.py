"""The lines of the strategy map: what serves what, and what needs something from what."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from okr.models import Alignment, Dependency, Objective
from okr.models.dependencies import DependencyState

# Pixels at a zoom of 100 %.
NODE_WIDTH, NODE_HEIGHT, COLUMN, LINE, MARGIN = 252, 92, 316, 108, 12
#: A share stands beside the goal that brings it, clear of the button that folds the branch.
SHARE_LEFT, SHARE_UP, SHARE_LINE = 6, 7, 12
#: Needs of goals that have no node of their own: so many are looked at for one map.
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
    """A line between two objectives: `start` serves `end`, or needs something from it. It is drawn between the nodes that
    show them, themselves or what they are folded into; `path` is SVG."""

    start: uuid.UUID
    end: uuid.UUID
    start_drawn: uuid.UUID
    end_drawn: uuid.UUID
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
            ends = (child_id, parent_id, child_id, parent_id)
            found.append(Edge(*ends, kind, share, path, right - SHARE_LEFT, label_y))
    return found


def needing_lines(
    nodes: Mapping[uuid.UUID, Any], standing: QuerySet[Objective], links: QuerySet[Alignment]
) -> tuple[list[Edge], int]:
    """From what needs something to what has taken it on: one for each two goals, however many share a line. Where a folded
    branch hides one of them, the line goes to the goal that it is folded into; one within a branch is none. Returns how
    many lead to what is not drawn at all, too. At most four queries."""
    accepted = Dependency.objects.filter(
        state=DependencyState.ACCEPTED, objective__in=standing.values("pk"), on__in=standing.values("pk")
    )
    ordered = accepted.order_by("objective_id", "on_id").values_list("objective_id", "on_id").distinct()
    is_drawn = Q(objective__in=nodes, on__in=nodes)
    others = list(ordered.exclude(is_drawn)[:MOST_NEEDS])
    unseen = ordered.exclude(is_drawn).count() - len(others) if len(others) == MOST_NEEDS else 0
    stands_for = _first_drawn({one for pair in others for one in pair} - set(nodes), nodes, links)
    found: list[Edge] = []
    undrawn = unseen
    for needing, needed in [*ordered.filter(is_drawn), *others]:
        start, end = stands_for.get(needing, needing), stands_for.get(needed, needed)
        if start not in nodes or end not in nodes:
            undrawn += 1
        elif start != end:
            path = _need_path(nodes[start], nodes[end])
            found.append(Edge(needing, needed, start, end, "needs", 0, path))
    return found, undrawn


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
