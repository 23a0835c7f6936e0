"""How log lines look, and which are left out."""

import sys
from typing import Any


def configured(*, form: str, level: str) -> dict[str, Any]:
    """Django's LOGGING. `form`: json, one object a line with whom it belongs to; or plain."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "belonging": {"()": "performance.foundation.logs.Belonging"},
            "not_routine": {"()": "performance.foundation.logs.NotRoutine"},
            "masked": {"()": "performance.foundation.logs.Masked"},
        },
        "formatters": {
            "plain": {"format": "{levelname:<7} {name}: {message}", "style": "{"},
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s "
                "%(request_id)s %(organisation_id)s %(task_id)s",
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            },
        },
        "handlers": {
            "stream": {
                "class": "logging.StreamHandler",
                "stream": sys.stderr,
                "filters": ["not_routine", "belonging", "masked"],
                "formatter": form,
            }
        },
        "root": {"handlers": ["stream"], "level": level},
        "loggers": {
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # That a task was sent or received is told once more when it has ended.
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            # Tells each letter of each document, names among them.
            "fontTools": {"level": "WARNING"},
        },
    }
