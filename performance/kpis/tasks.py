"""Background work: values follow their data and definitions, forecasts and alerts follow values; views are mailed."""

import datetime
import itertools
import logging
import time
import uuid
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from celery import shared_task
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from performance.foundation import access, jobs, stale, tenancy
from performance.inbox import actions as inbox
from performance.inbox import tasks as inbox_tasks
from performance.kpis import actions, forecasting, queries
from performance.kpis.models import Subscription, ValueState
from performance.kpis.queries import boards, forecasts, live, months, saved_views
from performance.kpis.queries.ranking import Ranked
from performance.people import queries as people
from performance.people.models import Organisation

logger = logging.getLogger(__name__)

BATCH = 200
#: From this hour on views are mailed, in the organisation's time zone.
MORNING = 7
BOARD_LETTER = "kpis.board"
#: Sizes of drawings in letters, in pixels; parts that a letter ranks.
COLUMN_HEIGHT, BAR_WIDTH, RANKED = 28, 120, 10
#: Indicators that one letter tells of; the board has the others.
TOLD = 25
#: After that long the next sweep goes on with the metrics that still wait.
MOST_SECONDS = 240


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def refresh_stale_values() -> int:
    """Computes what loads, signatures, answers of sources, rates and new periods have made out of date, and has sources
    asked where rows stay there; for new rates none is. Answers how many metrics changed."""
    now = timezone.now()
    organisation_id = tenancy.current_organisation_id()
    loaded = stale.claim("metric_values", limit=BATCH, at=now)
    signed = stale.claim("metric_definitions", limit=BATCH, at=now)
    answered = stale.claim("live_answers", limit=BATCH, at=now)
    rated = stale.claim("metric_rates", limit=BATCH, at=now)
    with tenancy.acting_for(organisation_id):
        wanted = queries.metrics_reading(loaded.subject_ids) | set(signed.subject_ids)
        everything = bool(queries.periods_without_values())
        if wanted:
            actions.start_readings(metric_ids=wanted, at=now)
        if everything:
            actions.start_readings(at=now)
        for reading_id in live.claimable_readings(now).values_list("pk", flat=True):
            jobs.nudge(ask_source_for_values, str(reading_id))
        if not (loaded or signed or answered or rated or everything):
            return 0
        wanted |= {*answered.subject_ids, *rated.subject_ids}
        changed = actions.refresh_values(metric_ids=None if everything else wanted, at=timezone.now())
        for claimed in (loaded, signed, answered, rated):
            stale.settle(claimed)
        if changed:
            jobs.nudge(watch_values)
    return len(changed)


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def refresh_forecasts() -> int:
    """Foresees the metrics whose values changed or that a new month came to, one after another. Computing holds no
    transaction. Answers how many forecasts changed."""
    organisation_id = tenancy.current_organisation_id()
    ends_at = time.monotonic() + MOST_SECONDS
    with tenancy.acting_for(organisation_id):
        today = people.today_here()
        actions.mark_due_forecasts(today=today, at=timezone.now())
    changed = 0
    while time.monotonic() < ends_at and (claim := stale.claim(forecasts.STALE, limit=1, at=timezone.now())):
        (metric_id,) = claim.subject_ids
        with tenancy.acting_for(organisation_id):
            histories = forecasts.histories(metric_id, today)
            kept = forecasts.current_bases(metric_id)
        found = forecasting.foresee(histories, kept)
        with tenancy.acting_for(organisation_id):
            if stale.is_held(claim):
                changed += actions.store_forecasts(metric_id=metric_id, found=found, at=timezone.now())
                stale.settle(claim)
    return changed


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def ask_source_for_values(reading_id: str) -> None:
    """Asks one source for the aggregates of one metric, outside any transaction, and then for the values."""
    if actions.run_reading(reading_id=uuid.UUID(reading_id), clock=timezone.now):
        with tenancy.acting_for(tenancy.current_organisation_id()):
            jobs.nudge(refresh_stale_values)


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def watch_values() -> int:
    """Judges the alert rules after values, targets or rules changed. Answers how many alerts were raised or recovered."""
    claimed = stale.claim("metric_watch", limit=BATCH, at=timezone.now())
    if not claimed:
        return 0
    with tenancy.acting_for(tenancy.current_organisation_id()):
        done = _watch()
        stale.settle(claimed)
    return done


@shared_task(base=jobs.OrganisationTask, ignore_result=True)
def watch_clock() -> int:
    """The same for what time alone changes: months settle, paths rise, data grow old, people leave."""
    return _watch()


def _watch() -> int:
    organisation = Organisation.objects.get(pk=tenancy.current_organisation_id())
    done = actions.watch_values(organisation=organisation, at=timezone.now())
    actions.watch_tie_outs(organisation=organisation, at=timezone.now())
    return done.opened + done.recovered


