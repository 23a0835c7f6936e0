"""What makes the text of a goal sound."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext_lazy as _

from okr.models import CheckpointContent, Content, KeyResult, KeyResultContent, Milestone, Objective
from okr.models.contents import PACED_KINDS
from okr.models.objectives import LINE_KINDS, WHOLE_PPM, KeyResultKind, Visibility
from performance.foundation.components import formats

MOST_KEY_RESULTS = 12
MOST_WEIGHT = 100
#: Enough for one every week of half a year.
MOST_CHECKPOINTS = 26
MOST_MILESTONES = 50
#: A part of the business is told by few dimensions, each a short name and a value.
MOST_DIMENSIONS = 10
LONGEST_DIMENSION, LONGEST_VALUE = 80, 200
LARGEST_AMOUNT = Decimal(10) ** 18
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a text, and where: "title", "weights", or "<place of the key result>.<field>". `is_sum`: it is
    wrong with all weights together."""

    path: str
    message: Any
    is_sum: bool = False


def problems_of(content: Content, period: Any) -> list[Problem]:
    """Everything that keeps this text from being proposed in a period; empty when it is sound."""
    found = _too_long(content, Objective, ("title",))
    if not content.title.strip():
        found.append(Problem("title", _("Say in one sentence what you want to reach.")))
    if content.visibility not in Visibility.values:
        found.append(Problem("visibility", _("Choose who can see it.")))
    if not content.key_results:
        found.append(
            Problem("weights", _("Add at least one key result: how will you see that it is reached?"))
        )
    if len(content.key_results) > MOST_KEY_RESULTS:
        # Nobody reads on; and whatever is wrong with each of thousands is not worth the time to say it.
        return [*found, Problem("weights", _("Twelve key results are the most. Fewer are clearer."))]
    for place, key_result in enumerate(content.key_results):
        found += [Problem(f"{place}.{each.path}", each.message) for each in _problems_of(key_result, period)]
    if len({each.id for each in content.key_results}) < len(content.key_results):
        found.append(Problem("weights", _("The same key result stands here twice.")))
    if content.key_results and sum(each.weight_ppm for each in content.key_results) != WHOLE_PPM:
        told = _("The weights of the key results must sum to exactly 100%.")
        found.append(Problem("weights", told, is_sum=True))
    return found


def _too_long(text: Any, model: Any, names: Iterable[str]) -> list[Problem]:
    """What the column that keeps it has no room for."""
    return [
        Problem(name, _("This is too long: %(most)s characters are the most.") % {"most": most})
        for name in names
        if len(getattr(text, name)) > (most := model._meta.get_field(name).max_length)
    ]


def _problems_of(key_result: KeyResultContent, period: Any) -> list[Problem]:
    found = _too_long(key_result, KeyResult, ("title", "unit", "currency", "metric_key"))
    if len(key_result.milestones) > MOST_MILESTONES:
        most = {"most": MOST_MILESTONES}
        return [*found, Problem("milestones", _("%(most)s milestones are the most.") % most)]
    found += _problems_of_slice(key_result)
    if any(not 1 <= step.weight <= MOST_WEIGHT for step in key_result.milestones):
        found.append(Problem("milestones", _("A milestone weighs 1 to 100.")))
    for step in key_result.milestones:
        found += [
            Problem("milestones", problem.message) for problem in _too_long(step, Milestone, ("title",))
        ]
    if not key_result.title.strip():
        found.append(Problem("title", _("Name the key result.")))
    if key_result.weight_ppm <= 0:
        found.append(Problem("weight", _("Give it a weight above 0%, or remove it.")))
    if key_result.kind in LINE_KINDS:
        found += _problems_of_line(key_result)
    elif key_result.kind == KeyResultKind.BAND:
        found += _problems_of_band(key_result)
    elif key_result.kind == KeyResultKind.MILESTONES and not key_result.milestones:
        found.append(Problem("milestones", _("List the milestones, one in each line.")))
    elif key_result.kind not in KeyResultKind.values:
        found.append(Problem("kind", _("Choose a kind of key result.")))
    if key_result.kind == KeyResultKind.KPI and not key_result.metric_key:
        found.append(Problem("metric_key", _("Choose the metric that fills it.")))
    if key_result.kind == KeyResultKind.MONEY and len(key_result.currency) != 3:
        found.append(Problem("currency", _("Use the three letters of the currency, for example CNY.")))
    for name in ("start", "target", "commit", "stretch", "lower", "upper", "tolerance"):
        value = getattr(key_result, name)
        if value is not None and abs(value) >= LARGEST_AMOUNT:
            found.append(Problem(name, _("This number is too large.")))
    return found or _problems_of_checkpoints(key_result, period)


