"""What a check by night found, as far as the reader may see these scores."""

import datetime

from django.db.models import QuerySet

from performance.foundation import access
from performance.inbox import models as inbox
from performance.scoring.models import SCORE_CHECK, ScoreDifference, ScoreRun
from performance.scoring.queries import scores


def differences_of(run: ScoreRun, actor: access.Actor, on: datetime.date) -> QuerySet[ScoreDifference]:
    """Those of people whose scores the reader sees anyway. One query."""
    seen = scores.people_with_visible_scores(actor, on)
    found = ScoreDifference.objects.filter(run=run, person__in=seen.values("pk"))
    return found.select_related("person", "kept").order_by("person__name_sort", "id")


def waits_to_be_looked_into(run: ScoreRun) -> bool:
    return inbox.WorkItem.objects.filter(kind=SCORE_CHECK, subject_id=run.pk, done_at=None).exists()
