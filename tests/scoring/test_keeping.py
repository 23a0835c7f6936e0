"""How scores are kept: in columns, with what many share beside them, and read through one door."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from performance.foundation import tenancy
from performance.foundation.evidence import Ref
from performance.people import models as people
from performance.scoring import actions, evidence, queries
from performance.scoring.evidence import keeping
from performance.scoring.models import CurrentScore, PolicyVersion, Score, ScoreBasis, ScoreTrail
from tests.conftest import Cast
from tests.scoring import collectors


def _computed(cast: Cast, quarter: people.Period, now: Any) -> list[Score]:
    ids = [person.pk for person in (cast.employee, cast.colleague, cast.manager)]
    actions.compute_scores(period=quarter, person_ids=ids, run=None, at=now)
    return list(Score.objects.order_by("person_id"))


def test_scores_under_the_same_weights_share_one_basis(
    locked: PolicyVersion, measured: Any, cast: Cast, quarter: people.Period, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        scores = _computed(cast, quarter, now)
        assert len(scores) == 3
        assert ScoreBasis.objects.count() == 1
        assert {segment["version"] for score in scores for segment in evidence.segments_named(score)} == {
            str(locked.pk)
        }


def test_a_trail_that_people_share_is_kept_once_and_read_with_each_score(
    locked: PolicyVersion,
    measured: Any,
    cast: Cast,
    quarter: people.Period,
    now: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collectors, "IS_SHARED", True)
    with tenancy.acting_for(cast.organisation):
        scores = _computed(cast, quarter, now)
        assert ScoreTrail.objects.filter(refs=[collectors.REF._asdict()]).count() == 1
        trails = queries.trails_of(scores)
        for score in scores:
            inputs = evidence.evidence_of(score, trails)["segments"][0]["inputs"]
            assert inputs["okr"]["refs"] == [collectors.REF._asdict()]
            assert queries.replay_score(score).is_identical


def test_replay_notices_a_shared_trail_that_was_changed(
    locked: PolicyVersion,
    measured: Any,
    cast: Cast,
    quarter: people.Period,
    now: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collectors, "IS_SHARED", True)
    with tenancy.acting_for(cast.organisation):
        score = _computed(cast, quarter, now)[0]
        changed = [{**collectors.REF._asdict(), "label_en": "Another ledger"}]
        [named] = [trail for trail in ScoreTrail.objects.all() if trail.refs]
        named.refs = changed
        monkeypatch.setattr(ScoreTrail.objects, "filter", lambda **_given: [named])
        assert queries.replay_score(score).is_altered


def test_replay_notices_a_basis_that_was_changed(
    locked: PolicyVersion, measured: Any, cast: Cast, quarter: people.Period, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        score = _computed(cast, quarter, now)[0]
        score.basis.content["components"][0]["base_ppm"] += 1
        assert queries.replay_score(score).is_altered


def test_what_is_shared_has_another_name_in_another_organisation(cast: Cast) -> None:
    names = set()
    for organisation in (cast.organisation, cast.elsewhere):
        with tenancy.acting_for(organisation):
            names.add(evidence.content_id("[]"))
    assert len(names) == 2


@pytest.mark.parametrize("label", ["Tab\there", "Two\nlines", 'Quoted "so"', "back\\slash", "\\N", "零售"])
def test_references_are_kept_to_the_letter(
    locked: PolicyVersion,
    measured: Any,
    cast: Cast,
    quarter: people.Period,
    now: Any,
    monkeypatch: pytest.MonkeyPatch,
    label: str,
) -> None:
    monkeypatch.setattr(collectors, "REF", Ref(label, label, "/metrics/", "3"))
    with tenancy.acting_for(cast.organisation):
        for score in _computed(cast, quarter, now):
            inputs = evidence.evidence_of(score, {})["segments"][0]["inputs"]
            assert inputs["okr"]["refs"][0]["label_en"] == label
            assert queries.replay_score(score).is_identical


def test_a_raw_value_beyond_sixty_four_bits_is_kept_exactly(
    locked: PolicyVersion, measured: Any, cast: Cast, quarter: people.Period, now: Any
) -> None:
    huge = 3 * 10**24 + 1
    collectors.VALUES[cast.employee.pk, "turnover"] = huge
    with tenancy.acting_for(cast.organisation):
        _computed(cast, quarter, now)
        score = Score.objects.get(person=cast.employee)
        assert evidence.inputs_of(score)[0]["turnover"].value_micro == huge
        assert queries.replay_score(score).is_identical


def test_writing_many_scores_takes_as_many_queries_as_writing_one(
    locked: PolicyVersion, measured: Any, cast: Cast, quarter: people.Period, now: Any
) -> None:
    counts = []
    for some in ([cast.employee], [cast.colleague, cast.manager]):
        with tenancy.acting_for(cast.organisation), CaptureQueriesContext(connection) as found:
            actions.compute_scores(
                period=quarter, person_ids=[person.pk for person in some], run=None, at=now
            )
        counts.append(len(found))
    assert counts[0] == counts[1]
    with tenancy.acting_for(cast.organisation):
        assert CurrentScore.objects.count() == 3


def test_scores_spelt_together_are_spelt_as_each_alone() -> None:
    """Digests are of the spelling: what was written one by one must not look changed to a run over everybody."""
    rows = [
        (1, None, 0, [None, 3 * 10**24 + 1], [0, 5], [True, False], None, [0, -2], [3, 0]),
        (None, None, 7, [Decimal("80000000"), None], [1, 1], [False, False], [None, 61], [9, 9], [0, 1]),
    ]
    reckoned = [
        evidence.Reckoned(*row, [600_000, 400_000], [1, 2], [3, 4], [5, 6], {})  # type: ignore[arg-type]
        for row in rows
    ]
    columns = list(
        zip(*((*row[:9], [600_000, 400_000], [1, 2], [3, 4], [5, 6]) for row in rows), strict=True)
    )
    columns[3] = ([None, 3 * 10**24 + 1], [80_000_000, None])
    assert keeping.parts_of_all(columns) == [evidence.parts(each) for each in reckoned]
    assert evidence.parts(reckoned[0]) == (
        "1\t\\N\t0\t{NULL,3000000000000000000000001}\t{0,5}\t{True,False}\t\\N\t{0,-2}\t{3,0}\t"
        "{600000,400000}\t{1,2}\t{3,4}\t{5,6}"
    )
