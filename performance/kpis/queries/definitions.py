"""Definitions: which are in force, which wait, and what they read."""

import datetime
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.urls import reverse

from performance.foundation import access, i18n
from performance.kpis import rules, semantics, units
from performance.kpis.models import Metric, MetricVersion, VersionState
from performance.kpis.queries import months
from performance.sources import queries as sources
from performance.sources.models import Dataset


def _certified() -> QuerySet[MetricVersion]:
    return MetricVersion.objects.filter(state=VersionState.CERTIFIED)


def by_name() -> list[Any]:
    """As their reader says them: Chinese names by pinyin."""
    return [i18n.spoken_local("name"), "key"]


def certified_metrics() -> QuerySet[Metric]:
    """Metrics that both sides signed and nobody retired, by name."""
    signed = _certified().filter(metric=OuterRef("pk"))
    return Metric.objects.filter(Exists(signed), retired_at=None).order_by(*by_name())


def visible_metrics(actor: access.Actor) -> QuerySet[Metric]:
    """Everybody sees what is certified; who works on definitions, and the owners, also see drafts."""
    metrics = Metric.objects.select_related("business_owner", "finance_owner").order_by(*by_name())
    if rules.can_see_drafts(actor):
        return metrics
    signed = MetricVersion.objects.filter(
        metric=OuterRef("pk"), state__in=[VersionState.CERTIFIED, VersionState.DEPRECATED]
    )
    mine = Q(business_owner=actor.person_id) | Q(finance_owner=actor.person_id)
    return metrics.filter(Q(Exists(signed)) | mine)


def visible_versions(actor: access.Actor) -> QuerySet[MetricVersion]:
    versions = MetricVersion.objects.select_related(
        "metric__business_owner", "metric__finance_owner", "dataset__connection", "proposed_by"
    ).filter(metric__in=visible_metrics(actor))
    if rules.can_see_drafts(actor):
        return versions
    mine = Q(metric__business_owner=actor.person_id) | Q(metric__finance_owner=actor.person_id)
    return versions.filter(mine | Q(state__in=[VersionState.CERTIFIED, VersionState.DEPRECATED]))


def metric_by_key(key: str) -> Metric | None:
    return Metric.objects.filter(key=key).first()


def newest_certified() -> QuerySet[MetricVersion]:
    """One version for each living metric: the last that was signed, whether or not its day has come."""
    return (
        _certified()
        .filter(metric__retired_at=None)
        .select_related("metric")
        .order_by("metric", "-number")
        .distinct("metric")
    )


def open_versions() -> QuerySet[MetricVersion]:
    """Drafts and versions that wait for a signature."""
    return MetricVersion.objects.filter(state__in=[VersionState.DRAFT, VersionState.REVIEW]).select_related(
        "metric__business_owner", "metric__finance_owner", "proposed_by"
    )


def versions_in_force(
    on: datetime.date, metric_ids: Collection[uuid.UUID] | None = None
) -> dict[uuid.UUID, MetricVersion]:
    """metric id → the version that counts on that day. Before the first version's day, the first one counts; one that
    comes into force within a month counts for the whole of it, as its values do."""
    versions = (
        _certified().select_related("dataset__connection").order_by("metric", "effective_from", "number")
    )
    if metric_ids is not None:
        versions = versions.filter(metric__in=list(metric_ids))
    in_force: dict[uuid.UUID, MetricVersion] = {}
    for version in versions:
        if version.metric_id not in in_force or months.first_of(version.effective_from) <= on:
            in_force[version.metric_id] = version
    return in_force


def inputs_for(own_key: str = "", *, with_drafts: bool = False) -> dict[str, semantics.Input]:
    """The metrics that a formula of `own_key` may name: certified ones that are not computed from it; for a draft
    also those that nobody has signed yet. One query, two with drafts."""
    versions = {version.metric.key: version for version in newest_certified()}
    if with_drafts:
        versions = {version.metric.key: version for version in open_versions()} | versions
    circular = _resting_on({own_key}, versions)
    return {
        key: semantics.Input(
            key=key,
            name_en=version.metric.name_en,
            name_zh=version.metric.name_zh,
            unit=units.parse(version.unit),
            dimensions=frozenset(version.dimensions),
            additivity=version.additivity,
            is_signed=version.state == VersionState.CERTIFIED,
        )
        for key, version in versions.items()
        if key not in circular
    }


