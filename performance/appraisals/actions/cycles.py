"""A cycle's life until it is signed off. Each step is one transaction and one audit row."""

import datetime
import itertools
from collections.abc import Mapping
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from performance.appraisals import queries, rules
from performance.appraisals.actions import people as people_actions
from performance.appraisals.actions import stages
from performance.appraisals.models import Band, Cycle, CycleState, TemplateVersion
from performance.foundation import access, audit, refusals
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions as scoring
from performance.scoring.models import ScoreRun

MICRO = 1_000_000
# rating → (English, Chinese, from which score); what a cycle begins with.
USUAL_BANDS: dict[int, tuple[str, str, int | None]] = {
    5: ("Exceptional", "卓越", 95),
    4: ("Strong", "良好", 85),
    3: ("Solid", "达标", 70),
    2: ("Developing", "待提升", 55),
    1: ("Not meeting", "未达标", None),
}


class CycleRefused(refusals.Refused):
    """A cycle cannot be opened, signed off or published as asked."""


@transaction.atomic
def open_cycle(
    *,
    period: people.Period,
    name_en: str,
    name_zh: str,
    by: access.Actor,
    at: datetime.datetime,
    unit: people.BusinessUnit | None = None,
    team: people.Team | None = None,
    least_days: int = 0,
    template_version: TemplateVersion | None = None,
    days: stages.Days | None = None,
) -> Cycle:
    """Opens a cycle over a period for everybody active in it, or for one unit or team with all below it. With a
    version of a template it has reviews, and stages by `days`."""
    access.require(rules.can_open_cycle(by))
    if unit is not None and team is not None:
        raise CycleRefused(_("Choose a unit or a team, not both."), field="team")
    if not name_en.strip():
        raise CycleRefused(_("Give the cycle a name."), field="name_en")
    today = people_queries.day_at(by.organisation, at)
    if period.starts_on > today:
        raise CycleRefused(_("This period has not begun yet."), field="period", code="period_ahead")
    if template_version is not None and template_version.is_draft:
        raise CycleRefused(_("Publish the template first."), field="template")
    try:
        with transaction.atomic():
            cycle = Cycle.objects.create(
                period=period,
                name_en=name_en.strip(),
                name_zh=name_zh.strip(),
                unit=unit,
                team=team,
                people_on=min(today, period.ends_on),
                least_days=least_days,
                template_version=template_version,
                opened_by=by.person,
                opened_at=at,
            )
    except IntegrityError as error:
        raise CycleRefused(
            _("There is a cycle of that name for this period already."), field="name_en"
        ) from error
    Band.objects.bulk_create(
        [
            Band(
                cycle=cycle,
                rating=rating,
                name_en=name_en,
                name_zh=name_zh,
                from_micro=None if bound is None else bound * MICRO,
            )
            for rating, (name_en, name_zh, bound) in USUAL_BANDS.items()
        ]
    )
    if template_version is not None:
        stages.lay_out(cycle, days or {})
    taken_in = people_actions.take_in(cycle)
    if not taken_in:
        raise CycleRefused(_("Nobody was active there in this period."), code="nobody")
    audit.record(
        by=by,
        action="appraisals.open_cycle",
        subject=cycle,
        at=at,
        changes={"period": period, "unit": unit, "team": team, "people": taken_in}
        | ({"template": template_version} if template_version else {}),
    )
    return cycle


@transaction.atomic
def change_bands(
    *, cycle: Cycle, bounds: Mapping[int, Decimal], by: access.Actor, at: datetime.datetime
) -> None:
    """From which score each rating from 5 down to 2 is suggested. At most six decimals count."""
    held = held_cycle(cycle)
    access.require(rules.can_change_cycle(by, held))
    ordered = [bounds[rating] for rating in (5, 4, 3, 2)]
    if any(higher <= lower for higher, lower in itertools.pairwise(ordered)):
        raise CycleRefused(_("A better rating needs a higher score than the one below it."), code="bands")
    changes = {}
    for band in queries.bands_of(held):
        if band.rating == 1:
            continue
        bound = int(bounds[band.rating] * MICRO)
        if bound != band.from_micro:
            changes[str(band.rating)] = [Decimal(band.from_micro or 0) / MICRO, Decimal(bound) / MICRO]
            band.from_micro = bound
            band.save(update_fields=["from_micro"])
    if changes:
        audit.record(by=by, action="appraisals.change_bands", subject=held, at=at, changes=changes)


