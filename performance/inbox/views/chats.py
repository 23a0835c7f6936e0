"""How I am told: by e-mail, and in chats of my own."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from performance.foundation import access, once
from performance.inbox import actions, forms, queries, rules
from performance.inbox.channels import reasons
from performance.inbox.models import Endpoint
from performance.inbox.views import frame
from performance.people import queries as people

PAGE = "inbox:mail"


@require_http_methods(["GET", "POST"])
@access.member(writes=True)
def mail(request: HttpRequest) -> HttpResponse:
    """How I want to be written to, and my chats."""
    actor = request.actor
    form = forms.MailRuleForm(request.POST or None, instance=actions.mail_rule_of(actor.person))

    def write() -> None:
        actions.set_mail_rule(**form.cleaned_data, by=actor, at=timezone.now())

    if request.method == "POST" and frame.attempt(form, write):
        return frame.saved(request, _("Kept."), PAGE)
    return _page(request, form=form)


@require_POST
@sensitive_post_parameters("address", "secret")
@access.member(writes=True)
def add_chat(request: HttpRequest) -> HttpResponse:
    """Another chat that tells me."""
    form = forms.ChatForm(request.POST)

    def write() -> None:
        actions.add_chat(
            **form.cleaned_data, key=once.key_of(request, request.POST), by=request.actor, at=timezone.now()
        )

    if frame.attempt(form, write):
        return frame.saved(request, _("Added. Send a test message to see whether it arrives."), PAGE)
    return _page(request, chat_form=form)


@require_POST
@access.member(writes=True)
def test_chat(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    """A test message; what became of it shows where it was asked for."""
    chat = _own(request, chat_id)
    frame.test(request, chat)
    return _last(request, chat) if request.htmx else redirect(PAGE)


@require_GET
@access.member(writes=True)
def chat_state(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    return _last(request, _own(request, chat_id))


@require_POST
@access.member(writes=True)
def set_title(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    """Whether this chat reads titles."""
    tells = request.POST.get("tells_title") == "1"
    actions.set_tells_title(
        endpoint=_own(request, chat_id), tells_title=tells, by=request.actor, at=timezone.now()
    )
    return frame.saved(request, _("Kept."), PAGE)


@require_POST
@access.member(writes=True)
def pause_chat(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    actions.pause_endpoint(endpoint=_own(request, chat_id), by=request.actor, at=timezone.now())
    return frame.saved(request, _("You are told nothing there from now on."), PAGE)


@require_POST
@access.member(writes=True)
def resume_chat(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    actions.resume_endpoint(endpoint=_own(request, chat_id), by=request.actor, at=timezone.now())
    return frame.saved(request, _("You are told there again."), PAGE)


@require_POST
@access.member(writes=True)
def remove_chat(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    actions.close_endpoint(endpoint=_own(request, chat_id), by=request.actor, at=timezone.now())
    return frame.saved(request, _("Removed. Its address is forgotten."), PAGE)


def _own(request: HttpRequest, chat_id: uuid.UUID) -> Endpoint:
    return access.get_or_404(queries.chats_of(request.actor.person_id), pk=chat_id)


def _last(request: HttpRequest, chat: Endpoint) -> HttpResponse:
    return frame.last_state(request, chat, reverse("inbox:chat_state", args=[chat.pk]))


def _page(
    request: HttpRequest, *, form: forms.MailRuleForm | None = None, chat_form: forms.ChatForm | None = None
) -> HttpResponse:
    actor = request.actor
    chats = list(queries.chats_of(actor.person_id))
    last = queries.last_told(chats, timezone.now())
    context: dict[str, Any] = {
        "nav": "home",
        "form": form or forms.MailRuleForm(instance=actions.mail_rule_of(actor.person)),
        "chat_form": chat_form or forms.ChatForm(),
        "chats": [
            (
                chat,
                reasons.text(chat.off_reason),
                last.get(chat.pk),
                reverse("inbox:chat_state", args=[chat.pk]),
            )
            for chat in chats
        ],
        "can_add_chats": rules.can_add_chats(actor),
        "can_add_more": len(chats) < actions.MOST_CHATS,
        "organisation": actor.organisation,
        "open_counts": queries.open_counts(actor.person_id, on=people.today(actor.organisation)),
        "list_counts": queries.list_counts(actor.person_id, on=people.today(actor.organisation)),
    }
    is_wrong = any(each is not None and each.is_bound and each.errors for each in (form, chat_form))
    return render(request, "inbox/mail.html", context, status=422 if is_wrong else 200)
