"""Publishing results in waves, telling people, and that they have read it. Each is one transaction and one audit row."""

import datetime
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _

from performance.appraisals import queries, rules
from performance.appraisals.actions.cycles import CycleRefused, held_cycle
from performance.appraisals.models import (
    Acknowledgement,
    Cycle,
    CycleEntry,
    CycleState,
    EntryState,
    Wave,
    WaveKind,
)
from performance.foundation import access, audit, refusals
from performance.inbox import actions as inbox
from performance.people import models as people
from performance.people import queries as people_queries

RESULT = "performance.result"
ANNOUNCED_AT_ONCE = 200
LONGEST_COMMENT = 4000
MOST_DAYS = 365


class ResultRefused(refusals.Refused):
    """A result that cannot be acknowledged as asked."""


@dataclass(frozen=True)
class Whom:
    """Whose results are published: a unit or a team with what is below it, people by their entries, or, without any of
    these, everybody who is left."""

    unit: people.BusinessUnit | None = None
    team: people.Team | None = None
    entry_ids: Collection[uuid.UUID] | None = None

    @property
    def kind(self) -> str:
        if self.entry_ids is not None:
            return WaveKind.LIST
        return WaveKind.UNIT if self.unit else WaveKind.TEAM if self.team else WaveKind.REST


EVERYBODY = Whom()


@transaction.atomic
def publish_wave(
    *,
    cycle: Cycle,
    by: access.Actor,
    at: datetime.datetime,
    whom: Whom = EVERYBODY,
    terms: queries.Terms | None = None,
) -> Wave:
    """Shows these people their results, and nobody anything else. A task tells them, a batch at a time.

    `terms`: how many days they have; those of the first wave hold for the whole cycle. The cycle is published with the
    last of its people.
    """
    held = held_cycle(cycle)
    if held.is_published:
        raise CycleRefused(_("This cycle has been published already."), code="conflict")
    if held.is_open:
        raise CycleRefused(_("Sign the cycle off before you publish it."), code="not_signed_off")
    access.require(rules.can_publish(by, held))
    granted = _granted(held, terms)
    chosen = queries.to_publish(held, unit=whom.unit, team=whom.team, entry_ids=whom.entry_ids)
    keys = list(chosen.select_for_update(of=("self",)).values_list("pk", flat=True))
    if not keys:
        raise CycleRefused(_("None of these people waits for a result."), code="nobody")
    today = people_queries.day_at(by.organisation, at)
    last = Wave.objects.filter(cycle=held).aggregate(last=Max("number"))["last"] or 0
    wave = Wave.objects.create(
        cycle=held,
        number=last + 1,
        kind=whom.kind,
        unit=whom.unit,
        team=whom.team,
        people=len(keys),
        acknowledge_days=granted.acknowledge_days,
        appeal_days=granted.appeal_days,
        answer_days=granted.answer_days,
        acknowledge_until=today + datetime.timedelta(days=granted.acknowledge_days),
        appeal_until=today + datetime.timedelta(days=granted.appeal_days),
        published_by=by.person,
        published_at=at,
    )
    _show(wave, keys)
    changes = {"number": wave.number, "people": wave.people, "unit": whom.unit, "team": whom.team}
    if not queries.to_publish(held).exists():
        held.state, held.published_by, held.published_at = CycleState.PUBLISHED, by.person, at
        held.save(update_fields=["state", "published_by", "published_at"])
        changes["state"] = ["signed_off", "published"]
    audit.record(by=by, action="appraisals.publish_wave", subject=held, at=at, changes=changes)
    return wave


def _granted(cycle: Cycle, terms: queries.Terms | None) -> queries.Terms:
    promised = queries.promised_terms(cycle)
    if promised is not None:
        if terms is not None and terms != promised:
            raise CycleRefused(
                _("The days are those of the first wave: everybody of a cycle has the same."),
                code="other_terms",
            )
        return promised
    granted = terms or queries.USUAL_TERMS
    for name in ("acknowledge_days", "appeal_days", "answer_days"):
        if not 1 <= getattr(granted, name) <= MOST_DAYS:
            raise CycleRefused(_("Between 1 and %(most)s days.") % {"most": MOST_DAYS}, field=name)
    return granted