def close_scores(*, cycle: Cycle, by: access.Actor, at: datetime.datetime) -> ScoreRun:
    """Asks scoring to freeze the scores of the cycle's period; a worker carries it out."""
    access.require(rules.can_sign_off(by, cycle))
    return scoring.freeze_scores(period=cycle.period, by=by, at=at)


@transaction.atomic
def sign_off_cycle(*, cycle: Cycle, by: access.Actor, at: datetime.datetime) -> Cycle:
    """Writes each person's frozen score and suggested rating into the entry, for good.

    Refused while scores of people in the cycle are provisional: what is signed no longer moves.
    """
    held = held_cycle(cycle)
    if not held.is_open:
        raise CycleRefused(_("This cycle has been signed off already."), code="conflict")
    access.require(rules.can_sign_off(by, held))
    bands = queries.bands_of(held)
    ready = queries.readiness(held, bands)
    if not ready.period_is_closing:
        raise CycleRefused(_("Close the period first; its numbers still move."), code="period_not_closing")
    if ready.run is not None:
        raise CycleRefused(_("Scores are being computed. Sign off when that is done."), code="run_under_way")
    if ready.unreviewed:
        raise CycleRefused(
            _("Managers still owe reviews. Wait for them, or excuse them with a reason."), code="unreviewed"
        )
    if not ready.can_sign_off:
        raise CycleRefused(_("Close the scores first; some are provisional."), code="not_frozen")
    _freeze_entries(held)
    held.state, held.signed_off_by, held.signed_off_at = CycleState.SIGNED_OFF, by.person, at
    held.save(update_fields=["state", "signed_off_by", "signed_off_at"])
    audit.record(
        by=by,
        action="appraisals.sign_off_cycle",
        subject=held,
        at=at,
        changes={"state": ["open", "signed_off"], "people": ready.people, "without_score": ready.unscored},
    )
    return held


# One statement, whatever the number of people. Only frozen scores are taken; people without one get none.
FREEZE = """
    UPDATE appraisals_cycleentry entry
    SET state = 'signed_off', score_id = result.score_id, suggested_rating = result.rating
    FROM (
        SELECT inside.id, score.id AS score_id, (
            SELECT max(band.rating) FROM appraisals_band band
            WHERE band.organisation_id = inside.organisation_id AND band.cycle_id = inside.cycle_id
              AND score.score_micro >= COALESCE(band.from_micro, score.score_micro)
        ) AS rating
        FROM appraisals_cycleentry inside
        LEFT JOIN scoring_currentscore current
          ON current.organisation_id = inside.organisation_id AND current.person_id = inside.person_id
         AND current.period_id = %(period)s AND current.is_frozen
        LEFT JOIN scoring_score score
          ON score.organisation_id = current.organisation_id AND score.id = current.score_id
        WHERE inside.organisation_id = %(organisation)s AND inside.cycle_id = %(cycle)s
          AND inside.state = 'open'
    ) AS result
    WHERE entry.id = result.id AND entry.organisation_id = %(organisation)s
"""


def _freeze_entries(cycle: Cycle) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            FREEZE,
            {"organisation": cycle.organisation_id, "cycle": cycle.pk, "period": cycle.period_id},
        )


def held_cycle(cycle: Cycle) -> Cycle:
    """The cycle as it is now, held until the end of the transaction: who comes second waits and then reads."""
    return (
        Cycle.objects.select_related("period", "unit", "team")
        .select_for_update(of=("self",))
        .get(pk=cycle.pk)
    )
