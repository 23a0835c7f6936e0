"""Definitions as YAML: what is written is read again, and what is read becomes drafts, all or none."""

import contextlib
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from performance.foundation import refusals
from performance.foundation.models import AuditRow
from performance.kpis import actions, documents, queries
from performance.kpis.documents import reading
from performance.kpis.models import Dimension, Metric, MetricVersion
from tests.conftest import Cast
from tests.kpis.tables import AT, base, certify, formula, sign

HEAD = f"accord: {documents.FORMAT}\nmetrics:\n"
REVENUE = """\
  - key: revenue
    name_en: Revenue
    name_zh: 营业收入
    dataset: sales
    aggregation: sum
    expression: quantity * price
    time_column: on_day
    dimensions: {city: city, branch: store}
    filters:
      - {column: city, op: in, value: [Hangzhou, Shenzhen]}
      - {column: customer, op: not_null}
    unit: money
    tie_out_reason: There is no ledger here.
    effective_from: 2026-01-01
"""
CUSTOMERS = """\
  - key: customers
    name_en: Customers
    dataset: sales
    aggregation: distinct
    expression: customer
    time_column: on_day
    dimensions: {city: city}
    unit: customer
    effective_from: 2026-01-01
"""
SPEND = """\
  - key: spend
    name_en: Spend per customer
    formula: 营业收入 / customers
    effective_from: 2026-01-01
"""
DOUBLE = """\
  - key: double
    name_en: Twice the spend
    formula: spend * 2
    effective_from: 2026-01-01
"""


def apply(here: Cast, actor: Any, document: str, **more: Any) -> list[actions.Outcome]:
    given = {"business_owner": here.business_owner, "finance_owner": here.finance_owner} | more
    return actions.import_definitions(document=document, by=actor(here.business_owner), at=AT, **given)


def check(here: Cast, actor: Any, document: str, **more: Any) -> list[actions.Outcome]:
    given = {"business_owner": here.business_owner, "finance_owner": here.finance_owner} | more
    return actions.check_document(document=document, by=actor(here.business_owner), at=AT, **given)


def states(outcomes: list[actions.Outcome]) -> list[tuple[str, str]]:
    return [(one.entry.key, one.state) for one in outcomes]


def signed(here: Cast, actor: Any, key: str) -> MetricVersion:
    version = MetricVersion.objects.get(metric__key=key)
    return sign(version, actor(here.business_owner), actor(here.finance_owner))


def test_a_document_becomes_drafts_over_drafts_whatever_its_order(here: Cast, actor: Any, sales: Any) -> None:
    found = apply(here, actor, HEAD + DOUBLE + SPEND + CUSTOMERS + REVENUE)
    assert states(found) == [(key, "new") for key in ("double", "spend", "customers", "revenue")]
    spend = MetricVersion.objects.get(metric__key="spend")
    assert (spend.state, spend.formula, spend.unit) == (
        "draft",
        "revenue / customers",
        "money:CNY/count:customer",
    )
    assert dict(spend.dimensions) == {"city": ""}
    assert MetricVersion.objects.get(metric__key="double").unit == "money:CNY/count:customer"
    row = AuditRow.objects.get(action="kpis.import_definitions")
    assert row.changes["new"] == "double, spend, customers, revenue"


def test_a_formula_waits_for_the_signatures_of_its_inputs(here: Cast, actor: Any, sales: Any) -> None:
    apply(here, actor, HEAD + SPEND + CUSTOMERS + REVENUE)
    signed(here, actor, "customers")
    with pytest.raises(actions.MetricRefused, match="First sign what this formula is computed from: Revenue"):
        signed(here, actor, "spend")
    signed(here, actor, "revenue")
    assert signed(here, actor, "spend").state == "certified"


def test_a_draft_can_be_written_over_drafts_but_never_in_a_circle(here: Cast, actor: Any, sales: Any) -> None:
    apply(here, actor, HEAD + SPEND + CUSTOMERS + REVENUE)
    revenue = MetricVersion.objects.get(metric__key="revenue")
    with pytest.raises(actions.FormulaRefused, match="There is no metric called “spend”"):
        actions.edit_draft(
            version=revenue,
            definition=formula("spend * customers"),
            by=actor(here.business_owner),
            at=AT,
        )


def test_a_circle_in_a_document_is_refused(here: Cast, actor: Any, sales: Any) -> None:
    circle = """\
  - {key: one, name_en: One, formula: two * 2}
  - {key: two, name_en: Two, formula: one * 2}
"""
    found = check(here, actor, HEAD + circle)
    assert [one.state for one in found] == ["refused", "refused"]
    assert not Metric.objects.exists()


def test_a_dry_run_keeps_nothing(here: Cast, actor: Any, sales: Any) -> None:
    found = check(here, actor, HEAD + SPEND + CUSTOMERS + REVENUE)
    assert [one.state for one in found] == ["new"] * 3
    assert [one.unit for one in found] == ["money:CNY/count:customer", "count:customer", "money:CNY"]
    assert not Metric.objects.exists()
    assert not Dimension.objects.exists()
    assert not AuditRow.objects.filter(action__startswith="kpis.").exists()


