"""The rows of an objective's form before they are saved: one more or one less, and the weights shared out among them. What
is typed may still be anything."""

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.core.exceptions import ValidationError

from okr.forms.checkpoints import MOST_POINTS
from okr.forms.fields import AmountField
from okr.forms.objectives import MOST_ROWS, rows_from
from okr.models.contents import FIELDS_OF

HUNDRED = Decimal(100)
#: Above it the field of a weight has no digits.
BEYOND = Decimal(1000)


def reshaped(posted: Mapping[str, str]) -> list[dict[str, Any]] | None:
    """The rows after "add", "remove" or "share evenly", or with a checkpoint more or less; None when the form is to be
    saved."""
    if not {"add", "leave_out", "even", "add_point", "drop_point"} & set(posted):
        return None
    rows = rows_from(posted)
    was_even = are_even(rows)
    kind = posted.get("add", "")
    if kind in FIELDS_OF and len(rows) < MOST_ROWS:
        rows.append({"kind": kind, "weight": "", "checkpoints": []})
    gone = place_named(posted.get("leave_out", ""), rows)
    if gone is not None:
        del rows[gone]
    _reshape_points(rows, posted)
    return with_even_weights(rows) if was_even or "even" in posted else rows


def _reshape_points(rows: list[dict[str, Any]], posted: Mapping[str, str]) -> None:
    """ "add_point" names a row, "drop_point" a row and a place among its checkpoints: "2.0"."""
    more = place_named(posted.get("add_point", ""), rows)
    if more is not None and len(rows[more]["checkpoints"]) < MOST_POINTS:
        rows[more]["checkpoints"].append({"on": "", "value": "", "is_new": True})
    row, _dot, point = posted.get("drop_point", "").partition(".")
    of = place_named(row, rows)
    if of is None:
        return
    gone = place_named(point, rows[of]["checkpoints"])
    if gone is not None:
        del rows[of]["checkpoints"][gone]


def place_named(text: str, rows: list[Any]) -> int | None:
    """The place that a submit names among these; None for any other word."""
    is_place = text.isascii() and text.isdecimal() and len(text) < 4
    return int(text) if is_place and int(text) < len(rows) else None


def with_even_weights(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows with weights that sum to exactly 100 %: locked ones as they are, the others alike. As they came
    where the locked ones leave nothing to share."""
    locked = {
        place: weight_typed(row.get("weight")) or Decimal(0)
        for place, row in enumerate(rows)
        if row.get("locked")
    }
    free = [place for place in range(len(rows)) if place not in locked]
    left = HUNDRED - sum(locked.values(), Decimal(0))
    if not free or left < 0:
        return rows
    part = (left / len(free)).quantize(Decimal("0.01"), ROUND_DOWN)
    shares = dict.fromkeys(free, part) | {free[0]: left - part * (len(free) - 1)}
    return [{**row, "weight": shares.get(place, row.get("weight"))} for place, row in enumerate(rows)]


def are_even(rows: list[dict[str, Any]]) -> bool:
    """Nobody has chosen the weights yet: they are empty or as equal as they can be."""
    typed = {str(row.get("weight", "")).strip() for row in rows} - {""}
    weights = [weight_typed(each) for each in typed]
    known = [each for each in weights if each is not None]
    if len(known) < len(weights):
        return False
    return not known or max(known) - min(known) <= Decimal("0.05")


def weight_typed(value: Any) -> Decimal | None:
    """A weight as it stands in the form, 0 where it is empty; None for what the field could not hold."""
    try:
        found = AmountField().to_python(str(value or "").strip()) or Decimal(0)
    except ValidationError:
        return None
    return found if found.is_finite() and found.copy_abs() < BEYOND else None
