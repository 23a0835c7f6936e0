"""Messages are courtesies: lost, doubled or orphaned, the work is done once."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from performance.foundation import tenancy
from performance.people.models import Organisation
from performance.sources import actions, models, tasks
from tests.sources import stage
from tests.sources.real_data import Place


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]


@pytest.fixture
def stores(acting: Organisation, contoso: Place) -> models.Dataset:
    return stage.modelled(stage.connected(contoso), {"schema": "public", "table": "store"}, "stores")


def test_a_task_without_an_organisation_is_refused(stores: models.Dataset) -> None:
    load = models.Load.objects.get(dataset=stores)
    with tenancy.remembering(None), pytest.raises(tenancy.NoOrganisation):
        tasks.run_load.apply(args=[str(load.pk)], throw=True)


def test_a_message_delivered_twice_loads_once(stores: models.Dataset) -> None:
    load = models.Load.objects.get(dataset=stores)
    for _delivery in range(2):
        tasks.run_load.apply(args=[str(load.pk)], throw=True)
    load.refresh_from_db()
    assert (load.state, load.attempt, load.rows_inserted) == ("done", 1, 74)


def test_a_message_of_another_organisation_finds_nothing(stores: models.Dataset, cast: Any) -> None:
    load = models.Load.objects.get(dataset=stores)
    with tenancy.remembering(cast.elsewhere.pk):
        tasks.run_load.apply(args=[str(load.pk)], throw=True)
    with tenancy.acting_for(stores.organisation_id):
        load.refresh_from_db()
    assert load.state == "waiting"


def test_the_sweep_takes_up_lost_messages_and_dead_workers(
    stores: models.Dataset, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, str]] = []
    for name in ("run_load", "run_probe"):
        task = getattr(tasks, name)
        monkeypatch.setattr(
            task, "apply_async", lambda args, kwargs=None, name=name, **options: sent.append((name, args[0]))
        )
    load = models.Load.objects.get(dataset=stores)
    probe = actions.ask_source(connection=stores.connection, kind="check", by=None, at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep_sources.apply(throw=True)
    assert sent == [("run_load", str(load.pk)), ("run_probe", str(probe.pk))]
    sent.clear()
    recent, long_ago = timezone.now(), timezone.now() - datetime.timedelta(minutes=5)
    models.Load.objects.update(state="running", heartbeat_at=recent)
    models.Probe.objects.filter(pk=probe.pk).update(state="running", heartbeat_at=recent)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep_sources.apply(throw=True)
    assert sent == []
    models.Load.objects.update(heartbeat_at=long_ago)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep_sources.apply(throw=True)
    assert sent == [("run_load", str(load.pk))]


def test_a_probe_delivered_twice_answers_once(stores: models.Dataset) -> None:
    probe = actions.ask_source(connection=stores.connection, kind="check", by=None, at=timezone.now())
    for _delivery in range(2):
        tasks.run_probe.apply(args=[str(probe.pk)], throw=True)
    probe.refresh_from_db()
    assert (probe.state, probe.attempt) == ("done", 1)
    assert probe.answer["server"].startswith("PostgreSQL")
    stores.connection.refresh_from_db()
    assert (stores.connection.state, stores.connection.can_write) == ("connected", True)
