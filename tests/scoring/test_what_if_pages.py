"""What-ifs of policy owners by page and by API: try, keep, compare, take over, forget."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.scoring import actions
from performance.scoring.models import PolicyVersion
from tests.conftest import Cast
from tests.scoring.conftest import Actor
from tests.scoring.supposing import goals_and_pulse, many, tried

__all__ = ["many"]


def sent(version: PolicyVersion, **changed: str) -> dict[str, str]:
    """The form as the page shows it, with what is changed."""
    return {
        "whole-stage": "mature",
        "whole-alpha": "4",
        "c0-base": "70",
        "c0-curve": "identity",
        "c1-base": "30",
        "c1-curve": "linear",
        "c1-direction": "higher",
        "c1-floor": "1",
        "c1-target": "5",
    } | changed


def test_the_page_tries_keeps_compares_and_forgets(
    next_draft: PolicyVersion, cast: Cast, client_for: Any
) -> None:
    hr = client_for(cast.hr)
    address = reverse("scoring:policy_what_if", args=[next_draft.pk])
    assert hr.get(address).status_code == 200
    unchanged = hr.post(address, sent(next_draft))
    assert unchanged.status_code == 422
    assert "Change something first" in unchanged.content.decode()
    wrong = hr.post(address, sent(next_draft, **{"c0-base": "80"}))
    assert wrong.status_code == 422
    assert "add up to exactly 100%" in wrong.content.decode()
    names = []
    for goals, pulse, name in (("40", "60", "Pulse first"), ("60", "40", "A little less")):
        response = hr.post(address, sent(next_draft, **{"c0-base": goals, "c1-base": pulse}))
        assert response.status_code == 302
        page = hr.get(response["Location"])
        assert "Who would have moved" in page.content.decode()
        assert "People by band" in page.content.decode()
        kept = hr.post(f"{response['Location']}keep/", {"name": name})
        assert kept.status_code == 302
        names.append(response["Location"].rstrip("/").rsplit("/", 1)[-1])
    side = hr.get(reverse("scoring:compare_what_ifs"), {"one": names[0], "other": names[1]}).content.decode()
    assert "Pulse first" in side
    assert "A little less" in side
    empty = hr.get(reverse("scoring:compare_what_ifs"), {"one": "nonsense"})
    assert "Choose two what-ifs" in empty.content.decode()
    forgotten = hr.post(reverse("scoring:what_if_forget", args=[names[0]]))
    assert forgotten.status_code == 302
    assert hr.get(reverse("scoring:what_if", args=[names[0]])).status_code == 404


def test_each_of_the_cast_meets_the_pages_and_endpoints(
    next_draft: PolicyVersion, cast: Cast, client_for: Any, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        what_if = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 40, 60))
        actions.keep_what_if(what_if=what_if, name="Kept", by=actor(cast.hr), at=timezone.now())
    page, endpoint = reverse("scoring:what_if", args=[what_if.pk]), f"/api/v1/policy-what-ifs/{what_if.pk}/"
    form = reverse("scoring:policy_what_if", args=[next_draft.pk])
    api_form = f"/api/v1/weight-policies/{next_draft.pk}/what-ifs/"
    for who, reads, tries in (
        (cast.employee, 404, 403),
        (cast.manager, 404, 403),
        (cast.hr, 200, 200),
        (cast.business_owner, 200, 200),
        (cast.finance_owner, 200, 200),
        (cast.auditor, 200, 403),
        (cast.stranger, 404, 403),
    ):
        client = client_for(who)
        assert client.get(page).status_code == reads
        assert client.get(f"{page}moved/").status_code == reads
        assert client.get(endpoint).status_code == reads
        answer = client.get(form).status_code
        assert answer == tries or (who == cast.stranger and answer == 404), who
        body = {"components": {"okr": {"base_ppm": 500_000}, "pulse": {"base_ppm": 500_000}}}
        answer = client.post(api_form, body, content_type="application/json").status_code
        assert answer in ({202} if tries == 200 else {403, 404}), who
    for step in ("keep", "forget", "draft"):
        assert client_for(cast.auditor).post(f"{page}{step}/", {"name": "x"}).status_code == 403


def test_the_api_tries_keeps_compares_and_drafts(
    next_draft: PolicyVersion, cast: Cast, client_for: Any
) -> None:
    hr = client_for(cast.hr)
    address = f"/api/v1/weight-policies/{next_draft.pk}/what-ifs/"

    def post(where: str, body: Any) -> Any:
        return hr.post(where, body, content_type="application/json")

    refused = post(address, {"stages": "growth"})
    assert refused.json()["errors"] == {"stages": ["There is no such field."]}
    refused = post(address, {"components": {"okr": {"weight": 1}}})
    assert "weight" in str(refused.json()["errors"])
    refused = post(address, {"components": {"nobody": {"base_ppm": 1}}})
    assert refused.json()["errors"] == {"components": {"nobody": ["There is no such component."]}}
    found = []
    for goals in (400_000, 500_000):
        body = {"components": {"okr": {"base_ppm": goals}, "pulse": {"base_ppm": 1_000_000 - goals}}}
        answer = post(address, body)
        assert answer.status_code == 202
        what_if = answer.json()
        assert what_if["simulations"][0]["state"] == "done"
        assert post(f"/api/v1/policy-what-ifs/{what_if['id']}/keep/", {"name": f"{goals}"}).status_code == 200
        found.append(what_if)
    told = hr.get(
        f"/api/v1/policy-what-ifs/{found[0]['id']}/simulations/{found[0]['simulations'][0]['id']}/"
    ).json()
    assert told["figures"]["compared"] == 3
    assert sum(step["after"] for step in told["bands"]) == 3
    assert [each["name"] for each in hr.get(address).json()] == ["500000", "400000"]
    sides = hr.get(
        "/api/v1/policy-what-ifs/compare/", {"one": found[0]["id"], "other": found[1]["id"]}
    ).json()
    assert [side["what_if"]["name"] for side in sides] == ["400000", "500000"]
    drafted = post(f"/api/v1/policy-what-ifs/{found[0]['id']}/draft/", {})
    assert (drafted.status_code, drafted.json()["id"]) == (201, str(next_draft.pk))
    assert hr.delete(f"/api/v1/policy-what-ifs/{found[0]['id']}/").status_code == 204


def test_the_pages_ask_as_many_questions_of_three_people_as_of_fifteen(
    next_draft: PolicyVersion, cast: Cast, actor: Actor, client_for: Any, request: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, counts = client_for(cast.hr), []
    for bigger in (False, True):
        if bigger:
            request.getfixturevalue("many")
        with tenancy.acting_for(cast.organisation):
            what_if = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 40, 60))
        page = reverse("scoring:what_if", args=[what_if.pk])
        client.get(page)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(page).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]
