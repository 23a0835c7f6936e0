"""Groups with scores, and how their cards are read."""

import io
from dataclasses import dataclass
from typing import Any

import pypdf
from django.test import Client
from django.utils.html import strip_tags

from performance.people import models as people
from tests.scoring import collectors
from tests.scoring.conftest import MICRO


@dataclass(frozen=True)
class Company:
    """Stores with three people of the cast by themselves; in it the north with six and the south with five."""

    stores: people.BusinessUnit
    north: people.BusinessUnit
    south: people.BusinessUnit
    persons: list[people.Person]


def hire(unit: people.BusinessUnit, prefix: str, number: int) -> list[people.Person]:
    found = [
        people.Person.objects.create(number=f"{prefix}{at}", name_en=f"{prefix.title()} {at}", unit=unit)
        for at in range(number)
    ]
    for at, person in enumerate(found):
        collectors.VALUES[person.pk, "okr"] = (51 + 7 * at) * MICRO
        collectors.VALUES[person.pk, "turnover"] = 4_500_000 + 100_000 * at
        collectors.VALUES[person.pk, "pulse"] = 3 * MICRO
    return found


def asked_of(client: Client, address: str) -> Any:
    answer = client.get(f"/api/v1/scorecards/{address}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(strip_tags(answer.content.decode()).split())


def read_back(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
