"""Which groups may be told: none so small that it speaks of single people, and none whose rest would."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from performance.engine import fixed

#: The smallest group of which an average is told.
LEAST = 5


@dataclass(frozen=True)
class Cell:
    """A group with the sum of its changes in micro. `unseen`: how many of it the reader knows nothing about by name."""

    name: str
    number: int
    change_micro: int
    unseen: int

    @property
    def average(self) -> Decimal:
        return Decimal(self.change_micro) / fixed.ONE / self.number


def is_told(number: int, unseen: int, least: int = LEAST) -> bool:
    """Whether a sum over so many people gives away nobody: it is large enough, and what is left of it once the reader
    takes away those whose scores they see is nobody at all or large enough as well."""
    return number >= least and (unseen == 0 or unseen >= least)


def told(cells: Sequence[Cell], least: int = LEAST) -> tuple[list[Cell], int]:
    """The groups that may be told, and how many are withheld.

    The sum over all groups is known, so those withheld are known together: where they alone are too small, the next
    smallest is withheld with them.
    """
    shown = [cell for cell in cells if is_told(cell.number, cell.unseen, least)]
    withheld = [cell for cell in cells if cell not in shown]
    while shown and withheld:
        number, unseen = (sum(getattr(cell, name) for cell in withheld) for name in ("number", "unseen"))
        if is_told(number, unseen, least):
            break
        smallest = min(shown, key=lambda cell: (cell.number, cell.name))
        shown.remove(smallest)
        withheld.append(smallest)
    return shown, len(withheld)
