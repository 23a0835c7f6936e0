"""A scorecard as a PDF: what the page says, for whoever sees the page, alike whenever it is made."""

import io
import uuid
from collections.abc import Callable
from typing import Any

import pypdf
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from performance.foundation import tenancy
from performance.foundation.components import formats
from performance.foundation.models import AuditRow
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions, queries, tasks
from performance.scoring.models import CurrentScore, PolicyVersion, Score
from tests.conftest import EVERYBODY, Cast
from tests.scoring import collectors
from tests.scoring.conftest import MICRO, Actor, in_force

ClientFor = Callable[[people.Person], Client]


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def _got(answer: Any) -> bytes:
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    return b"".join(answer.streaming_content)


@pytest.fixture
def frozen(scored_before: PolicyVersion, before: people.Period, cast: Cast) -> Score:
    """The employee's score of the quarter before, frozen."""
    with tenancy.acting_for(cast.organisation):
        actions.compute_scores(
            period=before, person_ids=[cast.employee.pk], run=None, at=timezone.now(), state="frozen"
        )
        found = queries.current_score(cast.employee.pk, before)
    assert found is not None
    return found


@pytest.fixture
def following(
    frozen: Score, next_draft: PolicyVersion, cast: Cast, quarter: people.Period, actor: Actor
) -> Score:
    """The score of this quarter, by other weights than the frozen one before it."""
    return _go_on(next_draft, cast, quarter, actor)


def _go_on(next_draft: PolicyVersion, cast: Cast, quarter: people.Period, actor: Actor) -> Score:
    with tenancy.acting_for(cast.organisation):
        actions.simulate_policy(version=next_draft, by=actor(cast.hr), at=timezone.now())
    with tenancy.remembering(cast.organisation.pk):
        tasks.catch_up.apply()
    with tenancy.acting_for(cast.organisation):
        in_force(next_draft, cast, actor, on=people_queries.today(cast.organisation))
        collectors.VALUES[cast.employee.pk, "okr"] = 91 * MICRO
        actions.compute_scores(period=quarter, person_ids=[cast.employee.pk], run=None, at=timezone.now())
        found = queries.current_score(cast.employee.pk, quarter)
    assert found is not None
    return found


@pytest.mark.parametrize("way", ["page", "api"])
def test_whoever_sees_the_scorecard_takes_it_away_and_nobody_else_does(
    way: str, score: Score, cast: Cast, client_for: ClientFor
) -> None:
    address = (
        reverse("scoring:scorecard_file", args=[score.pk])
        if way == "page"
        else f"/api/v1/scores/{score.pk}/file/"
    )
    allowed = {"employee", "manager", "boss", "hr", "auditor"}
    for name in EVERYBODY:
        answer = client_for(getattr(cast, name)).get(address)
        assert answer.status_code == (200 if name in allowed else 404), name
    with tenancy.acting_for(cast.organisation):
        rows = AuditRow.objects.filter(action="scoring.export_scorecard", subject_id=score.pk)
        assert {row.person_id for row in rows} == {getattr(cast, name).pk for name in allowed}


def test_the_file_holds_every_figure_of_the_page(following: Score, cast: Cast, client_for: ClientFor) -> None:
    score = following
    client = client_for(cast.employee)
    written = text_of(_got(client.get(reverse("scoring:scorecard_file", args=[score.pk]))))
    page = client.get(reverse("scoring:my_scorecard"))
    card, change = page.context["card"], page.context["change"]
    assert change is not None
    figures = [formats.number(formats.micro(score.score_micro), 1), score.digest[:4], "Eli Employee"]
    for line in card.lines:
        figures += [line.name, formats.number(line.points, 1), formats.percent(line.written_weight, 2)]
        figures += [formats.percent(formats.ppm(line.base_ppm)), formats.signed(line.moved, 1)]
    for row in change.moved:
        figures += [formats.signed(row.performance, 1), formats.signed(row.weights, 1)]
    figures += [formats.signed(change.points, 1), formats.number(formats.micro(change.before.score_micro), 1)]
    figures += [formats.number(formats.micro(point.constant_micro), 1) for point in card.history]
    figures += [f"v{score.version.number}", "Bea Business"]
    for figure in figures:
        assert figure in written, figure
        assert figure in page.content.decode() or figure == score.digest[:4], figure