@shared_task(base=jobs.OrganisationTask, transactional=False, ignore_result=True)
def mail_saved_views() -> int:
    """Writes the letters of the views that are due, from the morning on. A claim and its letter are one transaction, so
    that nothing is lost between them, and a doubled task finds nothing to claim. Answers how many were written."""
    organisation_id, at = tenancy.current_organisation_id(), timezone.now()
    with tenancy.acting_for(organisation_id):
        organisation = Organisation.objects.get(pk=organisation_id)
        if people.local_time(organisation, at).hour < MORNING:
            return 0
        due = list(
            saved_views.due_subscriptions(people.day_at(organisation, at)).values_list("pk", flat=True)
        )
    written = 0
    for subscription_id in due[:BATCH]:
        try:
            with tenancy.acting_for(organisation_id):
                written += _mailed(subscription_id, organisation, at)
        except (OperationalError, InterfaceError):
            # Not a letter's fault: a lost connection, a deadlock. All that is left is due again at the next sweep.
            raise
        except Exception:
            # One letter that cannot be written holds up no other; it is due again at the next sweep.
            logger.exception("The letter of subscription %s could not be written", subscription_id)
    return written


def _mailed(subscription_id: uuid.UUID, organisation: Organisation, at: datetime.datetime) -> int:
    claimed = actions.claim_subscription(subscription_id=subscription_id, at=at)
    letter = board_letter(claimed, organisation) if claimed else None
    if not claimed or not letter:
        return 0
    key = f"{claimed.pk.hex}:{people.day_at(organisation, at):%y%m%d}"
    inbox.queue_letters(kind=BOARD_LETTER, key=key, letters=[letter], at=at)
    return 1


@dataclass(frozen=True)
class Column:
    """One month of a drawing in a letter: 0 pixels where there is no value."""

    height: int
    is_provisional: bool


def board_letter(subscription: Subscription, organisation: Organisation) -> inbox.Written | None:
    """The board as it is now, in its reader's language and the organisation's time zone; None while it shows nothing.

    No program that reads e-mail draws SVG, and most load no pictures: drawings are cells of tables with a colour.
    """
    person, view = subscription.person, subscription.view
    with (
        translation.override(inbox_tasks.language_of(person, organisation)),
        timezone.override(zoneinfo.ZoneInfo(organisation.time_zone)),
    ):
        sight = queries.sight_of(queries.actor_for(person))
        board = saved_views.board_of(view, today=people.today(organisation), at=timezone.now(), sight=sight)
        if board is None:
            return None
        context = {
            "person": person,
            "view": view,
            "board": board,
            "shown_slice": board.labels.of(board.within),
            "cut_name": board.labels.dimension(board.cut),
            "indicators": [(one, _columns(one)) for one in board.indicators[:TOLD]],
            "rest": max(len(board.indicators) - TOLD, 0),
            "bar_width": BAR_WIDTH,
            "ranked": _bars(board),
            "link": settings.ACCORD_URL + access.inside(organisation.pk, saved_views.address_of(view)),
            "end": settings.ACCORD_URL
            + access.inside(organisation.pk, reverse("kpis:subscription", args=[subscription.pk])),
        }
        named = {"name": view.name, "month": months.name(board.month)}
        return inbox.Written(
            person_id=person.pk,
            subject=_("%(name)s: %(month)s") % named,
            text=render_to_string("kpis/email/board.txt", context),
            html=render_to_string("kpis/email/board.html", context),
        )


def _columns(indicator: boards.Indicator) -> Sequence[Column]:
    """From zero up, from the first month that is known; nothing is drawn of what falls below zero."""
    points = list(itertools.dropwhile(lambda point: point.value is None, indicator.points))
    known = [point.value for point in points if point.value is not None]
    if not known or min(known) < 0 or max(known) == 0:
        return []
    return [
        Column(_pixels(point.value, max(known), COLUMN_HEIGHT), point.state != ValueState.CLOSED)
        for point in points
    ]


def _bars(board: boards.Board) -> list[tuple[Ranked, int, int]]:
    """(part, how long its bar is, what is left beside it), the best first."""
    shown = board.ranked[:RANKED]
    largest = max((one.value for one in shown if one.value is not None), default=Decimal(0))
    widths = [_pixels(one.value, largest, BAR_WIDTH) for one in shown]
    return [(one, width, BAR_WIDTH - width) for one, width in zip(shown, widths, strict=True)]


def _pixels(value: Decimal | None, largest: Decimal, size: int) -> int:
    return 0 if not value or value < 0 or largest <= 0 else max(int(value * size / largest), 1)
