"""Prints who can sign in to the demo, and what each is there to see."""

from typing import Any

from django.core.management.base import BaseCommand

from performance.config.demo import company

SHOWN = [
    ("LM-0003", "employee: checks in, sets goals"),
    ("LM-0002", "manager: answers, agrees, gives feedback"),
    ("LM-0004", "HR: people, periods, policies, exports"),
    ("LM-0005", "KPI owner, business: signs metrics and weights"),
    ("LM-0006", "KPI owner, finance: signs metrics and weights"),
    ("LM-0007", "administrator: sources, settings"),
    ("LM-0009", "auditor: reads everything, writes nothing"),
]


class Command(BaseCommand):
    help = "Prints the demo's accounts."

    def handle(self, *args: Any, **options: Any) -> None:
        by_number = {each.number: each for each in company.PRINCIPALS}
        self.stdout.write(f"Demo accounts, all with the password {company.PASSWORD}")
        for number, what in SHOWN:
            each = by_number[number]
            self.stdout.write(f"  {each.email:<28} {each.name_en} {each.name_zh}, {what}")
