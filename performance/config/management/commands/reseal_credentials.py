"""Bring every saved password of a source under the newest key of the installation."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from performance.foundation import tenancy
from performance.people.models import Organisation
from performance.sources import actions


class Command(BaseCommand):
    help = (
        "Encrypts the credentials of all sources again with the first of FIELD_ENCRYPTION_KEYS. Put a new key "
        "first, restart, run this, then drop the old key."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for organisation in Organisation.objects.order_by("pk"):
            with tenancy.acting_for(organisation):
                count += actions.reseal_credentials(by=None, at=timezone.now())
        self.stdout.write(f"Credentials of {count} sources are under the newest key.")
