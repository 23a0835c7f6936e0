"""Webhooks: the administrators' pages, and the keys of every address."""

import re
import uuid

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from performance.foundation import sealing
from performance.inbox import actions, channels, models
from tests import races
from tests.inbox.calling import acting, rows_of_log
from tests.inbox.typed import ADDRESS, CHAT, WEBHOOK

# --- Webhooks: the pages ---------------------------------------------------------------------------------


def test_an_administrator_adds_a_webhook_and_reads_its_secret_once(cast, client_for) -> None:
    browser = client_for(cast.administrator)
    page = browser.get(reverse("inbox:webhooks")).content.decode()
    assert "No webhook yet" in page
    page = browser.post(reverse("inbox:webhooks"), WEBHOOK).content.decode()
    secret = re.search(r"whsec_[A-Za-z0-9+/=]{44}", page)[0]
    with acting(cast):
        endpoint = models.Endpoint.objects.get()
        assert actions.opened(endpoint) == {"address": ADDRESS, "secret": secret}
        assert (endpoint.host, endpoint.areas) == ("tickets.example", ["goals", "metrics"])
        assert "0f1e2d3c" not in endpoint.sealed
    for address in (reverse("inbox:webhooks"), reverse("inbox:webhook", args=[endpoint.pk])):
        page = browser.get(address).content.decode()
        assert "Ticket system" in page
        assert "tickets.example" in page
        assert "whsec_" not in page
        assert "0f1e2d3c" not in page
    log = rows_of_log(cast)
    assert "inbox.add_webhook" in log
    assert "whsec_" not in log
    assert "0f1e2d3c" not in log


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"address": ""}, "address"),
        ({"address": "tickets.example"}, "address"),
        ({"address": "http://tickets.example/"}, "address"),
        ({"address": "https://127.0.0.1/"}, "address"),
        ({"address": "https://169.254.169.254/latest"}, "address"),
        ({"address": "https://[::1]/"}, "address"),
        ({"address": "https://me:word@tickets.example/"}, "address"),
        ({"areas": []}, "areas"),
        ({"areas": ["feedback"]}, "areas"),
    ],
)
def test_an_odd_webhook_is_refused_beside_its_field(cast, client_for, given, field) -> None:
    answer = client_for(cast.administrator).post(reverse("inbox:webhooks"), WEBHOOK | given)
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    with acting(cast):
        assert not models.Endpoint.objects.exists()


def test_webhooks_are_the_administrators_and_auditors_only_read(cast, client_for, webhook) -> None:
    endpoint, _secret = webhook
    listing, one = reverse("inbox:webhooks"), reverse("inbox:webhook", args=[endpoint.pk])
    writes = [
        (listing, WEBHOOK),
        *((reverse(f"inbox:{name}", args=[endpoint.pk]), {}) for name in (
            "rotate_secret", "test_webhook", "pause_webhook", "resume_webhook", "remove_webhook",
        )),
    ]  # fmt: skip
    for person in cast.members():
        browser = client_for(person)
        reads = [browser.get(address).status_code for address in (listing, one)]
        tab = 'href="/inbox/webhooks/"' in browser.get(reverse("people:periods")).content.decode()
        if person in (cast.administrator, cast.auditor):
            assert (reads, tab) == ([200, 200], True)
        else:
            assert (reads, tab) == ([403, 403], False), person
        if person != cast.administrator:
            assert {browser.post(address, given).status_code for address, given in writes} == {403}
    stranger = client_for(cast.stranger)
    assert "Ticket system" not in stranger.get(listing).content.decode()
    assert stranger.get(one).status_code == 404
    assert {stranger.post(address, {}).status_code for address, _given in writes[1:]} == {404}
    with acting(cast):
        endpoint.refresh_from_db()
        assert endpoint.is_open
    page = client_for(cast.auditor).get(one).content.decode()
    assert "Send a test message" not in page
    assert "Make a new secret" not in page


def test_a_test_message_shows_what_became_of_it(cast, client_for, host, webhook, tell) -> None:
    endpoint, _secret = webhook
    browser = client_for(cast.administrator)
    asked = browser.post(reverse("inbox:test_webhook", args=[endpoint.pk]), headers={"HX-Request": "true"})
    page = asked.content.decode()
    assert "On its way" in page
    assert 'hx-trigger="every 2s"' in page
    browser.post(reverse("inbox:test_webhook", args=[endpoint.pk]))
    tell()
    assert len(host.heard) == 1, "one that waits is not asked for twice"
    assert b'"type":"test"' in host.heard[0].body
    state = browser.get(reverse("inbox:webhook_state", args=[endpoint.pk])).content.decode()
    assert "Arrived" in state
    assert "every 2s" not in state
    host.answer(500)
    browser.post(reverse("inbox:test_webhook", args=[endpoint.pk]))
    tell()
    tell()
    state = browser.get(reverse("inbox:webhook_state", args=[endpoint.pk])).content.decode()
    assert "Given up" in state
    assert "The host answered that it failed. (500)" in state
    assert len(host.heard) == 2, "a test is tried once"
    with acting(cast):
        endpoint.refresh_from_db()
        assert endpoint.failing_since is None, "a test says nothing about days"


def test_a_test_does_not_wait_for_an_endpoint_that_rests(
    cast, actor, client_for, host, webhook, give, tell
) -> None:
    endpoint, _secret = webhook
    host.answer(503, Retry_After="7200")
    give()
    tell()
    host.answer(200)
    client_for(cast.administrator).post(reverse("inbox:test_webhook", args=[endpoint.pk]))
    assert tell() == 1


