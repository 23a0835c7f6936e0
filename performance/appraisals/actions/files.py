"""Files of exports: where they lie, and how rows become a workbook or a text table in constant memory.

A file is written under a name of its own attempt and then renamed, so that nobody ever reads half of one. Web and
worker share the folder (setting MEDIA_ROOT).
"""

import contextlib
import csv
import datetime
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from performance.appraisals.models import Export, ExportFormat
from performance.appraisals.queries import Column, Definition, Note
from performance.foundation import cells

BOM = "\ufeff"


def folder(export: Export) -> Path:
    """Of the organisation's exports."""
    return Path(settings.MEDIA_ROOT) / "exports" / str(export.organisation_id)


def path_of(export: Export) -> Path:
    """Of a finished file."""
    return folder(export) / export.file


class Attempt:
    """The working folder of one attempt. Whatever is left in it when it ends is thrown away."""

    def __init__(self, export: Export, claim: uuid.UUID) -> None:
        home = folder(export)
        self.working = home / f".{export.pk.hex}.{claim.hex}"
        self.draft = self.working / f"draft.{export.format}"
        self.name = f"{export.pk.hex}.{export.format}"
        self.finished = home / self.name

    def __enter__(self) -> "Attempt":
        self.working.mkdir(parents=True, mode=0o750)
        return self

    def __exit__(self, *error: object) -> None:
        shutil.rmtree(self.working, ignore_errors=True)

    def measure(self) -> tuple[int, str]:
        """Size in bytes and SHA-256 of the draft."""
        with self.draft.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        return self.draft.stat().st_size, digest

    def keep(self) -> None:
        """Gives the draft its final name, in one step."""
        os.replace(self.draft, self.finished)


def remove_attempts(export: Export) -> None:
    """What killed workers left of this export."""
    for left in folder(export).glob(f".{export.pk.hex}.*"):
        shutil.rmtree(left, ignore_errors=True)


def remove(export: Export) -> None:
    remove_attempts(export)
    if export.file:
        with contextlib.suppress(FileNotFoundError):
            path_of(export).unlink()


class Writer(Protocol):
    """Takes rows in order; nothing stays in memory."""

    def write_row(self, values: Sequence[Any]) -> None: ...
    def finish(self, definitions: Iterable[Definition], notes: Iterable[Note]) -> None: ...
    def abandon(self) -> None: ...


def writer_for(
    export: Export, attempt: Attempt, columns: Sequence[Column], zone: datetime.tzinfo
) -> "Writer":
    kind = Workbook if export.format == ExportFormat.XLSX else TextTable
    return kind(export, attempt, columns, zone)


class TextTable:
    """CSV in its code page, comma, CRLF. Numbers with a point, moments as ISO text in the organisation's time zone."""

    def __init__(
        self, export: Export, attempt: Attempt, columns: Sequence[Column], zone: datetime.tzinfo
    ) -> None:
        self.columns, self.zone = columns, zone
        self.file = attempt.draft.open("w", encoding=export.code_page, newline="")
        if export.with_bom:
            self.file.write(BOM)
        self.table = csv.writer(self.file, lineterminator="\r\n")
        self.table.writerow([cells.neutral(str(column.label)) for column in columns])

    def write_row(self, values: Sequence[Any]) -> None:
        pairs = zip(self.columns, values, strict=True)
        self.table.writerow([self._cell(column.kind, value) for column, value in pairs])

    def _cell(self, kind: str, value: Any) -> str:
        if value is None:
            return ""
        if kind in ("number", "percent"):
            return plain(value)
        if kind == "moment":
            return str(value.astimezone(self.zone).isoformat(timespec="seconds"))
        return str(value) if kind == "integer" else cells.neutral(str(value))

    def finish(self, definitions: Iterable[Definition], notes: Iterable[Note]) -> None:
        """A text table has one sheet: what the numbers mean is in the workbook and on the cycle's page."""
        self.file.close()

    def abandon(self) -> None:
        """Lets go of what is open; also after `finish`."""
        self.file.close()


