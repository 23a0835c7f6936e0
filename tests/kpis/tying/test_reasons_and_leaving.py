"""Money says why it has no ledger account, and a metric that leaves its ledger is work for both owners."""

import datetime

import pytest
from django.urls import reverse

from performance.foundation.models import AuditRow
from performance.inbox import queries as inbox
from performance.kpis import actions, queries
from performance.kpis.models import MetricVersion, TieOutReason, VersionState
from tests.kpis import tables
from tests.kpis.tying.conftest import (
    FEBRUARY,
    LEDGER,
    drafted,
    revenue,
    signed,
)


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
