"""A definition as people read it: what is divided by what, in the names of metrics and columns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.dates import MONTHS
from django.utils.translation import gettext as _

from performance.foundation import i18n
from performance.kpis import formulas
from performance.kpis.formulas import spelling, tree
from performance.kpis.models import Accumulation, Metric, MetricVersion
from performance.kpis.queries import months as calendar_months
from performance.kpis.semantics import Sheet

WORD = re.compile(r"[a-z_\u4e00-\u9fff][A-Za-z0-9_\u4e00-\u9fff]*")
SIGNS = {"*": "×", "/": "÷", "-": "−"}


@dataclass(frozen=True)
class Term:
    """A piece of a formula: a metric or column by its name, or plain signs and numbers."""

    text: str
    metric: Metric | None = None
    is_name: bool = False


@dataclass(frozen=True)
class Reading:
    """`below` is empty unless the definition divides; `factor` is what the fraction is multiplied by."""

    above: Sequence[Term]
    below: Sequence[Term] = ()
    factor: str = ""

    @property
    def sentence(self) -> str:
        above = " ".join(term.text for term in self.above)
        below = " ".join(term.text for term in self.below)
        said = f"({above}) ÷ ({below})" if below else above
        return f"{said} × {self.factor}" if self.factor else said


def reading(version: MetricVersion, metrics: Mapping[str, Metric], sheet: Sheet | None) -> Reading:
    """`metrics`: the inputs of a formula by key; `sheet`: the columns of a base metric's dataset."""
    if version.is_base:
        return Reading(above=_base_terms(version, sheet))
    root, factor = _unscaled(formulas.parse(version.formula).root)
    if isinstance(root, tree.Binary) and root.operator == "/":
        return Reading(_terms(root.left, metrics), _terms(root.right, metrics), factor)
    if isinstance(root, tree.Call) and root.function == "ratio":
        return Reading(_terms(root.arguments[0], metrics), _terms(root.arguments[1], metrics), factor)
    terms = _terms(formulas.parse(version.formula).root, metrics)
    return Reading([*terms, Term(over_words(version))] if version.is_cumulative else terms)


def over_words(version: MetricVersion) -> str:
    """What a running total runs over."""
    if version.accumulation == Accumulation.ROLLING:
        return _("over the last %(number)s months") % {"number": version.accumulation_months}
    if calendar_months.calendar().is_weeks:
        return _("from the start of the fiscal year")
    return _("from the start of the year in %(month)s") % {"month": MONTHS[version.year_starts_in or 1]}


def _unscaled(root: tree.Node) -> tuple[tree.Node, str]:
    """A fraction and the plain number it is multiplied by."""
    if isinstance(root, tree.Binary) and root.operator == "*":
        for side, other in ((root.left, root.right), (root.right, root.left)):
            if isinstance(side, tree.Number):
                return other, spelling.number_text(side.value)
    return root, ""


def _terms(node: tree.Node, metrics: Mapping[str, Metric]) -> list[Term]:
    named = {key: (metric.name, metric) for key, metric in metrics.items()}
    return _split(spelling.text_of(node), named)


def _base_terms(version: MetricVersion, sheet: Sheet | None) -> list[Term]:
    columns = sheet.columns if sheet else {}
    named = {key: (i18n.local(column, "name") or key, None) for key, column in columns.items()}
    start = [Term(str(version.get_aggregation_display()))]
    return start + (_split(version.expression, named) if version.expression else [])


def _split(text: str, named: Mapping[str, tuple[str, Any]]) -> list[Term]:
    """The text cut into names and what stands between them."""
    terms: list[Term] = []
    position = 0
    for found in WORD.finditer(text):
        if found[0] not in named:
            continue
        terms += _plain(text[position : found.start()])
        name, metric = named[found[0]]
        terms.append(Term(name, metric, is_name=True))
        position = found.end()
    return terms + _plain(text[position:])


def _plain(text: str) -> list[Term]:
    tidy = "".join(SIGNS.get(letter, letter) for letter in text).strip()
    return [Term(tidy)] if tidy else []
