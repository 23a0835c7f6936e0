"""The demo company is told to its end: everybody finds work, and last quarter's scores replay."""

from __future__ import annotations

import contextlib
import datetime
import html
import re
import zoneinfo
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from django.urls import Resolver404, resolve
from django.utils import timezone
from psycopg import sql

from feedback.models import ActionItem, CompanyValue, FeedbackRequest, Meeting, Note
from okr.models import CheckIn, Dependency, Objective, Retrospective
from performance.appraisals import queries
from performance.appraisals.models import Cycle, Review
from performance.config.demo import databases
from performance.config.demo.story import reviews as story
from performance.config.management.commands import seed_demo
from performance.foundation import audit, tenancy
from performance.foundation import databases as foundation_databases
from performance.foundation.models import StaleRow
from performance.inbox.models import WorkItem
from performance.kpis.models import MetricVersion
from performance.people import queries as people
from performance.people.models import Organisation, Person
from performance.scoring import actions as scoring_actions
from performance.scoring import queries as scoring
from performance.scoring import tasks as scoring_tasks
from performance.scoring.models import Score, ScoreRun
from performance.sources.models import Load

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def demo(empty_database: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Organisation]:
    """Told once, in English; its databases go afterwards."""
    settings.PRODUCTION = False
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]
    monkeypatch.setattr(seed_demo, "LANGUAGES", {"en": seed_demo.LANGUAGES["en"]})
    try:
        call_command("seed_demo")
        yield Organisation.objects.get(is_demo=True)
    finally:
        with seed_demo._owner() as owner:
            owner.autocommit = True
            for name in (databases.SALES, databases.LEDGER):
                foundation_databases.drop_database(owner, name)
            with contextlib.suppress(psycopg.Error):
                owner.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(databases.READER)))


def test_the_demo_is_told_to_its_end(demo: Organisation) -> None:
    with tenancy.acting_for(demo):
        assert set(Load.objects.values_list("state", flat=True)) == {"done"}
        assert not StaleRow.objects.filter(kind__in=("metric_values", "metric_definitions")).exists()
        assert MetricVersion.objects.filter(state="certified").count() >= 5
        assert Objective.objects.filter(state="active").count() > 80
        assert CheckIn.objects.count() > 200
        _its_reviews_stand_in_every_state()
        _they_talk()
        for number in ("LM-0002", "LM-0003", "LM-0004", "LM-0005", "LM-0006"):
            assert WorkItem.objects.filter(person__number=number, done_at=None).exists(), number
        asks = Dependency.objects.select_related("objective", "on").order_by("at")
        assert [one.state for one in asks] == ["accepted", "open"]
        assert all(one.objective.team_id != one.on.team_id for one in asks)
        waiting = WorkItem.objects.get(kind="goals.dependency", done_at=None)
        assert (waiting.person.number, waiting.subject_id) == ("LM-0005", asks[1].pk)
        looked_back = Retrospective.objects.get()
        assert looked_back.period.state == "closed"
        assert looked_back.closed_at is not None
        assert set(looked_back.notes.values_list("column", flat=True)) == {"went_well", "learned", "change"}
        assert sorted(one.done_at is None for one in looked_back.agreed.all()) == [False, True]
        assert audit.rows().exists()
        assert not [row for row in audit.rows() if row.at > timezone.now()], (
            "nobody has done yet what is to come"
        )
        frozen = Score.objects.filter(state="frozen").order_by("pk").first()
        assert frozen is not None
        assert scoring.replay_score(frozen).differences == ()
    _every_score_is_what_a_computation_over_everybody_gives(demo)
    _read_everything_as_the_auditor(demo)


