"""What-ifs of policy owners: nothing is changed, what is kept is asked for, and nobody is parted from the others."""

import dataclasses
import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from performance.people.actions.erasing import NEVER, Forgotten
from performance.scoring import actions, evidence, queries, tasks
from performance.scoring.models import PolicyVersion, PolicyWhatIf, SimulatedScore, Simulation
from performance.scoring.queries import distributions, suppressing
from tests.conftest import Cast
from tests.scoring.conftest import MICRO, Actor

Fixture = Any


def goals_and_pulse(version: PolicyVersion, okr: int, pulse: int, **changed: Any) -> evidence.Content:
    """What the draft says, with these base weights in per cent."""
    content = queries.content_of(version)
    weighed = {"okr": okr * 10_000, "pulse": pulse * 10_000}
    parts = tuple(dataclasses.replace(each, base_ppm=weighed[each.key]) for each in content.components)
    return dataclasses.replace(content, components=parts, **changed)


def tried(
    version: PolicyVersion, actor: Actor, by: people.Person, supposed: evidence.Content
) -> PolicyWhatIf:
    """Asked for and reckoned. Inside `acting_for`."""
    what_if = actions.try_what_if(version=version, supposed=supposed, by=actor(by), at=timezone.now())
    assert actions.carry_out_at_once(what_if, at=timezone.now()) == []
    return what_if


def test_a_what_if_reckons_kept_scores_and_leaves_the_policy_as_it_is(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        what_if = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 40, 60))
        assert what_if.supposed == {
            "components": {"okr": {"base_ppm": 400_000}, "pulse": {"base_ppm": 600_000}}
        }
        [simulation] = queries.simulations_of_what_if(what_if)
        assert (simulation.is_done, simulation.compared) == (True, 3)
        # 82 × 0.4 + 80 × 0.6
        row = SimulatedScore.objects.get(simulation=simulation, person=cast.employee)
        assert row.after_micro == 80_800_000
        assert [each.base_ppm for each in queries.drafts_of(next_draft)] == [700_000, 300_000]
        assert not queries.is_simulated(next_draft, queries.day_of(timezone.now()))
        assert AuditRow.objects.get(action="scoring.try_what_if").changes == {"supposed": what_if.supposed}


def test_stage_penalty_and_curve_can_be_supposed(
    scored_before: PolicyVersion, before: people.Period, cast: Cast, actor: Actor
) -> None:
    """Also of weights that are in force, which stay locked."""
    with tenancy.acting_for(cast.organisation):
        content = queries.content_of(scored_before)
        okr, turnover, pulse = content.components
        steeper = dataclasses.replace(turnover, curve={**turnover.curve, "target": "4.62"})
        supposed = evidence.Content("growth", 2, (okr, steeper, pulse))
        what_if = tried(scored_before, actor, cast.hr, supposed)
        assert what_if.supposed == {
            "stage": "growth",
            "alpha_quarters": 2,
            "components": {"turnover": {"curve": dict(steeper.curve)}},
        }
        [simulation] = queries.simulations_of_what_if(what_if)
        assert simulation.plan["stage"] == "growth"
        assert simulation.plan["alpha_quarters"] == 2
        row = SimulatedScore.objects.get(simulation=simulation, person=cast.employee)
        assert row.change_micro is not None
        assert row.change_micro > 0
        words = queries.supposed_words(what_if)
        assert [(each.kind, each.component and each.component.key) for each in words] == [
            ("words", None),
            ("alpha", None),
            ("curve", "turnover"),
        ]


