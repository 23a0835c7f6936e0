"""What goals say no to."""

from django.utils.translation import gettext as _

from performance.foundation import refusals

#: Words that the log or the thread keeps for good, in characters.
LONGEST_REASON = 2000
LONGEST_COMMENT = 4000


class ObjectiveRefused(refusals.Refused):
    """A text, an agreement or an alignment that cannot be."""


class CheckInRefused(refusals.Refused):
    """A check-in that cannot be taken."""


def require_length(
    text: str, most: int, field: str, *, refused: type[refusals.Refused] = ObjectiveRefused
) -> None:
    """Refuses what is longer than it is kept: nothing is cut unseen."""
    if len(text) > most:
        raise refused(
            _("This is too long: %(most)s characters are the most.") % {"most": most},
            code="too_long",
            field=field,
        )
