"""Reviews: mine, one of them, writing, sending, citing, handing on; and peers."""

import uuid
from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.appraisals import actions, queries, rules
from performance.appraisals.api.base import AppraisalsView
from performance.appraisals.models import Citation, CitedKind, Review
from performance.foundation import access
from performance.people import models as people
from performance.people import queries as people_queries

MICRO = Decimal(1_000_000)


class ReviewOut(serializers.Serializer[Any]):
    """`share`: what a manager's review weighs, from 0 to 1. `overall`: the weighted mean from 1 to 5, once sent."""

    id = serializers.UUIDField()
    cycle = serializers.UUIDField(source="entry.cycle_id")
    entry = serializers.UUIDField(source="entry_id")
    person = serializers.UUIDField(source="entry.person_id")
    kind = serializers.CharField()
    state = serializers.CharField()
    reviewer = serializers.UUIDField(source="reviewer_id")
    delegate = serializers.UUIDField(source="delegate_id", allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    share = serializers.SerializerMethodField()
    revision = serializers.IntegerField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    suggested_rating = serializers.IntegerField(allow_null=True)
    rating = serializers.IntegerField(allow_null=True)
    overall = serializers.SerializerMethodField()

    def get_share(self, review: Review) -> Decimal:
        return Decimal(review.share_ppm) / MICRO

    def get_overall(self, review: Review) -> Decimal | None:
        return None if review.overall_micro is None else Decimal(review.overall_micro) / MICRO


class ReviewAnswerOut(serializers.Serializer[Any]):
    section = serializers.UUIDField(source="section_id")
    rating = serializers.IntegerField(allow_null=True)
    suggested_rating = serializers.IntegerField(allow_null=True)
    why = serializers.CharField()
    text = serializers.CharField()


class CitationOut(serializers.ModelSerializer[Citation]):
    section = serializers.UUIDField(source="section_id")

    class Meta:
        model = Citation
        fields = ["id", "section", "kind", "subject", "title", "said", "url", "cited_at"]


class WholeReviewOut(ReviewOut):
    """Answers and citations are empty for whoever may not read a draft."""

    answers = ReviewAnswerOut(many=True)
    citations = CitationOut(many=True)


class ReviewAnswerIn(serializers.Serializer[None]):
    section = serializers.UUIDField()
    rating = serializers.IntegerField(required=False, allow_null=True, default=None)
    text = serializers.CharField(required=False, allow_blank=True, default="", max_length=8000)
    why = serializers.CharField(required=False, allow_blank=True, default="", max_length=8000)


class ReviewIn(serializers.Serializer[None]):
    """`revision`: the one that was read; `send`: sends what is saved."""

    revision = serializers.IntegerField(min_value=0)
    answers = ReviewAnswerIn(many=True, required=False, default=list)
    send = serializers.BooleanField(required=False, default=False)


class ReviewStepIn(serializers.Serializer[None]):
    step = serializers.ChoiceField(choices=["decline", "excuse", "reopen", "delegate"])
    reason = serializers.CharField(max_length=1000)
    to = serializers.UUIDField(required=False, allow_null=True, default=None)


class CiteIn(serializers.Serializer[None]):
    section = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=CitedKind.choices)
    subject = serializers.CharField(max_length=80)


class CitableOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    subject = serializers.CharField()
    title = serializers.CharField()
    note = serializers.CharField()
    said = serializers.CharField()
    url = serializers.CharField()


class PeerOut(serializers.Serializer[Any]):
    """How far a peer is; for the person themselves only whether the manager has agreed."""

    id = serializers.UUIDField()
    reviewer = serializers.UUIDField(source="reviewer_id")
    state = serializers.CharField()


class PeerIn(serializers.Serializer[None]):
    person = serializers.UUIDField()


class PeerAnswerIn(serializers.Serializer[None]):
    agree = serializers.BooleanField()
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class ReviewView(AppraisalsView):
    def review(self, request: Request, review_id: uuid.UUID) -> Any:
        on = people_queries.today(request.actor.organisation)
        return access.get_or_404(queries.reviews_visible_to(request.actor, on), pk=review_id)

    def whole(self, request: Request, review_id: uuid.UUID) -> Response:
        found = self.review(request, review_id)
        shown = WholeReviewOut(found).data
        if not rules.can_read_answers(request.actor, found):
            shown |= {"answers": [], "citations": []}
        return Response(shown)


class Reviews(ReviewView):
    """What I owe in open cycles, and what I have sent."""

    @extend_schema(responses=ReviewOut(many=True), operation_id="reviews_list")
    def get(self, request: Request) -> Response:
        on = people_queries.today(request.actor.organisation)
        return Response(ReviewOut(queries.reviews_to_write(request.actor, on), many=True).data)


