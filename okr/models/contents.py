"""The text of an objective as a value: what a version keeps, what a form proposes, what two people sign."""

import dataclasses
import datetime
import hashlib
import json
import re
import unicodedata
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Self

from uuid_utils.compat import uuid7

AMOUNTS = ("start", "target", "commit", "stretch", "lower", "upper", "tolerance")
# Which fields a kind of key result has, besides title, weight and owner.
FIELDS_OF = {
    "increase": ("start", "target", "unit", "commit", "stretch", "checkpoints"),
    "decrease": ("start", "target", "unit", "commit", "stretch", "checkpoints"),
    "percent": ("start", "target", "commit", "stretch", "checkpoints"),
    "money": ("start", "target", "currency", "commit", "stretch", "checkpoints"),
    "band": ("lower", "upper", "unit", "tolerance"),
    "milestones": ("milestones", "checkpoints"),
    "yes_no": (),
    "kpi": ("metric_key", "slice", "start", "target", "unit", "checkpoints"),
}
# A band is to be kept from the first day on, and a yes or no is nowhere on the way: neither has checkpoints.
PACED_KINDS = tuple(kind for kind, fields in FIELDS_OF.items() if "checkpoints" in fields)


@dataclass(frozen=True)
class MilestoneContent:
    title: str
    weight: int = 1
    id: uuid.UUID = field(default_factory=uuid7)

    def to_json(self) -> dict[str, Any]:
        return {"id": str(self.id), "title": self.title, "weight": self.weight}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        return cls(id=uuid.UUID(kept["id"]), title=kept["title"], weight=kept["weight"])


@dataclass(frozen=True)
class CheckpointContent:
    """What is expected at the end of a day: a value in the key result's own unit, of milestones the percentage of
    their weight."""

    on: datetime.date
    value: Decimal

    def to_json(self) -> dict[str, Any]:
        return {"on": self.on.isoformat(), "value": plain(self.value)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        return cls(datetime.date.fromisoformat(kept["on"]), Decimal(kept["value"]))


def checkpoints_from(kept: Iterable[Mapping[str, Any]]) -> tuple[CheckpointContent, ...]:
    return tuple(CheckpointContent.from_json(each) for each in kept)


def checkpoints_text(points: Iterable[CheckpointContent]) -> str:
    """ "2026-01-31: 40", one in each line: exact, and the same in every language."""
    return "\n".join(f"{point.on.isoformat()}: {plain(point.value)}" for point in points)


@dataclass(frozen=True)
class KeyResultContent:
    """A key result as agreed. Amounts in its own unit, weight in ppm of the objective."""

    kind: str
    title: str
    weight_ppm: int
    owner_id: uuid.UUID | None = None
    unit: str = ""
    currency: str = ""
    start: Decimal | None = None
    target: Decimal | None = None
    commit: Decimal | None = None
    stretch: Decimal | None = None
    lower: Decimal | None = None
    upper: Decimal | None = None
    tolerance: Decimal | None = None
    metric_key: str = ""
    slice: Mapping[str, str] = field(default_factory=dict)
    milestones: tuple[MilestoneContent, ...] = ()
    checkpoints: tuple[CheckpointContent, ...] = ()
    id: uuid.UUID = field(default_factory=uuid7)

    def __post_init__(self) -> None:
        # Money has a currency and no unit besides, whichever way the text came in: the form asks for one of the two,
        # and a second one would vanish as a change that nobody made.
        for name in ("unit", "currency"):
            if self.kind in FIELDS_OF and name not in FIELDS_OF[self.kind]:
                object.__setattr__(self, name, "")

    def to_json(self) -> dict[str, Any]:
        kept = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return kept | {
            "id": str(self.id),
            "owner_id": str(self.owner_id) if self.owner_id else None,
            "slice": dict(self.slice),
            "milestones": [milestone.to_json() for milestone in self.milestones],
            "checkpoints": [checkpoint.to_json() for checkpoint in self.checkpoints],
            **{name: plain(getattr(self, name)) for name in AMOUNTS},
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        return cls(
            **{
                **kept,
                "id": uuid.UUID(kept["id"]),
                "owner_id": uuid.UUID(kept["owner_id"]) if kept["owner_id"] else None,
                "milestones": tuple(MilestoneContent.from_json(each) for each in kept["milestones"]),
                # Texts that were agreed before there were checkpoints stay as they were signed.
                "checkpoints": checkpoints_from(kept.get("checkpoints", ())),
                **{name: exact(kept[name]) for name in AMOUNTS},
            }
        )


@dataclass(frozen=True)
class Content:
    """An objective's whole text."""

    title: str
    key_results: tuple[KeyResultContent, ...]
    description: str = ""
    type: str = "committed"
    visibility: str = "public"
    weight: int = 1

    def to_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "description": self.description,
            "type": self.type,
            "visibility": self.visibility,
            "weight": self.weight,
            "key_results": [key_result.to_json() for key_result in self.key_results],
        }

    @property
    def mark(self) -> str:
        """Tells this text from another one: the same for the same words and figures."""
        written = json.dumps(self.to_json(), sort_keys=True)
        return hashlib.sha256(written.encode()).hexdigest()[:32]

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        return cls(
            **{**kept, "key_results": tuple(KeyResultContent.from_json(each) for each in kept["key_results"])}
        )

    def key_result(self, key: str) -> KeyResultContent | None:
        return next((each for each in self.key_results if str(each.id) == key), None)

    def value_of(self, path: str) -> Any:
        """The value at "title" or "<key result>.target". Raises KeyError for a path that leads nowhere."""
        key, dot, name = path.rpartition(".")
        if dot and not key:
            # Another spelling of a field of the objective would be a second field.
            raise KeyError(path)
        if not key:
            return self.to_json()[name]
        key_result = self.key_result(key)
        if key_result is None:
            raise KeyError(path)
        return key_result.to_json()[name]


def plain(value: Decimal | None) -> str | None:
    """A decimal as text without padding: 2.90000000 is "2.9", 100 stays "100"."""
    if value is None:
        return None
    # Text alone: arithmetic would round, or refuse, what has more figures than its context.
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def one_line(text: str) -> str:
    """A title as it is kept: one line, without what nobody sees. The page's fields give nothing else."""
    seen = ("".join(sign if unicodedata.category(sign) != "Cc" else " " for sign in text)).split()
    return " ".join(seen)


def exact(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def ppm_of(percent: Decimal) -> int:
    return int((percent * 10_000).to_integral_value(ROUND_HALF_UP))


def slice_of(text: str) -> dict[str, str]:
    """ "store=010, country=CN" as a slice. What names no dimension, or none of its values, tells nothing."""
    pairs = (_pair(part) for part in re.split(r"[,;，；]", text))
    return {key: value for key, value in pairs if key and value}


def _pair(part: str) -> tuple[str, str]:
    """Parted at the first sign, without a pattern that spaces could keep busy: a cell is as long as its file allows."""
    sign = "=" if "=" in part.partition(":")[0] else ":"
    key, _sign, value = part.partition(sign)
    return key.strip(), value.strip()


def slice_text(given: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in given.items())
