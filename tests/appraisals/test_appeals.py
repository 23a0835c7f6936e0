"""Appeals: within the days, decided by HR who are no party, upheld as a layer over what stays as it was."""

import datetime
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from performance.appraisals import actions, queries, tasks
from performance.appraisals.models import Appeal, Cycle, CycleEntry, Export
from performance.foundation import access, tenancy
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from performance.people import actions as people_actions
from performance.people import models as people
from tests import races
from tests.appraisals.reading import csv_rows
from tests.appraisals.test_views import entry_of, expect, statuses
from tests.conftest import Cast, make_person

pytestmark = pytest.mark.django_db
Actor = Callable[[people.Person], access.Actor]
SignIn = Callable[[people.Person], Client]


@pytest.fixture
def second_hr(cast: Cast) -> people.Person:
    """Somebody of HR who signed nothing off."""
    with tenancy.acting_for(cast.organisation):
        person = make_person("H2", "Hugo Hr")
        people.RoleGrant.objects.create(person=person, role="hr")
        return person


@pytest.fixture
def filed(cast: Cast, published: Cycle, second_hr: people.Person, actor: Actor) -> Appeal:
    with tenancy.acting_for(cast.organisation):
        entry = CycleEntry.objects.get(cycle=published, person=cast.employee)
        grounds = [each.key for each in queries.grounds_of(entry, actor(cast.employee))]
        return actions.file_appeal(
            entry=entry,
            reason="The store was closed for a month.",
            grounds=grounds[:1],
            by=actor(cast.employee),
            at=timezone.now(),
        )


def decide(appeal: Appeal, by: access.Actor, rating: int | None = 5) -> Appeal:
    return actions.decide_appeal(
        appeal=appeal, rating=rating, reason="Seen in the ledger", by=by, at=timezone.now()
    )


def test_an_appeal_waits_for_hr_who_are_no_party_by_the_day_that_was_promised(
    cast: Cast, filed: Appeal, second_hr: people.Person
) -> None:
    with tenancy.acting_for(cast.organisation):
        item = WorkItem.objects.get(kind=actions.APPEAL)
        assert (item.person, item.due_on) == (second_hr, filed.answer_until)
        assert filed.evidence.count() == 1
        assert AuditRow.objects.get(action="appraisals.file_appeal").person_id == cast.employee.pk


def test_only_the_person_appeals_and_only_within_the_days(cast: Cast, published: Cycle, actor: Actor) -> None:
    with tenancy.acting_for(cast.organisation):
        entry = CycleEntry.objects.get(cycle=published, person=cast.employee)
        for other in (cast.manager, cast.hr):
            with pytest.raises(PermissionDenied):
                actions.file_appeal(entry=entry, reason="No", by=actor(other), at=timezone.now())
        own, late = actor(cast.employee), timezone.now() + datetime.timedelta(days=15)
        with pytest.raises(actions.AppealRefused) as refused:
            actions.file_appeal(entry=entry, reason="Late", by=own, at=late)
        assert refused.value.code == "too_late"
        with pytest.raises(actions.AppealRefused, match="Say why"):
            actions.file_appeal(entry=entry, reason=" ", by=own, at=timezone.now())
        with pytest.raises(actions.AppealRefused, match="not among"):
            actions.file_appeal(entry=entry, reason="So", grounds=["score:x"], by=own, at=timezone.now())


def test_parties_do_not_decide(cast: Cast, filed: Appeal, second_hr: people.Person, actor: Actor) -> None:
    with tenancy.acting_for(cast.organisation):
        with pytest.raises(actions.AppealRefused) as refused:
            decide(filed, actor(cast.hr))
        assert refused.value.code == "is_party"
        for leader in (cast.manager, cast.boss):
            people.RoleGrant.objects.create(person=leader, role="hr")
            with pytest.raises(actions.AppealRefused, match="party"):
                decide(filed, actor(leader))
        for other in (cast.auditor, cast.colleague):
            with pytest.raises(PermissionDenied):
                decide(filed, actor(other))
        assert queries.deciders_of(filed.entry, timezone.localdate()) == [second_hr]


