"""E-mail about what waits. Rows are claimed by compare-and-set; the mail server is spoken to outside transactions."""

import logging
import smtplib
import uuid

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation

from performance.foundation import jobs, tenancy
from performance.inbox import actions
from performance.inbox.models import Delivery

logger = logging.getLogger(__name__)


@shared_task(base=jobs.OrganisationTask, transactional=False)
def deliver_waiting() -> int:
    """Sends what waits, once each. Nudged after a write, and swept. Returns how many were sent."""
    with tenancy.acting_for(tenancy.current_organisation_id()):
        waiting = actions.waiting_deliveries(at=timezone.now())
    return sum(_deliver(delivery_id) for delivery_id in waiting)


def _deliver(delivery_id: uuid.UUID) -> bool:
    organisation_id = tenancy.current_organisation_id()
    with tenancy.acting_for(organisation_id):
        delivery = actions.claim_delivery(delivery_id=delivery_id, at=timezone.now())
    if delivery is None:
        return False
    try:
        message_about(delivery).send()
    except (OSError, smtplib.SMTPException) as error:
        logger.warning(
            "An e-mail about %s was not taken; it is tried again.", delivery.item_id, exc_info=True
        )
        with tenancy.acting_for(organisation_id):
            actions.note_failed(delivery=delivery, at=timezone.now(), error=str(error))
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
        "link": settings.ACCORD_URL + item.url,
        "inbox": settings.ACCORD_URL + "/inbox/",
    }
    with translation.override(language):
        message = EmailMultiAlternatives(
            subject=" ".join(item.title.split()),
            body=render_to_string("inbox/email/item.txt", context),
            to=[item.person.email],
        )
        message.attach_alternative(render_to_string("inbox/email/item.html", context), "text/html")
    return message
