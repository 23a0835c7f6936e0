"""Preparing an installation refuses what would open the walls."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from pytest_django import Settings

from performance.foundation.management.commands import prepare


def test_one_role_for_owner_and_application_is_refused(settings: Settings) -> None:
    settings.APPLICATION_ROLE = settings.DATABASES["owner"]["USER"]
    with pytest.raises(CommandError, match="they must differ"):
        prepare._refuse_strong_application_role()


@pytest.mark.django_db(databases=["default", "owner"])
def test_a_role_that_may_bypass_row_level_security_is_refused(settings: Settings) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolsuper ORDER BY 1 LIMIT 1")
        settings.APPLICATION_ROLE = cursor.fetchone()[0]
    with pytest.raises(CommandError, match="may bypass row-level security"):
        prepare._refuse_strong_application_role()


@pytest.mark.django_db(databases=["default", "owner"])
def test_the_role_of_the_tests_is_weak_enough() -> None:
    prepare._refuse_strong_application_role()


def test_production_without_an_owner_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PRODUCTION = True
    monkeypatch.delitem(settings.DATABASES, "owner")
    with pytest.raises(CommandError, match="Set DATABASE_OWNER_URL"):
        call_command("prepare")
