"""What is out of date is neither lost nor done twice."""

import datetime

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from performance.foundation import stale, tenancy
from performance.people import models as people

pytestmark = pytest.mark.django_db


def test_marking_twice_leaves_one_row(acting: people.Organisation) -> None:
    subject = uuid7()
    stale.mark("score", [subject, subject])
    stale.mark("score", [subject])
    assert stale.waiting("score") == 1


def test_a_claim_takes_no_more_than_its_limit_and_nobody_elses(acting: people.Organisation) -> None:
    stale.mark("score", [uuid7() for _ in range(5)])
    first, second = stale.claim("score", limit=3), stale.claim("score", limit=3)
    assert (len(first.marks), len(second.marks)) == (3, 2)
    assert not set(first.marks) & set(second.marks)
    assert not stale.claim("score", limit=3)


def test_kinds_are_claimed_apart(acting: people.Organisation) -> None:
    stale.mark("score", [uuid7()])
    assert not stale.claim("metric_values", limit=3)


def test_settling_removes_what_was_computed(acting: people.Organisation) -> None:
    stale.mark("score", [uuid7()])
    stale.settle(stale.claim("score", limit=3))
    assert stale.waiting("score") == 0


def test_what_is_marked_again_while_being_computed_stays(acting: people.Organisation) -> None:
    subject = uuid7()
    stale.mark("score", [subject, uuid7()])
    claimed = stale.claim("score", limit=3)
    stale.mark("score", [subject])
    stale.settle(claimed)
    assert stale.claim("score", limit=3).subject_ids == [subject]


def test_the_claim_of_a_killed_worker_is_taken_over_after_a_while(acting: people.Organisation) -> None:
    subject, now = uuid7(), timezone.now()
    stale.mark("score", [subject])
    dead = stale.claim("score", limit=3, at=now)
    assert not stale.claim("score", limit=3, at=now + datetime.timedelta(minutes=9))
    alive = stale.claim("score", limit=3, at=now + datetime.timedelta(minutes=11))
    assert alive.subject_ids == [subject]
    stale.settle(dead)
    assert stale.waiting("score") == 1
    stale.settle(alive)
    assert stale.waiting("score") == 0


def test_a_result_that_is_rolled_back_leaves_its_row_waiting(acting: people.Organisation) -> None:
    stale.mark("score", [uuid7()])
    claimed = stale.claim("score", limit=3)

    def settle_and_die() -> None:
        with tenancy.acting_for(acting):
            stale.settle(claimed)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        settle_and_die()
    assert stale.waiting("score") == 1
