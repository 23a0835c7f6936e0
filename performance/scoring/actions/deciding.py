"""Restatements before people: put to both sides, decided with a reason, adopted as new frozen scores beside the old ones."""

import datetime
import uuid

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from performance.foundation import access, audit, i18n, refusals, stale
from performance.inbox import actions as inbox_actions
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import queries, rules
from performance.scoring.actions import writing
from performance.scoring.models import (
    LONGEST_REASON,
    RESTATED,
    RESTATEMENT,
    CurrentScore,
    RestatedScore,
    Restatement,
    RestatementDecision,
    RestatementState,
    ScoreState,
    Side,
)

AT_ONCE = 2000


class RestatementRefused(refusals.Refused):
    """A decision about a restatement that cannot be taken."""


def put_before(restatement: Restatement, *, at: datetime.datetime) -> None:
    """Work for the owners of both sides who may decide, and a note for HR, who name an owner where there is none. In the
    caller's transaction."""
    titles = i18n.in_both(lambda: _("Decide on a restatement of frozen scores"))
    for side in Side.values:
        for person in queries.deciders_of(restatement, side):
            _assign(person, RESTATEMENT, restatement, titles, at=at)
    _note(restatement, i18n.in_both(lambda: _("A restatement of frozen scores waits for a decision")), at=at)


def overtake(restatement: Restatement, *, at: datetime.datetime) -> None:
    """Later figures say something else: nobody decides on it any more. In the caller's transaction, which holds it."""
    restatement.state, restatement.decided_at = RestatementState.OVERTAKEN, at
    restatement.save(update_fields=["state", "decided_at"])
    for kind in (RESTATEMENT, RESTATED):
        inbox_actions.resolve_work(kind=kind, subject_id=restatement.pk, by=None, at=at)
    audit.record(by=None, action="scoring.overtake_restatement", subject=restatement, at=at)


@transaction.atomic
def decide_restatement(
    *,
    restatement: Restatement,
    side: str,
    adopts: bool,
    reason: str,
    by: access.Actor,
    at: datetime.datetime,
) -> Restatement:
    """One side's yes or no. A no ends it; the second yes lets it be adopted, which a task does."""
    restatement = _held(restatement.pk)
    reason = reason.strip()
    _refuse(restatement, side, reason, by)
    RestatementDecision.objects.create(
        restatement=restatement, side=side, adopts=adopts, reason=reason, person=by.person, at=at
    )
    inbox_actions.resolve_work(kind=RESTATEMENT, subject_id=restatement.pk, to=by.person, by=by, at=at)
    given = RestatementDecision.objects.filter(restatement=restatement).count()
    if not adopts:
        restatement.state = RestatementState.REJECTED
    elif given == len(Side.values):
        restatement.state = RestatementState.AGREED
    else:
        others = queries.deciders_of(restatement, next(other for other in Side.values if other != side))
        inbox_actions.resolve_for(
            kind=RESTATEMENT,
            subject_id=restatement.pk,
            persons=people_queries.people_with_role(rules.ROLE_OF_SIDE[Side(side)]).exclude(
                pk__in=others.values("pk")
            ),
            by=by,
            at=at,
        )
    if not restatement.is_proposed:
        restatement.decided_at = at
        restatement.save(update_fields=["state", "decided_at"])
        for kind in (RESTATEMENT, RESTATED):
            inbox_actions.resolve_work(kind=kind, subject_id=restatement.pk, by=by, at=at)
    audit.record(
        by=by,
        action="scoring.adopt_restatement" if adopts else "scoring.reject_restatement",
        subject=restatement,
        changes={"side": side},
        why=reason,
        at=at,
    )
    if restatement.state == RestatementState.REJECTED:
        _note(restatement, i18n.in_both(lambda: _("A restatement of frozen scores was not adopted")), at=at)
    return restatement


def agreed_restatements() -> list[uuid.UUID]:
    """What both sides agreed to and nobody has carried out yet."""
    agreed = Restatement.objects.filter(state=RestatementState.AGREED)
    return list(agreed.order_by("decided_at").values_list("pk", flat=True))


@transaction.atomic
def carry_out_restatement(*, restatement_id: uuid.UUID, at: datetime.datetime) -> bool:
    """Puts the new scores in force, all of them or none. Safe to ask for twice: False where there is nothing to do.

    What was looked at is what is written, to the bit, whatever has changed since. Should one of the scores not be in force
    any more, the proposal speaks of nothing, and the next comparison says what is left of it.
    """
    restatement = _held(restatement_id)
    if restatement.state != RestatementState.AGREED:
        return False
    scores = RestatedScore.objects.filter(restatement=restatement)
    in_force = CurrentScore.objects.filter(
        period_id=restatement.period_id, person_id=OuterRef("person_id"), is_frozen=True
    )
    gone = scores.annotate(current=Subquery(in_force.values("score_id")[:1])).exclude(current=F("kept_id"))
    if gone.exists():
        overtake(restatement, at=at)
        return False
    _write(restatement, at=at)
    # What is closed may be carried forward into periods that are open.
    stale.mark("score", scores.values_list("person_id", flat=True), at=at)
    restatement.state, restatement.adopted_at = RestatementState.ADOPTED, at
    restatement.save(update_fields=["state", "adopted_at"])
    audit.record(
        by=None,
        action="scoring.carry_out_restatement",
        subject=restatement,
        changes={"people": restatement.total},
        at=at,
    )
    _tell_scored(restatement, at=at)
    return True


