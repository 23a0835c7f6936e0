"""The check by night: everybody's scores computed once more, and compared with those that came about one change at a time.

Incremental and full computation agree exactly; where they ever do not, somebody hears of it, and the scores are computed
anew. A check writes no score itself.
"""

import datetime
import uuid
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from performance.foundation import access, audit, refusals, stale, tenancy
from performance.foundation.models import StaleRow
from performance.inbox import actions as inbox_actions
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import queries, rules
from performance.scoring.actions import computing
from performance.scoring.models import (
    SCORE_CHECK,
    CurrentScore,
    RunKind,
    RunState,
    Score,
    ScoreDifference,
    ScoreRun,
    ScoreState,
)

#: Of the organisation's night: most evidence of the day is in, and few people wait for pages.
BEGINS_AT_HOUR = 2
#: All differences are counted; so many are kept by name.
MAX_KEPT = 500


class CheckRefused(refusals.Refused):
    """Nothing to look into."""


def ask_for_checks(*, at: datetime.datetime) -> list[uuid.UUID]:
    """A run of kind "check" for each open period with scores, once a night. Returns those asked for now."""
    organisation = people.Organisation.objects.get(pk=tenancy.current_organisation_id())
    night = people_queries.local_time(organisation, at).replace(
        hour=BEGINS_AT_HOUR, minute=0, second=0, microsecond=0
    )
    if at < night:
        return []
    asked = []
    for period in queries.open_periods():
        if not CurrentScore.objects.filter(period=period, is_frozen=False).exists():
            continue
        try:
            with transaction.atomic():
                if not ScoreRun.objects.filter(
                    period=period, kind=RunKind.CHECK, asked_at__gte=night
                ).exists():
                    asked.append(ScoreRun.objects.create(period=period, kind=RunKind.CHECK, asked_at=at).pk)
        except IntegrityError:
            # Another worker asked at the same moment, or the check of the night before still waits.
            continue
    return asked


def check_scores(
    *, run: ScoreRun, person_ids: Sequence[uuid.UUID], at: datetime.datetime
) -> computing.Written:
    """Compares these people's scores of the run's period with what comes out now; `written` counts the differences.

    In the caller's transaction. While these people are held nobody else scores them, so what differs without a mark that
    says so differs for no good reason. Those are kept, and marked.
    """
    fresh, looked_at = computing.fresh_scores(
        period=run.period, person_ids=person_ids, at=at, as_of=at, state=ScoreState.PROVISIONAL
    )
    # Read after the evidence: whatever changed it left its mark in the same transaction.
    marked = set(
        StaleRow.objects.filter(
            kind="score", subject_id__in=[again.person_id for again in fresh]
        ).values_list("subject_id", flat=True)
    )
    differing = [again for again in fresh if again.person_id not in marked]
    kept = queries.current_scores(run.period, [again.person_id for again in differing])
    room = max(MAX_KEPT - ScoreDifference.objects.filter(run=run).count(), 0) if differing else 0
    ScoreDifference.objects.bulk_create(
        ScoreDifference(
            run=run,
            person_id=again.person_id,
            kept=kept.get(again.person_id),
            again_micro=again.score_micro,
            keys=_differing(kept.get(again.person_id), again),
            found_at=at,
        )
        for again in differing[:room]
    )
    stale.mark("score", [again.person_id for again in differing], at=at)
    return computing.Written(looked_at, len(differing))


def conclude_check(*, run: ScoreRun, at: datetime.datetime) -> None:
    """Tells those who keep the scores of differences; without any, what earlier checks found is settled. In the
    caller's transaction."""
    if not run.written:
        earlier = ScoreRun.objects.filter(period=run.period, kind=RunKind.CHECK, written__gt=0)
        for found in earlier.values_list("pk", flat=True):
            inbox_actions.resolve_work(kind=SCORE_CHECK, subject_id=found, by=None, at=at)
        return
    period = run.period
    for person in people.Person.objects.filter(
        pk__in=[keeper.pk for role in rules.KEEPERS for keeper in people_queries.people_with_role(role)]
    ):
        inbox_actions.assign_work(
            to=person,
            kind=SCORE_CHECK,
            subject_id=run.pk,
            title_en=f"Look into scores that differ: {run.written} of {run.done}",
            title_zh=f"请查看不一致的得分：{run.done}个中有{run.written}个",
            detail_en=period.name_en,
            detail_zh=period.name_zh,
            url=reverse("scoring:run", args=[run.pk]),
            by=None,
            at=at,
        )
    audit.record(
        by=None, action="scoring.find_differences", subject=run, changes={"differences": run.written}, at=at
    )


@transaction.atomic
def close_check(*, run: ScoreRun, reason: str, by: access.Actor, at: datetime.datetime) -> None:
    """Somebody has looked into the differences, and says what was behind them."""
    if run.kind != RunKind.CHECK or run.state != RunState.DONE or not run.written:
        raise CheckRefused(_("This check found nothing to look into."), code="no_differences")
    if not reason.strip():
        raise CheckRefused(_("Say what was behind it."), code="reason_missing", field="reason")
    if not inbox_actions.resolve_work(kind=SCORE_CHECK, subject_id=run.pk, by=by, at=at):
        raise CheckRefused(_("Somebody has looked into it already."), code="conflict")
    audit.record(by=by, action="scoring.close_check", subject=run, why=reason, at=at)


def _differing(kept: Score | None, again: Score) -> list[str]:
    """The components whose lines are not the same."""
    before, after = (
        {} if score is None else {line["key"]: line for line in score.explanation["components"]}
        for score in (kept, again)
    )
    return [key for key in {**after, **before} if before.get(key) != after.get(key)]
