"""Slices: which part of the business a value is about. {} is all of it."""

import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence

Slice = Mapping[str, str]
#: How many slices a metric keeps values for: more is a list of customers, not parts of a business.
MOST_SLICES = 10_000
#: What metrics and dimensions may be called: such a key may stand in SQL text.
KEY_PATTERN = r"^[a-z][a-z0-9_]{0,59}\Z"


def literal(key: str) -> str:
    """A key as SQL text. Raises ValueError for anything that is not of our own alphabet; whoever takes keys from
    people refuses those in words before (semantics.check)."""
    if not re.match(KEY_PATTERN, key):
        raise ValueError(f"Not a key: {key!r}")
    return f"'{key}'"


def slice_key(given: Slice) -> str:
    """The text of a slice exactly as PostgreSQL writes the jsonb: shorter keys first, then by bytes."""
    ordered = sorted(given.items(), key=lambda item: (len(item[0].encode()), item[0].encode()))
    return json.dumps({key: str(value) for key, value in ordered}, ensure_ascii=False)


def dimensions_text(keys: Iterable[str]) -> str:
    return ",".join(sorted(keys))


def dimension_sets(keys: Sequence[str]) -> list[str]:
    """Every combination of the dimensions that values are kept for, from the total to the finest."""
    ordered = sorted(keys)
    return [
        ",".join(chosen)
        for size in range(len(ordered) + 1)
        for chosen in itertools.combinations(ordered, size)
    ]


def cube(keys: Sequence[str]) -> str:
    """GROUP BY part over columns d0, d1, … of the sorted dimensions: all combinations at once."""
    if not keys:
        return ""
    return f", CUBE({', '.join(f'd{place}' for place in range(len(keys)))})"


def slice_sql(keys: Sequence[str]) -> str:
    """The jsonb slice of a grouped row."""
    if not keys:
        return "'{}'::jsonb"
    parts = ", ".join(
        f"{literal(key)}, CASE WHEN GROUPING(d{place}) = 0 THEN d{place} END"
        for place, key in enumerate(sorted(keys))
    )
    return f"jsonb_strip_nulls(jsonb_build_object({parts}))"


def dimensions_sql(keys: Sequence[str]) -> str:
    if not keys:
        return "''"
    parts = ", ".join(
        f"CASE WHEN GROUPING(d{place}) = 0 THEN {literal(key)} END" for place, key in enumerate(sorted(keys))
    )
    return f"concat_ws(',', {parts})"
