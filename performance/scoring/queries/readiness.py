"""Whether the numbers that scores rest on stand still."""

import datetime

from performance.foundation.models import StaleRow
from performance.kpis import queries as kpis
from performance.kpis.models import Metric
from performance.people import models as people
from performance.scoring.models import PolicyVersion
from performance.scoring.queries.governing import FIXED, metrics_read
from performance.sources.models import Load
from performance.sources.models.jobs import OPEN


def metrics_on_their_way(period: people.Period, at: datetime.datetime) -> list[Metric]:
    """Metrics weighed in the period, or read for its weights, whose data is being loaded, or whose values wait to be
    computed again.

    A load that waits for a later try, because its source does not answer, holds nothing up.
    """
    weighed = {
        key
        for version in PolicyVersion.objects.filter(period=period, state__in=FIXED)
        for key in metrics_read(version.plan or {})
    }
    loading = Load.objects.filter(state__in=OPEN, due_at__lte=at).values_list("dataset_id", flat=True)
    loaded = StaleRow.objects.filter(kind="metric_values").values_list("subject_id", flat=True)
    signed = StaleRow.objects.filter(kind="metric_definitions").values_list("subject_id", flat=True)
    changed = kpis.keys_over({*loading, *loaded}) | kpis.keys_resting_on(
        Metric.objects.filter(pk__in=list(signed)).values_list("key", flat=True)
    )
    return list(Metric.objects.filter(key__in=weighed & changed).order_by("key"))
