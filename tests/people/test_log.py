"""What the log tells whom: reasons and days that are private are for HR and auditors, on the page and by API."""

import ast
import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from performance.foundation import audit, deed_names, tenancy
from performance.people import actions, models, queries
from tests.conftest import Cast

DAY = datetime.timedelta(days=1)


@pytest.fixture
def today(cast: Cast) -> datetime.date:
    return queries.today(cast.organisation)


@pytest.fixture
def read(cast: Cast, send: Any, client_for: Any) -> Any:
    """Everything that the log tells a reader: the rows by API, and the page's own words."""

    def do(person: models.Person, **filters: Any) -> tuple[list[dict[str, Any]], str]:
        rows = send(person, "get", reverse("api_audit_log"), filters).json()["results"]
        page = client_for(person).get(reverse("people:audit_log"), filters).content.decode()
        return rows, page.partition('id="card-log"')[2].partition("<tbody>")[2]

    return do


def test_a_planned_last_day_and_its_reason_are_kept_from_the_administrator(
    cast: Cast, read: Any, now: datetime.datetime, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        actions.deactivate_person(
            person=cast.manager,
            left_on=today + 30 * DAY,
            reports_to=cast.boss,
            by=cast.hr,
            at=now,
            why="does not get on",
        )
    for person in (cast.hr, cast.auditor):
        rows, page = read(person, q="deactivate_person")
        assert rows[0]["why"] == "does not get on"
        assert rows[0]["changes"] == {"left_on": [None, (today + 30 * DAY).isoformat()]}
        assert "does not get on" in page
    rows, page = read(cast.administrator, q="deactivate_person")
    assert (rows[0]["why"], rows[0]["changes"]) == ("", {})
    assert rows[0]["subject_label"] == "Mia Manager"
    assert "does not get on" not in page
    assert "Mia Manager" in page
    rows, page = read(cast.administrator, q="change_manager")
    assert len(rows) == 2
    assert all(row["changes"] == {} for row in rows)
    assert "Bo Boss" not in page
    assert read(cast.administrator, q="does not get on")[0] == []


@pytest.mark.parametrize("action", sorted(audit.private().keys() - audit.with_open_reasons()))
def test_a_private_reason_is_read_by_hr_and_auditors_alone(
    cast: Cast, read: Any, now: datetime.datetime, action: str
) -> None:
    hidden = dict.fromkeys(audit.private()[action], "between us")
    with tenancy.acting_for(cast.organisation):
        audit.record(
            by=cast.hr,
            action=action,
            subject=cast.team,
            at=now,
            why="between us",
            changes=hidden | {"week": "2026-01-05"},
        )
    rows, page = read(cast.administrator)
    assert (rows[0]["why"], rows[0]["changes"]) == ("", {"week": "2026-01-05"})
    assert "between us" not in page
    for person in (cast.hr, cast.auditor):
        rows, page = read(person)
        assert rows[0]["why"] == "between us"
        assert rows[0]["changes"].keys() == {*hidden, "week"}
        assert "between us" in page


def test_only_known_actions_are_declared_and_each_in_one_way() -> None:
    assert audit.private().keys() | audit.with_open_reasons() <= deed_names.DEEDS.keys()
    # One of both has an open reason, and besides it changes that are private.
    both = audit.private().keys() & audit.with_open_reasons()
    assert all(audit.private()[action] for action in both)


def _with_reasons() -> Iterator[str]:
    """Actions that are recorded with a reason, where the call names them."""
    for top in ("performance", "okr", "feedback"):
        for path in (Path(settings.BASE_DIR) / top).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("audit.record"):
                    given = {keyword.arg: keyword.value for keyword in node.keywords}
                    # Keywords handed on as a whole (None) hold the reason too.
                    if given.keys() & {"why", None}:
                        yield from _actions(given["action"])


def _actions(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from (*_actions(node.body), *_actions(node.orelse))
    elif isinstance(node, ast.Constant):
        yield str(node.value)


def test_every_action_with_a_reason_says_who_may_read_it() -> None:
    written = set(_with_reasons())
    assert len(written) > 15, "the search finds the actions"
    assert written <= audit.private().keys() | audit.with_open_reasons()


def test_a_reason_that_no_app_declares_stays_with_hr_and_auditors(
    cast: Cast, read: Any, now: datetime.datetime
) -> None:
    with tenancy.acting_for(cast.organisation):
        audit.record(by=cast.hr, action="people.start_team", subject=cast.team, at=now, why="between us")
    assert read(cast.administrator)[0][0]["why"] == ""
    assert read(cast.auditor)[0][0]["why"] == "between us"


def test_other_rows_are_read_by_the_administrator_whole(cast: Cast, send: Any, read: Any) -> None:
    given = {"person_id": cast.employee.pk, "role": "business_owner", "why": "new metric"}
    send(cast.administrator, "post", reverse("api_roles"), given)
    rows, page = read(cast.administrator, q="grant_role")
    assert (rows[0]["why"], rows[0]["changes"]) == ("new metric", {"role": [None, "business_owner"]})
    assert "new metric" in page
