"""A metric that names a ledger account is certified only while it agrees with it."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.inbox import queries as inbox
from performance.kpis import actions, documents, queries, semantics
from performance.kpis.models import MetricVersion, TieOutReason, VersionState
from tests.kpis import tables

JANUARY, FEBRUARY, MARCH = tables.JANUARY, tables.FEBRUARY, tables.MARCH
SALES = {"on_day": "date", "amount": "decimal"}
LEDGER = {"on_day": "date", "account": "text", "amount": "decimal"}


@pytest.fixture
def books(cast, acting):
    """Sales of 100.00, 200.00 and 300.00 in three months; a ledger that books revenue as credit, with one cent less in
    March, and other accounts beside it."""
    sales = tables.make_dataset(
        "sales", SALES, [(JANUARY, "60.00"), (JANUARY, "40.00"), (FEBRUARY, "200.00"), (MARCH, "300.00")]
    )
    ledger = tables.make_dataset(
        "ledger",
        LEDGER,
        [
            (JANUARY, "4000", "-100.00"),
            (FEBRUARY, "4000", "-200.00"),
            (MARCH, "4000", "-299.99"),
            (MARCH, "5000", "77.00"),
        ],
    )
    return sales, ledger


def account_of(books, cast, actor, column, op, value):
    """A certified metric over those rows of the ledger."""
    only = [{"column": column, "op": op, "value": value}]
    wording = tables.base(books[1], "sum", "amount", dimensions={}, filters=only)
    return tables.certify(cast, actor, "account_4000", wording)


@pytest.fixture
def account(books, cast, actor, computed):
    """The certified metric of account 4000, with its values."""
    version = account_of(books, cast, actor, "account", "=", "4000")
    computed()
    return version


@pytest.fixture
def computed():
    """Values as the periodic job computes them."""

    def do():
        actions.refresh_values(at=tables.AT)

    return do


def revenue(books, **more):
    given = {"dimensions": {}, "tie_out": "account_4000", "tie_out_reversed": True} | more
    return tables.base(books[0], "sum", "amount", **given)


def drafted(cast, actor, definition, key="revenue"):
    return actions.draft_metric(
        key=key,
        name_en="Revenue",
        name_zh="收入",
        business_owner=cast.business_owner,
        finance_owner=cast.finance_owner,
        definition=definition,
        by=actor(cast.business_owner),
        at=tables.AT,
    )


def signed(version, cast, actor):
    return tables.sign(version, actor(cast.business_owner), actor(cast.finance_owner))


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


def bare(books, **more):
    return tables.base(books[0], "sum", "amount", dimensions={}, **({"tie_out_reason": ""} | more))


def test_money_that_is_read_from_data_names_its_account_or_says_why_not(books, cast, actor, client_for):
    version = drafted(cast, actor, bare(books))
    by = actor(cast.business_owner)
    with pytest.raises(actions.MetricRefused, match="or says why it is not") as refused:
        actions.submit_for_review(version=version, by=by, at=tables.AT)
    assert (refused.value.code, refused.value.field) == ("no_tie_out", "tie_out_reason")
    browser = client_for(cast.business_owner)
    answer = browser.post(reverse("kpis:submit", args=[version.pk]))
    assert answer.status_code == 302
    page = browser.get(answer.url).content.decode()
    place = page.index('id="id_tie_out_reason"')
    assert "state the reason" in page[place : place + 900], "beside the field"
    api = browser.post(f"/api/v1/metric-versions/{version.pk}/submit/")
    assert (api.status_code, api.json()["title"]) == (422, "no_tie_out")
    actions.edit_draft(
        version=version,
        definition=bare(books, tie_out_reason="The bank is not booked yet."),
        by=by,
        at=tables.AT,
    )
    version.refresh_from_db()
    signed(version, cast, actor)
    shown = browser.get(reverse("kpis:metric", args=[version.metric_id])).content.decode()
    assert "not tied out to a ledger: The bank is not booked yet." in shown


def test_what_was_sent_to_review_before_is_asked_for_its_reason_at_the_last_signature(books, cast, actor):
    version = drafted(cast, actor, bare(books))
    MetricVersion.objects.filter(pk=version.pk).update(state=VersionState.REVIEW, submitted_at=tables.AT)
    actions.sign_version(version=version, side="business", by=actor(cast.business_owner), at=tables.AT)
    with pytest.raises(actions.MetricRefused) as refused:
        actions.sign_version(version=version, side="finance", by=actor(cast.finance_owner), at=tables.AT)
    assert refused.value.code == "no_tie_out"


def test_counts_formulas_and_the_ledger_itself_need_no_reason(books, cast, actor):
    _sales, ledger = books
    drafted(
        cast,
        actor,
        tables.base(ledger, "sum", "amount", dimensions={}, tie_out_reason=""),
        key="account_4000",
    )
    account = MetricVersion.objects.get(metric__key="account_4000")
    assert queries.needs_reason(account), "nothing is tied out to it yet"
    version = drafted(cast, actor, revenue(books))
    assert not queries.needs_reason(account)
    assert not queries.needs_reason(version)
    count = drafted(cast, actor, tables.base(books[0], "count", dimensions={}), key="lines")
    assert not queries.needs_reason(count)


@pytest.fixture
def tied(books, account, cast, actor, computed):
    version = signed(drafted(cast, actor, revenue(books, tie_out_tolerance="0.01")), cast, actor)
    computed()
    return version


def watch(cast, days=0):
    at = tables.AT + datetime.timedelta(days=days)
    actions.refresh_values(at=at)
    return actions.watch_tie_outs(organisation=cast.organisation, at=at)


def waiting(person):
    return [item.title_en for item in inbox.open_items(person.pk).filter(kind=actions.TIE_OUT_WORK)]


def book(books, amount):
    tables.add_rows(books[1], LEDGER, [(FEBRUARY, "4000", amount)])


def test_a_metric_that_leaves_its_ledger_is_work_for_both_owners_until_it_ties_again(
    books, tied, cast, actor
):
    assert watch(cast) == 0
    book(books, "-5.00")
    assert watch(cast, 1) == 1
    assert watch(cast, 1) == 1, "asking again asks nothing new"
    for person in (cast.business_owner, cast.finance_owner):
        assert waiting(person) == ["Revenue has left Account 4000: 1 month off"]
    item = inbox.open_items(cast.finance_owner.pk).get(kind=actions.TIE_OUT_WORK)
    assert item.detail_en == "Feb 2026"
    assert "2026年2月" in item.detail_zh
    assert item.url.endswith("#card-tied")
    assert waiting(cast.employee) == []
    book(books, "5.00")
    assert watch(cast, 2) == 0
    assert waiting(cast.business_owner) == waiting(cast.finance_owner) == []


def test_a_reason_ends_the_work_while_the_figures_stay_as_they_are(books, tied, cast, actor, client_for):
    book(books, "-5.00")
    watch(cast, 1)
    finance, address = client_for(cast.finance_owner), reverse("kpis:explain_tie_out", args=[tied.pk])
    page = finance.get(reverse("kpis:metric", args=[tied.metric_id])).content.decode()
    assert "Why do these months differ?" in page
    refused = finance.post(address, {"reason": "  "})
    assert refused.status_code == 422
    assert "Say why the two differ." in refused.content.decode()
    assert finance.post(address, {"reason": "Booked a month late."}).status_code == 302
    assert waiting(cast.business_owner) == waiting(cast.finance_owner) == []
    assert watch(cast, 2) == 0
    page = finance.get(reverse("kpis:metric", args=[tied.metric_id])).content.decode()
    assert "Booked a month late." in page
    assert "1 month off" in page, "a reason makes no agreement"
    entry = AuditRow.objects.get(action="kpis.explain_tie_out")
    assert (entry.why, entry.changes) == ("Booked a month late.", {"tie_out": {"2026-02": ["200", "205"]}})
    book(books, "-1.00")
    assert watch(cast, 3) == 1, "other figures are asked for anew"


def test_a_reason_is_kept_whole_or_refused_and_stays_typed(books, tied, cast, actor, client_for):
    book(books, "-5.00")
    watch(cast, 1)
    finance, address = client_for(cast.finance_owner), reverse("kpis:explain_tie_out", args=[tied.pk])
    for reason in ("Late.\r\n" + "x" * 995, "y" * 1001):
        refused = finance.post(address, {"reason": reason})
        page = refused.content.decode()
        assert refused.status_code == 422
        assert "This is too long: 1000 characters are the most." in page
        assert f"{reason[-900:]}</textarea>" in page
    called = f"/api/v1/metric-versions/{tied.pk}/tie-out/"
    too_long = finance.post(called, {"reason": "y" * 1001}, content_type="application/json")
    assert (too_long.status_code, list(too_long.json()["errors"])) == (422, ["reason"])
    assert not AuditRow.objects.filter(action="kpis.explain_tie_out").exists()
    whole = "Late.\r\n" + "x" * 994
    assert finance.post(address, {"reason": whole}).status_code == 302
    kept = TieOutReason.objects.get().reason
    assert kept == AuditRow.objects.get(action="kpis.explain_tie_out").why == whole.replace("\r\n", "\n")


def test_only_owners_say_why_and_the_api_does_the_same(books, tied, cast, actor, client_for):
    book(books, "-5.00")
    watch(cast, 1)
    address = f"/api/v1/metric-versions/{tied.pk}/tie-out/"
    sent = {"reason": "Booked a month late."}
    for person in (cast.employee, cast.hr, cast.administrator, cast.auditor):
        assert client_for(person).post(address, sent, content_type="application/json").status_code == 403
        assert (
            client_for(person).post(reverse("kpis:explain_tie_out", args=[tied.pk]), sent).status_code == 403
        )
    assert client_for(cast.stranger).post(address, sent, content_type="application/json").status_code in (
        403,
        404,
    )
    owner = client_for(cast.business_owner)
    assert owner.post(address, sent, content_type="application/json").json() == {"months": 1}
    again = owner.post(address, sent, content_type="application/json")
    assert (again.status_code, again.json()["title"]) == (422, "nothing_off")
    february = next(row for row in owner.get(address).json()["rows"] if row["month"] == "2026-02-01")
    assert february["reason"] == "Booked a month late."


def test_a_metric_that_is_retired_waits_for_nobody(books, tied, cast, actor):
    book(books, "-5.00")
    watch(cast, 1)
    actions.retire_metric(metric=tied.metric, reason="Old", by=actor(cast.finance_owner), at=tables.AT)
    assert waiting(cast.business_owner) == waiting(cast.finance_owner) == []
    assert watch(cast, 2) == 0
