"""Work after the answer: invitations by e-mail. Claimed by compare-and-set, sent outside any transaction."""

import logging
import uuid

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from performance.foundation import jobs, post, tenancy
from performance.people import actions
from performance.people.actions import invitations
from performance.people.models import Invitation

logger = logging.getLogger(__name__)


@shared_task(base=jobs.OrganisationTask, transactional=False)
def send_invitation(invitation_id: str) -> None:
    """Sends one invitation, unless somebody else does or did."""
    _send_all([uuid.UUID(invitation_id)])


@shared_task(base=jobs.OrganisationTask, transactional=False)
def send_waiting_invitations() -> None:
    """The sweep: whatever a lost nudge or a killed worker left."""
    with tenancy.acting_for(tenancy.current_organisation_id()):
        waiting = invitations.unsent(at=timezone.now())
    _send_all(waiting)


@shared_task(base=jobs.OrganisationTask)
def end_what_ended() -> int:
    """The sweep over last days that are over: access, roles and work end with them."""
    return actions.end_what_ended(at=timezone.now())


def _send_all(waiting: list[uuid.UUID]) -> None:
    if not waiting:
        return
    with post.opened() as connection:
        if connection is None:
            return
        for invitation_id in waiting:
            try:
                _send(invitation_id, connection)
            except post.Lost:
                return


def _send(invitation_id: uuid.UUID, connection: BaseEmailBackend) -> None:
    organisation_id = tenancy.current_organisation_id()
    with tenancy.acting_for(organisation_id):
        invitation = invitations.claim_sending(invitation_id=invitation_id, at=timezone.now())
    if invitation is None:
        return
    try:
        post.send(_message(invitation), connection)
    except (post.Refused, post.Lost) as error:
        # Its claim rests for a while, then the sweep tries it again.
        logger.warning("The invitation %s was not taken; it is tried again.", invitation_id, exc_info=True)
        if isinstance(error, post.Lost):
            raise
        return
    with tenancy.acting_for(organisation_id):
        invitations.note_sent(invitation=invitation, at=timezone.now())


def _message(invitation: Invitation) -> EmailMultiAlternatives:
    secret = invitations.link_secret(invitation)
    context = {
        "invitation": invitation,
        "person": invitation.person,
        "organisation": invitation.organisation,
        "link": settings.ACCORD_URL + reverse("people:accept_invitation", args=[secret]),
    }
    with translation.override(invitation.organisation.language):
        subject = render_to_string("people/email/invitation_subject.txt", context)
        message = EmailMultiAlternatives(
            subject=" ".join(subject.split()),
            body=render_to_string("people/email/invitation.txt", context),
            to=[invitation.email],
        )
        message.attach_alternative(render_to_string("people/email/invitation.html", context), "text/html")
    return message
