"""Market rules of a version, and what their signals say."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Prefetch, Q
from django.utils import timezone

from performance.foundation import access, tenancy
from performance.kpis import queries as kpis
from performance.kpis.models import Metric, MetricVersion, ValueState
from performance.kpis.queries import months as calendar_months
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import evidence
from performance.scoring.models import MarketEffect, MarketRule, PolicyVersion
from performance.scoring.queries.governing import people_in_scope
from performance.sources import queries as sources

#: How many closed months a rule reads, and how old the newest of them may be.
MONTHS_READ, MONTHS_OLD = 36, 3
LATE = 100


def rules_of(version: PolicyVersion) -> list[evidence.RuleDraft]:
    """The market rules of a version as their author stated them. Two queries."""
    effects = Prefetch("effects", MarketEffect.objects.select_related("component").order_by("component"))
    return [
        evidence.RuleDraft(
            key=rule.key,
            name_en=rule.name_en,
            name_zh=rule.name_zh,
            metric_key=rule.metric_key,
            slice=rule.slice,
            measure=rule.measure,
            side=rule.side,
            starts_micro=rule.starts_micro,
            full_micro=rule.full_micro,
            months=rule.months,
            until_months=rule.until_months,
            span=rule.span,
            effects={effect.component.key: effect.full_ppm for effect in rule.effects.all()},
        )
        for rule in MarketRule.objects.filter(version=version).prefetch_related(effects)
    ]


def signals_of(
    version: PolicyVersion, *, before: datetime.date | None = None, at: datetime.datetime | None = None
) -> tuple[evidence.Signal, ...]:
    """What the signals of a version said when it was locked; before that, what they say now."""
    if version.plan:
        return evidence.signals_from(version.plan.get("market", ()))
    return read_signals(rules_of(version), before=before, at=at)


def read_signals(
    rules: Sequence[evidence.RuleDraft],
    *,
    before: datetime.date | None = None,
    at: datetime.datetime | None = None,
) -> tuple[evidence.Signal, ...]:
    """Each rule with what its metric says in the closed months up to the day before `before`: today, unless named.

    A month that is not closed yet may still move, and is not read. Eight queries, however many rules; none without.
    """
    if not rules:
        return ()
    at = at or timezone.now()
    organisation = people.Organisation.objects.get(pk=tenancy.current_organisation_id())
    today = people_queries.day_at(organisation, at)
    last_day = (before or today) - datetime.timedelta(days=1)
    keys = {rule.metric_key for rule in rules}
    metrics = {metric.key: metric for metric in kpis.certified_metrics().filter(key__in=keys)}
    asked = [(metrics[rule.metric_key], rule.slice) for rule in rules if rule.metric_key in metrics]
    points = kpis.series_of(asked, MONTHS_READ, last_day) if asked else {}
    versions = kpis.versions_in_force(last_day, [metric.pk for metric in metrics.values()])
    late = late_metrics(versions, last_day, at)
    oldest = calendar_months.months_before(min(today, last_day), MONTHS_OLD)
    found = []
    for rule in rules:
        metric = metrics.get(rule.metric_key)
        if metric is None:
            found.append(evidence.read_signal(rule, (), metric_name_en=rule.metric_key, as_of=at.isoformat()))
            continue
        months = closed_months(points[metric.pk, kpis.slice_key(rule.slice)], last_day)
        is_old = bool(months) and months[-1][0] < oldest
        found.append(
            evidence.read_signal(
                rule,
                months,
                quiet=evidence.NOT_FRESH if is_old or metric.pk in late else "",
                **known_of(metric, versions.get(metric.pk)),
                as_of=at.isoformat(),
            )
        )
    return tuple(found)


def signals_shown(found: Sequence[evidence.Signal], actor: access.Actor) -> tuple[evidence.Signal, ...]:
    """Without the values of a part that is closed to the reader; how much of its rule counts is told to everybody. One
    query where a dataset is narrowed for them, none otherwise."""
    sight = kpis.sight_of(actor)
    if not found or not sight.guards:
        return tuple(found)
    keys = {signal.rule.metric_key for signal in found}
    ids = dict(Metric.objects.filter(key__in=keys).values_list("key", "pk"))

    def is_open(rule: evidence.RuleDraft) -> bool:
        return rule.metric_key in ids and not sight.hides_parts(ids[rule.metric_key], rule.slice)

    return tuple(
        signal if is_open(signal.rule) else replace(signal, value_micro=None, read=()) for signal in found
    )


def closed_rules(
    rules: Sequence[evidence.RuleDraft], version: PolicyVersion, actor: access.Actor
) -> list[evidence.RuleDraft]:
    """Rules, other than those that the version or the one before it has already, of a part that is closed to the actor:
    their thresholds would ask for its values one by one. No query where no dataset is
    narrowed for them, else six at most."""
    sight = kpis.sight_of(actor)
    if not rules or not sight.guards:
        return []
    before = PolicyVersion.objects.filter(policy_id=version.policy_id, number__lte=version.number)
    had = [rule for each in before.order_by("-number")[:2] for rule in rules_of(each)]
    ids = dict(Metric.objects.filter(key__in={rule.metric_key for rule in rules}).values_list("key", "pk"))
    anew = [rule for rule in rules if rule not in had and rule.metric_key in ids]
    return [rule for rule in anew if not sight.opens(ids[rule.metric_key], rule.slice)]


def uncertified_rules(version: PolicyVersion) -> list[evidence.RuleDraft]:
    """Rules that read a metric which is not certified, or no longer. Three queries at most."""
    rules = rules_of(version)
    keys = {rule.metric_key for rule in rules}
    signed = (
        set(kpis.certified_metrics().filter(key__in=keys).values_list("key", flat=True)) if rules else set()
    )
    return [rule for rule in rules if rule.metric_key not in signed]


def rules_owned_by_the_scored(version: PolicyVersion) -> list[evidence.RuleDraft]:
    """Rules that read a metric for which somebody answers whom the version scores."""
    rules = rules_of(version)
    if not rules:
        return []
    scored = people_in_scope(version).values("pk")
    owned = Metric.objects.filter(Q(business_owner__in=scored) | Q(finance_owner__in=scored))
    keys = set(owned.filter(key__in={rule.metric_key for rule in rules}).values_list("key", flat=True))
    return [rule for rule in rules if rule.metric_key in keys]


def closed_months(points: Sequence[Any], last_day: datetime.date) -> list[tuple[datetime.date, int | None]]:
    """The months that are over and closed, a gap as None, from the first value to the last."""
    months = [
        (
            point.month,
            None
            if point.value is None or point.state != ValueState.CLOSED or calendar_months.last_of(point.month) > last_day
            else evidence.micro(point.value),
        )
        for point in points
    ]  # fmt: skip
    known = [place for place, (_month, value) in enumerate(months) if value is not None]
    return months[known[0] : known[-1] + 1] if known else []


def late_metrics(versions: dict[Any, MetricVersion], on: datetime.date, at: datetime.datetime) -> set[Any]:
    """The metrics of which some data comes later than its dataset promises."""
    trees = kpis.lineages(versions.values(), on)
    return {
        metric_id
        for metric_id, version in versions.items()
        if any(
            base.dataset is not None and (sources.freshness(base.dataset, at) or 0) > LATE
            for base in trees[version.pk].base_versions()
        )
    }


def known_of(metric: Metric, version: MetricVersion | None) -> dict[str, Any]:
    """What a reading keeps of its metric, so that it can be told when the metric has changed."""
    return {
        "metric_name_en": metric.name_en,
        "metric_name_zh": metric.name_zh,
        "unit": metric.unit,
        "decimals": metric.decimals,
        "metric_version": version.number if version else None,
    }
