"""How soon a check-in is seen: on the manager's page, in the objective, in what it contributes to, in the score."""

from __future__ import annotations

import statistics
import time
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.core.management.base import CommandError
from django.db import connections
from django.urls import reverse
from django.utils import timezone

from okr import rules as okr_rules
from okr.actions import progress as okr_progress
from okr.models import Alignment, KeyResult, Objective
from performance.config.benchmark import ground, report, seeding, server, visitors
from performance.engine import fixed
from performance.foundation import tenancy
from performance.people import models as people_models
from performance.people import queries as people
from performance.scoring.models import CurrentScore

HELP = "Seconds from sending a check-in until others see what it moved, with a server and a worker running."
#: Later than this is reported as a problem.
LIMIT_MS = 1000.0
#: A place that has not changed by then is given up.
PATIENCE_SECONDS = 30.0
#: Check-ins before those that count.
WARMING = 4
PLACES = ("own objective", "objective above", "manager's page", "score")


@dataclass(frozen=True)
class Told:
    """One check-in to be: whose, what it sends, and what it will move."""

    person: people_models.Person
    manager: people_models.Person
    objective: Objective
    above: Objective
    mark: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class Sight:
    """Where it was looked for, and how soon it was seen there: milliseconds since the check-in was sent."""

    place: str
    people: int
    median_ms: float
    slowest_ms: float
    unseen: int


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--people", type=int, nargs="+", default=[1000], help="Size of the company; several are compared."
    )
    parser.add_argument("--check-ins", type=int, default=20, help="Check-ins sent, one after another.")


def run(options: dict[str, Any], say: Callable[[str], None]) -> report.Report:
    count = options["check_ins"]
    found = report.Report(
        subject="check-in", columns=("seen at", "people", "median ms", "slowest ms", "never seen")
    )
    sights: list[Sight] = []
    for size in options["people"]:
        if size < max(200, 3 * (WARMING + count)):
            raise CommandError("Give at least 200 people, and three for each check-in.")
        with ground.throwaway("benchmark") as place:
            say(f"Seeding {size:,} people in {place.name}")
            company = seeding.seed(size, say=say)
            with tenancy.acting_for(company.organisation):
                tellings = [_contributing(each, company) for each in _tellings(company, WARMING + count)]
            ground.settle()
            connections["default"].close()
            with server.running(place) as port, server.working(place):
                say(f"Sending {count} check-ins")
                _sights(tellings[:WARMING], port, size, company)
                sights += _sights(tellings[WARMING:], port, size, company)
    found.rows = [(each.place, each.people, each.median_ms, each.slowest_ms, each.unseen) for each in sights]
    found.notes.append(
        f"Server: {server.WORKERS} workers; one Celery worker; one check-in at a time, after {WARMING} that are not counted:"
        " a process reads its code with its first request."
    )
    found.problems = [
        f"{each.place} at {each.people:,} people: {each.slowest_ms} ms at the slowest, {each.unseen} never seen"
        for each in sights
        if each.slowest_ms > LIMIT_MS or each.unseen
    ]
    found.figures = {
        "check_ins": count,
        "limit_ms": LIMIT_MS,
        "sights": [asdict(each) for each in sights],
    }
    return found


def _tellings(company: seeding.Company, count: int) -> list[Told]:
    """Leaves of the line that no metric fills, each of another manager, with all targets reached."""
    found: list[Told] = []
    managers: set[int] = set()
    for place in range(len(company.line) - 1, 0, -1):
        boss = company.place_above(place)
        if place % 10 == 0 or boss in managers or not boss:
            continue
        managers.add(boss)
        person, manager = company.line[place], company.line[boss]
        own = Objective.objects.filter(owner=person).select_related("period").order_by("pk").first()
        above = Objective.objects.filter(owner=manager).order_by("pk").first()
        if own is None or above is None:
            raise CommandError("The seeded people have no objectives.")
        mark = f"Seen {len(found)}: every shelf is full."
        fields: dict[str, Any] = {"wins": mark, "plans": "Go on."}
        for key_result in KeyResult.objects.filter(owner=person):
            value = f"{_beyond(key_result):f}"
            fields[f"value-{key_result.pk}"] = fields[f"sure-{key_result.pk}"] = value
            fields[f"confidence-{key_result.pk}"] = "4"
            fields[f"note-{key_result.pk}"] = "Delivery came late."
        found.append(Told(person, manager, own, above, mark, fields))
        if len(found) == count:
            return found
    raise CommandError("There are fewer managers than check-ins.")


