"""A scenario reckoned: the steps of what is moved, and from them those of everything above."""

import uuid
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from performance.engine import change, drivers, errors
from performance.foundation import audit
from performance.kpis import formulas, units
from performance.kpis.formulas.tree import Binary, Call, Node, Reference
from performance.kpis.models import Additivity, Aggregation, Metric
from performance.kpis.queries import trees
from performance.kpis.queries.whatif import shapes

REASONS: dict[str, Any] = {
    "missing": gettext_lazy("A number that it is computed from is missing in these days."),
    "divided_by_zero": gettext_lazy("It is divided by zero, so it has no value."),
    "circular": gettext_lazy("Its definition leads back to itself."),
}


class Reckoner:
    """One scenario: the steps of what is moved, and from them those of everything above."""

    def __init__(self, ground: shapes.Ground, moves: shapes.Moves) -> None:
        self.ground, self.moves = ground, moves
        self.metric, self.tree, self.metrics = ground.metric, ground.tree, ground.metrics
        self.ids = {each.key: each.pk for each in self.metrics.values()}
        self.lines = self.tree.walked(self.metric.pk)
        self.inside = set(self.lines)
        self.said: list[str] = []
        self.volumes = self._volumes()
        self.volume = self.ids[moves.volume] if moves.volume in {one.key for one in self.volumes} else None
        self.riders = self._riders()
        self.own: dict[uuid.UUID, change.Step] = {}
        self.held = self._held()

    def told(self) -> shapes.WhatIf:
        lines = [self._line(metric_id, depth) for metric_id, depth in self.lines.items()]
        if self.volume is not None and self.volume not in self.inside:
            lines.append(self._line(self.volume, 1))
            self.inside.add(self.volume)
        result, refusal = self.step(self.metric.pk)
        bases = {base for metric_id in self.inside for base in self.tree.bases(metric_id)}
        return shapes.WhatIf(
            ground=self.ground,
            moves=self._taken(),
            tree=lines,
            others=self._others(),
            brought=self._brought(result),
            cash=released(self, result),
            volumes=self.volumes,
            riders=frozenset(self.metrics[one].key for one in self.riders),
            prices=self._prices(),
            versions={self.metrics[one].key: str(self.tree.versions[one].pk) for one in self.inside},
            base={self.metrics[one].key: audit.plain(self.ground.kept.get(one)) for one in bases},
            said=self.said,
            refusal=refusal,
        )

    def _taken(self) -> shapes.Moves:
        """What was asked for and has something here to move."""
        given = {key: move for key, move in self.moves.given.items() if self.ids.get(key) in self.own}
        return shapes.Moves(given, self.moves.volume if self.volume is not None else "")

    def _pair(self, metric_id: uuid.UUID) -> tuple[Decimal | None, Decimal | None]:
        value = self.ground.kept.get(metric_id)
        return value, value

    def step(
        self, metric_id: uuid.UUID, held: Mapping[uuid.UUID, change.Step] | None = None
    ) -> tuple[change.Step | None, str]:
        """The step of a metric, or why it has none."""
        try:
            return self.tree.step(metric_id, self._pair, held=self.held if held is None else held), ""
        except formulas.ChangeRefused as refused:
            return None, str(REASONS[refused.code])

    def _held(self) -> dict[uuid.UUID, change.Step]:
        """The steps of whatever moves: by its own move, by the volume it rides on, or both."""
        for key, (way, number) in self.moves.given.items():
            metric_id = self.ids.get(key)
            # A result that is computed follows; it is not moved by itself.
            is_driver = metric_id != self.metric.pk or trees.is_leaf(self.tree.versions[self.metric.pk])
            is_here = is_driver and metric_id in {*self.inside, self.volume}
            base = self._base(metric_id) if is_here else None
            if metric_id is not None and base is not None:
                self.own[metric_id] = drivers.driven(str(metric_id), base, shapes.MOVES[way](number))
        held = dict(self.own)
        if self.volume is None or self.volume not in self.own:
            return held
        for rider in self.riders:
            base = self._base(rider)
            if base is not None:
                own = self.own.get(rider) or drivers.driven(str(rider), base, drivers.Move())
                try:
                    held[rider] = drivers.riding(own, self.own[self.volume])
                except errors.InvalidInput:
                    self.said.append(_("There was no volume in these days, so nothing grows with it."))
                    return dict(self.own)
        return held

    def _base(self, metric_id: uuid.UUID | None) -> Fraction | None:
        if metric_id is None:
            return None
        step, _refusal = self.step(metric_id, {})
        return None if step is None else step.before

    def _line(self, metric_id: uuid.UUID, depth: int) -> shapes.Line:
        metric, version = self.metrics[metric_id], self.tree.versions[metric_id]
        step, refusal = self.step(metric_id)
        way, number = self.moves.given.get(metric.key, (shapes.PERCENT, None))
        below = set(self.tree.bases(metric_id)) - {metric_id}
        return shapes.Line(
            metric=metric,
            version=version,
            depth=depth,
            before=None if step is None else change.rounded(step.before, units.places_of(metric)),
            after=None if step is None else change.rounded(step.after, units.places_of(metric)),
            way=way,
            number=number,
            rides=metric_id in self.riders and self.volume is not None,
            is_held=metric_id in self.own and bool(below & self.held.keys()),
            refusal=refusal,
        )

    def _others(self) -> list[shapes.Line]:
        """Certified metrics outside of the tree that move with it, by name."""
        moved = self.held.keys()
        above = [
            metric_id
            for metric_id, version in self.tree.versions.items()
            if metric_id not in self.inside
            and not version.is_base
            and moved & self.tree.walked(metric_id).keys()
        ]
        named = sorted(above, key=lambda one: (self.metrics[one].name, self.metrics[one].key))
        lines = [self._line(one, 0) for one in named]
        return [line for line in lines if line.change]

    def _brought(self, result: change.Step | None) -> list[shapes.Brought]:
        if result is None:
            return []
        told = drivers.attributed(
            result,
            {str(metric_id): step for metric_id, step in self.own.items()},
            units.places_of(self.metric),
        )
        found = []
        for metric_id, step in self.own.items():
            metric = self.metrics[metric_id]
            before, after = (
                change.rounded(value, units.places_of(metric)) for value in (step.before, step.after)
            )
            amount = told.brought.get(str(metric_id), Decimal(0))
            rides = metric_id in self.riders and self.volume in self.own
            found.append(shapes.Brought(metric, before, after, amount, rides))
        return sorted(found, key=lambda one: (-abs(one.amount), one.metric.key))

    def _volumes(self) -> list[Metric]:
        """What money of the tree can be divided by: counts in the tree, and those that a certified ratio divides by."""
        leaves = set(self.tree.bases(self.metric.pk))
        found = {one for one in leaves if _is_count(self.metrics[one].unit)}
        for over, under in self._ratios().values():
            if (
                over in self.inside
                and _is_count(self.metrics[under].unit)
                and self.tree.versions[under].is_base
            ):
                found.add(under)
        return sorted((self.metrics[one] for one in found), key=lambda one: (one.name, one.key))

    def _ratios(self) -> dict[uuid.UUID, tuple[uuid.UUID, uuid.UUID]]:
        """Metrics that are one metric by another → the two."""
        found = {}
        for metric_id, version in self.tree.versions.items():
            if not version.is_base:
                pair = divided(self.tree.formula(version).root)
                if pair and pair[0] in self.ids and pair[1] in self.ids:
                    found[metric_id] = (self.ids[pair[0]], self.ids[pair[1]])
        return found

    def _riders(self) -> set[uuid.UUID]:
        """Summed money of the tree that grows with the volume."""
        return {
            one
            for one in self.tree.bases(self.metric.pk)
            if one != self.volume
            and self.tree.versions[one].aggregation == Aggregation.SUM
            and self.tree.versions[one].additivity == Additivity.ADDITIVE
            and units.parse(self.metrics[one].unit).is_money
        }

    def _prices(self) -> dict[str, str]:
        """Key of what rides → the name of its amount for each unit of the volume, where a metric is certified."""
        if self.volume is None:
            return {}
        return {
            self.metrics[over].key: self.metrics[ratio].name
            for ratio, (over, under) in self._ratios().items()
            if under == self.volume and over in self.riders
        }


