"""Writes: roles are given and taken back, on the record."""

import datetime
import uuid
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from performance.foundation import access, audit
from performance.people import queries, rules
from performance.people.actions.refusal import PeopleRefused
from performance.people.models import Person, Role, RoleGrant


def grant_role(*, person: Person, role: str, by: Any, at: datetime.datetime, why: str = "") -> RoleGrant:
    """Gives a role to somebody who signs in. Which combinations are unwise stands in `rules.role_conflicts`; an
    auditor writes nothing, so the last administrator becomes none."""
    if role not in Role.values:
        raise PeopleRefused(_("This role does not exist."), field="role")
    with transaction.atomic():
        person = Person.objects.select_for_update().get(pk=person.pk)
        # A last day that is still to come is nobody's business here; the role ends with it.
        if person.left_on is not None and person.left_on < queries.day_at(person.organisation, at):
            raise PeopleRefused(_("Somebody who has left gets no new role."), field="person", code="left")
        # An address can change until its owner has signed in; the role would go to whoever opens the link.
        if person.user_id is None:
            raise PeopleRefused(
                _("%(person)s has no account yet. Roles are given once they have accepted their invitation.")
                % {"person": person},
                field="person",
                code="no_account",
            )
        if role == Role.AUDITOR:
            refuse_last_administrator([person.pk])
        grant, is_new = RoleGrant.objects.get_or_create(person=person, role=role)
        if not is_new:
            raise PeopleRefused(_("They have this role already."), field="role", code="no_change")
        audit.record(
            by=by, action="people.grant_role", subject=person, at=at, why=why, changes={"role": [None, role]}
        )
    return grant


def revoke_role(*, person: Person, role: str, by: Any, at: datetime.datetime, why: str = "") -> None:
    """Takes a role back. The last administrator keeps theirs."""
    with transaction.atomic():
        if role == Role.ADMINISTRATOR:
            refuse_last_administrator([person.pk])
        removed, _rows = RoleGrant.objects.filter(person=person, role=role).delete()
        if not removed:
            raise PeopleRefused(_("They do not have this role."), field="role", code="no_change")
        audit.record(
            by=by, action="people.revoke_role", subject=person, at=at, why=why, changes={"role": [role, None]}
        )


def refuse_last_administrator(leaving: Collection[uuid.UUID]) -> None:
    """Declines when nobody could change roles any more once these people no longer administer."""
    # Held until the end: two who step down at once queue up here, and the second is refused.
    held = RoleGrant.objects.select_for_update().filter(role=Role.ADMINISTRATOR).order_by("pk")
    list(held.values_list("pk"))
    able = set(queries.able_administrators().values_list("pk", flat=True))
    if able and able <= set(leaving):
        raise PeopleRefused(
            _(
                "This is the only administrator who can sign in and write; an auditor writes nothing. Give the role "
                "to somebody else first."
            ),
            code="last_administrator",
        )


def end_roles(people: Collection[uuid.UUID], *, by: Any, at: datetime.datetime) -> None:
    """Takes every role of these people back: who leaves and returns, or only now signs in, is given them anew."""
    grants = RoleGrant.objects.filter(person__in=people)
    ended = list(grants.select_for_update(of=("self",)).select_related("person").order_by("pk"))
    audit.record_many(
        by=by,
        action="people.revoke_role",
        changed=[(grant.person, {"role": [grant.role, None]}) for grant in ended],
        at=at,
    )
    RoleGrant.objects.filter(pk__in=[grant.pk for grant in ended]).delete()


def out_of_reach(by: Any, among: Collection[uuid.UUID] | None = None) -> dict[uuid.UUID, Person]:
    """Those whose e-mail address `by` may not change and whom they may not invite. The system reaches everybody."""
    if by is None:
        return {}
    mine = roles_of(by)
    grants = RoleGrant.objects.select_related("person")
    if among is not None:
        grants = grants.filter(person__in=among)
    return {grant.person_id: grant.person for grant in grants if not rules.can_readdress(mine, {grant.role})}


def refuse_out_of_reach(person: Person, by: Any) -> None:
    """Whoever chooses the address of an invitation chooses who signs in, with every role that person holds."""
    if out_of_reach(by, [person.pk]):
        raise PeopleRefused(rules.readdressing_refused(person), field="email", code="out_of_reach")


def roles_of(by: Any) -> frozenset[str]:
    """Roles of an Actor or a Person."""
    if isinstance(by, access.Actor):
        return by.roles
    return frozenset(RoleGrant.objects.filter(person=by).values_list("role", flat=True))
