"""A time zone as a list of offsets, for servers that have no table of zones."""

import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

#: What a TIMESTAMP of MySQL and MariaDB can hold.
FIRST = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
LAST = datetime.datetime(2038, 1, 20, tzinfo=datetime.UTC)
STEP = datetime.timedelta(days=1)
SECOND = datetime.timedelta(seconds=1)


@lru_cache(maxsize=64)
def offsets(zone: str) -> tuple[tuple[datetime.datetime, int], ...]:
    """(until, seconds east of Greenwich), oldest first; `until` is exclusive, in UTC. The last holds for ever."""
    place = ZoneInfo(zone)
    found: list[tuple[datetime.datetime, int]] = []
    moment, seconds = FIRST, _offset(FIRST, place)
    while moment < LAST:
        following = moment + STEP
        if _offset(following, place) != seconds:
            change = _change(moment, following, place)
            found.append((change, seconds))
            moment, seconds = change, _offset(change, place)
        else:
            moment = following
    return (*found, (LAST, seconds))


def _offset(moment: datetime.datetime, place: ZoneInfo) -> int:
    return int(moment.astimezone(place).utcoffset().total_seconds())  # type: ignore[union-attr]


def _change(before: datetime.datetime, after: datetime.datetime, place: ZoneInfo) -> datetime.datetime:
    """The first second with another offset than `before`."""
    seconds = _offset(before, place)
    while after - before > SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle <= before:
            middle = before + SECOND
        if _offset(middle, place) == seconds:
            before = middle
        else:
            after = middle
    return after
