"""Rolling progress up: from key results, from contributing objectives, or from both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from performance.engine import errors, fixed, shares
from performance.engine.fixed import AnyInts, Flags, Ints

Method: TypeAlias = Literal["weighted_mean", "worst"]
Missing: TypeAlias = Literal["leave_out", "zero"]
LARGEST_WEIGHT = 10**15
LARGEST_VALUE = 1000 * fixed.HUNDRED


@dataclass(frozen=True, slots=True)
class RollupItem:
    """A part and its weight (any whole number ≥ 0; only proportions matter). None: no value yet."""

    key: str
    value_micro: int | None
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one part added. Weights of the counted parts sum to exactly 1_000_000 ppm, contributions to
    the roll-up's value; a part that is left out has 0 and 0."""

    key: str
    value_micro: int | None
    weight: int
    effective_ppm: int
    contribution_micro: int
    counted: bool


@dataclass(frozen=True, slots=True)
class Rollup:
    """A rolled-up progress. `value_micro` is None where no part counts. `coverage_ppm` is the weight of
    the parts with a value over the weight of all."""

    value_micro: int | None
    coverage_ppm: int
    parts: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True)
class RollupColumns:
    """Groups: values_micro, present, coverage_ppm. Items: counted, effective_ppm, contributions_micro."""

    values_micro: Ints
    present: Flags
    coverage_ppm: Ints
    counted: Flags
    effective_ppm: Ints
    contributions_micro: Ints


def rollup(
    items: Sequence[RollupItem], *, method: Method = "weighted_mean", missing: Missing = "leave_out"
) -> Rollup:
    """Σ weight × value / Σ weight over the parts that count, or the lowest of them ("worst").

    A part without a value is left out and the rest renormalised, or counts as 0 ("zero", where an empty
    list is 0 as well). A part of weight 0 never counts.
    """
    values, present = fixed.optional_column(item.value_micro for item in items)
    columns = rollup_columns(
        groups=np.zeros(len(items), dtype=np.int64),
        values=values,
        present=present,
        weights=fixed.column(item.weight for item in items),
        order=_ranks([item.key for item in items]),
        group_count=1,
        method=method,
        missing=missing,
    )
    parts = tuple(
        Contribution(
            key=item.key,
            value_micro=item.value_micro,
            weight=item.weight,
            effective_ppm=int(columns.effective_ppm[place]),
            contribution_micro=int(columns.contributions_micro[place]),
            counted=bool(columns.counted[place]),
        )
        for place, item in enumerate(items)
    )
    value = int(columns.values_micro[0]) if columns.present[0] else None
    return Rollup(value, int(columns.coverage_ppm[0]), parts)


def rollup_columns(
    *,
    groups: Ints,
    values: AnyInts,
    present: Flags,
    weights: AnyInts,
    group_count: int,
    order: Ints | None = None,
    method: Method = "weighted_mean",
    missing: Missing = "leave_out",
) -> RollupColumns:
    """`rollup` for many groups at once: one row per item, `groups` names its group (0…group_count-1).

    `order` ranks the items by key and settles ties of a millionth; without it, their position does.
    Raises InvalidInput for negative values or weights and for sizes beyond any sensible policy.
    """
    values, weights = fixed.integers(values), fixed.integers(weights)
    _check(values, weights, method, missing)
    weighted = weights > 0
    counted = (weighted if missing == "zero" else weighted & present).astype(np.bool_)
    used = np.where(present, values, 0).astype(np.int64)
    if method == "worst":
        weights_used = _weight_of_the_worst(groups, used, counted, group_count, order)
    else:
        weights_used = np.where(counted, weights, 0).astype(np.int64)
    # Sums of products may pass int64 for large groups or weights; the bound decides, not the data's luck.
    bound = fixed.largest(weights_used) * max(fixed.largest(used), fixed.ONE) * max(len(used), 1)
    exact = weights_used if fixed.fits(bound) else fixed.wide(weights_used)
    totals = _sums(exact, groups, group_count)
    scored = (totals > 0).astype(np.bool_)
    divisors = np.where(scored, totals, 1)
    products = exact * used
    means = fixed.round_divide_columns(_sums(products, groups, group_count), divisors).astype(np.int64)
    ranks = np.arange(len(used), dtype=np.int64) if order is None else order
    whole = np.where(scored, fixed.ONE, 0).astype(np.int64)
    effective = shares.apportion_groups(exact * fixed.ONE, groups, divisors, whole, ranks)
    contributions = shares.apportion_groups(products, groups, divisors, means, ranks)
    return RollupColumns(
        values_micro=means,
        present=scored | np.bool_(missing == "zero"),
        coverage_ppm=_coverage(groups, present, weights, group_count),
        counted=counted,
        effective_ppm=effective,
        contributions_micro=contributions,
    )


