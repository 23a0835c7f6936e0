"""gunicorn's settings; the command line names the address.

Threads inside a few processes: requests wait for PostgreSQL more than they compute, and each thread keeps one
connection. `WEB_CONCURRENCY` processes × `WEB_THREADS` threads must stay below PostgreSQL's max_connections.
"""

import datetime
import gc
import os
import tempfile
from typing import Any
from urllib.parse import quote

from gunicorn import glogging


class Access(glogging.Logger):
    """One line for each answer. The path stays quoted as it travelled, so that no request writes lines of its own,
    but for the secret of a link; where lines are JSON, its parts are fields of the object."""

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: datetime.timedelta) -> None:
        if not self.cfg.accesslog:
            return
        # Imported late: the configuration is read before the application's folder is on the path.
        from performance.foundation import logs

        headers = {str(name).lower(): str(value) for name, value in resp.headers}
        told = {
            "method": environ["REQUEST_METHOD"],
            "path": logs.masked(quote(environ.get("PATH_INFO", ""), encoding="latin-1")),
            "status": int(str(resp.status).partition(" ")[0]),
            "milliseconds": int(request_time.total_seconds() * 1000),
            "request_id": headers.get("x-request-id", ""),
        }
        line = "%(method)s %(path)s %(status)s %(milliseconds)sms request=%(request_id)s"
        self.access_log.info(line, told, extra=told)


logger_class = Access

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


def post_worker_init(worker: Any) -> None:
    """What is loaded by now stays, and garbage collection never walks it again: with half a million such objects, one
    full collection stops a page for a fifth of a second."""
    gc.collect()
    gc.freeze()


# The same choice as settings.LOG_FORMAT, made before Django is there.
_production = bool(os.environ.get("DATABASE_URL")) and os.environ.get("DEBUG", "0") in {"", "0", "false"}
if os.environ.get("ACCORD_LOG_FORMAT", "json" if _production else "plain") == "json":
    logconfig_dict = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            },
        },
        "handlers": {
            "lines": {"class": "logging.StreamHandler", "formatter": "json"},
        },
        "root": {"level": "INFO", "handlers": ["lines"]},
        "loggers": {
            "gunicorn.error": {"level": "INFO", "handlers": ["lines"], "propagate": False},
            "gunicorn.access": {"level": "INFO", "handlers": ["lines"], "propagate": False},
        },
    }
