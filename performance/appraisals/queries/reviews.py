"""Reviews: whose one may open, what waits to be written, how far they are and who is late."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, DateField, Exists, OuterRef, Q, QuerySet, Subquery, Value, When

from performance.appraisals import rules
from performance.appraisals.models import (
    Cycle,
    CycleEntry,
    CycleStage,
    Review,
    ReviewKind,
    ReviewState,
    Stage,
    TemplateSection,
)
from performance.foundation import access
from performance.people import queries as people_queries

#: In which stage a kind of review is written.
STAGE_OF = {
    ReviewKind.SELF.value: Stage.SELF.value,
    ReviewKind.PEER.value: Stage.PEERS.value,
    ReviewKind.UPWARD.value: Stage.PEERS.value,
    ReviewKind.MANAGER.value: Stage.MANAGER.value,
}
COUNTED = [ReviewState.OPEN, ReviewState.SUBMITTED]
#: What colleagues say of somebody is shown to them from so many reviews up, as a mean without names.
LEAST_PEERS = 4
MICRO = 1_000_000


def kinds_asked(cycle: Cycle) -> list[str]:
    """Which kinds of review the cycle's template asks for."""
    said = TemplateSection.objects.filter(version=cycle.template_version_id).values_list(
        "asked_of", flat=True
    )
    return [kind for kind in ReviewKind.values if any(kind in asked for asked in said)]


def sections_for(review: Review) -> list[TemplateSection]:
    """What this kind of review is asked, in order."""
    version = review.entry.cycle.template_version_id
    return list(TemplateSection.objects.filter(version=version, asked_of__contains=[review.kind]))


def sections_of(cycle: Cycle) -> list[TemplateSection]:
    return list(TemplateSection.objects.filter(version=cycle.template_version_id))


def stages_of(cycle: Cycle) -> list[CycleStage]:
    """In their order."""
    order = {stage: place for place, stage in enumerate(Stage.values)}
    return sorted(CycleStage.objects.filter(cycle=cycle), key=lambda each: order[each.stage])


def stage_on(stages: Sequence[CycleStage], on: datetime.date) -> CycleStage | None:
    """The last stage that has begun."""
    begun = [stage for stage in stages if stage.starts_on <= on]
    return begun[-1] if begun else None


def with_days(reviews: QuerySet[Review]) -> QuerySet[Any]:
    """Annotated with `starts_on` and `due_on` of their stage."""
    named = Case(*[When(kind=kind, then=Value(stage)) for kind, stage in STAGE_OF.items()])
    stages = CycleStage.objects.filter(cycle=OuterRef("entry__cycle"), stage=OuterRef("stage_name"))
    return reviews.annotate(stage_name=named).annotate(
        starts_on=Subquery(stages.values("starts_on")[:1], output_field=DateField()),
        due_on=Subquery(stages.values("ends_on")[:1], output_field=DateField()),
    )


def _whole(reviews: QuerySet[Review]) -> QuerySet[Any]:
    return with_days(reviews).select_related(
        "entry__cycle__period",
        "entry__cycle__template_version__template",
        "entry__person",
        "reviewer",
        "delegate",
    )


def _alive(reviews: QuerySet[Review]) -> QuerySet[Review]:
    return reviews.filter(entry__cycle__state="open").exclude(entry__state="left_out")


def reviews_to_ask(on: datetime.date) -> QuerySet[Any]:
    """Open reviews whose stage has begun and that were put before nobody yet."""
    open_ones = _alive(Review.objects.filter(state=ReviewState.OPEN, asked_at=None))
    return _whole(open_ones).filter(starts_on__lte=on)


def late_reviews(cycle: Cycle, on: datetime.date) -> QuerySet[Any]:
    """Open reviews past the last day of their stage."""
    return _whole(_alive(Review.objects.filter(entry__cycle=cycle, state=ReviewState.OPEN))).filter(
        due_on__lt=on
    )


def _mine(actor: access.Actor) -> Q:
    return Q(delegate=actor.person_id) | Q(reviewer=actor.person_id)


def reviews_visible_to(actor: access.Actor, on: datetime.date) -> QuerySet[Any]:
    """One's own to write. HR and auditors: all but those of others about themselves. Managers: self, peer and managers'
    reviews of the people below them today, and upward ones of the managers below. The person: what managers and they
    themselves sent, once published.
    """
    everything = _whole(Review.objects.all())
    of_me = Q(
        entry__person=actor.person_id, entry__state="published", kind="manager", state=ReviewState.SUBMITTED
    )
    my_own = (_mine(actor) & ~Q(state=ReviewState.NOMINATED)) | of_me
    if rules.sees_all_entries(actor):
        return everything.filter(~Q(entry__person=actor.person_id) | my_own)
    below = people_queries.below(actor.person_id, on)
    return everything.filter(my_own | Q(entry__person__in=below))


def reviews_to_write(actor: access.Actor, on: datetime.date) -> list[Any]:
    """What I owe in open cycles whose stage has begun: what is open by its day, then what I have sent."""
    mine = _whole(_alive(Review.objects.all())).filter(_mine(actor), state__in=COUNTED, starts_on__lte=on)
    found = [review for review in mine if review.writer_id == actor.person_id]
    return sorted(found, key=lambda each: (not each.is_open, each.due_on, each.kind, each.pk))


def peers_of(entry: CycleEntry) -> list[Review]:
    """Who was nominated to write of somebody, with how far it is."""
    found = Review.objects.filter(entry=entry, kind=ReviewKind.PEER).select_related(
        "entry__cycle", "entry__person", "reviewer"
    )
    return list(found.order_by("reviewer__name_sort", "pk"))


