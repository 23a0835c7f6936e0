"""What goals say no to."""

from performance.foundation import refusals


class ObjectiveRefused(refusals.Refused):
    """A text, an agreement or an alignment that cannot be."""


class CheckInRefused(refusals.Refused):
    """A check-in that cannot be taken."""