def test_an_upheld_appeal_lies_over_what_stays_as_it_was(
    cast: Cast, filed: Appeal, second_hr: people.Person, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        before = CycleEntry.objects.values().get(pk=filed.entry_id)
        rating = 1 if filed.rating_before == 5 else 5
        decided = decide(filed, actor(second_hr), rating)
        assert CycleEntry.objects.values().get(pk=filed.entry_id) == before
        entry = queries.with_results(CycleEntry.objects.all()).get(pk=filed.entry_id)
        assert (entry.result_rating, entry.result_source) == (rating, "appeal")
        steps = queries.steps_of(entry, queries.bands_of(filed.entry.cycle))
        assert [(step.key, step.rating) for step in steps] == [
            ("suggested", filed.rating_before),
            ("appeal", rating),
        ]
        earlier = queries.with_results(CycleEntry.objects.all(), at=decided.filed_at).get(pk=entry.pk)
        assert earlier.result_source == "suggested"
        assert WorkItem.objects.get(kind=actions.APPEAL).done_at is not None
        assert WorkItem.objects.get(kind="performance.appeal_answer").person == cast.employee
        with pytest.raises(actions.AppealRefused) as refused:
            decide(filed, actor(second_hr), None)
        assert refused.value.code == "conflict"
        for change in ({"rating_after": 3}, {"state": "open"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Appeal.objects.filter(pk=filed.pk).update(**change)
        with pytest.raises(IntegrityError), transaction.atomic():
            Appeal.objects.filter(pk=filed.pk).delete()


def test_a_correction_flows_into_the_export(
    cast: Cast, filed: Appeal, second_hr: people.Person, actor: Actor, ask: Callable[..., Export]
) -> None:
    with tenancy.acting_for(cast.organisation):
        rating = 1 if filed.rating_before == 5 else 5
        columns = ("number", "rating", "result", "result_source")
        before = ask(filed.entry.cycle, format="csv", columns=columns)
        decide(filed, actor(second_hr), rating)
        after = ask(filed.entry.cycle, format="csv", columns=columns)
        rows = []
        for export in (before, after):
            tasks.write_export.run(str(export.pk))
            rows.append(next(row for row in csv_rows(export) if row[0] == cast.employee.number))
        suggested = str(filed.rating_before)
        assert rows[0][1:] == [suggested, suggested, "Suggested by the score"]
        assert rows[1][1:] == [suggested, str(rating), "Corrected on appeal"]


def test_a_rejected_appeal_leaves_the_result_and_is_final(
    cast: Cast, filed: Appeal, second_hr: people.Person, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        with pytest.raises(actions.AppealRefused, match="result already"):
            decide(filed, actor(second_hr), filed.rating_before)
        decide(filed, actor(second_hr), None)
        entry = queries.with_results(CycleEntry.objects.all()).get(pk=filed.entry_id)
        assert (entry.result_rating, entry.result_source) == (filed.rating_before, "suggested")
        with pytest.raises(actions.AppealRefused) as refused:
            actions.file_appeal(entry=entry, reason="Again", by=actor(cast.employee), at=timezone.now())
        assert refused.value.code == "conflict"


def test_a_withdrawn_appeal_stays_on_record_and_may_be_followed_by_another(
    cast: Cast, filed: Appeal, second_hr: people.Person, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        with pytest.raises(PermissionDenied):
            actions.withdraw_appeal(appeal=filed, by=actor(second_hr), at=timezone.now())
        own = actor(cast.employee)
        actions.withdraw_appeal(appeal=filed, by=own, at=timezone.now())
        assert WorkItem.objects.get(kind=actions.APPEAL).done_at is not None
        actions.file_appeal(entry=filed.entry, reason="Once more", by=own, at=timezone.now())
        states = list(Appeal.objects.order_by("pk").values_list("state", flat=True))
        assert states == ["withdrawn", "open"]


@pytest.mark.django_db(transaction=True)
def test_of_two_deciders_at_once_the_second_is_told(
    cast: Cast, filed: Appeal, second_hr: people.Person, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        by = actor(second_hr)
        rating = 1 if filed.rating_before == 5 else 5
    first, second = races.second_waits_for_first(
        cast.organisation, lambda: decide(filed, by, rating), lambda: decide(filed, by, None)
    )
    assert first.state == "upheld"
    assert second.code == "conflict"


@pytest.mark.django_db(transaction=True)
def test_a_doubled_click_files_one_appeal(cast: Cast, published: Cycle, actor: Actor) -> None:
    entry = entry_of(cast, published, cast.employee)
    with tenancy.acting_for(cast.organisation):
        own = actor(cast.employee)

    def file() -> Appeal:
        return actions.file_appeal(entry=entry, reason="Twice", by=own, at=timezone.now())

    first, second = races.second_waits_for_first(cast.organisation, file, file)
    assert first.state == "open"
    assert second.code == "conflict"


def test_a_repeated_call_gives_back_its_own_appeal_and_nobody_else_s(
    cast: Cast, published: Cycle, actor: Actor
) -> None:
    entry, key = entry_of(cast, published, cast.employee), uuid.uuid4()
    said: dict[str, Any] = {"entry": entry, "reason": "Once", "at": timezone.now(), "key": key}
    with tenancy.acting_for(cast.organisation):
        first = actions.file_appeal(by=actor(cast.employee), **said)
        assert actions.file_appeal(by=actor(cast.employee), **said) == first
        for other in (cast.manager, cast.hr):
            with pytest.raises(PermissionDenied):
                actions.file_appeal(by=actor(other), **said)


def test_what_was_said_is_forgotten_with_the_person(
    cast: Cast, filed: Appeal, second_hr: people.Person, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        Appeal.objects.filter(pk=filed.pk).update(reason="I am Eli Employee")
        actions.acknowledge_result(
            entry=filed.entry, comment="Eli was here", by=actor(cast.employee), at=timezone.now()
        )
        decide(filed, actor(second_hr), None)
        yesterday = timezone.localdate() - datetime.timedelta(days=2)
        people.Person.objects.filter(pk=cast.employee.pk).update(left_on=yesterday)
        cast.employee.refresh_from_db()
        people_actions.erase_personal_data(
            person=cast.employee, by=actor(cast.hr), at=timezone.now(), why="Asked for"
        )
        filed.refresh_from_db()
        assert "Eli" not in filed.reason
        assert filed.state == "rejected"
        assert "Eli" not in filed.entry.acknowledgements.get().comment


def test_who_opens_the_pages_of_appeals(
    cast: Cast, filed: Appeal, published: Cycle, client_for: SignIn
) -> None:
    page = reverse("appraisals:appeal", args=[filed.pk])
    assert statuses(cast, client_for, page) == expect(404, employee=200, hr=200, auditor=200)
    assert statuses(cast, client_for, reverse("api_appeal", args=[filed.pk])) == expect(
        404, employee=200, hr=200, auditor=200
    )
    listed = reverse("appraisals:appeals", args=[published.pk])
    assert statuses(cast, client_for, listed) == expect(403, hr=200, auditor=200, stranger=404)
    assert statuses(cast, client_for, reverse("api_cycle_appeals", args=[published.pk])) == expect(
        403, hr=200, auditor=200, stranger=404
    )
    form = reverse("appraisals:file_appeal", args=[filed.entry_id])
    assert statuses(cast, client_for, form) == expect(
        404, employee=200, hr=403, auditor=403, manager=403, boss=403
    )
    of_entry = reverse("api_appeals", args=[filed.entry_id])
    assert statuses(cast, client_for, of_entry) == expect(
        404, employee=200, hr=200, auditor=200, manager=403, boss=403
    )
    decision = statuses(cast, client_for, reverse("appraisals:decide_appeal", args=[filed.pk]), "post")
    assert decision == expect(403, hr=422, stranger=404)
    withdrawal = statuses(cast, client_for, reverse("appraisals:withdraw_appeal", args=[filed.pk]), "post")
    assert withdrawal == expect(404, employee=302, hr=409, auditor=403)


def test_the_way_of_an_appeal_through_the_pages(
    cast: Cast, published: Cycle, second_hr: people.Person, client_for: SignIn
) -> None:
    entry = entry_of(cast, published, cast.employee)
    own, hr = client_for(cast.employee), client_for(second_hr)
    form = reverse("appraisals:file_appeal", args=[entry.pk])
    assert form in own.get(reverse("appraisals:entry", args=[entry.pk])).content.decode()
    assert own.post(form, {"reason": ""}).status_code == 422
    given = {"reason": "Not so", "once": "5f0c9f0e-0000-4000-8000-000000000001"}
    filed = own.post(form, given)
    assert filed.status_code == 302
    assert own.post(form, given)["Location"] == filed["Location"]
    assert hr.get(reverse("appraisals:appeals", args=[published.pk])).status_code == 200
    with tenancy.acting_for(cast.organisation):
        appeal = Appeal.objects.get()
    address = reverse("appraisals:decide_appeal", args=[appeal.pk])
    wrong = hr.post(address, {"decision": "upheld", "reason": "Yes"})
    assert wrong.status_code == 422
    assert wrong.context["form"].errors["rating"]
    rating = 1 if appeal.rating_before == 5 else 5
    assert hr.post(address, {"decision": "upheld", "rating": rating, "reason": "Yes"}).status_code == 302
    assert hr.post(address, {"decision": "rejected", "reason": "No"}).status_code in (409, 422)
    page = own.get(filed["Location"]).content.decode()
    assert "Yes" in page
    result = client_for(cast.manager).get(reverse("appraisals:entry", args=[entry.pk])).content.decode()
    assert "Corrected on appeal" in result
    assert "Not so" not in result


def test_an_appeal_through_the_api(
    cast: Cast, published: Cycle, second_hr: people.Person, client_for: SignIn
) -> None:
    entry = entry_of(cast, published, cast.employee)
    address = reverse("api_appeals", args=[entry.pk])
    own, hr = client_for(cast.employee), client_for(second_hr)

    def post(client: Client, to: str, body: dict[str, object]) -> tuple[int, dict[str, object]]:
        response = client.post(to, json.dumps(body), content_type="application/json")
        return response.status_code, response.json()

    offered = own.get(address).json()
    assert offered["can_appeal"]
    keys = [each["key"] for each in offered["grounds"]]
    assert keys
    status, appeal = post(own, address, {"reason": "Not so", "grounds": keys})
    assert (status, len(appeal["evidence"])) == (201, len(keys))  # type: ignore[arg-type]
    decision = reverse("api_appeal_decision", args=[appeal["id"]])
    assert post(hr, decision, {"rating": None, "reason": "Looked into"})[0] == 200
    assert post(hr, decision, {"rating": 2, "reason": "Looked into"})[0] == 409
    told = own.get(reverse("api_appeal", args=[appeal["id"]])).json()
    assert (told["state"], told["decision"]) == ("rejected", "Looked into")
    listed = hr.get(reverse("api_cycle_appeals", args=[published.pk])).json()
    assert len(listed["results"]) == 1


def test_the_list_of_appeals_asks_as_often_at_any_size(
    cast: Cast, published: Cycle, filed: Appeal, client_for: SignIn
) -> None:
    client, counts = client_for(cast.hr), []
    for others in (0, 9):
        with tenancy.acting_for(cast.organisation):
            entries = CycleEntry.objects.filter(cycle=published).exclude(pk=filed.entry_id)
            for entry in entries[:others]:
                Appeal.objects.create(
                    entry=entry, reason="Too", filed_at=timezone.now(), answer_until=timezone.localdate()
                )
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("appraisals:appeals", args=[published.pk])).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