def reviews_of(actor: access.Actor, entry: CycleEntry, on: datetime.date) -> list[Any]:
    """Those of somebody that the reader may open: the managers' with the lead first, their own, then others'."""
    order = [ReviewKind.MANAGER, ReviewKind.SELF, ReviewKind.PEER, ReviewKind.UPWARD]
    found = reviews_visible_to(actor, on).filter(entry=entry).exclude(state=ReviewState.NOMINATED)
    return sorted(
        found,
        key=lambda each: (order.index(each.kind), not each.is_lead, each.reviewer.name_sort, each.pk),
    )


@dataclass(frozen=True)
class PeersMean:
    """What colleagues rated on average, on the scale from 1 to 5; nobody's own rating."""

    mean: Decimal
    count: int


def peers_mean(entry: CycleEntry) -> PeersMean | None:
    """Of the peer reviews that were sent; None below the fewest that hide who wrote."""
    sent = Review.objects.filter(entry=entry, kind=ReviewKind.PEER, state=ReviewState.SUBMITTED)
    means = [micro for micro in sent.values_list("overall_micro", flat=True) if micro is not None]
    if len(means) < LEAST_PEERS:
        return None
    return PeersMean((Decimal(sum(means)) / len(means) / MICRO).quantize(Decimal("0.1")), len(means))


def missing_managers_reviews(cycle: Cycle) -> int:
    """Managers' reviews that are still to be sent before the sign-off."""
    return _alive(
        Review.objects.filter(entry__cycle=cycle, kind=ReviewKind.MANAGER, state=ReviewState.OPEN)
    ).count()


def stand_ins(review_id: uuid.UUID, on: datetime.date) -> list[uuid.UUID]:
    """Whoever may write a review for its reviewer: colleagues here that day, not the person nor anybody below them."""
    review = Review.objects.select_related("entry").filter(pk=review_id).first()
    if review is None:
        return []
    out = {review.reviewer_id, review.entry.person_id, *people_queries.ids_below(review.entry.person_id, on)}
    return list(people_queries.people_who_write(on).exclude(pk__in=out).values_list("pk", flat=True))


def siblings_of(actor: access.Actor, review: Review) -> list[Any]:
    """The other reviews of the same kind that I am writing in this cycle, and this one, by name."""
    found = _alive(Review.objects.filter(entry__cycle=review.entry.cycle_id, kind=review.kind))
    mine = found.filter(_mine(actor), state=ReviewState.OPEN).select_related("entry__person")
    rows = [
        each for each in mine.order_by("entry__person__name_sort", "pk") if each.writer_id == actor.person_id
    ]
    return rows[:8] if len(rows) > 1 else []


def words_beside(actor: access.Actor, review: Review) -> list[Review]:
    """What the person and colleagues sent, for whoever writes as a manager or reads from above."""
    if review.kind != ReviewKind.MANAGER or actor.person_id == review.entry.person_id:
        return []
    kinds = [ReviewKind.SELF, ReviewKind.PEER]
    sent = Review.objects.filter(entry=review.entry_id, kind__in=kinds, state=ReviewState.SUBMITTED)
    found = sent.select_related("reviewer").prefetch_related("answers__section")
    return sorted(found, key=lambda each: (each.kind != ReviewKind.SELF, each.reviewer.name_sort, each.pk))


def entries_to_nominate(actor: access.Actor) -> list[CycleEntry]:
    """My own entries in open cycles whose template asks peers."""
    asks = TemplateSection.objects.filter(
        version=OuterRef("cycle__template_version"), asked_of__contains=[ReviewKind.PEER]
    )
    found = CycleEntry.objects.filter(Exists(asks), person=actor.person_id, state="open", cycle__state="open")
    return list(found.select_related("cycle__period").order_by("-cycle_id"))


def entries_with_peers(actor: access.Actor, on: datetime.date) -> QuerySet[CycleEntry]:
    """Entries of cycles with peer reviews whose peers the actor may know: their own while it is open, those of the
    people below them, all for HR and auditors."""
    asks = TemplateSection.objects.filter(
        version=OuterRef("cycle__template_version"), asked_of__contains=[ReviewKind.PEER]
    )
    found = CycleEntry.objects.filter(Exists(asks)).select_related("cycle__period", "person")
    if rules.sees_all_entries(actor):
        return found
    return found.filter(Q(person=actor.person_id) | Q(person__in=people_queries.below(actor.person_id, on)))


def kind_name(kind: str) -> str:
    return str(ReviewKind(kind).label)


#: How many days each stage lasts where nobody says otherwise.
USUAL_DAYS = {
    Stage.SELF: 14,
    Stage.PEERS: 14,
    Stage.MANAGER: 14,
    Stage.CALIBRATION: 10,
    Stage.PUBLISH: 1,
    Stage.ACKNOWLEDGE: 14,
    Stage.APPEAL: 14,
}


def usual_days(first: datetime.date) -> dict[str, tuple[datetime.date, datetime.date]]:
    """One stage after the other; people appeal while they acknowledge."""
    found: dict[str, tuple[datetime.date, datetime.date]] = {}
    for stage, days in USUAL_DAYS.items():
        starts_on = found[Stage.ACKNOWLEDGE][0] if stage == Stage.APPEAL else first
        found[stage.value] = (starts_on, starts_on + datetime.timedelta(days=days - 1))
        first = found[stage.value][1] + datetime.timedelta(days=1)
    return found
