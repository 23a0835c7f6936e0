"""Taking objectives into a later period: carried over with their history, or as copies of their text alone."""

import dataclasses
import datetime
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from okr import queries, rules
from okr.actions import proposals, proposing
from okr.actions.refusals import ObjectiveRefused
from okr.models import Content, KeyResult, KeyResultContent, Objective
from okr.models.objectives import LINE_KINDS, OwnerKind
from okr.models.policies import CarryOver
from performance.foundation import access, audit
from performance.people import queries as people


def carry_over(
    *, objectives: Sequence[Objective], to: Any, by: access.Actor, at: datetime.datetime
) -> list[Objective]:
    """Each becomes a draft of the later period that remembers its former. All or none; what was carried before
    is left as it is, so that doing it twice makes no doubles. Returns the new ones."""
    made = []
    with transaction.atomic():
        people.hold_period(to.pk)
        ids = [each.pk for each in objectives]
        locked = Objective.objects.filter(pk__in=ids).select_for_update(of=("self",), no_key=True)
        sources = list(locked.select_related("period", "owner", "team", "agreer").order_by("pk"))
        carried = set(
            Objective.objects.filter(carried_from__in=ids, period=to).values_list(
                "carried_from_id", flat=True
            )
        )
        policies = queries.policies_of({each.period_id for each in sources})
        here = _still_here(sources, by, at)
        for source in sources:
            if source.pk in carried:
                continue
            policy = policies[source.period_id]
            if policy.carry_over == CarryOver.NOTHING:
                raise ObjectiveRefused(
                    _("The policy of this period says that nothing is carried over."), code="not_carried"
                )
            if not rules.is_later(to, source.period):
                raise ObjectiveRefused(_("Carry over into a later period."), code="period", field="period")
            made.append(_carry(source, to, policy.carry_over, here, by=by, at=at))
    return made


def duplicate_objectives(
    *,
    objectives: Sequence[Objective],
    to: Any,
    by: access.Actor,
    at: datetime.datetime,
    from_last_value: bool = False,
) -> list[Objective]:
    """A draft of the later period for each, with the text of the earlier one and no tie to it. All or none.

    What the same owner or team has there under the same title is left as it is, so that doing it twice makes no
    doubles. Returns the new ones.
    """
    with transaction.atomic():
        people.hold_period(to.pk)
        # Held until the end, so that whoever copies the same at this moment sees these copies.
        wanted = Objective.objects.filter(pk__in=[each.pk for each in objectives]).order_by("pk")
        list(wanted.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
        sources = list(queries.with_key_results(wanted))
        for source in sources:
            if not rules.is_later(to, source.period):
                raise ObjectiveRefused(_("Copy into a later period."), code="period", field="period")
        theirs = Q(owner_id__in={each.owner_id for each in sources})
        theirs |= Q(team_id__in={each.team_id for each in sources if each.team_id}, owner_kind=OwnerKind.TEAM)
        taken = {_whose(each) for each in Objective.objects.filter(theirs, period=to)}
        fresh = list({_whose(each): each for each in sources if _whose(each) not in taken}.values())
        how = CarryOver.FROM_CURRENT if from_last_value else CarryOver.RESTART
        here = _still_here(fresh, by, at)
        made = proposing.propose_objectives(
            period=to, new=[_copy(each, how, here) for each in fresh], is_draft=True, by=by, at=at
        )
        audit.record_many(
            by=by,
            action="okr.duplicate_objective",
            changed=[(new, {"copied_from": source}) for new, source in zip(made, fresh, strict=True)],
            at=at,
        )
    return made


def _still_here(sources: Sequence[Objective], by: access.Actor, at: datetime.datetime) -> set[uuid.UUID]:
    """Who of the owners of their key results can own one now. What another one owned falls to the objective's owner."""
    here = people.people_who_write(people.day_at(by.organisation, at))
    owned = KeyResult.objects.filter(objective__in=[each.pk for each in sources], removed_at=None)
    return set(here.filter(pk__in=owned.values("owner_id")).values_list("pk", flat=True))


def _whose(one: Objective) -> tuple[Any, ...]:
    """What makes two objectives of a period the same to whoever reads them: owner or team, and title."""
    owner = one.team_id if one.owner_kind == OwnerKind.TEAM else one.owner_id
    return one.owner_kind, owner, " ".join(one.title.casefold().split())


def _copy(source: Objective, how: str, here: Collection[uuid.UUID]) -> proposing.NewObjective:
    rows, owner = {each.pk: each for each in source.key_results.all()}, _answering(source)
    return proposing.NewObjective(
        content=_renewed(queries.content_of_rows(source, rows.values()), rows, how, here),
        owner_id=owner.pk,
        owner_kind=source.owner_kind,
        team_id=source.team_id,
        sponsor_id=source.agreer_id if source.agreer_id != owner.pk else None,
    )


def _answering(source: Objective) -> Any:
    """Who answers for it from now on: of a team's objective whoever leads the team now."""
    team = source.team if source.owner_kind == OwnerKind.TEAM else None
    return (team.lead if team is not None else None) or source.owner


def _carry(
    source: Objective,
    to: Any,
    how: str,
    here: Collection[uuid.UUID],
    *,
    by: access.Actor,
    at: datetime.datetime,
) -> Objective:
    owner = _answering(source)
    new = proposals.propose_objective(
        period=to,
        content=_fresh(queries.content_of(source), source, how, here),
        owner=owner,
        team=source.team,
        owner_kind=OwnerKind(source.owner_kind),
        sponsor=source.agreer if source.agreer_id != owner.pk else None,
        is_draft=True,
        by=by,
        at=at,
    )
    new.carried_from = source
    new.save(update_fields=["carried_from"])
    audit.record(by=by, action="okr.carry_over", subject=new, changes={"carried_from": [None, source]}, at=at)
    return new


def _fresh(content: Content, source: Objective, how: str, here: Collection[uuid.UUID]) -> Content:
    """The same text under new identities; where the policy says so, starting from what was reached."""
    rows = {each.pk: each for each in source.key_results.prefetch_related("milestones")}
    return _renewed(content, rows, how, here)


def _renewed(
    content: Content, rows: Mapping[uuid.UUID, KeyResult], how: str, here: Collection[uuid.UUID]
) -> Content:
    fresh = (_fresh_row(each, rows[each.id], how) for each in content.key_results)
    return dataclasses.replace(
        content,
        key_results=tuple(
            dataclasses.replace(each, owner_id=each.owner_id if each.owner_id in here else None)
            for each in fresh
        ),
    )


def _fresh_row(wanted: KeyResultContent, row: KeyResult, how: str) -> KeyResultContent:
    steps = wanted.milestones
    start = wanted.start
    if how == CarryOver.FROM_CURRENT:
        done = {each.pk for each in row.milestones.all() if each.done}
        # What is reached in full keeps its text: its owner sets the next aim in the draft.
        steps = tuple(each for each in steps if each.id not in done) or steps
        if wanted.kind in LINE_KINDS and row.current is not None and not _is_reached(row):
            start = row.current
    return dataclasses.replace(
        wanted,
        id=uuid7(),
        start=start,
        milestones=tuple(dataclasses.replace(each, id=uuid7()) for each in steps),
        # They are days of the former period. What season the later one has, its owner says in the draft.
        checkpoints=(),
    )


def _is_reached(row: KeyResult) -> bool:
    if row.current is None or row.target is None or row.start is None:
        return False
    return row.current >= row.target if row.target >= row.start else row.current <= row.target
