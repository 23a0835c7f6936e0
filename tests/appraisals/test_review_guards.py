"""What the database refuses of templates and reviews, whatever the code above it says."""

import datetime
from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from performance.appraisals.models import (
    Citation,
    Cycle,
    CycleEntry,
    CycleStage,
    Review,
    ReviewAnswer,
    ReviewTemplate,
    TemplateSection,
    TemplateVersion,
)
from performance.foundation import tenancy
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def section(cast: Cast) -> TemplateSection:
    """Of a version that is published."""
    with tenancy.acting_for(cast.organisation):
        template = ReviewTemplate.objects.create(name_en="Usual")
        version = TemplateVersion.objects.create(
            template=template, number=1, made_by=cast.hr, made_at=timezone.now()
        )
        made = TemplateSection.objects.create(
            version=version,
            position=1,
            kind="score",
            name_en="Results",
            weight_ppm=1_000_000,
            asked_of=["self"],
        )
        TemplateVersion.objects.filter(pk=version.pk).update(
            state="published", published_by=cast.hr, published_at=timezone.now()
        )
        return made


@pytest.fixture
def review(cast: Cast, cycle: Cycle, section: TemplateSection) -> Review:
    with tenancy.acting_for(cast.organisation):
        entry = CycleEntry.objects.get(cycle=cycle, person=cast.employee)
        return Review.objects.create(entry=entry, kind="self", reviewer=cast.employee)


def refused(cast: Cast, words: str, write: Callable[[], object]) -> None:
    with (
        tenancy.acting_for(cast.organisation),
        pytest.raises(IntegrityError, match=words),
        transaction.atomic(),
    ):
        write()


def send(cast: Cast, review: Review) -> None:
    with tenancy.acting_for(cast.organisation):
        Review.objects.filter(pk=review.pk).update(
            state="submitted", submitted_by=cast.employee, submitted_at=timezone.now()
        )


def test_a_published_template_never_changes(cast: Cast, section: TemplateSection) -> None:
    words = "a published template never changes"
    refused(cast, words, lambda: TemplateSection.objects.filter(pk=section.pk).update(weight_ppm=1))
    refused(cast, words, lambda: TemplateSection.objects.filter(pk=section.pk).delete())
    refused(cast, words, lambda: TemplateVersion.objects.filter(pk=section.version_id).update(note="x"))
    refused(
        cast,
        words,
        lambda: TemplateSection.objects.create(
            version_id=section.version_id, position=2, kind="question", name_en="More", asked_of=["self"]
        ),
    )


def test_answers_and_citations_of_a_sent_review_stay(
    cast: Cast, review: Review, section: TemplateSection
) -> None:
    with tenancy.acting_for(cast.organisation):
        ReviewAnswer.objects.create(review=review, section=section, rating=3)
        Citation.objects.create(
            review=review, section=section, kind="feedback", subject="1", title="A", cited_at=timezone.now()
        )
    send(cast, review)
    refused(cast, "only an open review", lambda: ReviewAnswer.objects.update(rating=4))
    refused(cast, "only an open review", lambda: Citation.objects.all().delete())


def test_a_review_that_was_sent_stays(cast: Cast, review: Review) -> None:
    send(cast, review)
    refused(cast, "a review that was sent stays", lambda: Review.objects.filter(pk=review.pk).delete())


def test_no_review_moves_after_the_sign_off(cast: Cast, review: Review) -> None:
    with tenancy.acting_for(cast.organisation):
        CycleEntry.objects.filter(pk=review.entry_id).update(state="signed_off")
    refused(
        cast, "once its cycle is signed off", lambda: Review.objects.filter(pk=review.pk).update(revision=1)
    )


def test_a_cycle_keeps_its_version_of_the_template_once_signed_off(
    cast: Cast, signed_off: Cycle, section: TemplateSection
) -> None:
    refused(
        cast,
        "one way only",
        lambda: Cycle.objects.filter(pk=signed_off.pk).update(template_version_id=section.version_id),
    )


def test_a_stage_does_not_end_before_it_begins(cast: Cast, cycle: Cycle) -> None:
    day = datetime.date(2026, 5, 1)
    refused(
        cast,
        "stage_ends_after_start",
        lambda: CycleStage.objects.create(
            cycle=cycle, stage="self", starts_on=day, ends_on=day - datetime.timedelta(days=1)
        ),
    )


def test_nobody_declines_or_delegates_without_a_reason(cast: Cast, review: Review) -> None:
    refused(
        cast,
        "review_undone_for_a_reason",
        lambda: Review.objects.filter(pk=review.pk).update(state="declined"),
    )
    refused(
        cast,
        "review_delegated_for_a_reason",
        lambda: Review.objects.filter(pk=review.pk).update(delegate=cast.boss, delegated_by=cast.hr),
    )
