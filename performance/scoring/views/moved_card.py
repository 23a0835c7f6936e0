"""The card "Who would have moved", as the page of a version includes it and as it is asked for alone."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from performance.foundation import i18n
from performance.foundation.components import formats
from performance.people import queries as people_queries
from performance.scoring import actions, queries, rules
from performance.scoring.models import PolicyVersion, Simulation

#: The axis of the drawing and the line that is read one by one, in points.
EDGE, LIMIT = actions.BIN_EDGE // 1_000_000, actions.LIMIT // 1_000_000


def card_of(request: HttpRequest, version: PolicyVersion, *, is_scored: bool) -> dict[str, Any]:
    """What the card "Who would have moved" needs; the same number of queries for any number of people."""
    simulations = queries.simulations_of(version)
    digest = queries.digest_now(version)
    wanted = queries.periods_to_simulate(version, today_of(request)) if version.is_draft else []
    is_missing = bool(simulations) and not (
        {period.pk for period in wanted} <= {each.period_id for each in simulations}
    )
    return figures_of(request, simulations, digest=digest) | {
        "version": version,
        "is_changed": version.is_draft and any(each.digest != digest for each in simulations),
        "is_missing": is_missing,
        "periods_wanted": wanted,
        "may_simulate": rules.can_simulate(request.actor, version, is_scored=is_scored),
        "moved_url": reverse("scoring:policy_moved", args=[version.pk]),
        "file_url": reverse("scoring:policy_moved_file", args=[version.pk]),
    }


def figures_of(request: HttpRequest, simulations: list[Simulation], *, digest: str | None) -> dict[str, Any]:
    """What came out in the period that is asked for, as much of it as is the reader's to know."""
    chosen = queries.chosen_of(simulations, request.GET.get("period"))
    told = (
        queries.moved(chosen, request.actor, today_of(request), digest=digest)
        if chosen is not None and chosen.is_done
        else None
    )
    return {
        "simulations": simulations,
        "chosen_simulation": chosen,
        "moved": told,
        "moved_label": _label(told) if told else "",
        "bins": sizes_of(chosen.bins) if chosen else [],
        "limit": LIMIT,
        "edge": EDGE,
        "polls": any(each.is_open for each in simulations),
        "is_changed": any(each.digest != digest for each in simulations),
    }


def sizes_of(bins: Sequence[int]) -> list[tuple[str, int]]:
    """Each size of change in words, with how many people. The outermost hold what lies beyond them too."""
    width, last = actions.BIN_WIDTH, len(bins) - 1
    rows = []
    for place, number in enumerate(bins):
        low = place * width - actions.BIN_EDGE
        ends = {"low": _written(low), "high": _written(low + width)}
        words = _("%(low)s to %(high)s")
        if place in (0, last):
            words = _("%(low)s and more") if place else _("less than %(high)s")
        rows.append((words % ends, number))
    return rows


def _written(micro: int) -> str:
    points = formats.micro(micro)
    return formats.signed(points, 2) if micro else formats.number(points)


def _label(told: queries.Moved) -> str:
    words = {
        "number": told.simulation.compared,
        "within": told.simulation.within,
        "beyond": told.simulation.beyond,
        "period": i18n.local(told.simulation.period, "name"),
    }
    return (
        _(
            "Changes of %(number)s scores of %(period)s by size: %(within)s within one point, %(beyond)s over two."
        )
        % words
    )


def today_of(request: HttpRequest) -> datetime.date:
    return people_queries.day_at(request.actor.organisation, timezone.now())
