"""A metric that names a ledger account is certified only while it agrees with it."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.kpis import actions, documents, queries, semantics
from performance.kpis.models import VersionState
from tests.kpis import tables
from tests.kpis.tying.conftest import (
    FEBRUARY,
    JANUARY,
    MARCH,
    account_of,
    drafted,
    revenue,
    signed,
)


def test_what_agrees_to_the_cent_is_certified_and_the_log_keeps_the_figures(books, account, cast, actor):
    version = signed(drafted(cast, actor, revenue(books, tie_out_tolerance="0.01")), cast, actor)
    assert version.state == VersionState.CERTIFIED
    entry = AuditRow.objects.get(action="kpis.certify_version", subject_id=version.pk)
    assert entry.changes["tie_out"] == {
        "2026-03": ["300", "299.99"],
        "2026-02": ["200", "200"],
        "2026-01": ["100", "100"],
    }


def test_one_cent_too_much_refuses_the_last_signature_and_names_the_month(books, account, cast, actor):
    version = drafted(cast, actor, revenue(books, tie_out_tolerance="0.009"))
    with pytest.raises(actions.MetricRefused, match="Mar 2026") as refused:
        signed(version, cast, actor)
    assert refused.value.field == "tie_out"
    version.refresh_from_db()
    assert version.state == VersionState.REVIEW
    assert [one.side for one in version.signatures.all()] == ["business"], "the refused one left nothing"
    found = queries.tie_out_of(version, on=tables.AT.date())
    assert [(row.month, row.difference, row.is_within) for row in found.rows] == [
        (MARCH, Decimal("0.01"), False),
        (FEBRUARY, Decimal(0), True),
        (JANUARY, Decimal(0), True),
    ]


def test_the_sign_of_the_account_is_not_guessed(books, account, cast, actor):
    version = drafted(cast, actor, revenue(books, tie_out_reversed=False, tie_out_tolerance="1 %"))
    with pytest.raises(actions.MetricRefused, match="Jan 2026"):
        signed(version, cast, actor)


def test_without_a_month_that_both_have_nothing_is_proven(books, cast, actor):
    _sales, ledger = books
    tables.certify(cast, actor, "account_4000", tables.base(ledger, "sum", "amount", dimensions={}))
    version = drafted(cast, actor, revenue(books))
    with pytest.raises(actions.MetricRefused, match="nothing to compare"):
        signed(version, cast, actor)


def test_a_month_that_the_ledger_lacks_between_two_others_is_no_agreement(books, cast, actor, computed):
    account_of(books, cast, actor, "amount", "in", ["-100.00", "-299.99"])
    computed()
    version = drafted(cast, actor, revenue(books, tie_out_tolerance="5 %"))
    with pytest.raises(actions.MetricRefused, match="Feb 2026"):
        signed(version, cast, actor)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"tie_out": "nobody"}, "no metric with the key nobody"),
        ({"unit": "number"}, "The account holds"),
        ({"tie_out_tolerance": "much"}, "Write an amount"),
        ({"tie_out_tolerance": "-1"}, "Write an amount"),
        ({"tie_out_tolerance": "NaN"}, "Write an amount"),
    ],
)
def test_what_cannot_be_tied_is_refused_while_it_is_written(books, account, cast, actor, more, words):
    with pytest.raises((semantics.DefinitionRefused, actions.MetricRefused), match=words):
        drafted(cast, actor, revenue(books, **more))


def test_the_same_rows_prove_nothing(books, account, cast, actor):
    itself = tables.base(books[1], "sum", "amount", dimensions={}, tie_out="account_4000")
    with pytest.raises(actions.MetricRefused, match="same dataset"):
        drafted(cast, actor, itself)


def test_an_account_that_is_computed_from_the_metric_proves_nothing(books, account, cast, actor):
    tables.certify(cast, actor, "revenue", revenue(books, tie_out="", tie_out_reversed=False))
    tables.certify(cast, actor, "twice", tables.formula("revenue * 2"))
    metric = queries.metric_by_key("revenue")
    with pytest.raises(actions.MetricRefused, match="computed from"):
        actions.revise_metric(
            metric=metric,
            definition=revenue(books, tie_out="twice"),
            by=actor(cast.business_owner),
            at=tables.AT,
        )


def test_nothing_unsigned_proves_anything(books, cast, actor):
    drafted(cast, actor, tables.base(books[1], "sum", "amount", dimensions={}), key="account_4000")
    version = drafted(cast, actor, revenue(books))
    with pytest.raises(actions.MetricRefused, match="First sign the account"):
        actions.submit_for_review(version=version, by=actor(cast.business_owner), at=tables.AT)


def test_an_account_in_use_is_not_retired(books, account, cast, actor):
    signed(drafted(cast, actor, revenue(books, tie_out_tolerance="0.01")), cast, actor)
    with pytest.raises(actions.MetricRefused, match="Still used by"):
        actions.retire_metric(metric=account.metric, reason="Old", by=actor(cast.finance_owner), at=tables.AT)


def test_the_pages_and_the_api_show_the_months_and_a_stranger_nothing(
    books, account, cast, actor, client_for
):
    version = drafted(cast, actor, revenue(books, tie_out_tolerance="0.001"))
    actions.submit_for_review(version=version, by=actor(cast.business_owner), at=tables.AT)
    page = f"{reverse('kpis:metric', args=[version.metric_id])}?version=1"
    told = f"/api/v1/metric-versions/{version.pk}/tie-out/"
    for person in (cast.business_owner, cast.finance_owner, cast.administrator, cast.auditor):
        content = client_for(person).get(page).content.decode()
        assert "Tied out to the ledger" in content
        assert "1 month off" in content
        assert "+¥0.01" in content
        found = client_for(person).get(told).json()
        assert found["is_passing"] is False
        assert found["rows"][0] == {
            "month": "2026-03-01",
            "own": "300.000000000000",
            "ledger": "299.990000000000",
            "difference": "0.010000000000",
            "is_within": False,
            "reason": "",
        }
    for person in (cast.employee, cast.manager, cast.stranger):
        assert client_for(person).get(told).status_code == 404
    assert client_for(cast.stranger).get(page).status_code == 404


def test_the_form_offers_accounts_and_says_beside_the_field_what_is_wrong(
    books, account, cast, actor, client_for
):
    version = drafted(cast, actor, revenue(books))
    browser = client_for(cast.business_owner)
    address = reverse("kpis:edit", args=[version.pk])
    page = browser.get(address).content.decode()
    assert '<option value="account_4000" selected' in page
    sent = {
        "kind": "base",
        "dataset": books[0].pk,
        "aggregation": "sum",
        "expression": "amount",
        "time_column": "on_day",
        "unit": "money:CNY",
        "decimals": "2",
        "direction": "up",
        "missing_policy": "null",
        "effective_from": "2026-01-01",
        "tie_out": "account_4000",
        "tie_out_tolerance": "a lot",
    }
    refused = browser.post(address, sent)
    assert refused.status_code == 422
    assert refused.context["form"].errors["tie_out_tolerance"]
    assert browser.post(address, sent | {"tie_out_tolerance": "0.5 %"}).status_code == 302
    version.refresh_from_db()
    assert (version.tie_out, version.tie_out_tolerance, version.tie_out_reversed) == (
        "account_4000",
        "0.5 %",
        False,
    )


def test_what_is_no_longer_tied_keeps_no_tolerance(books, account, cast, actor):
    version = drafted(cast, actor, revenue(books, tie_out="", tie_out_tolerance="5"))
    assert (version.tie_out, version.tie_out_reversed, version.tie_out_tolerance) == ("", False, "")


def test_somebody_elses_account_is_none_of_ours(books, account, cast, actor):
    with tenancy.acting_for(cast.elsewhere):
        assert queries.newest_wording("account_4000") is None


@given(st.decimals(-(10**12), 10**12, places=4), st.decimals(0, 10**6, places=4))
def test_a_tolerance_is_a_bound_and_nothing_else(difference, most):
    amount = semantics.Tolerance.of(f"{most}")
    assert amount.allows(difference, Decimal(1)) == (abs(difference) <= most)
    assert amount.allows(difference, Decimal(1)) == amount.allows(-difference, Decimal(-1))
    share = semantics.Tolerance.of("50 %")
    assert share.allows(difference, difference * 2)
    assert share.allows(Decimal(0), Decimal(0))


@given(st.text(max_size=12))
def test_any_text_is_a_tolerance_or_is_refused_in_words(text):
    try:
        found = semantics.Tolerance.of(text)
    except semantics.DefinitionRefused:
        return
    assert found.most >= 0


def test_a_document_of_definitions_names_the_account(books, account, cast, actor):
    signed(drafted(cast, actor, revenue(books, tie_out_tolerance="0.01")), cast, actor)
    written = documents.written(queries.signed_definitions(actor(cast.business_owner)))
    [entry] = [one for one in documents.read(written) if one.key == "revenue"]
    read = entry.definition(dataset=books[0], day=JANUARY)
    assert (read.tie_out, read.tie_out_reversed, read.tie_out_tolerance) == ("account_4000", True, "0.01")


def test_which_months_have_ended_is_the_organisations_day(books, account, cast, actor):
    """On the last evening of March in Shanghai it is not April yet, whatever the clock says elsewhere."""
    version = drafted(cast, actor, revenue(books))
    months = [row.month for row in queries.tie_out_of(version, on=datetime.date(2026, 3, 31)).rows]
    assert months == [FEBRUARY, JANUARY]
    months = [row.month for row in queries.tie_out_of(version, on=datetime.date(2026, 4, 1)).rows]
    assert months == [MARCH, FEBRUARY, JANUARY]
