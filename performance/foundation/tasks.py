"""Tasks of the installation itself: the sweeps' fan-out, the heartbeat, the broker's upkeep."""

from celery import current_app, shared_task
from django.utils import timezone

from performance.foundation import broker, health, jobs


@shared_task(ignore_result=True)
def sweep(task_name: str) -> int:
    """Sends the named task to every organisation; how lost nudges are picked up."""
    return jobs.send_to_every_organisation(current_app.tasks[task_name])


@shared_task(ignore_result=True)
def heartbeat() -> None:
    """Shows readiness checks that beat, broker and worker do their work."""
    health.beat_heart(at=timezone.now())


@shared_task(ignore_result=True)
def clear_delivered_messages() -> int:
    """Upkeep of the broker over PostgreSQL."""
    return broker.clear_delivered()
