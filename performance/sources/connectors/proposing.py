"""What a table could be as a dataset: a key, a type and a role for each column, for people to confirm."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pypinyin

from performance.sources.connectors import guessing
from performance.sources.connectors.protocol import ColumnInfo, Row

MAX_KEY = 50
#: Names that the physical table needs for itself.
RESERVED = frozenset(
    {"organisation_id", "load_id", "row_no", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}
)
NUMBERS = ("integer", "decimal")
TIMES = ("date", "timestamp")
#: Numbers that name something rather than measure it.
NAMING = re.compile(r"(^|_)(id|key|no|nr|num|number|code|year|month|day|week|quarter|zip|phone)$")


@dataclass(frozen=True)
class Proposal:
    source_name: str
    key: str
    type: str
    source_type: str
    date_order: str
    role: str
    is_key: bool
    filled_ppm: int
    examples: tuple[str, ...]


def proposed_columns(
    infos: Sequence[ColumnInfo], rows: Sequence[Row], *, has_types: bool
) -> tuple[Proposal, ...]:
    """`rows`: a sample in the order of `infos`. `has_types`: the source declares types (a database), else they
    are guessed from the sample (a file)."""
    taken: set[str] = set()
    proposals = []
    has_time = False
    for place, info in enumerate(infos):
        guess = guessing.guess([row[place] for row in rows])
        key = column_key(info.name, taken)
        taken.add(key)
        type_ = info.type
        role = _role(key, type_, is_key=info.in_primary_key, has_time=has_time)
        has_time = has_time or role == "time"
        proposals.append(
            Proposal(
                source_name=info.name,
                key=key,
                type=type_,
                source_type=info.type if has_types else "",
                date_order=guess.date_order if type_ in TIMES and not has_types else "",
                role=role,
                is_key=info.in_primary_key,
                filled_ppm=guess.filled_ppm,
                examples=guess.examples,
            )
        )
    return tuple(proposals)


def column_key(name: str, taken: set[str]) -> str:
    """A readable key of small Latin letters: OrderDate → order_date, 门店 → men_dian; unique among `taken`."""
    spelt = " ".join(pypinyin.lazy_pinyin(name))
    spelt = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", spelt)
    key = re.sub(r"[^a-z0-9]+", "_", spelt.lower()).strip("_")[: MAX_KEY - 4].strip("_")
    if not key or not key[0].isalpha():
        key = f"c_{key}".strip("_")
    if key in RESERVED:
        key = f"{key}_value"
    unique, number = key, 2
    while unique in taken:
        unique, number = f"{key}_{number}", number + 1
    return unique


def _role(key: str, type_: str, *, is_key: bool, has_time: bool) -> str:
    if type_ in TIMES:
        return "dimension" if has_time else "time"
    if is_key:
        return "key"
    if type_ in NUMBERS and not NAMING.search(key):
        return "measure"
    return "dimension"
