"""What a column of a source means in SQL of its server: the same value that copying would make of it.

Both servers give one form for each type: text byte by byte, numbers as exact decimals, yes and no as 1 and 0, days as
dates, points in time as they stand in the column. Literals are built, never written: a text for MariaDB travels as
hexadecimal digits, one for PostgreSQL without any backslash, so that no setting of a server can read them otherwise.
"""

import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlglot import exp

from performance.kpis.formulas.spelling import number_text
from performance.kpis.semantics.live import zones
from performance.kpis.semantics.live.places import LiveColumn, named
from performance.sources.connectors import columns as typing_rules
from performance.sources.connectors import live

#: What MariaDB and MySQL can carry: digits in all, and those behind the point in a division.
DIGITS, PLACES = 65, 30


class Tongue(Protocol):
    """How one server says it."""

    #: Whether `/` of the parser's tree means the server's own.
    is_typed: bool

    def value(self, column: LiveColumn, zone: str) -> exp.Expr:
        """A column's value as copying would give it. Raises ConnectorRefused("live_type")."""

    def day(self, column: LiveColumn, zone: str) -> exp.Expr:
        """The calendar day of a point in time or a date, in `zone`, believable or not."""

    def words(self, value: exp.Expr, type_: str) -> exp.Expr:
        """A value as the text that a slice is called by."""

    def text(self, text: str) -> exp.Expr: ...
    def moment(self, moment: datetime.datetime, native: str, zone: str) -> exp.Expr: ...
    def number(self, value: Decimal) -> exp.Expr: ...
    def days_since(self, day: exp.Expr, origin: datetime.date) -> exp.Expr: ...
    def nothing(self) -> exp.Expr:
        """NULL, in the type of `words`."""

    def exact(self, value: exp.Expr) -> exp.Expr:
        """A number wide enough to be divided."""