def objective_items(
    key_results: Sequence[RollupItem],
    objectives: Sequence[RollupItem] = (),
    *,
    source: Literal["key_results", "objectives", "both"] = "key_results",
    method: Method = "weighted_mean",
) -> list[RollupItem]:
    """What an objective's progress is made of, with the weights at which it counts: its key results, the objectives
    that contribute to it, or both.

    A contributing objective's weight is its share of this objective in ppm. With "both", the own key
    results carry what the shares leave (1_000_000 − Σ shares, at least 0), split by their weights.
    Supporting objectives do not score: do not pass them. Keys must differ across both lists.
    """
    if source == "key_results":
        return list(key_results)
    if source == "objectives":
        return list(objectives)
    if source != "both":
        raise errors.InvalidInput(f"Unknown roll-up source {source!r}.", code="unknown_policy")
    own_share = max(fixed.ONE - sum(item.weight for item in objectives), 0)
    own_weight = sum(item.weight for item in key_results)
    if method == "worst" or not objectives or not own_weight:
        return [*key_results, *objectives]
    # A key result's share is own_share × weight / own_weight; multiplying all by own_weight keeps it whole.
    own = [RollupItem(item.key, item.value_micro, item.weight * own_share) for item in key_results]
    theirs = [RollupItem(item.key, item.value_micro, item.weight * own_weight) for item in objectives]
    return [*own, *theirs]


def objective_progress(
    key_results: Sequence[RollupItem],
    objectives: Sequence[RollupItem] = (),
    *,
    source: Literal["key_results", "objectives", "both"] = "key_results",
    method: Method = "weighted_mean",
    missing: Missing = "leave_out",
) -> Rollup:
    """Progress of an objective: the roll-up of its `objective_items`."""
    items = objective_items(key_results, objectives, source=source, method=method)
    return rollup(items, method=method, missing=missing)


def _check(values: AnyInts, weights: AnyInts, method: str, missing: str) -> None:
    if method not in ("weighted_mean", "worst"):
        raise errors.InvalidInput(f"Unknown roll-up method {method!r}.", code="unknown_policy")
    if missing not in ("leave_out", "zero"):
        raise errors.InvalidInput(f"Unknown missing-value policy {missing!r}.", code="unknown_policy")
    if len(weights) and (weights.min() < 0 or weights.max() > LARGEST_WEIGHT):
        raise errors.InvalidInput("A weight lies between 0 and 10¹⁵.", code="weight_out_of_range")
    if len(values) and (values.min() < 0 or values.max() > LARGEST_VALUE):
        raise errors.InvalidInput("A progress lies between 0 and 100,000 %.", code="value_out_of_range")


def _sums(values: AnyInts, groups: Ints, group_count: int) -> AnyInts:
    sums = np.zeros(group_count, dtype=values.dtype)
    np.add.at(sums, groups, values)
    return sums


def _coverage(groups: Ints, present: Flags, weights: AnyInts, group_count: int) -> Ints:
    exact = weights if fixed.fits(fixed.largest(weights) * max(len(weights), 1)) else fixed.wide(weights)
    known = _sums(np.where(present, exact, 0), groups, group_count)
    total = _sums(exact, groups, group_count)
    return fixed.multiply_divide(known, fixed.ONE, np.where(total == 0, 1, total))


def _weight_of_the_worst(
    groups: Ints, values: Ints, counted: Flags, group_count: int, order: Ints | None
) -> Ints:
    """Weight 1 for the lowest counted item of each group (the first by key among equals), 0 elsewhere."""
    ranks = np.arange(len(values), dtype=np.int64) if order is None else order
    places = np.flatnonzero(counted)
    ranked = places[np.lexsort((ranks[places], values[places], groups[places]))]
    _groups, first = np.unique(groups[ranked], return_index=True)
    weights: Ints = np.zeros(len(values), dtype=np.int64)
    weights[ranked[first]] = 1
    return weights


def _ranks(keys: Sequence[str]) -> Ints:
    ranks: Ints = np.empty(len(keys), dtype=np.int64)
    ranks[shares.key_order(keys)] = np.arange(len(keys), dtype=np.int64)
    return ranks
