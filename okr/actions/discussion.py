"""Talking a text over: comments, suggested edits, and the other side's decision on them."""

import dataclasses
import datetime
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from okr import queries, rules
from okr.actions import following, proposals, soundness, telling, work
from okr.actions.refusals import LONGEST_COMMENT, LONGEST_REASON, ObjectiveRefused, require_length
from okr.models import Comment, Content, KeyResultContent, Mention, Objective, ObjectiveVersion, SuggestedEdit
from okr.models.agreements import EditState
from okr.models.contents import AMOUNTS, one_line, plain
from okr.models.objectives import WHOLE_PPM, State
from performance.engine import shares
from performance.foundation import access, audit, once
from performance.foundation.components import formats
from performance.people import queries as people

OBJECTIVE_FIELDS = ("title", "description")
#: Fields of one line.
LINES = ("title", "unit")
KEY_RESULT_FIELDS = ("title", "unit", "weight_ppm", *AMOUNTS)


@once.kept_once(Comment)
def comment_on_objective(
    *,
    objective: Objective,
    text: str,
    by: access.Actor,
    at: datetime.datetime,
    key: uuid.UUID | None = None,
) -> Comment:
    """A word in the thread. The first one moves a proposal into discussion. Whom it calls with @ is told.

    Of several people of one name those are meant who may see the objective. Refuses where none of them may.
    """
    if not text.strip():
        raise ObjectiveRefused(_("Write something first."), code="empty", field="text")
    require_length(text.strip(), LONGEST_COMMENT, "text")
    on = people.day_at(by.organisation, at)
    called = _called(objective, text, by=by, on=on)
    with transaction.atomic():
        proposals.require_unclosed(people.hold_period(objective.period_id))
        _into_discussion(objective)
        comment = Comment.objects.create(
            objective=objective, by=by.person, at=at, text=text.strip(), once_key=key
        )
        Mention.objects.bulk_create(Mention(comment=comment, person=person) for person in called)
        work.call(comment, objective, called, by=by, at=at)
        work.heard(objective.pk, by=by, at=at)
        audit.record(by=by, action="okr.comment_on_objective", subject=objective, at=at)
    return comment


def _called(objective: Objective, text: str, *, by: access.Actor, on: datetime.date) -> list[Any]:
    calls = queries.called_in(text, on)
    readers = queries.readers_among(objective, {person.pk for named in calls for person in named}, on)
    proposal = queries.open_proposal(objective) if calls else None
    if proposal is not None:
        # While a text for few is proposed, only they read the thread.
        readers &= queries.readers_under(objective, proposal.as_content.visibility, readers)
    called: dict[Any, Any] = {}
    for named in calls:
        meant = [person for person in named if person.pk in readers]
        if not meant:
            raise ObjectiveRefused(
                _("%(person)s cannot see this objective.") % {"person": formats.person_name(named[0])},
                code="not_visible",
                field="text",
            )
        called |= {person.pk: person for person in meant if person.pk != by.person_id}
    return list(called.values())


def note_heard(*, objective_id: uuid.UUID, by: access.Actor, at: datetime.datetime) -> int:
    """Whoever was called has read it and has nothing to add; also where they may not see the objective any more.
    Returns how many calls that ends."""
    return work.heard(objective_id, by=by, at=at)


def suggest_edit(
    *,
    objective: Objective,
    field: str,
    new: Any,
    by: access.Actor,
    at: datetime.datetime,
    reason: str = "",
) -> SuggestedEdit:
    """Suggests another value for one field: "title", "description" or "<key result id>.<field>".

    `new` is text, a Decimal for an amount, or whole ppm for a weight. The other side decides on it.
    """
    require_length(reason, LONGEST_REASON, "reason")
    with transaction.atomic():
        locked = proposals.lock_objective(objective)
        proposals.require_open_goals(locked.period)
        content = queries.standing_content(locked)
        kept = _as_kept(one_line(new) if field.rpartition(".")[2] in LINES else new)
        try:
            old = content.value_of(field)
        except KeyError as error:
            raise ObjectiveRefused(_("This field does not exist."), code="no_field", field="field") from error
        if old == kept:
            raise ObjectiveRefused(_("That is what it says already."), code="unchanged", field="new")
        suggested = with_value(content, field, kept)
        soundness.require_sound(suggested, period=locked.period, by=by, standing=content)
        proposals.require_other_side(locked)
        version = queries.open_proposal(locked) or ObjectiveVersion.objects.filter(objective=locked).first()
        if version is None:
            raise ObjectiveRefused(_("Propose the objective first."), code="draft")
        try:
            with transaction.atomic():
                edit = SuggestedEdit.objects.create(
                    objective=locked,
                    version=version,
                    field=field,
                    old=old,
                    new=kept,
                    reason=reason,
                    by=by.person,
                    at=at,
                )
        except IntegrityError as error:
            raise ObjectiveRefused(
                _("You have an open suggestion for this field."), code="conflict", field="field"
            ) from error
        _into_discussion(locked)
        decider = locked.agreer if edit.by_id == locked.owner_id else locked.owner
        work.ask_to_decide(edit, locked, decider, by=by, at=at)
        audit.record(
            by=by,
            action="okr.suggest_edit",
            subject=locked,
            at=at,
            **_told(edit, locked, reason),
        )
    return edit


