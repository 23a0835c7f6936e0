"""`manage.py setup_link`: prints the one-time link of a new installation."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse
from django.utils import timezone

from performance.people import actions


class Command(BaseCommand):
    help = "Print the link that founds the first organisation. It works once, until somebody administers one."

    def handle(self, *args: Any, **options: Any) -> None:
        secret = actions.offer_setup_link(at=timezone.now())
        if secret is None:
            self.stdout.write("An administrator exists already. Ask them for an invitation.")
            return
        self.stdout.write("Open this link once to set up the first organisation:")
        self.stdout.write(settings.ACCORD_URL + reverse("people:setup", args=[secret]))
