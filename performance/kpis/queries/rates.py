"""Rates of exchange: the versions, what they know, where they have gaps, and what a proposal would change."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from performance.foundation import tenancy
from performance.kpis import semantics, units
from performance.kpis.models import (
    Grain,
    Metric,
    MetricValue,
    MetricVersion,
    MonthClose,
    Rate,
    RateKind,
    RateProposal,
    RateVersion,
    VersionState,
)
from performance.kpis.queries import months
from performance.kpis.queries.definitions import lineages, newest_certified, versions_in_force
from performance.kpis.queries.values import values, values_known_at

#: Lines of a comparison that a page shows; the others are counted.
SHOWN = 40
#: Months without a rate that the page of rates names.
MOST_LACKING = 40
#: Twice the rate before it, or half of it: markets seldom move so, a slipped point or a turned pair does.
OUTLYING = 2
#: Days or months without a rate that are named of a currency; the others are counted.
MOST_MISSING = 100

Place = tuple[str, datetime.date]


def rate_versions(kind: str = "", currency: str = "") -> QuerySet[RateVersion]:
    found = RateVersion.objects.select_related("made_by").order_by("kind", "currency", "-number")
    if kind:
        found = found.filter(kind=kind)
    return found.filter(currency=currency) if currency else found


def newest_number(kind: str, currency: str) -> int:
    """0 where there is no version yet."""
    newest = rate_versions(kind, currency).first()
    return newest.number if newest else 0


def marked_rates(kind: str, currency: str, number: int) -> dict[Place, tuple[Decimal, bool]]:
    """(currency, day) → what one unit was worth by that version and whether it was carried over, in that order of
    currency and day. One query."""
    statement = semantics.known_rates(
        organisation_id=tenancy.current_organisation_id(), kind=kind, currency=currency, number=number
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.params)
        return {(source, day): (rate, is_carried) for source, day, rate, is_carried in cursor.fetchall()}


@dataclass(frozen=True)
class Covered:
    """The rates of one currency: from `first` to `last`, `missing_count` days (of averages and closing rates: months)
    between without one, the first hundred of which are `missing`."""

    source: str
    first: datetime.date
    last: datetime.date
    newest: Decimal
    count: int
    missing_count: int
    missing: Sequence[datetime.date]


@dataclass(frozen=True)
class RateSet:
    """The rates of a kind into a currency, as their newest version knows them."""

    kind: str
    currency: str
    versions: Sequence[RateVersion]
    covered: Sequence[Covered]
    users: Sequence[Metric]

    @property
    def label(self) -> str:
        return str(RateKind(self.kind).label)

    @property
    def newest(self) -> RateVersion | None:
        return self.versions[0] if self.versions else None


def rate_sets(own: str) -> list[RateSet]:
    """The three kinds into the organisation's own currency, and whatever else there is. Five queries."""
    versions = list(rate_versions())
    users = _users()
    places = {(kind, own) for kind in RateKind.values} | {(one.kind, one.currency) for one in versions}
    order = list(RateKind.values)
    found = []
    for kind, currency in sorted(
        places, key=lambda place: (place[1] != own, place[1], order.index(place[0]))
    ):
        mine = [one for one in versions if (one.kind, one.currency) == (kind, currency)]
        there_is = covered(kind, currency, mine[0].number) if mine else []
        found.append(RateSet(kind, currency, mine, there_is, users.get((kind, currency), [])))
    return found


def covered(kind: str, currency: str, number: int) -> list[Covered]:
    """By currency, as version `number` knows them. Closing rates are those of a month, wherever in it. One query."""
    known = semantics.known_rates(
        organisation_id=tenancy.current_organisation_id(), kind=kind, currency=currency, number=number
    )
    statement = semantics.covered_rates(known, kind=kind, calendar=months.calendar(), most=MOST_MISSING)
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.params)
        return [Covered(*row) for row in cursor.fetchall()]


def rates_of(version: RateVersion, *, is_whole: bool = False) -> QuerySet[Rate]:
    """What the version says anew, or all that it knows, by currency and day."""
    if not is_whole:
        return Rate.objects.filter(version=version).order_by("source", "day")
    upto = Rate.objects.filter(
        version__kind=version.kind, version__currency=version.currency, version__number__lte=version.number
    )
    return upto.order_by("source", "day", "-version__number").distinct("source", "day")