def test_nothing_supposed_and_weights_that_do_not_add_up_are_refused(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        for supposed, code in (
            (queries.content_of(next_draft), "nothing_supposed"),
            (goals_and_pulse(next_draft, 60, 60), "base_not_whole"),
        ):
            with pytest.raises(actions.PolicyRefused) as refused:
                actions.try_what_if(
                    version=next_draft, supposed=supposed, by=actor(cast.hr), at=timezone.now()
                )
            assert refused.value.code == code
        assert not PolicyWhatIf.objects.exists()


@pytest.mark.parametrize("who", ["employee", "manager", "auditor"])
def test_only_who_makes_policies_supposes(
    next_draft: PolicyVersion, cast: Cast, actor: Actor, who: str
) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(PermissionDenied):
        actions.try_what_if(
            version=next_draft,
            supposed=goals_and_pulse(next_draft, 40, 60),
            by=actor(getattr(cast, who)),
            at=timezone.now(),
        )


def test_what_is_not_kept_is_seen_by_its_asker_alone_and_goes_with_the_next_one_or_after_a_day(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        first = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 40, 60))
        assert not queries.what_ifs_visible_to(actor(cast.business_owner)).exists()
        second = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 50, 50))
        assert [each.pk for each in queries.what_ifs_visible_to(actor(cast.hr))] == [second.pk]
        kept = actions.keep_what_if(
            what_if=second, name=" Half and half ", by=actor(cast.hr), at=timezone.now()
        )
        third = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 60, 40))
        assert actions.clear_old_what_ifs(at=timezone.now() + datetime.timedelta(hours=25)) == 1
        assert list(PolicyWhatIf.objects.all()) == [kept]
        assert not PolicyWhatIf.objects.filter(pk__in=[first.pk, third.pk]).exists()
        while actions.clear_forgotten():
            pass
        assert {each.what_if_id for each in Simulation.objects.all()} == {kept.pk}
        for reader in (cast.business_owner, cast.finance_owner, cast.auditor):
            assert queries.what_ifs_visible_to(actor(reader)).get().name == "Half and half"
        assert not queries.what_ifs_visible_to(actor(cast.employee)).exists()


def test_a_name_is_kept_once_and_forgetting_is_for_the_asker_and_those_who_keep_house(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    at = timezone.now()
    with tenancy.acting_for(cast.organisation):
        mine = tried(next_draft, actor, cast.business_owner, goals_and_pulse(next_draft, 40, 60))
        actions.keep_what_if(what_if=mine, name="Mine", by=actor(cast.business_owner), at=at)
        other = tried(next_draft, actor, cast.finance_owner, goals_and_pulse(next_draft, 60, 40))
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.keep_what_if(what_if=other, name="Mine", by=actor(cast.finance_owner), at=at)
        assert refused.value.field == "name"
        with pytest.raises(PermissionDenied):
            actions.forget_what_if(what_if=mine, by=actor(cast.finance_owner), at=at)
        actions.forget_what_if(what_if=mine, by=actor(cast.hr), at=at)
        assert list(PolicyWhatIf.objects.all()) == [other]
        assert AuditRow.objects.get(action="scoring.forget_what_if").changes["name"] == "Mine"


def test_a_what_if_of_a_draft_is_written_into_it_and_one_of_weights_in_force_into_the_next_version(
    next_draft: PolicyVersion, cast: Cast, actor: Actor, quarter: people.Period
) -> None:
    at = timezone.now()
    with tenancy.acting_for(cast.organisation):
        what_if = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 40, 60, alpha_quarters=3))
        version = actions.draft_from_what_if(what_if=what_if, period=None, by=actor(cast.hr), at=at)
        assert version.pk == next_draft.pk
        assert [each.base_ppm for each in queries.drafts_of(version)] == [400_000, 600_000]
        assert version.alpha_quarters == 3
        # The draft says it now, so its own simulation is asked for anew, and nobody has approved anything.
        assert version.is_draft
        before = queries.policy_at_work(version)
        assert before is not None
        was = queries.content_of(before)
        stated = dataclasses.replace(was, stage="growth")
        old = tried(before, actor, cast.hr, stated)
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.draft_from_what_if(what_if=old, period=quarter, by=actor(cast.hr), at=at)
        assert refused.value.code == "conflict"
        actions.discard_draft(version=version, by=actor(cast.hr), at=at)
        following = actions.draft_from_what_if(what_if=old, period=quarter, by=actor(cast.hr), at=at)
        assert (following.number, following.stage, following.is_draft) == (2, "growth", True)
        before.refresh_from_db()
        assert before.stage == "mature"


