"""Views by e-mail: asked for, ended, and claimed when they are due."""

import datetime
import uuid

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, audit
from performance.kpis import rules
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.models import MOST_DAYS, Rhythm, SavedView, Subscription
from performance.kpis.queries import months, saved_views
from performance.people import queries as people


def subscribe(
    *, view: SavedView, rhythm: str, day: int, by: access.Actor, at: datetime.datetime
) -> Subscription:
    """A view is mailed to oneself from now on; asked for again, in the new rhythm. The first letter comes on the first
    such day after today. Raises MetricRefused: rhythm, day, email."""
    if rhythm not in Rhythm.values:
        raise MetricRefused(_("Choose how often."), code="rhythm", field="rhythm")
    if not 1 <= day <= MOST_DAYS[Rhythm(rhythm)]:
        raise MetricRefused(_("Choose one of the days."), code="day", field="day")
    if not by.person.email:
        raise MetricRefused(_("You have no e-mail address here."), code="email")
    today = people.day_at(by.organisation, at)
    work_days = people.work_days(by.organisation)
    next_on = rules.next_day_of(rhythm, day, today, work_days, months.calendar())
    with transaction.atomic():
        subscription, _is_new = Subscription.objects.update_or_create(
            view=view,
            person=by.person,
            ended_at=None,
            defaults={"rhythm": rhythm, "day": day, "next_on": next_on},
            create_defaults={"rhythm": rhythm, "day": day, "next_on": next_on, "started_at": at},
        )
        audit.record(
            by=by, action="kpis.subscribe", subject=view, at=at, changes={"rhythm": rhythm, "day": day}
        )
    return subscription


def end_subscription(*, subscription: Subscription, by: access.Actor, at: datetime.datetime) -> None:
    """Mailed no more. A second time changes nothing."""
    with transaction.atomic():
        running = Subscription.objects.filter(pk=subscription.pk, ended_at=None)
        if running.update(ended_at=at):
            audit.record(by=by, action="kpis.end_subscription", subject=subscription.view, at=at)


def claim_subscription(*, subscription_id: uuid.UUID, at: datetime.datetime) -> Subscription | None:
    """Compare-and-set: whoever gets the row back writes its letter, in the same transaction, and nobody else does. Days
    that were missed are made up for once. What its reader may see no more, or who has left, ends it."""
    found = Subscription.objects.select_related("view__metric", "person__user", "person__organisation")
    subscription = found.filter(pk=subscription_id, ended_at=None).first()
    if subscription is None:
        return None
    person = subscription.person
    today = people.day_at(person.organisation, at)
    if subscription.next_on > today:
        return None
    held = Subscription.objects.filter(pk=subscription.pk, ended_at=None, next_on=subscription.next_on)
    has_left = person.left_on is not None and person.left_on < today
    if has_left or not person.email or not _may_see(subscription):
        held.update(ended_at=at)
        return None
    work_days = people.work_days(person.organisation)
    following = rules.next_day_of(subscription.rhythm, subscription.day, today, work_days, months.calendar())
    return subscription if held.update(next_on=following) else None


def _may_see(subscription: Subscription) -> bool:
    return saved_views.open_to(subscription.person_id).filter(pk=subscription.view_id).exists()
