"""The forecasting library is for workers: no page makes a web process carry it."""

import subprocess
import sys

from django.conf import settings

LOAD_EVERY_PAGE = """
import sys
from performance.config import wsgi
from django.urls import URLPattern, get_resolver

def views(patterns):
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.callback
        else:
            yield from views(pattern.url_patterns)

assert len(list(views(get_resolver().url_patterns))) > 200
from performance.kpis import tasks
heavy = {"statsforecast", "pandas", "scipy", "statsmodels", "pyarrow"} & set(sys.modules)
print(sorted(heavy))
"""


def test_a_web_process_with_every_page_loaded_has_not_imported_it() -> None:
    found = subprocess.run(
        [sys.executable, "-c", LOAD_EVERY_PAGE],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "[]"
