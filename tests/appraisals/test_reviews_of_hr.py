"""Whoever runs a cycle is reviewed in it as well: about themselves they are nobody but the person."""

import datetime
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from performance.appraisals import actions, queries
from performance.appraisals.models import Cycle, CycleEntry, CycleStage, Review
from performance.foundation import access, tenancy
from performance.people import models as people
from performance.people import queries as people_queries
from tests.appraisals.writing import review_of, send
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
Actor = Callable[[people.Person], access.Actor]
SignIn = Callable[[people.Person], Client]


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


def test_hr_reads_in_lists_and_in_the_log_of_everybody_but_themselves_who_is_late_and_why_not(
    cast: Cast, reviewed: Cycle, actor: Actor, client_for: SignIn
) -> None:
    entry, at = CycleEntry.objects.get(cycle=reviewed, person=cast.employee), timezone.now()
    asked = [
        actions.nominate_peer(entry=entry, peer=peer, by=actor(cast.manager), at=at)
        for peer in (cast.colleague, cast.hr)
    ]
    actions.decline_review(review=asked[0], reason="We quarrelled", by=actor(cast.colleague), at=at)
    day = people_queries.today(cast.organisation) - datetime.timedelta(days=1)
    CycleStage.objects.filter(cycle=reviewed).update(starts_on=day, ends_on=day)
    late, log = reverse("appraisals:progress", args=[reviewed.pk]), reverse("people:audit_log")
    for person, reads in ((cast.employee, False), (cast.hr, True)):
        client = client_for(person)
        assert (reverse("appraisals:review", args=[asked[1].pk]) in pages(client, late)) is reads
        assert ("We quarrelled" in pages(client, log)) is reads


def test_hr_open_what_their_manager_wrote_of_them_once_it_is_published(
    cast: Cast, reviewed: Cycle, actor: Actor, client_for: SignIn
) -> None:
    sent = send(review_of(reviewed, cast.employee, "manager"), actor(cast.manager))
    page, link = (
        reverse("appraisals:entry", args=[sent.entry_id]),
        reverse("appraisals:review", args=[sent.pk]),
    )
    assert link in client_for(cast.hr).get(page).content.decode()
    assert link not in client_for(cast.employee).get(page).content.decode()
    CycleEntry.objects.filter(pk=sent.entry_id).update(state="published")
    assert link in client_for(cast.employee).get(page).content.decode()


def pages(client: Client, address: str) -> str:
    """Everything that a list holds, page after page."""
    found = ""
    for number in range(1, 9):
        found += client.get(address, {"page": number}).content.decode()
    return found
