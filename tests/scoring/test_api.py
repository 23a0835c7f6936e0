"""The API goes the same way as the pages: same visibility, same separation of duties, same refusals."""

import datetime
import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from performance.foundation import stale, tenancy
from performance.foundation.models import StaleRow
from performance.inbox.models import WorkItem
from performance.people import models as people
from performance.scoring import actions, tasks
from performance.scoring.models import PolicyApproval, PolicyComponent, PolicyVersion, Score
from tests.conftest import Cast
from tests.scoring.conftest import Actor

ClientFor = Callable[[people.Person], Client]


def _post(client: Client, address: str, **body: Any) -> Any:
    return client.post(f"/api/v1/{address}", json.dumps(body), content_type="application/json")


def _new_policy(quarter: people.Period, unit: people.BusinessUnit, second: int = 400_000) -> dict[str, Any]:
    component = {"category": "okr", "source_kind": "okr"}
    return {
        "name_en": "Stores",
        "unit": str(unit.pk),
        "period": str(quarter.pk),
        "stage": "growth",
        "components": [
            {"key": "okr", "name_en": "OKR", "base_ppm": 600_000, "multipliers": {"growth": 1_200_000}}
            | component,
            {"key": "pulse", "name_en": "Pulse", "base_ppm": second} | component,
        ],
    }


def test_a_policy_goes_its_way_through_the_api(
    cast: Cast, quarter: people.Period, unit: people.BusinessUnit, client_for: ClientFor, today: datetime.date
) -> None:
    hr = client_for(cast.hr)
    made = _post(hr, "weight-policies/", **_new_policy(quarter, unit))
    assert made.status_code == 201, made.content
    address = f"weight-policies/{made.json()['id']}/"
    assert _post(hr, f"{address}propose/").json()["state"] == "proposed"
    assert _post(hr, f"{address}approve/", side="business").status_code == 403
    assert _post(client_for(cast.business_owner), f"{address}approve/", side="finance").status_code == 403
    assert _post(client_for(cast.business_owner), f"{address}approve/", side="business").status_code == 200
    done = _post(client_for(cast.finance_owner), f"{address}approve/", side="finance")
    assert done.json()["state"] == "approved"
    refused = _post(hr, f"{address}lock/", effective_on=(today - datetime.timedelta(days=1)).isoformat())
    assert (refused.status_code, refused.json()["title"]) == (422, "not_prospective")
    locked = _post(hr, f"{address}lock/", effective_on=today.isoformat()).json()
    assert sum(item["effective_ppm"] for item in locked["plan"]["components"]) == 1_000_000


