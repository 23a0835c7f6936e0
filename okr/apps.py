from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OkrConfig(AppConfig):
    name = "okr"
    label = "okr"
    verbose_name = _("Goals")
    log_private: ClassVar[dict[str, frozenset[str]]] = {
        # What else is private of actions whose reason is open: the reason, where not everybody sees the goal.
        **{
            f"okr.{deed}": frozenset({"reason"})
            for deed in (
                "accept_edit",
                "propose_change",
                "propose_objective",
                "reject_edit",
                "suggest_edit",
                "withdraw_proposal",
            )
        },
        # One reason for many goals, of which some may be private.
        "okr.apply_import": frozenset(),
        "okr.take_import_back": frozenset(),
        # Of one that not everybody saw, the row is all that is left.
        "okr.remove_objective": frozenset({"title", "owner"}),
        "okr.decline_dependency": frozenset(),
        "okr.excuse_week": frozenset(),
        "okr.take_excuse_back": frozenset({"reason"}),
        # Former rows name the grade; it is read by the sides, the line, HR and auditors alone.
        "okr.grade_objective": frozenset({"percent"}),
        "okr.hand_on_help": frozenset(),
    }
    log_open: ClassVar[frozenset[str]] = frozenset(
        {
            "okr.accept_edit",
            "okr.propose_change",
            "okr.propose_objective",
            "okr.reject_edit",
            "okr.set_policy",
            "okr.suggest_edit",
            "okr.withdraw_proposal",
        }
    )