class Workbook:
    """XLSX: typed cells and a frozen header; then the definitions, then what this file is."""

    def __init__(
        self, export: Export, attempt: Attempt, columns: Sequence[Column], zone: datetime.tzinfo
    ) -> None:
        self.columns, self.zone = columns, zone
        self.book = cells.new_workbook(str(attempt.draft), constant_memory=True, tmpdir=str(attempt.working))
        # The moment of the request, not of this attempt: a second attempt writes the same bytes.
        moment = export.requested_at.astimezone(datetime.UTC).replace(tzinfo=None, microsecond=0)
        self.book.set_properties({"title": str(export.cycle), "created": moment, "company": "Accord"})
        self.formats = {
            "head": self.book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
            "number": self.book.add_format({"num_format": "0.0"}),
            "percent": self.book.add_format({"num_format": "0%"}),
            "percent2": self.book.add_format({"num_format": "0.00%"}),
            "integer": self.book.add_format({"num_format": "0"}),
            "moment": self.book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            "day": self.book.add_format({"num_format": "yyyy-mm-dd", "align": "left"}),
        }
        others = [_("Definitions"), _("About")]
        self.sheet = self.book.add_worksheet(cells.sheet_name(export.layout, _("Results"), others))
        self.row = 0
        for place, column in enumerate(columns):
            self.sheet.set_column(place, place, column.width)
        self._head(self.sheet, [str(column.label) for column in columns])
        self.sheet.freeze_panes(1, min(2, len(columns)))

    def write_row(self, values: Sequence[Any]) -> None:
        self.row += 1
        for place, (column, value) in enumerate(zip(self.columns, values, strict=True)):
            self._cell(self.sheet, self.row, place, column.kind, value)

    def finish(self, definitions: Iterable[Definition], notes: Iterable[Note]) -> None:
        if self.columns:
            self.sheet.autofilter(0, 0, self.row, len(self.columns) - 1)
        self._define(definitions)
        told = ((note.label, note.value) for note in notes)
        cells.write_about(self.book, _("About"), told, self.zone)
        self.book.close()

    def abandon(self) -> None:
        """Closes the rows' working files; a workbook that is never closed writes no file of its own."""
        for sheet in self.book.worksheets():
            if sheet.row_data_fh:
                sheet.row_data_fh.close()

    def _define(self, definitions: Iterable[Definition]) -> None:
        sheet = self.book.add_worksheet(_("Definitions")[: cells.LONGEST_NAME])
        heads: list[tuple[str, int, str]] = [
            (_("Weight policy"), 24, "text"),
            (_("Policy version"), 10, "integer"),
            (_("In force from"), 12, "day"),
            (_("Business stage"), 14, "text"),
            (_("Component"), 28, "text"),
            (_("Kind"), 22, "text"),
            (_("Measured by"), 28, "text"),
            (_("Formula"), 44, "text"),
            (_("Version of the definition"), 12, "integer"),
            (_("Score from value"), 40, "text"),
            (_("Base weight"), 10, "percent2"),
            (_("Effective weight"), 10, "percent2"),
            (_("Missing component"), 40, "text"),
        ]
        for place, (_head, width, _kind) in enumerate(heads):
            sheet.set_column(place, place, width)
        self._head(sheet, [head for head, _width, _kind in heads])
        sheet.freeze_panes(1, 2)
        for row, item in enumerate(definitions, start=1):
            values = [
                item.policy,
                item.version,
                item.in_force_from,
                item.stage,
                item.component,
                item.category,
                item.source,
                item.formula,
                item.definition_version,
                item.curve,
                Decimal(item.base_ppm).scaleb(-6),
                Decimal(item.effective_ppm).scaleb(-6),
                item.missing,
            ]
            for place, ((_head, _width, kind), value) in enumerate(zip(heads, values, strict=True)):
                self._cell(sheet, row, place, kind, value)

    def _head(self, sheet: Any, labels: Sequence[str]) -> None:
        for place, label in enumerate(labels):
            sheet.write_string(0, place, cells.neutral(label), self.formats["head"])

    def _cell(self, sheet: Any, row: int, place: int, kind: str, value: Any) -> None:
        if value is None or value == "":
            return
        if kind == "text":
            sheet.write_string(row, place, cells.fitting(str(value)))
        elif kind == "moment":
            local = value.astimezone(self.zone).replace(tzinfo=None, microsecond=0)
            sheet.write_datetime(row, place, local, self.formats["moment"])
        elif kind == "day":
            sheet.write_datetime(row, place, value, self.formats["day"])
        else:
            sheet.write_number(row, place, value, self.formats[kind])


def plain(value: Decimal) -> str:
    """Exact digits without an exponent or zeros at the end."""
    return format(value.normalize() + 0, "f")
