"""The composition root: settings, URLs, Celery, WSGI."""

# Imported here so that `shared_task` finds this application in the web process as well as in the worker.
from performance.config.celery import app as celery_app

__all__ = ["celery_app"]
