"""The sweep's fan-out: one message for each organisation."""

from celery import current_app, shared_task

from performance.foundation import jobs


@shared_task(ignore_result=True)
def sweep(task_name: str) -> int:
    """Sends the named task to every organisation; how lost nudges are picked up."""
    return jobs.send_to_every_organisation(current_app.tasks[task_name])
