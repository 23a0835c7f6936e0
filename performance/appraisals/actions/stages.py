"""The stages of a cycle: their days, whose reviews they ask for, and the one reminder to whoever is late."""

import datetime
import uuid
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from performance.appraisals import queries, rules
from performance.appraisals.actions import people as people_actions
from performance.appraisals.models import Cycle, CycleStage, Review, Stage
from performance.foundation import access, audit, refusals
from performance.inbox import actions as inbox
from performance.people import queries as people

REVIEW = "performance.review"
REMINDER = "performance.reminder"
ASKED_AT_ONCE = 500
#: stage → (first day, last day)
Days = Mapping[str, tuple[datetime.date, datetime.date]]


class StageRefused(refusals.Refused):
    """The days of a cycle's stages, or a reminder, cannot be as asked."""


def lay_out(cycle: Cycle, days: Days) -> dict[str, list[object]]:
    """Writes the stages; answers with what moved. Each begins when the one before it does or later."""
    if Stage.MANAGER not in days:
        raise StageRefused(_("Say when managers write."), field="manager_from")
    before: datetime.date | None = None
    for stage in Stage.values:
        if stage not in days:
            continue
        starts_on, ends_on = days[stage]
        if ends_on < starts_on:
            raise StageRefused(_("The last day is before the first."), field=f"{stage}_until")
        if before is not None and starts_on < before:
            raise StageRefused(_("This stage begins before the one above it."), field=f"{stage}_from")
        before = starts_on
    standing = {each.stage: each for each in CycleStage.objects.filter(cycle=cycle)}
    moved: dict[str, list[object]] = {}
    for stage in Stage.values:
        was = standing.get(stage)
        old = [was.starts_on, was.ends_on] if was else None
        new = list(days[stage]) if stage in days else None
        if old == new:
            continue
        moved[stage] = [old, new]
        if new is None:
            CycleStage.objects.filter(cycle=cycle, stage=stage).delete()
        else:
            CycleStage.objects.update_or_create(
                cycle=cycle, stage=stage, defaults={"starts_on": new[0], "ends_on": new[1]}
            )
    return moved


@transaction.atomic
def change_stages(*, cycle: Cycle, days: Days, by: access.Actor, at: datetime.datetime) -> None:
    """Moves stages. Whoever has been asked for a review is told the new day."""
    held = Cycle.objects.select_for_update(of=("self",)).get(pk=cycle.pk)
    access.require(rules.can_change_cycle(by, held))
    moved = lay_out(held, days)
    if not moved:
        return
    Review.objects.filter(
        entry__cycle=held, state="open", kind__in=[k for k, s in queries.STAGE_OF.items() if s in moved]
    ).update(asked_at=None)
    audit.record(by=by, action="appraisals.change_stages", subject=held, at=at, changes=moved)


@transaction.atomic
def ask_for_reviews(*, at: datetime.datetime) -> int:
    """Puts the next reviews whose stage has begun before whoever writes them. Returns how many. Asking twice asks once."""
    today = people.today_here()
    waiting = list(
        queries.reviews_to_ask(today)
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("pk")[:ASKED_AT_ONCE]
    )
    inbox.assign_many(kind=REVIEW, works=[_work(review) for review in waiting], at=at)
    Review.objects.filter(pk__in=[review.pk for review in waiting]).update(asked_at=at)
    return len(waiting)


@transaction.atomic
def remind_late(*, cycle: Cycle, by: access.Actor, at: datetime.datetime, kinds: Sequence[str] = ()) -> int:
    """Reminds whoever is late, each review once. Returns how many reviews were meant."""
    access.require(rules.can_change_cycle(by, cycle))
    today = people.day_at(by.organisation, at)
    late = queries.late_reviews(cycle, today).filter(reminded_at=None)
    if kinds:
        late = late.filter(kind__in=kinds)
    found = list(late.select_for_update(of=("self",)).order_by("pk"))
    if not found:
        raise StageRefused(_("Everybody who is late has been reminded already."), code="nobody")
    inbox.assign_many(kind=REMINDER, works=[_work(review, is_late=True) for review in found], at=at)
    Review.objects.filter(pk__in=[review.pk for review in found]).update(reminded_at=at)
    audit.record(
        by=by, action="appraisals.remind_late", subject=cycle, at=at, changes={"reviews": len(found)}
    )
    return len(found)


@transaction.atomic
def extend_cycle(
    *, cycle: Cycle, by: access.Actor, at: datetime.datetime, unit: uuid.UUID | None = None
) -> int:
    """From the pilot team to a whole unit, or to everybody. Returns how many came in; who is in stays as they are."""
    held = Cycle.objects.select_for_update(of=("self",)).get(pk=cycle.pk)
    access.require(rules.can_change_cycle(by, held))
    if held.team_id is None and (held.unit_id is None or unit is not None):
        raise StageRefused(_("This cycle is not a pilot any more."), code="conflict")
    held.pilot_id = held.pilot_id or held.team_id
    held.team, held.unit_id = None, unit
    held.extended_by, held.extended_at = by.person, at
    held.save(update_fields=["pilot", "team", "unit", "extended_by", "extended_at"])
    taken_in = people_actions.take_in(held)
    audit.record(
        by=by,
        action="appraisals.extend_cycle",
        subject=held,
        at=at,
        changes={"pilot": held.pilot, "unit": held.unit, "people": taken_in},
    )
    return taken_in


def _work(review: Review, *, is_late: bool = False) -> inbox.Work:
    person, kind = review.entry.person, review.kind
    name_en, name_zh = person.name_en, person.name_zh or person.name_en
    titles = {
        "self": ("Write your self review", "填写你的自评"),
        "manager": (f"Review {name_en}", f"填写对{name_zh}的上级评价"),
        "upward": (f"Review your manager {name_en}", f"填写对上级{name_zh}的评价"),
        "peer": (f"Write a peer review of {name_en}", f"填写对{name_zh}的同事评价"),
    }
    title_en, title_zh = titles[kind]
    cycle = review.entry.cycle
    return inbox.Work(
        person_id=review.writer_id,
        subject_id=review.pk,
        title_en=f"Overdue: {title_en[0].lower()}{title_en[1:]}" if is_late else title_en,
        title_zh=f"已逾期：{title_zh}" if is_late else title_zh,
        detail_en=cycle.name_en,
        detail_zh=cycle.name_zh or cycle.name_en,
        url=reverse("appraisals:review", args=[review.pk]),
        due_on=review.due_on,  # type: ignore[attr-defined]
    )
