"""A board as tables of typed cells: what its file holds."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from performance.foundation import i18n
from performance.foundation.components import formats
from performance.kpis import units
from performance.kpis.models import Metric, MetricValue, ValueState
from performance.kpis.queries import comparing, months
from performance.kpis.queries.boards import Board
from performance.kpis.queries.heat import SHOWN, Heat
from performance.kpis.queries.indicators import status_words
from performance.kpis.queries.likeness import BEGAN, ENDED, Likeness
from performance.kpis.queries.pages import filter_words
from performance.kpis.queries.values import values
from performance.kpis.semantics import slice_key

Cell = str | int | Decimal | datetime.date | datetime.datetime | None


@dataclass(frozen=True)
class Table:
    """A sheet: its name, its column heads, and its rows. Decimals are figures, everything else is what it is."""

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def tables_of(board: Board) -> list[Table]:
    """The indicators, what is shown of the chosen one, and what all of it means. One query."""
    found = [_indicators(board)]
    if board.ranked:
        found.append(_ranking(board))
    if board.heat:
        found.append(_heat(board, board.heat))
    if board.likeness:
        found.append(_likeness(board.likeness))
    return [*found, _definitions(board), _about(board)]


def _unit(metric: Metric) -> str:
    return str(units.parse(metric.unit).label)


def _state(state: str | None) -> str:
    return "" if state is None else str(ValueState(state).label)


def _against_words(board: Board) -> str:
    return months.name(board.compared_month) if board.compared_month else board.line_words


def _indicators(board: Board) -> Table:
    heads = [_("Indicator"), _("Key"), _("Unit"), _("Value"), _("State"), _("Covered, per cent")]
    heads += [
        _against_words(board),
        _("To compare with today"),
        _("Difference"),
        _("In per cent"),
        _("Status"),
    ]
    rows = [
        [
            one.metric.name,
            one.metric.key,
            _unit(one.metric),
            one.value,
            _state(one.state),
            None if one.coverage_ppm is None else Decimal(one.coverage_ppm) / 10_000,
            one.against,
            one.path,
            one.gap,
            one.relative,
            status_words(one.status),
        ]
        for one in board.indicators
    ]
    return Table(_("Indicators"), heads, rows)


def _ranking(board: Board) -> Table:
    heads = [_("Rank"), board.labels.dimension(board.cut), _("Value"), _("State"), _("Covered, per cent")]
    heads += [_against_words(board), _("Difference")]
    rows = [
        [
            place,
            one.label,
            one.value,
            _state(one.state),
            Decimal(one.coverage_ppm) / 10_000,
            one.against,
            one.gap,
        ]
        for place, one in enumerate(board.ranked, 1)
    ]
    return Table(_("Ranking"), heads, rows)


def _heat(board: Board, shown: Heat) -> Table:
    heads = [board.labels.dimension(board.cut), *(months.name(month) for month in shown.months)]
    rows = [[row.label, *(cell.number for cell in row.cells)] for row in shown.rows]
    return Table(_("By month"), heads, rows)


def _likeness(told: Likeness) -> Table:
    since, until = months.name(told.since), months.name(told.until)
    heads = [
        _("Counted"),
        since,
        until,
        pgettext("difference", "Change"),
        _("In per cent"),
        _("Why it is left out"),
    ]
    rows: list[list[Cell]] = [
        [name, side.before, side.after, side.change, side.relative, ""]
        for name, side in ((_("Everything"), told.whole), (_("Like for like"), told.alike))
    ]
    rows[1][-1] = told.refusal
    for one in told.left_out:
        said = {BEGAN: _("first value in %(month)s"), ENDED: _("last value in %(month)s")}
        why = said.get(one.reason, _("no value in %(month)s")) % {"month": months.name(one.month)}
        rows.append([one.label, one.before, one.after, None, None, why])
    return Table(_("Like for like"), heads, rows)


def _definitions(board: Board) -> Table:
    heads = [_("Indicator"), _("Key"), _("Version"), _("In force from"), _("Meaning"), _("Kind")]
    heads += [_("Counted"), _("Filter"), _("Unit"), _("Better"), _("Missing input"), _("Currencies")]
    heads += [_("Business owner"), _("Finance owner"), _("State of the value"), _("As of")]
    kept = {
        value.metric_id: value
        for value in values()
        .filter(
            metric__in=[one.metric.pk for one in board.indicators],
            period_start=board.month,
            slice_key=slice_key(board.within),
        )
        .select_related("version")
    }
    return Table(
        _("Definitions"), heads, [list(_defined(one, kept.get(one.metric.pk))) for one in board.indicators]
    )


def _defined(indicator: Any, value: MetricValue | None) -> Iterator[Cell]:
    """The version that the value was computed by; without a value, the one in force."""
    metric, version = indicator.metric, value.version if value else indicator.version
    counted = version.formula or f"{version.get_aggregation_display()}: {version.expression}".rstrip(": ")
    yield from (metric.name, metric.key, version.number, version.effective_from, version.description)
    yield from (str(version.get_kind_display()), counted)
    yield formats.listed(filter_words(given) for given in version.filters)
    yield from (_unit(metric), str(version.get_direction_display()))
    yield from (str(version.get_missing_policy_display()), _converted(version, value))
    yield from (formats.person_name(metric.business_owner), formats.person_name(metric.finance_owner))
    yield _state(value.state if value else None)
    yield value.as_of if value else None


def _converted(version: Any, value: MetricValue | None) -> str:
    numbers = value.inputs.get("rates") if value and version.currency_rule else None
    if not numbers:
        return str(version.currency_words)
    return f"{version.currency_words}, {_('rates version %(number)s') % {'number': formats.listed(numbers)}}"


def _about(board: Board) -> Table:
    state = _("closed") if board.is_closed else _("provisional")
    rows: list[list[Cell]] = [
        [_("Month"), board.month],
        [_("State"), state],
        [_("Part"), board.labels.of(board.within)],
        [_("Compared with"), str(comparing.BASES[board.basis])],
        [_("Chosen indicator"), board.chosen.metric.name],
        [_("Compared by"), board.labels.dimension(board.cut) if board.cut else ""],
    ]
    if board.heat:
        rows.append([_("By month shows"), str(SHOWN[board.heat.shown])])
    rows += [
        [_("Data: %(name)s") % {"name": i18n.local(one.dataset, "name")}, one.dataset.loaded_at]
        for one in board.freshness
    ]
    return Table(_("About this file"), [pgettext("file", "What"), pgettext("file", "Which")], rows)
