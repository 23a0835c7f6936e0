"""Signing in, locking, second factor, invitation, set-up link, sign-up, tokens, languages."""

import datetime
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from performance.foundation import tenancy
from performance.people import actions, models, tasks
from performance.people.actions import PeopleRefused, invitations
from tests.conftest import PASSWORD, Cast

LOGIN = "/accounts/login/"
NEW_PASSWORD = "a-long-enough-sentence"


@pytest.fixture(autouse=True)
def _fresh_throttles() -> None:
    cache.clear()


def sign_in(
    email: str, password: str = PASSWORD, client: Client | None = None, address: str = "10.0.0.1"
) -> Any:
    browser = client or Client()
    return browser.post(LOGIN, {"login": email, "password": password}, REMOTE_ADDR=address)


def test_signing_in_needs_the_right_password(cast: Cast) -> None:
    assert sign_in(cast.employee.user.email, "wrong").status_code == 200
    assert sign_in(cast.employee.user.email).status_code == 302


def test_the_sixth_failure_locks_the_account_from_every_address(cast: Cast) -> None:
    for number in range(5):
        sign_in(cast.employee.user.email, "wrong", address=f"10.0.1.{number}")
    locked = sign_in(cast.employee.user.email, PASSWORD, address="10.0.1.99")
    assert locked.status_code != 302
    assert "Too many" in locked.content.decode()
    assert sign_in(cast.colleague.user.email, address="10.0.1.99").status_code == 302


def test_many_failures_lock_the_address_for_every_account(cast: Cast) -> None:
    for number in range(20):
        sign_in(f"nobody{number}@example.com", "wrong", address="10.0.2.1")
    assert sign_in(cast.employee.user.email, address="10.0.2.1").status_code != 302
    assert sign_in(cast.employee.user.email, address="10.0.2.2").status_code == 302


def test_a_forgotten_password_is_replaced_by_a_link_in_an_email(cast: Cast) -> None:
    browser = Client()
    email = cast.employee.user.email
    browser.post(reverse("account_reset_password"), {"email": email})
    link = re.search(r"https?://[^/]+(/\S+)", str(mail.outbox[-1].body))
    assert link
    page = browser.get(link[1], follow=True)
    browser.post(page.request["PATH_INFO"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert sign_in(email, NEW_PASSWORD).status_code == 302


def test_a_reset_does_not_tell_whether_an_account_exists(cast: Cast) -> None:
    seen = set()
    for email in (cast.employee.user.email, "nobody@example.com"):
        answer = Client().post(reverse("account_reset_password"), {"email": email}, follow=True)
        words = re.sub(
            r"<[^>]+>|\s+",
            " ",
            re.sub(r"(?s)<(script|head).*?</\1>|value=\"[^\"]*\"", "", answer.content.decode()),
        )
        seen.add((answer.status_code, answer.request["PATH_INFO"], words.replace(email, "…")))
    assert len(seen) == 1
    [(status, path, words)] = seen
    assert (status, path) == (200, reverse("account_reset_password_done"))
    assert len(words) > 80, "the page says something"


def code_of(secret: str) -> str:
    counter = list(totp.yield_hotp_counters_from_time())[-1]
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def test_the_second_factor_is_asked_for_once_it_is_on(cast: Cast) -> None:
    browser = Client()
    email = cast.employee.user.email
    sign_in(email, client=browser)
    assert reverse("account_reauthenticate") in browser.get(reverse("mfa_activate_totp"))["Location"]
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = browser.get(reverse("mfa_activate_totp"))
    assert 'src="data:image/svg+xml' in page.content.decode()
    secret = browser.session["mfa.totp.secret"]
    assert browser.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}).status_code == 302
    kept = Authenticator.objects.get(user=cast.employee.user, type="totp")
    assert secret not in str(kept.data)
    assert browser.get(reverse("mfa_view_recovery_codes")).status_code == 200

    cache.clear()
    again = Client()
    step = sign_in(email, client=again)
    assert step["Location"] == reverse("mfa_authenticate")
    assert again.get(reverse("people:directory")).status_code == 302
    assert again.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    assert again.post(reverse("mfa_authenticate"), {"code": code_of(secret)}).status_code == 302
    assert again.get(reverse("people:directory")).status_code == 200


