"""The Celery application: which tasks there are and when the periodic ones run."""

from __future__ import annotations

import gc
import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_init, worker_process_init, worker_ready
from django.urls import get_resolver

from performance.foundation import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "performance.config.settings")

app = Celery("accord")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Nothing runs less often than every quarter of an hour but a clean-up, so that a schedule on disk would save nothing; one
# that a kill has torn keeps beat from ever starting again.
app.conf.beat_scheduler = "celery.beat:Scheduler"

# Sweeps pick up what a lost nudge left behind; each names one task that is sent once per organisation.
app.conf.beat_schedule = {
    # A heartbeat that waited too long says nothing about now.
    "heartbeat": {
        "task": "performance.foundation.tasks.heartbeat",
        "schedule": 30,
        "options": {"expires": 60},
    },
    "clear-delivered-messages": {
        "task": "performance.foundation.tasks.clear_delivered_messages",
        "schedule": crontab(minute="17"),
        "options": {"expires": 3600},
    },
    "deliver-waiting-messages": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["performance.inbox.tasks.deliver_waiting"],
        "schedule": 60,
        "options": {"expires": 60},
    },
    "call-endpoints": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["performance.inbox.tasks.call_endpoints"],
        "schedule": 60,
        "options": {"expires": 60},
    },
    "write-daily-letters": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["performance.inbox.tasks.write_daily_letters"],
        "schedule": 600,
        "options": {"expires": 600},
    },
    "escalate-overdue-work": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["performance.inbox.tasks.escalate_overdue"],
        "schedule": 300,
        "options": {"expires": 300},
    },
    "send-waiting-invitations": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["performance.people.tasks.send_waiting_invitations"],
        "schedule": 120,
        "options": {"expires": 120},
    },
    # Last days that are over: roles, access and what waited end with them.
    "end-what-ended": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["performance.people.tasks.end_what_ended"],
        "schedule": 300,
        "options": {"expires": 300},
    },
    "sweep-sources": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["performance.sources.tasks.sweep_sources"],
        "schedule": 30,
        "options": {"expires": 30},
    },
    # Stale people, runs whose worker died, announcements, weights whose first day has come: whatever a nudge did not
    # reach.
    "sweep-scores": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["performance.scoring.tasks.catch_up"],
        "schedule": 15,
        "options": {"expires": 15},
    },
    # Asks once a night, in the organisation's own time.
    "check-scores-by-night": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["performance.scoring.tasks.check_by_night"],
        "schedule": 900,
        "options": {"expires": 900},
    },
    "refresh-bound-key-results": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["okr.tasks.refresh_bound_key_results"],
        "schedule": 120,
        "options": {"expires": 120},
    },
    "follow-lines": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["okr.tasks.follow_lines"],
        "schedule": 600,
        "options": {"expires": 600},
    },
    "activate-agreed-objectives": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["okr.tasks.activate_agreed_objectives"],
        "schedule": 300,
        "options": {"expires": 300},
    },
    "close-periods-of-goals": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["okr.tasks.close_periods"],
        "schedule": 60,
        "options": {"expires": 60},
    },
    "keep-rhythm-of-check-ins": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["okr.tasks.keep_rhythm"],
        "schedule": 300,
        "options": {"expires": 300},
    },
    "write-week-letters": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["okr.tasks.write_week_letters"],
        "schedule": 600,
        "options": {"expires": 600},
    },
    "refresh-stale-metric-values": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["performance.kpis.tasks.refresh_stale_values"],
        "schedule": 60,
        "options": {"expires": 60},
    },
    "mail-saved-views": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["performance.kpis.tasks.mail_saved_views"],
        "schedule": 600,
        "options": {"expires": 600},
    },
    "refresh-forecasts": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["performance.kpis.tasks.refresh_forecasts"],
        "schedule": 300,
        "options": {"expires": 300},
    },
    "watch-metric-values": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["performance.kpis.tasks.watch_values"],
        "schedule": 60,
        "options": {"expires": 60},
    },
    # Months settle, paths rise and data grow old without anybody writing.
    "watch-metric-clock": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["performance.kpis.tasks.watch_clock"],
        "schedule": 900,
        "options": {"expires": 900},
    },
    # Exports that a killed worker left, results to announce, files past their time.
    "catch-up-appraisals": {
        "task": "performance.foundation.tasks.sweep",
        "args": ["performance.appraisals.tasks.catch_up"],
        "schedule": 30,
        "options": {"expires": 30},
    },
}


@worker_process_init.connect
def leave_inherited_connections(**kwargs: Any) -> None:
    """Each child of the worker talks to the broker on connections of its own."""
    broker.leave_inherited_connections()


@worker_init.connect
def load_addresses(**kwargs: Any) -> None:
    """The pages' addresses, and with them nearly all of the code, before the first task rather than in it. Children of the
    worker inherit what is loaded here."""
    get_resolver().url_patterns  # noqa: B018 - what is read is loaded


@worker_process_init.connect
def leave_what_is_loaded(**kwargs: Any) -> None:
    """As in the web processes: a full garbage collection need not walk what stays for good."""
    gc.collect()
    gc.freeze()


@worker_ready.connect
def beat_heart_at_once(**kwargs: Any) -> None:
    """A worker that just started need not wait for the first heartbeat to count as one."""
    app.send_task("performance.foundation.tasks.heartbeat")
