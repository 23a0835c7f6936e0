"""Reads: the organisation chart as an outline. Each answer takes a fixed number of statements at any size."""

import datetime
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Q

from performance.foundation import access, tenancy
from performance.people.models import Person, ReportingLine
from performance.people.queries.changes import known
from performance.people.queries.lines import active_people, holds_on, line_above

BRANCH = 50
SIBLINGS = 3
RECENT = datetime.timedelta(days=92)

COUNTS = """
    WITH RECURSIVE below(root, person_id, manager_id) AS (
        SELECT manager_id, person_id, manager_id FROM people_reportingline
        WHERE organisation_id = %(organisation)s AND manager_id = ANY(%(roots)s)
          AND starts_on <= %(on)s AND (ends_on IS NULL OR ends_on > %(on)s)
        UNION
        SELECT below.root, line.person_id, line.manager_id FROM people_reportingline line
        JOIN below ON line.manager_id = below.person_id
        WHERE line.organisation_id = %(organisation)s
          AND line.starts_on <= %(on)s AND (line.ends_on IS NULL OR line.ends_on > %(on)s)
    )
    SELECT root, count(*) FILTER (WHERE manager_id = root), count(*) FROM below GROUP BY root
"""
CHILDREN = """
    SELECT person_id, manager_id, total FROM (
        SELECT line.person_id, line.manager_id,
               row_number() OVER (PARTITION BY line.manager_id
                   ORDER BY (line.person_id = ANY(%(path)s)) DESC, person.name_sort, person.number) AS rank,
               count(*) OVER (PARTITION BY line.manager_id) AS total
        FROM people_reportingline line
        JOIN people_person person
          ON person.organisation_id = line.organisation_id AND person.id = line.person_id
        WHERE line.organisation_id = %(organisation)s AND line.manager_id = ANY(%(managers)s)
          AND line.starts_on <= %(on)s AND (line.ends_on IS NULL OR line.ends_on > %(on)s)
    ) ranked
    WHERE rank > %(offset)s
      AND rank <= %(offset)s + CASE WHEN manager_id = %(focus)s THEN %(branch)s ELSE %(siblings)s END
    ORDER BY manager_id, rank
"""


@dataclass
class Node:
    """A person in the outline. `children` is empty while the branch is folded; `more` are not drawn."""

    person: Person
    direct: int = 0
    everyone: int = 0
    is_current: bool = False
    is_open: bool = False
    children: list["Node"] = field(default_factory=list)
    more: int = 0
    next_offset: int = 0
    planned_from: datetime.date | None = None
    planned_after: Person | None = None
    since: datetime.date | None = None
    before: Person | None = None

    @property
    def drawn(self) -> int:
        return 1 + sum(child.drawn for child in self.children)

    def find(self, person_id: uuid.UUID) -> "Node | None":
        """The node of a person in this branch."""
        if self.person.pk == person_id:
            return self
        return next((found for child in self.children if (found := child.find(person_id))), None)


def counts_below(roots: Iterable[uuid.UUID], on: datetime.date) -> dict[uuid.UUID, tuple[int, int]]:
    """manager → (direct reports, everyone below). People without reports are absent."""
    with connection.cursor() as cursor:
        cursor.execute(
            COUNTS, {"organisation": tenancy.current_organisation_id(), "roots": list(roots), "on": on}
        )
        return {root: (direct, everyone) for root, direct, everyone in cursor.fetchall()}


def outline(person: Person, on: datetime.date, actor: access.Actor) -> Node:
    """The line from the top down to the person, a few neighbours on each level, and the person's own reports."""
    above = line_above(person.pk, on)
    path = [*reversed(above), person.pk]
    children, totals = _children(path, path, person.pk, on)
    nodes = _nodes({person.pk, *above, *(child for group in children.values() for child in group)}, on)
    for manager_id, group in children.items():
        _hang(nodes, manager_id, group, totals[manager_id])
    for ancestor in path:
        nodes[ancestor].is_open = bool(nodes[ancestor].children)
    nodes[person.pk].is_current = True
    _add_planned(nodes[person.pk], on, actor)
    return nodes[path[0]]


def branch(manager: Person, on: datetime.date, actor: access.Actor, *, offset: int = 0) -> Node:
    """One person's direct reports, fifty at a time, with their counts."""
    children, totals = _children([manager.pk], [], manager.pk, on, offset=offset)
    group = children.get(manager.pk, [])
    nodes = _nodes({manager.pk, *group}, on)
    _hang(nodes, manager.pk, group, totals.get(manager.pk, 0), offset=offset)
    if offset == 0:
        _add_planned(nodes[manager.pk], on, actor)
    return nodes[manager.pk]


