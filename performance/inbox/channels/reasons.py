"""Why a message was not taken, in words for people: one sentence a code, and what the other side said behind it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.foundation import egress, outgoing

REASONS: dict[str, Any] = {
    **egress.REASONS,
    **outgoing.REASONS,
    "gone": _("Nobody is there any more."),
    "status": _("The host answered that it failed."),
    "redirected": _("The host sent us to another address. Enter that one instead; we follow no redirects."),
    "too_fast": _("The chat takes no more messages for now."),
    "said_no": _("The chat did not take the message."),
    "unreadable_secret": _("What was saved cannot be read any more. Add it again."),
    "days_failing": _("Nothing was taken for days."),
    "dropped_done": _("Not sent: it was done by then."),
    "dropped_off": _("Not sent: this was paused, switched off or removed by then."),
    "dropped_left": _("Not sent: the last day is over."),
}


def kept(code: str, detail: str = "") -> str:
    """How a reason is kept, so that it can be said again in the language of whoever reads it."""
    return f"{code}: {detail}"[:300] if detail else code


def text(reason: str) -> str:
    """The sentence, empty for none. What an earlier version kept is shown as it is."""
    code, _colon, detail = reason.partition(": ")
    if code not in REASONS:
        return reason
    return f"{REASONS[code]} ({detail})" if detail else str(REASONS[code])
