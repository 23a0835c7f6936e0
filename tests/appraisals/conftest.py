"""A cycle over the open quarter: three people of one unit have scores, everybody else has none."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from performance.appraisals import actions, queries
from performance.appraisals.models import Cycle, Export, TemplateVersion
from performance.foundation import access, tenancy
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions as scoring
from performance.scoring import evidence
from performance.scoring import tasks as scoring_tasks
from performance.scoring.models import CurrentScore, PolicyVersion, Score
from tests import ready
from tests.conftest import LONG_AGO, Cast
from tests.scoring.conftest import (  # noqa: F401
    approved,
    draft,
    locked,
    measured,
    proposal,
    sources,
    today,
    turnover,
    unit,
)

Actor = Callable[[people.Person], access.Actor]


@pytest.fixture(autouse=True)
def exports_folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "exports"


@pytest.fixture
@ready.made
def scored(
    cast: Cast,
    quarter: people.Period,
    locked: PolicyVersion,  # noqa: F811
    measured: dict[Any, Any],  # noqa: F811
) -> list[people.Person]:
    """The people with a score."""
    scored = [cast.manager, cast.employee, cast.colleague]
    with tenancy.acting_for(cast.organisation):
        scoring.compute_scores(
            period=quarter, person_ids=[person.pk for person in scored], run=None, at=timezone.now()
        )
    return scored


@pytest.fixture
@ready.made
def cycle(cast: Cast, quarter: people.Period, scored: list[people.Person], actor: Actor) -> Cycle:
    with tenancy.acting_for(cast.organisation):
        return actions.open_cycle(
            period=quarter,
            name_en="Spring appraisal",
            name_zh="春季考核",
            by=actor(cast.hr),
            at=timezone.now(),
        )


@pytest.fixture
@ready.made
def template(cast: Cast, actor: Actor) -> TemplateVersion:
    """The usual sections, published."""
    with tenancy.acting_for(cast.organisation):
        at, hr = timezone.now(), actor(cast.hr)
        draft = actions.start_template(name_en="Usual", name_zh="常规", by=hr, at=at)
        return actions.publish_version(version=draft, note="", by=hr, at=at)


@pytest.fixture
@ready.made
def reviewed(
    cast: Cast,
    quarter: people.Period,
    scored: list[people.Person],
    template: TemplateVersion,
    actor: Actor,
) -> Cycle:
    """A cycle with reviews: every writing stage has begun, none is over."""
    with tenancy.acting_for(cast.organisation):
        at = timezone.now()
        today = people_queries.today(cast.organisation)
        last = today + datetime.timedelta(days=20)
        return actions.open_cycle(
            period=quarter,
            name_en="Spring reviews",
            name_zh="春季评价",
            template_version=template,
            days=dict.fromkeys(("self", "peers", "manager", "calibration"), (today, last)),
            by=actor(cast.hr),
            at=at,
        )


@pytest.fixture
@ready.made
def closed(cast: Cast, cycle: Cycle, actor: Actor) -> Cycle:
    """Its period is closing and every score is frozen."""
    with tenancy.acting_for(cast.organisation):
        people.Period.objects.filter(pk=cycle.period_id).update(state="closing")
        cycle.period.refresh_from_db()
        run = actions.close_scores(cycle=cycle, by=actor(cast.hr), at=timezone.now())
        scoring_tasks.carry_out_run.run(str(run.pk))
    return cycle


@pytest.fixture
@ready.made
def signed_off(cast: Cast, closed: Cycle, actor: Actor) -> Cycle:
    with tenancy.acting_for(cast.organisation):
        return actions.sign_off_cycle(cycle=closed, by=actor(cast.hr), at=timezone.now())


@pytest.fixture
@ready.made
def published(cast: Cast, signed_off: Cycle, actor: Actor) -> Cycle:
    with tenancy.acting_for(cast.organisation):
        actions.publish_wave(cycle=signed_off, by=actor(cast.hr), at=timezone.now())
        signed_off.refresh_from_db()
        return signed_off


#: What a copied score shares with the one it is copied from.
KEPT = ["basis_id", "refs", *(name for name, kind in evidence.COLUMNS.items() if kind.endswith("[]"))]


def add_people(cycle: Cycle, count: int, *, first: int = 0, names: str = "Person") -> list[people.Person]:
    """More people with scores copied from the first one, and their entries. Inside `acting_for`."""
    model = Score.objects.filter(period=cycle.period_id, score_micro__isnull=False).first()
    assert model is not None
    added = people.Person.objects.bulk_create(
        [
            people.Person(
                number=f"M{first + place:05}",
                name_en=f"{names} {first + place}",
                name_sort=f"{names} {first + place:05}".lower(),
                hired_on=LONG_AGO,
            )
            for place in range(count)
        ]
    )
    scores = Score.objects.bulk_create(
        [
            Score(
                person=person,
                period_id=model.period_id,
                version_id=model.version_id,
                run_id=model.run_id,
                score_micro=40_000_000 + 654_321 * (place % 90),
                constant_micro=41_000_000,
                coverage_ppm=1_000_000 - place % 3 * 100_000,
                state=model.state,
                **{name: getattr(model, name) for name in KEPT},
                digest=model.digest,
                engine_version=model.engine_version,
                computed_at=model.computed_at,
            )
            for place, person in enumerate(added)
        ]
    )
    CurrentScore.objects.bulk_create(
        [CurrentScore(person_id=score.person_id, period_id=score.period_id, score=score) for score in scores]
    )
    actions.add_newcomers(cycle=cycle, by=_hr(), at=datetime.datetime.now(datetime.UTC))
    return added


def _hr() -> access.Actor:
    person = people.Person.objects.select_related("organisation").get(grants__role="hr")
    return access.Actor(
        user=person.user, organisation=person.organisation, person=person, roles=frozenset({"hr"})
    )


@pytest.fixture
def ask(cast: Cast, actor: Actor) -> Callable[..., Export]:
    """Asks for an export of everything, as HR."""

    def asked(cycle: Cycle, **given: Any) -> Export:
        whole = {
            "format": "xlsx",
            "columns": tuple(queries.COLUMNS),
            "by": actor(cast.hr),
            "at": timezone.now(),
        }
        return actions.request_export(cycle=cycle, **(whole | given))

    return asked
