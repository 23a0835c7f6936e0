"""Who may do what with people, teams, roles and periods. Predicates; no queries."""

import datetime
import uuid
from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.foundation.access import Actor
from performance.people.models import Role

# Roles that one person should not hold together, and what follows if they do.
CONFLICTS = (
    (
        {Role.BUSINESS_OWNER, Role.FINANCE_OWNER},
        _("A metric needs one signature from each side; one person cannot give both."),
    ),
    (
        {Role.AUDITOR, Role.HR},
        _("An auditor writes nothing, so the HR role has no effect."),
    ),
    (
        {Role.AUDITOR, Role.ADMINISTRATOR},
        _("An auditor writes nothing, so the administrator role has no effect."),
    ),
    (
        {Role.AUDITOR, Role.BUSINESS_OWNER},
        _("An auditor writes nothing, so this person can sign no metric."),
    ),
    (
        {Role.AUDITOR, Role.FINANCE_OWNER},
        _("An auditor writes nothing, so this person can sign no metric."),
    ),
)


def monday_of(day: datetime.date) -> datetime.date:
    """Weeks are ISO weeks."""
    return day - datetime.timedelta(days=day.weekday())


def can_edit_people(actor: Actor) -> bool:
    """Add, change, move, import, invite and deactivate people; teams too."""
    return actor.has_role("hr") and not actor.only_reads


def can_export_people(actor: Actor) -> bool:
    return actor.has_role("hr", "auditor")


def can_see_last_day(actor: Actor, person: Any, today: datetime.date) -> bool:
    """Afterwards everybody; before, only those who keep people or read everything, and the person."""
    if person.left_on is None or person.left_on < today:
        return True
    return actor.has_role("hr", "auditor") or person.pk == actor.person_id


def can_see_plans(actor: Actor) -> bool:
    """Days to come: who will report to whom and belong where. A plan tells of a last day before it may be known, so
    everybody else sees today, their own plans and those of the people below them."""
    return actor.has_role("hr", "auditor")


def can_deactivate(actor: Actor, person: Any) -> bool:
    """Nobody ends their own time here."""
    return can_edit_people(actor) and person.pk != actor.person_id and person.left_on is None


def can_erase(actor: Actor, person: Any) -> bool:
    return can_edit_people(actor) and person.left_on is not None and person.erased_at is None


def can_see_absences(actor: Actor, person: Any, line_above: Collection[uuid.UUID]) -> bool:
    """The person, the line above, HR and auditors."""
    return actor.person_id == person.pk or actor.person_id in line_above or actor.has_role("hr", "auditor")


def can_note_absence(actor: Actor, person: Any, line_above: Collection[uuid.UUID]) -> bool:
    """Whoever sees absences, but those who only read."""
    return can_see_absences(actor, person, line_above) and not actor.only_reads


def can_open_period(actor: Actor) -> bool:
    return actor.has_role("hr") and not actor.only_reads


def can_read_policies(actor: Actor) -> bool:
    """How the figures of a period are counted: whoever may choose it, and auditors."""
    return actor.has_role("hr", "administrator", "auditor")


def can_administer(actor: Actor) -> bool:
    """Change the organisation's settings."""
    return actor.has_role("administrator") and not actor.only_reads


def can_see_settings(actor: Actor) -> bool:
    return actor.has_role("administrator", "hr", "auditor")


def can_edit_calendar(actor: Actor) -> bool:
    return actor.has_role("administrator", "hr") and not actor.only_reads


def can_grant_roles(actor: Actor) -> bool:
    return actor.has_role("administrator") and not actor.only_reads


def can_readdress(mine: Collection[str], theirs: Collection[str]) -> bool:
    """Change the e-mail address of somebody with these roles, or invite them: nobody reaches for more than they
    hold. An administrator could give themselves any role."""
    return Role.ADMINISTRATOR in mine or set(theirs) <= set(mine)


def readdressing_refused(person: Any) -> str:
    """What somebody reads who may not."""
    return _(
        "%(person)s holds a role that you do not hold. Somebody in HR who is also an administrator can change "
        "their e-mail address and invite them."
    ) % {"person": person}


def can_read_audit(actor: Actor) -> bool:
    return actor.has_role("administrator", "hr", "auditor")


def can_read_private_reasons(actor: Actor) -> bool:
    """What the log keeps of leaving, absence, plans and exceptions; the administrator reads that they happened."""
    return actor.has_role("hr", "auditor")


def role_conflicts(roles: frozenset[str] | set[str]) -> list[Any]:
    """What to be aware of when one person holds all of these."""
    return [text for pair, text in CONFLICTS if {str(role) for role in pair} <= set(roles)]
