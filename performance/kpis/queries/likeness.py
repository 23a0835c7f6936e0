"""Like for like: two months compared by the parts alone that have values in both.

The totals of both sides are computed anew from those parts by the definition in force in each month: sums of sums, a
ratio of sums, people counted once; never an average of what the parts had.
"""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from typing import Any

from django.db import connection
from django.db.models import Max, Min
from django.utils.translation import gettext_lazy as _

from performance.foundation import refusals
from performance.kpis import formulas, semantics
from performance.kpis.models import Aggregation, Metric, MetricValue, MetricVersion, MissingPolicy
from performance.kpis.models.values import DIGITS, PLACES
from performance.kpis.queries import comparing, months, trees
from performance.kpis.queries.conversions import conversion_of
from performance.kpis.queries.definitions import versions_in_force
from performance.kpis.queries.labels import labels_for
from performance.kpis.queries.previews import PreviewTooSlow, in_time
from performance.kpis.queries.sheets import sheets_of
from performance.kpis.queries.sights import EVERYTHING, Sight
from performance.kpis.queries.values import values
from performance.kpis.semantics import Slice

#: Parts that are named as left out; the others are counted.
MOST_NAMED = 30
#: What the values of parts do not make up: it is computed from rows.
FROM_ROWS = frozenset({Aggregation.DISTINCT, Aggregation.AVG})
BEGAN, ENDED, NO_DATA = "began", "ended", "no_data"
FULL = 1_000_000
NOTHING = Decimal(0)
REASONS: dict[str, Any] = {
    "no_parts": _("This metric has no parts that could be compared."),
    "nothing_alike": _("No part has a value in both months."),
    "live": _(
        "Its rows stay at their source, and the values of its parts do not make up a whole: they cannot be put together."
    ),
    "slow": _("Putting the parts together takes too long."),
    "gone": _("Something that it is computed from is gone."),
    "shared_out": _(
        "It shares a whole out among all parts: what some of them make up would share it otherwise."
    ),
    "closed": _(
        "You see the parts of your branch alone: what they make up is not the company like for like."
    ),
}


class LikenessRefused(refusals.Refused):
    """Why two months cannot be compared like for like."""

    def __init__(self, code: str) -> None:
        super().__init__(REASONS[code], code=code)


@dataclass(frozen=True)
class Side:
    """A metric in both months."""

    before: Decimal | None
    after: Decimal | None

    @property
    def change(self) -> Decimal | None:
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def relative(self) -> Decimal | None:
        return comparing.relative(self.after, self.before)


@dataclass(frozen=True)
class LeftOut:
    """A part with a value in one of the two months at most. `reason`: "began" (none before `month`), "ended" (none
    after it), "no_data" (none in it, though before and after)."""

    slice: dict[str, str]
    label: str
    before: Decimal | None
    after: Decimal | None
    reason: str
    month: datetime.date


@dataclass(frozen=True)
class Likeness:
    """`refusal`: why `alike` is unknown. `left_out` names the first of `left_out_count` parts."""

    since: datetime.date
    until: datetime.date
    cut: str
    whole: Side
    alike: Side
    kept: int
    left_out: Sequence[LeftOut]
    left_out_count: int
    refusal: str = ""

    @property
    def unnamed(self) -> int:
        return self.left_out_count - len(self.left_out)


