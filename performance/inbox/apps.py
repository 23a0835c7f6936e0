from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class InboxConfig(AppConfig):
    name = "performance.inbox"
    label = "inbox"
    verbose_name = _("Inbox")

    def ready(self) -> None:
        from performance.inbox.kinds import check_kinds

        checks.register(check_kinds)
