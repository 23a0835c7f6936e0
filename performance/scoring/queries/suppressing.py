"""Which groups may be told: none so small that it speaks of single people, and none whose rest would."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from performance.engine import fixed

#: The smallest group of which an average is told.
LEAST = 5


@dataclass(frozen=True)
class Cell:
    """A group with the sum of its changes in micro. `unseen`: how many of it the reader knows nothing about by name.

    `parts`: how many of those unseen do what a sum gives away where they are few, such as to move at all. `up` and
    `down`: how many move a band; None where that is not the reader's to know.
    """

    name: str
    number: int
    change_micro: int
    unseen: int
    parts: tuple[int, ...] = ()
    up: int | None = None
    down: int | None = None

    @property
    def average(self) -> Decimal:
        return Decimal(self.change_micro) / fixed.ONE / self.number


def is_enough(number: int, least: int = LEAST) -> bool:
    """Nobody at all, or so many that no one of them stands out."""
    return number == 0 or number >= least


def is_told(number: int, unseen: int, least: int = LEAST) -> bool:
    """Whether a sum over so many people gives away nobody: it is large enough, and what is left of it once the reader
    takes away those whose scores they see is nobody at all or large enough as well."""
    return number >= least and is_enough(unseen, least)


def told(cells: Sequence[Cell], least: int = LEAST) -> tuple[list[Cell], int]:
    """The groups that may be told, and how many are withheld.

    The sum over all groups is known, so those withheld are known together: where they alone are too small, the next
    smallest is withheld with them.
    """
    shown = [cell for cell in cells if _are_told([cell], least)]
    withheld = [cell for cell in cells if cell not in shown]
    while shown and withheld:
        if _are_told(withheld, least):
            break
        smallest = min(shown, key=lambda cell: (cell.number, cell.name))
        shown.remove(smallest)
        withheld.append(smallest)
    return shown, len(withheld)


def _are_told(cells: Sequence[Cell], least: int) -> bool:
    """Whether these groups together give away nobody."""
    number, unseen = (sum(getattr(cell, name) for cell in cells) for name in ("number", "unseen"))
    parts = zip(*(cell.parts for cell in cells), strict=True)
    return is_told(number, unseen, least) and all(is_enough(sum(part), least) for part in parts)
