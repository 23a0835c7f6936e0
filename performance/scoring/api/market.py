"""Market rules of a policy, as they are written and read."""

from typing import Any

from rest_framework import serializers

from performance.foundation import bodies
from performance.scoring import evidence
from performance.scoring.models import (
    FACTOR_HIGHEST,
    FACTOR_LOWEST,
    MOST_MONTHS,
    MarketSide,
    Measure,
)


class MarketRuleIn(bodies.Body):
    """When a certified metric moves weights, and by how much once it counts fully."""

    key = serializers.SlugField(max_length=60)
    name_en = serializers.CharField(max_length=120)
    name_zh = serializers.CharField(max_length=120, required=False, allow_blank=True)
    metric_key = serializers.CharField(max_length=60)
    slice = serializers.DictField(
        child=serializers.CharField(), required=False, help_text='{"dimension": "value"}'
    )
    measure = serializers.ChoiceField(choices=Measure.choices, required=False)
    side = serializers.ChoiceField(choices=MarketSide.choices, required=False)
    starts_micro = serializers.IntegerField(
        min_value=-evidence.LARGEST_MICRO,
        max_value=evidence.LARGEST_MICRO,
        help_text="Where it begins to count, in millionths of the metric's unit.",
    )
    full_micro = serializers.IntegerField(
        min_value=-evidence.LARGEST_MICRO,
        max_value=evidence.LARGEST_MICRO,
        help_text="Where it counts fully; a straight line between.",
    )
    months = serializers.IntegerField(min_value=1, max_value=MOST_MONTHS, required=False)
    until_months = serializers.IntegerField(min_value=1, max_value=MOST_MONTHS, required=False)
    span = serializers.IntegerField(min_value=1, max_value=MOST_MONTHS, required=False)
    effects = serializers.DictField(
        child=serializers.IntegerField(min_value=FACTOR_LOWEST, max_value=FACTOR_HIGHEST),
        help_text="Key of a component → its multiplier in ppm once the rule counts fully.",
    )


def drafts_from(given: list[dict[str, Any]]) -> list[evidence.RuleDraft]:
    return [evidence.RuleDraft(**rule) for rule in given]
