"""Filters of a base metric: {"column", "op", "value"}, checked against the column's type, never SQL text."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.foundation import refusals
from performance.kpis.semantics.sheets import NUMERIC, Column, Sheet, Statement

MAX_FILTERS = 10
MAX_CHOICES = 200

COMPARISONS = {"=": "=", "!=": "IS DISTINCT FROM", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
ORDERED = frozenset({"<", "<=", ">", ">="})
MEMBERSHIP = {"in": "= ANY", "not_in": "<> ALL"}
NULLNESS = {"is_null": "IS NULL", "not_null": "IS NOT NULL"}
OPERATORS = {
    "=": _("is"),
    "!=": _("is not"),
    "<": _("is less than"),
    "<=": _("is at most"),
    ">": _("is more than"),
    ">=": _("is at least"),
    "in": _("is one of"),
    "not_in": _("is none of"),
    "is_null": _("is empty"),
    "not_null": _("is not empty"),
}
CASTS = {
    "text": "text",
    "integer": "numeric",
    "decimal": "numeric",
    "date": "date",
    "timestamp": "timestamptz",
    "boolean": "boolean",
}


NO_ORDER = _("Texts that stay at their source have no order: name them, or filter by a number or a date.")


class FilterRefused(refusals.Refused):
    """A filter that cannot be applied."""

    def __init__(self, message: Any) -> None:
        super().__init__(message, code="filter", field="filters")


def conditions(filters: Sequence[Mapping[str, Any]], sheet: Sheet) -> list[Statement]:
    """One SQL condition for each filter. Raises FilterRefused."""
    if len(filters) > MAX_FILTERS:
        raise FilterRefused(_("There are more than %(limit)s filters.") % {"limit": MAX_FILTERS})
    return [_condition(dict(given), sheet) for given in filters]


def _condition(given: dict[str, Any], sheet: Sheet) -> Statement:
    column = sheet.columns.get(str(given.get("column", "")))
    if column is None:
        raise FilterRefused(_("There is no column “%(name)s”.") % {"name": given.get("column", "")})
    op, value = given.get("op"), given.get("value")
    if op in NULLNESS:
        return Statement(f"{column.sql} {NULLNESS[op]}")
    cast = CASTS[column.type]
    if op in MEMBERSHIP:
        given_values = choices(given)
        if not 0 < len(given_values) <= MAX_CHOICES:
            raise FilterRefused(_("Name between 1 and %(limit)s values.") % {"limit": MAX_CHOICES})
        wanted = [typed(choice, column) for choice in given_values]
        return Statement(f"{column.sql} {MEMBERSHIP[op]} (%s::{cast}[])", [wanted])
    if op in COMPARISONS and not isinstance(value, list | tuple):
        return Statement(f"{column.sql} {COMPARISONS[op]} %s::{cast}", [typed(value, column)])
    raise FilterRefused(_("“%(op)s” is not a comparison.") % {"op": op})


def judge_order(filters: Sequence[Mapping[str, Any]], sheet: Sheet) -> None:
    """Each server sorts texts its own way, so that "less than" would pick other rows. Raises FilterRefused."""
    for given in filters:
        if sheet.columns[str(given["column"])].type == "text" and given["op"] in ORDERED:
            raise FilterRefused(NO_ORDER)


def choices(given: Mapping[str, Any]) -> list[Any]:
    """The values that a filter names."""
    value = given.get("value")
    return list(value) if isinstance(value, list | tuple) else [value]


def typed(value: Any, column: Column) -> Any:
    """A value of a filter in the type of its column. Raises FilterRefused."""
    text = str(value if value is not None else "").strip()
    try:
        if column.type in NUMERIC:
            number = Decimal(text)
            if not number.is_finite():
                raise ValueError
            return number
        if column.type == "date":
            return datetime.date.fromisoformat(text)
        if column.type == "timestamp":
            return datetime.datetime.fromisoformat(text)
    except (InvalidOperation, ValueError) as error:
        words = {"value": text[:40], "name": column.key}
        raise FilterRefused(_("“%(value)s” does not fit the column %(name)s.") % words) from error
    if column.type == "boolean":
        return text.lower() in ("true", "1", "yes", "是")
    return text
