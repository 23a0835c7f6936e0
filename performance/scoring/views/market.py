"""How market rules are shown: each with its reading, its chart and the weights it moves."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from performance.foundation import access, i18n
from performance.kpis import queries as kpi_queries
from performance.kpis.models import Metric
from performance.scoring import evidence, queries
from performance.scoring.models import WHOLE, Measure, PolicyVersion

#: Months of a sparkline.
CHARTED = 13


def card_of(
    version: PolicyVersion, drafts: Sequence[evidence.ComponentDraft], actor: access.Actor
) -> dict[str, Any]:
    """The card of market signals, with the values that the actor sees. Five queries beside those of the signals; one where
    there are no rules."""
    signals = queries.signals_shown(queries.signals_of(version), actor)
    slices = [signal.rule.slice for signal in signals if signal.rule.slice]
    labels = kpi_queries.labels_for(slices) if slices else None
    keys = {signal.rule.metric_key for signal in signals}
    ids = dict(Metric.objects.filter(key__in=keys).values_list("key", "pk")) if keys else {}
    components = {draft.key: draft for draft in drafts}
    return {"signals": [_row(signal, components, ids, labels) for signal in signals]}


def _row(
    signal: evidence.Signal,
    components: Mapping[str, evidence.ComponentDraft],
    ids: Mapping[str, Any],
    labels: kpi_queries.Labels | None,
) -> dict[str, Any]:
    rule = signal.rule
    applied = signal.factors
    return {
        "signal": signal,
        "address": kpi_queries.value_url(ids[rule.metric_key], rule.slice) if rule.metric_key in ids else "",
        "part": labels.of(rule.slice) if labels and rule.slice else "",
        "values": [
            None if value is None else Decimal(value) / WHOLE for _month, value in signal.read[-CHARTED:]
        ],
        "bound": Decimal(rule.starts_micro) / WHOLE if rule.measure == Measure.LEVEL else None,
        "effects": [
            {
                "color": draft.color,
                "name": i18n.local(draft, "name"),
                "full_ppm": rule.effects[key],
                "now_ppm": applied[key],
            }
            for key, draft in components.items()
            if key in rule.effects
        ],
    }
