"""The text of an objective as a value, and what differs between two of them."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from okr.models import Content, KeyResult, KeyResultContent, MilestoneContent, Objective
from okr.models.contents import AMOUNTS
from okr.models.objectives import KeyResultKind, ObjectiveType, Visibility
from okr.queries import readings
from performance.foundation.components import formats

Difference = tuple[str, str | None, str | None]
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
                **{name: getattr(key_result, name) for name in COPIED},
            )
            for key_result in key_results
        ),
    )


def differences(old: Content, new: Content) -> list[Difference]:
    """Rows (label, old, new) in the reader's language; one side is None for what is added or removed."""
    rows: list[Difference] = []
    for name, label in (("title", _("Objective")), ("description", _("Why")), ("weight", _("Weight"))):
        _note(rows, label, str(getattr(old, name)), str(getattr(new, name)))
    _note(rows, _("Type"), str(ObjectiveType(old.type).label), str(ObjectiveType(new.type).label))
    _note(rows, _("Visible to"), str(Visibility(old.visibility).label), str(Visibility(new.visibility).label))
    before = {each.id: each for each in old.key_results}
    for place, key_result in enumerate(new.key_results, 1):
        name = _("KR%(number)s") % {"number": place}
        if key_result.id not in before:
            rows.append((name, None, f"{key_result.title}, {share(key_result)}"))
        else:
            rows += _changes(name, before.pop(key_result.id), key_result)
    rows += [(_("Key result"), each.title, None) for each in before.values()]
    return rows


def share(key_result: KeyResultContent) -> str:
    return formats.percent(formats.ppm(key_result.weight_ppm))


def _changes(name: str, old: KeyResultContent, new: KeyResultContent) -> list[Difference]:
    rows: list[Difference] = []
    _note(rows, _("%(kr)s title") % {"kr": name}, old.title, new.title)
    _note(rows, _("%(kr)s kind") % {"kr": name}, _kind(old), _kind(new))
    for field, label in AMOUNT_LABELS.items():
        now, then = getattr(new, field), getattr(old, field)
        if now != then:
            shown = [None if value is None else readings.amount(new, value) for value in (then, now)]
            rows.append((f"{name} {_(label)}", shown[0], shown[1]))
    _note(rows, f"{name} {_('unit')}", old.currency or old.unit, new.currency or new.unit)
    _note(rows, f"{name} {_('weight')}", share(old), share(new))
    _note(rows, f"{name} {_('metric')}", old.metric_key, new.metric_key)
    _note(rows, f"{name} {_('slice')}", _slice(old), _slice(new))
    _note(rows, f"{name} {_('milestones')}", _steps(old), _steps(new))
    return rows


def _note(rows: list[Difference], label: str, old: str, new: str) -> None:
    if old != new:
        rows.append((label, old or None, new or None))


def _kind(key_result: KeyResultContent) -> str:
    return str(KeyResultKind(key_result.kind).label)


def _slice(key_result: KeyResultContent) -> str:
    pairs = (f"{key}{formats.mark(':')}{value}" for key, value in key_result.slice.items())
    return formats.listed(pairs)


def _steps(key_result: KeyResultContent) -> str:
    return "; ".join(each.title for each in key_result.milestones)


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
        return readings.amount(key_result, value)
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
