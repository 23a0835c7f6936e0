"""What is sent to the API: a body names only what its endpoint reads, so that a slip of the pen is not taken for nothing."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

#: So many unknown names are told at most.
MOST_NAMED = 20


class Body(serializers.Serializer[Any]):
    """A body, or a part of one, that refuses names it does not know, each beside itself."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = (
            sorted(str(name) for name in data if name not in self.fields) if isinstance(data, Mapping) else []
        )
        if unknown:
            raise serializers.ValidationError(
                {name: [_("There is no such field.")] for name in unknown[:MOST_NAMED]}, code="unknown_field"
            )
        return super().to_internal_value(data)
