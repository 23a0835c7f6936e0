"""A limit is watched; the board leads to the alert, the alert down to its rows, and an answer resolves it."""

from __future__ import annotations

from django.urls import reverse

from performance.inbox.models import WorkItem
from performance.kpis import queries as kpis
from performance.kpis.models import Alert
from tests.e2e.company import BUSINESS, FINANCE, SALES, Company
from tests.sources.real_data import Place

#: More than Contoso sells in any month.
OUT_OF_REACH = "100000000"


def resolve_an_alert(company: Company, contoso: Place) -> None:
    alert = _raise_one(company)
    business = company.window(BUSINESS)
    page = business.open(reverse("kpis:board")).follow(rf"/alerts/{alert.pk}/$")
    values = page.follow(rf"/{alert.metric_id}/values/")
    rows = values.follow(rf"/{alert.metric_id}/rows/")
    assert _sold_in(contoso, alert) in rows.text, "an alert leads down to the rows that add up to its value"
    page = business.open(page.url)
    page = page.submit("/take-up/", {"cause": "Two stores are shut.", "action": "Open them again."})
    page = page.submit("/resolve/", {"resolution": "Both are open."})
    assert "Both are open." in page.text
    with company.acting():
        alert.refresh_from_db()
        assert alert.state == "resolved"
        assert not WorkItem.objects.filter(kind="metrics.alert", done_at=None, person=alert.owner).exists()


def _sold_in(contoso: Place, alert: Alert) -> str:
    """What the source's own SQL says of the month, as the page writes it."""
    ((total,),) = contoso.rows(
        f"SELECT sum(quantity * net_price) FROM ({SALES}) lines"
        f" WHERE date_trunc('month', sold_on) = date '{alert.month}'"
    )
    return f"{total:,.2f}"


def _raise_one(company: Company) -> Alert:
    """The finance owner asks to be told; the worker raises it and gives it to the business owner."""
    with company.acting():
        revenue = kpis.metric_by_key("revenue")
    assert revenue is not None
    page = company.window(FINANCE).open(reverse("kpis:alert_rules", args=[revenue.pk]))
    page.submit("/alerts/set/", {"kind": "threshold", "operator": "below", "value": OUT_OF_REACH})

    def raised() -> Alert | None:
        with company.acting():
            return Alert.objects.filter(metric=revenue).order_by("-month").first()

    found: Alert = company.office.wait(raised, "an alert about revenue")
    with company.acting():
        assert found.owner == company.person(BUSINESS)
    return found
