"""Bands of a policy: what they may be, where they show, and that they never move a score."""

import dataclasses
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.people import models as people
from performance.scoring import actions, evidence, queries, tasks
from performance.scoring.models import CurrentScore, PolicyVersion, usual_bands
from tests.conftest import Cast
from tests.scoring.conftest import MICRO, Actor, in_force, three_components

TWO = (evidence.Band("Below", "以下"), evidence.Band("Strong", "良好", 75 * MICRO))


def _revise(version: PolicyVersion, cast: Cast, actor: Actor, **changed: Any) -> PolicyVersion:
    given = {
        "period": version.period,
        "stage": version.stage,
        "missing": version.missing,
        "step_cap_ppm": version.step_cap_ppm,
        "components": three_components(),
    }
    return actions.revise_draft(
        version=version, **(given | changed), reason="First version", by=actor(cast.hr), at=timezone.now()
    )


@pytest.mark.parametrize(
    ("bands", "code"),
    [
        ((dataclasses.replace(TWO[0], from_micro=1), TWO[1]), "lowest_band_bound"),
        ((TWO[0], dataclasses.replace(TWO[1], from_micro=None)), "band_unbound"),
        ((*TWO, TWO[1]), "bands_not_ordered"),
        ((TWO[0], dataclasses.replace(TWO[1], name_en=" ")), "band_unnamed"),
        ((TWO[0], dataclasses.replace(TWO[1], from_micro=0)), "band_out_of_range"),
        (tuple(evidence.Band(str(at), "", at * MICRO or None) for at in range(8)), "too_many_bands"),
    ],
)
def test_what_are_no_bands_is_refused(
    draft: PolicyVersion, cast: Cast, actor: Actor, bands: Any, code: str
) -> None:
    with tenancy.acting_for(cast.organisation):
        with pytest.raises(actions.PolicyRefused) as refused:
            _revise(draft, cast, actor, bands=bands)
        assert refused.value.code == code


def test_a_version_begins_with_the_usual_bands_and_keeps_its_own(
    draft: PolicyVersion, cast: Cast, actor: Actor, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        assert draft.bands == usual_bands()
        assert _revise(draft, cast, actor, bands=TWO).bands[1]["from_micro"] == 75 * MICRO
        assert _revise(draft, cast, actor).bands[1]["from_micro"] == 75 * MICRO
        locked = in_force(draft, cast, actor, on=now.date())
        assert locked.plan is not None
        assert locked.plan["bands"] == evidence.kept_bands(TWO)
        following = actions.draft_next_version(
            policy=locked.policy, period=locked.period, by=actor(cast.hr), at=now
        )
        assert following.bands == evidence.kept_bands(TWO)


def test_a_band_begins_with_its_bound_and_counts_the_exact_score() -> None:
    kept = evidence.kept_bands(TWO)
    at = queries.bands.standing
    below, strong = at(75 * MICRO - 1, kept), at(75 * MICRO, kept)
    assert below is not None
    assert strong is not None
    assert (below.name, below.range) == ("Below", "below 75")
    assert (strong.name, strong.range) == ("Strong", "75 and more")
    assert at(None, kept) is None
    assert at(MICRO, []) is None


def test_bands_never_move_a_score(
    draft: PolicyVersion, measured: Any, cast: Cast, actor: Actor, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        locked = in_force(_revise(draft, cast, actor, bands=TWO), cast, actor, on=now.date())
        actions.rescore_people(person_ids=[cast.employee.pk], at=now)
        with_bands = CurrentScore.objects.get(person=cast.employee).score
        [segment] = queries.replays.segments_of(with_bands, {locked.pk: locked})
        without = dataclasses.replace(segment, plan={**segment.plan, "bands": []})
        [again] = evidence.reckon([without], [evidence.inputs_of(with_bands)])
        assert again.explanation == evidence.explanation_of(with_bands)


def test_the_scorecard_says_the_band_in_both_languages(
    draft: PolicyVersion, measured: Any, cast: Cast, actor: Actor, client_for: Any, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        low = dataclasses.replace(TWO[1], from_micro=50 * MICRO)
        in_force(_revise(draft, cast, actor, bands=(TWO[0], low)), cast, actor, on=now.date())
    with tenancy.remembering(cast.organisation.pk):
        tasks.catch_up.apply()
    client = client_for(cast.employee)
    page = client.get(reverse("scoring:my_scorecard")).content.decode()
    assert "Strong, 50 and more" in page
    client.cookies["accord_language"] = "zh-hans"
    assert "良好，" in client.get(reverse("scoring:my_scorecard")).content.decode()


def _sent(period: people.Period, **bands: str) -> dict[str, str]:
    rows = {
        "c-TOTAL_FORMS": "1",
        "c-INITIAL_FORMS": "0",
        "c-0-name_en": "OKR",
        "c-0-category": "okr",
        "c-0-source": "okr:",
        "c-0-slice": "own_unit",
        "c-0-curve": "identity",
        "c-0-base": "100",
    }
    about = {"period": str(period.pk), "stage": "mature", "missing": "leave_out", "step_cap": "5"}
    return rows | about | bands


def test_bands_are_edited_in_the_form_and_mistakes_stand_beside_their_field(
    draft: PolicyVersion, quarter: people.Period, cast: Cast, client_for: Any
) -> None:
    address = reverse("scoring:policy_edit", args=[draft.pk])
    hr = client_for(cast.hr)
    assert 'value="Exceptional"' in hr.get(address).content.decode()
    bands = {"band_0_name_en": "Low", "band_1_name_en": "High", "band_1_from": "80"}
    wrong = hr.post(address, _sent(quarter, **bands, band_2_name_en="Top", band_2_from="70"))
    assert wrong.status_code == 422
    assert "A band begins higher than the one below it." in wrong.content.decode()
    assert "band_2_from" in wrong.context["form"].errors
    assert hr.post(address, _sent(quarter, **bands)).status_code == 302
    with tenancy.acting_for(cast.organisation):
        draft.refresh_from_db()
        assert [band["name_en"] for band in draft.bands] == ["Low", "High"]
    page = hr.get(reverse("scoring:policy", args=[draft.pk])).content.decode()
    assert "High 80 and more" in page


def test_the_api_gives_and_takes_bands(
    draft: PolicyVersion, quarter: people.Period, cast: Cast, client_for: Any
) -> None:
    address = f"/api/v1/weight-policies/{draft.pk}/"
    hr = client_for(cast.hr)
    content = {
        "period": str(quarter.pk),
        "stage": "mature",
        "components": [
            {
                "key": "okr",
                "name_en": "OKR",
                "category": "okr",
                "source_kind": "okr",
                "slice": "own_unit",
                "base_ppm": 1_000_000,
                "curve": {"kind": "identity"},
            }
        ],
        "bands": evidence.kept_bands(TWO),
    }
    answer = hr.put(address, content, content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert answer.json()["bands"] == evidence.kept_bands(TWO)
    content["bands"] = [content["bands"][1]]  # type: ignore[index]
    refused = hr.put(address, content, content_type="application/json")
    assert (refused.status_code, refused.json()["title"]) == (422, "lowest_band_bound")
