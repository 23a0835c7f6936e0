"""Alive asks nothing; ready asks database, broker and worker."""

import datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.utils import timezone

from performance.foundation import health


@pytest.fixture(autouse=True)
def _no_heartbeat() -> None:
    cache.delete(health.HEARTBEAT)


def test_alive_answers_without_asking_the_database(client: Client) -> None:
    answer = client.get("/health/live")
    assert answer.status_code == 200
    assert answer.json() == {"status": "alive"}


@pytest.mark.django_db
def test_not_ready_before_a_worker_has_reported(client: Client) -> None:
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert checks["database"]["ok"]
    assert checks["broker"]["ok"]
    assert checks["worker"] == {"ok": False, "detail": "no worker has reported yet"}


@pytest.mark.django_db
def test_ready_with_a_fresh_heartbeat(client: Client) -> None:
    health.beat_heart(at=timezone.now())
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"


@pytest.mark.django_db
def test_not_ready_when_the_last_heartbeat_is_old(client: Client) -> None:
    health.beat_heart(at=timezone.now() - datetime.timedelta(minutes=10))
    assert client.get("/health/ready").status_code == 503


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_a_probe_that_knows_only_the_address_is_answered(client: Client, settings: Any, path: str) -> None:
    settings.ALLOWED_HOSTS = ["accord.example"]
    health.beat_heart(at=timezone.now())
    assert client.get(path, headers={"host": "10.1.2.3:8000"}).status_code == 200
    assert client.get("/accounts/login/", headers={"host": "10.1.2.3:8000"}).status_code == 400


@pytest.mark.django_db(databases=["default", "owner"])
def test_not_ready_while_the_serving_role_owns_a_walled_table(client: Client, monkeypatch: Any) -> None:
    health.beat_heart(at=timezone.now())
    assert health.check_walls() == "stand"
    monkeypatch.setattr(health, "connection", connections["owner"])
    with pytest.raises(OSError, match="row-level security"):
        health.check_walls()
