from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OkrConfig(AppConfig):
    name = "okr"
    label = "okr"
    verbose_name = _("Goals")
    log_private: ClassVar[dict[str, frozenset[str]]] = {
        "okr.decline_dependency": frozenset(),
        "okr.excuse_week": frozenset(),
        "okr.hand_on_help": frozenset(),
    }
    log_open: ClassVar[frozenset[str]] = frozenset(
        {
            "okr.accept_edit",
            "okr.apply_import",
            "okr.propose_change",
            "okr.propose_objective",
            "okr.reject_edit",
            "okr.set_policy",
            "okr.suggest_edit",
            "okr.withdraw_proposal",
        }
    )
