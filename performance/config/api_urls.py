"""/api/v1/: each app's endpoints, through the same rules and actions as its pages."""

from django.urls import URLPattern, URLResolver

import feedback.api
import okr.api
import performance.appraisals.api
import performance.config.api
import performance.inbox.api
import performance.kpis.api
import performance.people.api
import performance.scoring.api
import performance.sources.api

urlpatterns: list[URLPattern | URLResolver] = [
    *performance.people.api.urls,
    *performance.inbox.api.urls,
    *okr.api.urls,
    *feedback.api.urls,
    *performance.sources.api.urls,
    *performance.kpis.api.urls,
    *performance.scoring.api.urls,
    *performance.appraisals.api.urls,
    *performance.config.api.urls,
]
