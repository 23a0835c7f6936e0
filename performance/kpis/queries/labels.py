"""What people call a slice."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from performance.foundation import i18n
from performance.foundation.components import formats
from performance.kpis.models import Dimension, DimensionValue, Grain, MetricValue
from performance.kpis.semantics import Slice

#: So many values of dimensions can be chosen from; a business with more narrows them by metric first.
MOST_PARTS, MOST_METRICS = 400, 40


@dataclass(frozen=True)
class Labels:
    """Names of dimensions and of their values, in the reader's language."""

    dimensions: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def dimension(self, key: str) -> str:
        return self.dimensions.get(key, key)

    def value(self, key: str, value: str) -> str:
        return self.names.get((key, value)) or value or str(_("Not stated"))

    def of(self, given: Slice) -> str:
        """ "Binjiang", "Hangzhou, Binjiang", or "All"."""
        names = [self.value(key, value) for key, value in sorted(given.items())]
        return formats.mark(",").join(names) or str(_("All"))


def labels_for(slices: Iterable[Slice]) -> Labels:
    """The names that these slices need. Two queries, however many slices."""
    pairs = {(key, str(value)) for given in slices for key, value in given.items()}
    dimensions = {dimension.key: i18n.local(dimension, "name") for dimension in Dimension.objects.all()}
    if not pairs:
        return Labels(dimensions)
    found = DimensionValue.objects.filter(
        dimension__key__in={key for key, _value in pairs}, key__in={value for _key, value in pairs}
    ).select_related("dimension")
    return Labels(dimensions, {(value.dimension.key, value.key): str(value) for value in found})


@dataclass(frozen=True)
class Part:
    """One value of one dimension that metrics are measured for, and by which metrics (keys)."""

    dimension: str
    value: str
    label: str
    dimension_label: str
    metrics: frozenset[str]


def parts(limit: int = MOST_PARTS) -> list[Part]:
    """The parts of the business that certified metrics have values for, by dimension and name. Three queries."""
    standing = MetricValue.objects.filter(superseded_at=None, grain=Grain.MONTH).exclude(dimensions="")
    standing = standing.exclude(dimensions__contains=",").order_by()
    measured: dict[tuple[str, str], set[str]] = defaultdict(set)
    for metric_key, given in standing.values_list("metric__key", "slice").distinct()[: limit * MOST_METRICS]:
        for pair in given.items():
            measured[pair].add(metric_key)
    labels = labels_for([{key: value} for key, value in measured])
    found = [
        Part(key, value, labels.value(key, value), labels.dimension(key), frozenset(metrics))
        for (key, value), metrics in measured.items()
    ]
    return sorted(found, key=lambda part: (part.dimension_label, part.label))[:limit]


def slice_label(given: Slice) -> str:
    return labels_for([given]).of(given)