def test_all_or_nothing_and_each_refusal_has_its_reason_and_place(here: Cast, actor: Any, sales: Any) -> None:
    wrong = CUSTOMERS.replace("expression: customer", "expression: buyer")
    document = HEAD + SPEND + REVENUE + wrong
    with pytest.raises(actions.ImportRefused) as refused:
        apply(here, actor, document)
    assert not Metric.objects.exists()
    assert not Dimension.objects.exists()
    by_key = {one.entry.key: one for one in refused.value.outcomes}
    assert by_key["revenue"].state == "new"
    assert by_key["customers"].message == "There is no column “buyer”."
    assert document.splitlines()[by_key["customers"].line - 1].strip() == "expression: buyer"
    assert by_key["spend"].message == "It is computed from what is refused: customers."
    assert document.splitlines()[by_key["spend"].line - 1].strip().startswith("formula:")


@pytest.mark.parametrize(
    ("old", "new", "word", "reason"),
    [
        ("dataset: sales", "dataset: sale", "dataset", "There is no dataset “sale” with rows here."),
        ("unit: money", "unit: kilo", "unit", "“kilo” is not a unit."),
        ("2026-01-01", "2026-01-02", "effective_from", "first day of a month"),
        ("time_column: on_day", "time_column: city", "time_column", "date that decides the month"),
        ("unit: money", "unit: money\n    additivity: semi", "additivity", "says semi; it is additive"),
    ],
)
def test_what_the_business_refuses_is_refused_at_its_line(
    here: Cast, actor: Any, sales: Any, old: str, new: str, word: str, reason: str
) -> None:
    document = HEAD + REVENUE.replace(old, new)
    (found,) = check(here, actor, document)
    assert (found.state, found.place) == ("refused", word)
    assert reason in found.message
    assert document.splitlines()[found.line - 1].strip().startswith(word)


def test_owners_are_needed_for_what_is_new_only(here: Cast, actor: Any, sales: Any) -> None:
    (found,) = check(here, actor, HEAD + REVENUE, business_owner=None)
    assert (found.state, found.place) == ("refused", "business_owner")
    apply(here, actor, HEAD + REVENUE)
    changed = HEAD + REVENUE.replace("quantity * price", "price")
    (found,) = check(here, actor, changed, business_owner=None, finance_owner=None)
    assert found.state == "changed"


def test_what_is_there_is_told_as_same_or_changed_in_the_words_of_its_page(
    here: Cast, actor: Any, sales: Any
) -> None:
    apply(here, actor, HEAD + REVENUE + CUSTOMERS + SPEND)
    for key in ("revenue", "customers", "spend"):
        signed(here, actor, key)
    again = HEAD + REVENUE.replace("2026-01-01", "2026-03-01") + CUSTOMERS + SPEND
    assert [one.state for one in apply(here, actor, again)] == ["same"] * 3
    assert MetricVersion.objects.count() == 3
    changed = HEAD + REVENUE.replace("quantity * price", "price").replace("in, value", "not_in, value")
    (found,) = apply(here, actor, changed)
    assert found.changes == (
        ("Counted", "quantity * price", "price"),
        (
            "Filter",
            "city is one of Hangzhou, Shenzhen, customer is not empty",
            "city is none of Hangzhou, Shenzhen, customer is not empty",
        ),
    )
    version = MetricVersion.objects.get(metric__key="revenue", number=2)
    assert (version.state, version.expression) == ("draft", "price")
    (found,) = apply(here, actor, HEAD + REVENUE.replace("quantity * price", "price * 2"))
    assert MetricVersion.objects.get(metric__key="revenue", number=2).expression == "price * 2"
    actions.submit_for_review(version=version, by=actor(here.business_owner), at=AT)
    (found,) = check(here, actor, HEAD + REVENUE)
    assert (found.state, found.message[:31]) == ("refused", "A version waits for signatures.")


def test_whoever_is_scored_by_a_metric_does_not_reword_it(
    here: Cast, actor: Any, sales: Any, monkeypatch: Any
) -> None:
    apply(here, actor, HEAD + REVENUE)

    def refuse(*_args: Any) -> None:
        raise refusals.Refused("You are scored by it.", code="is_scored")

    monkeypatch.setattr("performance.foundation.duties.refuse_scored_by", refuse)
    (found,) = check(here, actor, HEAD + REVENUE.replace("quantity * price", "price"))
    assert (found.state, found.message) == ("refused", "You are scored by it.")


