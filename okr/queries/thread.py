"""Reads: what two people have said about an objective, in the order of time."""

import uuid
from typing import Any

from okr import rules
from okr.models import Content, Objective, ObjectiveVersion, SuggestedEdit
from okr.models.agreements import Side, VersionState
from okr.queries import contents, votes
from okr.queries.sight import Sight
from performance.foundation import access
from performance.inbox import queries as inbox


def thread_of(
    one: Objective,
    versions: list[ObjectiveVersion],
    edits: list[SuggestedEdit],
    content: Content,
    actor: access.Actor,
    sight: Sight,
) -> list[dict[str, Any]]:
    """Versions with what each changes, their agreement, comments and suggestions. Versions come newest first, with
    their signatures; `content` is the text that the suggestions speak of. Versions and suggestions are those that
    `sight` has left; it says which comments are read."""
    texts = [version.as_content for version in versions]
    owners = contents.owners_named(one, texts) if len(texts) > 1 else {}
    steps = steps_of_versions(list(reversed(versions)), sight, owners, one.period)
    called = votes.called_by_comment(one)
    steps += [
        {"kind": "comment", "at": each.at, "comment": each, "called": called.get(each.pk)}
        for each in one.comments.select_related("by")
        if sight.reads(each.at, each.by_id)
    ]
    for edit in edits:
        row = (
            contents.field_label(content, edit.field),
            contents.field_value(content, edit.field, edit.old),
            contents.field_value(content, edit.field, edit.new),
        )
        steps.append(
            {
                "kind": "edit",
                "at": edit.at,
                "edit": edit,
                "changes": [row],
                "can_decide": rules.are_goals_open(one.period) and rules.can_decide(actor, edit, one),
            }
        )
    return sorted(steps, key=lambda step: (step["at"], step["kind"] == "agreed"))


def is_called(one: Objective, person_id: uuid.UUID) -> bool:
    """Whether somebody was called into this thread and has not answered yet."""
    return inbox.open_of_kind(rules.MENTION).filter(subject_id=one.pk, person_id=person_id).exists()


def steps_of_versions(
    oldest_first: list[ObjectiveVersion], sight: Sight, owners: contents.Owners, period: Any
) -> list[dict[str, Any]]:
    """What was proposed, with what it changes, and what both agreed to, with what lapsed when the
    `period` closed. `owners` are those whom the texts name."""
    texts = [version.as_content for version in oldest_first]
    steps: list[dict[str, Any]] = []
    former = None
    for version, text in zip(oldest_first, texts, strict=True):
        changes: list[contents.Difference] = []
        if former is not None and sight.reads(version.at, version.by_id):
            changes = contents.differences(former, text, owners)
        steps.append(
            {
                "kind": "version",
                "at": version.at,
                "version": version,
                "changes": changes,
                "has_lapsed": rules.has_lapsed(version, period),
            }
        )
        if version.state in (VersionState.IN_FORCE, VersionState.SUPERSEDED) and version.settled_at:
            signatures = list(version.agreements.all())
            if len(signatures) == len(Side.values):
                steps.append(
                    {"kind": "agreed", "at": max(each.at for each in signatures), "version": version}
                )
        if version.state != VersionState.WITHDRAWN:
            former = text
    return steps
