"""What another policy would change about the figures of a period, before anybody chooses it."""

import datetime
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from okr.models import KeyResult, Milestone, Objective, OkrPolicy
from okr.queries import pace, policies, recounts
from okr.queries.objectives import ObjectiveRow, rows_of

#: Objectives that are named.
LISTED = 10


@dataclass(frozen=True)
class Mover:
    """An objective as it stands and as it would stand: micro percent and status."""

    objective: Objective
    before_micro: int | None
    after_micro: int | None
    before_status: str
    after_status: str

    @property
    def moves(self) -> bool:
        return self.before_micro != self.after_micro

    @property
    def turns(self) -> bool:
        return self.before_status != self.after_status

    @property
    def before(self) -> Decimal | None:
        return _percent(self.before_micro)

    @property
    def after(self) -> Decimal | None:
        return _percent(self.after_micro)

    @property
    def distance(self) -> int:
        return abs((self.after_micro or 0) - (self.before_micro or 0))


@dataclass(frozen=True)
class PolicyPreview:
    """`counted`: objectives that are counted again, those above in other open periods included; `moved`: of them those with
    another progress, whoever may see them. The rest is about what the reader sees: `movers` the furthest first, `unlisted`
    how many more there are, and `turned` how many change from one status to another. `unseen`: how many move or turn that
    the reader may not see."""

    counted: int
    moved: int
    movers: list[Mover]
    unlisted: int
    turned: list[tuple[str, str, int]]
    unseen: int


def policy_preview(
    proposed: OkrPolicy, *, visible: QuerySet[Objective], on: datetime.date, organisation: Any
) -> PolicyPreview:
    """By the code that counts progress, with the other policy; nothing is written or locked. A constant number of
    queries, a few more for each period with checkpoints that is reached."""
    own = Objective.objects.filter(period=proposed.period_id).exclude(version_number=None)
    reached = recounts.and_above(list(own.values_list("pk", flat=True)))
    objectives = {each.pk: each for each in _with_figures(reached)}
    periods = {each.period_id: each.period for each in objectives.values()}
    paces = pace.paces_in(periods.values(), on, organisation)
    in_force = policies.policies_of(periods)
    before = _rows(objectives, paces, in_force)
    stood = {key: row.objective.progress_micro for key, row in before.items()}
    counted_by = in_force | {proposed.period_id: proposed}
    own_results = {key: list(each.key_results.all()) for key, each in objectives.items()}
    recounts.measure_each(
        (
            row
            for key, rows in own_results.items()
            if objectives[key].period.progress_locked_at is None
            for row in rows
        ),
        objectives,
        counted_by,
    )
    recounts.recount(objectives, own_results, counted_by)
    after = _rows(objectives, paces, counted_by)
    every = [
        Mover(one, stood[key], one.progress_micro, before[key].status, after[key].status)
        for key, one in objectives.items()
        if recounts.may_move(one)
    ]
    return _told(every, visible)


def _with_figures(objective_ids: Iterable[uuid.UUID]) -> QuerySet[Objective]:
    """No more of each than its figures need: a period holds thousands. Who owns the few that are named comes after."""
    steps = Milestone.objects.filter(removed_at=None)
    standing = KeyResult.objects.filter(removed_at=None).prefetch_related(
        Prefetch("milestones", queryset=steps.defer("title"))
    )
    found = Objective.objects.filter(pk__in=objective_ids).select_related("period").defer("description")
    return found.prefetch_related(Prefetch("key_results", queryset=standing.defer("title", "unit")))


def _told(every: list[Mover], visible: QuerySet[Objective]) -> PolicyPreview:
    changed = [each for each in every if each.moves or each.turns]
    known = set(visible.filter(pk__in=[each.objective.pk for each in changed]).values_list("pk", flat=True))
    seen = [each for each in changed if each.objective.pk in known]
    seen.sort(key=lambda each: (-each.distance, not each.turns, each.objective.title))
    prefetch_related_objects([each.objective for each in seen[:LISTED]], "owner", "team")
    turned = Counter((each.before_status, each.after_status) for each in seen if each.turns)
    return PolicyPreview(
        counted=len(every),
        moved=sum(each.moves for each in every),
        movers=seen[:LISTED],
        unlisted=len(seen[LISTED:]),
        turned=[(*pair, number) for pair, number in turned.most_common()],
        unseen=len(changed) - len(seen),
    )


def _rows(
    objectives: dict[uuid.UUID, Objective], paces: Any, counted_by: Any
) -> dict[uuid.UUID, ObjectiveRow]:
    return {row.objective.pk: row for row in rows_of(objectives.values(), paces, counted_by)}


def _percent(micro: int | None) -> Decimal | None:
    return None if micro is None else Decimal(micro) / 1_000_000