def keys_there() -> dict[str, bool]:
    """key of every metric → whether a draft's formula may name it. Three queries."""
    usable = inputs_for(with_drafts=True)
    return {key: key in usable for key in Metric.objects.values_list("key", flat=True)}


def unsigned_inputs(version: MetricVersion) -> list[Metric]:
    """The metrics in its formula that are still to be signed, by name. One query."""
    if not version.formula:
        return []
    used = Metric.objects.filter(key__in=version.input_keys, retired_at=None)
    return list(used.exclude(Exists(_certified().filter(metric=OuterRef("pk")))).order_by(*by_name()))


def keys_resting_on(keys: Iterable[str]) -> set[str]:
    """These metrics and all that are computed from them, at any distance. One query."""
    return _resting_on(set(keys), {version.metric.key: version for version in newest_certified()})


def keys_over(dataset_ids: Iterable[uuid.UUID]) -> set[str]:
    """Every metric that comes from these datasets, at any distance."""
    reading = Metric.objects.filter(pk__in=metrics_reading(dataset_ids)).values_list("key", flat=True)
    return keys_resting_on(reading)


def _resting_on(keys: set[str], versions: Mapping[str, MetricVersion]) -> set[str]:
    used = {key: set(version.input_keys) for key, version in versions.items()}
    while True:
        found = {key for key, names in used.items() if names & keys} | keys
        if found == keys:
            return found
        keys = found


def metrics_reading(dataset_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Metrics with a certified version over one of these datasets, or over one that takes columns from them."""
    given = list(dataset_ids)
    over = {*given, *sources.joining(given)}
    return set(_certified().filter(dataset__in=over).values_list("metric_id", flat=True))


def datasets_read() -> set[uuid.UUID]:
    """The datasets that certified metrics come from."""
    return sources.read_through(_read().values_list("dataset_id", flat=True))


def settling_days() -> int:
    """For how many days the data of a day may still move: as long as those of the slowest dataset."""
    return Dataset.objects.filter(pk__in=datasets_read()).aggregate(days=Max("settling_days"))["days"] or 0


def _read() -> QuerySet[MetricVersion]:
    return _certified().filter(metric__retired_at=None, dataset__isnull=False)


@dataclass(frozen=True)
class Lineage:
    """What a version is computed from, down to the sources. `parts` are the versions of its direct inputs."""

    version: MetricVersion
    parts: tuple["Lineage", ...] = ()

    def base_versions(self) -> list[MetricVersion]:
        if self.version.is_base:
            return [self.version]
        found = {version.pk: version for part in self.parts for version in part.base_versions()}
        return list(found.values())

    @property
    def is_fused(self) -> bool:
        """Whether it joins numbers of more than one connection."""
        return len({version.dataset.connection_id for version in self.base_versions() if version.dataset}) > 1


def lineage(version: MetricVersion, on: datetime.date) -> Lineage:
    """Two queries, whatever the depth."""
    return lineages([version], on)[version.pk]


def lineages(versions: Iterable[MetricVersion], on: datetime.date) -> dict[uuid.UUID, Lineage]:
    """version id → what it is computed from. One query for all."""
    versions = list(versions)
    by_key = {}
    if any(not version.is_base for version in versions):
        keys = dict(Metric.objects.values_list("pk", "key"))
        by_key = {keys[metric_id]: found for metric_id, found in versions_in_force(on).items()}
    return {version.pk: _lineage(version, by_key, frozenset()) for version in versions}


def _lineage(version: MetricVersion, by_key: dict[str, MetricVersion], above: frozenset[Any]) -> Lineage:
    if version.is_base:
        return Lineage(version)
    used = [by_key.get(key) for key in version.input_keys]
    deeper = above | {version.metric_id}
    return Lineage(
        version,
        tuple(_lineage(part, by_key, deeper) for part in used if part and part.metric_id not in deeper),
    )


def search(actor: access.Actor, words: str) -> list[tuple[str, str, str, str]]:
    """(label, detail, address, icon) for the command palette."""
    found = visible_metrics(actor).filter(
        Q(name_en__icontains=words) | Q(name_zh__icontains=words) | Q(key__icontains=words)
    )
    return [
        (metric.name, metric.key, reverse("kpis:metric", args=[metric.pk]), "chart-line")
        for metric in found[:8]
    ]
