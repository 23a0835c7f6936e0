"""Sums that the database makes over many scores are those of their explanations."""

from collections import Counter
from typing import Any

import numpy as np
from django.utils import timezone

from performance.foundation import tenancy
from performance.people import models as people
from performance.scoring import actions, evidence
from performance.scoring.models import Score
from performance.scoring.queries import groupsums
from tests.conftest import Cast
from tests.scoring import collectors, groups
from tests.scoring.test_groupcards import company

__all__ = ["company"]


def test_sums_and_columns_are_those_of_the_explanations(
    company: groups.Company, cast: Cast, quarter: people.Period
) -> None:
    with tenancy.acting_for(cast.organisation):
        few = company.persons[:4]
        for person in few:
            del collectors.VALUES[person.pk, "pulse"]
        ids = [person.pk for person in few]
        actions.compute_scores(period=quarter, person_ids=ids, run=None, at=timezone.now())
        scores = list(Score.objects.filter(score_micro__isnull=False))
        explained = {score.pk: evidence.explanation_of(score)["components"] for score in scores}
        sums = groupsums.sums_of(explained)
        columns = groupsums.columns_of(list(explained), [score.score_micro or 0 for score in scores])
    expected: dict[str, Counter[str]] = {}
    counting = [line for lines in explained.values() for line in lines if line["treatment"] != "left_out"]
    assert len(counting) < sum(map(len, explained.values())), "some are left out"
    for line in counting:
        expected.setdefault(line["key"], Counter()).update(
            {"number": 1, **{name: line[kept] for name, kept in groupsums.SUMMED.items()}}
        )
    assert sums == expected

    def figures(name: str) -> Any:
        return [
            [next((line[name] or 0 for line in lines if line["key"] == key), 0) for key in columns.keys]
            for lines in explained.values()
        ]

    assert np.array_equal(columns.values_micro, figures("value_micro"))
    assert np.array_equal(columns.effective_ppm, figures("effective_ppm"))
    assert np.array_equal(columns.contributions_micro, figures("contribution_micro"))
