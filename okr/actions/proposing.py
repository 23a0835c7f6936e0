"""Many new objectives at once, by the rules of one: in a fixed number of statements, however many there are."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from okr import rules
from okr.actions import following, proposals, soundness, work
from okr.models import Agreement, Content, KeyResult, Milestone, Objective, ObjectiveVersion
from okr.models.objectives import OwnerKind, State
from okr.queries import contents
from performance.foundation import access, audit
from performance.people import models as people_models
from performance.people import queries as people

BATCH = 1000


@dataclass(frozen=True)
class NewObjective:
    """One to be proposed. Without `team_id` it stands in the owner's own; `sponsor_id` counts where nobody manages
    the owner."""

    content: Content
    owner_id: uuid.UUID
    owner_kind: str = OwnerKind.PERSON.value
    team_id: uuid.UUID | None = None
    sponsor_id: uuid.UUID | None = None
    carried_from_id: uuid.UUID | None = None


def propose_objectives(
    *,
    period: Any,
    new: Sequence[NewObjective],
    by: access.Actor,
    at: datetime.datetime,
    is_draft: bool = False,
) -> list[Objective]:
    """As `propose_objective`, all or none."""
    if not new:
        return []
    with transaction.atomic():
        period = people.hold_period(period.pk)
        proposals.require_open_goals(period)
        soundness.require_sound(*(each.content for each in new), period=period, by=by)
        made = _objectives(period, new, by=by, at=at, is_draft=is_draft)
        Objective.objects.bulk_create(made, batch_size=BATCH)
        pairs = list(zip(made, (each.content for each in new), strict=True))
        _write_contents(pairs)
        if is_draft:
            audit.record_many(by=by, action="okr.save_draft", changed=[(one, {}) for one in made], at=at)
        else:
            _open_first_versions(pairs, by=by, at=at)
    return made


def _objectives(
    period: Any, new: Sequence[NewObjective], *, by: access.Actor, at: datetime.datetime, is_draft: bool
) -> list[Objective]:
    on = people.day_at(by.organisation, at)
    owner_ids = {each.owner_id for each in new}
    managers = people.managers_of(owner_ids, on)
    known = owner_ids | set(managers.values()) | {each.sponsor_id for each in new if each.sponsor_id}
    persons = people_models.Person.objects.in_bulk(list(known))
    teams = people.teams_of(owner_ids, on)
    sponsors = {each.sponsor_id for each in new if each.sponsor_id and not managers.get(each.owner_id)}
    if sponsors and not is_draft:
        following.require_sponsors_here(sponsors, on)
    made = []
    for each in new:
        owner = persons[each.owner_id]
        manager_id = managers.get(each.owner_id)
        sponsor = persons.get(each.sponsor_id) if each.sponsor_id else None
        own_team = teams.get(each.owner_id)
        made.append(
            Objective(
                period=period,
                owner_kind=each.owner_kind,
                owner=owner,
                team_id=each.team_id or (own_team.pk if own_team else None),
                agreer=proposals.other_side(owner, persons[manager_id] if manager_id else sponsor),
                title=each.content.title,
                description=each.content.description,
                type=each.content.type,
                visibility=each.content.visibility,
                weight=each.content.weight,
                state=State.DRAFT if is_draft else State.PROPOSED,
                carried_from_id=each.carried_from_id,
                proposed_by=by.person,
                created_at=at,
            )
        )
    return made


def _write_contents(pairs: Sequence[tuple[Objective, Content]]) -> None:
    rows, steps = [], []
    for one, content in pairs:
        for ordinal, wanted in enumerate(content.key_results):
            row = KeyResult(
                pk=wanted.id,
                objective=one,
                ordinal=ordinal,
                **{
                    name: getattr(wanted, name)
                    for name in contents.COPIED
                    if name not in ("owner_id", "slice")
                },
            )
            row.owner_id = wanted.owner_id or one.owner_id
            row.slice = dict(wanted.slice)
            row.checkpoints = [each.to_json() for each in wanted.checkpoints]
            rows.append(row)
            steps += [
                Milestone(pk=step.id, key_result=row, ordinal=place, title=step.title, weight=step.weight)
                for place, step in enumerate(wanted.milestones)
            ]
    KeyResult.objects.bulk_create(rows, batch_size=BATCH)
    Milestone.objects.bulk_create(steps, batch_size=BATCH)


def _open_first_versions(
    pairs: Sequence[tuple[Objective, Content]], *, by: access.Actor, at: datetime.datetime
) -> None:
    versions = [
        ObjectiveVersion(objective=one, number=1, content=content.to_json(), by=by.person, at=at)
        for one, content in pairs
    ]
    ObjectiveVersion.objects.bulk_create(versions, batch_size=BATCH)
    signed = []
    for version in versions:
        side = rules.side_of(by, version.objective)
        if side is not None:
            signed.append(Agreement(version=version, side=side, person=by.person, at=at))
    Agreement.objects.bulk_create(signed, batch_size=BATCH)
    work.ask_to_agree_to_new([one for one, _content in pairs], by=by, at=at)
    audit.record_many(
        by=by,
        action="okr.propose_objective",
        changed=[(one, {"version": [None, 1]}) for one, _content in pairs],
        at=at,
    )
