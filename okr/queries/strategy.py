"""The strategy map: what serves what in a period, from the goals at the top to those that carry them."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Case, Count, Exists, OuterRef, QuerySet, When

from okr.models import Alignment, Objective, OkrPolicy
from okr.queries.branches import counts_below
from okr.queries.map_lines import (
    COLUMN,
    LINE,
    MARGIN,
    NODE_HEIGHT,
    NODE_WIDTH,
    Below,
    Edge,
    needing_lines,
    serving_lines,
)
from okr.queries.objectives import ObjectiveRow, filtered, rows_of, with_key_results
from okr.queries.pace import Pace
from okr.queries.visibility import drafts
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

#: Unconnected goals that are drawn at once; up to so many from the start, and beside each other at least.
MOST_UNCONNECTED, FEW_UNCONNECTED, UNCONNECTED_BESIDE = 30, 12, 3
#: What opens and closes among the branches, though it is none.
LANE = "lane"
LANE_HEAD = 44
#: What the words of the head take, where nothing else is as wide.
LANE_WIDTH = 560

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


@dataclass
class StrategyMap:
    """`nodes` in reading order. `unconnected`: visible goals of the period that serve nothing and are served by none, of
    which a `lane` that begins at `lane_y` shows the first where it `is_lane_open`. `hidden_roots`: goals at the top that
    are not drawn; `undrawn_needs`: what is needed from or by goals that are not."""

    nodes: list[MapNode]
    lane: list[MapNode]
    edges: list[Edge]
    opened: set[uuid.UUID]
    unconnected: int
    hidden_roots: int
    undrawn_needs: int
    is_lane_open: bool
    width: int = 0
    height: int = 0
    lane_y: int = 0

    @property
    def drawn(self) -> list[MapNode]:
        return [*self.nodes, *self.lane]

    @property
    def lines(self) -> list[Edge]:
        """What is drawn: goals that are folded into the same nodes share a line."""
        return list({(one.kind, one.start_drawn, one.end_drawn): one for one in self.edges}.values())

    @property
    def unconnected_undrawn(self) -> int:
        return self.unconnected - len(self.lane)


def strategy_map(
    visible: QuerySet[Objective],
    *,
    pace: Pace,
    policy: OkrPolicy,
    opened: set[uuid.UUID] | None,
    found: Collection[uuid.UUID] = (),
    is_lane_open: bool | None = None,
) -> StrategyMap:
    """The map of the policy's period with these branches open; None opens what fits. What `found` stands in is open in
    any case. A constant number of queries."""
    standing = visible.filter(period=policy.period_id).exclude(drafts())
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
    unconnected = standing.filter(~served, ~serves)
    number = unconnected.count()
    lane_ids = _lane(unconnected, found)
    if is_lane_open is None:
        is_lane_open = number <= FEW_UNCONNECTED
    is_lane_open = is_lane_open or not set(lane_ids).isdisjoint(found)
    if not is_lane_open:
        lane_ids = []
    wanted = {*shown_roots, *lane_ids, *(pk for each in below.values() for pk, *_ in each)}
    rows = _rows(standing, wanted, pace, policy)
    counts = counts_below(standing, list(rows))
    nodes = {pk: MapNode(row, counts.get(pk, 0), is_found=pk in found) for pk, row in rows.items()}
    drawn = _tree([nodes[pk] for pk in shown_roots if pk in nodes], nodes, below)
    lane = [nodes[pk] for pk in lane_ids if pk in nodes]
    lane_y = _place(drawn)
    lowest = _place_lane(lane, lane_y, beside=max((node.depth + 1 for node in drawn), default=0))
    places = {node.pk: node for node in (*drawn, *lane)}
    rightmost = max((node.x for node in places.values()), default=0)
    needs, undrawn_needs = needing_lines(places, standing, links)
    return StrategyMap(
        nodes=drawn,
        lane=lane,
        edges=serving_lines(places, below) + needs,
        opened={node.pk for node in drawn if node.is_open},
        unconnected=number,
        hidden_roots=len(sizes) - len(shown_roots),
        undrawn_needs=undrawn_needs,
        is_lane_open=is_lane_open,
        width=max(rightmost + NODE_WIDTH + MARGIN + 40, LANE_WIDTH if number else 0),
        height=(lowest if number else lane_y) + MARGIN,
        lane_y=lane_y,
    )


def found_on_map(
    visible: QuerySet[Objective], *, reader: access.Actor, period: Any, words: str
) -> list[Objective]:
    """Goals of the period that the words name, with owner and team; the newest few."""
    if not words.strip():
        return []
    found = filtered(visible, reader=reader, period=period, words=words).exclude(drafts())
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


def _lane(unconnected: QuerySet[Objective], found: Collection[uuid.UUID]) -> list[uuid.UUID]:
    """Those to be drawn of what is unconnected, found ones first."""
    found_first = Case(When(pk__in=list(found), then=0), default=1)
    return list(
        unconnected.order_by(found_first, "created_at", "id").values_list("pk", flat=True)[:MOST_UNCONNECTED]
    )


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


def _place_lane(lane: Iterable[MapNode], top: int, *, beside: int) -> int:
    """Below everything else, under its own head, as many beside each other as the map has columns. Returns the lowest
    edge."""
    columns = max(beside, UNCONNECTED_BESIDE)
    lowest = top + LANE_HEAD
    for place, node in enumerate(lane):
        line, node.depth = divmod(place, columns)
        node.x = MARGIN + node.depth * COLUMN
        node.y = top + LANE_HEAD + line * LINE
        lowest = node.y + LINE
    return lowest