def _they_talk() -> None:
    """One 1:1 was held and the next is planned; one request is answered and one waits; praise names every value."""
    held, ahead = Meeting.objects.order_by("starts_at")
    assert (held.held_at is None, ahead.held_at is None) == (False, True)
    assert sorted(item.done_at is None for item in ActionItem.objects.all()) == [False, True]
    assert sorted(one.answered_at is None for one in FeedbackRequest.objects.all()) == [False, True]
    values = set(CompanyValue.objects.values_list("pk", flat=True))
    assert set(Note.objects.filter(visibility="public").values_list("value", flat=True)) == values


def _its_reviews_stand_in_every_state() -> None:
    """One cycle of numbers is signed off; in the other one people still write, and three are late."""
    of_numbers, written = Cycle.objects.order_by("signed_off_at")
    assert (of_numbers.state, of_numbers.has_reviews) == ("signed_off", False)
    assert (written.state, written.has_reviews) == ("open", True)
    reviews = Review.objects.filter(entry__cycle=written)
    states = reviews.values_list("kind", "state").distinct()
    assert {kind for kind, state in states if state == "submitted"} == {"self", "peer", "upward", "manager"}
    assert ("peer", "nominated") in states
    late = queries.late_reviews(written, people.today(written.organisation))
    assert {review.kind for review in late} == {"self"}
    assert late.count() == len(story.LATE)
    draft = reviews.get(entry__person__number="LM-0003", kind="manager")
    assert (draft.state, draft.reviewer.number) == ("open", "LM-0002")
    assert draft.answers.exists()
    assert draft.citations.exists()
    sent = reviews.filter(kind="manager", state="submitted")
    overridden = sent.filter(answers__rating__gt=F("answers__suggested_rating")).distinct()
    assert 0 < overridden.count() < sent.count()
    for review in reviews.filter(state="open", asked_at__isnull=False):
        assert WorkItem.objects.filter(
            kind="performance.review", subject_id=review.pk, done_at=None
        ).exists(), review


def _every_score_is_what_a_computation_over_everybody_gives(demo: Organisation) -> None:
    """After hundreds of changes followed one at a time, the check by night finds nothing."""
    with tenancy.remembering(demo.pk):
        scoring_tasks.catch_up.apply()
    clock = zoneinfo.ZoneInfo(demo.time_zone)
    night = (timezone.now() + datetime.timedelta(days=2)).astimezone(clock).replace(hour=3)
    with tenancy.acting_for(demo):
        asked = scoring_actions.ask_for_checks(at=night)
        for run_id in asked:
            assert scoring_actions.take_run(run_id=run_id, at=night)
            while scoring_actions.advance_run(run_id=run_id, at=night):
                pass
        checks = ScoreRun.objects.filter(pk__in=asked)
        assert [(run.state, run.written) for run in checks] == [("done", 0)] * len(asked)
        assert sum(run.done for run in checks) > 50


def _read_everything_as_the_auditor(demo: Organisation) -> None:
    """Whatever is linked for somebody who only reads can be opened by them: up to three pages of each kind."""
    with tenancy.acting_for(demo):
        auditor = Person.objects.get(number="LM-0009")
    client = Client()
    client.force_login(auditor.user)
    shown: Counter[str] = Counter()
    waiting, seen, refused = ["/"], {"/"}, []
    while waiting:
        address = waiting.pop(0)
        try:
            page = resolve(urlsplit(address).path).view_name
        except Resolver404:
            continue
        shown[page] += 1
        if shown[page] > 3 or page in ("account_logout", "people:switch_organisation"):
            continue
        answer = client.get(address)
        answer.close()
        if answer.status_code in (403, 500):
            refused.append((address, answer.status_code))
        if answer.status_code != 200 or "html" not in answer.headers.get("Content-Type", ""):
            continue
        links = re.findall(r'(?:href|hx-get)="(/[^"#]*)', html.unescape(answer.content.decode()))
        new = [link for link in dict.fromkeys(links) if link not in seen and not link.startswith("/static/")]
        seen.update(new)
        waiting += new
    assert len(shown) > 50, shown
    assert refused == []
