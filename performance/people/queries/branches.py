"""Whose part of the business somebody answers for: the slices of the units in their branch."""

import datetime
import uuid
from collections.abc import Mapping

from performance.people.models import BusinessUnit, Person
from performance.people.queries.lines import below

Slices = tuple[Mapping[str, str], ...]


def branch_slices(person: Person, on: datetime.date) -> Slices:
    """The slices of a person's own unit and of the units of everybody below in the line that day. Whoever manages
    somebody also answers for the units beneath the own one, also for those in which nobody works. Units without a
    slice stand for no part of their own. Two queries, whatever the size of the branch."""
    led = set(Person.objects.filter(pk__in=below(person.pk, on)).values_list("unit_id", flat=True).distinct())
    units = {unit.pk: unit for unit in BusinessUnit.objects.only("parent_id", "slice", "organisation_id")}
    chosen = {person.unit_id, *led}
    if led and person.unit_id:
        chosen |= _beneath(person.unit_id, units)
    found = (units[each].slice for each in sorted(chosen & units.keys()))
    return tuple({key: str(value) for key, value in sorted(each.items())} for each in found if each)


def _beneath(top: uuid.UUID, units: Mapping[uuid.UUID, BusinessUnit]) -> set[uuid.UUID]:
    children: dict[uuid.UUID | None, list[uuid.UUID]] = {}
    for unit in units.values():
        children.setdefault(unit.parent_id, []).append(unit.pk)
    found, waiting = set(), [top]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found
