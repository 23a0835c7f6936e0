"""What an objective's progress is made of: its own key results and what contributes to it."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from okr.models import Alignment, KeyResult, Objective, OkrPolicy
from okr.models.alignment import AlignmentKind
from okr.queries.links import with_sight
from performance.engine import progress

#: A contributing objective and its share in ppm.
Contributing = tuple[Objective, int]


def items_of(
    own: Iterable[KeyResult], contributing: Iterable[Contributing]
) -> tuple[list[progress.RollupItem], list[progress.RollupItem]]:
    """Key results and what contributes, as the engine's parts. What is not in force does not count."""
    return (
        [progress.RollupItem(str(each.pk), each.progress_micro, each.weight_ppm) for each in own],
        [
            progress.RollupItem(str(child.pk), child.progress_micro, share)
            for child, share in contributing
            if child.is_in_force
        ],
    )


def counted_together(
    own: Sequence[progress.RollupItem], others: Sequence[progress.RollupItem], policy: OkrPolicy
) -> progress.Rollup:
    """The progress of an objective, with what each part added to it."""
    return progress.objective_progress(
        own,
        others,
        source=policy.roll_up,  # type: ignore[arg-type]
        method=policy.method,  # type: ignore[arg-type]
        missing=policy.missing,  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class Part:
    """One line of the sum: progress × share = what it adds, in micro percent, ppm and micro percent. `objectives` are
    those that contribute it: none for the own key results, several for those that the reader may not see, which are
    one line without a name. `planned_ppm` is its weight before what has no progress yet was left out."""

    objectives: list[Objective]
    is_seen: bool
    progress_micro: int | None
    share_ppm: int
    adds_micro: int
    planned_ppm: int

    @property
    def is_own(self) -> bool:
        return not self.objectives

    @property
    def counts(self) -> bool:
        return self.share_ppm > 0

    @property
    def progress_percent(self) -> Decimal | None:
        return None if self.progress_micro is None else _percent(self.progress_micro)

    @property
    def adds_percent(self) -> Decimal:
        return _percent(self.adds_micro)


@dataclass(frozen=True)
class Figure:
    """How the progress is made. `parts` is empty where it is nothing but the own key results. `is_current` is False
    where what it is made of has moved since the figure was locked. `planned_ppm`: what each key result weighs in the
    whole."""

    parts: list[Part] = field(default_factory=list)
    progress_micro: int | None = None
    is_current: bool = True
    planned_ppm: dict[uuid.UUID, int] = field(default_factory=dict)
    has_others_plans: bool = False

    @property
    def whole_percent(self) -> Decimal | None:
        return None if self.progress_micro is None else _percent(self.progress_micro)

    @property
    def others(self) -> list[Part]:
        return [each for each in self.parts if not each.is_own]


def figure_of(
    objective: Objective, own: Sequence[KeyResult], visible: QuerySet[Objective], policy: OkrPolicy
) -> Figure:
    """How the objective's progress is made, as far as this reader may know: goals that they may not see count without
    a name, all of them in one line, so that the sum can be done by hand. One query."""
    links = with_sight(
        Alignment.objects.filter(parent=objective, kind=AlignmentKind.CONTRIBUTES).exclude(accepted_at=None),
        visible,
    )
    rows: list[Any] = [
        each
        for each in links.select_related("child__owner").order_by("-share_ppm", "id")
        if each.child.is_in_force
    ]
    ours, theirs = items_of(own, [(each.child, each.share_ppm) for each in rows])
    rolled = counted_together(ours, theirs, policy)
    found = {each.key: each for each in rolled.parts}
    whole = sum(each.weight for each in rolled.parts) or 1
    planned = {each.pk: _ppm(found, [each], whole) for each in own}
    if policy.roll_up == "key_results" or not rows:
        return Figure(planned_ppm=planned)
    parts = []
    if policy.roll_up == "both" and own:
        alone = counted_together(ours, [], policy)
        parts.append(_part([], [found[str(each.pk)] for each in own], whole, alone.value_micro))
    parts += [
        _part([each.child], [found[str(each.child_id)]], whole, each.child.progress_micro)
        for each in rows
        if each.is_seen
    ]
    if hidden := [each.child for each in rows if not each.is_seen]:
        counted = [found[str(each.pk)] for each in hidden]
        share = sum(each.effective_ppm for each in counted)
        mean = sum(each.effective_ppm * (each.value_micro or 0) for each in counted)
        parts.append(_part(hidden, counted, whole, mean // share if share else None, is_seen=False))
    return Figure(
        parts,
        rolled.value_micro,
        is_current=rolled.value_micro == objective.progress_micro,
        planned_ppm=planned,
        has_others_plans=any(
            each.child.pace_points for each in rows if each.child.period_id == objective.period_id
        ),
    )


def _percent(micro: int) -> Decimal:
    return Decimal(micro) / 1_000_000


def _ppm(found: dict[str, progress.Contribution], rows: Iterable[Any], whole: int) -> int:
    return 1_000_000 * sum(found[str(each.pk)].weight for each in rows if str(each.pk) in found) // whole


def _part(
    objectives: list[Objective],
    counted: list[progress.Contribution],
    whole: int,
    value: int | None,
    *,
    is_seen: bool = True,
) -> Part:
    return Part(
        objectives,
        is_seen,
        value,
        sum(each.effective_ppm for each in counted),
        sum(each.contribution_micro for each in counted),
        1_000_000 * sum(each.weight for each in counted) // whole,
    )