def tops(on: datetime.date) -> list[Node]:
    """Those at the top: nobody above them, with somebody below. Then the people outside every line, if few."""
    lines = ReportingLine.objects.filter(holds_on(on))
    heads = (
        active_people(on)
        .exclude(pk__in=lines.values("person_id"))
        .filter(pk__in=lines.values("manager_id"))
        .order_by("name_sort")[:BRANCH]
    )
    keys = list(heads.values_list("pk", flat=True))
    nodes = _nodes(keys, on)
    return [nodes[key] for key in keys]


def outside_every_line(on: datetime.date) -> int:
    """How many people neither report to anybody nor have reports."""
    lines = ReportingLine.objects.filter(holds_on(on))
    return (
        active_people(on)
        .exclude(pk__in=lines.values("person_id"))
        .exclude(pk__in=lines.values("manager_id"))
        .count()
    )


def _children(
    managers: Sequence[uuid.UUID],
    path: Sequence[uuid.UUID],
    focus: uuid.UUID,
    on: datetime.date,
    *,
    offset: int = 0,
) -> tuple[dict[uuid.UUID, list[uuid.UUID]], dict[uuid.UUID, int]]:
    children: dict[uuid.UUID, list[uuid.UUID]] = {}
    totals: dict[uuid.UUID, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            CHILDREN,
            {
                "organisation": tenancy.current_organisation_id(),
                "managers": list(managers),
                "path": list(path),
                "focus": focus,
                "on": on,
                "offset": offset,
                "branch": BRANCH,
                "siblings": SIBLINGS,
            },
        )
        for person_id, manager_id, total in cursor.fetchall():
            children.setdefault(manager_id, []).append(person_id)
            totals[manager_id] = total
    return children, totals


def _nodes(keys: Iterable[uuid.UUID], on: datetime.date) -> dict[uuid.UUID, Node]:
    people = Person.objects.in_bulk(list(keys))
    counts = counts_below(people, on)
    nodes = {}
    for key, person in people.items():
        direct, everyone = counts.get(key, (0, 0))
        nodes[key] = Node(person, direct, everyone)
    _add_history(nodes, on)
    return nodes


def _hang(
    nodes: dict[uuid.UUID, Node],
    manager_id: uuid.UUID,
    group: list[uuid.UUID],
    total: int,
    *,
    offset: int = 0,
) -> None:
    manager = nodes[manager_id]
    manager.children = [nodes[key] for key in group]
    manager.next_offset = offset + len(group)
    manager.more = total - manager.next_offset


def _add_history(nodes: dict[uuid.UUID, Node], on: datetime.date) -> None:
    """Says of a line that is less than a quarter old whom the person reported to before."""
    lines = ReportingLine.objects.filter(person_id__in=list(nodes)).filter(
        Q(starts_on__lte=on, starts_on__gt=on - RECENT) | Q(ends_on__lte=on, ends_on__gt=on - RECENT)
    )
    ended = {}
    started = {}
    for line in lines.select_related("manager"):
        if line.ends_on is not None and line.ends_on <= on:
            ended[line.person_id, line.ends_on] = line.manager
        else:
            started[line.person_id] = line.starts_on
    for key, starts_on in started.items():
        before = ended.get((key, starts_on))
        if before is not None:
            nodes[key].since, nodes[key].before = starts_on, before


def _add_planned(manager: Node, on: datetime.date, actor: access.Actor) -> None:
    """Adds the people who will report here, from a later day on, with whom they report to until then. Plans that
    the reader may not know stay out."""
    coming = (
        ReportingLine.objects.filter(known(actor), manager=manager.person, starts_on__gt=on)
        .select_related("person")
        .order_by("starts_on")[:BRANCH]
    )
    arriving = [
        line for line in coming if all(line.person_id != child.person.pk for child in manager.children)
    ]
    if not arriving:
        return
    until = ReportingLine.objects.filter(holds_on(on), person_id__in=[line.person_id for line in arriving])
    today = {line.person_id: line.manager for line in until.select_related("manager")}
    for line in arriving:
        manager.children.append(
            Node(line.person, planned_from=line.starts_on, planned_after=today.get(line.person_id))
        )
