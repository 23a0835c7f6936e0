"""What goals hand to scoring: how far each person's objectives have come."""

import datetime
import uuid
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from django.db.models import TextField
from django.db.models.functions import Cast
from django.urls import reverse

from okr.models import ProgressPoint
from okr.models.objectives import SCORED_STATES, OwnerKind, Visibility
from performance.engine import fixed, progress
from performance.foundation import sets
from performance.foundation.evidence import ComponentRequest, EvidenceColumn, Ref

#: Of a percent, in micro percent.
HUNDREDTH = 10_000


class _Figure(NamedTuple):
    """An objective of a person as it stood."""

    objective_id: str
    person_id: uuid.UUID
    title: str
    weight: int
    progress_micro: int | None
    coverage_ppm: int
    provisional: bool
    version_number: int
    visibility: str
    policy_number: int


def attainment(
    *,
    person_ids: Sequence[uuid.UUID],
    period: Any,
    as_of: datetime.datetime,
    components: Sequence[ComponentRequest],
) -> list[EvidenceColumn]:
    """The weighted mean of each person's own objectives in micro percent, as it was known at `as_of`.

    Objectives without a score are left out of the mean and lower the coverage; a person without any has none.
    One query for all people.
    """
    places = {person_id: place for place, person_id in enumerate(person_ids)}
    figures = _figures(person_ids, period, as_of)
    owner = np.array([places[figure.person_id] for figure in figures], dtype=np.int64)
    values, present = fixed.optional_column([figure.progress_micro for figure in figures])
    weights = fixed.column([figure.weight for figure in figures])
    rolled = progress.rollup_columns(
        groups=owner, values=values, present=present, weights=weights, group_count=len(places)
    )
    covered = fixed.column([figure.weight * figure.coverage_ppm for figure in figures])
    total, counted = (_by_owner(column, owner, len(places)) for column in (weights, covered))
    open_figures = np.array([figure.provisional for figure in figures], dtype=np.int64)
    provisional = _by_owner(open_figures, owner, len(places)) > 0
    trails: list[list[Ref]] = [[] for _person in person_ids]
    for place, figure in zip(owner.tolist(), figures, strict=True):
        trails[place].append(_ref(figure))
    return [
        EvidenceColumn(
            component_key=component.key,
            values_micro=np.where(rolled.present, rolled.values_micro, 0),
            present=rolled.present,
            # The part of the key results' weight that has a value, over all objectives by their weight.
            coverage_ppm=counted // np.maximum(total, 1),
            provisional=provisional | (period.state != "closed"),
            trail=np.arange(len(places), dtype=np.int64),
            trails=[tuple(trail) for trail in trails],
        )
        for component in components
    ]


def _figures(person_ids: Sequence[uuid.UUID], period: Any, as_of: datetime.datetime) -> list[_Figure]:
    """In the order of the objectives' ids."""
    points = (
        ProgressPoint.objects.filter(
            at__lte=as_of,
            objective__period=period,
            objective__owner_id__in=sets.among(person_ids),
            objective__owner_kind=OwnerKind.PERSON,
            objective__state__in=SCORED_STATES,
        )
        .order_by("objective_id", "-at", "-id")
        .distinct("objective_id")
        .values_list(
            # Wanted in addresses alone.
            Cast("objective_id", TextField()),
            "objective__owner_id",
            "objective__title",
            "objective__weight",
            "progress_micro",
            "coverage_ppm",
            "provisional",
            "version_number",
            "objective__visibility",
            "policy_number",
        )
    )
    return list(map(_Figure._make, points))


def _by_owner(column: fixed.AnyInts, owner: fixed.Ints, people: int) -> fixed.AnyInts:
    sums = np.zeros(people, dtype=column.dtype)
    np.add.at(sums, owner, column)
    return sums


def _ref(figure: _Figure) -> Ref:
    """The words of a private objective stay out: a score is read by more people, and kept for good."""
    is_private = figure.visibility == Visibility.PRIVATE
    note_en, note_zh = _note(figure)
    before, after = _url_parts()
    return Ref(
        "Private objective" if is_private else figure.title,
        "私密目标" if is_private else figure.title,
        f"{before}{figure.objective_id}{after}",
        str(figure.version_number),
        note_en,
        note_zh,
    )


@cache
def _url_parts() -> tuple[str, str]:
    """The address of an objective around its id: to reverse hundreds of thousands takes longer than to score them."""
    nobody = uuid.UUID(int=0)
    before, _id, after = reverse("okr:objective", args=[nobody]).partition(str(nobody))
    return before, after


def _percent(micro: int) -> str:
    """To two decimals, half to even, as Decimal rounds: in integers it takes a fifth of the time."""
    hundredths, rest = divmod(abs(micro), HUNDREDTH)
    hundredths += rest > HUNDREDTH // 2 or (rest == HUNDREDTH // 2 and hundredths % 2)
    return f"{'-' if micro < 0 else ''}{hundredths // 100}.{hundredths % 100:02}"


def _note(figure: _Figure) -> tuple[str, str]:
    """ "53.4%", with its weight where objectives weigh differently from one, so that the mean can be reckoned again,
    and the version of the period's policy that counted it, where one was chosen."""
    if figure.progress_micro is None:
        return "no progress yet", "尚无进度"
    percent = _percent(figure.progress_micro)
    weight = f" × {figure.weight}" if figure.weight != 1 else ""
    by_en, by_zh = (
        ("", "")
        if not figure.policy_number
        else (
            f", policy version {figure.policy_number}",
            f"，按计算规则第{figure.policy_number}版",
        )
    )
    return f"{percent}%{weight}{by_en}", f"{percent}%{weight}{by_zh}"
