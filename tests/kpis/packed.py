"""A ready pack over real data: drafted, signed from the bottom up, computed; and what was kept of it."""

import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from performance.kpis import actions, packs, queries, tasks
from performance.kpis.models import MetricValue, MetricVersion
from performance.sources import models as sources
from tests.kpis.tables import AT, sign
from tests.sources import stage

Place = tuple[datetime.date, str]
#: A quotient is kept with twelve decimals.
TWELVE = Decimal(1).scaleb(-12)


def dataset(connection: sources.Connection, query: str, key: str, keys: tuple[str, ...]) -> sources.Dataset:
    """The answer of a query, loaded; `keys` identify its rows."""
    made = stage.modelled(
        connection,
        {"query": query},
        key,
        change=lambda proposal: (
            {
                "is_key": proposal.key in keys,
                **({"role": "key"} if proposal.key in keys and proposal.role != "time" else {}),
            }
        ),
    )
    done = stage.load(made)
    assert (done.state, done.rows_rejected) == ("done", 0)
    return made


def in_force(
    here: Any,
    actor: Callable[..., Any],
    name: str,
    tables: Mapping[str, sources.Dataset],
    own: Mapping[str, Mapping[str, str]] | None = None,
) -> set[str]:
    """Drafts, signs and computes what these datasets make possible; `own` columns stand beside the proposed ones.
    Answers the keys."""
    pack = packs.load(name)
    mapped = {}
    for table, found in tables.items():
        sheet = queries.sheet_of(found)
        proposed = packs.proposed(pack.table(table), sheet)
        mapped[table] = packs.Chosen(found, sheet, {**proposed, **(own or {}).get(table, {})})
    outcomes = actions.draft_pack(
        pack=pack,
        mapped=mapped,
        business_owner=here.business_owner,
        finance_owner=here.finance_owner,
        by=actor(here.business_owner),
        at=AT,
    )
    keys = {one.entry.key for one in outcomes}
    drafts = MetricVersion.objects.filter(metric__key__in=keys).select_related("metric")
    for version in queries.in_order_of_signing(drafts):
        sign(version, actor(here.business_owner), actor(here.finance_owner))
    tasks.refresh_stale_values.apply()
    return keys


def kept(key: str, grain: str, cut: str = "") -> dict[Place, MetricValue]:
    """(first day, value of the cut) → what was kept."""
    found = queries.values(grain).filter(metric__key=key, dimensions=cut)
    return {(value.period_start, value.slice.get(cut, "")): value for value in found}


def plain(key: str, grain: str, cut: str = "") -> dict[Place, Decimal | None]:
    return {place: value.value for place, value in kept(key, grain, cut).items()}


def quotient(above: Any, below: Any, factor: int = 1) -> Decimal | None:
    if above is None or not below:
        return None
    return Decimal(above) / Decimal(below) * factor


def close(found: Decimal | None, expected: Decimal | None) -> bool:
    """To the last kept decimal, far within 1e-9."""
    if found is None or expected is None:
        return found is expected
    return abs(found - expected) <= TWELVE


def same(found: Mapping[Place, Decimal | None], expected: Mapping[Place, Any], *, exact: bool) -> None:
    """Sums and counts are exact, quotients to twelve decimals; the same months and parts on both sides."""
    assert found.keys() == expected.keys()
    for place, value in expected.items():
        is_right = found[place] == value if exact else close(found[place], value)
        assert is_right, (place, found[place], value)
