"""Plans made: a total over months by season, and targets of a whole over its parts by their shares."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from performance.engine import errors, planning
from performance.foundation.components import formats
from performance.kpis import units
from performance.kpis.models import (
    Additivity,
    CascadeWay,
    Grain,
    Metric,
    MetricVersion,
    PlanKind,
    SpreadWay,
    Target,
)
from performance.kpis.models.values import DIGITS, PLACES
from performance.kpis.queries import months
from performance.kpis.queries.definitions import versions_in_force
from performance.kpis.queries.labels import Labels, labels_for
from performance.kpis.queries.planning.shapes import (
    CascadeAsked,
    Plan,
    PlannedRow,
    PlanRefused,
    Said,
    SpreadAsked,
)
from performance.kpis.queries.sights import EVERYTHING, Sight
from performance.kpis.queries.values import values
from performance.kpis.semantics import Slice, dimensions_text, slice_key

#: How many months a plan covers (two years), how many past years make a season, and how many parts a target is shared
#: out over.
MOST_MONTHS, YEARS, MOST_PARTS = 26, 3, 400
SUMMED = (SpreadWay.SEASON, SpreadWay.EVEN, SpreadWay.OWN)
WHOLE = Decimal(100)


def plan_of(metric: Metric, asked: SpreadAsked | CascadeAsked, sight: Sight = EVERYTHING) -> Plan:
    """Raises PlanRefused, also where the plan would be made from values that are closed to its reader. A constant number
    of queries."""
    first = months.first_of(asked.first)
    most = 2 * months.calendar().per_year
    if not 1 <= asked.months <= most:
        told = Said(gettext_lazy("A plan covers between 1 and %(most)s months."), {"most": most})
        raise PlanRefused(told, code="months", field="span")
    version = versions_in_force(first, [metric.pk]).get(metric.pk)
    if metric.retired_at is not None or version is None:
        raise PlanRefused(gettext_lazy("Targets are planned for certified metrics."), code="uncertified")
    if any(key not in version.dimensions for key in asked.slice):
        raise PlanRefused(gettext_lazy("This metric has no such part."), code="slice", field="slice")
    is_cascade = isinstance(asked, CascadeAsked)
    if not sight.opens(metric.pk, asked.slice) or (is_cascade and sight.hides_parts(metric.pk, asked.slice)):
        message = gettext_lazy("You see the parts of your branch alone: plan for those.")
        raise PlanRefused(message, code="closed", field="slice")
    run = [months.months_before(first, -number) for number in range(asked.months)]
    if isinstance(asked, SpreadAsked):
        return _spread(metric, version, asked, run)
    return _cascade(metric, version, asked, run)


def ways_of(version: MetricVersion) -> list[str]:
    """The ways in which a target of this metric is spread over months."""
    if version.additivity == Additivity.ADDITIVE:
        return list(SUMMED)
    return [SpreadWay.FLAT, SpreadWay.LINE]


def _spread(metric: Metric, version: MetricVersion, asked: SpreadAsked, run: list[datetime.date]) -> Plan:
    if asked.way not in ways_of(version):
        raise PlanRefused(_way_refused(version), code="way", field="way")
    places = _places(metric, [asked.total])
    within = dict(asked.slice)
    shares: list[Fraction] | None = None
    if asked.way == SpreadWay.FLAT:
        after = [asked.total] * len(run)
        said = [_("It does not add up over time: each month has the same target.")]
    elif asked.way == SpreadWay.LINE:
        after, said = _line(metric, within, asked.total, run, places)
    else:
        shares, said = _shares(metric, asked, within, run)
        after = planning.spread(asked.total, shares, places)
    before = _standing(metric, asked.kind, run, {slice_key(within)})
    label = labels_for([within]).of(within)
    rows = [
        PlannedRow(
            month,
            within,
            label,
            shares[place] if shares else None,
            before.get((month, slice_key(within))),
            after[place],
        )
        for place, month in enumerate(run)
    ]
    total = asked.total if shares else None
    return Plan(metric, PlanKind.SPREAD, asked.way, asked.kind, within, "", rows, total, said, bool(shares))


def _way_refused(version: MetricVersion) -> Any:
    if version.additivity == Additivity.ADDITIVE:
        return gettext_lazy(
            "This metric adds up over time: its target is spread so that the months sum to it."
        )
    return gettext_lazy(
        "This metric does not add up over time: its target is the same in each month, or grows in a straight line."
    )


def _shares(
    metric: Metric, asked: SpreadAsked, within: Slice, run: list[datetime.date]
) -> tuple[list[Fraction], list[str]]:
    if asked.way == SpreadWay.OWN:
        return _own_shares(asked.percents, len(run)), []
    if asked.way == SpreadWay.EVEN:
        return planning.even_shares(len(run)), []
    known = _values_by_month(metric, within, run)
    years: list[list[Fraction]] = []
    for back in range(1, YEARS + 1):
        year = [known.get(months.years_before(month, back)) for month in run]
        if all(value is not None for value in year):
            years.append([Fraction(value or 0) for value in year])
    if not years:
        message = gettext_lazy(
            "No past year has a value in each of these months. Spread it evenly or by own percentages."
        )
        raise PlanRefused(message, code="no_season", field="way")
    try:
        shares = planning.seasonal_shares(years)
    except errors.InvalidInput as fault:
        raise PlanRefused(_weights_refused(fault.code), code=fault.code, field="way") from fault
    return shares, [
        _("Past years counted: %(number)s. Each counts by its shape, not by its size.")
        % {"number": len(years)}
    ]


def _own_shares(percents: Sequence[Decimal], wanted: int) -> list[Fraction]:
    if len(percents) != wanted:
        message = gettext_lazy("Give one percentage for each month, %(number)s in all.")
        raise PlanRefused(Said(message, {"number": wanted}), code="percents", field="percents")
    if any(not percent.is_finite() or percent < 0 for percent in percents) or sum(percents) != WHOLE:
        message = gettext_lazy("The percentages sum to %(sum)s, not to 100.")
        raise PlanRefused(Said(message, {"sum": sum(percents)}), code="percents", field="percents")
    return [Fraction(percent) / 100 for percent in percents]


def _line(
    metric: Metric, within: Slice, end: Decimal, run: list[datetime.date], places: int
) -> tuple[list[Decimal], list[str]]:
    newest = (
        values()
        .filter(metric=metric, slice_key=slice_key(within), period_start__lt=run[0], value__isnull=False)
        .order_by("-period_start")
        .first()
    )
    if newest is None or newest.value is None:
        message = gettext_lazy(
            "There is no value yet that a line could start from. Set the same for each month."
        )
        raise PlanRefused(message, code="no_value", field="way")
    steps = _months_between(newest.period_start, run[-1])
    line = planning.straight_line(Fraction(newest.value), end, steps, places)
    words = {"value": units.measured(newest.value, metric), "month": months.name(newest.period_start)}
    said = _("It does not add up over time: the line starts at %(value)s, the value of %(month)s.") % words
    return line[-len(run) :], [said]


def _months_between(first: datetime.date, last: datetime.date) -> int:
    return months.calendar().count(first, last) - 1


def _cascade(metric: Metric, version: MetricVersion, asked: CascadeAsked, run: list[datetime.date]) -> Plan:
    if version.additivity == Additivity.NONE:
        message = gettext_lazy(
            "This metric is computed anew for every total: the targets of its parts would not make up the whole. Set "
            "each part's target on its own."
        )
        raise PlanRefused(message, code="not_additive", field="cut")
    if asked.cut not in version.dimensions or asked.cut in asked.slice:
        raise PlanRefused(gettext_lazy("This metric is not cut that way."), code="cut", field="cut")
    if asked.way not in CascadeWay.values:
        raise PlanRefused(gettext_lazy("Choose how it is shared out."), code="way", field="way")
    within = dict(asked.slice)
    totals = {
        month: value
        for (month, _slice), value in _standing(metric, asked.kind, run, {slice_key(within)}).items()
    }
    if not totals:
        message = gettext_lazy(
            "There is no target in these months to share out. Set that of the whole first."
        )
        raise PlanRefused(message, code="no_total", field="first")
    shares, labels, said = _shares_of_parts(metric, asked, within, run)
    if len(totals) < len(run):
        said.append(_("Months without a target of the whole are left out."))
    places = _places(metric, totals.values())
    standing = _standing(metric, asked.kind, run, {slice_key(part) for part, _share in shares})
    rows = []
    for month, total in sorted(totals.items()):
        after = planning.spread(total, [share for _part, share in shares], places)
        rows += [
            PlannedRow(
                month,
                part,
                labels.value(asked.cut, part[asked.cut]),
                share,
                standing.get((month, slice_key(part))),
                value,
            )
            for (part, share), value in zip(shares, after, strict=True)
        ]
    adds_up = version.additivity == Additivity.ADDITIVE
    total = sum(totals.values(), Decimal(0)) if adds_up else totals[max(totals)]
    return Plan(
        metric, PlanKind.CASCADE, asked.way, asked.kind, within, asked.cut, rows, total, said, adds_up
    )


def _shares_of_parts(
    metric: Metric, asked: CascadeAsked, within: dict[str, str], run: list[datetime.date]
) -> tuple[list[tuple[dict[str, str], Fraction]], Labels, list[str]]:
    """Each part with its share, largest first. Parts without a value last year have no share and are named."""
    last_year = [months.years_before(month) for month in run]
    newest = values().filter(metric=metric, dimensions="").order_by("-period_start").first()
    lately = [newest.period_start] if newest else []
    found = values().filter(
        metric=metric,
        dimensions=dimensions_text({*within, asked.cut}),
        slice__contains=within,
        period_start__in={*last_year, *lately},
        value__isnull=False,
    )
    weights: dict[str, Fraction] = {}
    parts: dict[str, dict[str, str]] = {}
    for one in found.order_by("slice_key"):
        parts[one.slice_key] = dict(one.slice)
        counts = one.period_start in last_year
        weights[one.slice_key] = weights.get(one.slice_key, Fraction(0)) + Fraction(one.value or 0) * counts
    if len(parts) > MOST_PARTS:
        message = gettext_lazy("It has more than %(number)s parts.")
        raise PlanRefused(Said(message, {"number": MOST_PARTS}), code="too_many", field="cut")
    labels, said = labels_for(parts.values()), []
    if asked.way == CascadeWay.EVEN:
        weights = dict.fromkeys(parts, Fraction(1))
    else:
        without = [labels.value(asked.cut, parts[key][asked.cut]) for key in parts if weights[key] == 0]
        if without:
            said.append(
                _("Without a value last year, so without a share: %(names)s.")
                % {"names": formats.listed(without)}
            )
    counted = [key for key in parts if weights[key] != 0]
    try:
        shares = planning.shares_of([weights[key] for key in counted])
    except errors.InvalidInput as fault:
        raise PlanRefused(_weights_refused(fault.code), code=fault.code, field="way") from fault
    ranked = sorted(zip(counted, shares, strict=True), key=lambda pair: (-pair[1], pair[0]))
    return [(parts[key], share) for key, share in ranked], labels, said


def _weights_refused(code: str) -> Any:
    if code == "negative_weight":
        return gettext_lazy(
            "Some values of the past are below zero: a share of them says nothing. Spread it evenly."
        )
    return gettext_lazy("The past has no values to share by. Spread it evenly.")


def _standing(
    metric: Metric, kind: str, run: Sequence[datetime.date], slice_keys: set[str]
) -> dict[tuple[datetime.date, str], Decimal]:
    """(month, slice) → the target that stands there."""
    found = Target.objects.filter(
        metric=metric, kind=kind, grain=Grain.MONTH, period_start__in=run, slice_key__in=slice_keys
    )
    return {(one.period_start, one.slice_key): one.value for one in found}


def _values_by_month(
    metric: Metric, within: Slice, run: Sequence[datetime.date]
) -> dict[datetime.date, Decimal | None]:
    wanted = [months.years_before(month, back) for month in run for back in range(1, YEARS + 1)]
    found = values().filter(metric=metric, slice_key=slice_key(within), period_start__in=wanted)
    return dict(found.values_list("period_start", "value"))


def _places(metric: Metric, totals: Any) -> int:
    """As many as the metric shows, or as a total was given with."""
    given = [0]
    for total in totals:
        if not total.is_finite() or abs(total) >= 10 ** (DIGITS - PLACES):
            raise PlanRefused(gettext_lazy("A target is a number."), code="value", field="total")
        exponent = formats.trimmed(total).as_tuple().exponent
        given.append(-exponent if isinstance(exponent, int) else 0)
    return max(units.places_of(metric), min(max(given), PLACES))
