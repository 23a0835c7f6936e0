"""Scorecards: one's own, one's people's, and the way down from a score to its source."""

import datetime
import json
import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from performance.foundation import access
from performance.foundation.components import formats
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions, forms, queries, rules

PEOPLE_A_PAGE = 50


@require_GET
@access.member
def my_scorecard(request: HttpRequest) -> HttpResponse:
    """The actor's own scorecard."""
    return _scorecard_page(request, request.actor.person)


@require_GET
@access.member
def scorecard(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """The scorecard of somebody whose scores the actor may see; for others it does not exist."""
    visible = queries.people_with_visible_scores(request.actor, today_of(request)).select_related("unit")
    return _scorecard_page(request, access.get_or_404(visible, pk=person_id))


@require_GET
@access.member
def evidence(request: HttpRequest, score_id: uuid.UUID, key: str) -> HttpResponse:
    """Why one component scores and weighs what it does, as a page of its own."""
    return render(request, "scoring/evidence.html", _evidence(request, score_id, key))


@require_GET
@access.member
def evidence_panel(request: HttpRequest, score_id: uuid.UUID, key: str) -> HttpResponse:
    """The same for the drawer."""
    return render(request, "scoring/_evidence.html", _evidence(request, score_id, key))


@require_GET
@access.member
def replay(request: HttpRequest, score_id: uuid.UUID) -> HttpResponse:
    """Computes a score again from what it kept. Reads only, so auditors may, too."""
    score = access.get_or_404(queries.scores_visible_to(request.actor, today_of(request)), pk=score_id)
    context = {"replay": queries.replay_score(score), "score": score, "nav": "performance"}
    return render(request, "scoring/_replay.html" if request.htmx else "scoring/replay.html", context)


@require_GET
@access.member
def scorecard_file(request: HttpRequest, score_id: uuid.UUID) -> Any:
    """The scorecard as a PDF in the reader's language, for whoever sees the page."""
    score = access.get_or_404(queries.scores_visible_to(request.actor, today_of(request)), pk=score_id)
    file = actions.export_scorecard(score=score, by=request.actor, at=timezone.now())
    return FileResponse(file, as_attachment=True, filename=actions.scorecard_file_name(score))


@require_GET
@access.member
def glance(request: HttpRequest) -> HttpResponse:
    """The actor's score to date in one line, for the home page."""
    period = people_queries.current_period(today_of(request))
    score = queries.current_score(request.actor.person_id, period) if period else None
    return render(request, "scoring/_glance.html", {"score": score, "period": period})


@require_GET
@access.member
def supposed(request: HttpRequest) -> HttpResponse:
    """A panel: the actor's own score of a period, if metrics had other values in a slice. ?since=…&until=… are the days
    of the period, ?slice={"store": "Binjiang"} the slice, ?value_revenue=120.5 the values. Nothing is kept."""
    given = request.GET
    since, until = (people_queries.day_from(given.get(name, "")) for name in ("since", "until"))
    period = people.Period.objects.filter(starts_on=since, ends_on=until).first() if since and until else None
    score = queries.current_score(request.actor.person_id, period) if period else None
    values = {
        name.removeprefix("value_"): value
        for name, text in given.items()
        if name.startswith("value_") and (value := formats.decimal_of(str(text))) is not None
    }
    found = (
        queries.supposed_score(
            score, request.actor.person, within=_slice(given.get("slice", "")), values=values
        )
        if score
        else None
    )
    return render(request, "scoring/_supposed.html", {"supposed": found, "period": period})


def _slice(text: str) -> dict[str, str]:
    try:
        given = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return {str(key): str(value) for key, value in given.items()} if isinstance(given, dict) else {}


@require_GET
@access.member
def team(request: HttpRequest) -> HttpResponse:
    """Scores of the people below; of everybody scored for HR and auditors."""
    today = today_of(request)
    period = chosen_period(request, today)
    if rules.sees_all_scores(request.actor):
        found = queries.scored_people(period) if period else people.Person.objects.none()
    else:
        found = people_queries.everyone_below(request.actor.person_id, today)
    words = request.GET.get("q", "").strip()[:80]
    if words:
        found = people_queries.matching(found, words)
    page = Paginator(found.order_by("name_sort", "number"), PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    persons = list(page.object_list)
    context = {
        "nav": "performance",
        "page": page,
        "rows": queries.team_rows(persons, period),
        "leaders": queries.who_leads(persons, today),
        "period": period,
        "periods": queries.periods_begun(today),
        "words": words,
        "sees_all": rules.sees_all_scores(request.actor),
        "leads": people_queries.manages_anyone(request.actor.person_id, today),
        "sees_organisation": queries.may_open_organisation(request.actor, today),
    }
    return render(request, "scoring/team.html", context)


def _scorecard_page(request: HttpRequest, person: people.Person) -> HttpResponse:
    today = today_of(request)
    period = chosen_period(request, today)
    score = queries.current_score(person.pk, period) if period else None
    card = queries.scorecard(score) if score else None
    context = {
        "nav": "performance",
        "person": person,
        "is_own": person.pk == request.actor.person_id,
        "manager": people_queries.manager_of(person.pk, today),
        "team": people_queries.team_of(person.pk, today),
        "period": period,
        "periods": queries.periods_of(person.pk, today),
        "score": score,
        "card": card,
        "marks": queries.marks_of(score) if score and score.is_frozen else [],
        "may_see_restatements": rules.can_see_restatements(request.actor),
        "change": queries.change_since(score) if score else None,
        "weights": queries.weight_steps(person.pk, today) if card else None,
        "sees_team": sees_team(request, today),
        "leads": people_queries.manages_anyone(person.pk, today),
        "questions": queries.questions_about(score, request.actor, today) if score else [],
        "may_ask": rules.can_ask_about_scores(request.actor),
        "own_form": forms.OwnWhatIfForm(None, card=card) if card else None,
        "own_what_ifs": [
            {"what_if": each, "said": queries.own_words(each.score, each.supposed)}
            for each in (queries.own_what_ifs(request.actor, score) if score else ())
        ],
    }
    return render(request, "scoring/scorecard.html", context)


def _evidence(request: HttpRequest, score_id: uuid.UUID, key: str) -> dict[str, Any]:
    score = access.get_or_404(queries.scores_visible_to(request.actor, today_of(request)), pk=score_id)
    card = queries.scorecard(score)
    line = next((line for line in card.lines if line.key == key), None)
    if line is None:
        raise Http404
    return {
        "nav": "performance",
        "score": score,
        "card": card,
        "line": line,
        "person": score.person,
        "owners": queries.owners_of(line),
        "steps": queries.steps_of(line, request.actor),
        "may_ask": rules.can_ask_about_scores(request.actor),
    }


def today_of(request: HttpRequest) -> datetime.date:
    return people_queries.day_at(request.actor.organisation, timezone.now())


def chosen_period(request: HttpRequest, today: datetime.date) -> people.Period | None:
    chosen = request.GET.get("period")
    if chosen:
        return access.get_or_404(people.Period.objects.all(), pk=chosen)
    return people_queries.current_period(today)


def sees_team(request: HttpRequest, today: datetime.date) -> bool:
    actor = request.actor
    return rules.sees_all_scores(actor) or people_queries.manages_anyone(actor.person_id, today)
