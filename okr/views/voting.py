"""The blind vote on an objective, and having read what one was called to."""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from okr import actions, rules
from okr.models import ConfidenceVote, Objective
from okr.views import reading
from performance.foundation import access, refusals
from performance.people import queries as people

OFFERED, MOST_FOUND = 8, 100


def _card(request: HttpRequest, one: Objective, *, refusal: Any = None, said: str = "") -> HttpResponse:
    typed = {"vote_refusal": refusal, "vote_why": request.POST.get("why", "")} if refusal is not None else {}
    if not request.headers.get("HX-Request"):
        if refusal is not None:
            context = {**reading.objective_context(request, one.pk), **typed}
            return render(request, "okr/objective.html", context, status=refusal.status)
        return redirect("okr:objective", one.pk)
    context = {"objective": one, **reading.vote_context(request.actor, one), **typed}
    response = render(request, "okr/_card_vote.html", context, status=refusal.status if refusal else 200)
    trigger_client_event(response, "todo:changed", {})
    return trigger_client_event(response, "toast", {"text": said, "level": "good"}) if said else response


def _vote(request: HttpRequest, vote_id: uuid.UUID) -> tuple[ConfidenceVote, Objective]:
    votes = ConfidenceVote.objects.filter(objective__in=reading.visible(request).values("pk"))
    vote = access.get_or_404(votes, pk=vote_id)
    return vote, reading.found(request, vote.objective_id)[0]


def _done(request: HttpRequest, one: Objective, act: Callable[[], Any], said: str) -> HttpResponse:
    """Does it, and answers with the card: what was said, or why not."""
    try:
        act()
    except refusals.Refused as refusal:
        return _card(request, one, refusal=refusal)
    return _card(request, one, said=said)


@require_POST
@access.member
def open_vote(request: HttpRequest, objective_id: uuid.UUID) -> HttpResponse:
    one, _line = reading.found(request, objective_id)
    access.require(rules.can_open_vote(request.actor, one))
    act = partial(actions.open_vote, objective=one, by=request.actor, at=timezone.now())
    return _done(request, one, act, _("Everybody concerned is asked."))


@require_POST
@access.member
def cast_ballot(request: HttpRequest, vote_id: uuid.UUID) -> HttpResponse:
    vote, one = _vote(request, vote_id)
    access.require(not request.actor.only_reads)
    answer = request.POST.get("confidence", "")
    act = partial(
        actions.cast_ballot,
        vote=vote,
        confidence=int(answer) if answer.isdecimal() and len(answer) == 1 else 0,
        why=request.POST.get("why", ""),
        by=request.actor,
        at=timezone.now(),
    )
    return _done(request, one, act, _("Your answer is kept."))


@require_POST
@access.member
def close_vote(request: HttpRequest, vote_id: uuid.UUID) -> HttpResponse:
    vote, one = _vote(request, vote_id)
    access.require(rules.can_open_vote(request.actor, one))
    act = partial(actions.close_vote, vote=vote, by=request.actor, at=timezone.now())
    return _done(request, one, act, _("The answers are shown."))


@require_POST
@access.member
def heard(request: HttpRequest, objective_id: uuid.UUID) -> HttpResponse:
    """Called into the thread, read, nothing to add."""
    access.require(not request.actor.only_reads)
    ended = actions.note_heard(objective_id=objective_id, by=request.actor, at=timezone.now())
    if ended and not reading.visible(request).filter(pk=objective_id).exists():
        return redirect("inbox:list")
    return redirect("okr:objective", reading.found(request, objective_id)[0].pk)


@access.member
def names(request: HttpRequest) -> HttpResponse:
    """Whom one may mean while typing "@…": the first eight people, for the list under the text."""
    words = request.GET.get("q", "").strip()[:40]
    here = people.active_people(people.today(request.actor.organisation)).order_by("name_sort")
    found = list((people.matching(here, words) if words else here)[:MOST_FOUND])
    # Whose name begins with what was typed comes first.
    found.sort(key=lambda person: not f"{person.name_en}|{person.name_zh}".lower().startswith(words.lower()))
    return render(request, "okr/_names.html", {"people": found[:OFFERED]})
