"""Asking about a score, and the thread of a question."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from performance.foundation import access, once
from performance.people import queries as people_queries
from performance.scoring import actions, forms, queries, rules
from performance.scoring.models import Score, ScoreQuestion


@access.member(writes=True)
def ask(request: HttpRequest, score_id: uuid.UUID) -> HttpResponse:
    """Ask about a score or one of its components; ?component=… says which one is meant first."""
    score = _score(request, score_id)
    access.require(rules.can_ask_about_scores(request.actor))
    form = _form(request, score)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            question = actions.ask_about_score(
                score=score,
                component_key=given["component"],
                about=given["about"],
                text=given["text"],
                key=once.key_of(request, request.POST),
                by=request.actor,
                at=timezone.now(),
            )
        except actions.QuestionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.message))
        else:
            messages.success(request, _("Asked."))
            return redirect("scoring:question", question_id=question.pk)
    status = 422 if form.is_bound else 200
    return render(request, "scoring/ask.html", _asking(score, form), status=status)


@require_GET
@access.member(writes=True)
def ask_panel(request: HttpRequest, score_id: uuid.UUID) -> HttpResponse:
    """The same for the drawer."""
    score = _score(request, score_id)
    access.require(rules.can_ask_about_scores(request.actor))
    return render(request, "scoring/_ask.html", _asking(score, _form(request, score)))


@require_GET
@access.member
def question(request: HttpRequest, question_id: uuid.UUID) -> HttpResponse:
    """What was asked and answered, for those who may read it."""
    return render(request, "scoring/question.html", _thread(request, _found(request, question_id)))


@require_POST
@access.member
def post(request: HttpRequest, question_id: uuid.UUID) -> HttpResponse:
    """An answer, or a further word of whoever asked."""
    found = _found(request, question_id)
    # A browser ends lines with two characters; they count as one.
    text = request.POST.get("text", "").replace("\r\n", "\n")
    _require_party(request, found)
    try:
        actions.post_in_question(
            question=found,
            text=text,
            key=once.key_of(request, request.POST),
            by=request.actor,
            at=timezone.now(),
        )
    except actions.QuestionRefused as refusal:
        return _refused(request, found, refusal, text)
    return _done(request, found, _("Said."))


@require_POST
@access.member
def close(request: HttpRequest, question_id: uuid.UUID) -> HttpResponse:
    """Nothing is left to be said."""
    found = _found(request, question_id)
    _require_party(request, found)
    try:
        actions.close_question(question=found, by=request.actor, at=timezone.now())
    except actions.QuestionRefused as refusal:
        return _refused(request, found, refusal, "")
    return _done(request, found, _("The question is closed."))


def _require_party(request: HttpRequest, found: ScoreQuestion) -> None:
    """A closed question is refused in words by the action; others who read it may not speak at all."""
    is_answerer = queries.is_put_to(found, request.actor.person_id)
    access.require(rules.is_party_to_question(request.actor, found, is_answerer=is_answerer))


def _score(request: HttpRequest, score_id: uuid.UUID) -> Score:
    on = people_queries.day_at(request.actor.organisation, timezone.now())
    return access.get_or_404(queries.scores_visible_to(request.actor, on), pk=score_id)


def _found(request: HttpRequest, question_id: uuid.UUID) -> ScoreQuestion:
    on = people_queries.day_at(request.actor.organisation, timezone.now())
    return access.get_or_404(queries.questions_visible_to(request.actor, on), pk=question_id)


def _form(request: HttpRequest, score: Score) -> forms.AskForm:
    components = [(line.key, line.name) for line in queries.lines_of_score(score)]
    asked = request.GET.get("component", "")
    initial = {"component": asked if asked in dict(components) else ""}
    return forms.AskForm(request.POST or None, components=components, initial=initial)


def _asking(score: Score, form: forms.AskForm) -> dict[str, Any]:
    return {"nav": "performance", "score": score, "person": score.person, "form": form}


def _thread(request: HttpRequest, found: ScoreQuestion, **more: Any) -> dict[str, Any]:
    on = people_queries.day_at(request.actor.organisation, timezone.now())
    return {
        "nav": "performance",
        "thread": queries.thread(found, request.actor, on),
        "question": found,
        "person": found.score.person,
        **more,
    }


def _done(request: HttpRequest, found: ScoreQuestion, said: str) -> HttpResponse:
    if request.htmx:
        return render(
            request, "scoring/_card_question.html", _thread(request, _found(request, found.pk), is_live=True)
        )
    messages.success(request, said)
    return redirect("scoring:question", question_id=found.pk)


def _refused(
    request: HttpRequest, found: ScoreQuestion, refusal: actions.QuestionRefused, text: str
) -> HttpResponse:
    context = _thread(request, _found(request, found.pk), refusal=refusal, text=text)
    template = "scoring/_card_question.html" if request.htmx else "scoring/question.html"
    return render(request, template, context, status=refusal.status)