def _beyond(key_result: KeyResult) -> Decimal | None:
    """A value that surely moves the progress: the target, or the start where the target is reached."""
    is_reached = key_result.progress_micro is not None and key_result.progress_micro >= fixed.HUNDRED
    return key_result.start if is_reached else key_result.target


def _contributing(told: Told, company: seeding.Company) -> Told:
    """Links the objective to the manager's with half of its weight, as taking an offered contribution does."""
    at = timezone.now()
    Alignment.objects.update_or_create(
        child=told.objective,
        parent=told.above,
        defaults={
            "kind": "contributes",
            "share_ppm": 500_000,
            "by": told.person,
            "at": at,
            "accepted_by": told.manager,
            "accepted_at": at,
        },
    )
    okr_progress.roll_up(okr_progress.lock([told.objective.pk]), at=at)
    return told


def _sights(tellings: list[Told], port: int, size: int, company: seeding.Company) -> list[Sight]:
    year, week, _day = okr_rules.monday_of(people.today(company.organisation)).isocalendar()
    path = reverse("okr:check_in", args=[f"{year}-W{week:02}"])
    seen: dict[str, list[float]] = {place: [] for place in PLACES}
    for told in tellings:
        with ExitStack() as stack:
            reporter, manager = (
                stack.enter_context(closing(visitors.Visitor(port, person)))
                for person in (told.person, told.manager)
            )
            looks = _looks(told, manager, company)
            begun = time.perf_counter()
            answer = reporter.post(path, told.fields)
            if answer.status != 302:
                raise CommandError(f"The check-in was answered with {answer.status}.")
            for place, after in _watched(looks, begun).items():
                seen[place].append(after)
    return [
        Sight(
            place=place,
            people=size,
            median_ms=round(statistics.median(times), 1) if times else PATIENCE_SECONDS * 1000,
            slowest_ms=round(max(times, default=PATIENCE_SECONDS * 1000), 1),
            unseen=len(tellings) - len(times),
        )
        for place, times in seen.items()
    ]


def _looks(told: Told, manager: visitors.Visitor, company: seeding.Company) -> dict[str, Callable[[], bool]]:
    """For each place, whether the check-in is seen there by now; what stood there before is read here."""

    def page_of(objective: Objective) -> Callable[[], str]:
        path = reverse("api_objective", args=[objective.pk])
        return lambda: manager.get(path).json()["progress"]

    def newest_score() -> Any:
        with tenancy.acting_for(company.organisation):
            return CurrentScore.objects.filter(person=told.person).values_list("score__computed_at").first()

    def has_changed(read: Callable[[], Any]) -> Callable[[], bool]:
        before = read()
        return lambda: read() != before

    return {
        "own objective": has_changed(page_of(told.objective)),
        "objective above": has_changed(page_of(told.above)),
        "manager's page": lambda: told.mark in manager.get(reverse("okr:my_team") + "?show=all").text,
        "score": has_changed(newest_score),
    }


def _watched(looks: dict[str, Callable[[], bool]], begun: float) -> dict[str, float]:
    """Milliseconds until each place showed it; places that never did are missing."""
    seen: dict[str, float] = {}
    while len(seen) < len(looks) and time.perf_counter() - begun < PATIENCE_SECONDS:
        for place, is_seen in looks.items():
            if place not in seen and is_seen():
                seen[place] = (time.perf_counter() - begun) * 1000
    return seen
