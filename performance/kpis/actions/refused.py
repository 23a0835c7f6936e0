"""What the actions on metrics decline."""

from performance.foundation import refusals


class MetricRefused(refusals.Refused):
    """A step in the life of a metric, its values or its targets that is not open."""
