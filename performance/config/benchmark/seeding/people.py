"""People in one line up to the head, nine reports to a manager; teams, stores, roles and accounts."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import make_password

from performance.config.demo import company as names
from performance.foundation import tenancy
from performance.people import models, queries

SPAN = 9
LONG_AGO = datetime.date(2020, 1, 1)
STORE_DIMENSION = "store"
#: Those who run the numbers: outside the line, so that the policy does not score them.
STAFF = [
    ("hr", "Hana Reed", "韩人事"),
    ("business_owner", "Bea Stone", "毕业务"),
    ("finance_owner", "Fin Moore", "范财务"),
    ("administrator", "Ada Lane", "安管理"),
    ("auditor", "Aud Nash", "奥审计"),
]


@dataclass(frozen=True)
class Company:
    """What was made. `line` holds everybody but the staff, the head first; `managed_by[n]` is n's manager."""

    organisation: models.Organisation
    period: models.Period
    stores: int
    line: list[models.Person]
    staff: dict[str, models.Person]

    @property
    def managers(self) -> int:
        """How many of the line manage somebody: they are the first ones."""
        return (len(self.line) - 2) // SPAN + 1

    def manager_of(self, place: int) -> models.Person | None:
        return self.line[self.place_above(place)] if place else None

    def place_above(self, place: int) -> int:
        """Where the manager of a place stands; the head's own for the head."""
        return (place - 1) // SPAN if place else 0

    def actor(self, person: models.Person) -> Any:
        """The person as actions know it. To be called inside `acting_for`."""
        return queries.load_actor(user=person.user, organisation_id=self.organisation.pk)


def found(count: int) -> Company:
    """Makes organisation, quarter and `count` people."""
    organisation = models.Organisation.objects.create(
        name_en=f"Benchmark of {count:,}", name_zh=f"{count:,} 人的基准公司"
    )
    with tenancy.acting_for(organisation):
        stores = _units(count)
        everybody = _people(organisation, count, stores)
        staff = dict(zip((role for role, *_names in STAFF), everybody, strict=False))
        line = everybody[len(STAFF) :]
        company = Company(organisation, _quarter(organisation), len(stores), line, staff)
        models.RoleGrant.objects.bulk_create(
            models.RoleGrant(person=person, role=role) for role, person in staff.items()
        )
        _lines(company)
        _teams(company)
    return company


def _units(count: int) -> list[models.BusinessUnit]:
    """One unit for each store, below "Stores", each with its slice of the metrics; the last one is the staff's."""
    root = models.BusinessUnit.objects.create(code="STORES", name_en="Stores", name_zh="门店")
    codes = [f"S{number:03d}" for number in range(min(60, max(6, count // 50)))]
    stores = models.BusinessUnit.objects.bulk_create(
        models.BusinessUnit(
            code=code,
            name_en=f"Store {code}",
            name_zh=f"{code} 门店",
            parent=root,
            slice={STORE_DIMENSION: code},
        )
        for code in codes
    )
    models.BusinessUnit.objects.create(code="STAFF", name_en="Staff", name_zh="职能")
    return list(stores)


def _people(
    organisation: models.Organisation, count: int, stores: list[models.BusinessUnit]
) -> list[models.Person]:
    password = make_password(None)
    staff_unit = models.BusinessUnit.objects.get(code="STAFF")
    called = [(en, zh) for _role, en, zh in STAFF] + [_name(number) for number in range(count - len(STAFF))]
    users = models.User.objects.bulk_create(
        [
            models.User(email=f"p{number:06d}@benchmark.example", password=password)
            for number in range(len(called))
        ],
        batch_size=5000,
    )
    models.Membership.objects.bulk_create(
        [models.Membership(user=user, organisation=organisation) for user in users], batch_size=5000
    )
    return models.Person.objects.bulk_create(
        [
            models.Person(
                user=user,
                number=f"B{number:06d}",
                name_en=name_en,
                name_zh=name_zh,
                name_sort=name_en.lower(),
                email=user.email,
                title_en="Sales associate",
                title_zh="销售顾问",
                level="P2",
                city="Chengdu",
                hired_on=LONG_AGO,
                unit=staff_unit if number < len(STAFF) else stores[number % len(stores)],
            )
            for number, (user, (name_en, name_zh)) in enumerate(zip(users, called, strict=True))
        ],
        batch_size=5000,
    )


def _name(number: int) -> tuple[str, str]:
    surname = names.SURNAMES[number % len(names.SURNAMES)]
    given = names.GIVEN[number // len(names.SURNAMES) % len(names.GIVEN)]
    return f"{surname[0]} {given[0]} {number}", f"{surname[1]}{given[1]}{number}"


def _quarter(organisation: models.Organisation) -> models.Period:
    """The quarter of today; the one before it is closed and empty, something to compare with."""
    quarter = queries.fiscal_quarter(organisation, queries.today(organisation))
    before = queries.fiscal_quarter(organisation, quarter.starts_on - datetime.timedelta(days=1))
    _period(before, "closed")
    return _period(quarter, "active")


def _period(quarter: queries.Quarter, state: str) -> models.Period:
    return models.Period.objects.create(
        name_en=f"Q{quarter.number} {quarter.year}",
        name_zh=f"{quarter.year}年第{quarter.number}季度",
        starts_on=quarter.starts_on,
        ends_on=quarter.ends_on,
        state=state,
    )


def _lines(company: Company) -> None:
    head = company.line[0]
    pairs = [(person, head) for person in company.staff.values()]
    for place, person in enumerate(company.line):
        manager = company.manager_of(place)
        if manager is not None:
            pairs.append((person, manager))
    models.ReportingLine.objects.bulk_create(
        [
            models.ReportingLine(person=person, manager=manager, starts_on=LONG_AGO)
            for person, manager in pairs
        ],
        batch_size=5000,
    )


def _teams(company: Company) -> None:
    """Each manager leads a team of the direct reports, and belongs to the one above."""
    teams = models.Team.objects.bulk_create(
        [
            models.Team(
                code=f"T{place:05d}", name_en=f"Team {place}", name_zh=f"{place} 组", lead=company.line[place]
            )
            for place in range(company.managers)
        ],
        batch_size=5000,
    )
    for place, team in enumerate(teams):
        team.parent = teams[(place - 1) // SPAN] if place else None
    models.Team.objects.bulk_update(teams, ["parent"], batch_size=2000)
    models.TeamMembership.objects.bulk_create(
        [
            models.TeamMembership(
                person=person, team=teams[(place - 1) // SPAN if place else 0], starts_on=LONG_AGO
            )
            for place, person in enumerate(company.line)
        ],
        batch_size=5000,
    )