def test_the_library_is_written_as_it_is_read(here: Cast, actor: Any, sales: Any) -> None:
    filters = [
        {"column": "city", "op": "in", "value": ["no", "010", "杭州: 西", "x, y"]},
        {"column": "customer", "op": "in", "value": [1, 2]},
        {"column": "store", "op": "not_null"},
    ]
    wording = {
        "dimensions": {"town": "city", "branch": "store"},
        "filters": filters,
        "missing_policy": "null",
        "description_en": 'Two lines:\n- "quoted" #no comment\n\n  indented',
        "description_zh": "不含税，按签收日。",
        "decimals": 0,
    }
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price", **wording), name_zh="营业收入")
    certify(here, actor, "customers", base(sales, "distinct", "customer", unit="customer"))
    certify(here, actor, "stock", base(sales, "last", "quantity", unit="piece", missing_policy="block"))
    certify(here, actor, "a_rate", formula("(revenue - revenue / 4) / revenue * 100", "percent"))
    document = documents.written(queries.signed_definitions(actor(here.business_owner)))
    assert list(yaml.safe_load(document)["metrics"][-1]) == [
        "key", "name_en", "kind", "formula", "dimensions", "unit", "direction", "decimals", "additivity",
        "missing_policy", "effective_from",
    ]  # fmt: skip
    entries = documents.read(document)
    assert [entry.key for entry in entries] == ["customers", "revenue", "stock", "a_rate"]
    assert entries[1].text("description_en") == wording["description_en"]
    assert entries[1].filters[0]["value"] == filters[0]["value"]
    assert [one.state for one in check(here, actor, document, business_owner=None)] == ["same"] * 4


@pytest.mark.parametrize(
    ("document", "line", "reason"),
    [
        ("", 0, "empty"),
        (HEAD, 1, "No metric stands"),
        ("metrics: []", 1, f"accord: {documents.FORMAT}"),
        (
            HEAD + "  - key: a\n    colour: red\n",
            4,
            "“colour” is not known here. You can use: accumulation, accumulation_months, additivity",
        ),
        (HEAD + "  - key: a\n    filters:\n      - {colum: a}\n", 5, "“colum” is not known here"),
        (HEAD + "  - key: a\n    key: b\n", 4, "“key” stands here twice."),
        (HEAD + "  - {key: a, formula: b}\n  - {key: a, formula: b}\n", 4, "“a” stands here twice."),
        (HEAD + "  - &x {key: a}\n", 3, "Anchors and aliases"),
        (HEAD + "  - key: *x\n", 3, "Anchors and aliases"),
        (HEAD + "  - key: !!python/object:os.system a\n", 3, "Types"),
        (HEAD + "  - key: [a\n", 0, "not readable as YAML"),
        (HEAD + "  - key: A b\n", 3, "small Latin letters"),
        (HEAD + "  - key: a\n    kind: guessed\n    formula: b\n", 4, "“guessed” is no kind"),
        (HEAD + "  - key: a\n    kind: cumulative\n    formula: b\n", 3, "says what it runs over"),
        (HEAD + "  - key: a\n    accumulation: year\n    dataset: b\n", 4, "says what it runs over"),
        (HEAD + "  - key: a\n    formula: b\n    dataset: c\n", 5, "goes with rows"),
        (HEAD + "  - key: a\n    kind: base\n    formula: b\n", 4, "of the kind base"),
        (HEAD + "  - key: a\n    decimals: 9\n", 4, "Between 0 and 8"),
        (HEAD + "  - key: a\n    effective_from: May\n", 4, "2026-05-01"),
        (HEAD + "  - key: a\n    unit: [a]\n", 4, "plain text"),
        (HEAD + "  - key: a\n    filters: {a: b}\n", 4, "A list"),
        (HEAD + "  - a\n", 3, "Names with values"),
        (HEAD + "  - key: a\n    formula: " + "a" * 1001 + "\n", 4, "longer than 1000"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("[" * 9, 1, "nested too deep"),
        ("- a\n" * 20_000, 20_000, "too many parts"),
        ("x" * (reading.MAX_BYTES + 1), 0, "larger than 256 KB"),
        ("a: b\nc: \x00", 2, "not readable as YAML"),
    ],
)
def test_an_unreadable_document_is_refused_with_its_line(document: str, line: int, reason: str) -> None:
    with pytest.raises(actions.DocumentRefused) as refused:
        documents.read(document)
    assert reason in str(refused.value)
    if line:
        assert refused.value.line == line
        assert str(refused.value).startswith(f"Line {line}: ")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_document_or_refused(text: str) -> None:
    with contextlib.suppress(actions.DocumentRefused):
        assert documents.read(text)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60).map(str.strip))
def test_any_words_are_written_so_that_they_are_read_again(words: str) -> None:
    metric = Metric(key="a", name_en="A", name_zh=words)
    version = MetricVersion(
        metric=metric,
        kind="derived",
        formula="b * 2",
        unit="number",
        direction="up",
        additivity="none",
        missing_policy="null",
        effective_from=AT.date(),
        filters=[],
        description_en=words,
        dimensions={},
    )
    (entry,) = documents.read(documents.written([version]))
    said = "" if words in ("null", "~") else words
    assert (entry.text("name_zh"), entry.text("description_en")) == (said, said)