def test_the_last_messages_are_listed_and_one_is_sent_again_with_its_id(
    cast, client_for, host, webhook, give, tell, deliveries
) -> None:
    endpoint, _secret = webhook
    host.answer(500)
    give()
    tell()
    browser, address = client_for(cast.administrator), reverse("inbox:webhook", args=[endpoint.pk])
    page = browser.get(address).content.decode()
    assert "Tried again later" in page
    assert "goals.agreement" in page
    assert "rival" not in page
    [delivery] = deliveries()
    with acting(cast):
        models.Delivery.objects.update(attempts=actions.ATTEMPTS)
        models.Endpoint.objects.update(rests_until=None)
    assert "Given up" in browser.get(address).content.decode()
    host.answer(204)
    again = reverse("inbox:send_again", args=[endpoint.pk, delivery.pk])
    assert browser.post(again).status_code == 302
    assert tell() == 1
    assert len({heard.headers["webhook-id"] for heard in host.heard}) == 1
    assert "Arrived" in browser.get(address).content.decode()
    for person in (cast.hr, cast.employee, cast.auditor):
        assert client_for(person).post(again).status_code == 403
    other = reverse("inbox:send_again", args=[endpoint.pk, uuid.uuid4()])
    assert browser.post(other).status_code == 404


def test_a_secret_is_replaced_on_the_page_and_shown_once(cast, client_for, webhook) -> None:
    endpoint, old = webhook
    browser = client_for(cast.administrator)
    page = browser.post(reverse("inbox:rotate_secret", args=[endpoint.pk])).content.decode()
    new = re.search(r"whsec_[A-Za-z0-9+/=]{44}", page)[0]
    assert new != old
    page = browser.get(reverse("inbox:webhook", args=[endpoint.pk])).content.decode()
    assert "signed with the new and the former secret" in page
    assert "whsec_" not in page
    assert "whsec_" not in rows_of_log(cast)


def test_a_webhook_is_paused_resumed_and_removed(cast, client_for, webhook, give, deliveries) -> None:
    endpoint, _secret = webhook
    browser, one = client_for(cast.administrator), reverse("inbox:webhook", args=[endpoint.pk])
    browser.post(reverse("inbox:pause_webhook", args=[endpoint.pk]))
    assert "Paused" in browser.get(one).content.decode()
    browser.post(reverse("inbox:resume_webhook", args=[endpoint.pk]))
    assert "data-confirm" in browser.get(one).content.decode()
    assert browser.post(reverse("inbox:remove_webhook", args=[endpoint.pk])).status_code == 302
    assert browser.get(one).status_code == 404
    with acting(cast):
        endpoint.refresh_from_db()
        assert endpoint.sealed == ""
    give()
    assert deliveries() == []


def test_one_that_was_switched_off_says_why(cast, client_for, host, webhook, give, tell) -> None:
    endpoint, _secret = webhook
    host.answer(410)
    give()
    tell()
    browser = client_for(cast.administrator)
    page = browser.get(reverse("inbox:webhook", args=[endpoint.pk])).content.decode()
    assert "Switched off on" in page
    assert "Nobody is there any more. (410)" in page
    assert "is told nothing any more" in browser.get(reverse("inbox:list")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_administrators_at_once_do_not_exceed_the_most(cast, actor, monkeypatch) -> None:
    monkeypatch.setattr("performance.inbox.actions.endpoints.MOST_WEBHOOKS", 1)
    with acting(cast):
        by = actor(cast.administrator)

    def add():
        return actions.add_webhook(name="x", address=ADDRESS, areas=["goals"], by=by, at=timezone.now())

    first, second = races.second_waits_for_first(cast.organisation, add, add)
    assert isinstance(first, tuple)
    assert second.code == "too_many"


# --- Keys ------------------------------------------------------------------------------------------------


def test_addresses_are_brought_under_a_new_key(cast, settings, webhook, add_chat) -> None:
    chat = add_chat()
    before = [actions.opened(webhook[0]), actions.opened(chat)]
    old, new = settings.FIELD_ENCRYPTION_KEYS, "a-new-key-of-the-installation-" * 2
    settings.FIELD_ENCRYPTION_KEYS = [new, *old]
    call_command("reseal_credentials")
    settings.FIELD_ENCRYPTION_KEYS = [new]
    with acting(cast):
        found = [models.Endpoint.objects.get(pk=each.pk) for each in (webhook[0], chat)]
    assert [actions.opened(each) for each in found] == before
    found[0].sealed, found[1].sealed = found[1].sealed, found[0].sealed
    for each in found:
        with pytest.raises(sealing.Unreadable):
            actions.opened(each)


def test_every_channel_has_a_room_and_a_name() -> None:
    assert set(channels.CHATS) | {"email", "webhook"} == set(models.Channel.values)


def test_what_is_added_twice_by_one_request_is_there_once(cast, client_for) -> None:
    browser, head = client_for(cast.administrator), {"Idempotency-Key": "one"}
    api = reverse("api_inbox_webhooks")
    made = [browser.post(api, WEBHOOK, content_type="application/json", headers=head) for _time in range(2)]
    assert [each.status_code for each in made] == [201, 201]
    # The first answer may have been lost, and the secret with it.
    assert made[0].json() == made[1].json()
    for _time in range(2):
        browser.post(reverse("inbox:webhooks"), WEBHOOK | {"once": "4b1c"})
        browser.post(reverse("inbox:add_chat"), CHAT | {"once": "4b1c"})
    with acting(cast):
        assert models.Endpoint.objects.filter(person=None).count() == 2
        assert models.Endpoint.objects.exclude(person=None).count() == 1
        first = models.Endpoint.objects.get(pk=made[0].json()["id"])
        actions.close_endpoint(endpoint=first, by=None, at=timezone.now())
    assert browser.post(api, WEBHOOK, content_type="application/json", headers=head).status_code == 409
