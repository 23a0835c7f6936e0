"""What the API takes and gives of check-ins. Amounts are decimal text; progress is percent."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from okr.api.serializers import AMOUNT, decimal_text, percent_of
from okr.models import CheckIn
from performance.people.api.shared import DayField


class CheckInReplyIn(serializers.Serializer):
    text = serializers.CharField(
        max_length=4000, required=False, default="", allow_blank=True, help_text="Empty: read, without words."
    )


class ReadingIn(serializers.Serializer):
    key_result = serializers.UUIDField()
    value = serializers.DecimalField(**AMOUNT)
    done = serializers.BooleanField(required=False, allow_null=True, default=None)
    milestones_done = serializers.ListField(
        child=serializers.UUIDField(), required=False, allow_null=True, default=None
    )
    confidence = serializers.IntegerField(
        min_value=1, max_value=5, required=False, allow_null=True, default=None
    )
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=1000)


class CheckInIn(serializers.Serializer):
    week_starts_on = DayField(help_text="The Monday of the week.")
    wins = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)
    plans = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)
    blockers = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)
    asks = serializers.UUIDField(required=False, allow_null=True, default=None)
    readings = ReadingIn(many=True)
    made_from = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="The entry of this week that you read before, null for none: 409 when another stands by now. Left "
        "out, nothing is compared.",
    )


class WeekIn(serializers.Serializer):
    week_starts_on = DayField(help_text="A day of the week; its Monday counts.")


class CheckInDraftIn(WeekIn):
    typed = serializers.DictField(
        child=serializers.JSONField(),
        help_text="wins, plans, blockers, asks; value-, done-, confidence-, note- and steps- with a key result's id; "
        "made_from: the id of the entry that it rests on, empty for none (409 when another stands by now).",
    )


class CheckInDraftOut(serializers.Serializer):
    week_starts_on = serializers.DateField()
    typed = serializers.JSONField(source="fields")
    saved_at = serializers.DateTimeField()


class AcknowledgedOut(serializers.Serializer):
    acknowledged = serializers.IntegerField()


class KeyResultEntryOut(serializers.Serializer):
    key_result = serializers.UUIDField(source="key_result_id")
    value = serializers.DecimalField(max_digits=28, decimal_places=8, allow_null=True)
    done = serializers.BooleanField(allow_null=True)
    milestones_done = serializers.JSONField(allow_null=True)
    confidence = serializers.IntegerField(allow_null=True)
    note = serializers.CharField()
    progress = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DecimalField(max_digits=12, decimal_places=6, allow_null=True))
    def get_progress(self, row: Any) -> str | None:
        return decimal_text(percent_of(row.progress_micro))


class CheckInReplyOut(serializers.Serializer):
    id = serializers.UUIDField()
    text = serializers.CharField()
    by = serializers.UUIDField(source="by_id")
    at = serializers.DateTimeField()


class CheckInOut(serializers.ModelSerializer):
    person = serializers.UUIDField(source="person_id")
    period = serializers.UUIDField(source="period_id")
    asks = serializers.UUIDField(source="asks_id", allow_null=True)
    corrects = serializers.UUIDField(source="corrects_id", allow_null=True)
    entries = KeyResultEntryOut(many=True)
    replies = CheckInReplyOut(many=True)

    class Meta:
        model = CheckIn
        fields = [
            *("id", "person", "period", "week_starts_on", "number", "corrects", "wins", "plans", "blockers"),
            *("asks", "at", "entries", "replies"),
        ]


class CheckInPageOut(serializers.Serializer):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = CheckInOut(many=True)
