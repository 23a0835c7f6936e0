"""The list of all indicators under the board: narrowed by words, by how they stand and by owner, in pages."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.kpis import rules
from performance.kpis.models import Metric
from performance.kpis.queries import comparing
from performance.kpis.queries.boards import Board, Indicator

#: Indicators on one page.
INDICATORS = 25
#: How an indicator stands, in words; those held against what was set, and those held against an earlier month.
SET: Mapping[str, str | Promise] = {
    rules.ON_TRACK: _("On track"),
    rules.AT_RISK: _("At risk"),
    rules.OFF_TRACK: _("Off track"),
}
EARLIER: Mapping[str, str | Promise] = {
    rules.BETTER: pgettext_lazy("than before", "Better"),
    rules.WORSE: pgettext_lazy("than before", "Worse"),
    rules.SAME: _("Unchanged"),
}
STATUSES = {**SET, **EARLIER}


def status_words(status: str) -> str:
    """Nothing for what is held against nothing."""
    return str(STATUSES.get(status, ""))


@dataclass(frozen=True)
class Listing:
    """`statuses`: those that the board knows, with their words; `owners`: everybody who owns an indicator of it."""

    rows: Page[Indicator]
    words: str
    status: str
    owner: uuid.UUID | None
    statuses: Mapping[str, str | Promise]
    owners: list[Any]

    @property
    def is_narrowed(self) -> bool:
        return bool(self.words or self.status or self.owner)


def listing(
    board: Board, *, words: str = "", status: str = "", owner: uuid.UUID | None = None, page: int = 1
) -> Listing:
    """`words` stand in either name or the key; a status that the board does not know is any. No queries."""
    statuses = EARLIER if board.basis in comparing.EARLIER else SET
    status = status if status in {*statuses, rules.UNKNOWN} else ""
    found = [
        one
        for one in board.indicators
        if _says(one.metric, words)
        and (not status or one.status == status)
        and (owner is None or owner in (one.metric.business_owner_id, one.metric.finance_owner_id))
    ]
    people = {person.pk: person for one in board.indicators for person in one.owners}
    return Listing(
        rows=Paginator(found, INDICATORS).get_page(page),
        words=words,
        status=status,
        owner=owner,
        statuses=statuses,
        owners=sorted(people.values(), key=lambda person: person.name_sort),
    )


def _says(metric: Metric, words: str) -> bool:
    sought = words.casefold()
    return any(sought in text.casefold() for text in (metric.name_en, metric.name_zh, metric.key))