def like_for_like(
    metric: Metric,
    *,
    since: datetime.date,
    until: datetime.date,
    within: Slice,
    cut: str,
    sight: Sight = EVERYTHING,
) -> Likeness:
    """The month `until` against the month `since` by the parts of `cut` within a slice. The number of queries depends
    on the definition alone. Where parts are closed to the reader, what is left over would not be the company's."""
    since, until, within = months.first_of(since), months.first_of(until), dict(within)
    ends = (since, until)
    definitions = {end: _tree_of(end, {*within, cut}) for end in ends}
    used = {metric.pk}.union(*(tree.walked(metric.pk) for tree in definitions.values()))
    kept = _Kept(used, ends, within, cut, sight)
    whole = Side(*(kept.total(metric.pk, end) for end in ends))
    values_of = {end: kept.parts(metric.pk, end) for end in ends}
    known = set(values_of[since]) | set(values_of[until])
    alike = {text for text in known if all(_value(values_of[end].get(text)) is not None for end in ends)}
    out = sorted(known - alike)
    if sight.hides_parts(metric.pk, within):
        told = Likeness(since, until, cut, whole, Side(None, None), 0, [], 0)
        return replace(told, refusal=str(LikenessRefused("closed")))
    named = _left_out(metric, cut, within, ends, values_of, out)
    told = Likeness(since, until, cut, whole, Side(None, None), len(alike), named, len(out))
    try:
        if not cut or not known:
            raise LikenessRefused("no_parts")
        if not alike:
            raise LikenessRefused("nothing_alike")
        if not out:
            return replace(told, alike=whole)
        chosen = [values_of[until][text].slice[cut] for text in sorted(alike)]
        sides = [
            _together(metric.pk, end, definitions[end], kept, alike, within, cut, chosen) for end in ends
        ]
        return replace(told, alike=Side(*sides))
    except LikenessRefused as refused:
        return replace(told, refusal=str(refused))


def _value(part: MetricValue | None) -> Decimal | None:
    return None if part is None else part.value


def _tree_of(month: datetime.date, cuts: set[str]) -> trees.Tree:
    """What is in force in one month. Two queries."""
    versions = versions_in_force(month)
    return trees.Tree(versions, dict(Metric.objects.filter(pk__in=versions).values_list("key", "pk")), cuts)


class _Kept:
    """Current values of two months, of the slice and of its parts. One query."""

    def __init__(
        self,
        metric_ids: set[uuid.UUID],
        ends: Sequence[datetime.date],
        within: dict[str, str],
        cut: str,
        sight: Sight,
    ) -> None:
        own, parts = (",".join(sorted(keys)) for keys in (within, {*within, cut} if cut else within))
        self._totals: dict[tuple[uuid.UUID, datetime.date], Decimal | None] = {}
        self._parts: dict[tuple[uuid.UUID, datetime.date], dict[str, MetricValue]] = {}
        rows = sight.seen(values()).filter(
            metric__in=metric_ids,
            period_start__in=ends,
            dimensions__in={own, parts},
            slice__contains=within,
        )
        for row in rows:
            place = row.metric_id, row.period_start
            if row.dimensions == own:
                self._totals[place] = row.value
            else:
                self._parts.setdefault(place, {})[row.slice_key] = row

    def total(self, metric_id: uuid.UUID, month: datetime.date) -> Decimal | None:
        return self._totals.get((metric_id, month))

    def parts(self, metric_id: uuid.UUID, month: datetime.date) -> dict[str, MetricValue]:
        return self._parts.get((metric_id, month), {})


def _left_out(
    metric: Metric,
    cut: str,
    within: dict[str, str],
    ends: tuple[datetime.date, datetime.date],
    values_of: Mapping[datetime.date, Mapping[str, MetricValue]],
    texts: Sequence[str],
) -> list[LeftOut]:
    """Why each of them has no value in both months: by its first and last month. Three queries."""
    since, until = ends
    dimensions = ",".join(sorted({cut, *within}))
    spans = {
        text: (first, last)
        for text, first, last in values()
        .filter(metric=metric, dimensions=dimensions, slice_key__in=texts)
        .exclude(value=None)
        .values_list("slice_key")
        .annotate(Min("period_start"), Max("period_start"))
    }
    slices = {text: row.slice for end in ends for text, row in values_of[end].items()}
    labels = labels_for([slices[text] for text in texts])
    found = []
    for text in texts:
        before, after = (_value(values_of[end].get(text)) for end in ends)
        first, last = spans.get(text, (None, None))
        if before is None and first is not None and first > since:
            reason, month = BEGAN, first
        elif after is None and last is not None and last < until:
            reason, month = ENDED, last
        else:
            reason, month = NO_DATA, since if before is None else until
        label = labels.value(cut, slices[text].get(cut, ""))
        found.append(LeftOut(dict(slices[text]), label, before, after, reason, month))
    found.sort(key=lambda one: (-max(abs(one.before or NOTHING), abs(one.after or NOTHING)), one.label))
    return found[:MOST_NAMED]