def test_whoever_is_scored_cannot_approve_through_the_api(
    proposal: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.RoleGrant.objects.create(person=cast.manager, role="finance_owner")
    answer = _post(client_for(cast.manager), f"weight-policies/{proposal.pk}/approve/", side="finance")
    assert answer.status_code == 403
    with tenancy.acting_for(cast.organisation):
        assert not PolicyApproval.objects.exists()


def test_the_api_refuses_weights_that_do_not_add_up(
    cast: Cast, quarter: people.Period, unit: people.BusinessUnit, client_for: ClientFor
) -> None:
    answer = _post(client_for(cast.hr), "weight-policies/", **_new_policy(quarter, unit, second=300_000))
    assert (answer.status_code, answer.json()["title"]) == (422, "base_not_whole")
    assert answer["content-type"] == "application/problem+json"
    with tenancy.acting_for(cast.organisation):
        assert not PolicyVersion.objects.exists()


def test_scores_are_listed_as_far_as_one_may_see(score: Score, cast: Cast, client_for: ClientFor) -> None:
    def seen(person: people.Person) -> set[str]:
        return {item["person"] for item in client_for(person).get("/api/v1/scores/").json()["results"]}

    assert seen(cast.employee) == {str(cast.employee.pk)}
    assert seen(cast.manager) == {str(person.pk) for person in (cast.employee, cast.colleague, cast.manager)}
    assert len(seen(cast.auditor)) == 3
    assert seen(cast.business_owner) == set()
    assert seen(cast.stranger) == set()
    assert client_for(cast.colleague).get(f"/api/v1/scores/{score.pk}/").status_code == 404
    assert client_for(cast.stranger).get(f"/api/v1/scores/{score.pk}/").status_code == 404
    detail = client_for(cast.employee).get(f"/api/v1/scores/{score.pk}/").json()
    lines = detail["explanation"]["components"]
    assert sum(line["contribution_micro"] for line in lines) == detail["score_micro"]


def test_replay_through_the_api_is_identical(score: Score, cast: Cast, client_for: ClientFor) -> None:
    answer = client_for(cast.auditor).get(f"/api/v1/scores/{score.pk}/replay/").json()
    assert answer["identical"] is True


def test_runs_are_started_by_hr_and_watched(
    locked: PolicyVersion, measured: dict[Any, Any], cast: Cast, quarter: people.Period, client_for: ClientFor
) -> None:
    assert _post(client_for(cast.manager), "score-runs/", period=str(quarter.pk)).status_code == 403
    assert _post(client_for(cast.auditor), "score-runs/", period=str(quarter.pk)).status_code == 403
    hr = client_for(cast.hr)
    started = _post(hr, "score-runs/", period=str(quarter.pk))
    assert started.status_code == 202
    again = _post(hr, "score-runs/", period=str(quarter.pk))
    assert (again.status_code, again.json()["title"]) == (409, "conflict")
    refused = _post(hr, "score-runs/", period=str(quarter.pk), kind="freeze")
    assert (refused.status_code, refused.json()["title"]) == (422, "period_not_closing")
    with tenancy.remembering(cast.organisation.pk):
        tasks.catch_up.apply()
    state = client_for(cast.auditor).get(f"/api/v1/score-runs/{started.json()['id']}/").json()
    assert (state["state"], state["done"]) == ("done", 3)


def test_the_command_replays_frozen_scores(
    score: Score, cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        people.Period.objects.filter(pk=quarter.pk).update(state="closing")
        quarter.refresh_from_db()
        run = actions.freeze_scores(period=quarter, by=actor(cast.hr), at=timezone.now())
        tasks.carry_out_run.apply([str(run.pk)])
    said = StringIO()
    call_command("replay_scores", organisation=cast.organisation.pk, stdout=said)
    assert "3 scores replayed, 3 identical, 0 different" in said.getvalue()
    with tenancy.acting_for(cast.organisation):
        frozen = Score.objects.filter(state="frozen").first()
        assert frozen is not None
        Score.objects.create(
            **{
                field.attname: getattr(frozen, field.attname)
                for field in Score._meta.concrete_fields
                if field.attname != "id"
            }
            | {"score_micro": 1}
        )
    with pytest.raises(CommandError):
        call_command("replay_scores", stdout=said)


def _put(client: Client, address: str, **body: Any) -> Any:
    return client.put(f"/api/v1/{address}", json.dumps(body), content_type="application/json")


def test_a_draft_is_rewritten_and_discarded_by_those_who_make_policies(
    cast: Cast, quarter: people.Period, unit: people.BusinessUnit, client_for: ClientFor
) -> None:
    hr = client_for(cast.hr)
    wanted = _new_policy(quarter, unit)
    made = _post(hr, "weight-policies/", **wanted).json()
    address = f"weight-policies/{made['id']}/"
    content = {name: wanted[name] for name in ("period", "stage", "components")}
    for name in ("employee", "auditor"):
        assert _put(client_for(getattr(cast, name)), address, **content).status_code in (403, 404), name
    assert _put(client_for(cast.stranger), address, **content).status_code == 404
    assert _put(hr, address, **content | {"stage": "mature"}).json()["stage"] == "mature"
    assert _put(hr, address, **content | {"stage": "nowhere"}).status_code == 400
    assert client_for(cast.auditor).delete(f"/api/v1/{address}").status_code == 403
    assert hr.delete(f"/api/v1/{address}").status_code == 204
    assert hr.get(f"/api/v1/{address}").status_code == 404


def test_the_next_version_starts_as_a_copy_and_a_locked_one_is_not_rewritten(
    locked: PolicyVersion, cast: Cast, quarter: people.Period, client_for: ClientFor
) -> None:
    hr, address = client_for(cast.hr), f"weight-policies/{locked.pk}/"
    body = {"period": str(quarter.pk), "stage": "mature", "components": []}
    assert _put(hr, address, **body).status_code == 403
    assert _post(client_for(cast.employee), f"{address}next/", period=str(quarter.pk)).status_code == 403
    following = _post(hr, f"{address}next/", period=str(quarter.pk))
    assert following.status_code == 201
    assert (following.json()["number"], following.json()["state"]) == (2, "draft")


def test_reading_the_announcement_through_the_api_closes_its_item(
    locked: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    with tenancy.acting_for(cast.organisation):
        actions.announce_policy(version=locked, at=timezone.now())
    address = f"weight-policies/{locked.pk}/read/"
    assert _post(client_for(cast.stranger), address).status_code == 404
    assert _post(client_for(cast.employee), address).status_code == 204
    with tenancy.acting_for(cast.organisation):
        waiting = WorkItem.objects.filter(kind=actions.ANNOUNCEMENT, done_at=None)
        assert cast.employee.pk not in set(waiting.values_list("person_id", flat=True))
        assert waiting.exists(), "the others have still to read it"


def test_a_stopped_run_goes_on_through_the_api(
    locked: PolicyVersion, cast: Cast, quarter: people.Period, client_for: ClientFor
) -> None:
    hr = client_for(cast.hr)
    run = _post(hr, "score-runs/", period=str(quarter.pk), kind="full").json()
    address = f"score-runs/{run['id']}/"
    assert _post(hr, f"{address}resume/").status_code == 403, "it has not stopped"
    assert _post(hr, f"{address}stop/").status_code == 200
    assert _post(client_for(cast.employee), f"{address}resume/").status_code == 403
    assert _post(client_for(cast.auditor), f"{address}resume/").status_code == 403
    assert _post(hr, f"{address}resume/").json()["state"] in ("waiting", "running", "done")


def test_the_evidence_of_a_component_goes_to_who_sees_the_score(
    score: Score, cast: Cast, client_for: ClientFor
) -> None:
    address = f"/api/v1/scores/{score.pk}/evidence/okr/"
    for person in (cast.employee, cast.manager, cast.auditor):
        assert client_for(person).get(address).json()["base_ppm"] == 500_000
    for person in (cast.colleague, cast.stranger):
        assert client_for(person).get(address).status_code == 404
    assert client_for(cast.employee).get(address.replace("okr", "none")).status_code == 404


@pytest.mark.parametrize("part", [[1], {"store": {"y": 1}}, {"store": 5}, "'; drop", {"store": ""}, 7, None])
def test_a_part_that_is_no_part_is_refused_before_it_can_stop_anybodys_score(
    cast: Cast, quarter: people.Period, unit: people.BusinessUnit, client_for: ClientFor, part: Any
) -> None:
    given = _new_policy(quarter, unit)
    given["components"][0]["slice"] = part
    assert _post(client_for(cast.hr), "weight-policies/", **given).status_code == 400
    with tenancy.acting_for(cast.organisation):
        assert not PolicyVersion.objects.exists()


def test_a_score_that_cannot_be_computed_holds_up_nobody_else(
    locked: PolicyVersion, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = actions.rescore_people

    def breaking(*, person_ids: Any, at: Any) -> Any:
        if cast.employee.pk in person_ids:
            raise ValueError("a broken component")
        return computed(person_ids=person_ids, at=at)

    monkeypatch.setattr(actions, "rescore_people", breaking)
    with tenancy.acting_for(cast.organisation):
        stale.mark("score", [cast.employee.pk, cast.manager.pk])
    with tenancy.remembering(cast.organisation.pk):
        tasks.rescore_stale.run()
    with tenancy.acting_for(cast.organisation):
        left = StaleRow.objects.filter(kind="score").values_list("subject_id", flat=True)
        assert list(left) == [cast.employee.pk]


def test_whoever_wrote_in_a_version_does_not_approve_it_though_somebody_wrote_after_them(
    cast: Cast, quarter: people.Period, unit: people.BusinessUnit, client_for: ClientFor
) -> None:
    hr, owner = client_for(cast.hr), client_for(cast.business_owner)
    given = _new_policy(quarter, unit)
    address = f"weight-policies/{_post(hr, 'weight-policies/', **given).json()['id']}/"
    body = {name: given[name] for name in ("period", "stage", "components")} | {"reason": "Growth first"}
    for writer in (owner, hr):
        put = writer.put(f"/api/v1/{address}", json.dumps(body), content_type="application/json")
        assert put.status_code == 200, put.content
    with tenancy.acting_for(cast.organisation):
        people.RoleGrant.objects.create(person=cast.administrator, role="business_owner")
    proposed = _post(hr, f"{address}propose/")
    assert proposed.json().get("state") == "proposed", proposed.content
    assert _post(owner, f"{address}approve/", side="business").status_code == 403
    assert _post(client_for(cast.administrator), f"{address}approve/", side="business").status_code == 200


def test_a_number_beyond_all_measure_is_refused_before_it_can_hold_up_anybody(
    cast: Cast, quarter: people.Period, unit: people.BusinessUnit, client_for: ClientFor
) -> None:
    body = _new_policy(quarter, unit)
    body["components"][0]["curve"] = {"kind": "linear", "floor": "1", "target": "1e10000000"}
    answer = _post(client_for(cast.hr), "weight-policies/", **body)
    assert (answer.status_code, answer.json()["title"]) == (422, "number_too_long")


def test_where_no_weights_are_feasible_the_api_answers_without_a_plan(
    cast: Cast, quarter: people.Period, unit: people.BusinessUnit, client_for: ClientFor
) -> None:
    hr = client_for(cast.hr)
    body = _new_policy(quarter, unit) | {"stage": "mature"}
    made = _post(hr, "weight-policies/", **body).json()
    assert made["plan"]["components"][0]["effective_ppm"] == 600_000
    with tenancy.acting_for(cast.organisation):
        # As a version drafted under other rules may stand there: no weights hold these bounds.
        PolicyComponent.objects.filter(version_id=made["id"]).update(max_ppm=100_000, base_ppm=100_000)
    assert hr.get(f"/api/v1/weight-policies/{made['id']}/").json()["plan"] is None


def test_names_that_nobody_reads_are_refused_beside_themselves(
    draft: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    hr, address = client_for(cast.hr), f"/api/v1/weight-policies/{draft.pk}/"
    refused = hr.post(f"{address}propose/", {"reasons": "Goals count more"}, content_type="application/json")
    assert (refused.status_code, refused.json()["errors"]) == (400, {"reasons": ["There is no such field."]})
    said = {
        "period": str(draft.period_id),
        "stage": "mature",
        "components": [
            {"key": "okr", "name_en": "Goals", "category": "okr", "source_kind": "okr", "weight": 100}
        ],
    }
    refused = hr.put(address, said, content_type="application/json")
    assert refused.json()["errors"] == {"components": {"0": {"weight": ["There is no such field."]}}}
    with tenancy.acting_for(cast.organisation):
        draft.refresh_from_db()
        assert draft.is_draft
        assert draft.components.count() == 3
