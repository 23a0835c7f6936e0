"""Who may do what with cycles and exports. Predicates; no queries."""

from performance.appraisals.models import Cycle, CycleEntry
from performance.foundation import access


def sees_all_entries(actor: access.Actor) -> bool:
    """HR and auditors. A manager sees the people below; everybody their own published result."""
    return actor.has_role("hr", "auditor")


def can_run_cycles(actor: access.Actor) -> bool:
    return actor.has_role("hr") and not actor.only_reads


def can_open_cycle(actor: access.Actor) -> bool:
    return can_run_cycles(actor)


def can_change_cycle(actor: access.Actor, cycle: Cycle) -> bool:
    """Its people and bands, until it is signed off."""
    return can_run_cycles(actor) and cycle.is_open


def can_except(actor: access.Actor, cycle: Cycle, person: object) -> bool:
    """Nobody puts themselves in or leaves themselves out."""
    return can_change_cycle(actor, cycle) and getattr(person, "pk", None) != actor.person_id


def can_sign_off(actor: access.Actor, cycle: Cycle) -> bool:
    return can_change_cycle(actor, cycle)


def can_publish(actor: access.Actor, cycle: Cycle) -> bool:
    return can_run_cycles(actor) and cycle.state == "signed_off"


def can_acknowledge(actor: access.Actor, entry: CycleEntry) -> bool:
    """Nobody says for somebody else that they have read it."""
    return is_own_result(actor, entry) and entry.is_published and not actor.only_reads


def can_export(actor: access.Actor) -> bool:
    return can_run_cycles(actor)


def can_see_exports(actor: access.Actor) -> bool:
    """Auditors see that there was one and what it held; the file itself is HR's."""
    return sees_all_entries(actor)


def can_see_reason(actor: access.Actor) -> bool:
    """Why somebody was left out may be private."""
    return sees_all_entries(actor)


def is_own_result(actor: access.Actor, entry: CycleEntry) -> bool:
    return entry.person_id == actor.person_id
