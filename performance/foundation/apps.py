from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate


def raise_walls(sender: Any, using: str, **kwargs: Any) -> None:
    from performance.foundation import walls

    walls.install(using)


class FoundationConfig(AppConfig):
    """Tenancy, access, jobs, audit: whom we act for, who may enter, what happened."""

    name = "performance.foundation"
    label = "foundation"

    def ready(self) -> None:
        from performance.foundation.citing import check_sources

        checks.register(check_sources)
        # Sent once for each app, after all of them were migrated; heard for this one alone.
        post_migrate.connect(raise_walls, sender=self, dispatch_uid="raise_walls")
