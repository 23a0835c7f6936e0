from collections.abc import Callable
from typing import ClassVar

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _


def _kind(key: str) -> str:
    """What a kind of work is called in the log; its key for one that an earlier version knew."""
    from performance.inbox.kinds import kind_of

    found = kind_of(key)
    return now(found.words) if found else key


class InboxConfig(AppConfig):
    name = "performance.inbox"
    label = "inbox"
    verbose_name = _("Inbox")
    log_words: ClassVar[dict[tuple[str, str], Callable[[str], str]]] = {
        ("inbox.hand_work", "kind"): _kind,
        ("inbox.take_work_back", "kind"): _kind,
    }

    def ready(self) -> None:
        from performance.inbox.kinds import check_kinds

        checks.register(check_kinds)
