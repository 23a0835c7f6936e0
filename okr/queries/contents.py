"""The text of an objective as a value, and what differs between two of them."""

import uuid
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from okr.models import Content, KeyResult, KeyResultContent, MilestoneContent, Objective, ObjectiveVersion
from okr.models.agreements import VersionState
from okr.models.contents import AMOUNTS, checkpoints_from
from okr.models.objectives import KeyResultKind, ObjectiveType, Visibility
from okr.queries import readings
from performance.foundation.components import formats
from performance.people import models as people_models

Difference = tuple[str, str | None, str | None]
Owners = Mapping[uuid.UUID | None, Any]
COPIED = ("kind", "title", "weight_ppm", "owner_id", "unit", "currency", *AMOUNTS, "metric_key", "slice")


def content_of(objective: Objective) -> Content:
    """What the rows say now: the version in force, or the proposal or draft before the first agreement."""
    return content_of_rows(
        objective, objective.key_results.filter(removed_at=None).prefetch_related("milestones")
    )


def content_of_rows(objective: Objective, key_results: Iterable[KeyResult]) -> Content:
    """The same from standing key results that are loaded already, with their milestones."""
    return Content(
        title=objective.title,
        description=objective.description,
        type=objective.type,
        visibility=objective.visibility,
        weight=objective.weight,
        key_results=tuple(
            KeyResultContent(
                id=key_result.pk,
                milestones=tuple(
                    MilestoneContent(id=each.pk, title=each.title, weight=each.weight)
                    for each in key_result.milestones.all()
                    if each.removed_at is None
                ),
                checkpoints=checkpoints_from(key_result.checkpoints),
                **{name: getattr(key_result, name) for name in COPIED},
            )
            for key_result in key_results
        ),
    )


def have_checkpoints(objective_ids: Iterable[Any]) -> bool:
    """Whether a standing key result of any of these has checkpoints."""
    standing = KeyResult.objects.filter(objective__in=list(objective_ids), removed_at=None)
    return standing.exclude(checkpoints=[]).exists()


def open_proposal(objective: Objective) -> ObjectiveVersion | None:
    """The version that waits for agreement."""
    return ObjectiveVersion.objects.filter(objective=objective, state=VersionState.PROPOSED).first()


def standing_content(objective: Objective) -> Content:
    """What a further change starts from: the open proposal, else what the rows say."""
    version = open_proposal(objective)
    return version.as_content if version is not None else content_of(objective)


def standing_number(objective: Objective) -> int:
    """Of which version that text is: the open proposal, else what is in force, else the last one proposed (it was
    withdrawn, and its text is the draft). 0 where nothing has been proposed yet."""
    version = open_proposal(objective)
    if version is not None:
        return version.number
    if objective.version_number:
        return objective.version_number
    numbers = ObjectiveVersion.objects.filter(objective=objective)
    return int(numbers.aggregate(last=Max("number"))["last"] or 0)


def draft_mark(objective: Objective) -> str:
    """Names the text that a draft has, so that whoever writes it anew can say from which text; "" where none can be:
    what was agreed is told by its number."""
    return "" if objective.is_in_force else content_of(objective).mark


def differences(old: Content, new: Content, owners: Owners) -> list[Difference]:
    """Rows (label, old, new) in the reader's language; one side is None for what is added or removed. `owners` are
    those whom the texts name, and under None who owns the objective."""
    rows: list[Difference] = []
    for name, label in (("title", _("Objective")), ("description", _("Why")), ("weight", _("Weight"))):
        _note(rows, label, str(getattr(old, name)), str(getattr(new, name)))
    _note(rows, _("Type"), str(ObjectiveType(old.type).label), str(ObjectiveType(new.type).label))
    _note(rows, _("Visible to"), str(Visibility(old.visibility).label), str(Visibility(new.visibility).label))
    before = {each.id: each for each in old.key_results}
    for place, key_result in enumerate(new.key_results, 1):
        name = _("KR%(number)s") % {"number": place}
        if key_result.id not in before:
            said = (key_result.title, _kind(key_result), share(key_result))
            rows.append((name, None, formats.listed(said)))
            # Beyond that, all that differs from a bare one is new.
            bare = KeyResultContent(key_result.kind, key_result.title, key_result.weight_ppm)
            rows += [(label, None, now) for label, _none, now in _changes(name, bare, key_result, owners)]
        else:
            rows += _changes(name, before.pop(key_result.id), key_result, owners)
    rows += [(_("Key result"), each.title, None) for each in before.values()]
    return rows


