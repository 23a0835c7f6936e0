"""Lines that go to the database unseen: what it makes of them is what value by value gives, or they are not plain."""

import csv
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection as database
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from performance.people.models import Organisation
from performance.sources import actions, connectors, models, queries
from performance.sources.actions import merging
from performance.sources.connectors import columns, lines
from performance.sources.connectors.lines import Cell, Plain
from tests.sources import stage
from tests.sources.real_data import Place

pytestmark = pytest.mark.skipif(
    not lines.IS_SOUND,
    reason="this Python matches possessive groups wrongly; from 3.11.5 on lines are read whole",
)
SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
#: What cells hold that were typed by hand, exported by programs, or thought of by somebody who means harm.
WORDS = (
    "1 -5 +7 007 -0 12.50 -0.001 1. .5 1e5 0x1F 1_000 NaN Infinity inf 999999999999999999 9999999999999999999"
    " 2024-02-29 2023-02-29 1900-02-29 2000-02-29 2100-02-29 2024-04-31 2024-13-01 1799-12-31 1800-01-01 2199-12-31"
    " 2200-06-01 2024-1-5 01/02/2024 today now infinity epoch 20240105 0024-01-05 12024-01-05"
    " 2024-01-05T10:00Z 2024-01-05T24:00Z 2024-01-05T10:00:60Z 2024-01-05T10:00:00.123456789+08"
    " 2024-01-05T10:00:00.1234-05:30 2024-01-05T10:00+15:30 2024-01-05T10:00+0800 1985-06-01T00:30:00"
    " 2024-03-31T02:30:00 2024-10-27T02:30:00 2099-12-31T23:59:59.999999 1999-12-31T23:59"
    " t f true FALSE yes Nein no y 1 0 on off tr ye\u017f 是 - N/A null \\N \\. \x00 a\x00b a\\b"
)
CELLS = [
    *WORDS.split(" "),
    "",
    '""',
    '" "',
    '"a"',
    '"a ""b"" c"',
    '"a,b"',
    '" a"',
    '"a" ',
    '"5"',
    '"2024-01-05"',
    '"a\nb"',
    "a b",
    "a  b",
    " a",
    "a\t",
    "\u3000全角",
    "a\u2028b",
    "a\x85b",
    "a\x1cb",
    "2024-01-05 10:00:00",
    "2024-01-05 10:00:00+00",
    "x" * 500,
    "x" * 501,
    '"' + '""' * 300 + '"',
    "x" * 65_537,
]


def _values_of(text: str, type_: str, *, is_key: bool, zone: ZoneInfo) -> list[Any]:
    """The second cells of these lines, value by value; a Rejected where one does not fit."""
    coerce, found = columns.coercer(type_, zone=zone), []
    for row in csv.reader(io.StringIO(text, newline="")):
        if not "".join(row).strip():
            continue
        cell = row[1].strip() or None
        found.append(coerce(cell))
        if is_key:
            assert found[-1] is not None
            assert not isinstance(found[-1], str) or len(found[-1]) <= lines.MAX_KEY
    return found


def _copied(text: str, type_: str, zone: ZoneInfo) -> list[Any]:
    with database.cursor() as cursor:
        cursor.execute("SELECT set_config('TimeZone', %s, true)", [zone.key])
        cursor.execute(f"CREATE TEMP TABLE told (row_no int, one int, two {merging.COPY_TYPES[type_]})")
        with cursor.copy("COPY told FROM STDIN (FORMAT CSV, DELIMITER ',', FORCE_NULL (one, two))") as copy:
            copy.write(text)
        cursor.execute("SELECT set_config('TimeZone', 'UTC', true)")
        cursor.execute("SELECT row_no, two FROM told ORDER BY row_no")
        rows = cursor.fetchall()
        cursor.execute("DROP TABLE told")
        assert [number for number, _value in rows] == list(range(1, len(rows) + 1))
        return [value for _number, value in rows]