def test_sign_up_is_closed_unless_the_installation_opens_it(db: None, settings: Any) -> None:
    closed = Client().get(reverse("account_signup"))
    assert "by invitation" in closed.content.decode()
    settings.ACCORD_SIGNUP_OPEN = True
    browser = Client()
    answer = browser.post(
        reverse("account_signup"),
        {
            "email": "first@example.com",
            "password1": NEW_PASSWORD,
            "password2": NEW_PASSWORD,
            "name_en": "New Company",
            "person_name": "First Person",
        },
    )
    assert answer.status_code == 302
    organisation = models.Organisation.objects.get(name_en="New Company")
    with tenancy.acting_for(organisation):
        founder = models.Person.objects.get()
        assert {grant.role for grant in founder.grants.all()} == {"administrator", "hr"}
    assert browser.get(reverse("people:settings")).status_code == 200


@pytest.fixture
def nobody_yet(db: None) -> None:
    """An installation without members, whatever rows of others stand in the database."""
    models.Membership.objects.update(is_active=False)


def test_the_setup_link_founds_one_organisation_and_dies(nobody_yet: None, capsys: Any) -> None:
    call_command("setup_link")
    path = re.search(r"/setup/\S+", capsys.readouterr().out)
    assert path
    browser = Client()
    given = {
        "name_en": "First Company",
        "time_zone": "Asia/Shanghai",
        "currency": "CNY",
        "person_name": "Ada Admin",
        "email": "ada@example.com",
        "password": NEW_PASSWORD,
        "again": NEW_PASSWORD,
    }
    assert browser.post(path[0], {**given, "again": "different-words"}).status_code == 422
    assert browser.post(path[0], given).status_code == 302
    assert browser.get(reverse("people:roles")).status_code == 200
    assert Client().get(path[0]).status_code == 410
    call_command("setup_link")
    assert "exists already" in capsys.readouterr().out


def test_a_newer_setup_link_replaces_the_older(nobody_yet: None, now: datetime.datetime) -> None:
    first, second = actions.offer_setup_link(at=now), actions.offer_setup_link(at=now)
    assert first
    assert second
    assert not actions.setup_link_is_alive(secret=first, at=now)
    assert actions.setup_link_is_alive(secret=second, at=now)


@pytest.fixture
def newcomer(cast: Cast, now: datetime.datetime) -> models.Person:
    with tenancy.acting_for(cast.organisation):
        return actions.add_person(number="N1", name_en="Nia New", email="nia@example.com", by=cast.hr, at=now)


def invite(cast: Cast, person: models.Person, at: datetime.datetime) -> str:
    with tenancy.acting_for(cast.organisation):
        invitation = actions.invite_person(person=person, by=cast.hr, at=at)
        return reverse("people:accept_invitation", args=[invitations.link_secret(invitation)])


def test_an_invitation_is_sent_once_and_opens_an_account(
    cast: Cast, newcomer: models.Person, client_for: Any
) -> None:
    client_for(cast.hr).post(reverse("people:invite_person", args=[newcomer.pk]))
    with tenancy.acting_for(cast.organisation):
        tasks.send_waiting_invitations.apply()
        tasks.send_waiting_invitations.apply()
    assert len(mail.outbox) == 1
    assert mail.outbox[0].to == ["nia@example.com"]
    link = re.search(r"/invitation/\S+", str(mail.outbox[0].body))
    assert link
    browser = Client()
    assert browser.get(link[0]).status_code == 200
    assert browser.post(link[0], {"password": "short", "again": "short"}).status_code == 422
    assert browser.post(link[0], {"password": NEW_PASSWORD, "again": NEW_PASSWORD}).status_code == 302
    assert browser.get(reverse("people:directory")).status_code == 200
    assert Client().get(link[0]).status_code == 410
    assert sign_in("nia@example.com", NEW_PASSWORD).status_code == 302


def test_an_invitation_joins_an_account_that_exists(
    cast: Cast, newcomer: models.Person, client_for: Any, now: datetime.datetime
) -> None:
    user = models.User.objects.create_user("nia@example.com", PASSWORD)
    link = invite(cast, newcomer, now)
    assert "Sign in with it" in Client().get(link).content.decode()
    wrong = client_for(cast.stranger)
    wrong.post(link)
    with tenancy.acting_for(cast.organisation):
        newcomer.refresh_from_db()
        assert newcomer.user is None
    browser = Client()
    browser.force_login(user)
    assert browser.post(link).status_code == 302
    assert browser.get(reverse("people:directory")).status_code == 200


def test_an_old_withdrawn_or_forged_invitation_opens_nothing(
    cast: Cast, newcomer: models.Person, now: datetime.datetime
) -> None:
    old = invite(cast, newcomer, now - datetime.timedelta(days=15))
    assert Client().get(old).status_code == 410
    first = invite(cast, newcomer, now)
    second = invite(cast, newcomer, now + datetime.timedelta(seconds=1))
    assert Client().get(first).status_code == 410
    assert Client().get(second).status_code == 200
    assert Client().get(second[:-2] + "x/").status_code == 410
    assert Client().get(reverse("people:accept_invitation", args=["nonsense"])).status_code == 410


