"""How this app says no."""

from performance.foundation import refusals


class SourceRefused(refusals.Refused):
    """A change to a source that cannot be made."""
