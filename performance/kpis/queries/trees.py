"""What a metric is computed from, as a tree that is walked with two values of each number at hand."""

import functools
import uuid
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from types import MappingProxyType

from performance.engine import change
from performance.kpis import formulas
from performance.kpis.models import MetricVersion


class Tree:
    """Definitions in force, walked down to the metrics that are read from data, and to running totals. `keys`: metric
    key → id; `cuts`: the dimensions of the slice that is told, and of its parts. Where an input is shared out among such
    parts, the walk ends with its amount: what it is computed from has no part of its own."""

    def __init__(
        self,
        versions: Mapping[uuid.UUID, MetricVersion],
        keys: Mapping[str, uuid.UUID],
        cuts: Collection[str] = (),
    ) -> None:
        self.versions, self.keys, self.cuts = versions, keys, frozenset(cuts)
        self._parsed: dict[uuid.UUID, formulas.Formula] = {}

    def formula(self, version: MetricVersion) -> formulas.Formula:
        """Each is parsed once."""
        if version.pk not in self._parsed:
            self._parsed[version.pk] = formulas.parse(version.formula)
        return self._parsed[version.pk]

    @functools.cached_property
    def shared_out(self) -> dict[uuid.UUID, list[str]]:
        """metric id → the keys of its inputs that have their amounts from a rule, by some of the dimensions that are
        told."""
        found: dict[uuid.UUID, list[str]] = {}
        for metric_id, version in self.versions.items():
            for key in sorted(version.allocations):
                used = self.versions.get(self.keys[key]) if key in self.keys else None
                if used is not None and not self.cuts & set(version.dimensions) <= set(used.dimensions):
                    found.setdefault(metric_id, []).append(key)
        return found

    @functools.cached_property
    def _ends(self) -> set[uuid.UUID]:
        return {self.keys[key] for keys in self.shared_out.values() for key in keys}

    def is_end(self, version: MetricVersion) -> bool:
        """What is told by its own value: data, running totals, and what is shared out."""
        return is_leaf(version) or version.metric_id in self._ends

    def bases(self, metric_id: uuid.UUID, above: frozenset[uuid.UUID] = frozenset()) -> list[uuid.UUID]:
        """In the order of the formula, each once."""
        version = self.versions.get(metric_id)
        if version is None or metric_id in above:
            return []
        if self.is_end(version):
            return [metric_id]
        found: dict[uuid.UUID, None] = {}
        for key in self.formula(version).references:
            if key in self.keys:
                found |= dict.fromkeys(self.bases(self.keys[key], above | {metric_id}))
        return list(found)

    def below(self, metric_id: uuid.UUID) -> list[uuid.UUID]:
        """The direct inputs that are there, in the order of the formula."""
        version = self.versions.get(metric_id)
        if version is None or self.is_end(version):
            return []
        references = self.formula(version).references
        return [self.keys[key] for key in references if key in self.keys and self.keys[key] in self.versions]

    def walked(self, metric_id: uuid.UUID) -> dict[uuid.UUID, int]:
        """Everything that it is computed from, itself first, each once where it is met first → its depth."""
        found: dict[uuid.UUID, int] = {}
        waiting = [(metric_id, 0)]
        while waiting:
            one, depth = waiting.pop()
            if one in self.versions and one not in found:
                found[one] = depth
                waiting += [(below, depth + 1) for below in reversed(self.below(one))]
        return found

    def step(
        self,
        metric_id: uuid.UUID,
        pair_of: Callable[[uuid.UUID], tuple[Decimal | None, Decimal | None]],
        above: frozenset[uuid.UUID] = frozenset(),
        held: Mapping[uuid.UUID, change.Step] = MappingProxyType({}),
    ) -> change.Step:
        """`pair_of`: a metric of data → its values before and after. `held`: metrics whose step is given instead of being
        computed. Raises ChangeRefused."""
        if metric_id in held:
            return held[metric_id]
        version = self.versions.get(metric_id)
        if version is None:
            raise formulas.ChangeRefused("missing")
        if metric_id in above:
            raise formulas.ChangeRefused("circular")
        if self.is_end(version):
            found = _given(metric_id, pair_of(metric_id), may_be_zero=False)
            if found is None:
                raise formulas.ChangeRefused("missing")
            return found
        takes_zero = version.missing_policy == "zero"

        def metric(key: str, may_be_zero: bool) -> change.Step | None:
            if key not in self.keys:
                return None
            used = self.keys[key]
            if used in held:
                return held[used]
            its_own = self.versions.get(used)
            if its_own is not None and self.is_end(its_own):
                return _given(used, pair_of(used), may_be_zero=may_be_zero or takes_zero)
            try:
                return self.step(used, pair_of, above | {metric_id}, held)
            except formulas.ChangeRefused as refused:
                if refused.code == "missing" and (may_be_zero or takes_zero):
                    return change.number(0)
                raise

        return formulas.step_of(self.formula(version).root, metric)


def is_leaf(version: MetricVersion) -> bool:
    """What is told by its own value: data, and running totals, whose value is no formula of one month."""
    return version.is_base or version.is_cumulative


def _given(
    metric_id: uuid.UUID, pair: tuple[Decimal | None, Decimal | None], *, may_be_zero: bool
) -> change.Step | None:
    before, after = (Decimal(0) if each is None and may_be_zero else each for each in pair)
    if before is None or after is None:
        return None
    return change.given(str(metric_id), before, after)