def _problems_of_slice(key_result: KeyResultContent) -> list[Problem]:
    if len(key_result.slice) > MOST_DIMENSIONS:
        most = {"most": MOST_DIMENSIONS}
        return [Problem("slice", _("A part is told by %(most)s dimensions at most.") % most)]
    for key, value in key_result.slice.items():
        for text, longest in ((key, LONGEST_DIMENSION), (value, LONGEST_VALUE)):
            if len(text) > longest:
                told = _("This is too long: %(most)s characters are the most.")
                return [Problem("slice", told % {"most": longest})]
    return []


def _problems_of_line(key_result: KeyResultContent) -> list[Problem]:
    start, target = key_result.start, key_result.target
    if target is None or start is None:
        missing = [
            (target, Problem("target", _("Say which value you want to reach."))),
            (start, Problem("start", _("Say where you start from; progress is measured from there."))),
        ]
        return [problem for value, problem in missing if value is None]
    if key_result.kind == KeyResultKind.INCREASE and target < start:
        return [Problem("target", _("This number is to go up, but the target lies below the start."))]
    if key_result.kind == KeyResultKind.DECREASE and target > start:
        return [Problem("target", _("This number is to go down, but the target lies above the start."))]
    up, found = target >= start, []
    for name in ("commit", "stretch"):
        value = getattr(key_result, name)
        beyond = value is not None and (value > target if up else value < target)
        short = value is not None and (value < target if up else value > target)
        if name == "commit" and beyond:
            found.append(Problem("commit", _("What you commit to cannot lie beyond the target.")))
        if name == "stretch" and short:
            found.append(Problem("stretch", _("The stretch value lies beyond the target.")))
    return found


def leads_the_wrong_way(key_result: KeyResultContent, direction: str) -> bool:
    """A metric of which more is better is not to be brought down, and one of which less is better not up."""
    if key_result.start is None or key_result.target is None:
        return False
    if direction == "up":
        return key_result.target < key_result.start
    return direction == "down" and key_result.target > key_result.start


def _problems_of_band(key_result: KeyResultContent) -> list[Problem]:
    if key_result.lower is None and key_result.upper is None:
        return [Problem("lower", _("A band needs a lower or an upper edge."))]
    if None not in (key_result.lower, key_result.upper) and key_result.lower > key_result.upper:  # type: ignore[operator]
        return [Problem("lower", _("The lower edge lies above the upper one."))]
    if key_result.tolerance is not None and key_result.tolerance < 0:
        return [Problem("tolerance", _("A tolerance cannot be negative."))]
    return []


def _problems_of_checkpoints(key_result: KeyResultContent, period: Any) -> list[Problem]:
    """The first thing that is wrong with them, of a key result that is sound otherwise."""
    points = key_result.checkpoints
    if not points:
        return []
    if key_result.kind not in PACED_KINDS:
        return [Problem("checkpoints", _("A key result of this kind has no checkpoints."))]
    if len(points) > MOST_CHECKPOINTS:
        most = {"most": MOST_CHECKPOINTS}
        return [Problem("checkpoints", _("%(most)s checkpoints are the most.") % most)]
    told = _misplaced(points, period) or _off_the_way(key_result)
    return [Problem("checkpoints", told)] if told else []


def _misplaced(points: tuple[CheckpointContent, ...], period: Any) -> Any:
    for point in points:
        day = {"day": formats.day(point.on, "short")}
        if not period.starts_on <= point.on <= period.ends_on:
            return _("The checkpoint of %(day)s lies outside the period.") % day
        if point.on == period.ends_on:
            return (
                _("%(day)s is the period’s last day: 100%% are expected by then without a checkpoint.") % day
            )
    for former, point in pairwise(points):
        day = {"day": formats.day(point.on, "short")}
        if former.on == point.on:
            return _("Two checkpoints fall on %(day)s.") % day
        if former.on > point.on:
            return _("The checkpoint of %(day)s stands after a later one.") % day
    return None


def _off_the_way(key_result: KeyResultContent) -> Any:
    """Whether a value lies before the start, beyond the target, or behind the one before it."""
    start, target = key_result.start, key_result.target
    if key_result.kind == KeyResultKind.MILESTONES:
        start, target = Decimal(0), HUNDRED
    if start is None or target is None:
        return None
    if start == target:
        return _("Start and target are the same, so no checkpoint lies between them.")
    way = 1 if target > start else -1
    reached = start
    for point in key_result.checkpoints:
        day = {"day": formats.day(point.on, "short")}
        if key_result.kind == KeyResultKind.MILESTONES and not 0 <= point.value <= HUNDRED:
            return _("What is expected of milestones by %(day)s lies between 0%% and 100%%.") % day
        if (point.value - start) * way < 0 or (target - point.value) * way < 0:
            return _("The value of %(day)s lies outside the way from start to target.") % day
        if (point.value - reached) * way < 0:
            return _("The value of %(day)s falls behind the checkpoint before it.") % day
        reached = point.value
    return None
