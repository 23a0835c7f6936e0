"""Statements that may take only as long as somebody waits for a page."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, transaction

QUERY_CANCELED = "57014"


class TooSlow(Exception):
    """A statement took longer than it was given."""


@contextmanager
def in_time(milliseconds: int) -> Iterator[Any]:
    """A cursor whose statements may take so long each. Raises TooSlow; nothing of the block is kept then."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {int(milliseconds)}")
            yield cursor
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == QUERY_CANCELED:
            raise TooSlow from error
        raise
