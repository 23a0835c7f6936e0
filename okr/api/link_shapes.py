"""What the API takes and gives about links, and about the parts of which a progress is made."""

import uuid
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from okr.models.alignment import AlignmentKind


class AlignmentIn(serializers.Serializer):
    # The name of a field of the link; that a serializer has a parent of its own does not matter to declared ones.
    parent = serializers.UUIDField(help_text="The objective that is served.")  # type: ignore[assignment]
    kind = serializers.ChoiceField(choices=AlignmentKind.choices, default=AlignmentKind.CONTRIBUTES)
    share = serializers.DecimalField(
        max_digits=7,
        decimal_places=4,
        min_value=0,
        max_value=100,
        required=False,
        default=Decimal(0),
        help_text="Percent of the parent, for a contribution.",
    )


class AlignmentOut(serializers.Serializer):
    id = serializers.UUIDField()
    child = serializers.SerializerMethodField(
        help_text="Null: a contribution of an objective that you may not see."
    )
    parent = serializers.UUIDField(source="parent_id")  # type: ignore[assignment]
    kind = serializers.CharField()
    share = serializers.SerializerMethodField()
    by = serializers.UUIDField(source="by_id")
    at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(
        allow_null=True, help_text="Null: an offer that does not count yet."
    )

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_child(self, row: Any) -> str | None:
        # One that was read for somebody says whether they may see it; one that they made themselves they may.
        return str(row.child_id) if getattr(row, "is_seen", True) else None

    @extend_schema_field(serializers.DecimalField(max_digits=7, decimal_places=4))
    def get_share(self, row: Any) -> str:
        return str(Decimal(row.share_ppm) / 10_000)


class FigurePartOut(serializers.Serializer[None]):
    """Progress × share = what the part adds, each in percent."""

    is_own = serializers.BooleanField(help_text="The own key results together.")
    objective = serializers.SerializerMethodField(
        help_text="Null of key results, and of what you may not see."
    )
    progress = serializers.DecimalField(None, None, source="progress_percent", allow_null=True)
    share_ppm = serializers.IntegerField()
    adds = serializers.DecimalField(None, None, source="adds_percent")

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_objective(self, part: Any) -> uuid.UUID | None:
        return part.objectives[0].pk if part.objectives and part.is_seen else None


class AlignmentsOut(serializers.Serializer):
    serves = AlignmentOut(many=True)
    served_by = AlignmentOut(many=True)
    parts = FigurePartOut(
        many=True,
        help_text="How the progress is made, where more than its own key results makes it; empty too where what it is "
        "made of has moved since the figure was locked.",
    )
