"""The retrospective of a team: read, add, change and remove notes, close with agreed actions, mark them as done."""

import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from okr import actions, queries, rules
from okr.actions.retrospectives import MOST_ACTIONS
from okr.api.objectives import GoalsView
from okr.models import AgreedAction, RetrospectiveNote
from okr.models.retrospectives import Column
from performance.foundation import access, api
from performance.people import models as people_models
from performance.people import queries as people


class RetrospectiveNoteIn(serializers.Serializer):
    column = serializers.ChoiceField(choices=Column.choices)
    text = serializers.CharField(max_length=1000)


class RetrospectiveNoteText(serializers.Serializer):
    text = serializers.CharField(max_length=1000)


class RetrospectiveNoteOut(serializers.ModelSerializer[RetrospectiveNote]):
    by = serializers.UUIDField(source="by_id")

    class Meta:
        model = RetrospectiveNote
        fields = ["id", "column", "text", "by", "at", "edited_at"]


class AgreedActionIn(serializers.Serializer):
    what = serializers.CharField(max_length=300)
    owner = serializers.UUIDField(help_text="A member of the team.")
    due_on = serializers.DateField()


class CloseRetrospectiveIn(serializers.Serializer):
    agreed = serializers.ListField(child=AgreedActionIn(), max_length=MOST_ACTIONS, default=list)


class AgreedActionOut(serializers.ModelSerializer[AgreedAction]):
    owner = serializers.UUIDField(source="owner_id")

    class Meta:
        model = AgreedAction
        fields = ["id", "what", "owner", "due_on", "done_at"]


class RetrospectiveOut(serializers.Serializer):
    team = serializers.UUIDField()
    period = serializers.UUIDField()
    closed_at = serializers.DateTimeField(allow_null=True)
    notes = RetrospectiveNoteOut(many=True)
    agreed = AgreedActionOut(many=True)


class Circles(GoalsView):
    def reached(self, team_id: uuid.UUID, period_id: uuid.UUID) -> tuple[Any, Any, queries.Circle]:
        """A team and a period whose retrospective you may read; anything else does not exist."""
        team = access.get_or_404(people_models.Team.objects.all(), pk=team_id)
        period = access.get_or_404(people.periods(), pk=period_id)
        circle = queries.circle_of(team, period, people.today(self.actor.organisation))
        if not rules.can_read_retrospective(self.actor, team, circle.member_ids, circle.line_above):
            raise Http404
        return team, period, circle

    def endings(self, team_id: uuid.UUID) -> tuple[Any, list[Any]]:
        """A team and its ended periods that you may look back on; 404 for whoever may not look back with it."""
        actor, today = self.actor, people.today(self.actor.organisation)
        team = access.get_or_404(people_models.Team.objects.all(), pk=team_id)
        line = people.line_above(team.lead_id, today) if team.lead_id else []
        endings = queries.endings_read_by(actor, team, list(people.periods()), line, today)
        members = people.members_of(team.pk, today).values_list("pk", flat=True)
        if not endings and not rules.can_read_retrospective(actor, team, set(members), line):
            raise Http404
        return team, endings

    def told(self, team: Any, period: Any, code: int = status.HTTP_200_OK) -> Response:
        one = queries.retrospective_of(team, period)
        shown = {
            "team": team.pk,
            "period": period.pk,
            "closed_at": one.closed_at if one else None,
            "notes": list(one.notes.all()) if one else [],
            "agreed": list(one.agreed.all()) if one else [],
        }
        return Response(RetrospectiveOut(shown).data, status=code)


class TeamRetrospective(Circles):
    @extend_schema(operation_id="goals_retrospective", responses=RetrospectiveOut)
    def get(self, request: Request, team_id: uuid.UUID, period_id: uuid.UUID) -> Response:
        """Notes and agreed actions: for members, the lead, the line above and HR."""
        team, period, _circle = self.reached(team_id, period_id)
        return self.told(team, period)


class RetrospectiveNotes(Circles):
    @extend_schema(
        operation_id="goals_add_retrospective_note",
        parameters=[api.ONCE],
        request=RetrospectiveNoteIn,
        responses={201: RetrospectiveNoteOut},
    )
    def post(self, request: Request, team_id: uuid.UUID, period_id: uuid.UUID) -> Response:
        """Adds a note while the retrospective is open."""
        team, period, circle = self.reached(team_id, period_id)
        access.require(rules.can_note(self.actor, team, circle.member_ids))
        given = self.valid(RetrospectiveNoteIn)
        note = actions.add_retrospective_note(
            team=team, period=period, key=self.once_key, by=self.actor, at=timezone.now(), **given
        )
        return Response(RetrospectiveNoteOut(note).data, status=status.HTTP_201_CREATED)


class OneRetrospectiveNote(Circles):
    @extend_schema(
        operation_id="goals_edit_retrospective_note",
        request=RetrospectiveNoteText,
        responses=RetrospectiveNoteOut,
    )
    def put(self, request: Request, note_id: uuid.UUID) -> Response:
        """Changes your own note."""
        note = actions.edit_retrospective_note(
            note=self.own(note_id), by=self.actor, at=timezone.now(), **self.valid(RetrospectiveNoteText)
        )
        return Response(RetrospectiveNoteOut(note).data)

    @extend_schema(operation_id="goals_remove_retrospective_note", responses={204: None})
    def delete(self, request: Request, note_id: uuid.UUID) -> Response:
        """Removes your own note."""
        actions.remove_retrospective_note(note=self.own(note_id), by=self.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def own(self, note_id: uuid.UUID) -> RetrospectiveNote:
        note = access.get_or_404(queries.retrospective_notes(), pk=note_id)
        self.reached(note.retrospective.team_id, note.retrospective.period_id)
        access.require(not self.actor.only_reads and note.by_id == self.actor.person_id)
        return note


class CloseRetrospective(Circles):
    @extend_schema(
        operation_id="goals_close_retrospective", request=CloseRetrospectiveIn, responses=RetrospectiveOut
    )
    def post(self, request: Request, team_id: uuid.UUID, period_id: uuid.UUID) -> Response:
        """The lead or HR closes it, with up to three actions that become work of their owners."""
        team, period, circle = self.reached(team_id, period_id)
        access.require(rules.can_close_retrospective(self.actor, team))
        members = {each.pk: each for each in circle.members}
        agreed = [
            actions.Agreed(
                what=each["what"],
                owner=members.get(each["owner"]) or people_models.Person(pk=each["owner"]),
                due_on=each["due_on"],
            )
            for each in self.valid(CloseRetrospectiveIn)["agreed"]
        ]
        actions.close_retrospective(team=team, period=period, agreed=agreed, by=self.actor, at=timezone.now())
        return self.told(team, period)


class FinishAgreedAction(Circles):
    @extend_schema(operation_id="goals_finish_agreed_action", request=None, responses=AgreedActionOut)
    def post(self, request: Request, action_id: uuid.UUID) -> Response:
        """Its owner or the lead says that it is done."""
        one = access.get_or_404(queries.all_agreed(), pk=action_id)
        if not rules.can_finish(self.actor, one, one.retrospective.team):
            # Whoever may not look back with the team hears of nothing that it agreed on.
            self.reached(one.retrospective.team_id, one.retrospective.period_id)
            raise PermissionDenied
        done = actions.finish_agreed_action(action=one, by=self.actor, at=timezone.now())
        return Response(AgreedActionOut(done).data)
