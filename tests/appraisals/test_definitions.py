"""Definitions in an export say in one line how a number is measured and how it becomes a score."""

from typing import Any

import pytest
from django.utils import translation

from performance.appraisals.queries.definitions import curve_in_words, formula_of
from performance.kpis.models import MetricVersion
from performance.sources.models import Dataset


@pytest.mark.parametrize(
    ("curve", "words"),
    [
        ({"kind": "identity"}, "the value is the score, 0 to 100"),
        (
            {"kind": "linear", "direction": "higher", "floor": "4", "target": "5", "stretch": "5.5"},
            "0 at 4, 100 at 5, 120 at 5.5",
        ),
        (
            {
                "kind": "linear",
                "direction": "lower",
                "floor": "40",
                "target": "30",
                "stretch": "20",
                "cap": 110,
            },
            "0 at 40, 100 at 30, 110 at 20",
        ),
        ({"kind": "linear", "direction": "higher", "floor": "0", "target": "9"}, "0 at 0, 100 at 9"),
        (
            {"kind": "within", "lower": "2", "upper": "3", "tolerance": "1"},
            "100 from 2 to 3, 0 at 1 outside",
        ),
        (
            {
                "kind": "steps",
                "direction": "higher",
                "steps": [{"from": "1", "score": 60}, {"from": "2", "score": 90}],
            },
            "60 from 1, 90 from 2",
        ),
        (
            {"kind": "bands", "bands": [{"up_to": "1", "score": 50}, {"score": 100}]},
            "50 below 1, otherwise 100",
        ),
    ],
)
def test_a_curve_in_words_names_its_bounds(curve: dict[str, Any], words: str) -> None:
    with translation.override("en"):
        assert curve_in_words(curve) == words


def test_a_ratio_is_defined_by_its_formula() -> None:
    version = MetricVersion(kind="ratio", formula="profit / customers")
    assert formula_of(version) == "profit / customers"


def test_a_base_metric_is_defined_by_what_it_aggregates_from_which_rows() -> None:
    version = MetricVersion(
        kind="base",
        aggregation="sum",
        expression="amount",
        dataset=Dataset(name_en="Orders"),
        time_column="invoiced_on",
        filters=[{"column": "status", "op": "=", "value": "paid"}],
    )
    with translation.override("en"):
        words = formula_of(version)
    assert words == "sum(amount) from Orders; date that counts: invoiced_on; status = paid"
