"""By API: goals and progress of a period are locked and opened again."""

from typing import Any

import pytest
from django.urls import reverse

from performance.foundation import tenancy
from performance.people import models
from tests.conftest import Cast


@pytest.mark.parametrize("what", ["goals", "progress"])
def test_hr_locks_and_opens_again_with_a_reason(
    cast: Cast, send: Any, quarter: models.Period, is_kept_to: Any, what: str
) -> None:
    lock, unlock = (reverse(f"api_{word}_{what}", args=[quarter.pk]) for word in ("lock", "unlock"))
    for address in (lock, unlock):
        is_kept_to((cast.hr,), "post", address, {"why": "late"})
    locked = send(cast.hr, "post", lock)
    assert locked.status_code == 200
    assert locked.json()[f"{what}_locked_at"] is not None
    other = {"goals": "progress", "progress": "goals"}[what]
    assert locked.json()[f"{other}_locked_at"] is None
    assert send(cast.hr, "post", lock).json()["title"] == "no_change"
    silent = send(cast.hr, "post", unlock, {"why": " "})
    assert silent.status_code == 422
    assert "why" in silent.json()["errors"]
    assert send(cast.hr, "post", unlock, {"why": "late figures"}).json()[f"{what}_locked_at"] is None


def test_a_closed_period_stays_locked(cast: Cast, send: Any, quarter: models.Period) -> None:
    with tenancy.acting_for(cast.organisation):
        models.Period.objects.filter(pk=quarter.pk).update(state="closed")
    answer = send(cast.hr, "post", reverse("api_unlock_goals", args=[quarter.pk]), {"why": "late"})
    assert answer.status_code == 409


def test_a_token_locks_by_its_scope(cast: Cast, with_token: Any, quarter: models.Period) -> None:
    address = reverse("api_lock_progress", args=[quarter.pk])
    assert with_token(cast.hr, "people:read", "goals:read").post(address).status_code == 403
    assert with_token(cast.hr, "people:write").post(address).status_code == 200
