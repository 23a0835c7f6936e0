"""What the pages of a metric show beside the definition itself."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, When
from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, i18n
from performance.foundation.components import formats
from performance.kpis import formulas, rules
from performance.kpis.models import (
    Metric,
    MetricValue,
    MetricVersion,
    Side,
    Signature,
    Target,
    TargetKind,
    VersionState,
)
from performance.kpis.queries.allocating import allocation_words, lacking_dimensions
from performance.kpis.queries.definitions import Lineage
from performance.kpis.queries.labels import labels_for
from performance.kpis.queries.readings import Reading, reading
from performance.kpis.queries.sheets import sheet_of
from performance.kpis.queries.sights import EVERYTHING, Sight
from performance.kpis.queries.signatures import seen_read_by
from performance.kpis.queries.values import PeriodValue, period_values, values
from performance.kpis.semantics import Slice, filters, slice_key

#: Parts of a month on one page.
PARTS = 100
#: Targets on one page.
TARGETS = 40


@dataclass(frozen=True)
class Span:
    """Days from `starts_on` to `ends_on`, both included."""

    starts_on: datetime.date
    ends_on: datetime.date


@dataclass(frozen=True)
class WholePeriod:
    """A metric over whole days that are no month: the value, and the inputs that it was computed from."""

    span: Span
    value: PeriodValue
    inputs: tuple[tuple[Metric, PeriodValue], ...]


def whole_period(
    metric: Metric, slice: Slice, since: datetime.date, until: datetime.date, *, sight: Sight = EVERYTHING
) -> WholePeriod | None:
    """The metric over a quarter or a period; None where nothing was computed for these days."""
    span = Span(since, until)
    value = period_values([(metric.key, slice)], span, sight=sight)[metric.key, slice_key(slice)]
    if value.version_id is None:
        return None
    formula = MetricVersion.objects.get(pk=value.version_id).formula
    keys = formulas.parse(formula).references if formula else ()
    used = {each.key: each for each in Metric.objects.filter(key__in=keys)}
    found = period_values([(key, slice) for key in used], span, sight=sight)
    inputs = tuple((used[key], found[key, slice_key(slice)]) for key in sorted(used))
    return WholePeriod(span, value, inputs)


@dataclass(frozen=True)
class SideCard:
    """One owner's place on the signatures card. `state`: signed | mine | open | void."""

    side: str
    person: Any
    signature: Signature | None
    state: str
    seen: Mapping[str, Any]


def signature_cards(actor: access.Actor, version: MetricVersion) -> list[SideCard]:
    """Both sides, business first. One query."""
    signatures = {one.side: one for one in version.signatures.select_related("person")}
    cards = []
    for side, owner in (
        (Side.BUSINESS, version.metric.business_owner),
        (Side.FINANCE, version.metric.finance_owner),
    ):
        signature = signatures.get(side)
        if signature is not None:
            state = "signed"
        elif rules.can_sign(actor, version, side):
            state = "mine"
        else:
            state = "open" if version.state == VersionState.REVIEW else "waiting"
        seen = seen_read_by(actor, version, signature) if signature else {}
        cards.append(SideCard(side, signature.person if signature else owner, signature, state, seen))
    return cards


def reading_of(version: MetricVersion, line: Lineage) -> Reading:
    """The definition in the names of its inputs. One or two queries."""
    if version.is_base:
        return reading(version, {}, sheet_of(version.dataset) if version.dataset else None)
    keys = formulas.parse(version.formula).references
    metrics = {metric.key: metric for metric in Metric.objects.filter(key__in=keys)}
    return reading(version, metrics, None)


def version_changes(old: MetricVersion, new: MetricVersion) -> list[tuple[Any, str | None, str | None]]:
    """(what, before, after) of everything that the new version words differently."""
    rows: list[tuple[Any, str | None, str | None]] = []
    for label, name in (
        (_("Meaning in English"), "description_en"),
        (_("Meaning in Chinese"), "description_zh"),
        (_("Formula"), "formula"),
        (_("Runs over"), "get_accumulation_display"),
        (_("Number of months"), "accumulation_months"),
        (_("First month of the year"), "year_starts_in"),
        (_("Data"), "dataset"),
        (_("Counted"), "expression"),
        (_("Aggregation"), "get_aggregation_display"),
        (_("Date that counts"), "time_column"),
        (_("Filter"), "filters"),
        (_("Dimensions"), "dimension_keys"),
        (_("Unit"), "unit"),
        (_("Decimals shown"), "decimals"),
        (_("Better"), "get_direction_display"),
        (_("Missing input"), "get_missing_policy_display"),
        (_("Currencies"), "currency_words"),
        (_("Shared out"), "allocations"),
        (_("Ledger account"), "tie_out"),
        (_("May differ by"), "tie_out_tolerance"),
        (_("Sign of the account"), "tie_out_sign"),
        (_("Why it is not tied out"), "tie_out_reason"),
    ):
        before, after = _shown(old, name), _shown(new, name)
        if before != after:
            rows.append((label, before or None, after or None))
    return rows


