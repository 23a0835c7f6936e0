"""Geometry of the small drawings: rings, bars, dots, sparklines, waterfalls, wires.

Sizes and positions are SVG attributes, never style attributes, so everything holds under the strict content policy,
in print and without JavaScript. Values may be Decimal, int, float, text digits or None.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from performance.foundation.components import formats

Value = formats.Amount


def _float(value: Value) -> float | None:
    amount = formats.decimal_of(value)
    return None if amount is None else float(amount)


def _n(value: float) -> str:
    """A coordinate: two decimals at most, always with a point."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def _svg(text: str) -> SafeString:
    return mark_safe(text)  # noqa: S308 - numbers from _n and escaped labels only


def _within(value: float, low: float = 0, high: float = 100) -> float:
    return max(low, min(high, value))


def _pace_words(value: Value, pace: Value, *, today: bool) -> str:
    if formats.decimal_of(value) is None:
        return _("No value yet")
    words = {"value": formats.percent(value, 0), "pace": formats.percent(pace, 0)}
    if formats.decimal_of(pace) is None:
        return _("%(value)s done") % words
    return (
        _("%(value)s done, %(pace)s expected by today") if today else _("%(value)s done, %(pace)s expected")
    ) % words


def ring(
    value: Value, pace: Value = None, state: str = "", size: int = 48, label: object = "", text: object = None
) -> SafeString:
    """Progress ring in percent; the dark tick marks the expected pace. Over 100 is drawn full and written out."""
    size = int(size)
    width = 4 if size < 60 else 6
    radius, centre = size / 2 - width / 2 - 2, size / 2
    done, expected = _float(value), _float(pace)
    tick = ""
    if expected is not None:
        angle = math.radians(_within(expected) * 3.6 - 90)
        inner, outer = radius - width / 2 - 1.5, radius + width / 2 + 1.5
        x1, y1 = centre + inner * math.cos(angle), centre + inner * math.sin(angle)
        x2, y2 = centre + outer * math.cos(angle), centre + outer * math.sin(angle)
        tick = f'<line class="tick" x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"/>'
    circle = f'cx="{_n(centre)}" cy="{_n(centre)}" r="{_n(radius)}" stroke-width="{width}"'
    arc = ""
    if done is not None and done > 0:
        arc = (
            f'<circle class="arc" {circle} pathLength="100" stroke-dasharray="{_n(_within(done))} 100" '
            f'transform="rotate(-90 {_n(centre)} {_n(centre)})"/>'
        )
    shown = text if text is not None else formats.number(value, 0)
    font = round(size * (0.27 if size < 60 else 0.25), 1)
    meaning = escape(label or _pace_words(value, pace, today=True))
    return _svg(
        f'<svg class="o-ring is-{escape(state)}" width="{size}" height="{size}" viewBox="0 0 {size} {size}" '
        f'role="img" aria-label="{meaning}"><circle class="track" {circle}/>{arc}{tick}'
        f'<text x="{_n(centre)}" y="{_n(centre)}" font-size="{font}">{escape(shown)}</text></svg>'
    )


def bar(
    value: Value, pace: Value = None, state: str = "", h: int = 6, label: object = "", cls: str = ""
) -> SafeString:
    """Pace bar in percent of the width."""
    h = int(h)
    done, expected = _float(value), _float(pace)
    tick = ""
    if expected is not None:
        at = _n(_within(expected))
        tick = f'<line class="tick" x1="{at}%" x2="{at}%" y1="0" y2="{h + 6}"/>'
    meaning = escape(label or _pace_words(value, pace, today=False))
    fill = _n(_within(done or 0))
    return _svg(
        f'<svg class="o-bar is-{escape(state)} {escape(cls)}" height="{h + 6}" role="img" aria-label="{meaning}">'
        f'<rect class="track" width="100%" y="3" height="{h}" rx="{_n(h / 2)}"/>'
        f'<rect class="fill" width="{fill}%" y="3" height="{h}" rx="{_n(h / 2)}"/>{tick}</svg>'
    )


