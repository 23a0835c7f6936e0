"""The life-cycle stage that the signs of a business's cash flows speak of.

    operating   −   +   +   |  −   +   +  |  −   −
    investing   −   −   −   |  −   +   +  |  +   +
    financing   +   +   −   |  −   +   −  |  +   −
    stage       introduction, growth, mature | shake-out | decline

Source: Dickinson 2011, "Cash flow patterns as a proxy for firm life cycle", The Accounting Review 86(6):1969–1994,
table 1, which sorts the eight patterns into five stages after the life cycle of Gort & Klepper 1982. The signs
only *propose* a stage; people confirm it (DOMAIN, "Weights").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

Stage: TypeAlias = Literal["introduction", "growth", "mature", "shake_out", "decline"]

#: By whether operating, investing and financing bring in cash.
_STAGES: Mapping[tuple[bool, bool, bool], Stage] = {
    (False, False, True): "introduction",
    (True, False, True): "growth",
    (True, False, False): "mature",
    (False, False, False): "shake_out",
    (True, True, True): "shake_out",
    (True, True, False): "shake_out",
    (False, True, True): "decline",
    (False, True, False): "decline",
}


def stage_of(operating: int, investing: int, financing: int) -> Stage | None:
    """The stage of net cash flows in any one unit; None where one of them is exactly 0 and has no sign."""
    if 0 in (operating, investing, financing):
        return None
    return _STAGES[operating > 0, investing > 0, financing > 0]
