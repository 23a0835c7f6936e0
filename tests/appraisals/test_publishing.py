"""Results are published in waves, each told once, and their people say that they have read them."""

import datetime
import json
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from performance.appraisals import actions, queries, tasks
from performance.appraisals.models import Acknowledgement, Cycle, CycleEntry, Publication, Wave
from performance.foundation import access, tenancy
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from performance.people import models as people
from tests import races
from tests.appraisals.conftest import add_people
from tests.appraisals.test_views import entry_of, expect, statuses
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
Actor = Callable[[people.Person], access.Actor]
SignIn = Callable[[people.Person], Client]


def only(cycle: Cycle, *persons: people.Person) -> actions.Whom:
    entries = CycleEntry.objects.filter(cycle=cycle, person__in=persons)
    return actions.Whom(entry_ids=list(entries.values_list("pk", flat=True)))


def test_a_wave_shows_its_people_their_results_and_nobody_else(
    cast: Cast, signed_off: Cycle, actor: Actor, client_for: SignIn
) -> None:
    with tenancy.acting_for(cast.organisation):
        wave = actions.publish_wave(
            cycle=signed_off, whom=only(signed_off, cast.employee), by=actor(cast.hr), at=timezone.now()
        )
        assert (wave.number, wave.kind, wave.people) == (1, "list", 1)
        signed_off.refresh_from_db()
        assert signed_off.state == "signed_off"
        audited = AuditRow.objects.get(action="appraisals.publish_wave")
        assert (audited.person_id, audited.changes["people"]) == (cast.hr.pk, 1)
    for person, status in ((cast.employee, 200), (cast.colleague, 404)):
        address = reverse("appraisals:entry", args=[entry_of(cast, signed_off, person).pk])
        assert client_for(person).get(address).status_code == status
    with tenancy.acting_for(cast.organisation):
        rest = actions.publish_wave(cycle=signed_off, by=actor(cast.hr), at=timezone.now())
        signed_off.refresh_from_db()
        assert (rest.number, rest.kind, signed_off.state) == (2, "rest", "published")
        assert Publication.objects.count() == CycleEntry.objects.filter(cycle=signed_off).count()


def test_a_wave_by_team_takes_the_teams_below_in(cast: Cast, signed_off: Cycle, actor: Actor) -> None:
    with tenancy.acting_for(cast.organisation):
        wave = actions.publish_wave(
            cycle=signed_off, whom=actions.Whom(team=cast.team), by=actor(cast.hr), at=timezone.now()
        )
        shown = set(Publication.objects.filter(wave=wave).values_list("entry__person", flat=True))
        assert shown == {cast.manager.pk, cast.employee.pk, cast.colleague.pk}
        with pytest.raises(actions.CycleRefused, match="None of these people"):
            actions.publish_wave(
                cycle=signed_off, whom=actions.Whom(team=cast.team), by=actor(cast.hr), at=timezone.now()
            )


def test_each_wave_is_told_once_and_only_its_people(cast: Cast, signed_off: Cycle, actor: Actor) -> None:
    with tenancy.acting_for(cast.organisation):
        items = WorkItem.objects.filter(kind=actions.RESULT)
        actions.publish_wave(
            cycle=signed_off, whom=only(signed_off, cast.employee), by=actor(cast.hr), at=timezone.now()
        )
        tasks.announce_results.run()
        assert [item.person for item in items] == [cast.employee]
        assert items.get().due_on == Wave.objects.get().acknowledge_until
        actions.publish_wave(cycle=signed_off, by=actor(cast.hr), at=timezone.now())
        tasks.announce_results.run()
        tasks.announce_results.run()
        assert items.filter(person=cast.employee).count() == 1
        assert {item.person for item in items.all()} == {cast.employee, cast.manager, cast.colleague}


