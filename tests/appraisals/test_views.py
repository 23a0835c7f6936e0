"""Every page and endpoint shown to the whole cast, with the same number of queries at any size."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from performance.appraisals import actions, tasks
from performance.appraisals.models import Cycle, CycleEntry, Export
from performance.foundation import access, tenancy
from performance.foundation.models import AuditRow
from performance.people import models as people
from tests.appraisals.conftest import add_people
from tests.conftest import EVERYBODY, Cast

pytestmark = pytest.mark.django_db
Actor = Callable[[people.Person], access.Actor]
SignIn = Callable[[people.Person], Client]


@pytest.fixture
def done(cast: Cast, cycle: Cycle, actor: Actor) -> Export:
    with tenancy.acting_for(cast.organisation):
        export = actions.request_export(cycle=cycle, format="csv", by=actor(cast.hr), at=timezone.now())
        tasks.write_export.run(str(export.pk))
        export.refresh_from_db()
        return export


def entry_of(cast: Cast, cycle: Cycle, person: people.Person) -> CycleEntry:
    with tenancy.acting_for(cast.organisation):
        return CycleEntry.objects.get(cycle=cycle, person=person)


def statuses(cast: Cast, sign_in: SignIn, address: str, method: str = "get", **given: Any) -> dict[str, int]:
    found = {}
    for name in EVERYBODY:
        response = getattr(sign_in(getattr(cast, name)), method)(address, **given)
        found[name] = response.status_code
        if response.streaming:
            b"".join(response.streaming_content)
    return found


def expect(default: int, **exceptions: int) -> dict[str, int]:
    return dict.fromkeys(EVERYBODY, default) | exceptions


def test_everybody_may_ask_for_the_list(cast: Cast, cycle: Cycle, client_for: SignIn) -> None:
    assert statuses(cast, client_for, reverse("appraisals:cycles")) == expect(200)
    assert statuses(cast, client_for, reverse("appraisals:results")) == expect(200)
    shown = {
        name: "Spring appraisal" in client_for(getattr(cast, name)).get("/appraisals/").content.decode()
        for name in EVERYBODY
    }
    assert {name for name, is_shown in shown.items() if is_shown} == {"hr", "auditor", "manager", "boss"}


def test_a_cycle_is_seen_by_hr_auditors_and_managers_of_its_people(
    cast: Cast, cycle: Cycle, client_for: SignIn
) -> None:
    found = statuses(cast, client_for, reverse("appraisals:cycle", args=[cycle.pk]))
    assert found == expect(404, hr=200, auditor=200, manager=200, boss=200)


def test_a_manager_sees_only_the_people_below(cast: Cast, cycle: Cycle, client_for: SignIn) -> None:
    page = client_for(cast.manager).get(reverse("appraisals:cycle", args=[cycle.pk])).content.decode()
    assert "Eli Employee" in page
    assert "Cody Colleague" in page
    for hidden in ("Hana Hr", "Bo Boss", "card-ready", "card-exports", "card-exceptions"):
        assert hidden not in page


def test_an_entry_before_publishing_is_seen_from_above_only(
    cast: Cast, cycle: Cycle, client_for: SignIn
) -> None:
    address = reverse("appraisals:entry", args=[entry_of(cast, cycle, cast.employee).pk])
    assert statuses(cast, client_for, address) == expect(404, hr=200, auditor=200, manager=200, boss=200)


def test_a_published_entry_is_seen_by_its_person_too_and_by_no_peer(
    cast: Cast, published: Cycle, client_for: SignIn
) -> None:
    entry = entry_of(cast, published, cast.employee)
    address = reverse("appraisals:entry", args=[entry.pk])
    assert statuses(cast, client_for, address) == expect(
        404, employee=200, hr=200, auditor=200, manager=200, boss=200
    )
    assert entry_of(cast, published, cast.employee).seen_at is not None
    assert entry_of(cast, published, cast.manager).seen_at is None
    home = client_for(cast.employee).get(reverse("appraisals:cycles")).content.decode()
    assert reverse("appraisals:entry", args=[entry.pk]) in home


def test_a_former_manager_sees_nothing(cast: Cast, cycle: Cycle, client_for: SignIn) -> None:
    entry = entry_of(cast, cycle, cast.employee)
    with tenancy.acting_for(cast.organisation):
        people.ReportingLine.objects.filter(manager=cast.manager).update(manager=cast.boss)
    client = client_for(cast.manager)
    assert client.get(reverse("appraisals:entry", args=[entry.pk])).status_code == 404
    assert client.get(reverse("appraisals:cycle", args=[cycle.pk])).status_code == 404


def test_the_reason_of_an_exception_stays_with_hr_and_auditors(
    cast: Cast, cycle: Cycle, client_for: SignIn, actor: Actor
) -> None:
    entry = entry_of(cast, cycle, cast.employee)
    with tenancy.acting_for(cast.organisation):
        actions.leave_out(entry=entry, reason="Something private", by=actor(cast.hr), at=timezone.now())
    for address in ("appraisals:entry", "appraisals:cycle"):
        key = entry.pk if address.endswith("entry") else cycle.pk
        for name, is_shown in (("hr", True), ("auditor", True), ("manager", False), ("boss", False)):
            page = client_for(getattr(cast, name)).get(reverse(address, args=[key])).content.decode()
            assert ("Something private" in page) is is_shown, (address, name)


@pytest.mark.parametrize("name", ["export"])
def test_pages_of_hr(cast: Cast, cycle: Cycle, client_for: SignIn, name: str) -> None:
    assert statuses(cast, client_for, reverse("appraisals:open")) == expect(403, hr=200, stranger=200)
    found = statuses(cast, client_for, reverse("appraisals:export", args=[cycle.pk]))
    assert found == expect(403, hr=200, stranger=404)


def test_what_changes_a_cycle_is_for_hr_alone(
    cast: Cast, cycle: Cycle, done: Export, client_for: SignIn
) -> None:
    entry = entry_of(cast, cycle, cast.colleague)
    addresses = [
        *(
            reverse(f"appraisals:{name}", args=[cycle.pk])
            for name in (
                "bands",
                "close_scores",
                "newcomers",
                "add_exception",
                "sign_off",
                "publish",
                "export",
            )
        ),
        reverse("appraisals:leave_out", args=[entry.pk]),
        reverse("appraisals:take_back", args=[entry.pk]),
        reverse("appraisals:stop_export", args=[done.pk]),
    ]
    for address in addresses:
        found = statuses(cast, client_for, address, "post")
        hr = found.pop("hr")
        assert hr in (302, 409, 422), address
        assert found.pop("stranger") == 404, address
        assert set(found.values()) == {403}, address
        assert client_for(cast.hr).get(address).status_code in (200, 405)


def test_opening_through_the_page_and_its_errors_beside_the_field(
    cast: Cast, quarter: people.Period, client_for: SignIn
) -> None:
    client, address = client_for(cast.hr), reverse("appraisals:open")
    refused = client.post(address, {"period": quarter.pk, "name_en": "", "whom": "team"})
    assert refused.status_code == 422
    assert set(refused.context["form"].errors) == {"name_en", "team"}
    given = {"period": quarter.pk, "name_en": "Pilot", "whom": "team", "team": cast.team.pk}
    opened = client.post(address, given)
    assert opened.status_code == 302
    again = client.post(address, given)
    assert again.status_code == 422
    assert set(again.context["form"].errors) == {"name_en"}
    assert client.get(opened["Location"]).status_code == 200


def test_the_exports_of_a_cycle_are_hr_s_and_the_auditor_sees_that_they_were(
    cast: Cast, cycle: Cycle, done: Export, client_for: SignIn
) -> None:
    state = statuses(cast, client_for, reverse("appraisals:export_state", args=[done.pk]))
    assert state == expect(403, hr=200, auditor=200, stranger=404)
    file = statuses(cast, client_for, reverse("appraisals:download", args=[done.pk]))
    assert file == expect(403, hr=200, stranger=404)
    with tenancy.acting_for(cast.organisation):
        assert AuditRow.objects.filter(action="appraisals.download_export").count() == 1


def test_a_download_is_an_attachment_with_the_very_file(
    cast: Cast, cycle: Cycle, done: Export, client_for: SignIn
) -> None:
    response = client_for(cast.hr).get(reverse("appraisals:download", args=[done.pk]))
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert len(content) == done.bytes
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert response["Content-Type"].startswith("text/csv")


def test_an_unfinished_export_has_no_file(cast: Cast, cycle: Cycle, client_for: SignIn) -> None:
    client = client_for(cast.hr)
    asked = client.post(reverse("appraisals:export", args=[cycle.pk]), {"quick": "1", "format": "xlsx"})
    assert asked.status_code == 302
    with tenancy.acting_for(cast.organisation):
        export = Export.objects.get()
    assert client.get(reverse("appraisals:download", args=[export.pk])).status_code == 422
    row = client.get(reverse("appraisals:export_state", args=[export.pk])).content.decode()
    assert 'hx-trigger="every 2s"' in row
    stopped = client.post(reverse("appraisals:stop_export", args=[export.pk]), HTTP_HX_REQUEST="true")
    assert "every 2s" not in stopped.content.decode()


def test_an_export_keeps_the_filter_of_the_list(cast: Cast, cycle: Cycle, client_for: SignIn) -> None:
    address = reverse("appraisals:export", args=[cycle.pk])
    query = f"?team_id={cast.team.pk}&rating=7&show=nonsense&words=e"
    client = client_for(cast.hr)
    assert client.get(address + query).status_code == 200
    client.post(address + query, {"format": "csv", "columns": ["number", "score"], "with_bom": "on"})
    with tenancy.acting_for(cast.organisation):
        export = Export.objects.get()
        assert export.filters == {"team_id": str(cast.team.pk), "words": "e"}
        assert (export.columns, export.with_bom) == (["number", "score"], True)


def test_the_filter_answers_with_the_card_alone(cast: Cast, cycle: Cycle, client_for: SignIn) -> None:
    address = reverse("appraisals:cycle", args=[cycle.pk])
    card = client_for(cast.hr).get(address + "?words=Eli", HTTP_HX_REQUEST="true").content.decode()
    assert card.lstrip().startswith('<section class="card" id="card-entries"')
    assert "Eli Employee" in card
    assert "Cody Colleague" not in card
    assert client_for(cast.hr).get(address + "?unit_id=junk&page=99&rating=x").status_code == 200


def test_somebody_is_added_by_number_and_an_unclear_name_is_asked_back(
    cast: Cast, quarter: people.Period, client_for: SignIn, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        cycle = actions.open_cycle(
            period=quarter, name_en="Pilot", name_zh="", team=cast.team, by=actor(cast.hr), at=timezone.now()
        )
    client, address = client_for(cast.hr), reverse("appraisals:add_exception", args=[cycle.pk])
    unclear = client.post(address, {"person": "b", "reason": "Leads it"})
    assert unclear.status_code == 422
    assert "Several people match" in unclear.content.decode()
    assert client.post(address, {"person": "zzz", "reason": "x"}).status_code == 422
    assert client.post(address, {"person": "p001", "reason": "Leads it"}).status_code == 302
    assert entry_of(cast, cycle, cast.boss).reason == "Leads it"


def test_the_way_from_open_to_published_through_the_pages(
    cast: Cast, closed: Cycle, client_for: SignIn
) -> None:
    client = client_for(cast.hr)
    page = reverse("appraisals:cycle", args=[closed.pk])
    assert "disabled" not in client.get(page).content.decode().split("sign-off/")[1].split("</form>")[0]
    wave = {"whom": "rest", "acknowledge_days": 7, "appeal_days": 7, "answer_days": 7}
    assert client.post(reverse("appraisals:publish", args=[closed.pk]), wave).status_code == 422
    assert client.post(reverse("appraisals:sign_off", args=[closed.pk])).status_code == 302
    assert client.post(reverse("appraisals:sign_off", args=[closed.pk])).status_code == 409
    assert client.post(reverse("appraisals:publish", args=[closed.pk]), wave).status_code == 302
    assert "Published" in client.get(page).content.decode()


@pytest.mark.parametrize(("name", "said"), [("cycle", "Provisional"), ("closed", "Closed")])
def test_an_open_cycle_is_provisional_until_its_scores_are_closed(
    cast: Cast, request: pytest.FixtureRequest, client_for: SignIn, name: str, said: str
) -> None:
    address = reverse("appraisals:cycle", args=[request.getfixturevalue(name).pk])
    card = client_for(cast.hr).get(address, HTTP_HX_REQUEST="true").content.decode()
    head = card.partition("card-body")[0]
    assert [word for word in ("Provisional", "Closed") if word in head] == [said]


def test_pages_speak_chinese(cast: Cast, published: Cycle, client_for: SignIn) -> None:
    client = client_for(cast.hr)
    client.cookies["accord_language"] = "zh-hans"
    page = client.get(reverse("appraisals:cycle", args=[published.pk])).content.decode()
    assert "春季考核" in page
    assert "良好" in page


@pytest.mark.parametrize("name", ["cycles", "cycle", "card", "entry", "export"])
def test_pages_ask_the_same_number_of_queries_at_any_size(
    cast: Cast, cycle: Cycle, done: Export, client_for: SignIn, name: str
) -> None:
    entry = entry_of(cast, cycle, cast.employee)
    addresses = {
        "cycles": reverse("appraisals:cycles"),
        "cycle": reverse("appraisals:cycle", args=[cycle.pk]),
        "card": reverse("appraisals:cycle", args=[cycle.pk]) + "?show=partial",
        "entry": reverse("appraisals:entry", args=[entry.pk]),
        "export": reverse("appraisals:export", args=[cycle.pk]),
    }
    client = client_for(cast.hr)
    headers = {"HTTP_HX_REQUEST": "true"} if name == "card" else {}

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(addresses[name], **headers).status_code == 200
        return len(captured)

    count()
    small = count()
    with tenancy.acting_for(cast.organisation):
        add_people(cycle, 80)
        for place in range(6):
            people.BusinessUnit.objects.create(code=f"U{place}", name_en=f"Unit {place}")
    assert count() == small
    assert small <= 26


def test_the_api_shows_everybody_what_the_pages_show(
    cast: Cast, cycle: Cycle, done: Export, client_for: SignIn
) -> None:
    entries = reverse("api_cycle_entries", args=[cycle.pk])
    assert statuses(cast, client_for, entries) == expect(404, hr=200, auditor=200, manager=200, boss=200)
    listed = client_for(cast.manager).get(entries).json()["results"]
    assert {item["number"] for item in listed} == {"P003", "P004"}
    exports = statuses(cast, client_for, reverse("api_cycle_exports", args=[cycle.pk]))
    assert exports == expect(404, hr=200, auditor=200, manager=403, boss=403)
    assert statuses(cast, client_for, reverse("api_export", args=[done.pk])) == expect(
        404, hr=200, auditor=200
    )
    file = statuses(cast, client_for, reverse("api_export_file", args=[done.pk]))
    assert file == expect(404, hr=200, auditor=403)
    steps = statuses(
        cast,
        client_for,
        reverse("api_cycle", args=[cycle.pk]),
        "post",
        data=json.dumps({"step": "sign_off"}),
        content_type="application/json",
    )
    assert steps == expect(404, hr=422, auditor=403, manager=403, boss=403)


def test_a_cycle_is_opened_and_exported_through_the_api(
    cast: Cast, quarter: people.Period, client_for: SignIn
) -> None:
    client = client_for(cast.hr)

    def post(address: str, body: dict[str, Any]) -> Any:
        return client.post(address, json.dumps(body), content_type="application/json")

    opened = post("/api/v1/cycles/", {"period": str(quarter.pk), "name_en": "By API"})
    assert opened.status_code == 201
    cycle_id = opened.json()["id"]
    wrong = post(f"/api/v1/cycles/{cycle_id}/exports/", {"format": "xlsx", "columns": ["password"]})
    assert wrong.status_code == 400
    asked = post(f"/api/v1/cycles/{cycle_id}/exports/", {"format": "csv", "filters": {"words": "Eli"}})
    assert asked.status_code == 202
    export = asked.json()
    assert export["download_url"] is None
    with tenancy.acting_for(cast.organisation):
        tasks.write_export.run(export["id"])
    finished = client.get(f"/api/v1/exports/{export['id']}/").json()
    assert (finished["state"], finished["rows"]) == ("done", 1)
    file = client.get(finished["download_url"])
    assert b"Eli Employee" in b"".join(file.streaming_content)  # type: ignore[attr-defined]
    assert client.delete(f"/api/v1/exports/{export['id']}/").status_code == 409
