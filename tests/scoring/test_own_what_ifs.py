"""What somebody supposes of a score: reckoned as scores are, and kept for whoever the score is of alone."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from performance.scoring import actions, queries
from performance.scoring.models import Score, ScoreWhatIf
from tests.conftest import Cast
from tests.scoring.conftest import MICRO, Actor


def test_a_score_of_a_component_moves_the_total_by_its_weight(score: Score, cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        as_it_is = actions.suppose_score(score=score, supposition=queries.Supposition())
        assert as_it_is.before == as_it_is.after == score.score_micro
        found = actions.suppose_score(
            score=score, supposition=queries.Supposition(values={"okr": 92 * MICRO})
        )
        weight = queries.scorecard(score).sliders[0].effective_ppm
        assert found.change == 10 * weight
        assert sum(line.points_after for line in found.lines) == found.after
        # What the curve would give for 62 is 62 here: what is supposed is a score already.
        turnover = actions.suppose_score(
            score=score, supposition=queries.Supposition(values={"turnover": 110 * MICRO})
        )
        assert [line.value_after for line in turnover.lines if line.value_before != line.value_after] == [
            110 * MICRO
        ]


def test_another_stage_weighs_as_the_version_would_with_it_and_a_penalty_never_lifts(
    score: Score, cast: Cast
) -> None:
    with tenancy.acting_for(cast.organisation):
        growth = actions.suppose_score(score=score, supposition=queries.Supposition(stage="growth"))
        assert growth.before == score.score_micro
        plan = queries.plan_of(score.version, stage="growth")
        weights = {item["key"]: item["effective_ppm"] for item in plan["components"]}
        values = {line.key: line.value_micro for line in queries.scorecard(score).sliders}
        expected = sum(weights[key] * (value or 0) for key, value in values.items()) / MICRO
        assert growth.after is not None
        assert abs(growth.after - expected) <= 2
        assert growth.after != growth.before
        full = actions.suppose_score(score=score, supposition=queries.Supposition(alpha_quarters=0))
        assert full.after is not None
        assert full.after < (score.score_micro or 0)


def test_only_whom_the_score_is_of_keeps_it_and_nobody_else_sees_it(
    score: Score, cast: Cast, actor: Actor
) -> None:
    at, supposition = timezone.now(), queries.Supposition(stage="growth", values={"okr": 95 * MICRO})
    with tenancy.acting_for(cast.organisation):
        kept = actions.keep_own_what_if(
            score=score, supposition=supposition, name="A better spring", by=actor(cast.employee), at=at
        )
        assert kept.supposed == {"stage": "growth", "values": {"okr": 95 * MICRO}}
        assert queries.supposition_of(kept.supposed) == supposition
        assert kept.after_micro == actions.suppose_score(score=score, supposition=supposition).after
        for other in (cast.manager, cast.hr):
            with pytest.raises(PermissionDenied):
                actions.keep_own_what_if(
                    score=score, supposition=supposition, name="x", by=actor(other), at=at
                )
            assert queries.own_what_ifs(actor(other)) == []
            with pytest.raises(Http404):
                actions.forget_own_what_if(what_if_id=kept.pk, by=actor(other), at=at)
        assert AuditRow.objects.get(action="scoring.keep_own_what_if").changes == {}
        actions.forget_own_what_if(what_if_id=kept.pk, by=actor(cast.employee), at=at)
        assert not ScoreWhatIf.objects.exists()


def test_nothing_moved_and_no_name_are_refused(score: Score, cast: Cast, actor: Actor) -> None:
    with tenancy.acting_for(cast.organisation):
        for supposition, name, code in (
            (queries.Supposition(), "Nothing", "nothing_supposed"),
            (queries.Supposition(stage="growth"), "  ", "unnamed"),
        ):
            with pytest.raises(actions.WhatIfRefused) as refused:
                actions.keep_own_what_if(
                    score=score,
                    supposition=supposition,
                    name=name,
                    by=actor(cast.employee),
                    at=timezone.now(),
                )
            assert refused.value.code == code


def test_the_scorecard_reckons_keeps_lists_and_forgets(score: Score, cast: Cast, client_for: Any) -> None:
    employee = client_for(cast.employee)
    card = reverse("scoring:my_scorecard")
    page = employee.get(card).content.decode()
    assert "Reckon it exactly" in page
    address = reverse("scoring:suppose_score", args=[score.pk])
    given = {"v.okr": "95", "stage": "growth", "alpha": "4"}
    answer = employee.get(address, given, headers={"HX-Request": "true"}).content.decode()
    assert "Keep this what-if" in answer
    assert "<html" not in answer
    assert "<html" in employee.get(address, given).content.decode()
    assert employee.get(address, {"v.okr": "many"}).status_code == 422
    seen_by_manager = client_for(cast.manager).get(address, given).content.decode()
    assert "Keep this what-if" not in seen_by_manager
    kept = employee.post(reverse("scoring:own_what_if_keep", args=[score.pk]), given | {"name": "Better"})
    assert kept.status_code == 302
    assert "Better" in employee.get(card).content.decode()
    of_manager = client_for(cast.manager).get(reverse("scoring:scorecard", args=[cast.employee.pk]))
    assert "Better" not in of_manager.content.decode()
    with tenancy.acting_for(cast.organisation):
        found = ScoreWhatIf.objects.get()
    assert employee.post(reverse("scoring:own_what_if_forget", args=[found.pk])).status_code == 302
    assert "Better" not in employee.get(card).content.decode()


def test_each_of_the_cast_meets_the_pages_and_endpoints(score: Score, cast: Cast, client_for: Any) -> None:
    page = reverse("scoring:suppose_score", args=[score.pk])
    endpoint = f"/api/v1/scores/{score.pk}/otherwise/"
    keep = f"/api/v1/scores/{score.pk}/what-ifs/"
    body = {"scores_micro": {"okr": 90 * MICRO}}
    for who, sees, keeps in (
        (cast.employee, 200, 201),
        (cast.manager, 200, 403),
        (cast.hr, 200, 403),
        (cast.business_owner, 404, 404),
        (cast.finance_owner, 404, 404),
        (cast.auditor, 200, 403),
        (cast.stranger, 404, 404),
    ):
        client = client_for(who)
        assert client.get(page).status_code == sees, who
        answer = client.post(endpoint, body, content_type="application/json").status_code
        assert answer == sees or (who == cast.auditor and answer in (200, 403)), who
        answer = client.post(keep, body | {"name": "Mine"}, content_type="application/json").status_code
        assert answer in (keeps, 403), who
    employee = client_for(cast.employee)
    [mine] = employee.get("/api/v1/own-what-ifs/").json()
    assert mine["supposed"] == {"values": {"okr": 90 * MICRO}}
    assert client_for(cast.hr).get("/api/v1/own-what-ifs/").json() == []
    assert client_for(cast.hr).delete(f"/api/v1/own-what-ifs/{mine['id']}/").status_code == 404
    assert employee.delete(f"/api/v1/own-what-ifs/{mine['id']}/").status_code == 204
    refused = employee.post(endpoint, {"values": {}}, content_type="application/json")
    assert refused.json()["errors"] == {"values": ["There is no such field."]}
    refused = employee.post(endpoint, {"scores_micro": {"x": 1}}, content_type="application/json")
    assert refused.json()["errors"] == {"scores_micro": {"x": ["There is no such component."]}}


def test_erasing_somebody_forgets_what_they_kept(score: Score, cast: Cast, actor: Actor) -> None:
    with tenancy.acting_for(cast.organisation):
        actions.keep_own_what_if(
            score=score,
            supposition=queries.Supposition(stage="growth"),
            name="Mine",
            by=actor(cast.employee),
            at=timezone.now(),
        )
        person = people.Person.objects.get(pk=cast.employee.pk)
        actions.forget_person(type("Gone", (), {"person_id": person.pk}))
        assert not ScoreWhatIf.objects.exists()
