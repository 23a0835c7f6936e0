from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AppraisalsConfig(AppConfig):
    name = "performance.appraisals"
    label = "appraisals"
    verbose_name = _("Appraisals")
    log_private: ClassVar[dict[str, frozenset[str]]] = {
        "appraisals.add_exception": frozenset(),
        "appraisals.decide_appeal": frozenset({"rating_after", "state"}),
        "appraisals.file_appeal": frozenset({"rating_before"}),
        "appraisals.leave_out": frozenset(),
        "appraisals.take_back_in": frozenset(),
        "appraisals.decline_review": frozenset(),
        "appraisals.delegate_review": frozenset(),
        "appraisals.excuse_review": frozenset(),
        "appraisals.reopen_review": frozenset(),
        "appraisals.turn_peer_down": frozenset(),
    }
    log_closed: ClassVar[str] = "performance.appraisals.queries.log.closed_changes"
    log_open: ClassVar[frozenset[str]] = frozenset({"appraisals.publish_template"})
