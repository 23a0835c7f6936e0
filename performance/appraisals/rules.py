"""Who may do what with cycles and exports. Predicates; no queries."""

import datetime

from performance.appraisals.models import Appeal, Cycle, CycleEntry, Review, Wave
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


def can_appeal(actor: access.Actor, entry: CycleEntry, wave: Wave, on: datetime.date) -> bool:
    """One's own published result, as long as was promised."""
    return (
        is_own_result(actor, entry)
        and entry.is_published
        and on <= wave.appeal_until
        and not actor.only_reads
    )


def sees_appeals_of(actor: access.Actor, entry: CycleEntry) -> bool:
    """The person, HR and auditors; managers see what it came to in the result."""
    return is_own_result(actor, entry) or sees_all_entries(actor)


def can_withdraw_appeal(actor: access.Actor, appeal: Appeal) -> bool:
    return appeal.is_open and is_own_result(actor, appeal.entry) and not actor.only_reads


def decides_appeals(actor: access.Actor) -> bool:
    return can_run_cycles(actor)


def can_decide_appeal(actor: access.Actor, appeal: Appeal, *, leads: bool) -> bool:
    """HR, but not the person, nobody who leads them, and not whoever signed the numbers off."""
    entry = appeal.entry
    is_party = leads or actor.person_id in (entry.person_id, entry.manager_id, entry.cycle.signed_off_by_id)
    return decides_appeals(actor) and appeal.is_open and not is_party


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


def can_edit_templates(actor: access.Actor) -> bool:
    return can_run_cycles(actor)


def can_write_review(actor: access.Actor, review: Review) -> bool:
    """Whoever owes it or was asked to write it for them, until it is sent; nobody else."""
    return (
        review.is_open
        and actor.person_id == review.writer_id
        and not actor.only_reads
        and is_still_written(review)
    )


def is_still_written(review: Review) -> bool:
    """Until the sign-off; not of somebody who is left out."""
    return review.entry.cycle.is_open and not review.entry.is_left_out


def can_read_answers(actor: access.Actor, review: Review) -> bool:
    """A draft is nobody's business but its writer's."""
    return review.is_submitted or actor.person_id == review.writer_id


def can_delegate(actor: access.Actor, review: Review) -> bool:
    """Whoever owes a manager's review hands it on, and HR. Nobody else speaks for somebody about themselves, and nobody
    chooses who writes about them."""
    if review.kind != "manager" or not review.is_open or not is_still_written(review):
        return False
    if actor.person_id == review.entry.person_id:
        return False
    return actor.person_id == review.reviewer_id or can_run_cycles(actor)


def can_decline(actor: access.Actor, review: Review) -> bool:
    """A colleague may say no; one's own review and those of one's people are owed."""
    return review.kind in ("peer", "upward") and can_write_review(actor, review)


def can_excuse(actor: access.Actor, review: Review) -> bool:
    """HR, but nobody excuses themselves, nor does away with what would be said about them."""
    return (
        can_run_cycles(actor)
        and is_still_written(review)
        and not review.is_submitted
        and actor.person_id not in (review.reviewer_id, review.delegate_id, review.entry.person_id)
    )


def can_reopen(actor: access.Actor, review: Review) -> bool:
    """HR sends back what was sent too early, until the sign-off; never their own nor the one about themselves."""
    return (
        can_run_cycles(actor)
        and review.entry.cycle.is_open
        and review.state in ("submitted", "declined", "excused")
        and actor.person_id not in (review.reviewer_id, review.entry.person_id)
    )


def can_nominate(actor: access.Actor, entry: CycleEntry, manager_id: object) -> bool:
    """The person themselves, whoever leads them now, and HR."""
    if actor.only_reads or not entry.cycle.is_open or entry.is_left_out:
        return False
    return actor.person_id in (entry.person_id, manager_id) or can_run_cycles(actor)


def can_approve_peer(actor: access.Actor, review: Review, manager_id: object) -> bool:
    """Whoever leads the person now, or HR; nobody agrees to reviewers of themselves."""
    if actor.only_reads or review.state != "nominated" or not is_still_written(review):
        return False
    if actor.person_id == review.entry.person_id:
        return False
    return actor.person_id == manager_id or can_run_cycles(actor)
