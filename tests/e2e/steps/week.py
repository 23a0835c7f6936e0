"""Check-in, reply, feedback, mutual pulse."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.urls import reverse

from feedback.models import Pulse
from feedback.queries import QUESTIONS
from okr.models import CheckIn, KeyResult, Objective
from performance.kpis import queries as kpis
from performance.people import models as people
from tests.e2e.company import EMPLOYEE, MANAGER, Company


def check_in_and_talk(company: Company) -> None:
    employee, manager = company.window(EMPLOYEE), company.window(MANAGER)
    company.office.beat()
    page = employee.open(reverse("okr:home"))
    with company.acting():
        key_results = {each.kind: each for each in KeyResult.objects.prefetch_related("milestones")}
        first_step = key_results["milestones"].milestones.all()[0]
    values: dict[str, Any] = {
        f"value-{key_results['increase'].pk}": "18",
        f"value-{key_results['decrease'].pk}": "6",
        f"steps-{key_results['milestones'].pk}": [first_step.pk],
        "wins": "Three old customers ordered again.",
        "plans": "The pilot of the card.",
        "blockers": "The card printer is late.",
    }
    form = page.form("/check-ins/")
    for name in form.fields:
        if name.startswith("note-"):
            values[name] = "Began in mid-quarter."
        if name.startswith("confidence-"):
            values[name] = "4"
    page.submit("/check-ins/", values)
    with company.acting():
        bound = KeyResult.objects.get(kind="kpi")
        period = people.Period.objects.get()
        measured = kpis.period_value("profit_per_customer", {}, period).value
        assert bound.current is not None
        assert bound.current == measured.quantize(Decimal("1e-8")), "the bound key result fills itself"  # type: ignore[union-attr]
        check_in = CheckIn.objects.get()
    page = manager.open(reverse("okr:conversation", args=[check_in.pk]))
    page.submit("/reply/", {"text": "I will call the printer."})
    _feedback_on_the_objective(company)
    _pulse(company)


def _feedback_on_the_objective(company: Company) -> None:
    manager = company.window(MANAGER)
    with company.acting():
        objective = Objective.objects.get()
    manager.open(reverse("feedback:write"), {"about": objective.owner_id, "objective": objective.pk}).submit(
        "write",
        {
            "about": objective.owner_id,
            "kind": "praise",
            "text": "You asked the stores before you wrote the plan.",
            "visibility": "manager",
            "objective_id": objective.pk,
        },
    )
    read = company.window(EMPLOYEE).open(company.objective)
    assert "You asked the stores" in read.everything()


def _pulse(company: Company) -> None:
    """Both rate the week; what one said shows when both have."""
    for number in (EMPLOYEE, MANAGER):
        other = MANAGER if number == EMPLOYEE else EMPLOYEE
        window = company.window(number)
        page = window.open(reverse("feedback:pulse"))
        page.submit_where(
            "pulse",
            lambda form, other=other: (
                form.fields.get("with") is not None
                and form.fields["with"].values == [str(company.person(other).pk)]
            ),
            dict.fromkeys(QUESTIONS, "4"),
        )
    with company.acting():
        assert Pulse.objects.count() == 2
