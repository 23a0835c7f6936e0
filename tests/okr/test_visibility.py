"""What the fixed cast sees of public, team and private objectives, on every page and endpoint."""

import pytest
from django.urls import reverse

from okr import actions, queries
from performance.foundation import tenancy
from tests.okr.conftest import content, key_result

EVERYBODY = {
    "boss",
    "manager",
    "employee",
    "colleague",
    "hr",
    "business_owner",
    "finance_owner",
    "administrator",
    "auditor",
}
SEEN_BY = {
    "public": EVERYBODY,
    "team": {"boss", "manager", "employee", "colleague", "hr", "auditor"},
    "private": {"boss", "manager", "employee", "auditor"},
}


@pytest.fixture(params=list(SEEN_BY))
def objective(request, propose, agree):
    return agree(propose(content("Secret recipe", key_result(), visibility=request.param)))


@pytest.mark.parametrize("name", [*sorted(EVERYBODY), "stranger"])
def test_who_sees_it_where(objective, cast, client_for, name):
    client = client_for(getattr(cast, name))
    sees = name in SEEN_BY[objective.visibility]
    detail = {
        reverse("okr:objective", args=[objective.pk]),
        reverse("api_objective", args=[objective.pk]),
    }
    lists = {
        reverse("okr:objectives"),
        reverse("okr:objectives") + "?q=recipe",
        reverse("api_objectives"),
        reverse("okr:team", args=[cast.team.pk]),
    }
    for address in detail:
        assert client.get(address).status_code == (200 if sees else 404), address
    for address in lists:
        response = client.get(address)
        if name == "stranger" and "teams" in address:
            assert response.status_code == 404
            continue
        assert ("Secret recipe" in response.content.decode()) == sees, address


def test_search_finds_what_one_may_see(objective, cast, actor):
    for name in EVERYBODY:
        hits = queries.search(actor(getattr(cast, name)), "secret")
        assert bool(hits) == (name in SEEN_BY[objective.visibility]), name


def test_a_co_owner_sees_a_private_objective(propose, agree, cast, actor):
    text = content("Secret", key_result(owner_id=cast.hr.pk), visibility="private")
    objective = agree(propose(text))
    assert queries.visible_to(actor(cast.hr)).filter(pk=objective.pk).exists()


def test_a_draft_is_seen_by_its_author_alone(propose, cast, actor):
    objective = propose(is_draft=True)
    for name in EVERYBODY:
        seen = queries.visible_to(actor(getattr(cast, name))).filter(pk=objective.pk).exists()
        assert seen == (name == "employee"), name


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("employee", 200),
        ("manager", 200),
        ("boss", 200),
        ("auditor", 200),
        ("colleague", 403),
        ("hr", 403),
        ("stranger", 404),
    ],
)
def test_check_ins_are_read_by_the_person_and_the_line_above(
    active, check_in, cast, client_for, name, status
):
    submitted = check_in(wins="We did it.")
    client = client_for(getattr(cast, name))
    assert client.get(reverse("okr:person_check_ins", args=[cast.employee.pk])).status_code == status
    one = client.get(reverse("okr:conversation", args=[submitted.pk]))
    assert one.status_code == (200 if status == 200 else 404)
    listed = client.get(reverse("api_check_ins")).json()
    if name != "stranger":
        assert bool(listed["results"]) == (status == 200)
    else:
        assert listed["results"] == []


def test_the_words_of_a_check_in_stay_off_the_objectives_page_for_others(active, check_in, cast, client_for):
    check_in(actions.Reading(active.key_results.first().pk, value=4), wins="Between us only.")
    address = reverse("okr:objective", args=[active.pk])
    assert "Between us only." in client_for(cast.manager).get(address).content.decode()
    assert "Between us only." not in client_for(cast.colleague).get(address).content.decode()


@pytest.mark.parametrize("name", ["colleague", "hr", "auditor", "stranger"])
def test_only_the_two_sides_agree_and_only_those_above_change(propose, cast, client_for, name):
    objective = propose()
    client = client_for(getattr(cast, name))
    refused = 404 if name == "stranger" else 403
    agree = client.post(reverse("okr:agree", args=[objective.pk]), {"version": 1})
    change = client.get(reverse("okr:change", args=[objective.pk]))
    api = client.post(
        reverse("api_agree_objective", args=[objective.pk]), {"version": 1}, content_type="application/json"
    )
    assert (agree.status_code, change.status_code, api.status_code) == (refused, refused, refused)
    with tenancy.acting_for(cast.organisation):
        objective.refresh_from_db()
    assert objective.state == "proposed"


def test_an_auditor_reads_and_writes_nothing(propose, cast, client_for):
    objective = propose()
    client = client_for(cast.auditor)
    assert client.get(reverse("okr:objective", args=[objective.pk])).status_code == 200
    assert client.post(reverse("okr:comment", args=[objective.pk]), {"text": "Hm."}).status_code == 403