# Two statements, whatever the number of people.
PUBLICATIONS = """
    INSERT INTO appraisals_publication (id, organisation_id, wave_id, entry_id)
    SELECT gen_random_uuid(), entry.organisation_id, %(wave)s, entry.id
    FROM appraisals_cycleentry entry
    WHERE entry.organisation_id = %(organisation)s AND entry.id = ANY(%(entries)s)
"""


def _show(wave: Wave, keys: list[uuid.UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(PUBLICATIONS, {"wave": wave.pk, "organisation": wave.organisation_id, "entries": keys})
    CycleEntry.objects.filter(pk__in=keys).update(state=EntryState.PUBLISHED)


@transaction.atomic
def announce_results(*, at: datetime.datetime) -> int:
    """Tells the next people that their result is there. Returns how many; two workers never tell one twice."""
    waiting = (
        CycleEntry.objects.filter(state=EntryState.PUBLISHED, announced_at=None)
        .select_related("person", "cycle")
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("pk")[:ANNOUNCED_AT_ONCE]
    )
    told = list(waiting)
    waves = queries.waves_by_entry([entry.pk for entry in told])
    done = set(
        Acknowledgement.objects.filter(entry__in=[entry.pk for entry in told]).values_list(
            "entry_id", flat=True
        )
    )
    for entry in told:
        # Without a score there is nothing to read.
        if entry.person.user_id and entry.score_id and entry.pk not in done:
            wave = waves.get(entry.pk)
            inbox.assign_work(
                to=entry.person,
                kind=RESULT,
                subject_id=entry.pk,
                title_en=f"Your result is there: {entry.cycle.name_en}",
                title_zh=f"你的考核结果已发布：{entry.cycle.name_zh or entry.cycle.name_en}",
                detail_en="Read it and say that you have. That is not to say that you agree.",
                detail_zh="请阅读并点“已阅”。已阅不等于同意。",
                url=reverse("appraisals:entry", args=[entry.pk]),
                due_on=wave.acknowledge_until if wave else None,
                by=None,
                at=at,
            )
    CycleEntry.objects.filter(pk__in=[entry.pk for entry in told]).update(announced_at=at)
    return len(told)


@transaction.atomic
def read_result(*, entry: CycleEntry, by: access.Actor, at: datetime.datetime) -> None:
    """The person has opened their published result for the first time."""
    if not rules.is_own_result(by, entry) or not entry.is_published:
        return
    CycleEntry.objects.filter(pk=entry.pk, seen_at=None).update(seen_at=at)


@transaction.atomic
def acknowledge_result(
    *, entry: CycleEntry, by: access.Actor, at: datetime.datetime, comment: str = ""
) -> Acknowledgement:
    """The person says that they have read their result, once, and may add a comment."""
    access.require(rules.can_acknowledge(by, entry))
    said = comment.strip()
    if len(said) > LONGEST_COMMENT:
        raise ResultRefused(
            _("This is too long: %(most)s characters are the most.") % {"most": LONGEST_COMMENT},
            field="comment",
        )
    try:
        with transaction.atomic():
            read = Acknowledgement.objects.create(entry=entry, comment=said, acknowledged_at=at)
    except IntegrityError as error:
        raise ResultRefused(_("You have said already that you have read it."), code="conflict") from error
    CycleEntry.objects.filter(pk=entry.pk, seen_at=None).update(seen_at=at)
    inbox.resolve_work(kind=RESULT, subject_id=entry.pk, to=by.person, by=by, at=at)
    audit.record(
        by=by,
        action="appraisals.acknowledge_result",
        subject=entry,
        at=at,
        changes={"has_comment": bool(said)},
    )
    return read
