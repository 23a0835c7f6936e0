"""How long the main pages take and how many statements each sends, at one or more sizes of the company."""

from __future__ import annotations

import itertools
import statistics
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from typing import Any

from django.core.management.base import CommandError
from django.db import connections
from django.urls import reverse

from okr import rules as okr_rules
from okr.models import KeyResult, Objective
from performance.config.benchmark import ground, report, seeding, server, visitors
from performance.foundation import tenancy
from performance.people import models as people_models
from performance.people import queries as people

HELP = "Latency and query counts of the main pages, served by a real server process with two workers."
#: Slower than this at the 95th percentile is reported as a problem.
LIMIT_MS = 150.0
WARM_UP = 4
SLOWEST_SHOWN = 95


@dataclass(frozen=True)
class Figure:
    """One page for one reader at one size. Times in milliseconds; `ratio` is median over the floor's median."""

    page: str
    reader: str
    people: int
    median_ms: float
    p95_ms: float
    queries: int
    fewest_queries: int
    kilobytes: float
    ratio: float


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--people", type=int, nargs="+", default=[1000], help="Size of the company; several are compared."
    )
    parser.add_argument("--requests", type=int, default=40, help="Measured requests a page and reader.")


def run(options: dict[str, Any], say: Callable[[str], None]) -> report.Report:
    sizes: Sequence[int] = options["people"]
    if min(sizes) < 100:
        raise CommandError("Give at least 100 people: fewer make no company with three levels.")
    found = report.Report(
        subject="web",
        columns=("page", "reader", "people", "median ms", "p95 ms", "× floor", "queries", "kB"),
    )
    figures: list[Figure] = []
    broken: list[str] = []
    floors: dict[str, float] = {}
    for size in sizes:
        with ground.throwaway("benchmark") as place:
            say(f"Seeding {size:,} people in {place.name}")
            company = seeding.seed(size, say=say)
            ground.settle()
            with server.running(place) as port, ExitStack() as afterwards:
                say(f"Measuring, {options['requests']} requests a page and reader")
                floor = _floor(port, options["requests"])
                for visit in _visits(company, port, options["requests"], afterwards):
                    try:
                        figures.append(_figure(visit, size, floor, options["requests"]))
                    except PageBroken as fault:
                        broken.append(str(fault))
        floors[str(size)] = round(floor, 2)
    for each in figures:
        found.rows.append(
            (
                each.page,
                each.reader,
                each.people,
                each.median_ms,
                each.p95_ms,
                each.ratio,
                each.queries,
                each.kilobytes,
            )
        )
    found.notes.append(
        "Floor: /health/live, median "
        + ", ".join(f"{floor} ms at {int(size):,} people" for size, floor in floors.items())
        + f". Server: {server.WORKERS} workers, DEBUG off, one request at a time."
    )
    found.problems = broken + _problems(figures)
    found.figures = {
        "sizes": list(sizes),
        "requests": options["requests"],
        "workers": server.WORKERS,
        "floor_ms": floors,
        "limit_ms": LIMIT_MS,
        "query_counts_equal": not any("queries" in problem for problem in found.problems),
        "pages": [asdict(each) for each in figures],
    }
    return found


@dataclass(frozen=True)
class Reader:
    """Who looks, and at what that is theirs."""

    name: str
    person: people_models.Person
    objective: Objective
    team: people_models.Team


@dataclass(frozen=True)
class Visit:
    """One page as one reader asks for it; `ask` takes the number of the turn."""

    page: str
    reader: str
    ask: Callable[[int], visitors.Answer]


class PageBroken(Exception):
    """A page that answers with an error has no latency."""


def _floor(port: int, requests: int) -> float:
    """Median of the probe: what network and server cost. It is answered before sessions, sign-in and the database."""
    nobody = visitors.Visitor(port)
    answers = _repeat(requests, lambda turn: nobody.get(reverse("live")))
    nobody.close()
    return statistics.median(answer.milliseconds for answer in answers)


def _visits(company: seeding.Company, port: int, requests: int, afterwards: ExitStack) -> list[Visit]:
    """Every page as every reader asks for it. `afterwards` closes the readers' connections."""
    with tenancy.acting_for(company.organisation):
        readers = _readers(company)
        reporters = _reporters(company, requests + WARM_UP)
    visits = [
        Visit(page, reader.name, _getting(visitor, path))
        for reader in readers
        for visitor in [afterwards.enter_context(closing(visitors.Visitor(port, reader.person)))]
        for page, path in _pages(reader)
    ]
    visits.append(Visit("check-in POST", "employee", _reporting(port, reporters)))
    connections["default"].close()
    return visits


def _getting(visitor: visitors.Visitor, path: str) -> Callable[[int], visitors.Answer]:
    return lambda turn: visitor.get(path)


def _pages(reader: Reader) -> list[tuple[str, str]]:
    return [
        ("home", reverse("okr:home")),
        ("objectives", reverse("okr:objectives")),
        ("objective", reverse("okr:objective", args=[reader.objective.pk])),
        ("team tree", reverse("okr:team", args=[reader.team.pk])),
        ("strategy map", reverse("okr:strategy")),
        ("map, search", reverse("okr:strategy") + "?q=Objective+1"),
        ("timeline", reverse("okr:timeline")),
        ("compare", reverse("okr:compare")),
        ("confidence", reverse("okr:confidence")),
        *([("my team", reverse("okr:my_team"))] if reader.name == "manager" else []),
        ("inbox", reverse("inbox:list")),
        ("scorecard", reverse("scoring:scorecard", args=[reader.objective.owner_id])),
        ("KPI board", reverse("kpis:board")),
        ("people", reverse("people:directory")),
    ]


