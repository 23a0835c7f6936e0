"""gunicorn's settings; the command line names the address.

Threads inside a few processes: requests wait for PostgreSQL more than they compute, and each thread keeps one
connection. `WEB_CONCURRENCY` processes × `WEB_THREADS` threads must stay below PostgreSQL's max_connections.
"""

import os
import tempfile

workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
timeout = 60
graceful_timeout = 20
keepalive = 5
# Workers are renewed now and then, not all at once, so that a slow leak never grows large.
max_requests = 5000
max_requests_jitter = 500
# The heartbeat file of each worker; a disk that stalls must not look like a worker that does.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()  # noqa: S108
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
accesslog = "-" if os.environ.get("ACCORD_ACCESS_LOG", "1") == "1" else None
errorlog = "-"
loglevel = "info"
# Signals are enough to operate it; a control socket would be one more thing to guard.
control_socket_disable = True

# The same choice as settings.LOG_FORMAT, made before Django is there.
_production = bool(os.environ.get("DATABASE_URL")) and os.environ.get("DEBUG", "0") in {"", "0", "false"}
if os.environ.get("ACCORD_LOG_FORMAT", "json" if _production else "plain") == "json":
    # gunicorn escapes quotes inside the values; each access line is an object by itself.
    access_log_format = (
        '{"time": "%(t)s", "level": "INFO", "logger": "access", "method": "%(m)s", "path": "%(U)s", '
        '"status": %(s)s, "milliseconds": %(M)s, "request_id": "%({x-request-id}o)s"}'
    )
    logconfig_dict = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            },
            "as-it-is": {"format": "%(message)s"},
        },
        "handlers": {
            "error": {"class": "logging.StreamHandler", "formatter": "json"},
            "access": {"class": "logging.StreamHandler", "formatter": "as-it-is"},
        },
        "root": {"level": "INFO", "handlers": ["error"]},
        "loggers": {
            "gunicorn.error": {"level": "INFO", "handlers": ["error"], "propagate": False},
            "gunicorn.access": {"level": "INFO", "handlers": ["access"], "propagate": False},
        },
    }
else:
    access_log_format = "%(m)s %(U)s %(s)s %(M)sms request=%({x-request-id}o)s"
