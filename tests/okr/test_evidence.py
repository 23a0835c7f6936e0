"""What goals hand to scoring."""

import datetime
from decimal import Decimal

import pytest
from django.conf import settings

from okr import actions, evidence
from performance.foundation.evidence import ComponentRequest
from tests.columns import rows_of
from tests.okr.conftest import content, key_result
from tests.okr.test_check_ins import four_readings

OKR = ComponentRequest("okr", "", {})


@pytest.fixture
def gather(acting_cast, quarter, now):
    def do(*people, as_of=None):
        person_ids = [each.pk for each in people]
        found = evidence.attainment(
            person_ids=person_ids,
            period=quarter,
            as_of=as_of or now + datetime.timedelta(seconds=1),
            components=[OKR],
        )
        return rows_of(found, person_ids)

    return do


def test_nobody_without_objectives_has_a_score(gather, cast):
    (found,) = gather(cast.employee)
    assert (found.value_micro, found.coverage_ppm, found.refs) == (None, 0, ())


def test_the_value_is_the_weighted_mean_of_the_persons_objectives(
    active, propose, agree, check_in, gather, cast
):
    other = agree(propose(content("Other", key_result(), weight=3)))
    check_in(*four_readings(active), actions.Reading(other.key_results.get().pk, value=Decimal(10)))

    mine, nobody = gather(cast.employee, cast.colleague)
    # (55 × 1 + 100 × 3) / 4
    assert (mine.person_id, mine.value_micro, mine.coverage_ppm) == (cast.employee.pk, 88_750_000, 1_000_000)
    assert mine.provisional
    assert [ref.url for ref in mine.refs] == [f"/goals/{each.pk}/" for each in (active, other)]
    assert nobody.value_micro is None


def test_an_objective_without_check_in_is_left_out_and_lowers_the_coverage(
    active, propose, agree, check_in, gather, cast
):
    agree(propose(content("Silent", key_result())))
    check_in(*four_readings(active))
    (mine,) = gather(cast.employee)
    assert (mine.value_micro, mine.coverage_ppm) == (55_000_000, 500_000)


def test_it_reads_what_was_known_at_the_time(active, check_in, gather, cast, now):
    check_in(*four_readings(active))
    check_in(*four_readings(active, up=Decimal(10)), at=now + datetime.timedelta(hours=1))
    assert gather(cast.employee)[0].value_micro == 55_000_000
    assert gather(cast.employee, as_of=now + datetime.timedelta(hours=2))[0].value_micro == 67_500_000


def test_the_words_of_a_private_objective_stay_out_of_the_evidence(active, check_in, gather, cast):
    check_in(*four_readings(active))
    type(active).objects.filter(pk=active.pk).update(visibility="private")
    (ref,) = gather(cast.employee)[0].refs
    assert (ref.label_en, ref.label_zh) == ("Private objective", "私密目标")


def test_many_people_take_one_query(active, gather, acting_cast, django_assert_num_queries):
    with django_assert_num_queries(1):
        gather(*acting_cast.members())


def test_progress_agrees_with_the_engine_for_every_consensus_case():
    """The cases on which OKR products agree, through the same door that check-ins use."""
    import json

    from okr.models import KeyResult, OkrPolicy
    from okr.queries import recounts

    path = settings.BASE_DIR.parent / "shared" / "data" / "scoring" / "consensus_cases.json"
    if not path.exists():
        pytest.skip("the shared cases are not on this machine")
    policy = OkrPolicy(number=0)
    checked = 0
    for case in json.loads(path.read_text()):
        given = case["inputs"]
        if case["kind"] != "kr_progress_pct" or given.get("current") is None:
            continue
        row = KeyResult(
            kind="increase" if given["target"] >= given["start"] else "decrease",
            **{name: Decimal(str(given[name])) for name in ("start", "target", "current")},
        )
        row._prefetched_objects_cache = {"milestones": []}
        recounts.measure([row], policy)
        expected = Decimal(str(case["expected"]))
        assert abs(Decimal(row.progress_micro or 0) / 1_000_000 - expected) < Decimal("0.5"), case
        checked += 1
    assert checked > 5


@pytest.mark.parametrize("micro", [0, 4_999, 5_000, 5_001, 15_000, 53_444_999, 100_000_000, -5_000, -15_001])
def test_percents_are_rounded_as_decimals_are(micro: int) -> None:
    assert evidence._percent(micro) == str((Decimal(micro) / 1_000_000).quantize(Decimal("0.01")))
