"""The market rules of a draft, written with its components."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from performance.scoring import evidence
from performance.scoring.models import WHOLE, MarketEffect, MarketRule, PolicyComponent, PolicyVersion


def clear_rules(version: PolicyVersion) -> None:
    """Rules name components: they go before these do."""
    MarketEffect.objects.filter(rule__version=version).delete()
    MarketRule.objects.filter(version=version).delete()


def write_rules(
    version: PolicyVersion, rules: Sequence[evidence.RuleDraft], components: Mapping[str, PolicyComponent]
) -> None:
    """`components` are the version's rows by key."""
    rows = [
        MarketRule(
            version=version,
            key=rule.key,
            name_en=rule.name_en,
            name_zh=rule.name_zh,
            metric_key=rule.metric_key,
            slice=dict(rule.slice),
            measure=rule.measure,
            side=rule.side,
            starts_micro=rule.starts_micro,
            full_micro=rule.full_micro,
            months=rule.months,
            until_months=rule.until_months,
            span=rule.span,
            position=position,
        )
        for position, rule in enumerate(rules)
    ]
    MarketRule.objects.bulk_create(rows)
    MarketEffect.objects.bulk_create(
        MarketEffect(rule=row, component=components[key], full_ppm=full)
        for row, rule in zip(rows, rules, strict=True)
        for key, full in rule.effects.items()
    )


def told(rules: Sequence[evidence.RuleDraft]) -> dict[str, str]:
    """What the log says of each rule."""
    return {
        rule.key: f"{rule.metric_key} {rule.measure} {rule.side} {_plain(rule.starts_micro)} … {_plain(rule.full_micro)}; "
        + ", ".join(f"{key} × {_plain(full)}" for key, full in sorted(rule.effects.items()))
        for rule in rules
    }


def told_readings(plan: Mapping[str, Any]) -> dict[str, str]:
    """What each signal said when weights were locked: how much of its rule counts."""
    return {item["key"]: item["quiet"] or f"{_plain(item['share_ppm'] * 100)}%" for item in plan["market"]}


def _plain(micro: int) -> str:
    """In the log numbers are in no language."""
    return f"{Decimal(micro) / WHOLE:f}"