def _together(
    metric_id: uuid.UUID,
    month: datetime.date,
    definitions: trees.Tree,
    kept: _Kept,
    alike: set[str],
    within: dict[str, str],
    cut: str,
    chosen: Sequence[str],
) -> Decimal | None:
    """The metric over some parts as one. Raises LikenessRefused."""
    bases = [definitions.versions[one] for one in definitions.bases(metric_id)]
    sheets = sheets_of(version.dataset for version in bases if version.dataset and _needs_rows(version))
    shared = definitions.shared_out
    if any(one in shared for one in definitions.walked(metric_id)):
        raise LikenessRefused("shared_out")
    given: dict[uuid.UUID, Decimal | None] = {}
    for version in bases:
        if not _needs_rows(version):
            parts = kept.parts(version.metric_id, month)
            given[version.metric_id] = _added(version, [parts[text] for text in alike if text in parts])
            continue
        if version.dataset is None or version.dataset.is_live:
            raise LikenessRefused("live")
        given[version.metric_id] = _from_rows(
            version, sheets[version.dataset.pk], month, within, {cut: chosen}
        )
    names = {key: f"b{place}" for place, key in enumerate(given)}

    def expression(one: uuid.UUID, above: frozenset[uuid.UUID]) -> str:
        if one in names:
            return names[one]
        version = definitions.versions.get(one)
        if version is None or one in above:
            raise LikenessRefused("gone")
        if version.missing_policy == MissingPolicy.BLOCK and not _is_covered(kept.parts(one, month), alike):
            return "NULL::numeric"
        formula = definitions.formula(version)
        if not set(formula.references) <= set(definitions.keys):
            raise LikenessRefused("gone")
        inputs = {key: expression(definitions.keys[key], above | {one}) for key in formula.references}
        if version.missing_policy == MissingPolicy.ZERO:
            inputs = {key: f"coalesce({sql}, 0)" for key, sql in inputs.items()}
        # As it is kept: what is computed from it reads it with as many places.
        return f"round({formulas.sql(formula, inputs)}, {PLACES})"

    sql = expression(metric_id, frozenset())
    columns, gaps = ", ".join(names.values()), ", ".join("%s::numeric" for _base in names)
    with connection.cursor() as cursor:
        # Our own alphabet and formulas that were parsed; values are parameters.
        cursor.execute(f"SELECT {sql} FROM (VALUES ({gaps})) AS given ({columns})", list(given.values()))  # noqa: S608
        (value,) = cursor.fetchone()
    return None if value is None else Decimal(value)


def _needs_rows(version: MetricVersion) -> bool:
    return version.aggregation in FROM_ROWS


def _added(version: MetricVersion, parts: Sequence[MetricValue]) -> Decimal | None:
    known = [part.value for part in parts if part.value is not None]
    if not known or (version.missing_policy == MissingPolicy.BLOCK and len(known) < len(parts)):
        return None
    if version.aggregation == Aggregation.MIN:
        return min(known)
    if version.aggregation == Aggregation.MAX:
        return max(known)
    with localcontext(prec=DIGITS):
        return sum(known, NOTHING)


def _is_covered(parts: Mapping[str, MetricValue], alike: set[str]) -> bool:
    return all(text in parts and parts[text].coverage_ppm == FULL for text in alike)


def _from_rows(
    version: MetricVersion,
    sheet: semantics.Sheet,
    month: datetime.date,
    within: dict[str, str],
    among: Mapping[str, Sequence[str]],
) -> Decimal | None:
    dataset = version.dataset
    try:
        semantics.check(version, sheet=sheet, inputs={})
    except refusals.Refused as refused:
        raise LikenessRefused("gone") from refused
    if dataset is None or dataset.loaded_at is None:
        raise LikenessRefused("gone")
    statement = semantics.whole_of_parts(
        version,
        sheet,
        dataset.time_zone,
        since=month,
        until=months.last_of(month),
        within=within,
        among=among,
        conversion=conversion_of(version, sheet),
    )
    try:
        with in_time() as cursor:
            cursor.execute(statement.sql, statement.params)
            (value,) = cursor.fetchone()
    except PreviewTooSlow as slow:
        raise LikenessRefused("slow") from slow
    return None if value is None else Decimal(value)
