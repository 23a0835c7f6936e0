"""What people call a slice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from performance.foundation import i18n
from performance.foundation.components import formats
from performance.kpis.models import Dimension, DimensionValue
from performance.kpis.semantics import Slice


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
