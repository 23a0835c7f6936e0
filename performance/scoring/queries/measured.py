"""What units scored in a period that is over: what objective weights follow from."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from performance.engine import curves, fixed
from performance.foundation import access
from performance.kpis import queries as kpis
from performance.kpis.models import ValueState
from performance.people import models as people
from performance.scoring import evidence, rules
from performance.scoring.models import OWN_UNIT, SourceKind
from performance.scoring.queries.signals import signals_shown


def units_measured(
    drafts: Sequence[evidence.ComponentDraft],
    *,
    unit_id: uuid.UUID | None,
    period: people.Period,
    at: datetime.datetime | None = None,
) -> evidence.Measured:
    """The smallest units in the branch of a policy's unit (None: of all), with what they scored in the last period that
    was over before `period` began. A component counts where it measures each person's own unit; a unit, where every
    such component has a closed value. Six queries at most."""
    at = at or timezone.now()
    over = people.Period.objects.filter(ends_on__lt=period.starts_on)
    before = over.order_by("-ends_on", "-starts_on", "pk").first()
    if before is None:
        return evidence.Measured()
    measuring = [draft for draft in drafts if draft.source_kind == SourceKind.KPI and draft.slice == OWN_UNIT]
    units = _smallest(unit_id)
    asked = [(draft.source_ref, _slice(unit)) for unit in units for draft in measuring]
    values = kpis.period_values(asked, before, as_of=at) if asked else {}
    shaped = [curves.Curve.from_dict(draft.curve) for draft in measuring]
    rows: list[tuple[people.BusinessUnit, tuple[int, ...]]] = []
    for unit in units:
        found = [values[draft.source_ref, kpis.slice_key(_slice(unit))] for draft in measuring]
        if all(one.value is not None and one.state == ValueState.CLOSED for one in found):
            raw = [evidence.micro(one.value) for one in found if one.value is not None]
            rows.append((unit, tuple(map(_points, shaped, raw))))
    return evidence.Measured(
        period_en=before.name_en,
        period_zh=before.name_zh or before.name_en,
        starts_on=before.starts_on.isoformat(),
        ends_on=before.ends_on.isoformat(),
        as_of=at.isoformat(),
        keys=tuple(draft.key for draft in measuring),
        units=tuple(evidence.Unit(str(unit.pk), unit.name_en, unit.name_zh) for unit, _row in rows),
        values_micro=tuple(row for _unit, row in rows),
        left_out=len(units) - len(rows),
    )


def plan_shown(plan: Mapping[str, Any], actor: access.Actor) -> dict[str, Any]:
    """A plan with what signals read, where their parts are open to the reader, and with what units scored for whoever sees
    all scores while no part of any metric is closed to them; the weights that follow are told to everybody. One query
    where a dataset is narrowed for them, none otherwise."""
    is_narrowed = bool(kpis.sight_of(actor).guards)
    shown = dict(plan) if rules.sees_all_scores(actor) and not is_narrowed else evidence.without_units(plan)
    if not is_narrowed:
        return shown
    signals = signals_shown(evidence.signals_from(plan.get("market", ())), actor)
    return {**shown, "market": [signal.kept() for signal in signals]}


def _points(curve: curves.Curve, raw_micro: int) -> int:
    raw, present = fixed.optional_column([raw_micro])
    return int(curve.normalise_column(raw, present)[0])


def _slice(unit: people.BusinessUnit) -> Mapping[str, str]:
    return {key: str(value) for key, value in unit.slice.items()}


def _smallest(top: uuid.UUID | None) -> list[people.BusinessUnit]:
    """Units with a part of the business of their own that are not made up of such units themselves."""
    units = {unit.pk: unit for unit in people.BusinessUnit.objects.order_by("code")}
    parents = {unit.parent_id for unit in units.values() if unit.slice}
    return [
        unit
        for unit in units.values()
        if unit.slice and unit.pk not in parents and (top is None or _is_within(unit, top, units))
    ]


def _is_within(
    unit: people.BusinessUnit, top: uuid.UUID, units: Mapping[uuid.UUID, people.BusinessUnit]
) -> bool:
    seen: set[uuid.UUID] = set()
    above: uuid.UUID | None = unit.pk
    while above is not None and above not in seen:
        if above == top:
            return True
        seen.add(above)
        above = units[above].parent_id
    return False
