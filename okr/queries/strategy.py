"""The strategy map: what serves what in a period, from the goals at the top to those that carry them."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, QuerySet

from okr.models import Alignment, Dependency, Objective, OkrPolicy
from okr.models.dependencies import DependencyState
from okr.models.objectives import State
from okr.queries.branches import counts_below
from okr.queries.objectives import ObjectiveRow, filtered, rows_of, with_key_results
from okr.queries.pace import Pace
from performance.foundation import access, tenancy

#: Goals at the top that are drawn at once; the search finds the others.
MOST_ROOTS = 30
#: Goals drawn below one; its own page lists the others.
MOST_BELOW = 15
#: Up to so many links, everything is open from the start; beyond, the branches at the top that fit.
SMALL = 40
AT_FIRST = 16
#: Goals that the words of a search light up.
MOST_FOUND = 8
#: Branches open at once.
MOST_OPEN = 40

# Pixels at a zoom of 100 %.
NODE_WIDTH, NODE_HEIGHT, COLUMN, LINE, MARGIN = 252, 92, 316, 108, 12

ANCESTORS = """
    WITH RECURSIVE above(id) AS (
        SELECT unnest(%(ids)s::uuid[])
        UNION
        SELECT link.parent_id FROM okr_alignment link JOIN above ON link.child_id = above.id
        WHERE link.organisation_id = %(organisation)s AND link.accepted_at IS NOT NULL
    )
    SELECT id FROM above
