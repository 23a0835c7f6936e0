"""The score that would follow: the kept score of a period with other values of metrics in it. Nothing is kept."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

from performance.engine import fixed
from performance.foundation import i18n
from performance.people import models as people
from performance.scoring import evidence
from performance.scoring.models import OWN_UNIT, PolicyVersion, Score
from performance.scoring.queries.replays import segments_of

METRIC = "kpi"


#: A value of a metric has fewer digits before the point than this.
LARGEST = Decimal(10) ** 24


@dataclass(frozen=True)
class SupposedLine:
    """One component whose metric is supposed to be another: its score and its points, in micro."""

    name: str
    value_before: int | None
    value_after: int | None
    points_before: int
    points_after: int


@dataclass(frozen=True)
class Supposed:
    """A score as it is and as it would be. Without `lines` nothing that it rests on is supposed to be another."""

    score: Score
    before: int | None
    after: int | None
    lines: tuple[SupposedLine, ...]

    @property
    def change(self) -> int | None:
        return None if self.before is None or self.after is None else self.after - self.before


def supposed_score(
    score: Score, person: people.Person, *, within: Mapping[str, str], values: Mapping[str, Decimal]
) -> Supposed:
    """`values`: metric key → its value in the slice `within` over the days of the score's period. One that no metric
    could have is not supposed.

    The kept inputs are reckoned as a replay reckons them, once as they are and once with these values. One query.
    """
    wanted = [uuid.UUID(segment["version"]) for segment in evidence.segments_named(score)]
    segments = segments_of(score, PolicyVersion.objects.in_bulk(wanted))
    unit = person.unit
    own = {key: str(value) for key, value in unit.slice.items()} if unit is not None else None
    before = evidence.inputs_of(score)
    moved: set[str] = set()
    after = []
    for segment, inputs in zip(segments, before, strict=True):
        given = dict(inputs)
        for key, component in segment.components.items():
            slice_ = own if component["slice"] == OWN_UNIT else component["slice"]
            value = values.get(component["source_ref"])
            is_here = component["source_kind"] == METRIC and slice_ == dict(within) and key in given
            if is_here and value is not None and value.is_finite() and abs(value) < LARGEST:
                given[key] = replace(given[key], value_micro=_micro(value))
                moved.add(key)
        after.append(given)
    return held_against(score, (segments, before), (segments, after), only=moved)


#: By what a score is reckoned, and from what.
Reckoning = tuple[Sequence[evidence.Segment], Sequence[Mapping[str, evidence.Input]]]


def held_against(
    score: Score, kept: Reckoning, otherwise: Reckoning, *, only: Collection[str] | None = None
) -> Supposed:
    """Reckoned once as it was kept and once otherwise. `only`: the components that are told of; None for all."""
    now, then = (evidence.reckon(segments, [inputs])[0] for segments, inputs in (kept, otherwise))
    names = {
        key: i18n.local_in(component, "name") for one in kept[0] for key, component in one.components.items()
    }
    old, new = ({line["key"]: line for line in one.explanation["components"]} for one in (now, then))
    lines = tuple(
        SupposedLine(
            names.get(key, key),
            old[key]["value_micro"],
            new[key]["value_micro"],
            old[key]["contribution_micro"],
            new[key]["contribution_micro"],
        )
        for key in old
        if only is None or key in only
    )
    return Supposed(score, now.score_micro, then.score_micro, lines)


def _micro(value: Decimal) -> int:
    """As metric values become evidence: half to even."""
    return int(
        fixed.EXACT.multiply(value, Decimal(fixed.ONE)).quantize(Decimal(1), ROUND_HALF_EVEN, fixed.EXACT)
    )
