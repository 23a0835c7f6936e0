"""The WSGI entry point of the web process."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "performance.config.settings")

application = get_wsgi_application()
# Imports every view before the first request, rather than during it.
get_resolver().url_patterns  # noqa: B018
