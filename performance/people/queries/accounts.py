"""Reads: who is signed in and where."""

import datetime
import uuid
import zoneinfo
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import F, OuterRef, QuerySet
from django.utils import timezone

from performance.foundation import access, tenancy
from performance.people.models import ApiToken, Invitation, Membership, Organisation, Person, RoleGrant

EARLIEST, LATEST = 1900, 2200


def memberships_of(user: Any) -> list[Organisation]:
    """The organisations this account may enter, oldest first. Read before any organisation is chosen.

    Of several, one whose last day is over there is left out at once, before anybody has ended the membership.
    """
    memberships = (
        Membership.objects.filter(user=user, is_active=True, organisation__closed_at=None)
        .select_related("organisation")
        .order_by("created_at", "id")
    )
    found = [membership.organisation for membership in memberships]
    return [each for each in found if not _has_left(user, each)] if len(found) > 1 else found


def _has_left(user: Any, organisation: Organisation) -> bool:
    with tenancy.acting_for(organisation):
        return Person.objects.filter(user=user, left_on__lt=today(organisation)).exists()


def load_actor(*, user: Any, organisation_id: uuid.UUID) -> access.Actor | None:
    """The person this account acts as, with the granted roles; None when it is nobody here (any more). One query."""
    granted = ArraySubquery(RoleGrant.objects.filter(person=OuterRef("pk")).values("role"))
    people = Person.objects.select_related("organisation", "unit").annotate(granted=granted)
    person = people.filter(user=user).first()
    if person is None or (person.left_on is not None and person.left_on < today(person.organisation)):
        return None
    tenancy.hold_organisation(person.organisation)
    return access.Actor(
        user=user,
        organisation=person.organisation,
        person=person,
        roles=frozenset(person.granted),
    )


def today(organisation: Organisation) -> datetime.date:
    """The organisation's calendar day now."""
    return day_at(organisation, timezone.now())


def organisation_here() -> Organisation:
    """The organisation we act for: who signed in has brought it; else one query in each scope."""
    held = tenancy.held_organisation()
    if held is None:
        held = Organisation.objects.get(pk=tenancy.current_organisation_id())
        tenancy.hold_organisation(held)
    return held


def hold_organisation() -> Organisation:
    """The organisation we act for as it is now, kept from being changed until the transaction ends. Readers hold it side by
    side; whoever changes it waits for them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM people_organisation WHERE id = %s FOR SHARE", [tenancy.current_organisation_id()]
        )
    found = Organisation.objects.get(pk=tenancy.current_organisation_id())
    tenancy.hold_organisation(found)
    return found


def today_here() -> datetime.date:
    """The calendar day now in the organisation we act for."""
    return today(organisation_here())


def day_from(text: str) -> datetime.date | None:
    """A day of an address, 2026-06-01; None for anything else and for days outside any calendar of ours."""
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return None
    return day if EARLIEST <= day.year <= LATEST else None


def local_time(organisation: Organisation, at: datetime.datetime) -> datetime.datetime:
    """A moment on the organisation's clocks."""
    return at.astimezone(zoneinfo.ZoneInfo(organisation.time_zone))


def day_at(organisation: Organisation, at: datetime.datetime) -> datetime.date:
    """The organisation's calendar day at a moment."""
    return at.astimezone(zoneinfo.ZoneInfo(organisation.time_zone)).date()


def tokens_of(user: Any, organisation: Organisation) -> QuerySet[ApiToken]:
    """A person's own tokens in this organisation, the living ones first."""
    tokens = ApiToken.objects.filter(user=user, organisation=organisation)
    return tokens.order_by(F("revoked_at").desc(nulls_first=True), "-created_at")


def tokens_bound_to(scope: str, organisation_id: Any) -> QuerySet[ApiToken]:
    """Everybody's tokens in this organisation that open the one thing `scope` names, the living ones first."""
    tokens = ApiToken.objects.filter(organisation_id=organisation_id, scopes=[scope]).select_related("user")
    return tokens.order_by(F("revoked_at").desc(nulls_first=True), "-created_at")


def has_administrator() -> bool:
    """Whether anybody administers this installation yet. Founding an organisation makes its first member one."""
    return Membership.objects.filter(is_active=True).exists()


def open_invitations(person: Person) -> QuerySet[Invitation]:
    """Invitations whose link may still open something."""
    invitations = Invitation.objects.filter(person=person, accepted_at=None, withdrawn_at=None)
    return invitations.select_related("person")


def latest_invitation(person: Person) -> Invitation | None:
    return Invitation.objects.filter(person=person).order_by("-created_at").first()
