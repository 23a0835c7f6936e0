"""The words that a formula may be written with, for completing them while somebody types."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.foundation import i18n
from performance.kpis import formulas, semantics
from performance.sources.models import ColumnType

FUNCTION_WORDS: dict[str, Any] = {
    "ratio": _("ratio(a, b): a divided by b, nothing where b is 0"),
    "nullif": _("nullif(a, b): a, nothing where it is b"),
    "coalesce": _("coalesce(a, b): a, or b where a is missing"),
    "abs": _("abs(a): its size without a sign"),
    "min": _("min(a, b): the smallest of two to eight"),
    "max": _("max(a, b): the largest of two to eight"),
    "round": _("round(a, 2): to so many decimals"),
}


def metric_terms(inputs: Iterable[semantics.Input]) -> list[dict[str, str]]:
    """Metrics by name, then functions: {text: what is written, name, also: other spellings, note: what it is}."""
    named = [_named(one.key, one, str(one.unit.label), "metric") for one in inputs]
    return sorted(named, key=lambda term: term["name"]) + function_terms()


def summable_terms(inputs: Iterable[semantics.Input]) -> list[dict[str, str]]:
    """Only the metrics that a running total can be taken of."""
    return [
        term
        for term in metric_terms(one for one in inputs if one.additivity == "additive")
        if term["kind"] == "metric"
    ]


def column_terms(sheet: semantics.Sheet) -> list[dict[str, str]]:
    """The same for the columns of a dataset, in its order."""
    columns = [
        _named(key, column, str(ColumnType(column.type).label), "column")
        for key, column in sheet.columns.items()
    ]
    return columns + function_terms()


def function_terms() -> list[dict[str, str]]:
    spellings: dict[str, list[str]] = {}
    for spelling, name in formulas.SPELLINGS.items():
        spellings.setdefault(name, []).append(spelling)
    return [
        {
            "text": f"{name}(",
            "name": spellings[name][-1] if i18n.is_chinese() else name,
            "also": " ".join(spellings[name]),
            "note": str(words),
            "kind": "function",
        }
        for name, words in FUNCTION_WORDS.items()
    ]


def _named(key: str, named: Any, note: str, kind: str) -> dict[str, str]:
    return {
        "text": key,
        "name": i18n.local(named, "name") or key,
        "also": f"{named.name_en} {named.name_zh}".strip(),
        "note": note,
        "kind": kind,
    }
