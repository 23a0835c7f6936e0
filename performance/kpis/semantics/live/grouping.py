"""One GROUP BY for each stretch of time and each combination of dimensions, put together by UNION ALL: the servers have
no CUBE in common. One statement, so that all of it is about one moment."""

import itertools
from collections.abc import Sequence

from sqlglot import exp

from performance.kpis.semantics.calendars import Span
from performance.kpis.semantics.live.stretches import Stretches
from performance.kpis.semantics.live.tongues import Tongue, called, date, whole
from performance.kpis.semantics.wording import Wording

#: What sums up over slices from the finest ones; the others are counted for each combination by itself.
COMPOSABLE = frozenset({"sum", "count", "min", "max", "avg", "last"})
NUMBERS = ("row_count", "with_value", "with_amount", "amount")


def combinations(wording: Wording) -> list[tuple[int, ...]]:
    """Which of the sorted dimensions are told apart: only all of them where the rest follows from it."""
    places = tuple(range(len(wording.dimensions)))
    if wording.aggregation in COMPOSABLE:
        return [places]
    return [chosen for size in range(len(places) + 1) for chosen in itertools.combinations(places, size)]


def spans_relation(spans: Sequence[Span]) -> exp.Query:
    """span_no, first_day, last_day."""
    selects = [
        exp.select(
            exp.alias_(whole(number), "span_no"),
            exp.alias_(date(start), "first_day"),
            exp.alias_(date(end), "last_day"),
        )
        for number, (start, end) in enumerate(spans)
    ]
    return together(selects)


def together(selects: Sequence[exp.Select]) -> exp.Query:
    return exp.union(*selects, distinct=False) if len(selects) > 1 else selects[0]


def grouped(
    wording: Wording,
    tongue: Tongue,
    *,
    number: int,
    grain: str,
    places: Stretches,
    chosen: Sequence[int],
    dimensions: int,
    more: Sequence[str] = (),
) -> exp.Select:
    """SELECT part, bucket, d0…, `more`, row_count, with_value, with_amount, amount of one stretch and combination; the
    columns `more` are always told apart."""
    names = [f"d{place}" for place in range(dimensions)]
    rows = _bucketed([*names, *more], grain, places)
    if wording.aggregation == "last":
        rows = _newest(rows, names, more)
    cuts = [
        exp.alias_(exp.column(name) if place in chosen else tongue.nothing(), name)
        for place, name in enumerate(names)
    ]
    return (
        exp.select(
            exp.alias_(whole(number), "part"),
            exp.column("bucket"),
            *cuts,
            *map(exp.column, more),
            exp.alias_(exp.Count(this=exp.Star()), "row_count"),
            exp.alias_(exp.Count(this=exp.column("given")), "with_value"),
            exp.alias_(exp.Count(this=exp.column("amount")), "with_amount"),
            exp.alias_(_aggregate(wording.aggregation), "amount"),
        )
        .from_(rows.subquery(f"p{number}"))
        .group_by(
            exp.column("bucket"), *(exp.column(names[place]) for place in chosen), *map(exp.column, more)
        )
    )


def _aggregate(aggregation: str) -> exp.Expr:
    amount = exp.column("amount")
    if aggregation == "count":
        return exp.Count(this=amount)
    if aggregation == "distinct":
        return exp.Count(this=exp.Distinct(expressions=[amount]))
    if aggregation in ("min", "max"):
        return {"min": exp.Min, "max": exp.Max}[aggregation](this=amount)
    return exp.Sum(this=amount)


def _bucketed(names: Sequence[str], grain: str, places: Stretches) -> exp.Select:
    kept = [exp.column("day"), exp.column("amount"), exp.column("given"), *map(exp.column, names)]
    day = exp.column("day")
    if grain == "period":
        return (
            exp.select(exp.alias_(exp.column("span_no"), "bucket"), *kept)
            .from_("accord_rows")
            .join(
                "accord_spans",
                on=exp.and_(
                    exp.GTE(this=day, expression=exp.column("first_day")),
                    exp.LTE(this=day.copy(), expression=exp.column("last_day")),
                ),
            )
        )
    return exp.select(exp.alias_(places.numbered(day, grain), "bucket"), *kept).from_("accord_rows")


def _newest(rows: exp.Select, names: Sequence[str], more: Sequence[str] = ()) -> exp.Select:
    """Only the rows of the last day of each of the finest slices: balances, which add up over slices."""
    age = exp.Window(
        this=called("DENSE_RANK"),
        partition_by=[exp.column("bucket"), *map(exp.column, names)],
        order=exp.Order(expressions=[exp.Ordered(this=exp.column("day"), desc=True)]),
    )
    aged = exp.select(
        *(exp.column(name) for name in ("bucket", "day", "amount", "given", *names, *more)),
        exp.alias_(age, "age"),
    ).from_(rows.subquery("b"))
    return (
        exp.select(*(exp.column(name) for name in ("bucket", "day", "amount", "given", *names, *more)))
        .from_(aged.subquery("aged"))
        .where(exp.EQ(this=exp.column("age"), expression=whole(1)))
    )
