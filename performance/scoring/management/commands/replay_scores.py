"""`manage.py replay_scores`: computes frozen scores again from what they kept, and says whether each is identical."""

import uuid
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

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

    def handle(self, *args: Any, **options: Any) -> None:
        organisations = Organisation.objects.order_by("created_at")
        if options["organisation"]:
            organisations = organisations.filter(pk=options["organisation"])
        replayed = different = 0
        for organisation in organisations:
            with tenancy.acting_for(organisation):
                seen, unlike = self._replay(options["period"], with_provisional=options["all"])
            replayed, different = replayed + seen, different + unlike
        self.stdout.write(
            f"{replayed} scores replayed, {replayed - different} identical, {different} different"
        )
        if different:
            raise CommandError("Some scores do not follow from their inputs.")

    def _replay(self, period_id: uuid.UUID | None, *, with_provisional: bool) -> tuple[int, int]:
        scores = (
            Score.objects.order_by("pk")
            if with_provisional
            else Score.objects.filter(state=ScoreState.FROZEN)
        )
        if period_id:
            scores = scores.filter(period_id=period_id)
        versions = PolicyVersion.objects.exclude(plan=None).in_bulk()
        seen = different = 0
        ahead = scores.iterator(chunk_size=AT_ONCE)
        while some := list(islice(ahead, AT_ONCE)):
            trails = queries.untouched_trails(some)
            for score in some:
                replay = queries.replay_score(score, versions, trails)
                seen += 1
                if not replay.is_identical:
                    different += 1
                    self.stdout.write(f"{score.pk}: {', '.join(replay.differences)}")
        return seen, different
