"""What chats and webhooks look like outside: never their address, nor a secret that was shown before."""

from typing import Any

from rest_framework import serializers

from performance.inbox import channels, queries
from performance.inbox.channels import reasons
from performance.inbox.models import AREAS_OF_WEBHOOKS, Channel, Delivery, Endpoint

STATE = ["id", "name", "host", "is_paused", "failing_since", "off_at", "off_reason", "created_at"]


class EndpointOut(serializers.ModelSerializer[Endpoint]):
    off_reason = serializers.SerializerMethodField(help_text="Empty unless it was switched off.")

    def get_off_reason(self, endpoint: Endpoint) -> str:
        return reasons.text(endpoint.off_reason) if endpoint.off_reason else ""


class ChatOut(EndpointOut):
    class Meta:
        model = Endpoint
        fields = ["channel", *STATE, "tells_title"]


class ChatIn(serializers.Serializer[None]):
    channel = serializers.ChoiceField(choices=[(kind, Channel(kind).label) for kind in channels.CHATS])
    name = serializers.CharField(max_length=80)
    address = serializers.CharField(max_length=1000, help_text="Kept sealed, never given back.")
    secret = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    tells_title = serializers.BooleanField(
        default=False, help_text="Whoever is in the chat reads the titles, also of what you alone may see."
    )


class ChatChangeIn(serializers.Serializer[None]):
    tells_title = serializers.BooleanField(required=False)
    is_paused = serializers.BooleanField(required=False, help_text="False also after it was switched off.")


class WebhookOut(EndpointOut):
    class Meta:
        model = Endpoint
        fields = [*STATE, "areas", "old_secret_until"]


class WebhookIn(serializers.Serializer[None]):
    name = serializers.CharField(max_length=80)
    address = serializers.CharField(max_length=1000, help_text="Kept sealed, never given back.")
    areas = serializers.MultipleChoiceField(choices=[(area.value, area.label) for area in AREAS_OF_WEBHOOKS])


class WebhookChangeIn(serializers.Serializer[None]):
    is_paused = serializers.BooleanField(help_text="False also after it was switched off.")


class WebhookMade(WebhookOut):
    secret = serializers.CharField(help_text="Shown in this answer only.")

    class Meta(WebhookOut.Meta):
        fields = [*WebhookOut.Meta.fields, "secret"]


class WebhookSecret(serializers.Serializer[None]):
    secret = serializers.CharField(help_text="Shown in this answer only.")
    old_secret_until = serializers.DateTimeField(help_text="Until then everything is signed with both.")


class ToldOut(serializers.Serializer[queries.Told]):
    """A message and what became of it."""

    id = serializers.UUIDField(source="delivery.pk")
    occasion = serializers.CharField(source="delivery.occasion")
    kind = serializers.SerializerMethodField(help_text="Of the work item; null for a test.")
    state = serializers.ChoiceField(source="fate", choices=[fate.value for fate in queries.Fate])
    reason = serializers.CharField()
    status = serializers.IntegerField(source="delivery.answered", allow_null=True)
    attempts = serializers.IntegerField(source="delivery.attempts")
    queued_at = serializers.DateTimeField(source="delivery.queued_at")
    sent_at = serializers.DateTimeField(source="delivery.sent_at", allow_null=True)

    def get_kind(self, told: queries.Told) -> str | None:
        return told.delivery.item.kind if told.delivery.item is not None else None


def told_out(delivery: Delivery, at: Any) -> Any:
    return ToldOut(queries.told(delivery, at)).data