def owners_named(objective: Objective, contents: Iterable[Content]) -> Owners:
    """Whom these texts of an objective name as owners of key results; who is not named owns it all. One query."""
    ids = {each.owner_id for content in contents for each in content.key_results}
    return {None: objective.owner, **people_models.Person.objects.in_bulk([key for key in ids if key])}


def share(key_result: KeyResultContent) -> str:
    return formats.percent(formats.ppm(key_result.weight_ppm))


def _changes(name: str, old: KeyResultContent, new: KeyResultContent, owners: Owners) -> list[Difference]:
    rows: list[Difference] = []
    _note(rows, _("%(kr)s title") % {"kr": name}, old.title, new.title)
    _note(rows, _("%(kr)s kind") % {"kr": name}, _kind(old), _kind(new))
    for field, label in AMOUNT_LABELS.items():
        now, then = getattr(new, field), getattr(old, field)
        if now != then:
            rows.append((f"{name} {_(label)}", _amount(old, then), _amount(new, now)))
    _note(rows, f"{name} {_('unit')}", old.unit, new.unit)
    _note(rows, f"{name} {_('currency')}", old.currency, new.currency)
    before, after = owners.get(old.owner_id), owners.get(new.owner_id)
    if before != after:
        rows.append((f"{name} {_('owner')}", formats.person_name(before), formats.person_name(after)))
    _note(rows, f"{name} {_('weight')}", share(old), share(new))
    _note(rows, f"{name} {_('metric')}", old.metric_key, new.metric_key)
    _note(rows, f"{name} {_('slice')}", _slice(old), _slice(new))
    _note(rows, f"{name} {_('milestones')}", _steps(old), _steps(new))
    _note(rows, f"{name} {_('checkpoints')}", readings.checkpoints(old), readings.checkpoints(new))
    return rows


def _note(rows: list[Difference], label: str, old: str, new: str) -> None:
    if old != new:
        rows.append((label, old or None, new or None))


def _kind(key_result: KeyResultContent) -> str:
    return str(KeyResultKind(key_result.kind).label)


def _slice(key_result: KeyResultContent) -> str:
    pairs = (f"{key}{formats.mark(':')}{value}" for key, value in key_result.slice.items())
    return formats.listed(pairs)


def _amount(key_result: KeyResultContent, value: Decimal | None) -> str | None:
    return None if value is None else readings.amount_exact(key_result, value)


def _steps(key_result: KeyResultContent) -> str:
    return "; ".join(
        each.title if each.weight == 1 else f"{each.title} ×{each.weight}" for each in key_result.milestones
    )


def field_label(content: Content, path: str) -> str:
    """ "KR2 target" for a path like "<id>.target"."""
    key, _dot, name = path.rpartition(".")
    label = {**AMOUNT_LABELS, **TEXT_LABELS}.get(name, name)
    places = [str(each.id) for each in content.key_results]
    if key in places:
        return f"{_('KR%(number)s') % {'number': places.index(key) + 1}} {_(label)}"
    return _(label)


def field_value(content: Content, path: str, value: Any) -> str:
    """A suggested or present value, as it reads."""
    key, _dot, name = path.rpartition(".")
    key_result = content.key_result(key) if key else None
    if value is None:
        return readings.MISSING
    if name == "weight_ppm":
        return formats.percent(formats.ppm(int(value)))
    if key_result is not None and name in AMOUNTS:
        return readings.amount_exact(key_result, value)
    return str(value)


AMOUNT_LABELS = {
    "start": gettext_noop("start"),
    "target": gettext_noop("target"),
    "commit": gettext_noop("commit value"),
    "stretch": gettext_noop("stretch value"),
    "lower": gettext_noop("lower edge"),
    "upper": gettext_noop("upper edge"),
    "tolerance": gettext_noop("tolerance"),
}
TEXT_LABELS = {
    "title": gettext_noop("title"),
    "description": gettext_noop("why"),
    "weight_ppm": gettext_noop("weight"),
    "unit": gettext_noop("unit"),
}
