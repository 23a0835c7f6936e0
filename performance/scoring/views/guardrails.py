"""The guardrails of a policy, each with what it did to its weights."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from performance.foundation.components import formats
from performance.scoring.models import FACTOR_HIGHEST, FACTOR_LOWEST, WHOLE, PolicyVersion
from performance.scoring.templatetags import guardrail_words


def card_of(version: PolicyVersion, plan: Mapping[str, Any] | None, days_of_notice: int) -> dict[str, Any]:
    """Without a plan, as where no weights hold all guardrails, what they are alone."""
    cap = version.step_cap_ppm
    nothing = _("holds no weight now")
    lowest, highest = (formats.number(Decimal(ppm) / WHOLE, 1) for ppm in (FACTOR_LOWEST, FACTOR_HIGHEST))
    rows = [
        {
            "label": _("A weight moves per period at most"),
            "value": _("by any amount") if cap is None else _("±%(cap)s points") % {"cap": _number(cap)},
            "held": _held(plan, cap, {"step_up", "step_down"}),
            "free": "" if cap is None else nothing,
        },
        {
            "label": _("Minimum and maximum of each component"),
            "value": "",
            "held": _held(plan, cap, {"min", "max"}),
            "free": nothing,
        },
        {
            "label": _("A multiplier"),
            "value": f"× {lowest}–{highest}",
            "held": _held(plan, cap, {"factor"}),
            "free": nothing,
        },
        {
            "label": _("Of last period’s weight stays"),
            "value": formats.percent(formats.ppm(version.smoothing_ppm)),
            "held": [],
            "free": guardrail_words.smoothing_reading(version.smoothing_ppm),
        },
        {
            "label": _("People hear of it before it starts"),
            "value": ngettext("%(days)s day", "%(days)s days", days_of_notice) % {"days": days_of_notice},
            "held": [],
            "free": _("told since %(when)s") % {"when": formats.daytime(version.told_from)}
            if version.told_from
            else "",
        },
    ]
    return {"guardrails": rows, "held": [words for row in rows for words in row["held"]]}


def _held(plan: Mapping[str, Any] | None, step_cap_ppm: int | None, kinds: set[str]) -> list[str]:
    return [
        words
        for item in (plan["components"] if plan else ())
        for words in guardrail_words.held_words(
            {**item, "guardrails": [each for each in item["guardrails"] if each in kinds]}, step_cap_ppm
        )
    ]


def _number(ppm: int) -> str:
    return formats.number(formats.ppm(ppm))
