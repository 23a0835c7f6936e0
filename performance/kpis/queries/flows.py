"""The picture of a metric's lineage: boxes on a grid of five columns, and the wires between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from performance.foundation.components import formats
from performance.kpis.models import Metric, MetricVersion, VersionState
from performance.kpis.queries.definitions import Lineage
from performance.kpis.queries.uses import FORMULAS, ICONS, Uses

#: Boxes of one column, by how many there are.
ROWS: dict[int, tuple[int, ...]] = {0: (), 1: (4,), 2: (2, 5), 3: (1, 4, 7), 4: (1, 3, 5, 7)}
MOST_NODES = 4


@dataclass(frozen=True)
class Node:
    """A box of the lineage picture: its place (column, row), what it is, and where it leads."""

    column: int
    row: int
    icon: str
    title: str
    note: Any
    dataset: Any = None
    is_current: bool = False
    address: str = ""


@dataclass(frozen=True)
class Flow:
    nodes: Sequence[Node]
    edges: Sequence[tuple[tuple[int, int], tuple[int, int], int]]
    hidden: int


def flow(
    version: MetricVersion, line: Lineage, users: Sequence[Metric], read_by: Sequence[Uses] = ()
) -> Flow:
    """Source → dataset → base metrics → metric → what is computed from it and what else reads it, as boxes on a grid.
    Where the last column has no room for each metric, one box counts them."""
    bases = line.base_versions()
    datasets = list({one.dataset.pk: one.dataset for one in bases if one.dataset}.values())
    connections = list({one.connection.pk: one.connection for one in datasets}.values())
    middle = [] if version.is_base else bases
    ends = _ends(users, read_by)
    groups: dict[int, Sequence[Any]] = {1: connections, 2: datasets, 3: middle, 4: [version], 5: ends}
    nodes: list[Node] = []
    places: dict[Any, tuple[int, int]] = {}
    for column, group in groups.items():
        shown = group[:MOST_NODES]
        for row, one in zip(ROWS[len(shown)], shown, strict=True):
            places[column, one.pk] = (column, row)
            nodes.append(_node(column, row, one))
    wanted: list[tuple[tuple[int, Any], tuple[int, Any], int]] = [
        ((1, one.connection_id), (2, one.pk), 0) for one in datasets
    ]
    wanted += [
        ((2, one.dataset.pk), (4 if version.is_base else 3, one.pk), 0) for one in bases if one.dataset
    ]
    wanted += [((3, one.pk), (4, version.pk), 1) for one in middle]
    wanted += [((4, version.pk), (5, one.pk), 1) for one in ends]
    edges = [
        (places[start], places[end], hot) for start, end, hot in wanted if start in places and end in places
    ]
    hidden = sum(max(len(group) - MOST_NODES, 0) for group in groups.values())
    return Flow(nodes, edges, hidden)


def _ends(users: Sequence[Metric], read_by: Sequence[Uses]) -> Sequence[Metric | Uses]:
    order = list(ICONS)
    further = sorted(
        (each for each in read_by if each.kind != FORMULAS), key=lambda each: order.index(each.kind)
    )
    if len(users) > 1 and len(users) + len(further) > MOST_NODES:
        return [each for each in read_by if each.kind == FORMULAS] + further
    return [*users, *further]


def _node(column: int, row: int, one: Any) -> Node:
    if isinstance(one, Uses):
        note = formats.listed(each.title for each in one.shown)
        return Node(column, row, ICONS[one.kind], one.counted, note, address=one.address)
    if column == 1:
        return Node(column, row, "plug-connected", str(one), one.get_kind_display())
    if column == 2:
        return Node(column, row, "clipboard-check", str(one), one.loaded_at, dataset=one)
    if column == 5:
        return Node(column, row, "git-merge", str(one), _("computed from it"), address=_address(one))
    is_current = column == 4
    address = "" if is_current else _address(one.metric)
    return Node(
        column, row, "math-function", str(one.metric), one.metric.key, is_current=is_current, address=address
    )


def _address(metric: Metric) -> str:
    return reverse("kpis:metric", args=[metric.pk])


def users_of(metric: Metric) -> list[Metric]:
    """Metrics whose formula names this one."""
    found = MetricVersion.objects.filter(state=VersionState.CERTIFIED, metric__retired_at=None).exclude(
        formula=""
    )
    users = {
        version.metric.pk: version.metric
        for version in found.select_related("metric")
        if metric.key in version.input_keys
    }
    return list(users.values())
