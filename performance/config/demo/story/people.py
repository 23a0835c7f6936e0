"""Chapter 1: HR imports everybody from a file, gives roles, and opens two quarters."""

import csv
import io
from typing import Any

from django.contrib.auth.hashers import make_password

from performance.config.demo import calendar, company
from performance.config.demo.story.stage import Stage
from performance.foundation import access
from performance.people import actions, queries
from performance.people import models as people

FOUNDER = next(each for each in company.PRINCIPALS if "administrator" in each.roles)
FILE = (
    "number",
    "name",
    "chinese name",
    "email",
    "title",
    "chinese title",
    "level",
    "city",
    "team",
    "business unit",
    "manager",
)


def found(days: calendar.Days, *, name_en: str, name_zh: str, language: str) -> people.Organisation:
    """The organisation with its administrator, who also keeps the people until HR is there."""
    user, _is_new = people.User.objects.get_or_create(email=FOUNDER.email)
    return actions.found_organisation(
        name_en=name_en,
        name_zh=name_zh,
        user=user,
        person_name=FOUNDER.name_en,
        at=calendar.at(days.history, 9),
        language=language,
        time_zone=str(calendar.ZONE),
        currency="CNY",
        country="CN",
    )


def tell(stage: Stage) -> None:
    at = calendar.at(stage.days.history, 10)
    founder = people.Person.objects.get()
    founder.number = FOUNDER.number
    founder.save(update_fields=["number"])
    _units_and_teams()
    _import_everybody(stage, founder, at)
    _open_accounts(stage)
    by = stage.actor(FOUNDER.number)
    for each in company.PRINCIPALS:
        for role in each.roles:
            if role != "administrator":
                actions.grant_role(person=stage.actor(each.number).person, role=role, by=by, at=at)
    actions.revoke_role(person=by.person, role="hr", by=by, at=at)
    stage._actors.clear()
    _lead_teams(by, at)
    _open_quarters(stage)


def _units_and_teams() -> None:
    units: dict[str | None, Any] = {None: None}
    for code, name_en, name_zh, parent, part in company.UNITS:
        units[code] = people.BusinessUnit.objects.create(
            code=code, name_en=name_en, name_zh=name_zh, parent=units[parent], slice=part
        )
    for code, name_en, name_zh, _lead in company.TEAMS:
        people.Team.objects.create(code=code, name_en=name_en, name_zh=name_zh)


def _import_everybody(stage: Stage, founder: people.Person, at: Any) -> None:
    by = queries.load_actor(user=founder.user, organisation_id=stage.organisation.pk)
    upload = actions.upload_people(file_name="people.csv", content=_file(stage), by=by, at=at)
    upload = actions.start_changes_on(upload=upload, starts_on=stage.days.history, at=at)
    actions.apply_import(upload=upload, by=by, at=at)


def _file(stage: Stage) -> bytes:
    names = {code: name_en for code, name_en, *_rest in [*company.UNITS, *company.TEAMS]}
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow([*FILE, "hire date"])
    for each in company.employees():
        hired = calendar.shift(stage.days.history, -stage.chance.randint(3, 80))
        rows.writerow(
            [
                *(
                    each.number,
                    each.name_en,
                    each.name_zh,
                    each.email,
                    each.title_en,
                    each.title_zh,
                    each.level,
                ),
                stage.say((each.city, company.CITIES[each.city])),
                *(names[each.team], names[each.unit], each.manager or "", hired.isoformat()),
            ]
        )
    return text.getvalue().encode("utf-8-sig")


def _open_accounts(stage: Stage) -> None:
    """Everybody can sign in with the demo's password: hashed once, not a hundred times."""
    hashed = make_password(company.PASSWORD)
    everybody = list(people.Person.objects.all())
    known = set(people.User.objects.values_list("email", flat=True))
    people.User.objects.bulk_create(
        [
            people.User(email=person.email, password=hashed)
            for person in everybody
            if person.email not in known
        ]
    )
    users = {user.email: user for user in people.User.objects.filter(email__endswith=f"@{company.DOMAIN}")}
    people.User.objects.filter(email=FOUNDER.email).update(password=hashed)
    for person in everybody:
        person.user = users[person.email]
    people.Person.objects.bulk_update(everybody, ["user"])
    members = [people.Membership(user=user, organisation=stage.organisation) for user in users.values()]
    people.Membership.objects.bulk_create(members, ignore_conflicts=True)


def _lead_teams(by: access.Actor, at: Any) -> None:
    leads = {code: lead for code, *_names, lead in company.TEAMS if lead}
    leads |= {store.code: f"LM-{100 + index:04d}" for index, store in enumerate(company.STORES)}
    numbers = {person.number: person for person in people.Person.objects.filter(number__in=leads.values())}
    teams = {team.code: team for team in people.Team.objects.all()}
    for code, lead in leads.items():
        teams[code].lead = numbers[lead]
        teams[code].parent = teams["OPS"] if code in {store.code for store in company.STORES} else None
    people.Team.objects.bulk_update(teams.values(), ["lead", "parent"])


def _open_quarters(stage: Stage) -> None:
    by = stage.actor("LM-0004")
    for first in (stage.days.last_quarter, stage.days.quarter):
        at = calendar.at(calendar.shift(first, -1).replace(day=12), 9)
        number = (first.month + 2) // 3
        period = actions.open_period(
            name_en=f"Q{number} {first.year}",
            name_zh=f"{first.year}年第{'一二三四'[number - 1]}季度",
            kind="quarter",
            starts_on=first,
            ends_on=calendar.quarter_end(first),
            by=by,
            at=at,
        )
        actions.move_period(period=period, to="active", by=by, at=calendar.at(first, 8))
