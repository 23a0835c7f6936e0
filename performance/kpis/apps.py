from typing import ClassVar

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class KpisConfig(AppConfig):
    name = "performance.kpis"
    label = "kpis"
    verbose_name = _("Metrics")
    log_closed: ClassVar[str] = "performance.kpis.queries.log.closed_changes"
    log_open: ClassVar[frozenset[str]] = frozenset(
        {
            "kpis.apply_rates",
            "kpis.decline_scenario",
            "kpis.decline_version",
            "kpis.explain_tie_out",
            "kpis.rates_after_closing",
            "kpis.retire_alert_rule",
            "kpis.retire_metric",
            "kpis.revise_metric",
            "kpis.set_targets",
            "kpis.sign_version",
            "kpis.withdraw_scenario",
        }
    )

    def ready(self) -> None:
        from performance.kpis.queries.uses import check_uses

        checks.register(check_uses)
