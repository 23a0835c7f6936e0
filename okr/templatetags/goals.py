"""`{% load goals %}`: how values and kinds of key results read in templates."""

from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from okr import queries
from okr.models.objectives import KeyResultKind
from okr.queries import readings
from performance.foundation.components import formats, svg

register = template.Library()

ICONS = {
    "increase": "hash",
    "decrease": "hash",
    "band": "arrows-minimize",
    "percent": "percentage",
    "money": "coin",
    "milestones": "list-check",
    "yes_no": "toggle-right",
    "kpi": "gauge",
}


@register.filter
def kind_icon(kind: str) -> str:
    return ICONS.get(kind, "hash")


@register.filter
def kind_name(kind: str) -> str:
    return str(KeyResultKind(kind).label)


@register.filter
def policy_words(policy: Any) -> str:
    """`{{ policy|policy_words }}`: how progress is counted."""
    return queries.policy_words(policy)


@register.filter
def by_words(shown: list[Any]) -> list[dict[str, Any]]:
    """`{% for group in policies|by_words %}`: policies that say the same are one sentence, with the periods that it is
    said of."""
    groups: list[dict[str, Any]] = []
    for policy in shown:
        words = queries.policy_words(policy)
        same = next((each for each in groups if not policy.since and each["words"] == words), None)
        if same is not None and not same["since"]:
            same["periods"].append(policy.period)
        else:
            groups.append({"words": words, "since": policy.since, "periods": [policy.period]})
    return groups


@register.filter
def whose(objective: Any) -> str:
    """`{{ one|whose }}`: a team, the organisation or a person."""
    return readings.whose(objective)


@register.filter
def whose_and_team(objective: Any) -> str:
    """The same, and of a person's goal the team that it belongs to."""
    names = [readings.whose(objective)]
    if objective.owner_kind == "person" and objective.team is not None:
        names.append(str(objective.team))
    return " · ".join(names)


@register.filter
def is_late(dependency: Any, today: Any) -> bool:
    """`{{ row|is_late:today }}`"""
    return bool(dependency.is_late(today))


@register.filter
def amount(key_result: Any, value: Any) -> str:
    """`{{ key_result|amount:entry.value }}`"""
    return queries.amount(key_result, value)


@register.filter
def amount_exact(key_result: Any, value: Any) -> str:
    """The same with every figure, for where people sign it."""
    return queries.amount_exact(key_result, value)


@register.filter
def change(key_result: Any, delta: Any) -> str:
    """`{{ key_result|change:delta }}`: a difference in the key result's unit, short enough for a column."""
    if key_result.kind == "money" and delta:
        shown = formats.money(abs(delta), key_result.currency or "CNY")
        return f"{'+' if delta > 0 else formats.MINUS}{shown}"
    if key_result.kind == "percent" or key_result.unit == "%":
        return formats.percentage_points(delta)
    return formats.signed(delta)


@register.filter
def span(key_result: Any) -> str:
    """Where from and where to."""
    return queries.span(key_result, len(key_result.milestones.all()))


@register.filter
def span_exact(key_result: Any) -> str:
    """The same with every figure, for where people sign it."""
    return queries.span(key_result, len(key_result.milestones.all()), is_exact=True)


@register.filter
def standing(key_result: Any) -> str:
    """Where it stands now."""
    return queries.standing(key_result, list(key_result.milestones.all()))


@register.filter
def checkpoints(key_result: Any) -> list[str]:
    """`{% for each in kr|checkpoints %}`: day and value of each."""
    return queries.checkpoints_of(key_result)


@register.filter
def reading(entry: Any) -> str:
    """What one entry of a check-in reported."""
    key_result = entry.key_result
    if key_result.kind == "yes_no":
        return queries.standing(_Answered(entry))
    if key_result.kind == "milestones":
        done = len(entry.milestones_done) if entry.milestones_done is not None else None
        return _("%(done)s done") % {"done": done} if done is not None else readings.MISSING
    return queries.amount(key_result, entry.value)


class _Answered:
    kind = "yes_no"

    def __init__(self, entry: Any) -> None:
        self.done = entry.done


@register.filter
def whole(progress_micro: int | None) -> int | None:
    """Micro percent as whole percent."""
    return queries.percent(progress_micro)


@register.filter
def status_by(entry: Any, pace: Any) -> str:
    """`{{ entry|status_by:pace }}`: what was reported, against the plan of `pace`."""
    return str(pace.status_of_entry(entry)) if pace is not None else "none"


@register.simple_tag
def pace_bar(row: Any, h: int = 6) -> SafeString:
    """`{% pace_bar row 4 %}`: progress of a goal or key result, with the tick of what is expected of it."""
    return svg.bar(row.percent, _pace_of(row), _look_of(row), h, _measured(row))


@register.simple_tag
def pace_ring(row: Any, size: int = 48) -> SafeString:
    """The same as a ring."""
    return svg.ring(row.percent, _pace_of(row), _look_of(row), size, _measured(row))


def _pace_of(row: Any) -> Any:
    """Nothing is expected any more of what is closed."""
    if getattr(row, "is_final", False) or row.expected is None:
        return None
    return row.expected.percent


def _look_of(row: Any) -> str:
    return "closed" if getattr(row, "is_final", False) else str(row.status)


def _measured(row: Any) -> str:
    """What the picture says; "" leaves the words to it."""
    if _pace_of(row) is None or not row.expected.by_checkpoints or row.percent is None:
        return ""
    words = {"value": formats.percent(row.percent, 0), "pace": formats.percent(row.expected.percent, 0)}
    if row.expected.is_of_parts:
        return _("%(value)s done, %(pace)s expected by the plans of its parts") % words
    return _("%(value)s done, %(pace)s expected by its checkpoints") % words


MARK, GAP = 11, 4


@register.simple_tag
def streak(weeks: Any) -> SafeString:
    """One small square for each week of the period that has begun: reported, missed, or still open."""
    marks = []
    for place, (_week, is_done) in enumerate(weeks.weeks):
        x = place * (MARK + GAP)
        if is_done:
            marks.append(format_html('<rect x="{}" y="1" width="11" height="11" rx="3" class="s2"/>', x))
        else:
            is_open = weeks.is_open and place == len(weeks.weeks) - 1
            marks.append(
                format_html(
                    '<rect x="{}.75" y="1.75" width="9.5" height="9.5" rx="2.5" fill="none"'
                    ' stroke="currentColor" stroke-width="1.5"{} class="t-3"/>',
                    x,
                    mark_safe(' stroke-dasharray="2 2"') if is_open else "",
                )
            )
    words = _("%(done)s of %(all)s weeks reported") % {"done": weeks.done, "all": len(weeks.weeks)}
    return format_html(
        '<svg class="flex-none" width="{}" height="14" role="img" aria-label="{}">{}</svg>',
        max(len(weeks.weeks) * (MARK + GAP) - GAP, MARK),
        words,
        format_html_join("", "{}", ((mark,) for mark in marks)),
    )
