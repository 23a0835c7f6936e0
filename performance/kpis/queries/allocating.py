"""Which inputs of a formula are shared out, and by what."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from performance.foundation.components import formats
from performance.kpis import formulas, semantics
from performance.kpis.models import Metric, MetricVersion
from performance.kpis.queries.definitions import newest_certified


def lacking_dimensions(version: MetricVersion) -> dict[str, frozenset[str]]:
    """Input that is shared out → the dimensions that it lacks: by these its amounts come from a rule. One query where
    there are rules."""
    if not version.allocations:
        return {}
    chosen = frozenset(version.dimensions)
    signed = newest_certified().filter(metric__key__in=list(version.allocations))
    found = {one.metric.key: chosen - frozenset(one.dimensions) for one in signed}
    return {key: lacking for key, lacking in found.items() if lacking}


def shared_inputs(wording: semantics.Wording, ids: Mapping[str, uuid.UUID]) -> list[semantics.Shared]:
    """The inputs that lack a dimension of the formula, with their rules. `ids`: metric key → id. An input that has got
    the dimension meanwhile is not shared out any more, and what a rule cannot be applied to stays missing. One query
    where there are rules."""
    rules = semantics.allocations_of(wording)
    if not rules:
        return []
    chosen = frozenset(wording.dimensions)
    used = formulas.parse(wording.formula).references
    weights = {rule.metric for rule in rules.values() if rule.metric}
    signed = newest_certified().filter(metric__key__in={*used, *weights})
    has = {version.metric.key: frozenset(version.dimensions) & chosen for version in signed}
    others = [ids[key] for key in used if key not in rules and has.get(key) == chosen]
    found = []
    for key, rule in rules.items():
        lacking = chosen - has.get(key, chosen)
        if key not in ids or not lacking or (rule.way == semantics.FIXED and len(lacking) > 1):
            continue
        weight = ids.get(rule.metric) if has.get(rule.metric) == chosen else None
        found.append(semantics.Shared(rule, ids[key], has[key], weight, others))
    return found


def shared_out_words(version: MetricVersion) -> list[str]:
    """How each input is shared out, in a sentence with the names of the metrics. One query where anything is."""
    if not version.allocations:
        return []
    named = {each.key: each.name for each in Metric.objects.filter(key__in=version.input_keys)}
    return allocation_words(version.allocations, named)


def allocation_words(
    given: Mapping[str, Mapping[str, Any]], names: Mapping[str, str] | None = None
) -> list[str]:
    """How each input is shared out, in a sentence. `names`: key → what people call the metric."""
    named = names or {}
    found = []
    for key, kept in sorted(given.items()):
        rule = semantics.Allocation.of(kept)
        words = {"input": named.get(key, key), "metric": named.get(rule.metric, rule.metric)}
        if rule.way == semantics.SHARE:
            found.append(_("%(input)s by the share of %(metric)s") % words)
        elif rule.way == semantics.EVEN:
            found.append(_("%(input)s evenly among the parts") % words)
        else:
            shares = formats.listed(f"{part} {formats.percent(share)}" for part, share in rule.shares.items())
            found.append(_("%(input)s by fixed shares: %(shares)s") % {**words, "shares": shares})
    return found
