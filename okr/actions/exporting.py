"""Files of objectives: CSV and XLSX, of what the reader may see."""

import csv
import datetime
import io
import tempfile
import zoneinfo
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import IO, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from okr.models import Objective, OkrPolicy, contents
from okr.queries import export_notes, exporting, policy_texts
from performance.foundation import access, audit, cells
from performance.foundation.components import formats

FORMATS = ("csv", "xlsx")
BOM = "\ufeff"
# Beyond it a file lies on disk rather than in memory.
IN_MEMORY = 4 * 1024**2
#: In characters. What people read is wide, what only the import reads is narrow.
TEXT_WIDTH, NUMBER_WIDTH = 16, 12
WIDTHS = {
    **dict.fromkeys(("objective", "key_result"), 44),
    **dict.fromkeys(("description", "milestones", "checkpoints"), 36),
    **dict.fromkeys(("objective_id", "key_result_id"), 8),
}


def export_objectives(
    *,
    objectives: QuerySet[Objective],
    form: str,
    filters: dict[str, Any],
    by: access.Actor,
    at: datetime.datetime,
    with_bom: bool = False,
) -> IO[bytes]:
    """The file, ready to be read from its beginning. `objectives` are those that `by` may see; who exported
    with which filter is on record."""
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    policies = exporting.policies_of(objectives)
    rows = exporting.table_of(objectives, policies)
    if form == "xlsx":
        count = _write_xlsx(
            file, rows, _about(policies, filters, by, at), zoneinfo.ZoneInfo(by.organisation.time_zone)
        )
    else:
        count = _write_csv(file, rows, with_bom=with_bom)
    audit.record(
        by=by,
        action="okr.export_objectives",
        subject=by.organisation,
        changes={"rows": count, "format": form, "filters": filters},
        at=at,
    )
    file.seek(0)
    return file


def _write_csv(file: IO[bytes], rows: Iterator[list[Any]], *, with_bom: bool) -> int:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    if with_bom:
        text.write(BOM)
    table = csv.writer(text)
    table.writerow([cells.neutral(str(label)) for _name, label, _is_number in exporting.COLUMNS])
    count = 0
    for row in rows:
        table.writerow([_plain(value) for value in row])
        count += 1
    text.detach()
    return count


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return contents.plain(value) or ""
    return "" if value is None else cells.neutral(str(value))


def _about(
    policies: Iterable[OkrPolicy], filters: dict[str, Any], by: access.Actor, at: datetime.datetime
) -> list[tuple[str, Any]]:
    """What the file is, how the progress of each of its periods is counted, in the words of the pages, and what each
    column holds."""
    return [
        (_("Organisation"), str(by.organisation)),
        (_("Asked for at"), at),
        (_("Exported by"), formats.person_name(by.person)),
        (_("Filter"), export_notes.filter_in_words(filters)),
        (_("Objectives"), _("All that whoever exported may see and the filter leaves.")),
        *((str(policy.period), policy_texts.policy_words(policy)) for policy in policies),
        (_("Columns"), ""),
        *((str(label), str(export_notes.DEFINITIONS[name])) for name, label, _is_number in exporting.COLUMNS),
    ]


def _write_xlsx(
    file: IO[bytes], rows: Iterator[list[Any]], about: list[tuple[str, Any]], zone: datetime.tzinfo
) -> int:
    """Typed cells under a frozen header, row by row; then what the file is."""
    book = cells.new_workbook(file, constant_memory=True)
    head = book.add_format({"bold": True, "bottom": 1})
    sheet = book.add_worksheet(_("Objectives")[: cells.LONGEST_NAME])
    sheet.freeze_panes(1, 0)
    for place, (name, label, is_number) in enumerate(exporting.COLUMNS):
        sheet.set_column(place, place, WIDTHS.get(name, NUMBER_WIDTH if is_number else TEXT_WIDTH))
        sheet.write_string(0, place, str(label), head)
    count = 0
    for count, row in enumerate(rows, 1):
        for place, value in enumerate(row):
            if exporting.COLUMNS[place][2]:
                if value is not None:
                    sheet.write_number(count, place, float(value))
            else:
                sheet.write_string(count, place, cells.fitting(str(value)))
    sheet.autofilter(0, 0, count, len(exporting.COLUMNS) - 1)
    cells.write_about(book, _("About"), about, zone)
    book.close()
    return count