def _write(restatement: Restatement, *, at: datetime.datetime) -> None:
    rows = RestatedScore.objects.filter(restatement=restatement).order_by("basis", "person_id")
    together: list[RestatedScore] = []
    for row in rows.iterator(AT_ONCE):
        if together and (len(together) == AT_ONCE or _group(row) != _group(together[0])):
            _put_in_force(restatement, together, at=at)
            together = []
        together.append(row)
    if together:
        _put_in_force(restatement, together, at=at)


def _group(row: RestatedScore) -> tuple[uuid.UUID, uuid.UUID, str]:
    return row.basis, row.version_id, row.engine_version


def _put_in_force(restatement: Restatement, rows: list[RestatedScore], *, at: datetime.datetime) -> None:
    basis_id, version_id, engine_version = _group(rows[0])
    writing.put_in_force(
        [row.line for row in rows],
        basis_id=basis_id,
        stamp=writing.Stamp(restatement.period_id, version_id, ScoreState.FROZEN, at),
        run=restatement.run,
        engine_version=engine_version,
    )


def _held(restatement_id: uuid.UUID) -> Restatement:
    """As it is now, decided by nobody else until the transaction ends."""
    rows = Restatement.objects.select_for_update(of=("self",)).select_related("period", "run")
    found: Restatement = rows.get(pk=restatement_id)
    return found


def _refuse(restatement: Restatement, side: str, reason: str, by: access.Actor) -> None:
    if not restatement.is_proposed:
        raise RestatementRefused(_("Nothing waits for a decision here."), code="conflict")
    if restatement.proposed_by_id == by.person_id:
        raise RestatementRefused(
            _("Whoever proposed a restatement cannot decide on it."), code="own_proposal"
        )
    if queries.is_among(restatement, by.person_id):
        raise RestatementRefused(_("Your own score is among them: others decide."), code="is_scored")
    given = RestatementDecision.objects.filter(restatement=restatement)
    if given.filter(side=side).exists():
        raise RestatementRefused(_("This side has decided already."), code="conflict")
    if given.filter(person=by.person).exists():
        raise RestatementRefused(_("One person cannot decide for both sides."), code="same_person")
    if not rules.can_decide_restatement(by, restatement, side, is_scored=False, has_decided=False):
        raise RestatementRefused(_("Only an owner of this side decides for it."), code="not_an_owner")
    if not reason:
        raise RestatementRefused(
            _("Say why; it is shown on the scorecards."), code="reason_missing", field="reason"
        )
    if len(reason) > LONGEST_REASON:
        raise RestatementRefused(
            _("This is too long: %(most)s characters are the most.") % {"most": LONGEST_REASON},
            code="too_long",
            field="reason",
        )


def _note(restatement: Restatement, titles: tuple[str, str], *, at: datetime.datetime) -> None:
    for person in people_queries.people_with_role("hr"):
        _assign(person, RESTATED, restatement, titles, at=at)


def _assign(
    person: people.Person,
    kind: str,
    restatement: Restatement,
    titles: tuple[str, str],
    *,
    at: datetime.datetime,
) -> None:
    inbox_actions.assign_work(
        to=person,
        kind=kind,
        subject_id=restatement.pk,
        title_en=titles[0],
        title_zh=titles[1],
        detail_en=restatement.period.name_en,
        detail_zh=restatement.period.name_zh,
        url=reverse("scoring:restatement", args=[restatement.pk]),
        by=None,
        at=at,
    )


def _tell_scored(restatement: Restatement, *, at: datetime.datetime) -> None:
    """Each person whose score is another one now, with the way to their own scorecard."""
    title_en, title_zh = i18n.in_both(lambda: _("Your frozen score was restated"))
    url = f"{reverse('scoring:my_scorecard')}?period={restatement.period_id}"
    here = people.Person.objects.filter(
        pk__in=RestatedScore.objects.filter(restatement=restatement).values("person_id"), user__isnull=False
    )
    works = [
        inbox_actions.Work(
            person_id=person_id,
            subject_id=restatement.pk,
            title_en=title_en,
            title_zh=title_zh,
            url=url,
            detail_en=restatement.period.name_en,
            detail_zh=restatement.period.name_zh,
        )
        for person_id in here.values_list("pk", flat=True)
    ]
    if works:
        inbox_actions.assign_many(kind=RESTATED, works=works, at=at)
