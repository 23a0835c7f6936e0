"""A new installation: the one-time link, people from a file, invitations, roles, a quarter."""

from __future__ import annotations

import csv
import io
import re

from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from performance.people import actions as people_actions
from performance.people import models as people
from performance.people import queries as people_queries
from tests.e2e.browsing import Browser, Page
from tests.e2e.company import BUSINESS, EMPLOYEE, FINANCE, MANAGER, PASSWORD, Company
from tests.sources.real_data import shared


def found_the_company(company: Company) -> None:
    """A new installation: the one-time link makes the first administrator."""
    secret = people_actions.offer_setup_link(at=timezone.now())
    assert secret is not None
    browser = company.new_window()
    page = browser.open(reverse("people:setup", args=[secret]))
    page.submit(
        "setup",
        {
            "name_en": "Contoso Adventure",
            "name_zh": "康拓索",
            "time_zone": "Etc/UTC",
            "currency": "USD",
            "person_name": "Ada Lane",
            "email": "ada@contoso.example",
            "password": PASSWORD,
            "again": PASSWORD,
        },
    )
    company.organisation = people.Organisation.objects.get()
    company.windows["HR"] = browser
    company.new_window().open(reverse("people:setup", args=[secret]), status=410)


def import_people_and_open_a_quarter(company: Company) -> None:
    hr = company.window("HR")
    content = shared("hr", "adventureworks_org_290.csv").read_bytes()
    applied = _upload(hr, content).submit("/apply/")
    assert "290" in applied.text
    again = _upload(hr, content)
    assert _is_disabled(again, "/apply/"), "a second import changes nothing"
    with company.acting():
        today = people_queries.today(company.organisation)
        assert people.Person.objects.count() == 291
        assert people_queries.managers(today).count() == 47
    _upload(hr, _units_of(content)).submit("/apply/")
    _open_quarter(hr)
    _invite(company)
    _give_roles(company)


def _upload(hr: Browser, content: bytes) -> Page:
    file = SimpleUploadedFile("adventureworks.csv", content, "text/csv")
    return hr.open(reverse("people:import_people")).submit("import", {"file": file})


def _units_of(content: bytes) -> bytes:
    """HR's second file says which business unit each department is."""
    rows = csv.DictReader(io.StringIO(content.decode()))
    lines = ["employee number,name,business unit"]
    lines += [f"{row['employee_number']},{row['username']},{row['department']} unit" for row in rows]
    return "\n".join(lines).encode()


def _is_disabled(page: Page, action: str) -> bool:
    return bool(
        re.search(rf'action="[^"]*{action}[^"]*"(?:(?!</form>).)*<button[^>]*disabled', page.html, re.S)
    )


def _open_quarter(hr: Browser) -> None:
    page = hr.open(reverse("people:periods")).submit("periods/$")
    page.submit("/move/", {}, button="to=active")


def _invite(company: Company) -> None:
    """An invitation by e-mail, a password, and everybody sits before a window of their own."""
    hr = company.window("HR")
    for number in (MANAGER, EMPLOYEE, BUSINESS, FINANCE):
        person = company.person(number)
        before = len(mail.outbox)
        hr.open(reverse("people:person", args=[person.pk])).submit("/invite/")
        company.office.wait(lambda before=before: len(mail.outbox) > before, "the invitation is sent")
        letter = next(each for each in mail.outbox if person.email in each.to)
        link = re.search(r"https?://[^/\s]+(/invitation/\S+)", str(letter.body))
        assert link, letter.body
        browser = company.new_window()
        browser.open(link[1]).submit("invitation", {"password": PASSWORD, "again": PASSWORD})
        company.windows[number] = browser


def _give_roles(company: Company) -> None:
    hr = company.window("HR")
    for number, role in ((BUSINESS, "business_owner"), (FINANCE, "finance_owner")):
        page = hr.open(reverse("people:roles"))
        page.submit("roles/$", {"person": company.person(number).pk, "role": role})
