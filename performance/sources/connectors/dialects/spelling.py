"""When PostgreSQL writes a value in COPY other than plainly: such that we, and our own database, might read it as something
else. Conditions in its SQL, to stand beside the values; where one of them says nothing (NULL), the value is plain."""

from __future__ import annotations

import re

from performance.sources.connectors.lines import CLOCK, DAY, SPELT, Cell

#: Type oids of the server's catalogue.
WHOLE, REAL, DOUBLE, NUMERIC, DATE, WALL_CLOCK, INSTANT = (20, 21, 23), 700, 701, 1700, 1082, 1114, 1184
TEXTS = (25, 1042, 1043)
#: From how much on, and below what, a float is written with an exponent; with room to the true bounds.
PLAIN_FLOATS = {REAL: ("1e-3", "1e5"), DOUBLE: ("1e-3", "1e14")}
WORDS = "'true', 'false', 'yes', 'no', 't', 'f', 'y', 'n', '1', '0'"


def oddity(kind: int, cell: Cell, name: str) -> str:
    """Of the column `name` with the oid `kind`, for a cell that reads it (PostgreSQL.spelt); "" for never."""
    if kind in TEXTS and cell.type != "text":
        return _odd_text(cell, name)
    if kind == NUMERIC and cell.type == "decimal":
        # NaN is not below anything.
        return f"NOT (abs({name}) < 1e30 AND scale({name}) <= 30)"
    if kind == NUMERIC:
        return f"NOT (abs({name}) < 1e18 AND scale({name}) = 0)"
    if kind in PLAIN_FLOATS:
        least, most = PLAIN_FLOATS[kind]
        return f"NOT ({name} = 0 OR abs({name}) BETWEEN {least} AND {most})"
    if kind == DATE:
        return f"{name} NOT BETWEEN '1800-01-01' AND '2199-12-31'"
    if kind == WALL_CLOCK:
        # As far as a steady zone is known.
        return f"{name} NOT BETWEEN '2000-01-01' AND '2099-12-31 23:59:59.999999'"
    if kind == INSTANT:
        # Before, some zones were ahead by hours, minutes and seconds.
        return f"{name} NOT BETWEEN '1973-01-01 00:00+00' AND '2199-12-30 00:00+00'"
    return ""


def _odd_text(cell: Cell, name: str) -> str:
    if cell.type == "boolean":
        odd = f"lower({name}) NOT IN ({WORDS})"
    else:
        spelt = SPELT[cell.type]
        if cell.type == "timestamp" and cell.is_steady:
            spelt = f"{spelt}|(?=20){DAY}(?:{CLOCK})?"
        odd = f"{name} !~ '^(?:{_unpossessive(spelt)})$'"
    # Nothing is nothing, whatever the column wants.
    return odd if cell.is_key else f"({odd} AND octet_length({name}) > 0)"


def _unpossessive(expression: str) -> str:
    """As PostgreSQL writes it, which need not be told not to try twice."""
    return re.sub(r"([+*?}])\+", r"\1", expression)
