"""Queries of people: one reading statement, rewritten from its tree; everything else is refused."""

import time

import pytest

from performance.sources.connectors import statements
from performance.sources.connectors.protocol import ConnectorRefused


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id, total FROM orders",
        "select o.id, sum(l.qty * l.price) as total from orders o join lines l on l.order_id = o.id group by o.id;",
        "WITH paid AS (SELECT * FROM invoices WHERE paid) SELECT * FROM paid",
        "SELECT 1 UNION ALL SELECT 2",
        "SELECT * FROM a WHERE created_at >= date '2026-01-01' -- since January",
        "SELECT coalesce(a, 0), extract(year from b), date_trunc('month', b) FROM t",
        "SELECT '%', 'it''s', \"odd name\" FROM t",
        "SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM t",
    ],
)
def test_a_reading_query_is_rewritten_without_comments(text: str) -> None:
    found = statements.reading_statement(text, dialect="postgresql")
    assert found.upper().startswith(("SELECT", "WITH"))
    assert "--" not in found


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "query_empty"),
        ("DELETE FROM orders", "query_not_select"),
        ("SELECT 1; DROP TABLE orders", "query_not_one"),
        ("WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone", "query_writes"),
        ("SELECT * INTO copy FROM orders", "query_writes"),
        ("SELECT * FROM orders FOR UPDATE", "query_writes"),
        ("UPDATE orders SET total = 0", "query_not_select"),
        ("INSERT INTO orders SELECT 1", "query_not_select"),
        ("CREATE TABLE x AS SELECT 1", "query_not_select"),
        ("COPY orders TO PROGRAM 'rm'", "query_not_select"),
        ("SET transaction_read_only = off", "query_not_select"),
        ("CALL purge()", "query_not_select"),
        ("EXPLAIN ANALYZE DELETE FROM orders", "query_not_select"),
        ("DO $$ BEGIN END $$", "query_not_select"),
        ("VACUUM", "query_not_select"),
        ("SELECT pg_sleep(100)", "query_function"),
        ("SELECT pg_read_file('/etc/passwd')", "query_function"),
        ("SELECT pg_catalog.pg_sleep(100)", "query_function"),
        ("SELECT query_to_xmlschema('SELECT pg_sleep(100)', true, true, '')", "query_function"),
        ("SELECT * FROM ts_stat('SELECT pg_sleep(100)')", "query_function"),
        ("SELECT lo_export(1, '/tmp/x')", "query_function"),
        ("SELECT * FROM dblink('host=10.0.0.1', 'select 1') AS t(a int)", "query_function"),
        ("SELECT set_config('transaction_read_only', 'off', false)", "query_function"),
        ("SELECT nextval('s')", "query_function"),
        ("SELECT query_to_xml('delete from x', true, true, '')", "query_function"),
        ("SELECT (SELECT pg_terminate_backend(1))", "query_function"),
        ("not sql at all (", "query_unreadable"),
        ("SELECT " + "(" * 100 + "1" + ")" * 100, "query_too_long"),
        ("SELECT " + "1+" * 30_000 + "1", "query_too_long"),
        (
            "SELECT ts_rewrite('a'::tsquery, 'SELECT to_tsquery(pg_read_file($$x$$)), $$a$$')",
            "query_function",
        ),
        ("SELECT * FROM crosstab('SELECT pg_sleep(100)') AS t(a int)", "query_function"),
        ("SELECT http_get('http://10.0.0.1')", "query_function"),
        ("SELECT * FROM run_command_on_workers('SELECT 1')", "query_function"),
        ("SELECT " + "ARRAY[" * 22 + "1" + "]" * 22, "query_too_long"),
        ("SELECT " + "bigint[" * 30 + "int" + "]" * 30, "query_too_long"),
        ("SELECT a" + "[1]" * 900 + " FROM t", "query_too_long"),
        ("SELECT a" + "::int" * 900 + " FROM t", "query_unreadable"),
        ("SELECT a" + ".b" * 900 + " FROM t", "query_unreadable"),
    ],
)
def test_anything_else_is_refused_in_bounded_time(text: str, code: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ConnectorRefused) as refused:
        statements.reading_statement(text, dialect="postgresql")
    assert refused.value.code == code
    assert str(refused.value.message)
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    "text",
    [
        "SELECT SLEEP(100)",
        "SELECT BENCHMARK(1000000000, MD5('a'))",
        "SELECT LOAD_FILE('/etc/passwd')",
        "SELECT * FROM orders INTO OUTFILE '/tmp/x'",
        "SELECT GET_LOCK('a', 100)",
        "SELECT @a := 1",
        "SELECT @@global.read_only",
        "SELECT /*!50000 SLEEP(5), */ 1; DELETE FROM x",
        "SELECT SOURCE_POS_WAIT('a', 1, 100)",
        "SELECT WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS('a', 100)",
        "SELECT " + "BINARY(" * 30 + "1" + ")" * 30,
        "SELECT " + "a -> '$' -> " * 400 + "'$'",
    ],
)
def test_the_tricks_of_mysql_are_refused(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ConnectorRefused):
        statements.reading_statement(text, dialect="mysql")
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("hint", ["MAX_EXECUTION_TIME(0)", "SET_VAR(max_execution_time = 0)"])
def test_hints_that_would_lift_the_timeout_vanish(hint: str) -> None:
    text = f"SELECT /*+ {hint} */ a FROM (SELECT /*+ {hint} */ a FROM t) AS x"
    assert statements.reading_statement(text, dialect="mysql") == "SELECT a FROM (SELECT a FROM t) AS x"


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_long_queries_of_the_usual_kind_are_read(dialect: str) -> None:
    columns = ", ".join(f"sum(case when c{n} in (1, 2) then c{n} end) as s{n}" for n in range(200))
    joins = " ".join(
        f"left join d{n} on d{n}.id = f.d{n} and (d{n}.a, d{n}.b) is not null" for n in range(40)
    )
    text = f"with recent as (select * from f where at > now() - interval '3' day) select {columns} from f {joins}"
    assert statements.reading_statement(text, dialect=dialect).startswith("WITH recent AS")


def test_executable_comments_of_mysql_vanish() -> None:
    found = statements.reading_statement("SELECT /*!50000 SLEEP(5), */ a FROM t", dialect="mysql")
    assert "SLEEP" not in found.upper()
