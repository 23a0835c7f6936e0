"""What the page of a review shows: its sections as typed or as kept, and the evidence beside them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from performance.appraisals import forms, queries, rules
from performance.appraisals.models import Band, Citation, Review, ReviewAnswer, TemplateSection
from performance.foundation import access, citing, i18n, refusals
from performance.people import queries as people_queries


@dataclass(frozen=True)
class Step:
    """One rating to choose."""

    value: int
    name: str
    is_hint: bool
    is_chosen: bool


@dataclass(frozen=True)
class Row:
    """One section of the form."""

    section: TemplateSection
    answer: ReviewAnswer
    steps: tuple[Step, ...]
    hint: Step | None
    citations: tuple[Citation, ...]
    error: str = ""
    #: What another window has saved, where it differs from what was typed here.
    other: ReviewAnswer | None = None

    @property
    def differs(self) -> bool:
        return bool(self.hint and self.answer.rating and self.answer.rating != self.hint.value)

    @property
    def is_done(self) -> bool:
        rated = not self.section.is_rated or self.answer.rating is not None
        return rated and bool(self.answer.text or self.section.is_rated)


@dataclass(frozen=True)
class Group:
    """Things of one kind that can be cited; `used` the keys of those that are."""

    kind: str
    items: tuple[citing.Citable, ...] = field(default=())


def page(
    request: HttpRequest,
    review: Any,
    *,
    typed: Mapping[str, str] | None = None,
    refusal: refusals.Refused | None = None,
    delegate_form: Any = None,
    reason_form: Any = None,
) -> dict[str, Any]:
    """Everything the page needs, in a constant number of queries."""
    actor = request.actor
    sections = queries.sections_for(review)
    reads = rules.can_read_answers(actor, review)
    writes = rules.can_write_review(actor, review)
    kept = {answer.section_id: answer for answer in review.answers.all()} if reads else {}
    shown = kept
    if typed is not None:
        said = forms.answers_from(typed, sections)
        shown = {
            key: ReviewAnswer(section_id=key, rating=each.rating, text=each.text, why=each.why)
            for key, each in said.items()
        }
    citations = list(review.citations.all()) if reads else []
    score, hint = queries.score_shown(actor, review) if reads else (None, None)
    bands = queries.bands_of(review.entry.cycle)
    is_rival = typed is not None and refusal is not None and refusal.code == "conflict"
    rows = [
        _row(section, shown, citations, bands, hint, refusal, kept if is_rival else None)
        for section in sections
    ]
    others = queries.words_beside(actor, review)
    evidence = _evidence(actor, review, score, writes)
    rated = [
        (row.section.weight_ppm, row.answer.rating, row.section.highest) for row in rows if row.answer.rating
    ]
    overall = review.overall_micro if review.is_submitted else queries.overall_of(rated)
    names = {band.rating: band for band in bands}
    return {
        "nav": "performance",
        "review": review,
        "entry": review.entry,
        "cycle": review.entry.cycle,
        "rows": rows,
        "done": sum(row.is_done for row in rows),
        "reads": reads,
        "writes": writes,
        "refusal": refusal,
        "revision": review.revision,
        "is_rival": is_rival,
        "score": score,
        "lines": queries.lines_shown(score) if score else [],
        "axis": 100 if score is None or (score.score_micro or 0) <= 100_000_000 else 120,
        "suggested": names.get(hint) if hint else None,
        "used": {f"{each.kind}:{each.subject}" for each in citations},
        "cited": len(citations),
        "evidence": evidence,
        "others": others,
        "overall": overall,
        "overall_band": names.get(queries.rating_of(overall) or 0),
        "sum": [row for row in rows if row.answer.rating],
        "is_rated_whole": all(row.answer.rating for row in rows if row.section.is_rated),
        "today": people_queries.today(actor.organisation),
        "can_delegate": rules.can_delegate(actor, review),
        "delegate_form": delegate_form or _delegate_form(actor, review),
        "can_decline": rules.can_decline(actor, review),
        "can_excuse": rules.can_excuse(actor, review),
        "can_reopen": rules.can_reopen(actor, review),
        "reason_form": reason_form or forms.ReasonForm(auto_id="reason_%s"),
        "siblings": queries.siblings_of(actor, review) if writes else [],
    }


def _row(
    section: TemplateSection,
    shown: Mapping[uuid.UUID, ReviewAnswer],
    citations: list[Citation],
    bands: list[Band],
    hint: int | None,
    refusal: refusals.Refused | None,
    rivals: Mapping[uuid.UUID, ReviewAnswer] | None,
) -> Row:
    answer = shown.get(section.pk) or ReviewAnswer(section=section)
    suggested = hint if section.takes_suggestion else None
    steps = tuple(
        Step(value, name, value == suggested, value == answer.rating)
        for value, name in _named(section, bands)
        if section.is_rated
    )
    error = ""
    if refusal is not None and (refusal.field or "").endswith(str(section.pk)):
        error = str(refusal)
    other = None
    if rivals is not None:
        saved = rivals.get(section.pk) or ReviewAnswer(section=section)
        if (saved.rating, saved.text, saved.why) != (answer.rating, answer.text.strip(), answer.why.strip()):
            other = saved
    return Row(
        section=section,
        answer=answer,
        steps=steps,
        hint=next((step for step in steps if step.is_hint), None),
        citations=tuple(each for each in citations if each.section_id == section.pk),
        error=error,
        other=other,
    )


def _named(section: TemplateSection, bands: list[Band]) -> list[tuple[int, str]]:
    if section.steps:
        return [(place, i18n.in_words(step)) for place, step in enumerate(section.steps, start=1)]
    return [(band.rating, str(band)) for band in reversed(bands)]


def _evidence(actor: access.Actor, review: Review, score: Any, writes: bool) -> list[Group]:
    """By kind, only for whoever writes: readers see what was cited."""
    if not writes or review.kind in ("peer", "upward"):
        return []
    period = review.entry.cycle.period
    found = citing.citable(actor, review.entry.person_id, period.starts_on, period.ends_on)
    kinds = ("objective", "check_in", "feedback")
    return [Group(kind, tuple(each for each in found if each.kind == kind)) for kind in kinds]


def _delegate_form(actor: access.Actor, review: Review) -> Any:
    return forms.DelegateForm(auto_id="delegate_%s") if rules.can_delegate(actor, review) else None
