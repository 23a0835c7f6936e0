"""Writes: roles are given and taken back, on the record."""

import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from performance.foundation import audit
from performance.people.actions.refusal import PeopleRefused
from performance.people.models import Person, Role, RoleGrant


def grant_role(*, person: Person, role: str, by: Any, at: datetime.datetime, why: str = "") -> RoleGrant:
    """Gives a role. Which combinations are unwise stands in `rules.role_conflicts`; an auditor writes nothing."""
    if role not in Role.values:
        raise PeopleRefused(_("This role does not exist."), field="role")
    if person.left_on is not None:
        raise PeopleRefused(_("Somebody who leaves gets no new role."), field="person", code="left")
    with transaction.atomic():
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
        grants = RoleGrant.objects.select_for_update().filter(role=role, person__left_on=None)
        if role == Role.ADMINISTRATOR and list(grants.values_list("person_id", flat=True)) == [person.pk]:
            raise PeopleRefused(
                _("This is the only administrator. Give the role to somebody else first."),
                code="last_administrator",
            )
        removed, _rows = RoleGrant.objects.filter(person=person, role=role).delete()
        if not removed:
            raise PeopleRefused(_("They do not have this role."), field="role", code="no_change")
        audit.record(
            by=by, action="people.revoke_role", subject=person, at=at, why=why, changes={"role": [role, None]}
        )
