"""What the actions on metrics decline."""

from django.utils.translation import gettext_lazy as _

from performance.foundation import access, refusals
from performance.sources import queries as sources
from performance.sources.models import Dataset


class MetricRefused(refusals.Refused):
    """A step in the life of a metric, its values or its targets that is not open."""


def refuse_narrowed(by: access.Actor, dataset: Dataset) -> None:
    """Raises MetricRefused("narrowed"): what is taken from rows is open to whoever sees what it becomes."""
    if sources.row_sight(by).of(dataset) is not None:
        message = _("You see only some of its rows. Whoever takes columns of it has to see all of them.")
        raise MetricRefused(message, code="narrowed", field="dataset")
