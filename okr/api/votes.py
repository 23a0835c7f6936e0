"""The blind vote on an objective: open, answer, end; and having read what one was called to."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from okr import actions, queries, rules
from okr.api.objectives import GoalsView
from okr.models import ConfidenceVote, Objective
from performance.foundation import access


class BallotOut(serializers.Serializer[Any]):
    person_id = serializers.UUIDField()
    confidence = serializers.IntegerField(allow_null=True)
    why = serializers.CharField()


class VoteOut(serializers.Serializer[Any]):
    """`ballots` is empty while the vote is open; `mine` is your own."""

    id = serializers.UUIDField(source="vote.pk")
    opened_at = serializers.DateTimeField(source="vote.opened_at")
    closed_at = serializers.DateTimeField(source="vote.closed_at", allow_null=True)
    asked = serializers.IntegerField()
    cast = serializers.IntegerField()
    mine = BallotOut(allow_null=True)
    ballots = BallotOut(many=True)


class BallotIn(serializers.Serializer[None]):
    confidence = serializers.IntegerField(min_value=1, max_value=5)
    why = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class VoteView(GoalsView):
    def vote(self, vote_id: uuid.UUID) -> ConfidenceVote:
        visible = queries.visible_to(self.actor)
        votes = ConfidenceVote.objects.filter(objective__in=visible.values("pk")).select_related("objective")
        return access.get_or_404(votes, pk=vote_id)

    def shown(self, one: Objective, code: int = status.HTTP_200_OK) -> Response:
        shown = queries.shown_vote(one, self.actor.person_id)
        return Response(VoteOut(shown).data if shown else None, status=code)


class Vote(VoteView):
    @extend_schema(operation_id="goals_read_vote", responses=VoteOut)
    def get(self, request: Request, objective_id: uuid.UUID) -> Response:
        """The newest vote about an objective; null where there was none."""
        return self.shown(self.found(objective_id)[0])

    @extend_schema(operation_id="goals_open_vote", request=None, responses={201: VoteOut})
    def post(self, request: Request, objective_id: uuid.UUID) -> Response:
        """Asks everybody concerned how sure they are."""
        one, _line = self.found(objective_id)
        access.require(rules.can_open_vote(self.actor, one))
        actions.open_vote(objective=one, by=self.actor, at=timezone.now())
        return self.shown(one, status.HTTP_201_CREATED)


class BallotView(VoteView):
    @extend_schema(operation_id="goals_cast_ballot", request=BallotIn, responses=VoteOut)
    def put(self, request: Request, vote_id: uuid.UUID) -> Response:
        """Your own answer; the last one shows all."""
        access.require(not self.actor.only_reads)
        vote = self.vote(vote_id)
        actions.cast_ballot(vote=vote, **self.valid(BallotIn), by=self.actor, at=timezone.now())
        return self.shown(vote.objective)


class CloseVote(VoteView):
    @extend_schema(operation_id="goals_close_vote", request=None, responses=VoteOut)
    def post(self, request: Request, vote_id: uuid.UUID) -> Response:
        """Ends it before everybody has answered."""
        vote = self.vote(vote_id)
        access.require(rules.can_open_vote(self.actor, vote.objective))
        actions.close_vote(vote=vote, by=self.actor, at=timezone.now())
        return self.shown(vote.objective)


class Heard(GoalsView):
    @extend_schema(operation_id="goals_heard", request=None, responses={204: None})
    def post(self, request: Request, objective_id: uuid.UUID) -> Response:
        """You were called into the thread and have read it."""
        access.require(not self.actor.only_reads)
        if not actions.note_heard(objective_id=objective_id, by=self.actor, at=timezone.now()):
            self.found(objective_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
