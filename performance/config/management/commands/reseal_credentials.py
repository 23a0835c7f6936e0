"""Bring every saved password of a source, and every address of a webhook or chat, under the newest key of the
installation."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from performance.foundation import tenancy
from performance.inbox import actions as inbox
from performance.people.models import Organisation
from performance.sources import actions as sources


class Command(BaseCommand):
    help = (
        "Encrypts the credentials of all sources, webhooks and chats again with the first of "
        "FIELD_ENCRYPTION_KEYS. Put a new key first, restart, run this, then drop the old key."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        connections = endpoints = 0
        for organisation in Organisation.objects.order_by("pk"):
            with tenancy.acting_for(organisation):
                connections += sources.reseal_credentials(by=None, at=timezone.now())
                endpoints += inbox.reseal_endpoints(by=None, at=timezone.now())
        self.stdout.write(f"Credentials of {connections} sources are under the newest key.")
        self.stdout.write(f"Addresses of {endpoints} webhooks and chats are under the newest key.")