def _readers(company: seeding.Company) -> list[Reader]:
    """A leaf of the line, somebody who leads nine leaves, and HR; each with an objective that they may see."""
    leaf = company.line[_without_metric(len(company.line) * 9 // 10)]
    leader = company.line[_without_metric(company.managers - 2)]
    of = {
        person.pk: Objective.objects.filter(owner=person).order_by("pk").first() for person in (leaf, leader)
    }
    own, leads = of[leaf.pk], of[leader.pk]
    if own is None or leads is None:
        raise CommandError("The seeded people have no objectives.")
    team = people.team_of(leaf.pk, people.today(company.organisation))
    led = people.team_of(leader.pk, people.today(company.organisation))
    if team is None or led is None:
        raise CommandError("The seeded people have no teams.")
    return [
        Reader("employee", leaf, own, team),
        Reader("manager", leader, leads, led),
        Reader("HR", company.staff["hr"], own, team),
    ]


def _without_metric(place: int) -> int:
    """The nearest place whose goals no metric fills: what one has is the same at every size."""
    return place if place % 10 else place - 1


def _reporters(company: seeding.Company, count: int) -> list[tuple[people_models.Person, dict[str, Any]]]:
    """People without a metric among their goals who have not checked in this week, and what each reports."""
    places = (place for place in range(len(company.line) - 1, 0, -1) if place % 10)
    found = [company.line[place] for place in itertools.islice(places, count)]
    key_results: dict[Any, dict[str, Any]] = {}
    for key_result in KeyResult.objects.filter(owner__in=found):
        fields = key_results.setdefault(key_result.owner_id, {"wins": "Done as planned.", "plans": "Go on."})
        # On target, all alike: who is off track also asks the manager for an answer, which costs more.
        fields[f"value-{key_result.pk}"] = f"{key_result.target:f}"
        # A jump to the target is asked about; the answer comes with it.
        fields[f"sure-{key_result.pk}"] = fields[f"value-{key_result.pk}"]
        fields[f"confidence-{key_result.pk}"] = "4"
        fields[f"note-{key_result.pk}"] = "Delivery came late."
    return [(person, key_results[person.pk]) for person in found]


def _reporting(
    port: int, reporters: list[tuple[people_models.Person, dict[str, Any]]]
) -> Callable[[int], visitors.Answer]:
    """The nth turn is the nth person's first check-in of the week."""
    organisation = reporters[0][0].organisation
    year, week, _day = okr_rules.monday_of(people.today(organisation)).isocalendar()
    path = reverse("okr:check_in", args=[f"{year}-W{week:02}"])
    browsers = [(visitors.Visitor(port, person), fields) for person, fields in reporters]

    def report_week(turn: int) -> visitors.Answer:
        visitor, fields = browsers[turn]
        answer = visitor.post(path, fields)
        visitor.close()
        return answer

    return report_week


def _repeat(requests: int, ask: Callable[[int], visitors.Answer]) -> list[visitors.Answer]:
    return [ask(turn) for turn in range(WARM_UP + requests)][WARM_UP:]


def _figure(visit: Visit, size: int, floor: float, requests: int) -> Figure:
    """Raises PageBroken when any answer is not a success."""
    answers = _repeat(requests, visit.ask)
    wrong = [answer for answer in answers if answer.status != 200 and not _is_done(visit.page, answer)]
    if wrong:
        raise PageBroken(
            f"{visit.page} for {visit.reader} at {size:,} people answered {wrong[0].status} {wrong[0].location}"
        )
    times = [answer.milliseconds for answer in answers]
    counts = [answer.queries or 0 for answer in answers]
    middle = statistics.median(times)
    return Figure(
        page=visit.page,
        reader=visit.reader,
        people=size,
        median_ms=round(middle, 1),
        p95_ms=round(statistics.quantiles(times, n=100)[SLOWEST_SHOWN - 1], 1),
        queries=max(counts),
        fewest_queries=min(counts),
        kilobytes=round(statistics.mean(answer.size for answer in answers) / 1024, 1),
        ratio=round(middle / floor, 1),
    )


def _is_done(page: str, answer: visitors.Answer) -> bool:
    return page == "check-in POST" and answer.status == 302


def _problems(figures: list[Figure]) -> list[str]:
    problems = [
        f"{each.page} for {each.reader} at {each.people:,} people: p95 {each.p95_ms} ms, above {LIMIT_MS} ms"
        for each in figures
        if each.p95_ms > LIMIT_MS
    ]
    counts: dict[tuple[str, str], set[int]] = {}
    for each in figures:
        counts.setdefault((each.page, each.reader), set()).update((each.queries, each.fewest_queries))
    problems += [
        f"{page} for {reader}: queries between {min(seen)} and {max(seen)}"
        for (page, reader), seen in counts.items()
        if len(seen) > 1
    ]
    return problems
