"""How far raters agree, and how severe each of them is: advice beside ratings, never a change of one.

Agreement: the six intraclass correlations of P. E. Shrout and J. L. Fleiss (1979), "Intraclass correlations: Uses in
assessing rater reliability", Psychological Bulletin 86(2), 420-428, with their mean squares and names.

Severity: the crossed mixed model rating = mean + ratee + rater + residual, where ratees and raters are random. Effects come
from the mixed model equations of C. R. Henderson (1975), "Best linear unbiased estimation and prediction under a selection
model", Biometrics 31(2), 423-447; variances from restricted maximum likelihood by the EM steps that belong to them (the same
equations; S. R. Searle, G. Casella and C. E. McCulloch, "Variance Components", 1992, § 8.3). The interval is that of the
prediction error, which takes the variances for known. Raters who share no ratee, not even by way of others, cannot be
compared: then there is no advice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from performance.engine import errors

Floats = npt.NDArray[np.float64]
#: Of a normal distribution, for 95 %.
NORMAL_95 = 1.959963984540054
MOST_STEPS = 2000
CLOSE_ENOUGH = 1e-9


@dataclass(frozen=True)
class Agreement:
    """Mean squares between and within targets, between judges, and the residual; correlations of one rating (`single_…`) and
    of the mean of all k (`mean_…`): ICC(1,1), (2,1), (3,1), (1,k), (2,k), (3,k)."""

    between: float
    within: float
    judges: float
    residual: float
    single_one_way: float
    single_random: float
    single_mixed: float
    mean_one_way: float
    mean_random: float
    mean_mixed: float


@dataclass(frozen=True)
class Rating:
    ratee: str
    rater: str
    value: float


@dataclass(frozen=True)
class Severity:
    """By how much a rater is below (+) or above (−) what others give the same people, with its interval of 95 %."""

    rater: str
    ratings: int
    estimate: float
    low: float
    high: float


def agreement(ratings: Sequence[Sequence[float]]) -> Agreement:
    """Each row a target, each column a judge, without gaps. Raises InvalidInput: too_few, no_variation."""
    table = np.array(ratings, dtype=np.float64)
    if table.ndim != 2 or min(table.shape) < 2:
        raise errors.InvalidInput("Two targets and two judges are the least.", code="too_few")
    n, k = table.shape
    mean, targets, judges = table.mean(), table.mean(axis=1), table.mean(axis=0)
    between = k * float(((targets - mean) ** 2).sum()) / (n - 1)
    across = n * float(((judges - mean) ** 2).sum()) / (k - 1)
    within = float(((table - targets[:, None]) ** 2).sum()) / (n * (k - 1))
    residual = float(((table - targets[:, None] - judges[None, :] + mean) ** 2).sum()) / ((n - 1) * (k - 1))
    if between <= 0:
        raise errors.InvalidInput("All targets are rated the same.", code="no_variation")
    return Agreement(
        between=between,
        within=within,
        judges=across,
        residual=residual,
        single_one_way=(between - within) / (between + (k - 1) * within),
        single_random=(between - residual) / (between + (k - 1) * residual + k * (across - residual) / n),
        single_mixed=(between - residual) / (between + (k - 1) * residual),
        mean_one_way=(between - within) / between,
        mean_random=(between - residual) / (between + (across - residual) / n),
        mean_mixed=(between - residual) / between,
    )


def groups(ratings: Sequence[Rating]) -> tuple[tuple[str, ...], ...]:
    """The raters who can be compared with each other, in order: the connected parts of the graph of raters and ratees."""
    parents: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        while parents.setdefault(node, node) != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    for rating in ratings:
        one, other = root(("rater", rating.rater)), root(("ratee", rating.ratee))
        parents[max(one, other)] = min(one, other)
    found: dict[tuple[str, str], list[str]] = {}
    for rater in sorted({rating.rater for rating in ratings}):
        found.setdefault(root(("rater", rater)), []).append(rater)
    return tuple(sorted(tuple(raters) for raters in found.values()))


def severities(ratings: Sequence[Rating]) -> tuple[Severity, ...]:
    """Of every rater, in the order of their keys; the order of the ratings is of no matter.

    Raises InvalidInput: too_few (raters, ratees, or ratings for that many), rated_twice, not_connected, no_variation.
    """
    ordered = sorted(ratings, key=lambda rating: (rating.ratee, rating.rater))
    raters, ratees = (sorted({getattr(each, name) for each in ordered}) for name in ("rater", "ratee"))
    if len({(each.ratee, each.rater) for each in ordered}) != len(ordered):
        raise errors.InvalidInput("Somebody rated the same person twice.", code="rated_twice")
    if min(len(raters), len(ratees)) < 2 or len(ordered) <= len(raters) + len(ratees) - 1:
        raise errors.InvalidInput("There are too few ratings to compare raters.", code="too_few")
    if len(groups(ordered)) > 1:
        raise errors.InvalidInput("Some raters share nobody with the others.", code="not_connected")
    values = np.array([each.value for each in ordered], dtype=np.float64)
    # Columns: mean, ratees, raters.
    design = np.zeros((len(ordered), 1 + len(ratees) + len(raters)))
    design[:, 0] = 1
    places = {key: 1 + place for place, key in enumerate(ratees)}
    judges = {key: 1 + len(ratees) + place for place, key in enumerate(raters)}
    for row, each in enumerate(ordered):
        design[row, [places[each.ratee], judges[each.rater]]] = 1
    if np.ptp(values) == 0:
        raise errors.InvalidInput("All ratings are the same.", code="no_variation")
    effects, errors_of = _solved(design, values, len(ratees))
    return tuple(
        Severity(
            rater=key,
            ratings=sum(each.rater == key for each in ordered),
            estimate=-float(effects[judges[key]]),
            low=-float(effects[judges[key]]) - NORMAL_95 * float(errors_of[judges[key]]),
            high=-float(effects[judges[key]]) + NORMAL_95 * float(errors_of[judges[key]]),
        )
        for key in raters
    )


def _solved(design: Floats, values: Floats, ratees: int) -> tuple[Floats, Floats]:
    """The effects of all columns and the standard errors of their predictions, at the variances of restricted maximum
    likelihood."""
    count, width = design.shape
    crossed, given = design.T @ design, design.T @ values
    spans = (slice(1, 1 + ratees), slice(1 + ratees, width))
    total = float(values.var(ddof=1))
    # No variance becomes quite nothing, where the equations would have no answer.
    least = total * 1e-8
    residual, variances = total / 3, [total / 3, total / 3]
    for _step in range(MOST_STEPS):
        equations = crossed.copy()
        for span, variance in zip(spans, variances, strict=True):
            equations[span, span] += np.eye(span.stop - span.start) * (residual / variance)
        inverse = np.linalg.inv(equations)
        effects = inverse @ given
        before = [residual, *variances]
        variances = [
            max(
                float(effects[span] @ effects[span] + residual * np.trace(inverse[span, span]))
                / (span.stop - span.start),
                least,
            )
            for span in spans
        ]
        errors_of = np.sqrt(np.maximum(np.diag(inverse) * residual, 0))
        residual = max(float(values @ values - effects @ given) / (count - 1), least)
        moved = max(abs(now - then) for now, then in zip([residual, *variances], before, strict=True))
        if moved <= CLOSE_ENOUGH * total:
            break
    return effects, errors_of
