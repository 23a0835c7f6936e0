"""Versions as a document that `read` gives back word for word."""

from collections.abc import Iterable
from typing import Any

import yaml

from performance.kpis.documents.entries import FORMAT
from performance.kpis.models import MetricVersion

#: In the order in which people read a definition.
WRITTEN = (
    "description_en",
    "description_zh",
    "kind",
    "dataset",
    "aggregation",
    "expression",
    "filters",
    "time_column",
    "formula",
    "accumulation",
    "accumulation_months",
    "year_starts_in",
    "dimensions",
    "unit",
    "direction",
    "decimals",
    "additivity",
    "missing_policy",
    "currency_rule",
    "allocations",
    "tie_out",
    "tie_out_reversed",
    "tie_out_tolerance",
    "tie_out_reason",
    "effective_from",
    "change_note",
)


def written(versions: Iterable[MetricVersion]) -> str:
    """`versions` come with their metric and dataset."""
    content = {"accord": FORMAT, "metrics": [_metric(version) for version in versions]}
    return yaml.dump(content, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=100)


def _metric(version: MetricVersion) -> dict[str, Any]:
    metric = version.metric
    found: dict[str, Any] = {"key": metric.key, "name_en": metric.name_en, "name_zh": metric.name_zh}
    for word in WRITTEN:
        found[word] = _value(version, word)
    return {
        word: value for word, value in found.items() if value is not False and value not in ("", None, [], {})
    }


def _value(version: MetricVersion, word: str) -> Any:
    value = getattr(version, word)
    if word == "dataset":
        return value.key if value else ""
    if word == "filters":
        return [{name: _plain(part) for name, part in given.items()} for given in value]
    if word == "dimensions":
        return dict(value) if version.is_base else sorted(value)
    if word == "effective_from":
        return value.isoformat()
    return value


def _plain(value: Any) -> Any:
    return [str(one) for one in value] if isinstance(value, list) else str(value)


class _Plain(yaml.SafeDumper):
    """A list that stands in two places is written twice: nobody reads aliases here."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