def test_many_people_are_left_to_a_worker(
    next_draft: PolicyVersion, cast: Cast, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("performance.scoring.actions.what_ifs.AT_ONCE", 2)
    with tenancy.acting_for(cast.organisation):
        what_if = actions.try_what_if(
            version=next_draft,
            supposed=goals_and_pulse(next_draft, 40, 60),
            by=actor(cast.hr),
            at=timezone.now(),
        )
        [left] = actions.carry_out_at_once(what_if, at=timezone.now())
        assert left.is_open
    with tenancy.remembering(cast.organisation.pk):
        tasks.carry_out_simulation.run(str(left.pk))
    with tenancy.acting_for(cast.organisation):
        left.refresh_from_db()
        assert (left.is_done, left.done) == (True, 3)


def test_people_are_told_by_band_before_and_after_and_by_team(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        what_if = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 10, 90))
        [simulation] = queries.simulations_of_what_if(what_if)
        digest = queries.supposed_digest(what_if)
        on = queries.day_of(timezone.now())
        told = queries.moved(simulation, actor(cast.hr), on, digest=digest)
        assert told.is_current
        assert [sum(column) for column in zip(*((s.before, s.after) for s in told.steps), strict=True)] == [
            3,
            3,
        ]
        rows = SimulatedScore.objects.filter(simulation=simulation)
        by_band = {step.band.name_en: (step.before, step.after) for step in told.steps}
        assert by_band["Strong"][1] == sum(85 * MICRO <= row.after_micro < 95 * MICRO for row in rows)
        assert [each.name for each in told.dimensions] == [
            "By unit",
            "By team",
            "By level",
            "By time with us",
        ]
        # An owner sees nobody's score here, and three people are few.
        hidden = queries.moved(simulation, actor(cast.business_owner), on, digest=digest)
        assert (hidden.is_told, hidden.steps, hidden.dimensions, hidden.moves) == (False, (), (), ())


def test_who_moves_alone_among_those_unseen_is_not_told_by_a_group() -> None:
    five = suppressing.Cell("A", 9, 4, 9, (5, 0))
    alone = suppressing.Cell("B", 9, 4, 9, (1, 0))
    assert suppressing.told([five]) == ([five], 0)
    # B would tell of its only mover, and A of B by what is left of the whole.
    assert suppressing.told([five, alone]) == ([], 2)


def test_steps_hold_nobody_unseen_or_enough_before_and_after() -> None:
    assert distributions.merged([[5, 0, 6], [6, 0, 5]]) == [range(1), range(1, 2), range(2, 3)]
    assert distributions.merged([[5, 1, 6], [7, 0, 5]]) == [range(1), range(1, 3)]
    assert distributions.merged([[5, 5, 1], [5, 5, 1]]) == [range(1), range(1, 3)]


def test_groups_are_withheld_from_owners_once_a_curve_is_supposed(
    next_draft: PolicyVersion, before: people.Period, cast: Cast, actor: Actor, many: Fixture
) -> None:
    with tenancy.acting_for(cast.organisation):
        on = queries.day_of(timezone.now())
        weights = tried(next_draft, actor, cast.business_owner, goals_and_pulse(next_draft, 40, 60))
        [simulation] = queries.simulations_of_what_if(weights)
        told = queries.moved(simulation, actor(cast.business_owner), on, digest=None)
        assert told.is_told
        assert not told.is_whole_alone
        assert told.dimensions
        content = queries.content_of(next_draft)
        okr, pulse = content.components
        probe = dataclasses.replace(
            okr, curve={"kind": "linear", "direction": "higher", "floor": "81", "target": "82"}
        )
        curved = tried(
            next_draft, actor, cast.business_owner, dataclasses.replace(content, components=(probe, pulse))
        )
        [simulation] = queries.simulations_of_what_if(curved)
        owner = queries.moved(simulation, actor(cast.business_owner), on, digest=None)
        assert owner.dimensions == ()
        everything = queries.moved(simulation, actor(cast.hr), on, digest=None)
        assert everything.dimensions