def called(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A function of exactly this name: nothing that sqlglot might know better in one dialect than in another."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def whole(number: int) -> exp.Expr:
    return exp.Literal.number(str(number))


def cast(value: exp.Expr, type_: str) -> exp.Expr:
    return exp.Cast(this=value, to=exp.DataType.build(type_))


def date(day: datetime.date) -> exp.Expr:
    return cast(exp.Literal.string(day.isoformat()), "date")


EARLIEST = datetime.date(typing_rules.EARLIEST, 1, 1)
LATEST = datetime.date(typing_rules.LATEST, 12, 31)


def within(value: exp.Expr, first: datetime.date, last: datetime.date = LATEST) -> exp.Expr:
    """Copying would not take other days, nor dates like 0000-00-00; nor is what is missing within anything."""
    after = exp.Literal.string((last + datetime.timedelta(days=1)).isoformat())
    return exp.and_(
        exp.GTE(this=value.copy(), expression=exp.Literal.string(first.isoformat())),
        exp.LT(this=value.copy(), expression=after),
    )


def believable(raw: exp.Expr, read: exp.Expr) -> exp.Expr:
    """`read` where `raw`, what stands in the column, is a day or a moment that copying would take."""
    return exp.Case(ifs=[exp.If(this=within(raw, EARLIEST), true=read)])


def switched(value: exp.Expr, *, is_native: bool) -> exp.Expr:
    """1, 0 or nothing."""
    yes: exp.Expr = value.copy()
    no: exp.Expr = exp.Not(this=value.copy())
    if not is_native:
        yes = exp.EQ(this=value.copy(), expression=whole(1))
        no = exp.EQ(this=value.copy(), expression=whole(0))
    return exp.Case(ifs=[exp.If(this=yes, true=whole(1)), exp.If(this=no, true=whole(0))])


def yes_or_no(value: exp.Expr, yes: exp.Expr, no: exp.Expr) -> exp.Expr:
    return exp.Case(
        ifs=[
            exp.If(this=exp.EQ(this=value.copy(), expression=whole(1)), true=yes),
            exp.If(this=exp.EQ(this=value.copy(), expression=whole(0)), true=no),
        ]
    )


class PostgreSQL:
    is_typed = True

    def value(self, column: LiveColumn, zone: str) -> exp.Expr:
        live.judge(column.source_name, column.type, column.native)
        raw: exp.Expr = named(column.source_name)
        if column.type == "text":
            return self._text(raw)
        if column.type == "boolean":
            return switched(raw, is_native=column.native == "boolean")
        if column.type == "integer" and column.native == "boolean":
            return switched(raw, is_native=True)
        if column.type in ("integer", "decimal"):
            return self._number(raw, column.native)
        if column.type == "date":
            return believable(raw, self.day(column, zone))
        return believable(raw, cast(raw, "timestamp") if column.native == "date" else raw.copy())

    def _text(self, raw: exp.Expr) -> exp.Expr:
        # CONCAT asks the type's own output: a cast would take the spaces off a char(n).
        plain = exp.Nullif(this=called("CONCAT", raw, self.text("")), expression=self.text(""))
        return exp.Collate(this=plain, expression=exp.Identifier(this="C", quoted=True))

    def _number(self, raw: exp.Expr, native: str) -> exp.Expr:
        if native == "float":
            # The shortest text that gives the same double back, as copying does; a plain cast keeps 15 digits.
            text = cast(raw, "text")
            unreal = [exp.Literal.string(word) for word in ("NaN", "Infinity", "-Infinity")]
            real = exp.Case(
                ifs=[exp.If(this=exp.Not(this=exp.In(this=text.copy(), expressions=unreal)), true=text)]
            )
            return cast(real, "decimal")
        exact = cast(raw, "decimal")
        if native == "integer":
            return exact
        return exp.Nullif(this=exact, expression=cast(exp.Literal.string("NaN"), "decimal"))

    def day(self, column: LiveColumn, zone: str) -> exp.Expr:
        raw: exp.Expr = named(column.source_name)
        if column.native == "timestamptz":
            raw = exp.Paren(this=exp.AtTimeZone(this=raw, zone=exp.Literal.string(zone)))
        return cast(raw, "date")

    def words(self, value: exp.Expr, type_: str) -> exp.Expr:
        if type_ == "text":
            return value
        if type_ == "boolean":
            return yes_or_no(value, self.text("true"), self.text("false"))
        return cast(value, "text")

    def text(self, text: str) -> exp.Expr:
        pieces = text.split("\\")
        parts: list[exp.Expr] = [exp.Literal.string(pieces[0])]
        for piece in pieces[1:]:
            parts += [called("CHR", whole(92)), exp.Literal.string(piece)]
        return called("CONCAT", *parts) if len(parts) > 1 else parts[0]

    def moment(self, moment: datetime.datetime, native: str, zone: str) -> exp.Expr:
        if native == "timestamptz":
            return cast(exp.Literal.string(moment.astimezone(datetime.UTC).isoformat(" ")), "timestamptz")
        return cast(exp.Literal.string(_wall(moment, zone)), "timestamp")

    def number(self, value: Decimal) -> exp.Expr:
        return cast(exp.Literal.number(number_text(value)), "decimal")

    def days_since(self, day: exp.Expr, origin: datetime.date) -> exp.Expr:
        return exp.Paren(this=exp.Sub(this=day, expression=date(origin)))

    def nothing(self) -> exp.Expr:
        return cast(exp.Null(), "text")

    def exact(self, value: exp.Expr) -> exp.Expr:
        return cast(value, "decimal")


class MySQL:
    """MariaDB from 10.2 and MySQL from 8: older ones know no WITH."""

    is_typed = False

    def value(self, column: LiveColumn, zone: str) -> exp.Expr:
        live.judge(column.source_name, column.type, column.native)
        raw: exp.Expr = named(column.source_name)
        if column.type == "text":
            return exp.Nullif(this=self._bytes(raw), expression=self.text(""))
        if column.type == "boolean":
            return switched(raw, is_native=False)
        if column.type == "integer":
            # Unsigned numbers would refuse to be subtracted.
            return cast(raw, "decimal(20, 0)")
        if column.type == "decimal":
            return self._number(raw, column.native)
        read = self.day(column, zone) if column.type == "date" else raw.copy()
        if column.native == "timestamptz":
            # Its years are few, and a bound beyond them is no TIMESTAMP to be compared with.
            real = exp.GTE(this=raw, expression=exp.Literal.string("1970-01-02"))
            return exp.Case(ifs=[exp.If(this=real, true=read)])
        is_day_only = column.type == "timestamp" and column.native == "date"
        return believable(raw, cast(read, "datetime") if is_day_only else read)

    def _bytes(self, raw: exp.Expr) -> exp.Expr:
        """Collations take case, accents and spaces at the end lightly; bytes do not."""
        letters = exp.DataType(this=exp.DataType.Type.CHARACTER_SET, kind=exp.Var(this="utf8mb4"))
        return cast(exp.Cast(this=raw, to=letters), "binary")

    def _number(self, raw: exp.Expr, native: str) -> exp.Expr:
        if native == "integer":
            return cast(raw, "decimal(20, 0)")
        # Decimals are exact as they are; a double is what its shortest text says, as copying reads it.
        return raw if native == "numeric" else self.exact(cast(raw, "char"))

    def day(self, column: LiveColumn, zone: str) -> exp.Expr:
        raw: exp.Expr = named(column.source_name)
        if column.native == "timestamptz":
            raw = self._local(raw, zone)
        return cast(raw, "date")

    def _local(self, moment: exp.Expr, zone: str) -> exp.Expr:
        """The wall clock of an instant. Sessions stand at UTC, and few servers know the names of zones; so the offsets
        of the zone are written out, change by change."""
        changes = zones.offsets(zone)
        branches = [
            exp.If(
                this=exp.LT(this=moment.copy(), expression=exp.Literal.string(f"{until:%Y-%m-%d %H:%M:%S}")),
                true=whole(seconds),
            )
            for until, seconds in changes[:-1]
        ]
        last = whole(changes[-1][1])
        offset = exp.Case(ifs=branches, default=last) if branches else last
        return exp.DateAdd(this=moment, expression=offset, unit=exp.Var(this="SECOND"))

    def words(self, value: exp.Expr, type_: str) -> exp.Expr:
        if type_ == "text":
            return value
        if type_ == "boolean":
            return yes_or_no(value, self.text("true"), self.text("false"))
        return cast(cast(value, "char"), "binary")

    def text(self, text: str) -> exp.Expr:
        return called("UNHEX", exp.Literal.string(text.encode().hex()))

    def moment(self, moment: datetime.datetime, native: str, zone: str) -> exp.Expr:
        if native == "timestamptz":
            zone = "UTC"
        return cast(exp.Literal.string(_wall(moment, zone)), "datetime(6)")

    def number(self, value: Decimal) -> exp.Expr:
        places = max(0, -int(value.as_tuple().exponent))
        text = exp.Literal.number(number_text(value))
        return cast(text, f"decimal({DIGITS}, {min(places, PLACES)})")

    def days_since(self, day: exp.Expr, origin: datetime.date) -> exp.Expr:
        return called("DATEDIFF", day, exp.Literal.string(origin.isoformat()))

    def nothing(self) -> exp.Expr:
        return cast(exp.Null(), "binary")

    def exact(self, value: exp.Expr) -> exp.Expr:
        return cast(value, f"decimal({DIGITS}, {PLACES})")


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _wall(moment: datetime.datetime, zone: str) -> str:
    return moment.astimezone(_zone(zone)).replace(tzinfo=None).isoformat(" ")


TONGUES: dict[str, Any] = {"postgresql": PostgreSQL(), "mysql": MySQL()}