def released(scenario: "Reckoner", result: change.Step | None) -> list[shapes.Cash]:
    """For a result in days: what the change of each balance's days is worth at what passes in a day of the scenario.

    The sign is that of the days in the result: fewer days of what customers owe set cash free, more days of what is
    owed to suppliers do.
    """
    if result is None or str(units.parse(scenario.metric.unit)) != "day":
        return []
    turns = {one: shape for one in scenario.inside if (shape := _turn(scenario, one)) is not None}
    steps = {one: step for one in turns if (step := scenario.step(one)[0]) is not None}
    held = {one: change.given(str(one), step.before, step.after) for one, step in steps.items()}
    whole, _refusal = scenario.step(scenario.metric.pk, held)
    found = []
    for metric_id, step in steps.items():
        balance, flow, period = turns[metric_id]
        passed, days = scenario.step(flow)[0], scenario.step(period)[0]
        slope = (whole.slopes if whole else {}).get(str(metric_id), Fraction(0))
        if not step.change or not slope or passed is None or days is None or not days.after:
            continue
        daily = passed.after / days.after
        metric = scenario.metrics[metric_id]
        found.append(
            shapes.Cash(
                metric,
                scenario.metrics[balance],
                scenario.metrics[flow],
                change.rounded(step.change, max(units.places_of(metric), units.CENTS)),
                change.rounded(daily, units.CENTS),
                change.rounded(-slope * step.change * daily, units.CENTS),
            )
        )
    return sorted(found, key=lambda one: (-abs(one.released), one.metric.key))


def _turn(scenario: "Reckoner", metric_id: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID] | None:
    """(balance, flow, days) of a metric that is balance ÷ flow × days."""
    known, ids = scenario.tree.versions, scenario.ids
    if known[metric_id].is_base:
        return None
    root = scenario.tree.formula(known[metric_id]).root
    if not isinstance(root, Binary) or root.operator != "*" or not isinstance(root.right, Reference):
        return None
    pair = divided(root.left)
    if pair is None or any(ids.get(key) not in known for key in (*pair, root.right.key)):
        return None
    balance, flow, days = ids[pair[0]], ids[pair[1]], ids[root.right.key]
    is_balance = known[balance].additivity == Additivity.SEMI
    if not is_balance or not units.parse(scenario.metrics[balance].unit).is_money:
        return None
    return balance, flow, days


def divided(node: Node) -> tuple[str, str] | None:
    """The keys of "one metric by another"."""
    sides: tuple[Node, ...] = ()
    if isinstance(node, Binary) and node.operator == "/":
        sides = (node.left, node.right)
    elif isinstance(node, Call) and node.function == "ratio":
        sides = node.arguments
    if len(sides) == 2 and isinstance(sides[0], Reference) and isinstance(sides[1], Reference):
        return sides[0].key, sides[1].key
    return None


def _is_count(unit: str) -> bool:
    """A number of things: no money, no time."""
    parsed = units.parse(unit)
    return not parsed.is_dimensionless and all(
        atom[0] == "count" and power == 1 for atom, power in parsed.powers
    )
