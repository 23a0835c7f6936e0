"""What an address asks for: a month, a slice, days."""

import datetime
import re
import uuid

from django.http import HttpRequest

from performance.foundation import access
from performance.kpis.models import Dimension


class MemberRequest(HttpRequest):
    """What a view behind `access.member` is given."""

    actor: access.Actor


def month_of(request: HttpRequest) -> datetime.date | None:
    """?month=2026-05; None when it is absent or no month."""
    try:
        return datetime.date.fromisoformat(f"{request.GET.get('month', '')[:7]}-01")
    except ValueError:
        return None


def day_of(request: HttpRequest, name: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return None


def id_of(request: HttpRequest, name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.GET.get(name, ""))
    except ValueError:
        return None


def page_of(request: HttpRequest) -> int:
    """?page=2; the first page for anything that is no plain number."""
    given = request.GET.get("page", "")
    return max(int(given), 1) if re.fullmatch(r"[0-9]{1,6}", given) else 1


def slice_of(request: HttpRequest) -> dict[str, str]:
    """The dimensions named in the address: ?city=Hangzhou&store=Binjiang. One query."""
    given = {key: str(value) for key, value in request.GET.items() if value}
    known = Dimension.objects.filter(key__in=list(given)).values_list("key", flat=True)
    return {key: given[key] for key in sorted(known)}
