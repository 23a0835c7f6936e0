"""Connections and datasets through their life by the API: changed, paused, resumed, closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.sources import models
from tests.conftest import Cast

SignIn = Callable[[Any], Client]
ROOT = "/api/v1/sources/"
JSON = {"content_type": "application/json"}
SHOP = {
    "kind": "postgresql",
    "name_en": "Shop",
    "host": "db.example.com",
    "port": 5432,
    "database": "shop",
    "user_name": "reader",
    "password": "kept-under-seal",
}


@pytest.fixture
def address(cast: Cast, client_for: SignIn) -> str:
    made = client_for(cast.administrator).post(f"{ROOT}connections/", SHOP, **JSON)
    assert made.status_code == 201, made.content
    return f"{ROOT}connections/{made.json()['id']}/"


def test_only_an_administrator_of_the_organisation_changes_a_connection(
    address: str, cast: Cast, client_for: SignIn
) -> None:
    for name in ("employee", "manager", "hr", "business_owner", "finance_owner", "auditor"):
        browser = client_for(getattr(cast, name))
        for answer in (
            browser.patch(address, {"name_en": "Mine"}, **JSON),
            browser.delete(address),
            browser.post(f"{address}pause/", {}, **JSON),
            browser.post(f"{address}resume/", {}, **JSON),
        ):
            assert answer.status_code == 403, name
    stranger = client_for(cast.stranger)
    assert stranger.patch(address, {"name_en": "Mine"}, **JSON).status_code == 404
    assert stranger.delete(address).status_code == 404


def test_a_name_changes_alone_and_a_new_address_needs_the_password_again(
    address: str, cast: Cast, client_for: SignIn
) -> None:
    browser = client_for(cast.administrator)
    renamed = browser.patch(address, {"name_en": "The shop"}, **JSON)
    assert (renamed.status_code, renamed.json()["name_en"]) == (200, "The shop")
    assert renamed.json()["host"] == "db.example.com"
    moved = browser.patch(address, {"host": "elsewhere.example.com"}, **JSON)
    assert (moved.status_code, moved.json()["title"]) == (422, "password_needed")
    moved = browser.patch(address, {"host": "elsewhere.example.com", "password": "once-more"}, **JSON)
    assert (moved.status_code, moved.json()["host"]) == (200, "elsewhere.example.com")
    assert "once-more" not in moved.content.decode()


def test_a_connection_is_paused_with_a_reason_resumed_and_closed(
    address: str, cast: Cast, client_for: SignIn
) -> None:
    browser = client_for(cast.administrator)
    assert browser.post(f"{address}pause/", {"why": "Maintenance"}, **JSON).json()["is_paused"] is True
    assert browser.post(f"{address}resume/", {}, **JSON).json()["is_paused"] is False
    assert browser.delete(address).status_code == 204
    assert browser.get(address).status_code == 404
    with tenancy.acting_for(cast.organisation):
        assert models.Connection.objects.get().sealed == ""
        told = dict(AuditRow.objects.filter(action__startswith="sources.").values_list("action", "why"))
        assert told["sources.pause_connection"] == "Maintenance"
        assert {"sources.resume_connection", "sources.close_connection"} <= told.keys()
