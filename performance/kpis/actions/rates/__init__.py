"""Rates of exchange: read from what somebody has, compared, and kept as the next version."""

from performance.kpis.actions.rates.proposals import (
    MOST_CARRIED,
    apply_rates,
    discard_rates,
    propose_rates,
)
from performance.kpis.actions.rates.reading import RateColumns, given_in_dataset, given_in_file, given_in_text

__all__ = [
    "MOST_CARRIED",
    "RateColumns",
    "apply_rates",
    "discard_rates",
    "given_in_dataset",
    "given_in_file",
    "given_in_text",
    "propose_rates",
]
