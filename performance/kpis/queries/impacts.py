"""What signing a version moves: which words change, by how much each month would differ, and who reads the number."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from performance.foundation import access, audit, refusals
from performance.kpis import semantics
from performance.kpis.models import MetricVersion, VersionState
from performance.kpis.queries import effects, months, pages, previews, uses
from performance.kpis.queries.sheets import sheet_of
from performance.kpis.queries.sights import sight_of
from performance.people import queries as people


@dataclass(frozen=True)
class Impact:
    """`against`: the version that this one would follow, None for a first one. `is_too_slow`: the months could not be
    computed while somebody waits."""

    version: MetricVersion
    against: MetricVersion | None
    changes: Sequence[tuple[Any, str | None, str | None]]
    months: Sequence[effects.Effect]
    uses: Sequence[uses.Uses]
    is_too_slow: bool = False

    @property
    def moved(self) -> list[effects.Effect]:
        """The months whose value would be another one."""
        return [row for row in self.months if row.before != row.after]

    @property
    def seen(self) -> dict[str, Any]:
        """What a signature keeps of it. The words that change are those of two versions that never change again."""
        return {
            "against": self.against.number if self.against else None,
            "too_slow": self.is_too_slow,
            "months": [
                {
                    "month": months.key(row.month),
                    "before": audit.plain(row.before),
                    "after": audit.plain(row.after),
                }
                for row in self.months
            ],
            "uses": {each.kind: each.number for each in self.uses},
        }

    @cached_property
    def mark(self) -> str:
        """The same for everybody who sees the same numbers, another one once any of them moves."""
        told = json.dumps(self.seen, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(told.encode()).hexdigest()[:32]


def impact_of(version: MetricVersion, actor: access.Actor) -> Impact:
    """What the version changes against the newest one signed before it, and what still reads the number. Only for one that
    waits, months are computed. A constant number of queries; the months take four seconds at most."""
    earlier = MetricVersion.objects.filter(
        metric=version.metric_id,
        number__lt=version.number,
        state__in=[VersionState.CERTIFIED, VersionState.DEPRECATED],
    )
    against = earlier.select_related("dataset").order_by("-number").first()
    changes = pages.version_changes(against, version) if against else []
    if version.state == VersionState.CERTIFIED:
        today = people.today(actor.organisation)
        return Impact(version, against, changes, [], uses.uses_of(actor, version.metric, today))
    if not version.is_open:
        return Impact(version, against, changes, [], [])
    rows: Sequence[effects.Effect] = []
    is_too_slow = False
    try:
        if _still_makes_sense(version):
            rows = effects.effects(version, version.metric, sight=sight_of(actor))
    except previews.PreviewTooSlow:
        is_too_slow = True
    read_by = uses.uses_of(actor, version.metric, version.effective_from)
    return Impact(version, against, changes, rows, read_by, is_too_slow)


def _still_makes_sense(version: MetricVersion) -> bool:
    """Whether the columns that a draft reads are still there. Formulas say themselves what they miss."""
    if version.dataset is None or version.dataset.is_live:
        return True
    try:
        semantics.check(version, sheet=sheet_of(version.dataset), inputs={})
    except refusals.Refused:
        return False
    return True
