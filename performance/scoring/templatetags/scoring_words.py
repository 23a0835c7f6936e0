"""`{% load scoring_words %}`: rules of a policy in plain words, and the arithmetic of one component."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import gettext as _

from performance.foundation import i18n
from performance.foundation.components import formats
from performance.scoring.models import WHOLE, Category, Stage

register = template.Library()


@register.filter
def moved(score: Any) -> Decimal | None:
    """What weights have moved: the difference of the two scores as they are written, with one place."""
    if score is None or score.score_micro is None or score.constant_micro is None:
        return None
    total, constant = (
        formats.rounded(Decimal(micro) / WHOLE, 1) for micro in (score.score_micro, score.constant_micro)
    )
    return total - constant


@register.filter
def factor(ppm: int | None) -> str:
    """1_200_000 → "1.20"."""
    return formats.number(None if ppm is None else Decimal(ppm) / WHOLE, 2)


@register.filter
def stage_name(stage: str) -> str:
    return str(Stage(stage).label) if stage in Stage.values else stage


@register.filter
def category_name(category: str) -> str:
    return str(Category(category).label) if category in Category.values else category


@register.filter
def curve_reading(curve: Mapping[str, Any]) -> str:
    """How a raw value becomes a score, as one sentence."""
    kind = curve.get("kind")
    if kind == "linear":
        words = {name: _shown(curve.get(name)) for name in ("floor", "target", "stretch")}
        if curve.get("stretch") is None:
            return _("0 points at %(floor)s, 100 at %(target)s, a straight line between.") % words
        words["cap"] = _shown(curve.get("cap") or 120)
        return (
            _("0 points at %(floor)s, 100 at %(target)s, %(cap)s at %(stretch)s, straight lines between.")
            % words
        )
    if kind == "within":
        words = {name: _shown(curve.get(name)) for name in ("lower", "upper", "tolerance")}
        if curve.get("tolerance") is None:
            return _("100 points from %(lower)s to %(upper)s, 0 outside.") % words
        return _("100 points from %(lower)s to %(upper)s, down to 0 at %(tolerance)s outside.") % words
    if kind == "steps":
        steps = [f"{_shown(row['score'])} @ {_shown(row['from'])}" for row in curve["steps"]]
        return _("Points by step: %(steps)s.") % {"steps": formats.listed(steps)}
    if kind == "bands":
        return _("Points by band.")
    return _("The value is the score: per cent are points, 0 to %(cap)s.") % {
        "cap": _shown(curve.get("cap") or 100)
    }


@register.filter
def curve_working(line: Any) -> str:
    """The arithmetic from the measured value to the score, where it is one line; else empty."""
    curve, raw = line.curve, line.raw_micro
    if curve.get("kind") != "linear" or raw is None:
        return ""
    value = Decimal(raw) / WHOLE
    sign = -1 if curve.get("direction") == "lower" else 1
    floor, target = Decimal(str(curve["floor"])), Decimal(str(curve["target"]))
    stretch = None if curve.get("stretch") is None else Decimal(str(curve["stretch"]))
    score = formats.number(Decimal(line.value_micro or 0) / WHOLE, 1)
    if value * sign <= floor * sign:
        return ""
    if value * sign <= target * sign:
        return f"({_shown(value)} − {_shown(floor)}) ÷ ({_shown(target)} − {_shown(floor)}) × 100 = {score}"
    if stretch is None or value * sign >= stretch * sign:
        return ""
    rise = Decimal(str(curve.get("cap") or 120)) - 100
    return (
        f"100 + ({_shown(value)} − {_shown(target)}) ÷ ({_shown(stretch)} − {_shown(target)})"
        f" × {_shown(rise)} = {score}"
    )


@register.filter
def missing_reading(missing: str) -> str:
    """What happens to a component without data, as a sentence."""
    return {
        "leave_out": _(
            "A component without data is left out, and the other weights grow in proportion. It never counts as zero."
        ),
        "zero": _("A component without data counts as zero."),
        "carry_forward": _(
            "A component without data keeps its last closed score; without one it is left out."
        ),
    }[missing]


@register.filter
def local_name(item: Mapping[str, Any]) -> str:
    """The name of a planned component, which is kept as plain data."""
    return i18n.local_in(item, "name")


@register.filter
def names(people: Iterable[Any]) -> str:
    """Names in a row, parted as the reader's language does."""
    return ("、" if i18n.is_chinese() else ", ").join(formats.person_name(person) for person in people)


@register.filter
def mark(digest: str) -> str:
    """The first letters of a digest, for people to compare."""
    return f"{digest[:4]}·{digest[4:8]}"


@register.filter
def text_of(ref: Mapping[str, str]) -> str:
    """The label of a reference in the reader's language."""
    return i18n.local_in(ref, "label")


@register.filter
def note_of(ref: Mapping[str, str]) -> str:
    """What a reference gave, in the reader's language; "" where it says nothing."""
    return i18n.local_in(ref, "note")


def _shown(value: Any) -> str:
    return formats.number(None if value is None else Decimal(str(value)))
