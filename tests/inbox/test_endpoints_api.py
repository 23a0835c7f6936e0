"""Webhooks and chats over the API."""

from django.urls import reverse

from tests.inbox.typed import WEBHOOK


def test_the_api_does_what_the_pages_do_with_webhooks(cast, client_for, host, tell, give, settings) -> None:
    api = Api(client_for(cast.administrator))
    made = api("post", "api_inbox_webhooks", given=WEBHOOK | {"address": host.address()}, status=201)
    assert made["secret"].startswith("whsec_")
    assert "address" not in made
    key = made["id"]
    assert [row["id"] for row in api("get", "api_inbox_webhooks")] == [key]
    assert "secret" not in api("get", "api_inbox_webhook", key)
    give()
    tell()
    [told] = api("get", "api_inbox_webhook_deliveries", key)["results"]
    assert (told["state"], told["status"], told["kind"]) == ("sent", 200, "goals.agreement")
    again = api("post", "api_inbox_webhook_again", key, told["id"], status=202)
    assert again["state"] == "waiting"
    assert api("post", "api_inbox_webhook_test", key, status=202)["occasion"] == "test"
    assert api("post", "api_inbox_webhook_secret", key)["secret"] != made["secret"]
    assert api("patch", "api_inbox_webhook", key, given={"is_paused": True})["is_paused"] is True
    assert api("patch", "api_inbox_webhook", key, given={"is_paused": False})["is_paused"] is False
    api("delete", "api_inbox_webhook", key, status=204)
    api("get", "api_inbox_webhook", key, status=404)
    wrong = api("post", "api_inbox_webhooks", given=WEBHOOK | {"address": "https://10.0.0.1/"}, status=422)
    assert list(wrong["errors"]) == ["address"]


def test_the_api_of_webhooks_is_the_administrators(cast, client_for, webhook) -> None:
    key = webhook[0].pk
    for person in (cast.employee, cast.manager, cast.hr, cast.business_owner):
        api = Api(client_for(person))
        api("get", "api_inbox_webhooks", status=403)
        api("post", "api_inbox_webhooks", given=WEBHOOK, status=403)
        api("get", "api_inbox_webhook_deliveries", key, status=403)
        api("post", "api_inbox_webhook_secret", key, status=403)
    auditor = Api(client_for(cast.auditor))
    assert len(auditor("get", "api_inbox_webhooks")) == 1
    auditor("post", "api_inbox_webhook_test", key, status=403)
    auditor("delete", "api_inbox_webhook", key, status=403)
    stranger = Api(client_for(cast.stranger))
    assert stranger("get", "api_inbox_webhooks") == []
    stranger("post", "api_inbox_webhook_secret", key, status=404)
    stranger("delete", "api_inbox_webhook", key, status=404)


def test_the_api_does_what_the_page_does_with_chats(cast, client_for, host, tell) -> None:
    api = Api(client_for(cast.employee))
    given = {"channel": "slack", "name": "Team", "address": host.address()}
    made = api("post", "api_inbox_chats", given=given, status=201)
    assert (made["tells_title"], made["host"]) == (False, "127.0.0.1")
    assert not {"address", "secret", "sealed"} & set(made)
    key = made["id"]
    api("get", "api_inbox_chat_test", key, status=404)
    assert api("post", "api_inbox_chat_test", key, status=202)["state"] == "waiting"
    tell()
    assert api("get", "api_inbox_chat_test", key)["state"] == "sent"
    changed = api("patch", "api_inbox_chat", key, given={"tells_title": True, "is_paused": True})
    assert (changed["tells_title"], changed["is_paused"]) == (True, True)
    for person in (cast.colleague, cast.administrator, cast.stranger):
        other = Api(client_for(person))
        assert other("get", "api_inbox_chats") == []
        for way, name in (
            ("get", "api_inbox_chat"),
            ("delete", "api_inbox_chat"),
            ("post", "api_inbox_chat_test"),
        ):
            other(way, name, key, status=404)
    api("delete", "api_inbox_chat", key, status=204)
    assert api("get", "api_inbox_chats") == []


class Api:
    """Calls as somebody."""

    def __init__(self, client) -> None:
        self.client = client

    def __call__(self, way, name, *args, given=None, status=200):
        call = getattr(self.client, way)
        address = reverse(name, args=args)
        answer = (
            call(address) if way == "get" else call(address, given or {}, content_type="application/json")
        )
        assert answer.status_code == status, answer.content
        return answer.json() if answer.content else None