def converted_metrics(kind: str, currency: str) -> list[Metric]:
    """The living metrics whose amounts are converted by these rates. One query."""
    return _users().get((kind, currency), [])


def _users() -> dict[tuple[str, str], list[Metric]]:
    """(kind, currency) → the metrics with a certified version that is converted so, by name."""
    found: dict[tuple[str, str], dict[Any, Metric]] = {}
    versions = MetricVersion.objects.filter(state=VersionState.CERTIFIED, metric__retired_at=None)
    for version in (
        versions.exclude(currency_rule="").select_related("metric").order_by("metric__name_en", "metric__key")
    ):
        place = semantics.RATES_OF[version.currency_rule], units.parse(version.unit).currency
        found.setdefault(place, {})[version.metric_id] = version.metric
    return {place: list(metrics.values()) for place, metrics in found.items()}


@dataclass(frozen=True)
class Lacking:
    """A month of a metric in which amounts are not counted, because their rates are not there."""

    metric: Metric
    month: datetime.date
    kind: str
    currencies: Sequence[str]
    rows: int
    first: datetime.date
    last: datetime.date


def lacking(metrics: QuerySet[Metric]) -> list[Lacking]:
    """The newest first, of these metrics. Two queries."""
    rules = {one.metric_id: one.currency_rule for one in newest_certified().exclude(currency_rule="")}
    found = (
        values(Grain.MONTH)
        .filter(dimensions="", inputs__has_key="lacking", metric__in=metrics.filter(pk__in=list(rules)))
        .select_related("metric")
        .order_by("-period_start", "metric__name_en")[:MOST_LACKING]
    )
    return [
        Lacking(
            metric=value.metric,
            month=value.period_start,
            kind=semantics.RATES_OF[rules[value.metric_id]],
            currencies=value.inputs["lacking"]["currencies"],
            rows=value.inputs["lacking"]["rows"],
            first=datetime.date.fromisoformat(value.inputs["lacking"]["first"]),
            last=datetime.date.fromisoformat(value.inputs["lacking"]["last"]),
        )
        for value in found
        if value.metric_id in rules
    ]


@dataclass(frozen=True)
class RateChange:
    """`beside`: what the day said before, else what the newest earlier day says; None for the first of its currency."""

    source: str
    day: datetime.date
    before: Decimal | None
    after: Decimal
    is_carried: bool = False
    was_carried: bool = False
    beside: Decimal | None = None

    @property
    def is_outlying(self) -> bool:
        if self.beside is None or self.is_carried:
            return False
        return max(self.after, self.beside) >= OUTLYING * min(self.after, self.beside)


@dataclass(frozen=True)
class RateDiff:
    """What a proposal says anew, beside version `against` (0: there is none). `closed`: metrics with closed months among
    the days whose rates it changes: their values stay as they were closed."""

    against: int
    changes: Sequence[RateChange]
    same: int
    metrics: Sequence[Metric]
    closed: Sequence[tuple[Metric, int]]

    @property
    def new(self) -> list[RateChange]:
        return [one for one in self.changes if one.before is None]

    @property
    def changed(self) -> list[RateChange]:
        return [one for one in self.changes if one.before is not None]

    @property
    def outlying(self) -> list[RateChange]:
        return [one for one in self.changes if one.is_outlying]


def proposals(person: Any) -> QuerySet[RateProposal]:
    """What this person is looking at."""
    return RateProposal.objects.filter(made_by=person).select_related("made_by")


def rate_diff(proposal: RateProposal) -> RateDiff:
    """Against the newest version there is. Four queries at most."""
    number = newest_number(proposal.kind, proposal.currency)
    known = marked_rates(proposal.kind, proposal.currency, number) if number else {}
    given = [
        (source, datetime.date.fromisoformat(text), Decimal(rate_text), is_carried)
        for source, text, rate_text, is_carried in proposal.rows
    ]
    beside = _rates_beside(known, {(source, day): rate for source, day, rate, _carried in given})
    changes, passed_over = [], ""
    for source, day, rate, is_carried in given:
        before, was_carried = known.get((source, day), (None, False))
        # Given by somebody since the proposal was made: nothing is carried over it, nor beyond.
        is_given = before is not None and not was_carried
        passed_over = source if is_carried and (is_given or passed_over == source) else ""
        if passed_over:
            continue
        if (before, was_carried) != (rate, is_carried):
            found = beside.get((source, day))
            changes.append(RateChange(source, day, before, rate, is_carried, was_carried, found))
    metrics = converted_metrics(proposal.kind, proposal.currency)
    return RateDiff(number, changes, len(proposal.rows) - len(changes), metrics, _closed(metrics, changes))


