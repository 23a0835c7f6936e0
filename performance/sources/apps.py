from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SourcesConfig(AppConfig):
    name = "performance.sources"
    label = "sources"
    verbose_name = _("Sources")
    log_open: ClassVar[frozenset[str]] = frozenset(
        {
            "sources.change_dataset",
            "sources.close_connection",
            "sources.close_dataset",
            "sources.pause_connection",
            "sources.resume_connection",
        }
    )