def test_the_points_of_the_file_sum_to_the_score_it_shows(score: Score, cast: Cast, actor: Actor) -> None:
    with tenancy.acting_for(cast.organisation):
        written = text_of(actions.export_scorecard(score=score, by=actor(cast.hr), at=timezone.now()).read())
        lines = queries.lines_of_score(score)
    assert sum(line.points for line in lines) == formats.rounded(formats.micro(score.score_micro), 1)
    assert all(formats.number(line.points, 1) in written for line in lines if line.counts)


def test_the_file_of_a_frozen_score_is_the_same_in_a_year(
    frozen: Score, cast: Cast, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenancy.acting_for(cast.organisation):
        first = actions.export_scorecard(score=frozen, by=actor(cast.hr), at=timezone.now()).read()
        later = timezone.now() + timezone.timedelta(days=400)
        monkeypatch.setattr(timezone, "now", lambda: later)
        assert actions.export_scorecard(score=frozen, by=actor(cast.hr), at=later).read() == first
    assert pypdf.PdfReader(io.BytesIO(first)).metadata.creation_date == frozen.computed_at.replace(
        microsecond=0
    )


def test_what_comes_after_a_period_changes_nothing_in_the_file_of_its_frozen_score(
    frozen: Score, next_draft: PolicyVersion, cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    """Nor does a year that begins with the quarter and goes on after it."""

    def content() -> bytes:
        with tenancy.acting_for(cast.organisation):
            return actions.export_scorecard(score=frozen, by=actor(cast.hr), at=timezone.now()).read()

    first = content()
    _go_on(next_draft, cast, quarter, actor)
    with tenancy.acting_for(cast.organisation):
        year = people.Period.objects.create(
            name_en="Year", kind="year", starts_on=frozen.period.starts_on, ends_on=quarter.ends_on
        )
        of_year = Score.objects.get(pk=frozen.pk)
        of_year.pk, of_year.period, of_year.computed_at = uuid.uuid4(), year, timezone.now()
        of_year._state.adding = True
        of_year.save(force_insert=True)
        CurrentScore.objects.create(person=cast.employee, period=year, score=of_year)
        months = queries.by_month(cast.employee.pk, frozen.period)
        steps = queries.weight_steps(cast.employee.pk, people_queries.today(cast.organisation))
    assert all(point.on <= frozen.period.ends_on for point in months)
    assert steps is not None, "the page goes on to today"
    assert content() == first


def test_the_file_speaks_the_language_of_its_reader(score: Score, cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.employee)
    client.cookies["accord_language"] = "zh-hans"
    written = text_of(_got(client.get(reverse("scoring:scorecard_file", args=[score.pk]))))
    for said in ("易员工", "存货资金周转", "门店运营", "得分如何构成"):
        assert said in written, said


def test_a_name_that_no_font_has_breaks_nothing(score: Score, cast: Cast, actor: Actor) -> None:
    with tenancy.acting_for(cast.organisation), translation.override("zh-hans"):
        score.person.name_zh = "王\U00030edd"
        written = text_of(actions.export_scorecard(score=score, by=actor(cast.hr), at=timezone.now()).read())
    assert "王〓" in written
    assert cast.employee.number in written


def test_a_score_in_which_nothing_counted_has_a_file_too(
    locked: PolicyVersion, cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        actions.compute_scores(period=quarter, person_ids=[cast.employee.pk], run=None, at=timezone.now())
        score = queries.current_score(cast.employee.pk, quarter)
        assert score is not None
        assert score.score_micro is None
        written = text_of(actions.export_scorecard(score=score, by=actor(cast.hr), at=timezone.now()).read())
    assert "Nothing has been measured yet" in written
