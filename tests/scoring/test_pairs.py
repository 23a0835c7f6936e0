"""Base weights by comparison in pairs: from the editor and the API to the plan, and refused where they contradict."""

import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from performance.foundation import tenancy
from performance.people import models as people
from performance.scoring import actions, evidence, forms, queries
from performance.scoring.forms.market import Target
from performance.scoring.models import PolicyVersion
from tests.conftest import Cast
from tests.scoring.conftest import MICRO, Actor, component, in_force, redrafted, three_components
from tests.scoring.test_policy_pages import _policy, _rows

ClientFor = Callable[[people.Person], Client]
#: Goals twice the turnover, turnover three times the pulse, goals six times the pulse: they agree.
AGREED = {"okr/turnover": "2", "turnover/pulse": "3", "okr/pulse": "6"}
#: A circle: each is three times as important as the next one.
CIRCLE = {"okr/turnover": "3", "turnover/pulse": "3", "pulse/okr": "3"}


def judged(judgements: dict[str, str]) -> evidence.Weighing:
    return evidence.Weighing(judgements=judgements)


def test_base_weights_follow_from_comparisons_and_are_kept_with_them(
    draft: PolicyVersion, cast: Cast, actor: Actor, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = redrafted(draft, cast, actor, components=three_components(), weighing=judged(AGREED))
        bases = {each.key: each.base_ppm for each in queries.drafts_of(version)}
        assert bases == {"okr": 600_000, "turnover": 300_000, "pulse": 100_000}
        version = in_force(version, cast, actor, on=today)
    assert version.plan is not None
    assert version.plan["pairs"]["judgements"] == AGREED
    assert (version.plan["pairs"]["consistency_ppm"], version.plan["pairs"]["worst"]) == (0, None)


def test_comparisons_that_contradict_each_other_are_not_proposed(
    draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        version = redrafted(draft, cast, actor, components=three_components(), weighing=judged(CIRCLE))
        with pytest.raises(actions.PolicyRefused) as refused:
            actions.propose_policy(version=version, by=actor(cast.hr), at=timezone.now())
        version.refresh_from_db()
    assert refused.value.code == "inconsistent"
    assert "OKR attainment" in str(refused.value)
    assert version.is_draft


@pytest.mark.parametrize(
    ("judgements", "code"),
    [
        ({"okr/turnover": "2"}, "judgement_missing"),
        (AGREED | {"turnover/okr": "1/2"}, "judgement_twice"),
        (AGREED | {"okr/rating": "2"}, "unknown_component"),
        (AGREED | {"okr/pulse": "12"}, "judgement_out_of_range"),
        (AGREED | {"okr/pulse": "2.5"}, "judgement_out_of_range"),
    ],
)
def test_a_draft_refuses_comparisons_that_say_nothing_whole(
    draft: PolicyVersion, cast: Cast, actor: Actor, judgements: dict[str, str], code: str
) -> None:
    with tenancy.acting_for(cast.organisation), pytest.raises(actions.PolicyRefused) as refused:
        redrafted(draft, cast, actor, components=three_components(), weighing=judged(judgements))
    assert (refused.value.code, refused.value.field) == (code, "judgements")


@given(st.lists(st.sampled_from(evidence.JUDGEMENTS), min_size=6, max_size=6))
def test_whatever_is_compared_base_weights_are_whole_and_sum_to_one_hundred_percent(said: list[str]) -> None:
    drafts = [component(key, 25) for key in ("a", "b", "c", "d")]
    pairs = evidence.pairs_of([each.key for each in drafts])
    judgements = {evidence.pair(*pair): each for pair, each in zip(pairs, said, strict=True)}
    found = evidence.by_pairs(drafts, judged(judgements))
    assert sum(each.base_ppm for each in found) == MICRO
    assert all(each.base_ppm > 0 for each in found)
    turned = {f"{b}/{a}": _turned(judgements[f"{a}/{b}"]) for a, b in pairs}
    assert evidence.by_pairs(drafts, judged(turned)) == found


def _turned(judgement: str) -> str:
    return judgement[2:] if judgement.startswith("1/") else "1" if judgement == "1" else f"1/{judgement}"


def _sent(quarter: people.Period, unit: people.BusinessUnit, **pairs: str) -> dict[str, str]:
    rows = _rows(
        {"name_en": "OKR"},
        {"name_en": "Pulse", "source": "feedback:"},
        {"name_en": "Care", "source": "feedback:"},
    )
    given = {"weigh_by": "pairs", "pairs_of": "okr pulse care", "step_cap": ""}
    return (
        _policy(quarter, unit)
        | rows
        | given
        | {f"pair_{pair.replace('__', '.')}": said for pair, said in pairs.items()}
    )


def test_the_editor_weighs_by_pairs_and_shows_what_was_said_again(
    cast: Cast, quarter: people.Period, unit: people.BusinessUnit, client_for: ClientFor
) -> None:
    client = client_for(cast.hr)
    sent = _sent(quarter, unit, okr__pulse="3", okr__care="6")
    preview = client.post(reverse("scoring:policy_preview_new"), sent).content.decode()
    assert "2 of 3 pairs compared" in preview
    assert "Compare all pairs" in preview
    answer = client.post(reverse("scoring:policy_new"), sent)
    assert answer.status_code == 422
    assert 'id="id_pair_pulse.care_error"' in answer.content.decode()
    sent = _sent(quarter, unit, okr__pulse="3", okr__care="6", pulse__care="2")
    preview = client.post(reverse("scoring:policy_preview_new"), sent).content.decode()
    assert "Consistency ratio 0.00" in preview
    assert "base 66.7%" in preview
    assert client.post(reverse("scoring:policy_new"), sent).status_code == 302
    with tenancy.acting_for(cast.organisation):
        version = PolicyVersion.objects.get()
        assert [each.base_ppm for each in queries.drafts_of(version)] == [666_667, 222_222, 111_111]
    page = client.get(reverse("scoring:policy", args=[version.pk])).content.decode()
    assert "Pulse · Care: 2: Pulse is slightly more important" in page
    form = client.get(reverse("scoring:policy_edit", args=[version.pk])).content.decode()
    assert '<option value="3" selected>3: OKR is moderately more important</option>' in form


def test_two_pairs_never_share_a_field_whatever_their_keys() -> None:
    targets = [Target(key, key, 1) for key in ("a", "a__b", "b__c", "c")]
    form = forms.WeighingForm(targets=targets, flows=[])
    assert len(form.pairs) == len(set(form.pairs.values())) == 6


def test_the_preview_names_the_comparison_that_contradicts_the_others(
    cast: Cast, quarter: people.Period, unit: people.BusinessUnit, client_for: ClientFor
) -> None:
    client = client_for(cast.hr)
    sent = _sent(quarter, unit, okr__pulse="9", okr__care="1/9", pulse__care="9")
    preview = client.post(reverse("scoring:policy_preview_new"), sent).content.decode()
    assert "The answers contradict each other; 0.10 is the most. Look again at" in preview


def test_a_component_named_meanwhile_brings_its_pairs_with_the_preview(
    cast: Cast, quarter: people.Period, unit: people.BusinessUnit, client_for: ClientFor
) -> None:
    client = client_for(cast.hr)
    sent = _sent(quarter, unit, okr__pulse="3")
    same = client.post(reverse("scoring:policy_preview_new"), sent).content.decode()
    assert 'id="pairs"' not in same
    other = client.post(reverse("scoring:policy_preview_new"), sent | {"pairs_of": "okr pulse"})
    assert 'id="pairs" hx-swap-oob="true"' in other.content.decode()
    assert 'name="pair_okr.care"' in other.content.decode()


def test_the_api_reads_and_writes_comparisons(
    draft: PolicyVersion, cast: Cast, client_for: ClientFor
) -> None:
    client, address = client_for(cast.hr), f"/api/v1/weight-policies/{draft.pk}/"
    one = {"name_en": "OKR", "category": "okr", "source_kind": "okr"}
    body: dict[str, Any] = {
        "period": str(draft.period_id),
        "stage": "mature",
        "components": [one | {"key": "a"}, one | {"key": "b"}],
    }

    def put(judgements: dict[str, str]) -> Any:
        sent = body | {"weighing": {"judgements": judgements}}
        return client.put(address, json.dumps(sent), content_type="application/json")

    right = put({"a/b": "3"}).json()
    assert right["judgements"] == {"a/b": "3"}
    assert [each["base_ppm"] for each in right["plan"]["components"]] == [750_000, 250_000]
    assert right["plan"]["pairs"]["consistency_ppm"] == 0
    assert put({"a/b": "3.5"}).status_code == 400
    assert (put({"a/c": "3"}).status_code, put({"a/c": "3"}).json()["title"]) == (422, "unknown_component")
