"""Reads: the directory, its filters, and the search over people."""

import datetime
import uuid
from dataclasses import dataclass, replace
from typing import NamedTuple

from django.db.models import Case, Count, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Replace
from django.urls import reverse

from performance.foundation import access, tenancy
from performance.people.models import (
    Membership,
    Person,
    ReportingLine,
    Role,
    RoleGrant,
    Team,
    TeamMembership,
)
from performance.people.queries.accounts import today, today_here
from performance.people.queries.changes import known
from performance.people.queries.lines import active_people, holds_on, ids_below

STATES = ("active", "joining", "left")
PAGE = 50


@dataclass(frozen=True)
class Filters:
    """What the directory is narrowed to. Empty means everything."""

    words: str = ""
    team_id: uuid.UUID | None = None
    city: str = ""
    state: str = "active"

    @property
    def are_set(self) -> bool:
        return bool(self.words or self.team_id or self.city or self.state != "active")


class Hit(NamedTuple):
    """One answer of the search."""

    label: str
    detail: str
    address: str
    icon: str


def people_visible_to(actor: access.Actor) -> QuerySet[Person]:
    """The directory is open to every member."""
    return Person.objects.all()


def directory(actor: access.Actor, filters: Filters, on: datetime.date) -> QuerySet[Person]:
    """The people that the filters leave, by name."""
    found = _narrowed(actor, filters, on)
    return found.filter(_in_state(filters.state, on)).order_by("name_sort", "number")


def directory_counts(actor: access.Actor, filters: Filters, on: datetime.date) -> dict[str, int]:
    """How many people each state would show under the other filters, and `everybody` active. One query."""
    counts = {state: Count("pk", filter=_in_state(state, on)) for state in STATES}
    narrowed = _narrowed(actor, replace(filters, state="active"), on)
    return narrowed.aggregate(**counts)


def headcount(on: datetime.date) -> dict[str, int]:
    """How many people, teams and cities there are on a day. Two queries."""
    counts = active_people(on).aggregate(
        people=Count("pk"), cities=Count("city", filter=~Q(city=""), distinct=True)
    )
    return {**counts, "teams": Team.objects.exclude(closed_on__lte=on).count()}


def cities() -> list[str]:
    return list(Person.objects.exclude(city="").values_list("city", flat=True).distinct().order_by("city"))


def _narrowed(actor: access.Actor, filters: Filters, on: datetime.date) -> QuerySet[Person]:
    people = people_visible_to(actor)
    if filters.words:
        people = matching(people, filters.words)
    if filters.team_id:
        lasting = Q(ends_on=None) | Q(ends_on__gt=on)
        members = TeamMembership.objects.filter(lasting, known(actor), team_id=filters.team_id)
        people = people.filter(pk__in=members.values("person_id"))
    if filters.city:
        people = people.filter(city=filters.city)
    return people


def _in_state(state: str, on: datetime.date) -> Q:
    if state == "left":
        return Q(left_on__lt=on)
    if state == "joining":
        return Q(hired_on__gt=on) & (Q(left_on=None) | Q(left_on__gte=on))
    return (Q(left_on=None) | Q(left_on__gte=on)) & (Q(hired_on=None) | Q(hired_on__lte=on))


def matching(people: QuerySet[Person], words: str) -> QuerySet[Person]:
    """Every word must be found in a name, its pinyin (also without the space), the number, the title or the e-mail."""
    found = people.annotate(sounds=Replace("name_sort", Value(" "), Value(""), output_field=TextField()))
    for word in words.split()[:6]:
        found = found.filter(
            Q(name_en__icontains=word)
            | Q(name_zh__icontains=word)
            | Q(name_sort__icontains=word)
            | Q(sounds__icontains=word)
            | Q(number__icontains=word)
            | Q(title_en__icontains=word)
            | Q(title_zh__icontains=word)
            | Q(email__icontains=word)
        )
    return found


def search(actor: access.Actor, words: str) -> list[Hit]:
    """People for the command palette, at most eight; people who are here come first."""
    on = today(actor.organisation)
    # Not by the last day itself: the order would tell of one that is still to come.
    is_gone = Case(When(_in_state("left", on), then=1), default=0)
    # Who is called so comes before who works as that.
    is_called = Q()
    for word in words.split()[:6]:
        is_called &= Q(name_en__icontains=word) | Q(name_zh__icontains=word) | Q(sounds__icontains=word)
    rank = Case(When(is_called, then=0), default=1)
    found = matching(people_visible_to(actor), words).alias(is_gone=is_gone, rank=rank)
    found = found.order_by("is_gone", "rank", "name_sort")
    return [
        Hit(
            str(person),
            " · ".join(part for part in (person.title, person.city) if part),
            reverse("people:person", args=[person.pk]),
            "user" if person.left_on is None or person.left_on >= on else "user-off",
        )
        for person in found[:8]
    ]


def people_with_role(role: str) -> QuerySet[Person]:
    """Who holds a role and is here today. A last day that is still to come changes nothing, and tells nothing."""
    here = Q(left_on=None) | Q(left_on__gte=today_here())
    return Person.objects.filter(here, grants__role=role)


def able_administrators() -> QuerySet[Person]:
    """Administrators who can use the role: they stay, can sign in here, and are no auditors, who write nothing."""
    members = Membership.objects.filter(organisation_id=tenancy.current_organisation_id(), is_active=True)
    return (
        people_with_role(Role.ADMINISTRATOR)
        .filter(left_on=None, user__is_active=True, user__in=members.values("user"))
        .exclude(pk__in=RoleGrant.objects.filter(role=Role.AUDITOR).values("person_id"))
    )


def grants() -> QuerySet[RoleGrant]:
    """Who holds which role, by name."""
    return RoleGrant.objects.select_related("person").order_by("person__name_sort", "role")


def possible_managers(person: Person, on: datetime.date) -> QuerySet[Person]:
    """Whom a person could report to from that day on: anybody here who does not report to them."""
    return active_people(on).exclude(pk=person.pk).exclude(pk__in=ids_below(person.pk, on))


def managers(on: datetime.date) -> QuerySet[Person]:
    """People who have direct reports on that day."""
    lines = ReportingLine.objects.filter(holds_on(on))
    return Person.objects.filter(pk__in=lines.values("manager_id"))