@pytest.mark.django_db
@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300
)
@given(
    st.sampled_from(columns.TYPES),
    st.booleans(),
    st.sampled_from([SHANGHAI, BERLIN]),
    st.lists(st.one_of(st.sampled_from(CELLS), st.text(max_size=6)), min_size=1, max_size=4),
)
def test_the_database_reads_a_plain_line_as_value_by_value(
    type_: str, is_key: bool, zone: ZoneInfo, cells: list[str]
) -> None:
    wanted = [Cell("integer", False), Cell(type_, is_key, lines.is_steady(zone))]
    text = "".join(f"7,{cell}\n" for cell in cells)
    numbered = Plain(wanted, delimiter=",").numbered(text, 1)
    if numbered is not None:
        assert numbered[1] == len(cells)
        expected = _values_of(text, type_, is_key=is_key, zone=zone)
        assert _copied(numbered[0], type_, zone) == expected


@pytest.mark.django_db
@pytest.mark.parametrize("type_", columns.TYPES)
@pytest.mark.parametrize("is_key", [False, True])
@pytest.mark.parametrize("zone", [SHANGHAI, BERLIN])
def test_each_cell_that_is_plain_is_read_as_value_by_value(type_: str, is_key: bool, zone: ZoneInfo) -> None:
    plain = Plain([Cell("integer", False), Cell(type_, is_key, lines.is_steady(zone))], delimiter=",")
    texts = [f"7,{cell}\n" for cell in CELLS]
    taken = [text for text in texts if plain.numbered(text, 1)]
    assert len(taken) >= 3
    text = "".join(taken)
    numbered = plain.numbered(text, 1)
    assert numbered is not None
    assert _copied(numbered[0], type_, zone) == _values_of(text, type_, is_key=is_key, zone=zone)


@pytest.mark.parametrize(
    ("type_", "cell"),
    [
        ("integer", "-12"),
        ("integer", '"12"'),
        ("decimal", "12.50"),
        ("date", "2024-02-29"),
        ("timestamp", "2024-01-05 10:00:00"),
        ("timestamp", "1985-06-01T00:30:00+09:00"),
        ("boolean", "true"),
        ("text", "two words"),
        ("text", '"a, ""b"""'),
        ("text", ""),
    ],
)
def test_ordinary_cells_are_plain(type_: str, cell: str) -> None:
    plain = Plain([Cell(type_, is_key=False, is_steady=True), None], delimiter=",")
    assert plain.numbered(f"{cell},unasked\r\n", 5) == (f"5,{cell}\n", 1)


def test_zones_without_summer_time_are_steady() -> None:
    assert lines.is_steady(SHANGHAI)
    assert lines.is_steady(ZoneInfo("UTC"))
    assert not lines.is_steady(BERLIN)


def _change(proposal: Any) -> dict[str, Any]:
    if proposal.key == "left_out":
        return {"role": "ignored"}
    types = {"id": "integer", "day": "date", "at": "timestamp", "amount": "decimal", "sure": "boolean"}
    is_key = proposal.key == "id"
    role = "key" if is_key else {"day": "time", "amount": "measure"}.get(proposal.key, "dimension")
    return {"type": types.get(proposal.key, "text"), "is_key": is_key, "role": role, "date_order": ""}


