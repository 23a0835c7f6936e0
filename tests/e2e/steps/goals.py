"""An objective that two people agree."""

from __future__ import annotations

from django.urls import reverse

from okr.models import Objective
from tests.e2e.company import EMPLOYEE, MANAGER, Company


def agree_an_objective(company: Company) -> None:
    employee, manager = company.window(EMPLOYEE), company.window(MANAGER)
    page = employee.open(reverse("okr:propose"))
    for kind in ("decrease", "milestones", "kpi"):
        page = page.submit("propose", {}, button=f"add={kind}")
    page = page.submit(
        "propose",
        {
            "title": "Customers come back to the stores",
            "description": "Growth comes from those who know us.",
            "kr-0-title": "Customers visited a week",
            "kr-0-start": "0",
            "kr-0-target": "40",
            "kr-1-title": "Days until an offer goes out",
            "kr-1-start": "9",
            "kr-1-target": "3",
            "kr-2-title": "The loyalty card",
            "kr-2-milestones": "Concept\nPilot\nIn all stores",
            "kr-3-title": "Profit per customer",
            "kr-3-metric_key": "profit_per_customer",
            "kr-3-start": "0",
            "kr-3-target": "2000",
        },
        button="propose",
    )
    address = page.url
    company.objective = address
    page = manager.open(address)
    page = page.submit("/comment/", {"text": "Four days would do?"})
    field = next(
        value
        for value, _label in manager.open(address).follow("/suggest/").form("suggest").fields["field"].choices
        if value.endswith(".target")
    )
    manager.open(address).follow("/suggest/").submit(
        "suggest", {"field": field, "new": "45", "reason": "There are 45 accounts."}
    )
    page = employee.open(address)
    assert "45" in page.text
    page.submit("/accept/$")
    for window in (manager, employee):
        page = window.open(address)
        if any("/agree/" in form.action for form in page.forms):
            page.submit("/agree/")
    with company.acting():
        objective = Objective.objects.get()
        assert (objective.state, objective.version_number) == ("active", 2)
        assert objective.versions.get(state="in_force").agreements.count() == 2
        assert objective.key_results.get(kind="increase").target == 45
