"""E-mail about what waits. Rows are claimed by compare-and-set; the mail server is spoken to outside transactions."""

import logging
import uuid
from functools import partial

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import ngettext

from performance.foundation import access, jobs, post, tenancy
from performance.inbox import actions, queries
from performance.inbox.models import Delivery, Letter
from performance.people import models as people_models
from performance.people import queries as people

logger = logging.getLogger(__name__)


# A nudge that waited longer than this is one of many: the sweep says the same again.
LASTS = 120
BATCH = 100
# Nobody is told up the line before this hour.
MORNING = 9


@shared_task(base=jobs.OrganisationTask, transactional=False, expires=LASTS)
def deliver_waiting() -> int:
    """Sends what waits, once each. Nudged after a write, and swept. Returns how many were sent.

    After a full batch it calls itself, so that much work does not wait for as many sweeps.
    """
    with tenancy.acting_for(tenancy.current_organisation_id()):
        deliveries = actions.waiting_deliveries(at=timezone.now(), limit=BATCH)
        letters = actions.waiting_letters(at=timezone.now(), limit=BATCH)
    waiting = [partial(_deliver, key) for key in deliveries] + [partial(_post, key) for key in letters]
    if not waiting:
        return 0
    sent = 0
    with post.opened() as connection:
        if connection is None:
            return 0
        for send in waiting:
            try:
                sent += send(connection)
            except post.Lost:
                return sent
    if max(len(deliveries), len(letters)) == BATCH:
        jobs.nudge(deliver_waiting)
    return sent


def _deliver(delivery_id: uuid.UUID, connection: BaseEmailBackend) -> bool:
    with tenancy.acting_for(tenancy.current_organisation_id()):
        delivery = actions.claim_delivery(delivery_id=delivery_id, at=timezone.now())
    return delivery is not None and _send(delivery, message_about(delivery), connection)


def _post(letter_id: uuid.UUID, connection: BaseEmailBackend) -> bool:
    with tenancy.acting_for(tenancy.current_organisation_id()):
        letter = actions.claim_letter(letter_id=letter_id, at=timezone.now())
    return letter is not None and _send(letter, message_of(letter), connection)


def _send(message: Delivery | Letter, mail: EmailMultiAlternatives, connection: BaseEmailBackend) -> bool:
    organisation_id = tenancy.current_organisation_id()
    try:
        post.send(mail, connection)
    except (post.Refused, post.Lost) as error:
        logger.warning("The e-mail %s was not taken; it is tried again.", message.pk, exc_info=True)
        with tenancy.acting_for(organisation_id):
            actions.note_failed(message=message, at=timezone.now(), error=str(error))
        if isinstance(error, post.Lost):
            raise
        return False
    with tenancy.acting_for(organisation_id):
        actions.note_sent(message=message, at=timezone.now())
    return True


@shared_task(base=jobs.OrganisationTask)
def write_daily_letters() -> int:
    """Writes to those who are told once a day, after their hour, on workdays. Returns how many letters are new."""
    organisation = people_models.Organisation.objects.get(pk=tenancy.current_organisation_id())
    at = timezone.now()
    written = [
        _daily_letter(digest, organisation)
        for digest in queries.daily_digests(organisation=organisation, at=at)
    ]
    day = people.day_at(organisation, at).isoformat()
    actions.queue_letters(kind="inbox.daily", key=day, letters=written, at=at)
    return len(written)


@shared_task(base=jobs.OrganisationTask, transactional=False)
def escalate_overdue() -> None:
    """Gives due days to what has none and tells the line of what stays undone, on workdays from the morning on. Each
    batch is a transaction of its own: what was told stays told, whatever happens to the next."""
    at, organisation_id = timezone.now(), tenancy.current_organisation_id()
    with tenancy.acting_for(organisation_id):
        organisation = people_models.Organisation.objects.get(pk=organisation_id)
        actions.close_what_is_done(at=at)
    steps = [actions.note_due_days]
    if people.local_time(organisation, at).hour >= MORNING:
        steps.append(actions.escalate_overdue)
    for step in steps:
        is_more = True
        while is_more:
            with tenancy.acting_for(organisation_id):
                is_more = bool(step(organisation=organisation, at=at))


def _daily_letter(digest: queries.DailyDigest, organisation: people_models.Organisation) -> actions.Written:
    def link(path: str) -> str:
        return settings.ACCORD_URL + access.inside(organisation.pk, path)

    with translation.override(language_of(digest.person, organisation)):
        context = {
            "person": digest.person,
            "organisation": organisation,
            "rows": [
                (item, link(item.url), item.due_on is not None and item.due_on < digest.day)
                for item in digest.items
            ],
            "rest": digest.rest,
            "inbox": link(reverse("inbox:list")),
            "settings": link(reverse("inbox:mail")),
        }
        return actions.Written(
            person_id=digest.person.pk,
            subject=ngettext("%(count)d thing waits for you", "%(count)d things wait for you", digest.total)
            % {"count": digest.total},
            text=render_to_string("inbox/email/daily.txt", context),
            html=render_to_string("inbox/email/daily.html", context),
        )


def language_of(person: people_models.Person, organisation: people_models.Organisation) -> str:
    """The language somebody reads: their account's, else their organisation's. The account must be loaded."""
    return getattr(person.user, "language", "") or organisation.language


def message_of(letter: Letter) -> EmailMultiAlternatives:
    """The e-mail that a letter is."""
    mail = EmailMultiAlternatives(subject=letter.subject, body=letter.text, to=[letter.person.email])
    mail.attach_alternative(letter.html, "text/html")
    return mail


def message_about(delivery: Delivery) -> EmailMultiAlternatives:
    """The e-mail, in its reader's language."""
    item = delivery.item
    context = {
        "item": item,
        "person": item.person,
        "organisation": item.organisation,
        "link": settings.ACCORD_URL + access.inside(item.organisation.pk, item.url),
        "inbox": settings.ACCORD_URL + access.inside(item.organisation.pk, reverse("inbox:list")),
    }
    with translation.override(language_of(item.person, item.organisation)):
        message = EmailMultiAlternatives(
            subject=" ".join(item.title.split()),
            body=render_to_string("inbox/email/item.txt", context),
            to=[item.person.email],
        )
        message.attach_alternative(render_to_string("inbox/email/item.html", context), "text/html")
    return message
