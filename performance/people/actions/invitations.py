"""Writes: HR invites a person to sign in.

The link names the organisation and the invitation and carries a keyed digest of both, so that the task which sends
the e-mail can write it again and no secret travels through the broker. The database keeps a digest of the link.
"""

import datetime
import uuid
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from performance.foundation import audit, tenancy
from performance.people.actions import accounts, roles
from performance.people.actions.refusal import PeopleRefused
from performance.people.models import Invitation, Membership, Person, User

LASTS = datetime.timedelta(days=14)
SENDING_LASTS = datetime.timedelta(minutes=10)
ATTEMPTS = 5


def invite_person(*, person: Person, by: Any, at: datetime.datetime) -> Invitation:
    """Invites somebody by e-mail. An earlier invitation that is still open is withdrawn."""
    if not person.email:
        raise PeopleRefused(_("%(person)s has no e-mail address.") % {"person": person}, code="no_email")
    if person.user_id is not None:
        raise PeopleRefused(_("%(person)s signs in already.") % {"person": person}, code="no_change")
    if person.left_on is not None or person.erased_at is not None:
        raise PeopleRefused(_("%(person)s has left.") % {"person": person}, code="left")
    roles.refuse_out_of_reach(person, by)
    with transaction.atomic():
        withdraw_for([person.pk], at)
        invitation = Invitation(
            person=person,
            email=person.email,
            invited_by=getattr(by, "person", by),
            created_at=at,
            expires_at=at + LASTS,
        )
        invitation.digest = accounts.digest_of(link_secret(invitation))
        invitation.save()
        audit.record(
            by=by, action="people.invite_person", subject=person, at=at, changes={"email": person.email}
        )
    return invitation


def withdraw_for(people: Collection[uuid.UUID], at: datetime.datetime) -> None:
    """No link that is on its way to them opens anything from now on."""
    Invitation.objects.filter(person__in=people, accepted_at=None, withdrawn_at=None).update(withdrawn_at=at)


def withdraw_invitation(*, invitation: Invitation, by: Any, at: datetime.datetime) -> None:
    """The link opens nothing from now on."""
    changed = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
    with transaction.atomic():
        if not changed.update(withdrawn_at=at):
            raise PeopleRefused(_("This invitation is closed already."), code="no_change")
        audit.record(by=by, action="people.withdraw_invitation", subject=invitation.person, at=at)


def link_secret(invitation: Invitation) -> str:
    """The last part of the invitation's address."""
    organisation, key = tenancy.current_organisation_id().hex, invitation.pk.hex
    proof = salted_hmac("people.invitation", organisation + key, algorithm="sha256").hexdigest()
    return f"{organisation}-{key}-{proof}"


def organisation_of(secret: str) -> uuid.UUID | None:
    """Which organisation a link belongs to; None when it was not made by us."""
    parts = secret.split("-")
    if len(parts) != 3:
        return None
    proof = salted_hmac("people.invitation", parts[0] + parts[1], algorithm="sha256").hexdigest()
    if not constant_time_compare(proof, parts[2]):
        return None
    return uuid.UUID(parts[0])


def open_invitation(*, secret: str, at: datetime.datetime) -> Invitation | None:
    """The invitation behind a link, while it can still be accepted. To be called inside its organisation."""
    return (
        Invitation.objects.select_related("person", "invited_by", "organisation")
        .filter(
            digest=accounts.digest_of(secret),
            accepted_at=None,
            withdrawn_at=None,
            expires_at__gt=at,
            person__user=None,
            person__left_on=None,
            # Whoever reads a former address is not whom we mean.
            person__email__iexact=F("email"),
        )
        .first()
    )


def accept_invitation(
    *, secret: str, at: datetime.datetime, password: str = "", user: User | None = None, language: str = ""
) -> User:
    """Ties the person to an account: the signed-in one of the same address, or a new one with this password."""
    with transaction.atomic():
        invitation = open_invitation(secret=secret, at=at)
        if invitation is None or not Invitation.objects.filter(
            pk=invitation.pk, accepted_at=None, withdrawn_at=None
        ).update(accepted_at=at):
            raise PeopleRefused(_("This invitation has expired or was used."), code="dead_link")
        if user is None:
            user = accounts.open_account(email=invitation.email, password=password, language=language)
        elif user.email.lower() != invitation.email.lower():
            raise PeopleRefused(
                _("This invitation is for %(email)s. Sign in with that address.")
                % {"email": invitation.email},
                code="other_account",
            )
        if Person.objects.filter(user=user).exists():
            raise PeopleRefused(_("This account belongs to somebody else here."), code="other_account")
        person = invitation.person
        person.user = user
        person.save(update_fields=["user"])
        Membership.objects.update_or_create(
            user=user, organisation_id=tenancy.current_organisation_id(), defaults={"is_active": True}
        )
        audit.record(by=person, action="people.accept_invitation", subject=person, at=at)
        # Nobody without an account is given a role today; one from before would go to whoever opened the link.
        roles.end_roles([person.pk], by=person, at=at)
    return user


def claim_sending(*, invitation_id: uuid.UUID, at: datetime.datetime) -> Invitation | None:
    """Compare-and-set: whoever gets the invitation back sends its e-mail, and nobody else."""
    free = Invitation.objects.filter(
        pk=invitation_id,
        sent_at=None,
        accepted_at=None,
        withdrawn_at=None,
        expires_at__gt=at,
        attempts__lt=ATTEMPTS,
    ).exclude(sending_at__gt=at - SENDING_LASTS)
    if not free.update(sending_at=at, attempts=F("attempts") + 1):
        return None
    return Invitation.objects.select_related("person", "invited_by", "organisation").get(pk=invitation_id)


def note_sent(*, invitation: Invitation, at: datetime.datetime) -> None:
    Invitation.objects.filter(pk=invitation.pk, sent_at=None).update(sent_at=at)


def unsent(*, at: datetime.datetime) -> list[uuid.UUID]:
    """Invitations whose e-mail is still to be sent, also after a lost nudge or a killed worker."""
    waiting = Invitation.objects.filter(
        sent_at=None, accepted_at=None, withdrawn_at=None, expires_at__gt=at, attempts__lt=ATTEMPTS
    ).exclude(sending_at__gt=at - SENDING_LASTS)
    return list(waiting.order_by("created_at").values_list("pk", flat=True)[:200])
