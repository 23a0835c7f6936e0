"""Every address of metrics and of sources, with the ids of everything there is: who is from another organisation learns
nothing, whoever only reads changes nothing, and who has no part in data sees none."""

import datetime
import json
import re
import uuid
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from performance.foundation import tenancy
from performance.kpis.models import (
    Alert,
    AlertRule,
    PointNote,
    RateProposal,
    SavedView,
    Scenario,
    Subscription,
    TargetPlan,
)
from performance.people.models import RoleGrant
from performance.sources.models import Connection, Endpoint, Join, Load, Probe
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import COSTS, SALES
from tests.kpis.tables import AT, FEBRUARY, base, certify

Visit = Callable[..., Client]
APPS = ("performance.kpis.", "performance.sources.")
#: Stands in all that is made here, and nowhere else.
MARK = "Zq7kuntersuchung"
WRITING = ("post", "put", "patch", "delete")
#: What an answer may be to somebody who has no business there: refused, not there, or not understood.
REFUSED = {400, 403, 404, 405, 406, 409, 415, 422}


@pytest.fixture
@ready.made
def made(here: Cast, actor: Any) -> dict[str, list[uuid.UUID]]:
    """One of each kind, by the name of its model."""
    by = here.finance_owner
    dataset = tables.make_dataset("sales", SALES, [(1, "2026-02-05", MARK, MARK, 1, 1, "5")], keys=["sale"])
    costs = tables.make_dataset("costs", COSTS, [(1, "2026-02-05", MARK, MARK, "5")], keys=["line"])
    version = certify(here, actor, "revenue", base(dataset, "sum", "price"), name_en=MARK)
    metric = version.metric
    rest = Connection.objects.create(
        kind="rest",
        name_en=MARK,
        base_address="https://api.example",
        host="api.example",
        port=443,
        created_at=AT,
    )
    pushed = Connection.objects.create(kind="push", name_en=f"{MARK} push", created_at=AT)
    rule = AlertRule.objects.create(
        metric=metric,
        kind="threshold",
        operator="above",
        value=1,
        slice={},
        slice_key="{}",
        set_by=by,
        set_at=AT,
    )
    view = SavedView.objects.create(owner=by, name=MARK, is_shared=True, metric=metric, created_at=AT)
    kept = [
        dataset, costs, metric, version, rest, pushed, rule, view, dataset.connection,
        Endpoint.objects.create(connection=rest, name=MARK, path="orders"),
        Load.objects.create(dataset=dataset, asked_at=AT, due_at=AT, state="waiting"),
        Probe.objects.create(
            connection=dataset.connection, kind="describe", question={"schema": "", "table": MARK}, asked_at=AT,
            due_at=AT, state="done", finished_at=AT, answer={"columns": [], "rows": [[MARK]]},
        ),
        Join.objects.create(
            dataset=dataset, other=costs, key="cost", pairs=[["sale", "line"]], taken=["amount"], created_at=AT
        ),
        Alert.objects.create(
            rule=rule, metric=metric, kind="threshold", slice={}, slice_key="{}", month=FEBRUARY, value=5, value_now=5,
            high=1, owner=by, due_on=FEBRUARY, opened_at=AT,
        ),
        PointNote.objects.create(
            metric=metric, slice={}, slice_key="{}", month=FEBRUARY, text=MARK, written_by=by, written_at=AT
        ),
        Subscription.objects.create(view=view, person=by, rhythm="weekly", day=1, next_on=FEBRUARY, started_at=AT),
        Scenario.objects.create(
            metric=metric, name=MARK, since=FEBRUARY, until=datetime.date(2026, 2, 28), slice={}, slice_key="{}",
            state="shared", created_by=by, created_at=AT, reckoned_at=AT, reason=MARK,
            results=[{"key": "revenue", "before": "1", "after": "2"}],
        ),
        TargetPlan.objects.create(
            metric=metric, kind="target", what="spread", way="even", slice={}, first_month=FEBRUARY,
            last_month=FEBRUARY, applied_by=by, applied_at=AT, rows=[],
        ),
        tables.make_rates(here, "closing", [("USD", FEBRUARY, "7")]),
        RateProposal.objects.create(
            kind="closing", currency="CNY", origin="hand", rows=[["USD", "2026-02-02", "7", False]], made_by=by, made_at=AT
        ),
    ]  # fmt: skip
    found: dict[str, list[uuid.UUID]] = {}
    for one in kept:
        found.setdefault(type(one).__name__, []).append(one.pk)
    return found | {"Token": [uuid.uuid4()]}


def routes(resolver: Any = None, prefix: str = "/") -> Iterator[str]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif isinstance(pattern, URLPattern) and pattern.callback.__module__.startswith(APPS):
            yield route