"""


@dataclass
class MapNode:
    """An objective on the map. `below`: how many visible goals serve it directly; `unshown`: of those, how many an
    open branch leaves to the objective's own page. `serves`: what is drawn of that, what it hangs below first. `x` and
    `y` are its upper left corner."""

    row: ObjectiveRow
    below: int
    is_open: bool = False
    is_found: bool = False
    depth: int = 0
    x: int = 0
    y: int = 0
    unshown: int = 0
    children: list["MapNode"] = field(default_factory=list)
    serves: list[uuid.UUID] = field(default_factory=list)

    @property
    def pk(self) -> uuid.UUID:
        return self.row.objective.pk

    @property
    def foot(self) -> int:
        return self.y + NODE_HEIGHT


@dataclass(frozen=True)
class Edge:
    """A line between two objectives: `start` serves `end`, or needs something from it; `path` is SVG."""

    start: uuid.UUID
    end: uuid.UUID
    kind: str
    share_ppm: int
    path: str
    label_x: int
    label_y: int


@dataclass
class StrategyMap:
    """`nodes` in reading order. `unlinked`: visible goals of the period that serve nothing and are served by none;
    `hidden_roots`: goals at the top that are not drawn."""

    nodes: list[MapNode]
    edges: list[Edge]
    opened: set[uuid.UUID]
    unlinked: int
    hidden_roots: int
    width: int = 0
    height: int = 0


def strategy_map(
    visible: QuerySet[Objective],
    *,
    pace: Pace,
    policy: OkrPolicy,
    opened: set[uuid.UUID] | None,
    found: Collection[uuid.UUID] = (),
) -> StrategyMap:
    """The map of the policy's period with these branches open; None opens what fits. The branches above `found`
    are open in any case. A constant number of queries."""
    standing = visible.filter(period=policy.period_id).exclude(state=State.DRAFT)
    links = Alignment.objects.filter(
        accepted_at__isnull=False, child__in=standing.values("pk"), parent__in=standing.values("pk")
    )
    served = Exists(links.filter(parent=OuterRef("pk")))
    serves = Exists(links.filter(child=OuterRef("pk")))
    way = _ancestors(found)
    sizes = dict(
        standing.filter(served, ~serves)
        .annotate(size=Count("served_by"))
        .order_by("-size", "created_at", "id")
        .values_list("pk", "size")
    )
    shown_roots = [pk for place, pk in enumerate(sizes) if place < MOST_ROOTS or pk in way]
    if opened is None:
        opened = _what_fits(links, {pk: sizes[pk] for pk in shown_roots})
    opened = set(list(opened)[:MOST_OPEN]) | way
    below = _below(links, opened, way)
    rows = _rows(standing, {*shown_roots, *(pk for each in below.values() for pk, *_ in each)}, pace, policy)
    counts = counts_below(standing, list(rows))
    nodes = {pk: MapNode(row, counts.get(pk, 0), is_found=pk in found) for pk, row in rows.items()}
    drawn = _tree([nodes[pk] for pk in shown_roots if pk in nodes], nodes, below)
    lowest = _place(drawn)
    places = {node.pk: node for node in drawn}
    return StrategyMap(
        nodes=drawn,
        edges=_edges(places, below) + _needs(places),
        opened={node.pk for node in drawn if node.is_open},
        unlinked=standing.filter(~served, ~serves).count(),
        hidden_roots=len(sizes) - len(shown_roots),
        width=max((node.x for node in drawn), default=0) + NODE_WIDTH + MARGIN + 40,
        height=lowest + MARGIN,
    )


def found_on_map(
    visible: QuerySet[Objective], *, reader: access.Actor, period: Any, words: str
) -> list[Objective]:
    """Goals of the period that the words name, with owner and team; the newest few."""
    if not words.strip():
        return []
    found = filtered(visible, reader=reader, period=period, words=words).exclude(state=State.DRAFT)
    return list(found.select_related("owner", "team")[:MOST_FOUND])


def _ancestors(found: Collection[uuid.UUID]) -> set[uuid.UUID]:
    if not found:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(ANCESTORS, {"ids": list(found), "organisation": tenancy.current_organisation_id()})
        return {row[0] for row in cursor.fetchall()}


def _what_fits(links: QuerySet[Alignment], roots: dict[uuid.UUID, int]) -> set[uuid.UUID]:
    parents = list(links.values_list("parent_id", flat=True)[: SMALL + 1])
    if len(parents) <= SMALL:
        return set(parents)
    opened, drawn = set(), len(roots)
    for pk, size in roots.items():
        if drawn + size <= AT_FIRST:
            opened.add(pk)
            drawn += size
    return opened


Below = dict[uuid.UUID, list[tuple[uuid.UUID, str, int]]]


def _below(links: QuerySet[Alignment], opened: Collection[uuid.UUID], way: set[uuid.UUID]) -> Below:
    """(child, kind, share) of each open objective, those on the way to what was looked for first."""
    found: Below = defaultdict(list)
    asked = links.filter(parent__in=opened).order_by("child__created_at", "child_id")
    for parent_id, child_id, kind, share in asked.values_list("parent_id", "child_id", "kind", "share_ppm"):
        found[parent_id].append((child_id, kind, share))
    return {
        parent: sorted(children, key=lambda one: one[0] not in way)[:MOST_BELOW]
        for parent, children in found.items()
    }


def _rows(
    standing: QuerySet[Objective], ids: Collection[uuid.UUID], pace: Pace, policy: OkrPolicy
) -> dict[uuid.UUID, ObjectiveRow]:
    period_id = policy.period_id
    rows = rows_of(
        with_key_results(standing.filter(pk__in=ids)).order_by("created_at", "id"),
        {period_id: pace},
        {period_id: policy},
    )
    return {row.objective.pk: row for row in rows}


def _tree(roots: Iterable[MapNode], nodes: dict[uuid.UUID, MapNode], below: Below) -> list[MapNode]:
    """Depth first. What serves several goals hangs below the first that is drawn; the others get their line."""
    drawn: dict[uuid.UUID, MapNode] = {}

    def draw(node: MapNode, depth: int) -> None:
        drawn[node.pk] = node
        node.depth = depth
        node.is_open = node.pk in below
        node.unshown = max(node.below - len(below.get(node.pk, ())), 0) if node.is_open else 0
        for pk, *_link in below.get(node.pk, ()):
            child = nodes.get(pk)
            if child is not None:
                child.serves.append(node.pk)
            if child is not None and pk not in drawn:
                node.children.append(child)
                draw(child, depth + 1)

    for root in roots:
        draw(root, 0)
    return list(drawn.values())


def _place(drawn: Iterable[MapNode]) -> int:
    """Columns by depth, a line for each leaf, parents at the middle of what serves them. Returns the lowest edge."""
    lowest = MARGIN

    def settle(node: MapNode) -> None:
        nonlocal lowest
        node.x = MARGIN + node.depth * COLUMN
        for child in node.children:
            settle(child)
        if node.children:
            node.y = (node.children[0].y + node.children[-1].y) // 2
        else:
            node.y = lowest
            lowest += LINE

    for node in drawn:
        if node.depth == 0:
            settle(node)
    return lowest


def _edges(nodes: dict[uuid.UUID, MapNode], below: Below) -> list[Edge]:
    found = []
    for parent_id, children in below.items():
        for child_id, kind, share in children:
            parent, child = nodes.get(parent_id), nodes.get(child_id)
            if parent is None or child is None:
                continue
            left, right = parent.x + NODE_WIDTH, child.x
            top, end = parent.y + NODE_HEIGHT // 2, child.y + NODE_HEIGHT // 2
            bend = max((right - left) // 2, 24)
            path = f"M{left} {top}C{left + bend} {top} {right - bend} {end} {right} {end}"
            found.append(Edge(child_id, parent_id, kind, share, path, (left + right) // 2, (top + end) // 2))
    return found


def _needs(nodes: dict[uuid.UUID, MapNode]) -> list[Edge]:
    """A line from what needs something to what has taken it on, where both are drawn."""
    accepted = Dependency.objects.filter(
        state=DependencyState.ACCEPTED, objective__in=list(nodes), on__in=list(nodes)
    )
    pairs = accepted.order_by("objective_id", "on_id").distinct().values_list("objective_id", "on_id")
    found = []
    for needing_id, needed_id in pairs:
        needing, needed = nodes[needing_id], nodes[needed_id]
        start, end = needing.y + NODE_HEIGHT // 2 + 14, needed.y + NODE_HEIGHT // 2 + 14
        if needing.x == needed.x:
            # Right of the column where nothing hangs there, else left of it.
            is_free = not needing.below and not needed.below
            side, bow = (needing.x + NODE_WIDTH, 44) if is_free else (needing.x, -44)
            path = f"M{side} {start}C{side + bow} {start} {side + bow} {end} {side} {end}"
            found.append(Edge(needing_id, needed_id, "needs", 0, path, side, (start + end) // 2))
            continue
        is_left = needing.x < needed.x
        left, right = (needing.x + NODE_WIDTH, needed.x) if is_left else (needing.x, needed.x + NODE_WIDTH)
        bend = max(abs(right - left) // 2, 24) * (1 if is_left else -1)
        path = f"M{left} {start}C{left + bend} {start} {right - bend} {end} {right} {end}"
        found.append(Edge(needing_id, needed_id, "needs", 0, path, (left + right) // 2, (start + end) // 2))
    return found
