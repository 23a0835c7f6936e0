"""`manage.py replay_scores`: computes frozen scores again from what they kept, and says whether each is identical."""

import random
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import repeat
from multiprocessing import get_context
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from performance.foundation import tenancy
from performance.people.models import Organisation
from performance.scoring import queries
from performance.scoring.models import PolicyVersion, Score, ScoreState

AT_ONCE = 1000


class Command(BaseCommand):
    help = "Recomputes frozen scores from their kept inputs and compares them to the last bit."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organisation", type=uuid.UUID, help="only this organisation (id)")
        parser.add_argument("--period", type=uuid.UUID, help="only this period (id)")
        parser.add_argument("--all", action="store_true", help="provisional scores as well")
        parser.add_argument("--processes", type=int, default=1, help="so many processes side by side")
        parser.add_argument(
            "--shuffle", type=int, metavar="SEED", help="in another order, the same for a seed"
        )
        parser.add_argument("--most", type=int, help="no more than so many of an organisation")

    def handle(self, *args: Any, **options: Any) -> None:
        organisations = Organisation.objects.order_by("created_at")
        if options["organisation"]:
            organisations = organisations.filter(pk=options["organisation"])
        replayed = different = 0
        for organisation_id in list(organisations.values_list("pk", flat=True)):
            with tenancy.acting_for(organisation_id):
                score_ids = _wanted(options["period"], with_provisional=options["all"])
            if options["shuffle"] is not None:
                random.Random(options["shuffle"]).shuffle(score_ids)  # noqa: S311 - an order, not a secret
            score_ids = score_ids[: options["most"]]
            replayed += len(score_ids)
            for line in _replayed(organisation_id, score_ids, options["processes"]):
                different += 1
                self.stdout.write(line)
        self.stdout.write(
            f"{replayed} scores replayed, {replayed - different} identical, {different} different"
        )
        if different:
            raise CommandError("Some scores do not follow from their inputs.")


def _wanted(period_id: uuid.UUID | None, *, with_provisional: bool) -> list[uuid.UUID]:
    scores = Score.objects.order_by("pk")
    if not with_provisional:
        scores = scores.filter(state=ScoreState.FROZEN)
    if period_id:
        scores = scores.filter(period_id=period_id)
    return list(scores.values_list("pk", flat=True))


def _replayed(organisation_id: uuid.UUID, score_ids: Sequence[uuid.UUID], processes: int) -> Iterator[str]:
    """A line for each score that does not match."""
    parts = [score_ids[start : start + AT_ONCE] for start in range(0, len(score_ids), AT_ONCE)]
    if processes < 2:
        for found in map(partial(_differing, organisation_id), parts):
            yield from found
        return
    # A connection belongs to one process.
    connections.close_all()
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        for found in pool.map(_differing, repeat(organisation_id), parts):
            yield from found


def _differing(organisation_id: uuid.UUID, score_ids: Sequence[uuid.UUID]) -> list[str]:
    with tenancy.acting_for(organisation_id):
        kept = Score.objects.in_bulk(score_ids)
        scores = [kept[score_id] for score_id in score_ids]
        versions = PolicyVersion.objects.exclude(plan=None).in_bulk()
        trails = queries.untouched_trails(scores)
        replays = queries.replay_scores(scores, versions, trails)
    return [
        f"{replay.score_id}: {', '.join(replay.differences)}" for replay in replays if not replay.is_identical
    ]
