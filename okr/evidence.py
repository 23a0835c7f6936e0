"""What goals hand to scoring: how far each person's objectives have come."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from django.urls import reverse

from okr.models import ProgressPoint
from okr.models.objectives import SCORED_STATES, OwnerKind, Visibility
from performance.engine import fixed, progress
from performance.foundation import evidence
from performance.foundation.evidence import ComponentRequest, Evidence, Ref


@dataclass(frozen=True)
class _Figure:
    """An objective of a person as it stood."""

    objective_id: uuid.UUID
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
) -> list[Evidence]:
    """The weighted mean of each person's own objectives in micro percent, as it was known at `as_of`.

    Objectives without a score are left out of the mean and lower the coverage; a person without any has None.
    One query for all people.
    """
    figures = _figures(person_ids, period, as_of)
    return [
        found
        for component in components
        for found in _of_component(component, person_ids, figures, is_final=period.state == "closed")
    ]


def _figures(person_ids: Sequence[uuid.UUID], period: Any, as_of: datetime.datetime) -> list[_Figure]:
    points = (
        ProgressPoint.objects.filter(
            at__lte=as_of,
            objective__period=period,
            objective__owner_id__in=list(person_ids),
            objective__owner_kind=OwnerKind.PERSON,
            objective__state__in=SCORED_STATES,
        )
        .order_by("objective_id", "-at", "-id")
        .distinct("objective_id")
        .values_list(
            "objective_id",
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
    return [_Figure(*row) for row in points]


def _of_component(
    component: ComponentRequest,
    person_ids: Sequence[uuid.UUID],
    figures: Sequence[_Figure],
    *,
    is_final: bool,
) -> list[Evidence]:
    groups = {person_id: place for place, person_id in enumerate(person_ids)}
    values, present = fixed.optional_column([figure.progress_micro for figure in figures])
    rolled = progress.rollup_columns(
        groups=np.array([groups[figure.person_id] for figure in figures], dtype=np.int64),
        values=values,
        present=present,
        weights=fixed.column([figure.weight for figure in figures]),
        group_count=len(groups),
    )
    own: dict[uuid.UUID, list[_Figure]] = defaultdict(list)
    for figure in figures:
        own[figure.person_id].append(figure)
    return [
        Evidence(
            person_id=person_id,
            component_key=component.key,
            value_micro=int(rolled.values_micro[place]) if rolled.present[place] else None,
            coverage_ppm=_coverage(own[person_id]),
            provisional=not is_final or any(figure.provisional for figure in own[person_id]),
            refs=tuple(_ref(figure) for figure in sorted(own[person_id], key=lambda each: each.objective_id)),
        )
        for person_id, place in groups.items()
    ]


def _coverage(figures: list[_Figure]) -> int:
    """The part of the key results' weight that has a value, over all objectives by their weight."""
    total = sum(figure.weight for figure in figures)
    return sum(figure.weight * figure.coverage_ppm for figure in figures) // total if total else 0


def _ref(figure: _Figure) -> Ref:
    """The words of a private objective stay out: a score is read by more people, and kept for good."""
    is_private = figure.visibility == Visibility.PRIVATE
    return Ref(
        label_en="Private objective" if is_private else figure.title,
        label_zh="私密目标" if is_private else figure.title,
        url=reverse("okr:objective", args=[figure.objective_id]),
        version=str(figure.version_number),
        **_note(figure),
    )


def _note(figure: _Figure) -> dict[str, str]:
    """ "53.4%", with its weight where objectives weigh differently from one, so that the mean can be reckoned again,
    and the version of the period's policy that counted it, where one was chosen."""
    if figure.progress_micro is None:
        return {"note_en": "no progress yet", "note_zh": "尚无进度"}
    percent = (Decimal(figure.progress_micro) / evidence.MICRO).quantize(Decimal("0.01"))
    weight = f" × {figure.weight}" if figure.weight != 1 else ""
    by_en, by_zh = (
        ("", "")
        if not figure.policy_number
        else (
            f", policy version {figure.policy_number}",
            f"，按计算规则第{figure.policy_number}版",
        )
    )
    return {"note_en": f"{percent}%{weight}{by_en}", "note_zh": f"{percent}%{weight}{by_zh}"}
