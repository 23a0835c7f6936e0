"""Why a source said no, in words for people: one sentence a code, with named gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.foundation import egress, outgoing

REASONS: dict[str, Any] = {
    # The address
    **egress.REASONS,
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
    # A REST source
    "not_encrypted": outgoing.REASONS["not_encrypted"],
    "bad_address": _(
        "Write a plain address that begins with https:// or http://, without a user or a query."
    ),
    "bad_endpoint": _("Write a path below the base address, without a query."),
    "bad_header": _("This header cannot carry a key."),
    "bad_secret": _("A secret in a header is one line of plain letters, digits and signs."),
    "bad_path": _("%(path)s is no JMESPath that picks something out of the answer."),
    "source_busy": _("The source is busy. It is asked again later."),
    "redirect_refused": _("The source sends us on to an address that we do not follow."),
    "answer_too_large": _("One answer of the source is larger than 32 MB. Let it come in pages."),
    "credentials_refused": _("The source refused these credentials."),
    "token_refused": _("No token could be fetched with this client and secret."),
    "endpoint_missing": _("The source knows no such endpoint."),
    "status_refused": _("The source answered with status %(status)s."),
    "not_json": _("The answer is no JSON."),
    "rows_missing": _("The answer holds no list of records where the rows should be."),
    "no_rows": _("The source gave no rows, so its columns cannot be told."),
    "no_since": _("This endpoint has no parameter for what is new."),
    "cursor_unreadable": _("The next cursor is neither a text nor a number."),
    "page_twice": _("The source gave the same page twice. Check how it is paged."),
    "link_elsewhere": _("The next page lies at another host, which we do not follow."),
    "too_many_pages": _("The source gives more than %(pages)s pages."),
    # Rows that a system sends
    "line_not_json": _("Line %(line)s is no JSON."),
    "records_expected": _("Send a list of records, or one record a line."),
    "batch_empty": _("The batch holds no rows."),
    "too_many_rows_sent": _("Send at most %(rows)s rows in a batch."),
    "column_unknown": _("The column %(column)s is not one of this dataset."),
    "column_not_sent": _("No row names the column %(column)s. Send null where it is empty."),
    "push_only": _("Rows come in when the system sends them; there is nothing to ask."),
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
    "no_query": _("Only a database takes queries."),
    "no_cursor": _("A file is always read as a whole."),
    # The file
    "file_kind": _("CSV, XLSX, XLS, ODS and Parquet files can be read. Save the file as one of them."),
    "file_missing": _("No file has been uploaded yet."),
    "file_empty": _("The file holds no rows."),
    "file_encoding": _("The letters of this file cannot be read. Save it as CSV UTF-8."),
    "file_unreadable": _("The file could not be opened. Is it protected, damaged, or only called so?"),
    "file_too_large": _("The file is too large. Save the sheet as CSV, or cut it into parts."),
    "line_unreadable": _("Line %(line)s cannot be read: a cell is too long or a quote is not closed."),
    "sheet_missing": _("The sheet %(sheet)s is not there any more."),
    "column_missing": _("The column %(column)s is not there any more."),
    "column_twice": _("Two columns of the file have the same name."),
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
