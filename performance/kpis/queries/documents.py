"""Definitions to be written down."""

from collections.abc import Iterable

from performance.foundation import access
from performance.kpis.models import MetricVersion, VersionState
from performance.kpis.queries.definitions import visible_versions


def signed_definitions(actor: access.Actor) -> list[MetricVersion]:
    """The newest signed version of every living metric, what is read from rows first, then what is computed from it.
    One query."""
    signed = visible_versions(actor).filter(state=VersionState.CERTIFIED, metric__retired_at=None)
    return in_order_of_signing(signed.order_by("metric", "-number").distinct("metric"))


def in_order_of_signing(versions: Iterable[MetricVersion]) -> list[MetricVersion]:
    """Inputs before what is computed from them, then by key."""
    by_key = {version.metric.key: version for version in versions}
    uses = {key: set(version.input_keys) & set(by_key) for key, version in by_key.items()}
    ordered: list[str] = []
    waiting = sorted(by_key)
    while waiting:
        # Versions that have been replaced may have named each other.
        ready = [key for key in waiting if not uses[key] & set(waiting) - {key}] or waiting
        ordered += ready
        waiting = [key for key in waiting if key not in ready]
    return [by_key[key] for key in ordered]
