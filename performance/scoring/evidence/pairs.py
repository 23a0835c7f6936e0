"""Base weights by comparison in pairs: what is said of each pair, and what the comparisons come to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from itertools import combinations
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.engine import errors, pairwise

#: Saaty's scale in words: how much more important the one is than the other.
LEVELS = {
    9: _("9: %(name)s is extremely more important"),
    8: _("8: %(name)s is more than very strongly more important"),
    7: _("7: %(name)s is very strongly more important"),
    6: _("6: %(name)s is more than strongly more important"),
    5: _("5: %(name)s is strongly more important"),
    4: _("4: %(name)s is more than moderately more important"),
    3: _("3: %(name)s is moderately more important"),
    2: _("2: %(name)s is slightly more important"),
}
ALIKE = _("1: both are equally important")
#: Every judgement there can be, from wholly the first to wholly the second.
JUDGEMENTS = (*map(str, LEVELS), "1", *(f"1/{level}" for level in reversed(LEVELS)))
PARTING = "/"


def pair(one: str, other: str) -> str:
    """What a pair of component keys is called."""
    return f"{one}{PARTING}{other}"


def pairs_of(keys: Sequence[str]) -> list[tuple[str, str]]:
    """Every pair of these components, in their order."""
    return list(combinations(keys, 2))


def judgement_words(judgement: str, one: str, other: str) -> str:
    """What a judgement says of two named components."""
    times = Fraction(judgement)
    if times == 1:
        return str(ALIKE)
    name, level = (one, times) if times > 1 else (other, 1 / times)
    return str(LEVELS[int(level)]) % {"name": name}


def priorities_of(judgements: Mapping[str, str], keys: Sequence[str]) -> pairwise.Priorities:
    """The base weights of the components `keys`, and how far the judgements ("a/b" → "3" or "1/3") agree.

    Raises engine.errors.InvalidInput as `pairwise.priorities`; "judgement_out_of_range" for what is not on the scale.
    """
    read: dict[tuple[str, str], Fraction] = {}
    for named, judgement in judgements.items():
        if judgement not in JUDGEMENTS:
            raise errors.InvalidInput(
                "A judgement is 1 to 9 or 1/2 to 1/9.", code="judgement_out_of_range", key=named
            )
        one, _parting, other = named.partition(PARTING)
        read[one, other] = Fraction(judgement)
    return pairwise.priorities(keys, read)


def kept_pairs(judgements: Mapping[str, str], keys: Sequence[str]) -> dict[str, Any] | None:
    """As a plan keeps it: the judgements, and what they came to. None where weights were stated directly."""
    if not judgements:
        return None
    found = asdict(priorities_of(judgements, keys))
    return {"judgements": dict(judgements), "accepted_ppm": pairwise.ACCEPTED_PPM} | {
        name: found[name]
        for name in ("weights_ppm", "lambda_micro", "consistency_ppm", "is_consistent", "worst")
    }
