"""Whoever runs a cycle is reviewed in it as well: about themselves they are nobody but the person."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from performance.appraisals import actions, queries
from performance.appraisals.models import Cycle, CycleEntry, Review
from performance.foundation import access, tenancy
from performance.people import models as people
from performance.people import queries as people_queries
from tests.appraisals.writing import review_of
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
Actor = Callable[[people.Person], access.Actor]


@pytest.fixture(autouse=True)
def here(cast: Cast) -> object:
    """The employee has joined HR."""
    with tenancy.acting_for(cast.organisation):
        people.RoleGrant.objects.create(person=cast.employee, role="hr")
        yield


def test_hr_neither_hands_on_nor_excuses_what_is_written_about_themselves(
    cast: Cast, reviewed: Cycle, actor: Actor
) -> None:
    review, at, hr = review_of(reviewed, cast.employee, "manager"), timezone.now(), actor(cast.employee)
    with pytest.raises(PermissionDenied):
        actions.delegate_review(review=review, to=cast.colleague.pk, reason="A friend", by=hr, at=at)
    with pytest.raises(PermissionDenied):
        actions.excuse_review(review=review, reason="Not needed", by=hr, at=at)
    actions.excuse_review(review=review, reason="On leave", by=actor(cast.hr), at=at)


@pytest.mark.parametrize("kind", ["peer", "upward"])
def test_hr_does_not_open_what_colleagues_write_of_them(
    kind: str, cast: Cast, reviewed: Cycle, actor: Actor
) -> None:
    entry, today = (
        CycleEntry.objects.get(cycle=reviewed, person=cast.employee),
        people_queries.today(cast.organisation),
    )
    review = Review.objects.create(entry=entry, kind=kind, reviewer=cast.colleague)
    found = {
        person: queries.reviews_visible_to(actor(person), today).filter(pk=review.pk).exists()
        for person in (cast.employee, cast.hr, cast.colleague)
    }
    assert found == {cast.employee: False, cast.hr: True, cast.colleague: True}
