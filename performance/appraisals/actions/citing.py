"""Citing: a section rests on a goal, a check-in, feedback or a part of the score, as it stood at that moment."""

import datetime
import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from performance.appraisals import queries, rules
from performance.appraisals.models import Citation, Review
from performance.foundation import access, refusals

CITED_AT_MOST = 20


class CiteRefused(refusals.Refused):
    """Something cannot be cited."""


@transaction.atomic
def cite(
    *,
    review: Review,
    section_id: uuid.UUID,
    kind: str,
    subject: str,
    by: access.Actor,
    at: datetime.datetime,
) -> Citation:
    """Takes what the writer may see into a section, word for word. Citing it again changes nothing."""
    held = _held(review, by)
    section = next((each for each in queries.sections_for(held) if each.pk == section_id), None)
    if section is None:
        raise CiteRefused(_("This template has no such section."), code="section")
    found = queries.citable(by, held, kind, subject)
    if found is None:
        raise CiteRefused(_("This is not there, or you cannot see it."), code="unknown")
    if held.citations.count() >= CITED_AT_MOST:
        raise CiteRefused(_("%(most)s citations are the most.") % {"most": CITED_AT_MOST}, code="too_many")
    citation, _is_new = Citation.objects.get_or_create(
        review=held,
        section=section,
        kind=found.kind,
        subject=found.subject,
        defaults={"title": found.title[:200], "said": found.said, "url": found.url, "cited_at": at},
    )
    return citation


@transaction.atomic
def uncite(*, citation: Citation, by: access.Actor, at: datetime.datetime) -> None:
    """Takes it out of a draft again."""
    _held(citation.review, by)
    Citation.objects.filter(pk=citation.pk).delete()


def _held(review: Review, by: access.Actor) -> Review:
    held = (
        Review.objects.select_related("entry__cycle__period", "entry__person")
        .select_for_update(of=("self",))
        .get(pk=review.pk)
    )
    if held.is_submitted:
        raise CiteRefused(_("This review has been sent already."), code="conflict")
    access.require(rules.can_write_review(by, held))
    return held