def _shown(version: MetricVersion, name: str) -> str:
    value = getattr(version, name)
    value = value() if callable(value) else value
    if name == "year_starts_in":
        return str(MONTHS[value]) if value else ""
    if name == "allocations":
        return formats.listed(allocation_words(value))
    if name == "filters":
        return formats.listed(filter_words(given) for given in value)
    if isinstance(value, tuple):
        return formats.listed(value)
    return "" if value is None else str(value)


def filter_words(given: Any) -> str:
    value, op = given.get("value"), str(given.get("op"))
    shown = formats.listed(value) if isinstance(value, list) else str(value if value is not None else "")
    # =, < and their like are read in every language; "not_in" is not.
    said = filters.OPERATORS.get(op, op) if op.isidentifier() else op
    return f"{given.get('column')} {said} {shown}".strip()


@dataclass(frozen=True)
class ValueRow:
    label: str
    slice: dict[str, str]
    value: MetricValue
    target: Decimal | None
    budget: Decimal | None
    #: The inputs whose amount here comes from a rule.
    shared_out: frozenset[str] = frozenset()


def value_table(
    metric: Metric,
    *,
    month: datetime.date,
    cut: str,
    within: Slice,
    page: int = 1,
    sight: Sight = EVERYTHING,
) -> tuple[list[ValueRow], Page[MetricValue] | None]:
    """The values of one month: the slice itself first, then a page of its parts by `cut`. Five queries, six
    where inputs are shared out."""
    dimensions = ",".join(sorted({cut, *within})) if cut else None
    wanted = sight.seen(values()).filter(metric=metric, period_start=month, slice_key=slice_key(within))
    found = list(wanted.select_related("version"))
    shown = None
    if dimensions:
        parts = sight.seen(values()).filter(
            metric=metric, period_start=month, dimensions=dimensions, slice__contains=dict(within)
        )
        ordered = parts.select_related("version").order_by("slice_key")
        shown = Paginator(ordered, PARTS).get_page(page)
        found += shown.object_list
    labels = labels_for(value.slice for value in found)
    targets: dict[tuple[str, str], Decimal] = {
        (target.kind, target.slice_key): target.value
        for target in Target.objects.filter(
            metric=metric,
            grain="month",
            period_start=month,
            slice_key__in=[value.slice_key for value in found],
        )
    }
    lacking = lacking_dimensions(found[0].version) if found else {}
    # The city of one store is no city: what is a part within a part is named by both.
    is_plain = bool(cut) and not (within and shown is not None and shown.paginator.count == 1)
    rows = [
        ValueRow(
            label=labels.value(cut, value.slice[cut])
            if is_plain and cut in value.slice
            else labels.of(value.slice),
            slice=dict(value.slice),
            value=value,
            target=targets.get((TargetKind.TARGET, value.slice_key)),
            budget=targets.get((TargetKind.BUDGET, value.slice_key)),
            shared_out=frozenset(key for key, keys in lacking.items() if keys & value.slice.keys()),
        )
        for value in found
    ]
    return rows, shown


def input_metrics(rows: Sequence[ValueRow]) -> dict[str, Metric]:
    """key → the metric, of what formulas computed these values from. One query."""
    keys = {key for row in rows for key in row.value.inputs if row.value.version.formula}
    return {each.key: each for each in Metric.objects.filter(key__in=keys)} if keys else {}


@dataclass(frozen=True)
class TargetRow:
    """A target and what came of it, if its month has a value."""

    target: Target
    label: str
    value: MetricValue | None


def target_table(
    metric: Metric, *, page: int, sight: Sight = EVERYTHING
) -> tuple[list[TargetRow], Page[Target]]:
    """A page of the metric's targets and budgets, the newest month first, the whole before its parts. Five queries."""
    everything = sight.seen_of(Target.objects.filter(metric=metric)).select_related("set_by")
    ordered = everything.alias(place=Case(When(slice_key=slice_key({}), then=0), default=1)).order_by(
        "-period_start", "kind", "place", "slice_key"
    )
    shown = Paginator(ordered, TARGETS).get_page(page)
    found = list(shown.object_list)
    labels = labels_for(target.slice for target in found)
    reached = {
        (value.period_start, value.slice_key): value
        for value in sight.seen(values()).filter(
            metric=metric, period_start__in={target.period_start for target in found}
        )
    }
    rows = [
        TargetRow(target, labels.of(target.slice), reached.get((target.period_start, target.slice_key)))
        for target in found
    ]
    return rows, shown


def history(
    metric: Metric, *, month: datetime.date, within: Slice, sight: Sight = EVERYTHING
) -> list[MetricValue]:
    """Every value this month and slice ever had, newest first: what was known when."""
    found = MetricValue.objects.filter(
        metric=metric, grain="month", period_start=month, slice_key=slice_key(within)
    )
    return list(
        sight.seen(found, is_past=True).select_related("version__dataset__connection").order_by("-as_of")
    )


def other_name(metric: Metric) -> tuple[str, str]:
    """(language tag, name) in the language that the page is not in."""
    if i18n.is_chinese():
        return "en", metric.name_en
    return "zh-Hans", metric.name_zh
