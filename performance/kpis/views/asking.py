"""What an address asks for: a month, a slice, days."""

import datetime
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest

from performance.foundation import access
from performance.kpis import queries
from performance.kpis.models import Dimension
from performance.kpis.queries import months
from performance.people import queries as people
from performance.sources import queries as sources
from performance.sources.models import Dataset

#: Letters of a slice in one parameter.
LONGEST_SLICE = 2000


class MemberRequest(HttpRequest):
    """What a view behind `access.member` is given."""

    actor: access.Actor


def month_of(request: HttpRequest) -> datetime.date | None:
    """?month=2026-05; None when it is absent or no month. See months.key."""
    return months.from_key(request.GET.get("month", ""))


def day_of(request: HttpRequest, name: str) -> datetime.date | None:
    return people.day_from(request.GET.get(name, ""))


def id_of(request: HttpRequest, name: str) -> uuid.UUID | None:
    return id_from(request.GET.get(name, ""))


def id_from(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def dataset_from(given: Any) -> Dataset | None:
    """The dataset of an id, if metrics can read it."""
    if isinstance(given, Dataset):
        return given
    found = id_from(str(given))
    return sources.datasets_for_metrics().filter(pk=found).first() if found else None


def part_from(given: str, offered: Iterable[dict[str, str]]) -> dict[str, str]:
    """The part of the business among those offered whose text was sent; {} (everything) for any other text."""
    return next((part for part in offered if queries.slice_key(part) == given), {})


def number_of(given: str) -> int:
    """A plain number that a form sent along; 0 for anything else."""
    return int(given) if re.fullmatch(r"[0-9]{1,9}", given) else 0


def page_of(request: HttpRequest) -> int:
    """?page=2; the first page for anything that is no plain number."""
    given = request.GET.get("page", "")
    return max(int(given), 1) if re.fullmatch(r"[0-9]{1,6}", given) else 1


def slice_of(request: HttpRequest) -> dict[str, str]:
    """The dimensions named in the address: ?city=Hangzhou&store=Binjiang. One query."""
    return slice_from(request.GET)


def slice_from(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The same, of any parameters; ?slice={"store": "Binjiang"} says it in one, as a choice in a form does."""
    given = {key: str(value) for key, value in parameters.items() if value}
    given |= _whole_slice(given.pop("slice", ""))
    known = Dimension.objects.filter(key__in=list(given)).values_list("key", flat=True)
    return {key: given[key] for key in sorted(known)}


def _whole_slice(text: str) -> dict[str, str]:
    try:
        found = json.loads(text) if 0 < len(text) <= LONGEST_SLICE else {}
        text.encode()
    except (ValueError, RecursionError):
        return {}
    told = {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
    return {key: value for key, value in told.items() if _can_be_stored(f"{key}{value}")}


def _can_be_stored(text: str) -> bool:
    """JSON may spell halves of letters that no text of the database holds."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