@pytest.fixture
def many(
    scored_before: PolicyVersion, unit: people.BusinessUnit, before: people.Period, cast: Cast, measured: Any
) -> list[people.Person]:
    """Twelve more people with goals and pulse, scored in the quarter before."""
    with tenancy.acting_for(cast.organisation):
        persons = [
            people.Person.objects.create(number=f"M{at}", name_en=f"Many {at}", unit=unit, level="P4")
            for at in range(12)
        ]
        for at, person in enumerate(persons):
            measured[person.pk, "okr"] = (60 + 2 * at) * MICRO
            measured[person.pk, "turnover"] = 4_620_000
            measured[person.pk, "pulse"] = 4 * MICRO
        actions.compute_scores(
            period=before, person_ids=[each.pk for each in persons], run=None, at=timezone.now()
        )
        return persons


# --- Pages and endpoints ---------------------------------------------------------------------------------


def sent(version: PolicyVersion, **changed: str) -> dict[str, str]:
    """The form as the page shows it, with what is changed."""
    return {
        "whole-stage": "mature",
        "whole-alpha": "4",
        "c0-base": "70",
        "c0-curve": "identity",
        "c1-base": "30",
        "c1-curve": "linear",
        "c1-direction": "higher",
        "c1-floor": "1",
        "c1-target": "5",
    } | changed


def test_the_page_tries_keeps_compares_and_forgets(
    next_draft: PolicyVersion, cast: Cast, client_for: Any
) -> None:
    hr = client_for(cast.hr)
    address = reverse("scoring:policy_what_if", args=[next_draft.pk])
    assert hr.get(address).status_code == 200
    unchanged = hr.post(address, sent(next_draft))
    assert unchanged.status_code == 422
    assert "Change something first" in unchanged.content.decode()
    wrong = hr.post(address, sent(next_draft, **{"c0-base": "80"}))
    assert wrong.status_code == 422
    assert "add up to exactly 100%" in wrong.content.decode()
    names = []
    for goals, pulse, name in (("40", "60", "Pulse first"), ("60", "40", "A little less")):
        response = hr.post(address, sent(next_draft, **{"c0-base": goals, "c1-base": pulse}))
        assert response.status_code == 302
        page = hr.get(response["Location"])
        assert "Who would have moved" in page.content.decode()
        assert "People by band" in page.content.decode()
        kept = hr.post(f"{response['Location']}keep/", {"name": name})
        assert kept.status_code == 302
        names.append(response["Location"].rstrip("/").rsplit("/", 1)[-1])
    side = hr.get(reverse("scoring:compare_what_ifs"), {"one": names[0], "other": names[1]}).content.decode()
    assert "Pulse first" in side
    assert "A little less" in side
    empty = hr.get(reverse("scoring:compare_what_ifs"), {"one": "nonsense"})
    assert "Choose two what-ifs" in empty.content.decode()
    forgotten = hr.post(reverse("scoring:what_if_forget", args=[names[0]]))
    assert forgotten.status_code == 302
    assert hr.get(reverse("scoring:what_if", args=[names[0]])).status_code == 404


def test_each_of_the_cast_meets_the_pages_and_endpoints(
    next_draft: PolicyVersion, cast: Cast, client_for: Any, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        what_if = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 40, 60))
        actions.keep_what_if(what_if=what_if, name="Kept", by=actor(cast.hr), at=timezone.now())
    page, endpoint = reverse("scoring:what_if", args=[what_if.pk]), f"/api/v1/policy-what-ifs/{what_if.pk}/"
    form = reverse("scoring:policy_what_if", args=[next_draft.pk])
    api_form = f"/api/v1/weight-policies/{next_draft.pk}/what-ifs/"
    for who, reads, tries in (
        (cast.employee, 404, 403),
        (cast.manager, 404, 403),
        (cast.hr, 200, 200),
        (cast.business_owner, 200, 200),
        (cast.finance_owner, 200, 200),
        (cast.auditor, 200, 403),
        (cast.stranger, 404, 403),
    ):
        client = client_for(who)
        assert client.get(page).status_code == reads
        assert client.get(f"{page}moved/").status_code == reads
        assert client.get(endpoint).status_code == reads
        answer = client.get(form).status_code
        assert answer == tries or (who == cast.stranger and answer == 404), who
        body = {"components": {"okr": {"base_ppm": 500_000}, "pulse": {"base_ppm": 500_000}}}
        answer = client.post(api_form, body, content_type="application/json").status_code
        assert answer in ({202} if tries == 200 else {403, 404}), who
    for step in ("keep", "forget", "draft"):
        assert client_for(cast.auditor).post(f"{page}{step}/", {"name": "x"}).status_code == 403


