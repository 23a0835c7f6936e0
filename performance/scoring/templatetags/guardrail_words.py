"""`{% load guardrail_words %}`: what holds weights, and what it did to them, in plain words."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import gettext as _

from performance.engine import penalty, score
from performance.foundation import i18n
from performance.foundation.components import formats
from performance.scoring import forms
from performance.scoring.models import WHOLE

register = template.Library()
#: Two results as far apart as they often are, to say what a penalty does.
EXAMPLE = (80, 40)


def held_words(item: Mapping[str, Any], step_cap_ppm: int | None) -> list[str]:
    """A sentence for each guardrail that holds a planned component, or one of its multipliers."""
    words = {
        "name": i18n.local_in(item, "name"),
        "without": _share(item["share_ppm"], 1),
        "low": _share(item["min_ppm"]),
        "high": _share(item["max_ppm"]),
        "before": _share(item["previous_ppm"], 1),
        "cap": formats.number(formats.ppm(step_cap_ppm)),
        "factor": formats.listed(
            f"× {formats.number(Decimal(factor['applied_ppm']) / WHOLE, 2)}"
            for factor in item["factors"]
            if factor["stated_ppm"] != factor["applied_ppm"]
        ),
    }
    sentences = {
        "max": _("%(name)s is held at its maximum of %(high)s; without guardrails it would be %(without)s."),
        "min": _("%(name)s is held at its minimum of %(low)s; without guardrails it would be %(without)s."),
        "step_up": _(
            "%(name)s rises by no more than %(cap)s points in a period, from %(before)s; without guardrails it would "
            "be %(without)s."
        ),
        "step_down": _(
            "%(name)s falls by no more than %(cap)s points in a period, from %(before)s; without guardrails it would "
            "be %(without)s."
        ),
        "factor": _("A multiplier of %(name)s is held at %(factor)s."),
    }
    return [sentences[guardrail] % words for guardrail in item["guardrails"]]


@register.filter
def smoothing_reading(smoothing_ppm: int) -> str:
    """How much of last period's weight stays, as a sentence."""
    if not smoothing_ppm:
        return ""
    kept = {"kept": _share(smoothing_ppm), "new": _share(WHOLE - smoothing_ppm)}
    return _("A weight is %(kept)s last period’s and %(new)s this one’s.") % kept


@register.filter
def penalty_reading(alpha_quarters: int) -> str:
    """What the penalty for what is weak does, with an example."""
    if alpha_quarters == penalty.OFF:
        return _("Weights do not depend on results.")
    return _(
        "What is weak weighs more, so that one strong result cannot hide it: two equal weights with %(strong)s and "
        "%(weak)s points make %(varied)s instead of %(plain)s. A better result still never lowers a score."
    ) % penalty_example(alpha_quarters)


@register.filter
def penalty_name(alpha_quarters: int) -> str:
    """The penalty as its author chooses it."""
    return str(dict(forms.PENALTIES)[alpha_quarters])


def penalty_example(alpha_quarters: int) -> dict[str, str]:
    """Two equal weights with two results: the score with the penalty, and without."""
    parts = [score.ComponentValue(str(points), points * WHOLE, WHOLE // 2, WHOLE // 2) for points in EXAMPLE]
    found = score.score_one(parts, alpha_quarters=alpha_quarters)
    return {
        "strong": formats.number(EXAMPLE[0]),
        "weak": formats.number(EXAMPLE[1]),
        "varied": formats.number(Decimal(found.score_micro or 0) / WHOLE, 1),
        "plain": formats.number(Decimal(found.constant_score_micro or 0) / WHOLE, 1),
    }


def _share(ppm: int | None, places: int | None = None) -> str:
    return formats.percent(formats.ppm(ppm), places)
