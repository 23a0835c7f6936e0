"""Why a source said no, in words for people: one sentence a code, with named gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

REASONS: dict[str, Any] = {
    # The address
    "bad_host": _("This is not a host name or an address."),
    "bad_port": _("The port must be a number from 1 to 65535."),
    "host_unknown": _("No such host: the name could not be resolved."),
    "address_refused": _(
        "This host leads to an address inside a private network. The administrator of the installation can "
        "allow it."
    ),
    # The server
    "unreachable": _("The source cannot be reached."),
    "tls_refused": _("The source offers no trusted encryption."),
    "access_refused": _("The database refused this user or password."),
    "database_missing": _("There is no database of this name."),
    "right_missing": _("This user may not read that table."),
    "table_missing": _("A table or column that is needed is not in the source any more."),
    "timed_out": _("The source took too long to answer."),
    "source_failed": _("The source could not be read."),
    "too_many_rows": _("The source gives more than %(rows)s rows."),
    "too_many_bytes": _("The source gives too much data."),
    "gave_up": _("The load was begun %(attempts)s times and never came to its end."),
    "unreadable_secret": _("The saved password cannot be read any more. Enter it again."),
    "kind_unknown": _("This kind of source is not known."),
    # What is asked at the source instead of being copied
    "live_kind": _("Only a database can be asked at the source."),
    "live_type": _(
        "The column “%(column)s” has a type that cannot be computed at the source. Copy the dataset, or turn the "
        "column into another type in a query of your own."
    ),
    "live_changed": _(
        "The column “%(column)s” has another type at the source now. Look at the columns again."
    ),
    "live_long": _("A dimension holds a text that is too long to be a part of a business."),
    "live_parts": _("These dimensions make more than %(limit)s parts. Choose coarser ones, or fewer."),
    # The query
    "bad_name": _("This is not a name of a table or column."),
    "query_empty": _("Write a query first."),
    "query_too_long": _("The query is too long or nested too deeply."),
    "query_unreadable": _("The query could not be read as SQL."),
    "query_not_one": _("Write exactly one statement."),
    "query_not_select": _("Only a SELECT can become a dataset."),
    "query_writes": _("The query may only read."),
    "query_function": _("The function %(name)s may not be used in a query."),
    "no_query": _("A file has sheets, not queries."),
    "no_cursor": _("A file is always read as a whole."),
    # The file
    "file_kind": _("Only CSV and XLSX files can be read. Save the file as one of them."),
    "file_missing": _("No file has been uploaded yet."),
    "file_empty": _("The file holds no rows."),
    "file_encoding": _("The letters of this file cannot be read. Save it as CSV UTF-8."),
    "file_unreadable": _("The workbook could not be opened. Is it protected or damaged?"),
    "file_too_large": _("The file is too large. Save the sheet as CSV, or cut it into parts."),
    "line_unreadable": _("Line %(line)s cannot be read: a cell is too long or a quote is not closed."),
    "sheet_missing": _("The sheet %(sheet)s is not there any more."),
    "column_missing": _("The column %(column)s is not there any more."),
    "too_many_columns": _("The table has too many columns."),
}


def text(code: str, params: Mapping[str, Any]) -> Any:
    """The lazily translated sentence; an unknown code (of an older version) says the general thing."""
    message = REASONS.get(code, REASONS["source_failed"])
    return _Filled(message, params) if params else message


class _Filled:
    """A message whose gaps are filled when it is said, so that it follows the reader's language."""

    def __init__(self, message: Any, params: Mapping[str, Any]) -> None:
        self.message = message
        self.params = dict(params)

    def __str__(self) -> str:
        return str(self.message) % self.params
