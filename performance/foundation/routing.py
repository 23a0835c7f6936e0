"""Which database connection changes the schema."""

from __future__ import annotations

from typing import Any

from django.conf import settings


class OwnerMigrates:
    """Migrations run on the `owner` connection; the application's role owns nothing.

    Reads and writes always take `default`. An installation without an owner connection (a developer who
    connects as one role) migrates on `default`.
    """

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == ("owner" if "owner" in settings.DATABASES else "default")
