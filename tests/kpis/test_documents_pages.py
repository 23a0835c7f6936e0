"""Definitions as YAML on pages and in the API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from performance.kpis import documents
from performance.kpis.models import Metric, MetricVersion
from tests.conftest import Cast
from tests.kpis.tables import base, certify
from tests.kpis.test_documents import CUSTOMERS, HEAD, REVENUE, SPEND

Visit = Callable[..., Client]
CHECK, APPLY = reverse("kpis:check_definitions"), reverse("kpis:apply_definitions")


def sent(here: Cast, document: str, **more: Any) -> dict[str, Any]:
    owners = {"business_owner": str(here.business_owner.pk), "finance_owner": str(here.finance_owner.pk)}
    return {"document": document, **owners, **more}


def test_a_file_is_checked_then_applied_without_javascript(here: Cast, sales: Any, client_for: Visit) -> None:
    browser = client_for(here.business_owner)
    page = browser.get(reverse("kpis:read_definitions"))
    assert page.context["form"]["business_owner"].value() == here.business_owner.pk
    file = SimpleUploadedFile(
        "definitions.yaml", b"\xef\xbb\xbf" + (HEAD + REVENUE + CUSTOMERS + SPEND).encode()
    )
    page = browser.post(CHECK, sent(here, "", file=file))
    assert page.status_code == 200
    assert not Metric.objects.exists()
    assert page.context["counts"] == {"new": 3}
    again = page.context["form"]["document"].value()
    assert browser.post(APPLY, sent(here, again.replace("\n", "\r\n"))).status_code == 302
    assert MetricVersion.objects.filter(state="draft").count() == 3
    spend = Metric.objects.get(key="spend")
    shown = browser.get(reverse("kpis:metric", args=[spend.pk]))
    assert [metric.key for metric in shown.context["unsigned"]] == ["customers", "revenue"]
    answer = browser.post(reverse("kpis:submit", args=[spend.versions.get().pk]), follow=True)
    assert "First sign what this formula is computed from" in answer.content.decode()


@pytest.mark.parametrize("address", [CHECK, APPLY])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"document": ""}, "Choose a file, or paste the document."),
        ({"document": "a: [b"}, "not readable as YAML"),
        ({"document": "", "file": SimpleUploadedFile("a.yaml", b"\xff\xfe\x00")}, "no text in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_said_beside_the_field(
    here: Cast, client_for: Visit, address: str, given: dict[str, Any], said: str
) -> None:
    if "file" in given:
        given["file"].seek(0)
    page = client_for(here.business_owner).post(address, sent(here, **given))
    assert page.status_code == 422
    assert said in page.content.decode()


def test_applying_what_is_refused_keeps_nothing_and_shows_why(
    here: Cast, sales: Any, client_for: Visit
) -> None:
    page = client_for(here.business_owner).post(APPLY, sent(here, HEAD + REVENUE + SPEND))
    assert page.status_code == 422
    assert not Metric.objects.exists()
    assert "There is no metric called “customers”." in page.content.decode()


def test_only_who_drafts_metrics_reads_documents_and_everybody_writes_them_down(
    here: Cast, actor: Any, sales: Any, client_for: Visit
) -> None:
    certify(here, actor, "revenue", base(sales, "sum", "price"))
    employee = client_for(here.employee)
    assert employee.get(reverse("kpis:read_definitions")).status_code == 403
    assert employee.post(CHECK, sent(here, HEAD + REVENUE)).status_code == 403
    assert employee.post(APPLY, sent(here, HEAD + REVENUE)).status_code == 403
    file = employee.get(reverse("kpis:export"))
    assert file["Content-Disposition"] == 'attachment; filename="metrics.yaml"'
    (entry,) = documents.read(file.content.decode())
    assert entry.key == "revenue"
    version = MetricVersion.objects.get()
    single = employee.get(reverse("kpis:export_version", args=[version.pk]))
    assert documents.read(single.content.decode()) == [entry]


def test_the_api_does_the_same(here: Cast, sales: Any, client_for: Visit) -> None:
    browser = client_for(here.business_owner)
    address = reverse("api_metric_definitions")
    dry = browser.post(address, sent(here, HEAD + REVENUE + SPEND), content_type="application/json")
    assert (dry.status_code, dry.json()["kept"]) == (200, False)
    assert [one["state"] for one in dry.json()["outcomes"]] == ["new", "refused"]
    assert (
        dry.json()["outcomes"][1]["line"]
        == (HEAD + REVENUE + SPEND).splitlines().index("    formula: 营业收入 / customers") + 1
    )
    refused = browser.post(
        address, sent(here, HEAD + REVENUE + SPEND, dry_run=False), content_type="application/json"
    )
    assert (refused.status_code, refused.json()["kept"]) == (422, False)
    unread = browser.post(address, sent(here, "a: [b"), content_type="application/json")
    assert (unread.status_code, unread.json()["title"]) == (422, "unreadable")
    kept = browser.post(
        address, sent(here, HEAD + REVENUE + CUSTOMERS, dry_run=False), content_type="application/json"
    )
    assert (kept.status_code, kept.json()["kept"]) == (201, True)
    version = kept.json()["outcomes"][0]["version"]
    assert str(MetricVersion.objects.get(metric__key="revenue").pk) == version
    written = browser.get(reverse("api_metric_version_document", args=[version])).json()["document"]
    assert documents.read(written)[0].text("name_zh") == "营业收入"
    assert browser.get(address).status_code == 200
    assert (
        client_for(here.employee)
        .post(address, sent(here, HEAD + REVENUE), content_type="application/json")
        .status_code
        == 403
    )
