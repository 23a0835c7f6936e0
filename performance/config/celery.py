"""The Celery application: which tasks there are and when the periodic ones run."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "performance.config.settings")

app = Celery("accord")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Sweeps pick up what a lost nudge left behind; each names one task that is sent once per organisation.
app.conf.beat_schedule = {}