def _rates_beside(
    known: Mapping[Place, tuple[Decimal, bool]], given: Mapping[Place, Decimal]
) -> dict[Place, Decimal]:
    """What each given rate is looked at beside: that of the day itself as it was, else of the newest day before it as it
    will be."""
    rates = {**{place: rate for place, (rate, _carried) in known.items()}, **given}
    found = {place: known[place][0] for place in given if place in known}
    for (source, before), (other, day) in pairwise(sorted(rates)):
        if source == other and (other, day) in given:
            found.setdefault((other, day), rates[source, before])
    return found


def _closed(metrics: Sequence[Metric], changes: Sequence[RateChange]) -> list[tuple[Metric, int]]:
    touched = {months.first_of(change.day) for change in changes if change.before != change.after}
    closed = list(MonthClose.objects.filter(month__in=touched).values_list("month", flat=True))
    if not closed or not metrics:
        return []
    frozen: dict[Any, int] = {}
    found = MetricValue.objects.filter(
        metric__in=metrics, grain=Grain.MONTH, dimensions="", superseded_at=None, period_start__in=closed
    )
    for metric_id in found.values_list("metric_id", flat=True):
        frozen[metric_id] = frozen.get(metric_id, 0) + 1
    return [(metric, frozen[metric.pk]) for metric in metrics if metric.pk in frozen]


def rates_behind(
    places: Iterable[tuple[str, semantics.Slice]], period: Any, *, as_of: datetime.datetime | None = None
) -> dict[tuple[str, str], list[tuple[str, int]]]:
    """(metric key, slice key) → the rates that its value over the days of `period` was converted by, as (kind, number),
    also where it is computed from what was; of a running total, those of these days. Five queries at most, one where
    nothing is converted."""
    versions = versions_in_force(period.ends_on)
    if not any(version.currency_rule for version in versions.values()):
        return {}
    asked = list(places)
    ids = dict(Metric.objects.filter(key__in={key for key, _slice in asked}).values_list("key", "pk"))
    lines = lineages([versions[one] for one in ids.values() if one in versions], period.ends_on)
    wanted: dict[tuple[Any, str], list[tuple[str, str]]] = {}
    rules: dict[Any, str] = {}
    for key, slice in asked:
        version = versions.get(ids.get(key))  # type: ignore[arg-type]
        for base in lines[version.pk].base_versions() if version else []:
            if base.currency_rule:
                rules[base.metric_id] = semantics.RATES_OF[base.currency_rule]
                cut = {name: value for name, value in slice.items() if name in base.dimensions}
                read = base.metric_id, semantics.slice_key(cut)
                wanted.setdefault(read, []).append((key, semantics.slice_key(slice)))
    grain = months.grain_of(period.starts_on, period.ends_on)
    kept = values(grain) if as_of is None else values_known_at(as_of, grain)
    found: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for value in kept.filter(
        metric__in=list(rules),
        slice_key__in={text for _metric, text in wanted},
        period_start=period.starts_on,
        period_end=period.ends_on,
    ):
        for place in wanted.get((value.metric_id, value.slice_key), []):
            used = [(rules[value.metric_id], number) for number in value.inputs.get("rates", [])]
            found[place] = sorted({*found.get(place, []), *used})
    return found


@dataclass(frozen=True)
class _Days:
    starts_on: datetime.date
    ends_on: datetime.date


def named_behind(metric: Metric, slice: semantics.Slice, month: datetime.date) -> list[tuple[str, int]]:
    """(kind in words, number) of the rates behind a month's value; see rates_behind for the queries."""
    days, key = _Days(month, months.last_of(month)), str(metric.key)
    found = rates_behind([(key, slice)], days).get((key, semantics.slice_key(slice)), [])
    return [(str(RateKind(kind).label), number) for kind, number in found]
