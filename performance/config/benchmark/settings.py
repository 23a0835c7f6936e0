"""Settings of a server under measurement: the installation's own, counted, and kept apart by a prefix.

Only the benchmark names this module; a server with the ordinary settings knows nothing of counting.
"""

from performance.config import environment
from performance.config.settings import *  # noqa: F403
from performance.config.settings import CACHES as _CACHES
from performance.config.settings import CELERY_BROKER_TRANSPORT_OPTIONS as _TRANSPORT
from performance.config.settings import MIDDLEWARE as _MIDDLEWARE
from performance.config.settings import REDIS_URL as _REDIS_URL

_PREFIX = environment.required("ACCORD_BENCHMARK", "the name of the throwaway database.")

MIDDLEWARE = ["performance.config.benchmark.counting.QueryCount", *_MIDDLEWARE]
CACHES = {"default": {**_CACHES["default"], "KEY_PREFIX": _PREFIX}}
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {**_TRANSPORT, "global_keyprefix": f"{_PREFIX}:"} if _REDIS_URL else _TRANSPORT
)
