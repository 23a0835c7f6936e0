"""A simulation as a workbook."""

import datetime
import itertools
import tempfile
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import IO, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from performance.foundation import access, audit, cells, i18n
from performance.foundation.components import formats
from performance.scoring import evidence, queries
from performance.scoring.actions.simulations import BIN_EDGE, BIN_WIDTH

# Beyond it a file lies on disk rather than in memory.
IN_MEMORY = 4 * 1024**2
FIGURE = "#,##0.00####"
WIDTHS = (28, 16)

Row = Sequence[str | int | Decimal | None]


def export_simulation(
    *, moved: queries.Moved, by: access.Actor, at: datetime.datetime, on: datetime.date
) -> IO[bytes]:
    """XLSX, ready to be read from its beginning: the figures, the groups that may be told, and by name those people
    whose scores the reader sees. What was exported is on record."""
    simulation = moved.simulation
    moves = queries.moves_of(simulation, by, on)
    first = next(moves, None)
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    # Row by row onto the disk: a hundred thousand people take no more memory than a hundred.
    book = cells.new_workbook(file, constant_memory=True)
    book.set_properties({"title": str(simulation.of), "company": "Accord"})
    cells.write_about(book, _("Simulation"), _about(moved), timezone.get_current_timezone())
    if moved.is_told:
        _sheet(book, _("Changes by size"), (_("From"), _("To"), _("People")), _sizes(simulation.bins))
        by_group = (_("By"), _("Group"), _("People"), _("Average change"))
        _sheet(book, _("By group"), by_group, _groups(moved))
    written = 0
    if first is not None:
        by_name = (
            _("Number"),
            _("Name"),
            pgettext("score", "Before"),
            pgettext("score", "After"),
            pgettext("difference", "Change"),
            pgettext("score", "Band before"),
            pgettext("score", "Band after"),
            _("Without evidence"),
        )
        written = _sheet(book, _("People"), by_name, _people(simulation, itertools.chain([first], moves)))
    book.close()
    audit.record(
        by=by,
        action="scoring.export_simulation",
        subject=simulation.of,
        changes={"rows": written, "format": "xlsx"},
        at=at,
    )
    file.seek(0)
    return file


def _about(moved: queries.Moved) -> list[tuple[str, Any]]:
    simulation = moved.simulation
    notes: list[tuple[str, Any]] = [
        (_("Weight policy"), str(simulation.of)),
        (_("Period"), i18n.local(simulation.period, "name")),
        (_("Simulated"), simulation.finished_at),
        (_("Still what the draft says"), _("Yes") if moved.is_current else _("No")),
        (_("People"), simulation.total),
        (_("Without a score in the period"), simulation.unscored),
    ]
    if moved.is_told:
        notes += [
            (_("Without comparable evidence"), simulation.incomparable),
            (_("Compared"), simulation.compared),
            (_("Compared by a provisional score"), simulation.provisional),
            (_("Within ±1"), simulation.within),
            (_("Over ±2"), simulation.beyond),
            (_("A band up"), simulation.band_up),
            (_("A band down"), simulation.band_down),
        ]
        notes += [
            (_("Without evidence: %(component)s") % {"component": name}, number)
            for name, number in moved.absent
        ]
    return notes


def _sizes(bins: Sequence[int]) -> Iterable[Row]:
    for place, number in enumerate(bins):
        start = place * BIN_WIDTH - BIN_EDGE
        yield formats.micro(start), formats.micro(start + BIN_WIDTH), number


def _groups(moved: queries.Moved) -> Iterable[Row]:
    for dimension in moved.dimensions:
        for cell in dimension.cells:
            yield dimension.name, cell.name, cell.number, cell.average
        if dimension.withheld:
            yield dimension.name, _("Too small to be told"), None, None


def _people(simulation: Any, moves: Iterable[queries.Move]) -> Iterable[Row]:
    bands = [i18n.local(band, "name") for band in evidence.bands_from(simulation.plan["bands"])] or [""]
    for move in moves:
        yield (
            move.person.number,
            formats.person_name(move.person),
            formats.micro(move.before_micro),
            formats.micro(move.after_micro),
            formats.micro(move.change_micro),
            bands[move.before_band] if move.before_band >= 0 else None,
            bands[move.after_band] if move.after_band >= 0 else None,
            formats.listed(move.absent),
        )


def _sheet(book: Any, name: str, heads: Sequence[str], rows: Iterable[Row]) -> int:
    """How many rows it wrote, in their order."""
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    figure, number = book.add_format({"num_format": FIGURE}), book.add_format({"num_format": "0"})
    sheet = book.add_worksheet(name[: cells.LONGEST_NAME])
    for place, text in enumerate(heads):
        sheet.write_string(0, place, cells.neutral(text), head)
        sheet.set_column(place, place, WIDTHS[place > 1])
    line = 0
    for line, row in enumerate(rows, 1):
        for place, value in enumerate(row):
            if isinstance(value, Decimal):
                sheet.write_number(line, place, float(value), figure)
            elif isinstance(value, int):
                sheet.write_number(line, place, value, number)
            elif value:
                sheet.write_string(line, place, cells.fitting(value))
    sheet.freeze_panes(1, 0)
    return line
