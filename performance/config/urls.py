"""Where each app's pages live. An app that is absent here is not reachable."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from performance.config import shell
from performance.foundation import access, health
from performance.people.views import accounts

handler404 = "performance.foundation.api.not_found"
handler500 = "performance.foundation.api.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("okr.urls")),
    path("feedback/", include("feedback.urls")),
    path("metrics/", include("performance.kpis.urls")),
    path("sources/", include("performance.sources.urls")),
    path("performance/", include("performance.scoring.urls")),
    path("appraisals/", include("performance.appraisals.urls")),
    path("inbox/", include("performance.inbox.urls")),
    path("", include("performance.people.urls")),
    path("search/", shell.search, name="search"),
    path("language/", accounts.set_language, name="set_language"),
    path("accounts/", include("allauth.urls")),
    path("health/live", access.public(health.live), name="live"),
    path("health/ready", access.public(health.ready), name="ready"),
    path("api/v1/", include("performance.config.api_urls")),
    path("api/schema/", access.signed_in(SpectacularAPIView.as_view()), name="api_schema"),
    path(
        "api/docs/", access.signed_in(SpectacularSwaggerView.as_view(url_name="api_schema")), name="api_docs"
    ),
]

if settings.DEBUG:
    from performance.foundation import views

    urlpatterns.append(path("dev/components/", views.component_gallery, name="component_gallery"))