class OneReview(ReviewView):
    """One review: reading it, saving what is written, sending it."""

    @extend_schema(responses=WholeReviewOut, operation_id="reviews_retrieve")
    def get(self, request: Request, review_id: uuid.UUID) -> Response:
        return self.whole(request, review_id)

    @extend_schema(request=ReviewIn, responses=WholeReviewOut, operation_id="reviews_write")
    def put(self, request: Request, review_id: uuid.UUID) -> Response:
        """409 where another window has saved since the revision that was read."""
        found = self.review(request, review_id)
        access.require(rules.can_write_review(request.actor, found) or found.is_submitted)
        asked = ReviewIn(data=request.data)
        asked.is_valid(raise_exception=True)
        given, at = asked.validated_data, timezone.now()
        answers = {
            each["section"]: actions.Answer(each["rating"], each["text"], each["why"])
            for each in given["answers"]
        }
        saved = actions.save_draft(
            review=found, answers=answers, revision=given["revision"], by=request.actor, at=at
        )
        if given["send"]:
            actions.submit_review(review=saved, revision=saved.revision, by=request.actor, at=at)
        return self.whole(request, review_id)

    @extend_schema(request=ReviewStepIn, responses=WholeReviewOut, operation_id="reviews_step")
    def post(self, request: Request, review_id: uuid.UUID) -> Response:
        """Declines, excuses, sends back or delegates it (to nobody: takes it back), for a reason."""
        found = self.review(request, review_id)
        asked = ReviewStepIn(data=request.data)
        asked.is_valid(raise_exception=True)
        given: dict[str, Any] = {"reason": asked.validated_data["reason"], "by": request.actor}
        given |= {"review": found, "at": timezone.now()}
        match asked.validated_data["step"]:
            case "decline":
                actions.decline_review(**given)
            case "excuse":
                actions.excuse_review(**given)
            case "reopen":
                actions.reopen_review(**given)
            case _:
                actions.delegate_review(to=asked.validated_data["to"], **given)
        on = people_queries.today(request.actor.organisation)
        still = queries.reviews_visible_to(request.actor, on).filter(pk=review_id).exists()
        return self.whole(request, review_id) if still else Response(status=status.HTTP_204_NO_CONTENT)


class Citables(ReviewView):
    """What the writer may see and cite."""

    @extend_schema(responses=CitableOut(many=True), operation_id="reviews_citable")
    def get(self, request: Request, review_id: uuid.UUID) -> Response:
        found = self.review(request, review_id)
        access.require(rules.can_write_review(request.actor, found))
        return Response(CitableOut(queries.citables(request.actor, found), many=True).data)

    @extend_schema(request=CiteIn, responses={201: CitationOut}, operation_id="reviews_cite")
    def post(self, request: Request, review_id: uuid.UUID) -> Response:
        found = self.review(request, review_id)
        asked = CiteIn(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        citation = actions.cite(
            review=found,
            section_id=given["section"],
            kind=given["kind"],
            subject=given["subject"],
            by=request.actor,
            at=timezone.now(),
        )
        return Response(CitationOut(citation).data, status=status.HTTP_201_CREATED)


class OneCitation(ReviewView):
    """Taking a citation out of a draft."""

    @extend_schema(responses={204: None}, operation_id="reviews_uncite")
    def delete(self, request: Request, review_id: uuid.UUID, citation_id: uuid.UUID) -> Response:
        found = self.review(request, review_id)
        citation = access.get_or_404(Citation.objects.filter(review=found), pk=citation_id)
        actions.uncite(citation=citation, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class PeerView(ReviewView):
    def entry(self, request: Request, entry_id: uuid.UUID) -> Any:
        on = people_queries.today(request.actor.organisation)
        return access.get_or_404(queries.entries_with_peers(request.actor, on), pk=entry_id)


class Peers(PeerView):
    """Who writes of somebody as a colleague."""

    @extend_schema(responses=PeerOut(many=True), operation_id="peers_list")
    def get(self, request: Request, entry_id: uuid.UUID) -> Response:
        entry = self.entry(request, entry_id)
        shown = PeerOut(queries.peers_of(entry), many=True).data
        if entry.person_id == request.actor.person_id:
            for each in shown:
                each["state"] = "nominated" if each["state"] == "nominated" else "agreed"
        return Response(shown)

    @extend_schema(request=PeerIn, responses={201: PeerOut}, operation_id="peers_nominate")
    def post(self, request: Request, entry_id: uuid.UUID) -> Response:
        entry = self.entry(request, entry_id)
        asked = PeerIn(data=request.data)
        asked.is_valid(raise_exception=True)
        peer = access.get_or_404(people.Person.objects.all(), pk=asked.validated_data["person"])
        made = actions.nominate_peer(entry=entry, peer=peer, by=request.actor, at=timezone.now())
        return Response(PeerOut(made).data, status=status.HTTP_201_CREATED)


class OnePeer(PeerView):
    """Agreeing to a nominated peer, or not."""

    @extend_schema(request=PeerAnswerIn, responses=PeerOut, operation_id="peers_answer")
    def post(self, request: Request, review_id: uuid.UUID) -> Response:
        asked_for = access.get_or_404(Review.objects.filter(kind="peer"), pk=review_id)
        self.entry(request, asked_for.entry_id)
        asked = PeerAnswerIn(data=request.data)
        asked.is_valid(raise_exception=True)
        at = timezone.now()
        if asked.validated_data["agree"]:
            done = actions.approve_peer(review=asked_for, by=request.actor, at=at)
        else:
            done = actions.turn_peer_down(
                review=asked_for, reason=asked.validated_data["reason"], by=request.actor, at=at
            )
        return Response(PeerOut(done).data)
