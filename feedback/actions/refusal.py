"""What feedback refuses that concerns more than one of its parts."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.foundation import refusals


class MeetingRefused(refusals.Refused):
    """A 1:1 cannot be set up, changed or held so."""


def require_words(text: str, most: int, field: str, kind: type[refusals.Refused] = MeetingRefused) -> str:
    """The text on one line, neither empty nor longer than its column."""
    said = " ".join(text.split())
    if not said:
        raise kind(_("Write a few words."), field=field)
    return require_length(said, most, field, kind)


def require_length(text: str, most: Any, field: str, kind: type[refusals.Refused] = MeetingRefused) -> str:
    if len(text) > most:
        raise kind(
            _("This is too long: %(most)s characters are the most.") % {"most": most},
            code="too_long",
            field=field,
        )
    return text
