"""What scores read of the metrics, for those who sign a change of one."""

import datetime
from collections.abc import Collection

from django.db.models import Q
from django.urls import reverse

from performance.foundation import access
from performance.kpis import queries as kpis
from performance.scoring.models import MarketRule, PolicyComponent, PolicyVersion, SourceKind, VersionState
from performance.scoring.queries.governing import people_using_metrics
from performance.scoring.queries.policies import versions_visible_to

#: Named in a list; the rest is a number.
SHOWN = 5


def metric_uses(actor: access.Actor, keys: Collection[str], since: datetime.date) -> list[kpis.Uses]:
    """Policies of open periods that weigh one of these metrics, have their weights moved by one or their stage proposed by
    one; the newest version of each for its name, and how many people are scored by them. Three queries, and those of
    people_using_metrics."""
    weighing = PolicyComponent.objects.filter(source_kind=SourceKind.KPI, source_ref__in=keys)
    moved_by = MarketRule.objects.filter(metric_key__in=keys)
    versions = (
        PolicyVersion.objects.filter(
            Q(pk__in=weighing.values("version_id"))
            | Q(pk__in=moved_by.values("version_id"))
            | Q(cash_operating__in=keys)
            | Q(cash_investing__in=keys)
            | Q(cash_financing__in=keys)
        )
        .exclude(period__state="closed")
        .exclude(state=VersionState.SUPERSEDED)
    )
    number = versions.values("policy_id").distinct().count()
    if not number:
        return []
    visible = versions_visible_to(actor).filter(pk__in=versions.values("pk"))
    newest = visible.order_by("policy_id", "-number").distinct("policy_id")[:SHOWN]
    shown = tuple(kpis.Use(str(one.policy), reverse("scoring:policy", args=[one.pk])) for one in newest)
    scored = people_using_metrics(keys)
    return [kpis.Uses("policies", number, shown), kpis.Uses("people", len(scored))]
