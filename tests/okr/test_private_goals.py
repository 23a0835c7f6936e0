"""What only some may see does not leak through the log, and nobody takes over another's key result."""

from typing import Any

import pytest
from django.urls import reverse

from okr import actions, rules
from okr.models import KeyResult
from performance.foundation import audit
from tests.okr.conftest import content, key_result


def test_the_log_does_not_name_a_private_objective(
    acting_cast: Any, propose: Any, actor: Any, now: Any
) -> None:
    secret = propose(content("Merge two stores in silence", visibility="private"))
    actions.suggest_edit(
        objective=secret, field="title", new="Merge three stores", by=actor(acting_cast.manager), at=now
    )
    draft = propose(content("Only an idea"), is_draft=True)
    told = " ".join(f"{row.subject_label} {row.changes}" for row in audit.rows())
    assert "Merge" not in told
    assert "Only an idea" not in told
    assert audit.rows(subject_id=draft.pk).exists()
    propose(content("Said aloud"))
    assert audit.rows(search="Said aloud").exists()


def test_the_log_of_a_link_names_neither_of_two_private_objectives(
    acting_cast: Any, propose: Any, agree: Any, actor: Any, client_for: Any, now: Any
) -> None:
    parent = agree(
        propose(content("Merge two stores in silence", visibility="private"), by=acting_cast.manager)
    )
    child = agree(propose(content("Count the stock unseen", visibility="team")))
    aloud = agree(propose(content("Said aloud"), by=acting_cast.manager))
    by = actor(acting_cast.employee)
    for served in (parent, aloud):
        link = actions.align_objectives(
            child=child, parent=served, by=by, at=now, share_ppm=100_000, kind="contributes"
        )
        actions.accept_contribution(link=link, by=actor(acting_cast.manager), at=now)
        actions.part_objectives(link=link, by=actor(acting_cast.manager), at=now)
    client = client_for(acting_cast.administrator)
    assert client.get(reverse("okr:objective", args=[parent.pk])).status_code == 404
    for words in ("offer_contribution", "accept_contribution", "part_objectives"):
        told = client.get(reverse("api_audit_log"), {"q": words}).json()["results"]
        assert {row["subject_label"] for row in told} == {child.audit_label}
        assert [row["changes"]["parent"] for row in told] == ["Said aloud", parent.audit_label]
        page = client.get(reverse("people:audit_log"), {"q": words}).content.decode()
        assert "Merge" not in page
        assert "unseen" not in page


def test_a_form_cannot_take_over_a_key_result_of_another_objective(
    acting_cast: Any, propose: Any, quarter: Any, client_for: Any
) -> None:
    other = propose(content("Theirs"), by=acting_cast.colleague)
    taken = other.key_results.get()
    given = {
        "owner": f"person:{acting_cast.employee.pk}",
        "period": str(quarter.pk),
        "title": "Mine",
        "description": "",
        "type": "committed",
        "visibility": "public",
        "weight": "1",
        "kr-count": "1",
        "kr-0-id": str(taken.pk),
        "kr-0-kind": "increase",
        "kr-0-title": "Taken",
        "kr-0-start": "0",
        "kr-0-target": "5",
        "kr-0-weight": "100",
    }
    answer = client_for(acting_cast.employee).post(reverse("okr:propose"), given)
    assert answer.status_code == 302
    taken.refresh_from_db()
    assert (taken.title, taken.objective_id) == ("Stores served", other.pk)
    assert KeyResult.objects.filter(title="Taken").exclude(pk=taken.pk).count() == 1


@pytest.mark.parametrize("week", ["0001-W01", "9999-W52", "2026-W99"])
def test_a_week_of_no_calendar_is_not_there(acting_cast: Any, client_for: Any, week: str) -> None:
    assert client_for(acting_cast.employee).get(f"/weeks/{week}/").status_code == 404


def test_the_same_key_result_does_not_stand_twice() -> None:
    half = key_result("increase", "Half", 50)
    assert any(problem.path == "weights" for problem in rules.problems_of(content("Whole", half, half)))
