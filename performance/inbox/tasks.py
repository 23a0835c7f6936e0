"""What waits is told: by e-mail, in chats, to systems. Rows are claimed by compare-and-set; mail server and hosts are spoken
to outside transactions."""

import datetime
import logging
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from performance.foundation import access, egress, jobs, outgoing, post, tenancy
from performance.foundation.components import formats
from performance.inbox import actions, channels, queries
from performance.inbox.channels import standard_webhooks
from performance.inbox.models import Channel, Delivery, Letter, Occasion
from performance.people import models as people_models
from performance.people import queries as people

logger = logging.getLogger(__name__)


# A nudge that waited longer than this is one of many: the sweep says the same again.
LASTS = 120
BATCH = 100
# How long one run tells endpoints things, and how long it waits for the next turn of one.
TURN_SECONDS = 45
BREATH = 1
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
        if actions.waiting_calls(at=timezone.now(), limit=1):
            jobs.nudge(call_endpoints)
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
    # Nobody's note of absence answers a program.
    mail.extra_headers["Auto-Submitted"] = "auto-generated"
    # The same at each try: a worker that dies before it notes what it sent sends it again, and whoever reads it has one.
    mail.extra_headers["Message-ID"] = f"<{message.pk}@{urlsplit(settings.ACCORD_URL).hostname}>"
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


@shared_task(base=jobs.OrganisationTask, transactional=False, expires=LASTS)
def call_endpoints() -> int:
    """Tells chats and systems what waits for them, once each, one after the other in each and in turns between them. Apart
    from e-mail, so that a host that does not answer keeps no letter waiting. Returns how many were taken.
    """
    organisation_id = tenancy.current_organisation_id()
    until = time.monotonic() + TURN_SECONDS
    told: set[uuid.UUID] = set()
    taken = 0
    while time.monotonic() < until:
        with tenancy.acting_for(organisation_id):
            waiting = actions.waiting_calls(at=timezone.now(), limit=BATCH)
            is_near = actions.is_turn_near(endpoint_ids=told, at=timezone.now())
        if not waiting and not is_near:
            return taken
        if not waiting:
            # Only whoever told an endpoint something waits for its next turn; everybody else leaves it to them.
            time.sleep(BREATH)
        for key in waiting:
            endpoint_id = _call(key)
            if endpoint_id is not None:
                taken += 1
                told.add(endpoint_id)
            if time.monotonic() >= until:
                break
    jobs.nudge(call_endpoints)
    return taken


def _call(delivery_id: uuid.UUID) -> uuid.UUID | None:
    """Tells one endpoint one thing. Returns the endpoint, when it took it."""
    organisation_id = tenancy.current_organisation_id()
    with tenancy.acting_for(organisation_id):
        claim = actions.claim_call(delivery_id=delivery_id, at=timezone.now())
        if claim is None:
            return None
        call = call_for(claim, timezone.now())
    outcome, status = answer_to(claim, call)
    with tenancy.acting_for(organisation_id):
        actions.settle_call(claim=claim, outcome=outcome, status=status, at=timezone.now())
    if not isinstance(outcome, channels.Delivered):
        # Never the address, which is a secret.
        logger.warning("Endpoint %s did not take message %s.", claim.endpoint.pk, delivery_id)
        return None
    return claim.endpoint.pk


def answer_to(claim: actions.Claim, call: channels.Call) -> tuple[channels.Outcome, int | None]:
    """Sends it, outside any transaction, and reads what was answered: what that means, and its status."""
    try:
        answer = outgoing.post(
            call.address, headers=call.headers, body=call.body, allow=settings.ACCORD_EGRESS_ALLOW
        )
    except (egress.EgressRefused, outgoing.Unanswered) as refused:
        kind = channels.Later if refused.retryable else channels.Refused
        return kind(refused.code), None
    read = (
        standard_webhooks.outcome
        if claim.endpoint.channel == Channel.WEBHOOK
        else channels.CHATS[claim.endpoint.channel].outcome
    )
    return read(answer, timezone.now()), answer.status


def call_for(claim: actions.Claim, at: datetime.datetime) -> channels.Call:
    """The message as its channel wants it."""
    opened, endpoint = claim.opened, claim.endpoint
    if endpoint.channel != Channel.WEBHOOK:
        return channels.CHATS[endpoint.channel].call(
            message_to(claim), address=opened["address"], secret=opened["secret"], at=at
        )
    signing = [opened["secret"]]
    if endpoint.old_secret_until is not None and endpoint.old_secret_until > at:
        signing.append(opened["old_secret"])
    return standard_webhooks.call(event_of(claim), address=opened["address"], signing=signing, at=at)


def event_of(claim: actions.Claim) -> channels.Event:
    """What a system is told: what kind of thing, whose, until when and where; never what it is called."""
    item, delivery = claim.delivery.item, claim.delivery
    key = actions.key_of(delivery)
    data: dict[str, Any] = {"organisation_id": str(claim.organisation.pk)}
    if item is None:
        return channels.Event(key, "test", delivery.queued_at, data)
    data |= {
        "id": str(item.pk),
        "kind": item.kind,
        "subject_id": str(item.subject_id),
        "person_id": str(item.person_id),
        "due_on": None if item.due_on is None else item.due_on.isoformat(),
        "url": settings.ACCORD_URL + access.inside(claim.organisation.pk, item.url),
    }
    moment = item.done_at if delivery.occasion == Occasion.DONE else item.assigned_at
    return channels.Event(key, f"work_item.{delivery.occasion}", moment or delivery.queued_at, data)


def message_to(claim: actions.Claim) -> channels.Message:
    """What a chat is told, in its person's language. Its group may be larger than those who may know of a goal: unless the
    person chose the title, it only reads that something waits."""
    person, item = claim.endpoint.person, claim.delivery.item
    assert person is not None  # noqa: S101 - the database says so: `endpoint_whose`

    def link(path: str) -> str:
        return settings.ACCORD_URL + access.inside(claim.organisation.pk, path)

    with translation.override(language_of(person, claim.organisation)):
        name = {"person": formats.person_name(person)}
        if item is None:
            return channels.Message(
                title=_("A test from Accord"),
                note=_("What waits for %(person)s will be told here.") % name,
                link=link(reverse("inbox:mail")),
                link_text=_("How you are told"),
            )
        # Each message says "Accord": the word that a bot can be told to let pass.
        if not claim.endpoint.tells_title:
            title = _("Something waits for %(person)s in Accord") % name
            return channels.Message(title=title, note="", link=link(item.url), link_text=_("Open"))
        note = _("For %(person)s in Accord") % name
        if item.due_on is not None:
            note = _("For %(person)s in Accord, due %(day)s") % (name | {"day": formats.day(item.due_on)})
        return channels.Message(
            title=" ".join(item.title.split()), note=note, link=link(item.url), link_text=_("Open")
        )


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
    steps: list[Callable[..., int]] = [actions.note_due_days]
    if people.local_time(organisation, at).hour >= MORNING:
        # A planned line takes effect without anybody's doing: whoever was told before hears no more of it.
        steps += [actions.pass_overdue_on, actions.escalate_overdue]
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
    assert item is not None  # noqa: S101 - the database says so: `delivered_about`
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
