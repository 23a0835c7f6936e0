"""The stage and the fixed cast. Tests connect as the application's role, so row-level security is always on."""

import contextlib
import datetime
import gc
import zoneinfo
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.utils import timezone, translation
from pytest_django import DjangoDbBlocker
from pytest_django.plugin import blocking_manager_key

from performance.foundation import access, tenancy
from performance.people import models as people
from performance.people import queries as people_queries
from tests import ready, services, templates

PASSWORD = "correct-horse-battery"
HASHED = make_password(PASSWORD, hasher="md5")
LONG_AGO = datetime.date(2020, 1, 1)
#: The time zone that organisations are made with.
ORGANISATIONS_CLOCK = zoneinfo.ZoneInfo("Asia/Shanghai")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests import sharing

    return sharing.Sharing(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest starts first, so that no worker is left alone with it: browsers and what kills, then the files
    with most tests. Within a file, those that begin with the same rows stand together."""
    files = {path: place for place, path in enumerate(dict.fromkeys(item.path for item in items))}
    sizes = Counter(item.path for item in items)

    def begins(item: pytest.Item) -> tuple[Any, ...]:
        quick = not any(item.get_closest_marker(name) for name in ("slow", "kill"))
        rows = [each.fixture.argname for each in ready.wanted_by(item)] if quick else []
        return quick, -sizes[item.path] if quick else 0, files[item.path], rows

    items.sort(key=begins)


def pytest_collection_finish() -> None:
    """Whatever is loaded by now stays to the end: no garbage collection between tests needs to walk it again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """What commits, or looks at another database, finds nothing of what is kept."""
    if not ready.stays_in_one_transaction(item):
        with item.config.stash[blocking_manager_key].unblock():
            ready.forget()


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> bool | None:
    """Before a test's transaction begins, its rows are brought back; what made them then only hands out its copy. Its
    value is read from the fixture, so that None is one too."""
    if fixturedef.argname == "_django_db_helper" and ready.stays_in_one_transaction(request.node):
        try:
            with request.getfixturevalue("django_db_blocker").unblock():
                ready.prepare(request)
        except BaseException as error:
            fixturedef.cached_result = (None, fixturedef.cache_key(request), (error, error.__traceback__))
            raise
    if not ready.has_copy(fixturedef):
        return None
    fixturedef.cached_result = (ready.copy_of(fixturedef), fixturedef.cache_key(request), None)
    return True


@pytest.fixture(autouse=True)
def _leave_no_language_behind() -> Iterator[None]:
    """A page asked for in Chinese would otherwise speak Chinese to the next test."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def database_server() -> Iterator[None]:
    """The PostgreSQL under test: the configured one, or the embedded one for as long as tests run."""
    with services.database_server():
        yield


@pytest.fixture(scope="session")
def migrated_database(
    request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker, database_server: None
) -> Iterator[str]:
    """The name of a database to copy; none with --reuse-db, where what is there is brought up to date."""
    if request.config.getoption("reuse_db"):
        yield ""
        return
    with contextlib.ExitStack() as stack:
        with django_db_blocker.unblock():
            name = stack.enter_context(templates.migrated())
        yield name


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_db_blocker: DjangoDbBlocker,
    migrated_database: str,
) -> Iterator[None]:
    """The owner makes the test database; the application's role then works in it. With --reuse-db one that is there is
    only brought up to date, and stays."""
    is_kept = request.config.getoption("reuse_db")
    worker = getattr(request.config, "workerinput", {}).get("workerid", "")
    owner, application = connections["owner"], connections["default"]
    with django_db_blocker.unblock():
        name = _name_of_test_database(worker)
        if migrated_database:
            templates.copy(migrated_database, name)
            settings.DATABASES["owner"]["NAME"] = owner.settings_dict["NAME"] = name
        else:
            owner.creation._get_test_db_name = lambda: name  # type: ignore[attr-defined]
            owner.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=True)
        application.close()
        settings.DATABASES["default"]["NAME"] = application.settings_dict["NAME"] = name
        _empty_tables_as_owner(application, owner)
        owner.close()
    yield
    with django_db_blocker.unblock():
        ready.forget()
        application.close()
        owner.close()
        if not is_kept:
            templates.drop(name)


def _name_of_test_database(worker: str) -> str:
    return f"test_{settings.DATABASES['owner']['NAME']}" + (f"_{worker}" if worker else "")


def _empty_tables_as_owner(application: BaseDatabaseWrapper, owner: BaseDatabaseWrapper) -> None:
    """The flush between transactional tests, which the application's role may not do."""
    known = owner.settings_dict

    def flush(statements: Iterable[str]) -> None:
        with psycopg.connect(
            host=known["HOST"] or "127.0.0.1",
            port=known["PORT"] or 5432,
            user=known["USER"],
            password=known["PASSWORD"],
            dbname=known["NAME"],
            autocommit=True,
        ) as connection:
            for statement in statements:
                services.insistently(connection, statement)

    application.ops.execute_sql_flush = flush  # type: ignore[method-assign]


#: The cast by name: those of the organisation, and everybody whom pages and endpoints meet.
MEMBERS = (
    "boss",
    "manager",
    "employee",
    "colleague",
    "hr",
    "business_owner",
    "finance_owner",
    "administrator",
    "auditor",
)
EVERYBODY = (*MEMBERS, "stranger")


@dataclass(frozen=True)
class Cast:
    """Everybody a page or endpoint has to be shown to."""

    organisation: people.Organisation
    elsewhere: people.Organisation
    boss: people.Person
    manager: people.Person
    employee: people.Person
    colleague: people.Person
    hr: people.Person
    business_owner: people.Person
    finance_owner: people.Person
    administrator: people.Person
    auditor: people.Person
    stranger: people.Person
    team: people.Team

    def members(self) -> list[people.Person]:
        return [getattr(self, name) for name in MEMBERS]


def make_organisation(name: str, **fields: object) -> people.Organisation:
    return people.Organisation.objects.create(name_en=name, name_zh=f"{name}（中文）", **fields)


@dataclass(frozen=True)
class Newcomer:
    number: str
    name: str
    roles: tuple[str, ...] = ()
    fields: dict[str, object] = field(default_factory=dict)


def make_people(*newcomers: Newcomer) -> list[people.Person]:
    """People with accounts, in the organisation we act for: one statement per table, as nearly every test makes
    some."""
    organisation_id = tenancy.current_organisation_id()
    domain = f"{organisation_id.hex[-8:]}.example"
    users = people.User.objects.bulk_create(
        [people.User(email=f"{one.number.lower()}@{domain}", password=HASHED) for one in newcomers]
    )
    people.Membership.objects.bulk_create(
        [people.Membership(user=user, organisation_id=organisation_id) for user in users]
    )
    made = people.Person.objects.bulk_create(
        [
            people.Person(
                **{
                    "user": user,
                    "number": one.number,
                    "name_en": one.name,
                    "name_sort": one.name.lower(),
                    "email": user.email,
                    "hired_on": LONG_AGO,
                }
                | one.fields
            )
            for user, one in zip(users, newcomers, strict=True)
        ]
    )
    people.RoleGrant.objects.bulk_create(
        [
            people.RoleGrant(person=person, role=role)
            for person, one in zip(made, newcomers, strict=True)
            for role in one.roles
        ]
    )
    return made


def make_person(number: str, name: str, *roles: str, **fields: object) -> people.Person:
    """A person with an account, in the organisation we act for."""
    [person] = make_people(Newcomer(number, name, roles, fields))
    return person


def report_to(manager: people.Person, *reports: people.Person, starts_on: datetime.date = LONG_AGO) -> None:
    people.ReportingLine.objects.bulk_create(
        [people.ReportingLine(person=person, manager=manager, starts_on=starts_on) for person in reports]
    )


@pytest.fixture
@ready.made
def organisation(db: None) -> people.Organisation:
    return make_organisation("Harbour Retail")


@pytest.fixture
def acting(organisation: people.Organisation) -> Iterator[people.Organisation]:
    """The test body acts for the organisation."""
    with tenancy.acting_for(organisation):
        yield organisation


@pytest.fixture
@ready.made
def cast(organisation: people.Organisation) -> Cast:
    """A boss, a manager with two reports, and one holder of each role. All people but the stranger are colleagues."""
    elsewhere = make_organisation("Other Company")
    with tenancy.acting_for(elsewhere):
        stranger = make_person("X900", "Stella Stranger", "hr", "administrator")
    with tenancy.acting_for(organisation):
        (
            boss,
            manager,
            employee,
            colleague,
            hr,
            business_owner,
            finance_owner,
            administrator,
            auditor,
        ) = make_people(
            Newcomer("P001", "Bo Boss", fields={"name_zh": "薄总"}),
            Newcomer("P002", "Mia Manager", fields={"name_zh": "米经理"}),
            Newcomer("P003", "Eli Employee", fields={"name_zh": "易员工"}),
            Newcomer("P004", "Cody Colleague", fields={"name_zh": "柯同事"}),
            Newcomer("P005", "Hana Hr", ("hr",)),
            Newcomer("P006", "Bea Business", ("business_owner",)),
            Newcomer("P007", "Fin Finance", ("finance_owner",)),
            Newcomer("P008", "Ada Admin", ("administrator",)),
            Newcomer("P009", "Audrey Auditor", ("auditor",)),
        )
        report_to(boss, manager, hr, business_owner, finance_owner, administrator, auditor)
        report_to(manager, employee, colleague)
        team = people.Team.objects.create(
            code="OPS", name_en="Store Operations", name_zh="门店运营部", lead=manager
        )
        people.TeamMembership.objects.bulk_create(
            [
                people.TeamMembership(person=person, team=team, starts_on=LONG_AGO)
                for person in (manager, employee, colleague)
            ]
        )
    return Cast(
        organisation=organisation,
        elsewhere=elsewhere,
        boss=boss,
        manager=manager,
        employee=employee,
        colleague=colleague,
        hr=hr,
        business_owner=business_owner,
        finance_owner=finance_owner,
        administrator=administrator,
        auditor=auditor,
        stranger=stranger,
        team=team,
    )


@pytest.fixture
def client_for() -> Callable[[people.Person], Client]:
    """A browser in which this person is signed in: with the session that signing in leaves, in two statements rather
    than six."""

    def sign_in(person: people.Person) -> Client:
        session = SessionStore()
        session[SESSION_KEY] = str(person.user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = person.user.get_session_auth_hash()
        session.create()
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
        return client

    return sign_in


@pytest.fixture
def actor() -> Callable[[people.Person], access.Actor]:
    """The person as actions know it. To be called inside `acting_for`."""

    def load(person: people.Person) -> access.Actor:
        loaded = people_queries.load_actor(user=person.user, organisation_id=person.organisation_id)
        assert loaded is not None
        return loaded

    return load


@pytest.fixture
@ready.made
def quarter(cast: Cast) -> people.Period:
    """The open quarter that holds today."""
    today = people_queries.today(cast.organisation)
    first = datetime.date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    after = datetime.date(first.year + first.month // 10, (first.month + 2) % 12 + 1, 1)
    with tenancy.acting_for(cast.organisation):
        return people.Period.objects.create(
            name_en=f"Q{(first.month + 2) // 3} {first.year}",
            name_zh=f"{first.year}年第{(first.month + 2) // 3}季度",
            starts_on=first,
            ends_on=after - datetime.timedelta(days=1),
            state="active",
        )


@pytest.fixture
@ready.made
def now() -> datetime.datetime:
    """This moment as the organisations' clocks show it, so that `now.date()` is their day, not UTC's."""
    return timezone.now().astimezone(ORGANISATIONS_CLOCK)
