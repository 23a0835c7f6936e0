"""Sharing out a whole number without losing any of it.

Source: the method of largest remainders (Hamilton's apportionment). Ties go to the earlier key, never
to the earlier column, so that the order in which components arrive cannot change a result.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from performance.engine import errors
from performance.engine.fixed import AnyInts, Ints


def key_order(keys: Sequence[str]) -> Ints:
    """Positions of the columns in the order of their keys. Keys must be distinct."""
    if len(set(keys)) != len(keys):
        raise errors.InvalidInput("Each component needs its own key.", code="duplicate_key")
    return np.array(sorted(range(len(keys)), key=lambda position: keys[position]), dtype=np.int64)


def apportion(numerators: AnyInts, denominators: AnyInts, totals: AnyInts, order: Ints) -> Ints:
    """Integers next to numerators/denominators that sum to `totals` in every row.

    numerators (rows × columns), denominators (rows) > 0, totals (rows): each total must be the row's
    exact sum rounded down, to nearest, or up. `order` comes from `key_order` and settles ties.
    """
    sorted_numerators = numerators[:, order]
    floors = sorted_numerators // denominators[:, None]
    remainders = sorted_numerators - floors * denominators[:, None]
    missing = totals - floors.sum(axis=1)
    by_remainder = np.argsort(-remainders, axis=1, kind="stable")
    extra = np.zeros(floors.shape, dtype=np.int64)
    chosen = np.arange(floors.shape[1])[None, :] < missing[:, None]
    np.put_along_axis(extra, by_remainder, chosen.astype(np.int64), axis=1)
    result: Ints = np.empty(floors.shape, dtype=np.int64)
    result[:, order] = floors + extra
    return result


def apportion_groups(
    numerators: AnyInts, groups: Ints, denominators: AnyInts, totals: AnyInts, order: Ints
) -> Ints:
    """`apportion`, by largest remainders too, for ragged groups: one row per item, `groups` names each item's group
    (0…n-1).

    `order` (items) ranks the items by key and settles ties within a group.
    """
    parts = denominators[groups]
    floors = numerators // parts
    remainders = (numerators - floors * parts).astype(np.int64)
    floors = floors.astype(np.int64)
    missing = totals.astype(np.int64)
    np.subtract.at(missing, groups, floors)
    ranked = np.lexsort((order, -remainders, groups))
    ranked_groups = groups[ranked]
    first = np.searchsorted(ranked_groups, ranked_groups, side="left")
    place = np.arange(len(ranked), dtype=np.int64) - first
    result: Ints = floors.copy()
    result[ranked] += (place < missing[ranked_groups]).astype(np.int64)
    return result
