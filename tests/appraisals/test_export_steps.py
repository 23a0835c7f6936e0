"""Exactly one file comes of each request, whatever happens to the worker; and none of one that was stopped."""

import datetime
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from performance.appraisals import actions, tasks
from performance.appraisals.actions import exports as export_actions
from performance.appraisals.models import Cycle, Export
from performance.foundation import access, tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from tests.appraisals.conftest import add_people
from tests.appraisals.reading import path, sheet_rows
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
Actor = Callable[[people.Person], access.Actor]


def test_a_task_delivered_twice_makes_one_file(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], exports_folder: Path
) -> None:
    with tenancy.acting_for(cast.organisation):
        export = ask(cycle)
        tasks.write_export.run(str(export.pk))
        written = path(export).stat().st_mtime_ns
        tasks.write_export.run(str(export.pk))
        assert path(export).stat().st_mtime_ns == written
        assert [item.name for item in exports_folder.rglob("*") if item.is_file()] == [export.file]
        assert AuditRow.objects.filter(action="appraisals.finish_export").count() == 1


def test_a_stopped_export_leaves_nothing(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], actor: Actor, exports_folder: Path
) -> None:
    with tenancy.acting_for(cast.organisation):
        export = ask(cycle)

        def stopping() -> datetime.datetime:
            row = Export.objects.get(pk=export.pk)
            if row.state == "running":
                actions.stop_export(export=row, by=actor(cast.hr), at=timezone.now())
            return timezone.now()

        assert actions.run_export(export_id=export.pk, now=stopping) is False
        export.refresh_from_db()
        assert (export.state, export.file) == ("stopped", "")
        assert not [item for item in exports_folder.rglob("*") if item.is_file()]
        tasks.catch_up.run()
        export.refresh_from_db()
        assert export.state == "stopped"
        with pytest.raises(actions.ExportRefused):
            actions.download_export(export=export, by=actor(cast.hr), at=timezone.now())


def test_a_slow_worker_does_not_overwrite_the_one_that_took_over(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenancy.acting_for(cast.organisation):
        monkeypatch.setattr(export_actions, "CHUNK", 4)
        export = ask(cycle)
        outcomes: list[bool] = []

        def slow() -> datetime.datetime:
            if Export.objects.get(pk=export.pk).done and not outcomes:
                later = timezone.now() + datetime.timedelta(minutes=3)
                outcomes.append(actions.run_export(export_id=export.pk, now=lambda: later))
            return timezone.now()

        assert actions.run_export(export_id=export.pk, now=slow) is False
        assert outcomes == [True]
        assert len(sheet_rows(export)) == len(cast.members()) + 1
        assert AuditRow.objects.filter(action="appraisals.finish_export").count() == 1


def test_an_export_that_breaks_says_why(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], exports_folder: Path
) -> None:
    with tenancy.acting_for(cast.organisation):
        export = ask(cycle)
        exports_folder.parent.joinpath("exports").write_text("a file where the folder should be")
        with pytest.raises(OSError, match="exports"):
            actions.run_export(export_id=export.pk)
        export.refresh_from_db()
        assert export.state == "failed"
        assert "NotADirectoryError" in export.error or "FileExistsError" in export.error


def test_files_are_removed_after_their_time_and_the_record_stays(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        export = ask(cycle)
        tasks.write_export.run(str(export.pk))
        file = path(export)
        assert export.expires_at is not None
        assert actions.clear_expired_exports(at=export.expires_at) == 1
        assert not file.exists()
        export.refresh_from_db()
        assert (export.state, export.is_downloadable, len(export.sha256)) == ("done", False, 64)


def test_three_exports_at_once_are_enough(cast: Cast, cycle: Cycle, ask: Callable[..., Export]) -> None:
    with tenancy.acting_for(cast.organisation):
        for _number in range(3):
            ask(cycle)
        with pytest.raises(actions.ExportRefused, match="under way"):
            ask(cycle)


@pytest.mark.parametrize("columns", [[], ["number", "number"], ["password"]])
def test_unknown_or_repeated_columns_are_refused(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], columns: list[str]
) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(actions.ExportRefused):
        ask(cycle, columns=columns)


WORKER = """
import sys, time, uuid
import django
django.setup()
from django.conf import settings
settings.MEDIA_ROOT = sys.argv[3]
from performance.appraisals.actions import exports
from performance.appraisals import actions
from performance.appraisals.models import Export
from performance.foundation import tenancy
from django.utils import timezone
exports.CHUNK = 5
calls = 0
def now():
    global calls
    calls += 1
    if calls == 4:
        print("in the middle", flush=True)
        time.sleep(60)
    return timezone.now()
with tenancy.remembering(uuid.UUID(sys.argv[1])):
    actions.run_export(export_id=uuid.UUID(sys.argv[2]), now=now)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("format", ["xlsx", "csv"])
def test_a_worker_killed_in_the_middle_is_followed_by_the_sweep_with_the_same_file(
    cast: Cast, cycle: Cycle, ask: Callable[..., Export], exports_folder: Path, format: str
) -> None:
    at = timezone.now()
    with tenancy.acting_for(cast.organisation):
        add_people(cycle, 30)
        export, undisturbed = ask(cycle, format=format, at=at), ask(cycle, format=format, at=at)
    _kill_a_worker_in_the_middle(cast, export, exports_folder.parent)
    with tenancy.acting_for(cast.organisation):
        export.refresh_from_db()
        assert (export.state, export.file) == ("running", "")
        assert 0 < export.done < export.total
        Export.objects.filter(pk=export.pk).update(held_until=timezone.now())
    with tenancy.remembering(cast.organisation.pk):
        tasks.catch_up.run()
    with tenancy.acting_for(cast.organisation):
        export.refresh_from_db()
        undisturbed.refresh_from_db()
        assert (export.state, export.done, undisturbed.state) == ("done", export.total, "done")
        assert path(export).read_bytes() == path(undisturbed).read_bytes()
        assert export.sha256 == undisturbed.sha256
    left = [item for item in exports_folder.rglob("*") if item.is_file()]
    assert len(left) == 2


def _kill_a_worker_in_the_middle(cast: Cast, export: Export, folder: Path) -> None:
    database = django_settings.DATABASES["default"]
    address = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(cast.organisation.pk), str(export.pk), str(folder)],
        env=os.environ | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=django_settings.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
    )
    with worker:
        assert worker.stdout is not None
        assert worker.stdout.readline().strip() == "in the middle"
        worker.send_signal(signal.SIGKILL)
    assert worker.returncode == -signal.SIGKILL
