"""Writing reviews in tests: what a person would type."""

from typing import Any

from django.utils import timezone

from performance.appraisals import actions, queries
from performance.appraisals.models import Cycle, Review
from performance.foundation import access
from performance.people import models as people


def review_of(
    cycle: Cycle, person: people.Person, kind: str, reviewer: people.Person | None = None
) -> Review:
    found = Review.objects.select_related("entry__cycle__period", "entry__person")
    named = {"reviewer": reviewer} if reviewer else {}
    return found.get(entry__cycle=cycle, entry__person=person, kind=kind, **named)


def answers(review: Review, *ratings: int | None, why: str = "It is so.", text: str = "Well done.") -> Any:
    """One rating for each section; without, the suggested middle."""
    sections = queries.sections_for(review)
    given = ratings or (3,) * len(sections)
    return {
        section.pk: actions.Answer(rating, text, why) for section, rating in zip(sections, given, strict=True)
    }


def send(review: Review, by: access.Actor, *ratings: int | None, **said: Any) -> Review:
    at = timezone.now()
    saved = actions.save_draft(
        review=review,
        answers=answers(review, *ratings, **said),
        revision=review.revision,
        by=by,
        at=at,
    )
    return actions.submit_review(review=saved, revision=saved.revision, by=by, at=at)