def test_what_the_first_wave_promises_holds_for_the_cycle(
    cast: Cast, signed_off: Cycle, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        hr, at = actor(cast.hr), timezone.now()
        terms = queries.Terms(acknowledge_days=3, appeal_days=10, answer_days=5)
        whom = only(signed_off, cast.employee)
        with pytest.raises(actions.CycleRefused, match="Between 1 and"):
            actions.publish_wave(cycle=signed_off, terms=queries.Terms(appeal_days=0), by=hr, at=at)
        first = actions.publish_wave(cycle=signed_off, whom=whom, terms=terms, by=hr, at=at)
        assert first.appeal_until - first.acknowledge_until == datetime.timedelta(days=7)
        with pytest.raises(actions.CycleRefused, match="first wave"):
            actions.publish_wave(cycle=signed_off, terms=queries.Terms(), by=hr, at=at)
        second = actions.publish_wave(cycle=signed_off, by=hr, at=at + datetime.timedelta(days=2))
        assert (second.appeal_days, second.answer_days) == (10, 5)
        assert second.appeal_until - first.appeal_until == datetime.timedelta(days=2)


def test_the_person_alone_says_that_they_have_read_it_and_once(
    cast: Cast, published: Cycle, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        entry = CycleEntry.objects.get(cycle=published, person=cast.employee)
        for other in (cast.manager, cast.hr, cast.colleague):
            with pytest.raises(PermissionDenied):
                actions.acknowledge_result(entry=entry, by=actor(other), at=timezone.now())
        actions.acknowledge_result(
            entry=entry, comment=" Fair enough ", by=actor(cast.employee), at=timezone.now()
        )
        with pytest.raises(actions.ResultRefused) as refused:
            actions.acknowledge_result(entry=entry, by=actor(cast.employee), at=timezone.now())
        assert refused.value.code == "conflict"
        assert Acknowledgement.objects.get(entry=entry).comment == "Fair enough"
        assert "Fair" not in json.dumps(AuditRow.objects.get(action="appraisals.acknowledge_result").changes)
        assert queries.progress_of(published).acknowledged == 1


def test_the_database_publishes_nobody_twice(cast: Cast, published: Cycle) -> None:
    with tenancy.acting_for(cast.organisation):
        standing = Publication.objects.first()
        assert standing is not None
        with pytest.raises(IntegrityError), transaction.atomic():
            Publication.objects.create(wave_id=standing.wave_id, entry_id=standing.entry_id)


@pytest.mark.django_db(transaction=True)
def test_of_two_waves_at_one_moment_the_second_finds_nobody(
    cast: Cast, signed_off: Cycle, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        hr = actor(cast.hr)

    def publish() -> Wave:
        return actions.publish_wave(cycle=signed_off, by=hr, at=timezone.now())

    first, second = races.second_waits_for_first(cast.organisation, publish, publish)
    assert isinstance(first, Wave)
    assert isinstance(second, actions.CycleRefused)
    assert second.code == "conflict"


def test_the_page_of_waves_is_hr_s(cast: Cast, signed_off: Cycle, client_for: SignIn) -> None:
    address = reverse("appraisals:publish", args=[signed_off.pk])
    assert statuses(cast, client_for, address) == expect(403, hr=200, auditor=200, stranger=404)
    waves = reverse("api_cycle_waves", args=[signed_off.pk])
    assert statuses(cast, client_for, waves) == expect(403, hr=200, auditor=200, stranger=404)


def test_saying_so_on_the_page_is_for_the_person_alone(
    cast: Cast, published: Cycle, client_for: SignIn
) -> None:
    entry = entry_of(cast, published, cast.employee)
    address = reverse("appraisals:acknowledge", args=[entry.pk])
    found = statuses(cast, client_for, address, "post", data={"comment": "Read"})
    assert found == expect(404, employee=302, hr=403, auditor=403, manager=403, boss=403)
    page = client_for(cast.manager).get(reverse("appraisals:entry", args=[entry.pk])).content.decode()
    assert "has read this result" in page
    assert "Read</blockquote>" in page
    again = client_for(cast.employee).post(address, {"comment": "Read"})
    assert again.status_code in (409, 422)


def test_publishing_through_the_page_names_numbers_that_do_not_wait(
    cast: Cast, signed_off: Cycle, client_for: SignIn
) -> None:
    client, address = client_for(cast.hr), reverse("appraisals:publish", args=[signed_off.pk])
    days = {"acknowledge_days": 7, "appeal_days": 7, "answer_days": 7}
    refused = client.post(address, {"whom": "list", "numbers": "P003, X9", **days})
    assert refused.status_code == 422
    assert "X9" in str(refused.context["form"].errors["numbers"])
    assert client.post(address, {"whom": "unit", **days}).context["form"].errors["unit"]
    done = client.post(address, {"whom": "list", "numbers": "p003", **days})
    assert done.status_code == 302
    page = client.get(address)
    assert "acknowledge_days" not in page.context["form"].fields
    assert entry_of(cast, signed_off, cast.employee).state == "published"


def test_waves_and_reading_through_the_api(cast: Cast, signed_off: Cycle, client_for: SignIn) -> None:
    waves = reverse("api_cycle_waves", args=[signed_off.pk])

    def post(client: Client, address: str, body: dict[str, object]) -> tuple[int, dict[str, object]]:
        response = client.post(address, json.dumps(body), content_type="application/json")
        return response.status_code, response.json()

    hr = client_for(cast.hr)
    assert post(hr, waves, {"kind": "list", "numbers": ["nobody"]})[0] == 400
    status, wave = post(hr, waves, {"kind": "list", "numbers": ["P003"], "appeal_days": 9})
    assert (status, wave["people"], wave["number"]) == (201, 1, 1)
    entry = entry_of(cast, signed_off, cast.employee)
    address = reverse("api_acknowledgement", args=[entry.pk])
    employee = client_for(cast.employee)
    assert employee.get(address).status_code == 404
    assert post(employee, address, {"comment": "Seen"})[0] == 201
    assert post(employee, address, {})[0] == 409
    assert client_for(cast.manager).get(address).json()["comment"] == "Seen"
    assert client_for(cast.colleague).get(address).status_code == 404
    assert hr.get(waves).json()[0]["acknowledged"] == 1


def test_pages_of_results_ask_as_often_at_any_size(
    cast: Cast, closed: Cycle, actor: Actor, client_for: SignIn
) -> None:
    counts = []
    client = client_for(cast.hr)
    with tenancy.acting_for(cast.organisation):
        add_people(closed, 40)
        actions.sign_off_cycle(cycle=closed, by=actor(cast.hr), at=timezone.now())
    numbers = [[f"M{place:05}" for place in range(2)], [f"M{place:05}" for place in range(2, 40)]]
    for wanted in numbers:
        with tenancy.acting_for(cast.organisation):
            listed = queries.listed(closed, wanted)
            with CaptureQueriesContext(
                connection,
            ) as publishing:
                actions.publish_wave(
                    cycle=closed,
                    whom=actions.Whom(entry_ids=listed.entry_ids),
                    by=actor(cast.hr),
                    at=timezone.now(),
                )
        with CaptureQueriesContext(connection) as captured:
            for name in ("publish", "cycle"):
                assert client.get(reverse(f"appraisals:{name}", args=[closed.pk])).status_code == 200
        counts.append((len(publishing), len(captured)))
    # The first wave writes what is promised, the second reads it.
    assert abs(counts[0][0] - counts[1][0]) <= 1
    assert counts[0][1] == counts[1][1]
