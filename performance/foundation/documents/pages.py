"""Pages of our documents: A4, upright, with a heading, figures, tables and bars. Points of type, millimetres of place."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import fpdf
from django.utils.translation import gettext as _

from performance.foundation import i18n
from performance.foundation.documents import lettering

FAMILY = "Noto Sans SC"
MARGIN, TOP, FOOT = 16.0, 16.0, 18.0
WIDTH, HEIGHT = 210.0 - 2 * MARGIN, 297.0
#: Millimetres of the line that letters of one point stand on.
LINE = 0.52
TEXT, SMALL, HEAD, TITLE, HERO = 9.0, 7.5, 12.0, 18.0, 30.0
PAD = 1.6
#: The colours of the screens in daylight: ink, what is said beside it, lines, grounds, and the eight of components.
INK, QUIET, RULE, GROUND = "#1b1d22", "#62656d", "#d9d9d4", "#f4f4f1"
SERIES = (INK, "#4757c4", "#178a80", "#b87a0c", "#d3593c", "#3d8ec9", "#9457b0", "#6f8227", "#767f8f")


@dataclass(frozen=True)
class Column:
    """`share` of the width of the page. Figures stand to the right."""

    head: str
    share: float
    is_figure: bool = False


@dataclass(frozen=True)
class Cell:
    """What a table says in one place: `beside` is smaller, below it; `series` ties it to its colour."""

    text: str
    beside: str = ""
    is_strong: bool = False
    series: int | None = None


@dataclass(frozen=True)
class Bar:
    """A bar by its place and length in hundredths of the cell, and a mark across it."""

    start: float
    length: float
    series: int = 1
    mark: float | None = None


Row = Sequence[str | Cell | Bar]


class _Sheet(fpdf.FPDF):
    """A4 with our foot on every page: what it is, and which page of how many."""

    foot = ""

    def footer(self) -> None:
        self.set_font(FAMILY, size=SMALL)
        self.set_text_color(QUIET)
        base = HEIGHT - FOOT + 9
        self.text(MARGIN, base, self.foot)
        # As many pages as there will be are only put into a cell.
        self.set_xy(MARGIN + WIDTH - 12, base - 3.1)
        self.cell(12, 4, f"{self.page_no()} / {{nb}}")


class Document:
    """A PDF from its first page on. `made_at` is when what it tells of came to be, not when somebody asks for it: so
    the same content gives the same bytes."""

    def __init__(self, *, title: str, foot: str, author: str, made_at: datetime.datetime) -> None:
        sheet = _Sheet(format="A4")
        sheet.set_auto_page_break(False)
        sheet.add_font(FAMILY, fname=lettering.FONT)
        sheet.set_title(title)
        sheet.set_author(author)
        sheet.set_creator("Accord")
        sheet.set_lang("zh-CN" if i18n.is_chinese() else "en")
        sheet.set_creation_date(made_at)
        sheet.set_font(FAMILY, size=TEXT)
        self._sheet, self._at = sheet, TOP
        self._is_missing_sorts = False
        sheet.foot = self._legible(foot)
        sheet.add_page()

    def title(self, text: str, beneath: str = "") -> None:
        self._paragraph(text, TITLE, INK, strong=True)
        if beneath:
            self._paragraph(beneath, TEXT, QUIET)
        self._at += 3

    def heading(self, text: str, beneath: str = "") -> None:
        """Stays with the beginning of what follows it."""
        self._room(34)
        self._at += 5
        self._paragraph(text, HEAD, INK, strong=True)
        if beneath:
            self._paragraph(beneath, SMALL, QUIET)
        self._at += 1

    def paragraph(self, text: str, *, strong: bool = False) -> None:
        self._paragraph(text, TEXT, INK, strong=strong)
        self._at += 1

    def note(self, text: str) -> None:
        self._paragraph(text, SMALL, QUIET)

    def hero(self, figure: str, beside: str, notes: Iterable[str]) -> None:
        """The one figure that the page is about."""
        self._room(24)
        shown = self._legible(figure)
        base = self._at + HERO * LINE * 0.8
        self._write(shown, MARGIN, base, HERO, INK, strong=True)
        self._write(beside, MARGIN + self._width(shown, HERO) + 2, base, TEXT, QUIET)
        self._at += HERO * LINE
        for note in notes:
            self._paragraph(note, TEXT, INK)
        self._at += 1

    def facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """What is called how, a line each."""
        left = WIDTH * 0.26
        for name, value in facts:
            names = self._lines(name, left - PAD, TEXT)
            values = self._lines(value, WIDTH - left, TEXT)
            height = max(len(names), len(values)) * TEXT * LINE + 0.6
            self._room(height)
            for lines, x, colour in ((names, MARGIN, QUIET), (values, MARGIN + left, INK)):
                self._block(lines, x, self._at, TEXT, colour)
            self._at += height

    def table(self, columns: Sequence[Column], rows: Iterable[Row], total: Row | None = None) -> None:
        """Rows that stay on one page each, below their heads, which each page repeats; `total` is strong."""
        self._heads(columns)
        for row in rows:
            self._row(columns, row)
        if total is not None:
            strong = [Cell(each, is_strong=True) if isinstance(each, str) else each for each in total]
            self._row(columns, strong, ground=GROUND)
        self._at += 2

    def finished(self) -> bytes:
        """The bytes of the PDF."""
        if self._is_missing_sorts:
            self._at += 3
            self.note(_("〓 stands for a character that the font of this document does not have."))
        return bytes(self._sheet.output())

    # --- Tables ------------------------------------------------------------------------------------------

    def _heads(self, columns: Sequence[Column]) -> None:
        heads = [Cell(column.head) for column in columns]
        self._row(columns, heads, colour=QUIET, size=SMALL, keep=18)

    def _row(
        self,
        columns: Sequence[Column],
        row: Row,
        *,
        colour: str = INK,
        size: float = TEXT,
        ground: str = "",
        keep: float = 0,
    ) -> None:
        laid = [
            self._laid(cell, column.share * WIDTH, size) for cell, column in zip(row, columns, strict=True)
        ]
        height = max(each[2] for each in laid) + 2 * PAD
        if self._room(height + keep) and not keep:
            self._heads(columns)
        x, sheet = MARGIN, self._sheet
        if ground:
            sheet.set_fill_color(ground)
            sheet.rect(MARGIN, self._at, WIDTH, height, style="F")
        for cell, column, (lines, beside, _height) in zip(row, columns, laid, strict=True):
            width = column.share * WIDTH
            if isinstance(cell, Bar):
                self._bar(cell, x, width, height)
            else:
                self._cell(cell, lines, beside, x, width, column, colour, size)
            x += width
        self._at += height
        sheet.set_draw_color(RULE)
        sheet.set_line_width(0.2)
        sheet.line(MARGIN, self._at, MARGIN + WIDTH, self._at)

    def _laid(self, cell: str | Cell | Bar, width: float, size: float) -> tuple[list[str], list[str], float]:
        if isinstance(cell, Bar):
            return [], [], 3.0
        inner = width - 2 * PAD - (3.2 if isinstance(cell, Cell) and cell.series is not None else 0)
        text, beside = (cell.text, cell.beside) if isinstance(cell, Cell) else (cell, "")
        lines = self._lines(text, inner, size)
        small = self._lines(beside, inner, SMALL) if beside else []
        return lines, small, len(lines) * size * LINE + len(small) * SMALL * LINE

    def _cell(
        self,
        cell: str | Cell,
        lines: list[str],
        beside: list[str],
        x: float,
        width: float,
        column: Column,
        colour: str,
        size: float,
    ) -> None:
        strong = isinstance(cell, Cell) and cell.is_strong
        series = cell.series if isinstance(cell, Cell) else None
        left, right = x + PAD, x + width - PAD if column.is_figure else None
        if series is not None:
            self._sheet.set_fill_color(SERIES[series % len(SERIES)])
            self._sheet.rect(left, self._at + PAD + 1, 2, 2, style="F")
            left += 3.2
        at = self._at + PAD
        self._block(lines, left, at, size, colour, right=right, strong=strong)
        self._block(beside, left, at + len(lines) * size * LINE, SMALL, QUIET, right=right)

    def _bar(self, bar: Bar, x: float, width: float, height: float) -> None:
        sheet, inner = self._sheet, width - 2 * PAD
        left, unit = x + PAD, inner / 100
        start, end = sorted((bar.start, bar.start + bar.length))
        start, end = max(start, 0.0), min(end, 100.0)
        sheet.set_fill_color(SERIES[bar.series % len(SERIES)])
        if end > start:
            sheet.rect(left + start * unit, self._at + height / 2 - 1.3, (end - start) * unit, 2.6, style="F")
        if bar.mark is not None and 0 <= bar.mark <= 100:
            at = left + bar.mark * unit
            sheet.set_draw_color(INK)
            sheet.set_line_width(0.25)
            with sheet.local_context(dash_pattern={"dash": 0.8, "gap": 0.6, "phase": 0}):
                sheet.line(at, self._at + 1, at, self._at + height - 1)

    # --- Text --------------------------------------------------------------------------------------------

    def _paragraph(self, text: str, size: float, colour: str, *, strong: bool = False) -> None:
        for line in self._lines(text, WIDTH, size):
            self._room(size * LINE)
            self._block([line], MARGIN, self._at, size, colour, strong=strong)
            self._at += size * LINE

    def _lines(self, text: str, width: float, size: float) -> list[str]:
        return lettering.broken(self._legible(text), width, lambda part: self._width(part, size))

    def _block(
        self,
        lines: Sequence[str],
        x: float,
        top: float,
        size: float,
        colour: str,
        *,
        right: float | None = None,
        strong: bool = False,
    ) -> None:
        for place, line in enumerate(lines):
            left = x if right is None else right - self._width(line, size)
            self._write(
                line, left, top + place * size * LINE + size * LINE * 0.76, size, colour, strong=strong
            )

    def _write(
        self, text: str, x: float, base: float, size: float, colour: str, *, strong: bool = False
    ) -> None:
        shown = self._legible(text)
        if not shown:
            return
        self._sheet.set_font(FAMILY, size=size)
        self._sheet.set_text_color(colour)
        with self._stroked(colour, size) if strong else nullcontext():
            self._sheet.text(x, base, shown)

    @contextmanager
    def _stroked(self, colour: str, size: float) -> Iterator[None]:
        """Bolder letters of the one weight that the font has: their outlines are drawn as well as filled."""
        with self._sheet.local_context(
            text_mode=fpdf.enums.TextMode.FILL_STROKE, draw_color=colour, line_width=size * 0.011
        ):
            yield

    def _width(self, text: str, size: float) -> float:
        self._sheet.set_font(FAMILY, size=size)
        return float(self._sheet.get_string_width(text))

    def _legible(self, text: object) -> str:
        shown = lettering.legible(text)
        if lettering.MISSING_SORT in shown and lettering.MISSING_SORT not in str(text):
            self._is_missing_sorts = True
        return shown

    def _room(self, height: float) -> bool:
        """Whether a new page was begun, as so much did not fit on this one."""
        if self._at + height <= HEIGHT - FOOT:
            return False
        self._sheet.add_page()
        self._at = TOP
        return True