def test_a_token_opens_what_its_scopes_say_until_it_is_revoked(
    cast: Cast, actor: Any, now: datetime.datetime, client_for: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        token, secret = actions.create_token(
            actor=actor(cast.hr),
            name="script",
            scopes=["people:read"],
            expires_at=now + datetime.timedelta(days=1),
            at=now,
        )
    assert secret not in str(models.ApiToken.objects.values())
    headers = {"Authorization": f"Bearer {secret}"}
    people = reverse("api_people")
    assert Client().get(people, headers=headers).status_code == 200
    assert Client().post(people, {"number": "Q"}, headers=headers).status_code == 403
    assert Client().get(reverse("api_inbox"), headers=headers).status_code == 403
    assert Client().get(reverse("api_tokens"), headers=headers).status_code == 403
    assert client_for(cast.stranger).post(reverse("people:revoke_token", args=[token.pk])).status_code == 404
    assert client_for(cast.hr).post(reverse("people:revoke_token", args=[token.pk])).status_code == 302
    assert Client().get(people, headers=headers).status_code == 401


def test_an_expired_token_opens_nothing(cast: Cast, actor: Any, now: datetime.datetime) -> None:
    with tenancy.acting_for(cast.organisation):
        token, secret = actions.create_token(
            actor=actor(cast.hr),
            name="script",
            scopes=["people:read"],
            expires_at=now + datetime.timedelta(days=1),
            at=now,
        )
        with pytest.raises(PeopleRefused, match="at most"):
            actions.create_token(
                actor=actor(cast.hr),
                name="script",
                scopes=["people:read"],
                expires_at=now + datetime.timedelta(days=400),
                at=now,
            )
    models.ApiToken.objects.filter(pk=token.pk).update(expires_at=now - datetime.timedelta(hours=1))
    assert (
        Client().get(reverse("api_people"), headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    )


def test_an_auditor_makes_a_token_for_reading(cast: Cast, client_for: Any) -> None:
    answer = client_for(cast.auditor).post(
        reverse("people:create_token"), {"name": "archive", "scopes": ["people:read"], "days": 30}
    )
    assert answer.status_code == 200
    assert "acc_" in answer.content.decode()


def test_the_language_follows_the_account(cast: Cast, client_for: Any) -> None:
    client_for(cast.employee).post(reverse("set_language"), {"language": "zh-hans"})
    other_device = client_for(cast.employee)
    assert other_device.get(reverse("people:directory")).headers["Content-Language"] == "zh-hans"


def test_switching_organisations_needs_a_membership(cast: Cast, client_for: Any) -> None:
    models.Membership.objects.create(user=cast.employee.user, organisation=cast.elsewhere)
    browser = client_for(cast.employee)
    switch = reverse("people:switch_organisation")
    browser.post(switch, {"organisation": str(cast.elsewhere.pk)})
    assert browser.get(reverse("people:directory")).status_code == 403
    browser.post(switch, {"organisation": str(cast.organisation.pk)})
    assert browser.get(reverse("people:directory")).status_code == 200
    stranger = client_for(cast.stranger)
    stranger.post(switch, {"organisation": str(cast.organisation.pk)})
    assert "Eli Employee" not in stranger.get(reverse("people:directory")).content.decode()


def test_account_pages_have_the_house_layout(cast: Cast, client_for: Any) -> None:
    browser = client_for(cast.employee)
    for name in ("account_change_password", "account_email", "mfa_index", "usersessions_list"):
        page = browser.get(reverse(name), follow=True)
        assert page.status_code == 200, name
        assert 'id="main"' in page.content.decode(), name
    for name in ("account_login", "account_reset_password", "account_reset_password_done"):
        page = Client().get(reverse(name))
        assert "auth-form" in page.content.decode(), name


def test_who_belongs_nowhere_is_told_so(db: None) -> None:
    browser = Client()
    browser.force_login(models.User.objects.create_user("lost@example.com", PASSWORD))
    page = browser.get(reverse("people:directory"), follow=True)
    assert "no organisation" in page.content.decode()


def test_links_in_e_mails_lead_to_the_installations_own_address(cast: Cast, settings: Any) -> None:
    settings.ACCORD_URL = "https://accord.example"
    settings.ALLOWED_HOSTS = ["*"]
    Client().post(
        reverse("account_reset_password"),
        {"email": cast.employee.user.email},
        headers={"host": "attacker.example"},
    )
    assert "https://accord.example/accounts/password/reset/key/" in mail.outbox[-1].body
    assert "attacker.example" not in mail.outbox[-1].body
