"""The check by night: everybody's scores computed once more, and compared with those that came about one change at a time.

Incremental and full computation agree exactly; where they ever do not, somebody hears of it, and the scores are computed
anew. A check writes no score itself.
"""

import datetime
import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from performance import engine
from performance.foundation import access, audit, i18n, refusals, stale, tenancy
from performance.foundation.models import StaleRow
from performance.inbox import actions as inbox_actions
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import evidence, queries, rules
from performance.scoring.actions import computing, writing
from performance.scoring.models import (
    SCORE_CHECK,
    CurrentScore,
    RunKind,
    Score,
    ScoreDifference,
    ScoreRun,
    ScoreState,
)

logger = logging.getLogger(__name__)
#: Of the organisation's night: most evidence of the day is in, and few people wait for pages.
BEGINS_AT_HOUR = 2
#: All differences are counted; so many are kept by name.
MAX_KEPT = 500


class CheckRefused(refusals.Refused):
    """Nothing to look into."""


@dataclass(frozen=True)
class Again:
    """A score that came out otherwise, and those it was computed among."""

    score: writing.FreshScore
    among: writing.Fresh


@dataclass(frozen=True)
class _Again:
    """What came out of computing some people once more: the scores that are not those in force, and who could not be
    computed at all."""

    looked_at: int
    fresh: list[Again]
    broken: list[uuid.UUID]


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
) -> computing.Written | None:
    """Compares these people's scores of the run's period with what comes out now; `written` counts the differences.
    None: not now, for metrics have changed that were not followed to their people yet.

    In the caller's transaction. While these people are held nobody else scores them, so what differs without a mark that
    says so differs for no good reason. Those are kept, and marked. What is only called otherwise, or was computed by an
    earlier engine, is computed anew without a word.
    """
    again = _again(run, person_ids, at=at)
    # Read after the evidence, in this order: whatever changed it left one of these marks in the same transaction, and the
    # first kind turns into the second.
    if stale.waiting("score_inputs"):
        return None
    suspects = [each.score.person_id for each in again.fresh] + again.broken
    marked = set(
        StaleRow.objects.filter(kind="score", subject_id__in=suspects).values_list("subject_id", flat=True)
    )
    kept = queries.current_scores(run.period, suspects)
    trails = queries.trails_of(kept.values())
    differing = [
        ScoreDifference(
            run=run,
            person_id=each.score.person_id,
            kept=kept.get(each.score.person_id),
            again_micro=each.score.reckoned.score_micro,
            keys=_differing(kept.get(each.score.person_id), each.score),
            found_at=at,
        )
        for each in again.fresh
        if each.score.person_id not in marked and _is_other(kept.get(each.score.person_id), trails, each)
    ]
    differing += [
        ScoreDifference(run=run, person_id=person_id, kept=kept.get(person_id), is_fault=True, found_at=at)
        for person_id in again.broken
        if person_id not in marked
    ]
    room = max(MAX_KEPT - ScoreDifference.objects.filter(run=run).count(), 0) if differing else 0
    ScoreDifference.objects.bulk_create(differing[:room])
    stale.mark("score", suspects, at=at)
    return computing.Written(again.looked_at, len(differing))


def conclude_check(*, run: ScoreRun, at: datetime.datetime) -> None:
    """Tells those who keep the scores of differences, until one of them says what was behind it. In the caller's
    transaction."""
    if not run.written:
        return

    def title() -> str:
        return ngettext(
            "Look into %(number)s score that differs", "Look into %(number)s scores that differ", run.written
        ) % {"number": run.written}

    _tell_keepers(run, i18n.in_both(title), at=at)
    audit.record(
        by=None, action="scoring.find_differences", subject=run, changes={"differences": run.written}, at=at
    )


def tell_of_broken_check(*, run: ScoreRun, at: datetime.datetime) -> None:
    """A check that ended early says nothing about those whom it did not reach. In the caller's transaction."""
    _tell_keepers(run, i18n.in_both(lambda: _("Look into a check of scores that ended early")), at=at)


@transaction.atomic
def close_check(*, run: ScoreRun, reason: str, by: access.Actor, at: datetime.datetime) -> None:
    """Somebody has looked into the differences, or into why the check broke, and says what was behind it."""
    if not run.wants_a_reason:
        raise CheckRefused(_("This check found nothing to look into."), code="no_differences")
    if not reason.strip():
        raise CheckRefused(_("Say what was behind it."), code="reason_missing", field="reason")
    if not inbox_actions.resolve_work(kind=SCORE_CHECK, subject_id=run.pk, by=by, at=at):
        raise CheckRefused(_("Somebody has looked into it already."), code="conflict")
    audit.record(by=by, action="scoring.close_check", subject=run, why=reason, at=at)


def _tell_keepers(run: ScoreRun, titles: tuple[str, str], *, at: datetime.datetime) -> None:
    keepers = [keeper.pk for role in rules.KEEPERS for keeper in people_queries.people_with_role(role)]
    for person in people.Person.objects.filter(pk__in=keepers):
        inbox_actions.assign_work(
            to=person,
            kind=SCORE_CHECK,
            subject_id=run.pk,
            title_en=titles[0],
            title_zh=titles[1],
            detail_en=run.period.name_en,
            detail_zh=run.period.name_zh,
            url=reverse("scoring:run", args=[run.pk]),
            by=None,
            at=at,
        )


def _again(run: ScoreRun, person_ids: Sequence[uuid.UUID], *, at: datetime.datetime) -> _Again:
    """All of them at once; one by one where that breaks, so that one score which cannot be computed hides no other."""
    try:
        fresh, looked_at = _computed(run, person_ids, at=at)
        return _Again(looked_at, fresh, [])
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("A batch of the check %s broke; its people are computed one by one.", run.pk)
    found, broken = list[Again](), []
    for person_id in person_ids:
        try:
            found += _computed(run, [person_id], at=at)[0]
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("The score of %s cannot be computed.", person_id)
            broken.append(person_id)
    return _Again(len(person_ids), found, broken)


def _computed(
    run: ScoreRun, person_ids: Sequence[uuid.UUID], *, at: datetime.datetime
) -> tuple[list[Again], int]:
    with transaction.atomic():
        fresh, looked_at = computing.fresh_scores(
            period=run.period, person_ids=person_ids, at=at, as_of=at, state=ScoreState.PROVISIONAL
        )
    return [Again(score, each) for each in fresh for score in each.scores], looked_at


def _is_other(kept: Score | None, trails: Mapping[str, Sequence[Mapping[str, str]]], again: Again) -> bool:
    if kept is None:
        return True
    if kept.engine_version != engine.ENGINE_VERSION:
        return False
    is_same = evidence.is_same(evidence.evidence_of(kept, trails), again.among.evidence_of(again.score))
    return not is_same or evidence.explanation_of(kept) != again.score.reckoned.explanation


def _differing(kept: Score | None, again: writing.FreshScore) -> list[str]:
    """The components whose lines are not the same."""
    before, after = (
        {line["key"]: line for line in explanation["components"]}
        for explanation in (
            evidence.explanation_of(kept) if kept else {"components": ()},
            again.reckoned.explanation,
        )
    )
    return [key for key in {**after, **before} if before.get(key) != after.get(key)]