#: What an id in an address belongs to: by its name, or by what stands before it.
NAMED = {
    "connection_id": "Connection",
    "endpoint_id": "Endpoint",
    "probe_id": "Probe",
    "dataset_id": "Dataset",
    "load_id": "Load",
    "join_id": "Join",
    "token_id": "Token",
}
BEFORE = {
    "alerts": "Alert",
    "alert-rules": "AlertRule",
    "views": "SavedView",
    "subscriptions": "Subscription",
    "rates/versions": "RateVersion",
    "rates/proposals": "RateProposal",
    "scenarios": "Scenario",
    "target-plans": "TargetPlan",
    "notes": "PointNote",
    "versions": "MetricVersion",
    "metrics": "Metric",
}


def kind_of(route: str, name: str) -> str:
    before = route.partition(f"<uuid:{name}>")[0].rstrip("/")
    return NAMED.get(name) or next(
        kind for end, kind in BEFORE.items() if before.endswith((f"/{end}", f"/metric-{end}"))
    )


def addresses(made: dict[str, list[uuid.UUID]]) -> Iterator[str]:
    """Each address with the ids of all that there is of what it names."""
    for route in routes():
        names = re.findall(r"<uuid:(\w+)>", route)
        plain = re.sub(r"<(str|slug):\w+>", "retail", route)
        pieces = re.split(r"<uuid:\w+>", plain)
        for chosen in product(*(made[kind_of(route, name)] for name in names)):
            yield "".join(part for pair in zip(pieces, [*map(str, chosen), ""], strict=True) for part in pair)


def everything() -> str:
    """All rows of both apps, as one digest: whatever is written shows."""
    names = [
        name for name in connection.introspection.table_names() if name.startswith(("kpis_", "sources_"))
    ]
    with connection.cursor() as cursor:
        told = []
        for name in sorted(names):
            cursor.execute(
                f"SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM \"{name}\" AS t"
            )
            told.append(f"{name} {cursor.fetchone()[0]}")
    return "\n".join(told)


def sent(client: Client, method: str, address: str) -> Any:
    body: dict[str, Any] = {
        "reason": "x",
        "side": "finance",
        "name": "x",
        "is_paused": True,
        "month": "2026-02-01",
    }
    if "/api/" in address:
        return getattr(client, method)(address, json.dumps(body), content_type="application/json")
    return client.post(address, body)


@pytest.mark.long
def test_whoever_is_from_elsewhere_finds_and_changes_nothing(
    here: Cast, client_for: Visit, made: Any
) -> None:
    """With every role there is, in the other organisation."""
    with tenancy.acting_for(here.elsewhere):
        for role in ("business_owner", "finance_owner"):
            RoleGrant.objects.create(person=here.stranger, role=role)
    client, before, asked = client_for(here.stranger), everything(), 0
    named = {str(each) for kind in made.values() for each in kind}
    for address in addresses(made):
        has_id = any(each in address for each in named)
        answer = client.get(address)
        asked += 1
        assert answer.status_code in REFUSED or not has_id, (address, answer.status_code)
        if not getattr(answer, "streaming", False):
            assert MARK not in answer.content.decode(errors="replace"), address
        if not has_id:
            continue
        for method in WRITING if "/api/" in address else ("post",):
            answer = sent(client, method, address)
            # Whoever is sent no letters ends them without being told whether there is such a view.
            is_ended = method == "delete" and address.endswith("/subscription/")
            assert answer.status_code in REFUSED or is_ended, (method, address, answer.status_code)
            assert MARK not in answer.content.decode(errors="replace"), (method, address)
    assert asked > 150
    with tenancy.acting_for(here.organisation):
        assert everything() == before


@pytest.mark.long
def test_whoever_only_reads_changes_nothing(here: Cast, client_for: Visit, made: Any) -> None:
    client, before = client_for(here.auditor), everything()
    refused = 0
    for address in addresses(made):
        for method in WRITING if "/api/" in address else ("post",):
            answer = sent(client, method, address)
            assert answer.status_code < 500, (method, address)
            refused += answer.status_code in REFUSED
    assert refused > 150
    assert everything() == before


@pytest.mark.long
def test_sources_are_not_open_to_everybody(here: Cast, client_for: Visit, made: Any) -> None:
    client, before, asked = client_for(here.colleague), everything(), 0
    for address in addresses(made):
        if "/sources/" not in address:
            continue
        answer = client.get(address)
        asked += 1
        assert answer.status_code in REFUSED, (address, answer.status_code)
        for method in WRITING if "/api/" in address else ("post",):
            assert sent(client, method, address).status_code in REFUSED, (method, address)
    assert asked > 100
    assert everything() == before
