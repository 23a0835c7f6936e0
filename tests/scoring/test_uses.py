"""Who changes a metric is told which weights and whose scores read it."""

import datetime

from django.urls import reverse

from performance.foundation import tenancy
from performance.people import models as people
from performance.scoring import queries
from performance.scoring.models import PolicyVersion
from tests.conftest import Cast
from tests.scoring.conftest import Actor


def test_policies_and_the_people_scored_by_them_are_counted(
    locked: PolicyVersion, cast: Cast, actor: Actor, quarter: people.Period
) -> None:
    with tenancy.acting_for(cast.organisation):
        by = actor(cast.finance_owner)
        policies, scored = queries.metric_uses(by, ["turnover"], quarter.starts_on)
        assert (policies.kind, policies.number, scored.kind, scored.number) == ("policies", 1, "people", 3)
        address = reverse("scoring:policy", args=[locked.pk])
        assert [(one.title, one.address) for one in policies.shown] == [("Store operations", address)]
        assert queries.metric_uses(by, ["margin"], quarter.starts_on) == []


def test_a_policy_that_is_still_written_is_counted_and_named_to_its_makers_only(
    draft: PolicyVersion, cast: Cast, actor: Actor, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        for person, named in ((cast.hr, 1), (cast.employee, 0)):
            policies, scored = queries.metric_uses(actor(person), ["turnover"], today)
            assert (policies.number, len(policies.shown), scored.number) == (1, named, 0), person
