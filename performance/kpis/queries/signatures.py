"""What a signature keeps, as others read it."""

from typing import Any

from performance.foundation import access
from performance.kpis.models import MetricVersion, Signature, VersionState
from performance.kpis.queries.sights import Sight, sight_of


def seen_read_by(actor: access.Actor, version: MetricVersion, signature: Signature) -> dict[str, Any]:
    """What was shown to whoever signed. Its months were counted from all rows that they see: they are for them, and for
    those who see all of these rows. The queries of sight_of."""
    seen = dict(signature.seen)
    if signature.person_id != actor.person_id and not _is_open(sight_of(actor), version):
        seen.pop("months", None)
    return seen


def _is_open(sight: Sight, version: MetricVersion) -> bool:
    if not sight.rows.narrowed:
        return True
    if version.is_base:
        return sight.rows.of(version.dataset_id) is None
    # What a formula rests on that was never signed is not known here.
    is_known = version.state in (VersionState.CERTIFIED, VersionState.DEPRECATED)
    return is_known and not sight.hides(version.metric_id)
