"""What was known at the end of a day, and what was restated since: when, by how much, and why."""

import datetime
import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Min, Q

from performance.engine import fixed
from performance.kpis.models import Grain, Metric, MetricValue, ValueState
from performance.kpis.queries import months as calendar_months
from performance.kpis.queries.labels import labels_for
from performance.kpis.queries.sights import EVERYTHING, Sight
from performance.kpis.queries.values import latest_month, values, values_known_at
from performance.kpis.semantics import Slice, slice_key
from performance.people.models import Organisation

MONTHS = 13
#: Parts of a month on one page.
PARTS = 100


@dataclass(frozen=True)
class Known:
    """One month of a slice: its value as it was known `then` and as it stands `now`, None where there was none.

    `steps`: how often it was written anew since; `first_at`: when that happened first.
    """

    month: datetime.date
    slice: dict[str, str]
    label: str
    then: MetricValue | None
    now: MetricValue | None
    steps: int = 0
    first_at: datetime.datetime | None = None

    @property
    def difference(self) -> Decimal | None:
        if self.then is None or self.now is None or self.then.value is None or self.now.value is None:
            return None
        return fixed.EXACT.subtract(self.now.value, self.then.value)

    @property
    def state(self) -> str:
        """same | new (nobody knew it then) | gone | restated."""
        if self.then is None:
            return "new"
        if self.now is None:
            return "gone"
        return "same" if self.then.value == self.now.value else "restated"

    @property
    def reason(self) -> str:
        """Why it was written anew: another definition, the close of its month, other rates of exchange, its
        data; "" where it was not."""
        if self.then is None or self.now is None:
            return "data" if self.state == "gone" else ""
        if self.then.version_id != self.now.version_id:
            return "definition"
        if self.state == "restated":
            return "rates" if self.then.inputs.get("rates") != self.now.inputs.get("rates") else "data"
        return "closed" if self.then.state != self.now.state == ValueState.CLOSED else ""


@dataclass(frozen=True)
class Knowledge:
    """The months of the slice, the newest first, and the parts of one of them by name."""

    on: datetime.date
    months: Sequence[Known]
    parts: Sequence[Known]

    @property
    def restated(self) -> int:
        """How many of the months that were known then say something else today."""
        return sum(1 for row in self.months if row.state in ("restated", "gone"))


def end_of_day(organisation: Organisation, day: datetime.date) -> datetime.datetime:
    """The last moment of a day by the organisation's clock."""
    clock = zoneinfo.ZoneInfo(organisation.time_zone)
    return datetime.datetime.combine(day, datetime.time.max, clock)


def known_on(
    metric: Metric,
    organisation: Organisation,
    on: datetime.date,
    *,
    within: Slice,
    month: datetime.date,
    cut: str = "",
    sight: Sight = EVERYTHING,
) -> Knowledge:
    """What was known at the end of that day of the slice's last months, and of the parts of one month by `cut`. Eight
    queries at most, whatever their number."""
    at = end_of_day(organisation, on)
    newest = latest_month([metric.pk]) or month
    shown = calendar_months.run(newest, MONTHS)
    own = Q(metric=metric, slice_key=slice_key(within), period_start__in=shown)
    found = _rows(own, at, sight)
    parts: list[Known] = []
    if cut:
        dimensions = ",".join(sorted({*within, cut}))
        of_cut = Q(metric=metric, period_start=month, dimensions=dimensions, slice__contains=dict(within))
        parts = sorted(_rows(of_cut, at, sight), key=lambda row: row.label)[:PARTS]
    return Knowledge(on, sorted(found, key=lambda row: row.month, reverse=True), parts)


def _rows(wanted: Q, at: datetime.datetime, sight: Sight) -> list[Known]:
    """Three queries, and those of the labels."""
    then = _by_place(sight.seen(values_known_at(at), is_past=True).filter(wanted).select_related("version"))
    now = _by_place(sight.seen(values()).filter(wanted).select_related("version"))
    since = (
        MetricValue.objects.filter(wanted, grain=Grain.MONTH, as_of__gt=at)
        .order_by()
        .values("period_start", "slice_key")
        .annotate(steps=Count("pk"), first_at=Min("as_of"))
    )
    moved = {(row["period_start"], row["slice_key"]): (row["steps"], row["first_at"]) for row in since}
    places = then | now
    labels = labels_for(value.slice for value in places.values())
    return [
        Known(
            month=place[0],
            slice=dict(value.slice),
            label=labels.of(value.slice),
            then=then.get(place),
            now=now.get(place),
            steps=moved.get(place, (0, None))[0],
            first_at=moved.get(place, (0, None))[1],
        )
        for place, value in places.items()
    ]


def _by_place(found: Iterable[MetricValue]) -> dict[tuple[datetime.date, str], MetricValue]:
    return {(value.period_start, value.slice_key): value for value in found}
