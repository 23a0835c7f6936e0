"""Typing: what a column looks like, and the exact way of a value into it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance.sources.connectors import columns, guessing, plain

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("type_", "raw", "expected"),
    [
        ("integer", "1,234", 1234),
        ("integer", " 42 ", 42),
        ("integer", "１２", 12),
        ("integer", "3.0", 3),
        ("integer", Decimal("5.00"), 5),
        ("integer", "", None),
        ("integer", "N/A", None),
        ("decimal", "1,234.50", Decimal("1234.50")),
        ("decimal", "(1,234.50)", Decimal("-1234.50")),
        ("decimal", "¥ 12.30", Decimal("12.30")),
        ("decimal", "￥１，２３４．５", Decimal("1234.5")),
        ("decimal", "\u00a0１２\u2009", Decimal("12")),
        ("decimal", "-$5", Decimal("-5")),
        ("decimal", "−7.5", Decimal("-7.5")),
        ("decimal", "12.5%", Decimal("0.125")),
        ("decimal", 0.1, Decimal("0.1")),
        ("decimal", "1e3", Decimal("1000")),
        ("decimal", "12345678901234567890.123456789", Decimal("12345678901234567890.123456789")),
        ("date", "2026-05-13", date(2026, 5, 13)),
        ("date", "2026/5/3", date(2026, 5, 3)),
        ("date", "2026.05.13", date(2026, 5, 13)),
        ("date", "2026年5月13日", date(2026, 5, 13)),
        ("date", "20260513", date(2026, 5, 13)),
        ("date", 20260513, date(2026, 5, 13)),
        ("date", "13/05/2026", date(2026, 5, 13)),
        ("date", "05/13/2026", date(2026, 5, 13)),
        ("date", "13 May 2026", date(2026, 5, 13)),
        ("date", "May 13, 2026", date(2026, 5, 13)),
        ("date", "2026-05-13 23:30:00", date(2026, 5, 13)),
        ("date", datetime(2026, 5, 13, 18, tzinfo=UTC), date(2026, 5, 14)),
        ("timestamp", "2026-05-13 08:00", datetime(2026, 5, 13, 0, 0, tzinfo=UTC)),
        ("timestamp", "2026-05-13T08:00:00Z", datetime(2026, 5, 13, 8, 0, tzinfo=UTC)),
        ("timestamp", "2026-05-13 8:05 pm", datetime(2026, 5, 13, 12, 5, tzinfo=UTC)),
        ("timestamp", "2026-05-13T08:00:00.123456+02:00", datetime(2026, 5, 13, 6, 0, 0, 123456, tzinfo=UTC)),
        ("boolean", "是", True),
        ("boolean", "No", False),
        ("boolean", 1, True),
        ("boolean", b"\x00", False),
        ("text", "  ", "  "),
        ("text", "", None),
        ("text", Decimal("1.50"), "1.50"),
        ("text", "=cmd()", "=cmd()"),
    ],
)
def test_a_value_is_coerced_exactly(type_: str, raw: object, expected: object) -> None:
    found = columns.coercer(type_, zone=SHANGHAI)(raw)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("type_", "raw", "code"),
    [
        ("integer", "10²", "not_integer"),
        ("decimal", "1½", "not_decimal"),
        ("integer", "3.5", "not_integer"),
        ("integer", "abc", "not_integer"),
        ("integer", "99999999999999999999", "number_too_large"),
        ("integer", "1e30", "number_too_large"),
        ("decimal", "1.234,50", "not_decimal"),
        ("decimal", "1,23", "not_decimal"),
        ("decimal", "--5", "not_decimal"),
        ("decimal", "1e999", "number_too_large"),
        ("decimal", "9" * 500, "number_too_large"),
        ("decimal", float("inf"), "not_decimal"),
        ("decimal", "12万", "not_decimal"),
        ("decimal", True, "not_decimal"),
        ("date", "2026-02-30", "not_date"),
        ("date", "13/05/26", "short_year"),
        ("date", "03/04/2026", "ambiguous_date"),
        ("date", "0026-05-13", "year_out_of_range"),
        ("date", "9999-12-31T23:59:59-23:59", "year_out_of_range"),
        ("date", datetime.max.replace(tzinfo=UTC), "year_out_of_range"),
        ("date", "0001-01-01T00:00:00+14:00", "year_out_of_range"),
        ("timestamp", "9999-12-31T23:59:59-23:59", "year_out_of_range"),
        ("date", "soon", "not_date"),
        ("date", 12, "not_date"),
        ("timestamp", "2026-05-13 25:00", "not_timestamp"),
        ("boolean", "maybe", "not_boolean"),
        ("boolean", 2, "not_boolean"),
        ("text", "a\x00b", "bad_characters"),
        ("text", "x" * 70_000, "text_too_long"),
        ("text", b"\xff\xfe", "bad_characters"),
        *((type_, columns.TooLong("1"), "text_too_long") for type_ in columns.TYPES),
    ],
)
def test_a_value_that_does_not_fit_is_rejected_with_its_reason(type_: str, raw: object, code: str) -> None:
    with pytest.raises(columns.Rejected) as rejected:
        columns.coercer(type_, zone=SHANGHAI)(raw)
    assert rejected.value.code == code
    assert str(columns.REASONS[code])


def test_the_order_of_dates_belongs_to_the_column() -> None:
    assert columns.coercer("date", date_order="dmy")("03/04/2026") == date(2026, 4, 3)
    assert columns.coercer("date", date_order="mdy")("03/04/2026") == date(2026, 3, 4)
    with pytest.raises(columns.Rejected):
        columns.coercer("date", date_order="mdy")("13/04/2026")


@pytest.mark.parametrize(
    ("values", "type_", "order"),
    [
        (["1", "2", ""], "integer", ""),
        (["1", "2.5", "-"], "decimal", ""),
        (["1.0", "2.0"], "integer", ""),
        (["1.00", "2.00"], "decimal", ""),
        (["010", "020"], "text", ""),
        (["6901044200118000001"], "text", ""),
        (["2026-05-13", "2026/5/14"], "date", ""),
        (["03/04/2026", "25/04/2026"], "date", "dmy"),
        (["03/04/2026", "04/25/2026"], "date", "mdy"),
        (["2026-05-13 08:00", "2026-05-14 09:30"], "timestamp", ""),
        (["yes", "no"], "boolean", ""),
        (["1", "0"], "integer", ""),
        (["a", "1"], "text", ""),
        ([None, "", " "], "text", ""),
        ([], "text", ""),
        ([Decimal("1.5"), 2], "decimal", ""),
        ([date(2026, 1, 1), None], "date", ""),
        ([True, False], "boolean", ""),
    ],
)
def test_the_narrowest_type_is_guessed(values: list[object], type_: str, order: str) -> None:
    guess = guessing.guess(values)
    assert (guess.type, guess.date_order) == (type_, order)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6))
def test_a_decimal_survives_its_text(number: Decimal) -> None:
    assert columns.coercer("decimal")(str(number)) == number
    assert columns.coercer("decimal")(f"{number:,f}") == number


@given(st.dates(min_value=date(1800, 1, 1), max_value=date(2200, 12, 31)))
def test_a_date_survives_every_way_of_writing_it(day: date) -> None:
    coerce = columns.coercer("date", date_order="dmy")
    for text in (
        day.isoformat(),
        f"{day:%Y/%m/%d}",
        f"{day:%d.%m.%Y}",
        f"{day.year}年{day.month}月{day.day}日",
    ):
        assert coerce(text) == day


@given(
    st.sampled_from(columns.TYPES),
    st.one_of(st.text(), st.floats(), st.integers(), st.booleans(), st.binary()),
)
def test_any_value_is_coerced_or_rejected_and_nothing_else(type_: str, raw: object) -> None:
    code = None
    try:
        columns.coercer(type_, zone=SHANGHAI)(raw)
    except columns.Rejected as rejected:
        code = rejected.code
    assert code is None or code in columns.REASONS


typed_values = st.one_of(
    st.none(),
    st.text(max_size=5),
    st.integers(),
    st.decimals(),
    st.dates(),
    st.booleans(),
    st.sampled_from(["", "a\x00", "\ud800", "x" * 70_000, 2**63, date(1500, 1, 1), Decimal("1e90")]),
)


@given(st.sampled_from(columns.TYPES), st.lists(typed_values, max_size=6))
def test_the_quick_look_at_a_column_agrees_with_the_slow_one(type_: str, values: list[object]) -> None:
    if plain.fit_as_they_are(type_, values):
        coerce = columns.coercer(type_, zone=SHANGHAI)
        slow = [coerce(value) for value in values]
        assert [(type(value), value) for value in slow] == [(type(value), value) for value in values]


plain_texts = st.one_of(
    st.none(),
    st.integers(-(10**19), 10**19).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
    st.dates().map(date.isoformat),
    st.sampled_from(
        [
            "+5",
            "-0",
            "007",
            "1_000",
            "\uff11",
            "1\n2",
            "2026-02-30",
            "2026-13-01",
            "1700-01-01",
            "1e5",
            "NaN",
            " 1",
            "",
        ]
    ),
)


@given(st.sampled_from(columns.TYPES), st.lists(plain_texts, max_size=6))
def test_a_column_read_plainly_is_what_value_by_value_gives(type_: str, values: list[str | None]) -> None:
    if plain.is_plain(type_, values):
        read = plain.read_plainly(type_, values)
        coerce = columns.coercer(type_, zone=SHANGHAI)
        slow = [coerce(value) for value in values]
        assert [(type(value), str(value)) for value in read] == [(type(value), str(value)) for value in slow]


def test_plain_columns_are_read_plainly() -> None:
    assert plain.read_plainly("integer", ["1", None, "-20"]) == [1, None, -20]
    assert plain.read_plainly("decimal", ["1.50", "-3"]) == [Decimal("1.50"), Decimal(-3)]
    assert plain.read_plainly("date", ["2026-05-14"]) == [date(2026, 5, 14)]
    assert plain.is_plain("integer", ["1", None, "-20"])
    assert not plain.is_plain("integer", ["1", "1,000"])
    assert not plain.is_plain("integer", ["1\n2"])
    assert not plain.is_plain("date", ["2026-02-30"])
    assert not plain.is_plain("text", ["a\x00"])
