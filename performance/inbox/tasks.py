"""E-mail about what waits. Rows are claimed by compare-and-set; the mail server is spoken to outside transactions."""

import logging
import uuid

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from performance.foundation import access, jobs, post, tenancy
from performance.inbox import actions
from performance.inbox.models import Delivery

logger = logging.getLogger(__name__)


# A nudge that waited longer than this is one of many: the sweep says the same again.
LASTS = 120


@shared_task(base=jobs.OrganisationTask, transactional=False, expires=LASTS)
def deliver_waiting() -> int:
    """Sends what waits, once each. Nudged after a write, and swept. Returns how many were sent.

    After a full batch it calls itself, so that much work does not wait for as many sweeps.
    """
    with tenancy.acting_for(tenancy.current_organisation_id()):
        waiting = actions.waiting_deliveries(at=timezone.now())
    if not waiting:
        return 0
    sent = 0
    with post.opened() as connection:
        if connection is None:
            return 0
        for delivery_id in waiting:
            try:
                sent += _deliver(delivery_id, connection)
            except post.Lost:
                return sent
    if len(waiting) == actions.BATCH:
        jobs.nudge(deliver_waiting)
    return sent


def _deliver(delivery_id: uuid.UUID, connection: BaseEmailBackend) -> bool:
    organisation_id = tenancy.current_organisation_id()
    with tenancy.acting_for(organisation_id):
        delivery = actions.claim_delivery(delivery_id=delivery_id, at=timezone.now())
    if delivery is None:
        return False
    try:
        post.send(message_about(delivery), connection)
    except (post.Refused, post.Lost) as error:
        logger.warning(
            "An e-mail about %s was not taken; it is tried again.", delivery.item_id, exc_info=True
        )
        with tenancy.acting_for(organisation_id):
            actions.note_failed(delivery=delivery, at=timezone.now(), error=str(error))
        if isinstance(error, post.Lost):
            raise
        return False
    with tenancy.acting_for(organisation_id):
        actions.note_sent(delivery=delivery, at=timezone.now())
    return True


def message_about(delivery: Delivery) -> EmailMultiAlternatives:
    """The e-mail, in its reader's language."""
    item = delivery.item
    language = getattr(item.person.user, "language", "") or item.organisation.language
    context = {
        "item": item,
        "person": item.person,
        "organisation": item.organisation,
        "link": settings.ACCORD_URL + access.inside(item.organisation.pk, item.url),
        "inbox": settings.ACCORD_URL + access.inside(item.organisation.pk, reverse("inbox:list")),
    }
    with translation.override(language):
        message = EmailMultiAlternatives(
            subject=" ".join(item.title.split()),
            body=render_to_string("inbox/email/item.txt", context),
            to=[item.person.email],
        )
        message.attach_alternative(render_to_string("inbox/email/item.html", context), "text/html")
    return message
