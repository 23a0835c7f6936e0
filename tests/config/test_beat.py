"""The clock that sends what is periodic."""

from pathlib import Path

from celery.beat import Service

from performance.config.celery import app


def test_beat_starts_whatever_a_killed_one_left_on_disk(tmp_path: Path) -> None:
    left = tmp_path / "schedule"
    left.write_bytes(b"torn")
    scheduler = Service(
        app, schedule_filename=str(left), scheduler_cls=app.conf.beat_scheduler
    ).get_scheduler()
    scheduler.setup_schedule()
    assert set(app.conf.beat_schedule) <= set(scheduler.schedule)
    assert [path.name for path in tmp_path.iterdir()] == ["schedule"]
    assert left.read_bytes() == b"torn"