def duo(mine: Value, theirs: Value, label: object = "", lo: float = 1, hi: float = 5) -> SafeString:
    """Two people on one scale: filled is you, hollow is the other. Either may be None (not answered, not shown)."""

    def place(value: float) -> str:
        return _n((_within(value, lo, hi) - lo) / (hi - lo) * 92 + 4)

    own, other = _float(mine), _float(theirs)
    marks = ""
    if own is not None and other is not None:
        marks += f'<line class="dumb" x1="{place(own)}%" x2="{place(other)}%" y1="8" y2="8"/>'
    if own is not None:
        marks += f'<circle class="d-b" cx="{place(own)}%" cy="8" r="5"/>'
    if other is not None:
        marks += f'<circle class="d-a" cx="{place(other)}%" cy="8" r="{2.5 if own == other else 4.5}"/>'
    words = {"mine": formats.number(mine), "theirs": formats.number(theirs)}
    meaning = escape(label or _("You %(mine)s, the other %(theirs)s") % words)
    return _svg(
        f'<svg class="o-bar" height="16" role="img" aria-label="{meaning}">'
        f'<rect class="track" width="100%" y="6" height="4" rx="2"/>{marks}</svg>'
    )


def _line(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)


def _runs(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """The stretches between the gaps: missing values break the line, they are not bridged."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]


def spark(
    values: Sequence[Value],
    w: int = 96,
    h: int = 28,
    *,
    target: Value = None,
    fc: Sequence[Sequence[Value]] = (),
    prov: int = 0,
    anomalies: Sequence[int] = (),
    label: object = "",
    area: bool = False,
    lo: Value = None,
    hi: Value = None,
    dot: bool = True,
    cmp: Sequence[Value] = (),
    fit: bool = False,
) -> SafeString:
    """Sparkline. `prov` trailing points are provisional; `fc` are forecasts (low, middle, high); None is a gap."""
    w, h, prov = int(w), int(h), int(prov)
    series = [_float(value) for value in values]
    forecast = [[_float(part) or 0.0 for part in point] for point in fc or ()]
    compared = [_float(value) for value in cmp or ()]
    goal = _float(target)
    known = [value for value in [*series, *compared, goal] if value is not None]
    known += [part for point in forecast for part in point]
    low = _float(lo) if lo is not None else min(known, default=0.0)
    high = _float(hi) if hi is not None else max(known, default=1.0)
    low, high = low or 0.0, high or 0.0
    if high == low:
        high += 1
    pad, last = 4, max(len(series) + len(forecast) - 1, 1)

    def x(index: int) -> float:
        return pad + index * (w - 2 * pad) / last

    def y(value: float) -> float:
        return h - pad - (value - low) * (h - 2 * pad) / (high - low)

    points = [None if value is None else (x(index), y(value)) for index, value in enumerate(series)]
    drawn = [point for point in points if point is not None]
    out = ""
    if forecast and drawn:
        start = drawn[-1]
        steps = list(enumerate(forecast, len(series)))
        upper = [start] + [(x(index), y(point[2])) for index, point in steps]
        lower = [start] + [(x(index), y(point[0])) for index, point in steps]
        middle = [start] + [(x(index), y(point[1])) for index, point in steps]
        out += f'<path class="band" d="{_line(upper + lower[::-1])}Z"/><path class="fc" d="{_line(middle)}"/>'
    if area and drawn:
        out += f'<path class="ar" d="{_line([(drawn[0][0], h - pad), *drawn, (drawn[-1][0], h - pad)])}Z"/>'
    if goal is not None:
        out += f'<line class="tg" x1="{pad}" x2="{w - pad}" y1="{_n(y(goal))}" y2="{_n(y(goal))}"/>'
    compared_points = [
        None if value is None else (x(index), y(value)) for index, value in enumerate(compared)
    ]
    out += "".join(f'<path class="c2" d="{_line(run)}"/>' for run in _runs(compared_points))
    cut = max(len(points) - prov, 0)
    out += "".join(f'<path class="ln" d="{_line(run)}"/>' for run in _runs(points[:cut]))
    if prov:
        out += "".join(f'<path class="ln pv" d="{_line(run)}"/>' for run in _runs(points[max(cut - 1, 0) :]))
    for index in anomalies or ():
        point = points[index]
        if point is not None:
            out += f'<circle class="an" cx="{_n(point[0])}" cy="{_n(point[1])}" r="4.5"/>'
    if dot and drawn:
        kind, radius = ("ptp", "3") if prov else ("pt", "2.5")
        out += f'<circle class="{kind}" cx="{_n(drawn[-1][0])}" cy="{_n(drawn[-1][1])}" r="{radius}"/>'
    meaning = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return _svg(
        f'<svg class="o-spark{" fit" if fit else ""}" width="{w}" height="{h}" viewBox="0 0 {w} {h}" {meaning}>{out}</svg>'
    )


def _part(part: Mapping[str, Any] | Sequence[Any]) -> tuple[float, int, str]:
    if isinstance(part, Mapping):
        return _float(part["percent"]) or 0.0, int(part.get("series", 1)), str(part.get("label", ""))
    percent, series, label = part
    return _float(percent) or 0.0, int(series), str(label)


def wbar(parts: Iterable[Mapping[str, Any] | Sequence[Any]], h: int = 12, label: object = "") -> SafeString:
    """Weight bar: parts of 100 %. `parts` are (percent, series 1-8, label), as tuples or mappings."""
    x, out, words = 0.0, "", []
    for percent, series, name in map(_part, parts):
        words.append(f"{name} {formats.percent(percent, 1)}")
        out += (
            f'<rect class="s{series}" x="{_n(x)}%" width="{_n(max(percent - 0.35, 0))}%" height="{int(h)}" rx="2">'
            f"<title>{escape(words[-1])}</title></rect>"
        )
        x += percent
    meaning = escape(label or formats.listed(words))
    return _svg(f'<svg class="o-wbar" height="{int(h)}" role="img" aria-label="{meaning}">{out}</svg>')


def key(series: int) -> SafeString:
    """The small square that ties a name to its colour."""
    return format_html('<svg class="key s{}" aria-hidden="true"><rect/></svg>', int(series))


def wf_bar(
    start: Value,
    width: Value,
    series: int = 1,
    prev: object = None,
    total: bool = False,
    cmp: Value = None,
    max: Value = 100,
) -> SafeString:
    """One row of the score waterfall: a bar from `start`, tied to the end of the row before when `prev` is given.

    A negative width runs to the left. `cmp` is the dashed mark (score at constant weights).
    """
    full = _float(max) or 100.0
    k = 100 / full
    at, size, mark = _float(start) or 0.0, _float(width) or 0.0, _float(cmp)
    step = full / 5
    grid = "".join(
        f'<line class="grid-l" x1="{_n(i * step * k)}%" x2="{_n(i * step * k)}%" y1="0" y2="40"/>'
        for i in range(6)
    )
    joint = _n((size if total else at) * k)
    link = f'<line class="link" x1="{joint}%" x2="{joint}%" y1="-29" y2="12"/>' if prev is not None else ""
    compare = (
        f'<line class="cmp" x1="{_n(mark * k)}%" x2="{_n(mark * k)}%" y1="4" y2="36"/>'
        if mark is not None
        else ""
    )
    left = min(at, at + size)
    kind = "tot" if total else f"s{int(series)}"
    return _svg(
        f'<svg aria-hidden="true">{grid}{link}<rect class="{kind}" x="{_n(left * k)}%" width="{_n(abs(size) * k)}%" '
        f'y="12" height="16" rx="3"/>{compare}</svg>'
    )


def hbar(
    value: Value,
    max: Value,
    target: Value = None,
    series: int = 1,
    h: int = 14,
    provisional: bool = False,
) -> SafeString:
    """Ranked bar from zero with a target tick. The figure stands beside it, so the drawing is decoration."""
    h = int(h)
    full, amount, goal = _float(max) or 1.0, _float(value) or 0.0, _float(target)
    width = _n(_within(amount / full * 100))
    at = _n(_within(goal / full * 100)) if goal is not None else ""
    tick = f'<line class="tick" x1="{at}%" x2="{at}%" y1="0" y2="{h + 4}"/>' if at else ""
    paint = f'fill="url(#hatch{int(series)})"' if provisional else f'class="s{int(series)}"'
    return _svg(
        f'<svg class="o-bar" height="{h + 4}" aria-hidden="true">'
        f'<rect {paint} width="{width}%" y="2" height="{h}" rx="3"/>{tick}</svg>'
    )


def hist(counts: Sequence[int], limit: Value = None, edge: Value = 1, label: object = "") -> SafeString:
    """Histogram over −edge … +edge, one bar a bin; what falls lies left and grey. `limit` is drawn on both sides. Its
    table stands beside it."""
    high, width = 96, 100 / (len(counts) or 1)
    tallest, reach, bound = max(counts, default=0) or 1, _float(edge) or 1.0, _float(limit)
    bars = "".join(
        f'<rect class="{"s8" if place < len(counts) / 2 else "s1"}" x="{_n(place * width + 0.3)}%" '
        f'width="{_n(width - 0.6)}%" y="{_n(14 + high * (1 - count / tallest))}" '
        f'height="{_n(high * count / tallest)}" rx="2"/>'
        for place, count in enumerate(counts)
        if count
    )
    places = [50 * (1 + sign * bound / reach) for sign in (-1, 1)] if bound is not None else []
    limits = "".join(
        f'<line x1="{_n(at)}%" x2="{_n(at)}%" y1="2" y2="{high + 14}" stroke="currentColor" stroke-dasharray="3 2"/>'
        for at in places
    )
    ground = f'<line x1="0" x2="100%" y1="{high + 14.5}" y2="{high + 14.5}" stroke="currentColor"/>'
    return _svg(
        f'<svg class="o-bar" height="{high + 16}" role="img" aria-label="{escape(str(label))}">{bars}{limits}{ground}</svg>'
    )


def sides(value: Value, max: Value, h: int = 12) -> SafeString:
    """A bar from the middle to either side; the figure stands beside it, so the drawing is decoration."""
    h, amount = int(h), _float(value) or 0.0
    size = _within(abs(amount) / (_float(max) or 1.0) * 50, 0, 50)
    left = 50 - size if amount < 0 else 50.0
    return _svg(
        f'<svg class="o-bar" height="{h}" aria-hidden="true"><rect class="{"s8" if amount < 0 else "s1"}" '
        f'x="{_n(left)}%" width="{_n(size)}%" y="2" height="{h - 4}" rx="2"/>'
        f'<line x1="50%" x2="50%" y1="0" y2="{h}" stroke="currentColor"/></svg>'
    )


def twin(before: Value, after: Value, max: Value) -> SafeString:
    """Two bars from one side, before over after; the figures stand beside them, so the drawing is decoration."""
    widths = [
        _within((_float(value) or 0.0) / (_float(max) or 1.0) * 100, 0, 100) for value in (before, after)
    ]
    bars = "".join(
        f'<rect class="{kind}" width="{_n(width)}%" y="{top}" height="7" rx="2"/>'
        for kind, width, top in zip(("s8", "s1"), widths, (1, 10), strict=True)
    )
    return _svg(f'<svg class="o-bar" height="18" aria-hidden="true">{bars}</svg>')


COLUMN, GAP = 16.4, 4.5


def wires(
    edges: Iterable[tuple[Sequence[int], Sequence[int], bool]], rows: int = 8, row_height: int = 33
) -> SafeString:
    """Lineage wires over `.flow`: edges are ((column, row), (column, row), hot) in its grid of five columns."""
    height, out = int(rows) * row_height, ""
    for (from_column, from_row), (to_column, to_row), hot in edges:
        x1, x2 = (from_column - 1) * (COLUMN + GAP) + COLUMN, (to_column - 1) * (COLUMN + GAP)
        y1, y2, middle = from_row * row_height, to_row * row_height, (x1 + x2) / 2
        out += (
            f"<path{' class=hot' if hot else ''} "
            f'd="M{_n(x1)} {y1}C{_n(middle)} {y1} {_n(middle)} {y2} {_n(x2)} {y2}"/>'
        )
    return _svg(
        f'<svg class="wires" viewBox="0 0 100 {height}" preserveAspectRatio="none" aria-hidden="true">{out}</svg>'
    )


def hatches() -> SafeString:
    """The patterns that hatched (provisional) bars refer to; once a page, in the frame."""
    patterns = "".join(
        f'<pattern id="hatch{series}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="6" height="6" class="s{series}"/><rect width="2" height="6" class="hatch-gap"/></pattern>'
        for series in range(1, 9)
    )
    return _svg(
        f'<svg width="0" height="0" class="position-absolute" aria-hidden="true"><defs>{patterns}</defs></svg>'
    )