HEAD = "day,left_out,id,name,at,amount,sure\n"
#: Plain lines with every kind of trouble between them: blank, short, long, quoted over lines, twice, beyond its type.
BODY = (
    '2024-01-05,x,1,"Zhang, San",2024-01-05 10:00:00,12.50,true\n'
    '2024-01-06,"x,y",2,plain,2024-01-05T02:00:00Z,-3,no\n'
    "\n,,,,,,\n"
    "2024-01-07,,3,  padded  ,2024-01-05 11:00,1e3,YES\n"
    '2024-01-08,"a\nb",4,"two\nlines",,1,1\n'
    "2024-01-09,x,5\n"
    "2024-01-10,x,6,six,2024-01-05,6,0,more,cells\n"
    "2024-02-30,x,7,never,,7,1\n"
    '2024-01-11,x,,no key,,"1,234.50",1\n'
    "2024-01-12,x,2,twice,,2,1\n"
    "2024-01-13,x,8,eight,2024-01-05 10:00:00+05:30,N/A,maybe\n"
    '2024-01-14,x,9,"",,9.990,t\n'
    "2024-01-15,x,10,\u5f20\u4e09,,10,f\n"
    "2024-01-16,x,11,last without an end,,11,1"
)


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_load_by_lines_is_the_load_by_values(
    batch_rows: int, ends: str, acting: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mixed.csv"
    path.write_text((HEAD + BODY).replace("\n", ends), newline="")
    connection = stage.uploaded(path)

    def loaded(name: str) -> tuple[Any, ...]:
        dataset = stage.modelled(connection, {"table": "mixed"}, name, change=_change)
        done = stage.load(dataset, batch_rows=batch_rows)
        assert done.state == "done", done.problem
        kept = [(r.number, r.reason, r.column_key, r.value, r.row) for r in queries.rejected_rows(done)]
        keys = [column.key for column in queries.dataset_columns(dataset)]
        found = stage.rows(dataset, "id", *(key for key in keys if key != "id"))
        again = stage.load(dataset, batch_rows=batch_rows)
        assert (again.rows_unchanged, again.rows_updated) == (done.rows_inserted, 0)
        return stage.counts(done), kept, found

    by_lines = loaded("by_lines")
    seen = _counted(monkeypatch)
    assert loaded("counted") == by_lines
    assert (seen["lines"] > 0) == (batch_rows < 1000), "where lines are plain, they go as they are"
    monkeypatch.setattr(
        connectors.FileConnector,
        "read_lines",
        lambda self, source, columns, _cells, *rest: REAL_READ(self, source, columns, (), *rest),
    )
    assert loaded("by_values") == by_lines
    assert by_lines[0]["rejected"] == 4


REAL_READ: Callable[..., Any] = connectors.FileConnector.read_lines


def _counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    seen = {"lines": 0}
    real = merging.stage_lines

    def counted(dataset: models.Dataset, columns: Any, batch: connectors.Lines, **options: Any) -> None:
        seen["lines"] += len(batch)
        real(dataset, columns, batch, **options)

    monkeypatch.setattr(merging, "stage_lines", counted)
    return seen


def test_a_first_load_with_keys_that_come_twice_keeps_the_first(acting: Organisation, tmp_path: Path) -> None:
    path = tmp_path / "twice.csv"
    path.write_text("id,name\n" + "".join(f"{n % 50},{n}\n" for n in range(60)))
    dataset = stage.modelled(
        stage.uploaded(path),
        {"table": "twice"},
        "twice",
        change=lambda proposal: {"is_key": True, "role": "key"} if proposal.key == "id" else {},
    )
    done = stage.load(dataset, batch_rows=7)
    assert (done.rows_inserted, done.rows_rejected) == (50, 10)
    assert [kept.number for kept in queries.rejected_rows(done)] == list(range(51, 61))
    assert stage.rows(dataset, "id", "name") == [(n, n) for n in range(50)]
    assert isinstance(actions.start_load(dataset=dataset, by=None, at=stage.AT), models.Load)


ODD = """
    DROP TABLE IF EXISTS odd;
    CREATE TABLE odd (id int PRIMARY KEY, amount numeric, share float8, day date, at timestamptz, wall timestamp,
        sure boolean, name text, code varchar(20), extra jsonb, token uuid);
    INSERT INTO odd SELECT n, n / 4.0, n / 8.0, date '2024-01-01' + n,
        timestamptz '2024-01-01 10:00+08' + n * interval '1 h',
        timestamp '2024-01-01 10:00' + n * interval '1 h', n % 2 = 0, 'Row ' || n, 'c' || n, '{"a": 1}',
        '00000000-0000-0000-0000-000000000001' FROM generate_series(1, 40) n;
    UPDATE odd SET amount = 'NaN', share = 1e300, name = '' WHERE id = 3;
    UPDATE odd SET share = 'Infinity', name = E'two\nlines, "quoted"' WHERE id = 7;
    UPDATE odd SET at = '1900-01-01 00:00+08:05:43', wall = '1985-06-01 12:00', name = '  kept  ' WHERE id = 12;
    UPDATE odd SET day = '0900-01-01', code = NULL WHERE id = 17;
    UPDATE odd SET name = repeat('x', 300000), sure = NULL WHERE id = 23;
    UPDATE odd SET name = E'ends so: ,""\n', code = E'\\\\.' WHERE id = 31;
"""


@pytest.fixture
def odd(contoso: Place) -> Iterator[Place]:
    """The database of other tests, with a table more while this one looks."""
    contoso.run(ODD)
    yield contoso
    contoso.run("DROP TABLE odd")


@pytest.mark.parametrize("batch_rows", [1, 4, 100])
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin"])
def test_a_database_read_by_lines_gives_what_it_gives_by_values(
    batch_rows: int,
    zone: str,
    acting: Organisation,
    odd: Place,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]
    question = {"query": "SELECT * FROM odd ORDER BY id"}
    connection = stage.connected(odd)

    def loaded(name: str) -> tuple[Any, ...]:
        dataset = stage.modelled(
            connection,
            question,
            name,
            change=lambda column: {"is_key": True, "role": "key"} if column.key == "id" else {},
        )
        models.Dataset.objects.filter(pk=dataset.pk).update(time_zone=zone)
        done = stage.load(dataset, batch_rows=batch_rows)
        assert done.state == "done", done.problem
        kept = [(row.number, row.reason, row.column_key) for row in queries.rejected_rows(done)]
        keys = [column.key for column in queries.dataset_columns(dataset)]
        return stage.counts(done), kept, stage.rows(dataset, *keys)

    seen = _counted(monkeypatch)
    by_lines = loaded("by_lines")
    assert (seen["lines"] > 0) == (batch_rows < 100 and zone == "Asia/Shanghai")
    monkeypatch.setattr(
        connectors.SqlConnector,
        "read_lines",
        lambda self, source, columns, _cells, *rest: self.read(source, columns, *rest),
    )
    assert loaded("by_values") == by_lines
    assert [(number, column) for number, _reason, column in by_lines[1]] == [
        (3, "share"),
        (7, "share"),
        (17, "day"),
        (23, "name"),
    ]


def test_lines_beyond_one_piece_are_numbered_on_and_judged_to_the_last() -> None:
    plain = Plain([Cell("integer", True), Cell("text", False)], delimiter=",")
    text = "".join(f"{number},{'x' * 90}\n" for number in range(3 * lines.PIECE // 90))
    numbered = plain.numbered(text, 11)
    assert numbered is not None
    rows, count = numbered
    assert count == text.count("\n")
    assert rows == "".join(f"{number},{line}\n" for number, line in enumerate(text.splitlines(), 11))
    assert plain.numbered(text + "none,x\n", 11) is None


def counting(rows: int, expression: str) -> connectors.Query:
    return connectors.Query(f"SELECT n AS id, {expression} AS other FROM generate_series(1, {rows}) n")


NUMBERS = [Cell("integer", True), Cell("integer", False)]


def test_lines_come_in_batches_of_the_asked_size_and_break_off_in_plain_words(contoso: Place) -> None:
    with connectors.opened(contoso.kind, contoso.values, allow=contoso.allow) as source:
        assert isinstance(source, connectors.SqlConnector)
        found = source.read_lines(counting(2500, "n % 7"), ["id", "other"], NUMBERS, batch_size=1000)
        assert [len(batch) for batch in found] == [1000, 1000, 500]
        assert not list(source.read_lines(counting(0, "n"), ["id", "other"], NUMBERS, batch_size=1000))
        broken = source.read_lines(
            counting(9999, "7 / (9000 - n)"), ["id", "other"], NUMBERS, batch_size=1000
        )
        with pytest.raises(connectors.ConnectorRefused) as refused:
            list(broken)
        assert refused.value.code == "source_failed"


def test_whoever_stops_reading_lines_does_not_wait_for_the_rest(contoso: Place) -> None:
    with connectors.opened(contoso.kind, contoso.values, allow=contoso.allow) as source:
        assert isinstance(source, connectors.SqlConnector)
        # Sixty million rows.
        pairs = connectors.Query("SELECT a.order_key AS id, b.quantity AS other FROM sales a, sales b")
        begun = time.monotonic()
        endless = source.read_lines(pairs, ["id", "other"], NUMBERS, batch_size=1000)
        assert len(next(endless)) == 1000
        endless.close()
        assert time.monotonic() - begun < 10
        assert len(list(source.read_lines(counting(7, "n"), ["id", "other"], NUMBERS, batch_size=1000))) == 1