def accept_edit(*, edit: SuggestedEdit, by: access.Actor, at: datetime.datetime) -> ObjectiveVersion:
    """Takes the suggestion into a new proposal, signed by who accepts. Refuses (conflict) when the field has
    changed since."""
    with transaction.atomic():
        locked = _locked_edit(edit)
        objective = locked.objective
        content = queries.standing_content(objective)
        try:
            standing = content.value_of(locked.field)
        except KeyError:
            standing = None
        if standing != locked.old:
            raise ObjectiveRefused(
                _("This field has changed since the suggestion was made."), code="conflict"
            )
        _decide(locked, EditState.ACCEPTED, by=by, at=at)
        reason = locked.reason or _("Suggested by %(person)s") % {"person": locked.by}
        return proposals.propose_change(
            objective=objective,
            content=with_value(content, locked.field, locked.new),
            reason=reason,
            by=by,
            at=at,
        )


def reject_edit(
    *, edit: SuggestedEdit, by: access.Actor, at: datetime.datetime, reason: str = ""
) -> SuggestedEdit:
    """Leaves the text as it is."""
    with transaction.atomic():
        locked = _locked_edit(edit)
        _decide(locked, EditState.REJECTED, by=by, at=at, why=reason)
    return locked


def with_value(content: Content, path: str, value: Any) -> Content:
    """The text with one field changed. A key result's new weight is made up by the others in proportion, so that
    the sum stays exactly 100 %."""
    key, _dot, name = path.rpartition(".")
    if not key:
        if name not in OBJECTIVE_FIELDS:
            raise ObjectiveRefused(_("This field cannot be changed by a suggestion."), code="no_field")
        changed_text: dict[str, Any] = {name: str(value)}
        return dataclasses.replace(content, **changed_text)
    if name not in KEY_RESULT_FIELDS:
        raise ObjectiveRefused(_("This field cannot be changed by a suggestion."), code="no_field")
    if name == "weight_ppm":
        return _with_weight(content, key, int(value))
    changed: Any = value
    if name in AMOUNTS:
        changed = Decimal(value) if value is not None else None
    return dataclasses.replace(
        content,
        key_results=tuple(
            dataclasses.replace(each, **{name: changed}) if str(each.id) == key else each
            for each in content.key_results
        ),
    )


def _with_weight(content: Content, key: str, weight_ppm: int) -> Content:
    others = [each for each in content.key_results if str(each.id) != key]
    rest = WHOLE_PPM - weight_ppm
    total = sum(each.weight_ppm for each in others)
    if not 0 < weight_ppm < WHOLE_PPM or total == 0:
        raise ObjectiveRefused(
            _("A weight lies between 0% and 100%, and the others need a part of it."),
            code="weight",
            field="new",
        )
    order = shares.key_order([str(each.id) for each in others])
    parts = shares.apportion(
        np.array([[each.weight_ppm * rest for each in others]], dtype=np.int64),
        np.array([total], dtype=np.int64),
        np.array([rest], dtype=np.int64),
        order,
    )[0]
    shared = dict(zip((each.id for each in others), (int(part) for part in parts), strict=True))

    def weighed(each: KeyResultContent) -> KeyResultContent:
        return dataclasses.replace(each, weight_ppm=shared.get(each.id, weight_ppm))

    return dataclasses.replace(content, key_results=tuple(weighed(each) for each in content.key_results))


def _told(edit: SuggestedEdit, objective: Objective, reason: str) -> telling.Told:
    """What the log keeps: the texts of an objective that everybody sees, of any other only which field."""
    openly = telling.is_for_everybody(objective, edit.version.as_content.visibility)
    changes: dict[str, Any] = {edit.field: [edit.old, edit.new]} if openly else {"field": edit.field}
    part = edit.version.as_content.key_result(edit.field.rpartition(".")[0])
    if openly and part is not None:
        changes = {"key_result": part.title, **changes}
    return telling.told(reason, changes, openly=openly)


def _as_kept(value: Any) -> Any:
    return plain(value) if isinstance(value, Decimal) else value


def _into_discussion(objective: Objective) -> None:
    Objective.objects.filter(pk=objective.pk, state=State.PROPOSED).update(state=State.DISCUSSED)


def _locked_edit(edit: SuggestedEdit) -> SuggestedEdit:
    objective = proposals.lock_objective(edit.objective)
    locked = SuggestedEdit.objects.select_related("by").get(pk=edit.pk)
    locked.objective = objective
    proposals.require_open_goals(objective.period)
    if locked.state != EditState.OPEN:
        raise ObjectiveRefused(_("This suggestion has been decided already."), code="conflict")
    return locked


def _decide(
    edit: SuggestedEdit, state: str, *, by: access.Actor, at: datetime.datetime, why: str = ""
) -> None:
    if not rules.can_decide(by, edit, edit.objective):
        raise ObjectiveRefused(_("The other side decides on this suggestion."), code="no_side")
    following.refuse_former_manager(edit.objective, by=by, at=at)
    edit.state, edit.decided_by, edit.decided_at = state, by.person, at
    edit.save(update_fields=["state", "decided_by", "decided_at"])
    work.edit_decided(edit, by=by, at=at)
    audit.record(
        by=by,
        action=f"okr.{'accept' if state == EditState.ACCEPTED else 'reject'}_edit",
        subject=edit.objective,
        at=at,
        **_told(edit, edit.objective, why),
    )
