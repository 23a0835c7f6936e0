"""The rows of an objective follow its text."""

import datetime

from okr.models import Content, KeyResult, KeyResultContent, Milestone, Objective
from okr.queries import contents


def apply_content(objective: Objective, content: Content, *, at: datetime.datetime) -> None:
    """Brings the rows to a text. Key results that it leaves out are marked as removed, never deleted."""
    objective.title = content.title
    objective.description = content.description
    objective.type = content.type
    objective.visibility = content.visibility
    objective.weight = content.weight
    objective.save(update_fields=["title", "description", "type", "visibility", "weight"])
    existing = {each.pk: each for each in objective.key_results.all()}
    kept = {each.id for each in content.key_results}
    for ordinal, wanted in enumerate(content.key_results):
        row = existing.get(wanted.id) or KeyResult(pk=wanted.id, objective=objective)
        row.ordinal, row.removed_at = ordinal, None
        for name in contents.COPIED:
            setattr(row, name, getattr(wanted, name))
        row.owner_id = wanted.owner_id or objective.owner_id
        row.slice = dict(wanted.slice)
        row.checkpoints = [each.to_json() for each in wanted.checkpoints]
        row.save(force_insert=wanted.id not in existing)
        _apply_milestones(row, wanted, at=at)
    removed = [each.pk for each in existing.values() if each.pk not in kept and each.removed_at is None]
    KeyResult.objects.filter(pk__in=removed).update(removed_at=at)


def _apply_milestones(row: KeyResult, wanted: KeyResultContent, *, at: datetime.datetime) -> None:
    existing = {each.pk: each for each in row.milestones.all()}
    for ordinal, step in enumerate(wanted.milestones):
        milestone = existing.pop(step.id, None)
        is_new = milestone is None
        milestone = milestone or Milestone(pk=step.id, key_result=row)
        milestone.ordinal, milestone.removed_at = ordinal, None
        milestone.title, milestone.weight = step.title, step.weight
        milestone.save(force_insert=is_new)
    Milestone.objects.filter(pk__in=existing, removed_at=None).update(removed_at=at)