def test_the_api_tries_keeps_compares_and_drafts(
    next_draft: PolicyVersion, cast: Cast, client_for: Any
) -> None:
    hr = client_for(cast.hr)
    address = f"/api/v1/weight-policies/{next_draft.pk}/what-ifs/"

    def post(where: str, body: Any) -> Any:
        return hr.post(where, body, content_type="application/json")

    refused = post(address, {"stages": "growth"})
    assert refused.json()["errors"] == {"stages": ["There is no such field."]}
    refused = post(address, {"components": {"okr": {"weight": 1}}})
    assert "weight" in str(refused.json()["errors"])
    refused = post(address, {"components": {"nobody": {"base_ppm": 1}}})
    assert refused.json()["errors"] == {"components": {"nobody": ["There is no such component."]}}
    found = []
    for goals in (400_000, 500_000):
        body = {"components": {"okr": {"base_ppm": goals}, "pulse": {"base_ppm": 1_000_000 - goals}}}
        answer = post(address, body)
        assert answer.status_code == 202
        what_if = answer.json()
        assert what_if["simulations"][0]["state"] == "done"
        assert post(f"/api/v1/policy-what-ifs/{what_if['id']}/keep/", {"name": f"{goals}"}).status_code == 200
        found.append(what_if)
    told = hr.get(
        f"/api/v1/policy-what-ifs/{found[0]['id']}/simulations/{found[0]['simulations'][0]['id']}/"
    ).json()
    assert told["figures"]["compared"] == 3
    assert sum(step["after"] for step in told["bands"]) == 3
    assert [each["name"] for each in hr.get(address).json()] == ["500000", "400000"]
    sides = hr.get(
        "/api/v1/policy-what-ifs/compare/", {"one": found[0]["id"], "other": found[1]["id"]}
    ).json()
    assert [side["what_if"]["name"] for side in sides] == ["400000", "500000"]
    drafted = post(f"/api/v1/policy-what-ifs/{found[0]['id']}/draft/", {})
    assert (drafted.status_code, drafted.json()["id"]) == (201, str(next_draft.pk))
    assert hr.delete(f"/api/v1/policy-what-ifs/{found[0]['id']}/").status_code == 204


def test_the_pages_ask_as_many_questions_of_three_people_as_of_fifteen(
    next_draft: PolicyVersion, cast: Cast, actor: Actor, client_for: Any, request: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, counts = client_for(cast.hr), []
    for bigger in (False, True):
        if bigger:
            request.getfixturevalue("many")
        with tenancy.acting_for(cast.organisation):
            what_if = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 40, 60))
        page = reverse("scoring:what_if", args=[what_if.pk])
        client.get(page)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(page).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_erasing_somebody_forgets_their_what_ifs_and_takes_them_out_of_simulations(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    gone = Forgotten(cast.employee.pk, cast.employee.number, NEVER, "Former colleague", "前同事")
    with tenancy.acting_for(cast.organisation):
        theirs = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 40, 60))
        [simulation] = queries.simulations_of_what_if(theirs)
        rows = {row.person_id: row for row in SimulatedScore.objects.filter(simulation=simulation)}
        left = sum(row.change_micro for person, row in rows.items() if person != cast.employee.pk)
        actions.forget_person(gone)
        simulation.refresh_from_db()
        assert not SimulatedScore.objects.filter(person=cast.employee).exists()
        assert (simulation.compared, simulation.total, sum(simulation.bins)) == (2, 2, 2)
        assert simulation.change_micro == left
        actions.forget_person(dataclasses.replace(gone, person_id=cast.hr.pk))
        assert not PolicyWhatIf.objects.exists()
        assert not Simulation.objects.exclude(state="forgotten").exists()
