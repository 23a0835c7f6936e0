from typing import ClassVar

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class ScoringConfig(AppConfig):
    name = "performance.scoring"
    label = "scoring"
    verbose_name = _("Scoring")
    log_closed: ClassVar[str] = "performance.scoring.queries.stages.closed_changes"
    log_open: ClassVar[frozenset[str]] = frozenset(
        {
            "scoring.adopt_restatement",
            "scoring.close_check",
            "scoring.lock_policy",
            "scoring.propose_policy",
            "scoring.reject_restatement",
            "scoring.return_policy",
        }
    )

    def ready(self) -> None:
        from performance.scoring.evidence import check_sources
        from performance.scoring.queries import check_objectives, check_origins

        checks.register(check_sources)
        checks.register(check_objectives)
        checks.register(check_origins)
