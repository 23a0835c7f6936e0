"""How a value of a key result reads: with its unit, in the reader's language."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from okr.models import CheckpointContent, KeyResult, KeyResultContent
from okr.models.contents import checkpoints_from
from okr.models.objectives import OwnerKind
from performance.foundation.components import formats

MISSING = formats.MISSING


def amount(key_result: Any, value: Decimal | str | None) -> str:
    """A value in the key result's own unit. Takes a KeyResult row or a KeyResultContent."""
    if value is None:
        return MISSING
    if key_result.kind == "money":
        return formats.money(value, key_result.currency or "CNY")
    if key_result.kind == "percent" or key_result.unit == "%":
        return formats.percent(value)
    figures = formats.number(value)
    return f"{figures} {formats.currency_name(key_result.unit)}" if key_result.unit else figures


def amount_exact(key_result: Any, value: Decimal | str | None) -> str:
    """The same with every figure, for where people sign it: neither shortened nor rounded."""
    if value is None:
        return MISSING
    given = formats.trimmed(Decimal(value))
    places = max(-int(given.as_tuple().exponent), 0)
    if key_result.kind == "money":
        return formats.money_exact(given, key_result.currency or "CNY", max(places, 2))
    if key_result.kind == "percent" or key_result.unit == "%":
        return formats.percent(given, places)
    figures = formats.number(given, places)
    return f"{figures} {formats.currency_name(key_result.unit)}" if key_result.unit else figures


def span(key_result: Any, steps: int | None = None, *, is_exact: bool = False) -> str:
    """From where to where: "11 → 6 h", "10–12 days", "9 milestones"; with every figure if so asked."""
    told = amount_exact if is_exact else amount
    bare = KeyResultContent("increase", "", 0)
    if key_result.kind == "band":
        if key_result.upper is None:
            return _("at least %(value)s") % {"value": told(key_result, key_result.lower)}
        if key_result.lower is None:
            return _("at most %(value)s") % {"value": told(key_result, key_result.upper)}
        return f"{told(bare, key_result.lower)}–{told(key_result, key_result.upper)}"
    if key_result.kind == "milestones":
        count = steps or 0
        return ngettext("%(count)s milestone", "%(count)s milestones", count) % {"count": count}
    if key_result.kind == "yes_no":
        return _("done or not")
    if key_result.kind == "money" or key_result.unit in ("", "%"):
        return f"{told(key_result, key_result.start)} → {told(key_result, key_result.target)}"
    return f"{told(bare, key_result.start)} → {told(key_result, key_result.target)}"


def checkpoint(key_result: Any, point: CheckpointContent) -> str:
    """ "31 January: 40 orders"; of milestones the percentage of their weight."""
    expected = (
        formats.percent(point.value)
        if key_result.kind == "milestones"
        else amount_exact(key_result, point.value)
    )
    return f"{formats.day(point.on, 'short')}{formats.mark(':')}{expected}"


def checkpoints(key_result: KeyResultContent) -> str:
    """All of them in one line."""
    return "; ".join(checkpoint(key_result, point) for point in key_result.checkpoints)


def checkpoints_of(key_result: KeyResult) -> list[str]:
    """Those of a row."""
    return [checkpoint(key_result, point) for point in checkpoints_from(key_result.checkpoints)]


def standing(key_result: Any, milestones: list[Any] | None = None) -> str:
    """Where it stands now."""
    if key_result.kind == "milestones":
        steps = milestones or []
        if all(each.done is None for each in steps):
            return MISSING
        done = sum(bool(each.done) for each in steps)
        return _("%(done)s of %(all)s") % {"done": done, "all": len(steps)}
    if key_result.kind == "yes_no":
        if key_result.done is None:
            return MISSING
        return _("Done") if key_result.done else _("Not yet")
    return amount(key_result, key_result.current)


def whose(objective: Any) -> str:
    """The team or the organisation whose objective it is, else its owner's name."""
    if objective.owner_kind == OwnerKind.TEAM and objective.team is not None:
        return str(objective.team)
    if objective.owner_kind == OwnerKind.ORGANISATION:
        return str(_("Organisation"))
    return formats.person_name(objective.owner)
