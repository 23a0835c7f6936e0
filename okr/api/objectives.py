"""Objectives: list, propose, read, discuss, suggest, agree. The same rules and actions as the pages."""

import datetime
import uuid
from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from okr import actions, forms, queries, rules
from okr.api import serializers
from okr.models import Agreement, Comment, Objective, ObjectiveVersion, SuggestedEdit
from okr.models.agreements import VersionState
from okr.models.objectives import OwnerKind
from performance.foundation import access, api, jobs, once
from performance.people import models as people_models
from performance.people import queries as people
from performance.scoring import tasks as scoring_tasks

#: What narrows a list of objectives besides its period.
NARROWING = [
    OpenApiParameter("owner", uuid.UUID),
    OpenApiParameter("team", uuid.UUID),
    OpenApiParameter("state", str),
    OpenApiParameter("q", str, description="Words of the text, of a key result, or of the owner’s name."),
]


class GoalsView(api.TenantView):
    """An endpoint of goals."""

    access = access.Access("member")
    scope_read = "goals:read"
    scope_write = "goals:write"

    @property
    def actor(self) -> Any:
        """Who asks; loaded when the organisation was entered."""
        return self.request.actor

    @property
    def once_key(self) -> uuid.UUID | None:
        """From the header Idempotency-Key and all that is said with it."""
        return once.key_of(self.request, self.request.data)

    def valid(self, serializer: Any) -> dict[str, Any]:
        given = serializer(data=self.request.data)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def found(self, objective_id: uuid.UUID) -> tuple[Objective, list[uuid.UUID]]:
        """A visible objective and the line above its owner; anything else does not exist."""
        actor = self.actor
        one = access.get_or_404(queries.visible_to(actor).select_related("owner", "period"), pk=objective_id)
        return one, people.line_above(one.owner_id, people.today(actor.organisation))

    def detail(self, objective_id: uuid.UUID, code: int = status.HTTP_200_OK) -> Response:
        seen = queries.visible_to(self.actor)
        sight = queries.sight_of(access.get_or_404(seen, pk=objective_id), self.actor.person_id)
        texts = ObjectiveVersion.objects.filter(sight.said() | Q(state=VersionState.IN_FORCE))
        versions = texts.prefetch_related(Prefetch("agreements", queryset=Agreement.objects.order_by("at")))
        rows = queries.with_key_results(seen).prefetch_related(
            Prefetch("versions", queryset=versions),
            Prefetch("suggested_edits", queryset=SuggestedEdit.objects.filter(sight.said())),
            Prefetch("comments", queryset=Comment.objects.filter(sight.said())),
        )
        one = access.get_or_404(rows, pk=objective_id)
        sight.versions(one.versions.all())
        return Response(serializers.ObjectiveDetailOut(one, context=self.measured([one])).data, status=code)

    def narrowed(self, period: Any) -> QuerySet[Objective]:
        """What the actor may see, of a period or (None) of all, as the call's parameters narrow it."""
        asked = self.request.query_params
        return queries.filtered(
            queries.visible_to(self.actor),
            reader=self.actor,
            period=period,
            owner=uuid_of(asked.get("owner")),
            team=uuid_of(asked.get("team")),
            state=asked.get("state", ""),
            words=asked.get("q", ""),
        )

    def measured(self, objectives: Iterable[Objective]) -> dict[str, Any]:
        """The context in which objectives are shown: how they stand today. Two queries."""
        organisation = self.actor.organisation
        return {"measures": queries.measures_of(objectives, people.today(organisation), organisation)}

    def page_of(self, rows: QuerySet[Objective]) -> Response:
        """A page of objectives, newest first."""
        pages = api.NewestFirst()
        page: Any = pages.paginate_queryset(queries.with_key_results(rows), self.request, view=self)
        shown = serializers.ObjectiveOut(page, many=True, context=self.measured(page))
        return pages.get_paginated_response(shown.data)


class Objectives(GoalsView):
    @extend_schema(
        operation_id="goals_list",
        parameters=[
            OpenApiParameter("period", uuid.UUID),
            *NARROWING,
            OpenApiParameter("cursor", str),
            OpenApiParameter("page_size", int),
        ],
        responses=serializers.ObjectivePageOut,
    )
    def get(self, request: Request) -> Response:
        """Objectives that you may see, newest first."""
        return self.page_of(self.narrowed(uuid_of(request.query_params.get("period"))))

    @extend_schema(
        operation_id="goals_propose",
        parameters=[api.ONCE],
        request=serializers.ProposalIn,
        responses={201: serializers.ObjectiveDetailOut},
    )
    def post(self, request: Request) -> Response:
        """Proposes an objective for yourself, somebody below you, or a team."""
        given, actor = self.valid(serializers.ProposalIn), self.actor
        today = people.today(actor.organisation)
        everybody = people.active_people(today)
        owner = access.get_or_404(everybody, pk=given["owner"]) if given.get("owner") else None
        sponsor = access.get_or_404(everybody, pk=given["sponsor"]) if given.get("sponsor") else None
        team = None
        if given.get("team"):
            team = access.get_or_404(people_models.Team.objects.select_related("lead"), pk=given["team"])
            members = set(people.members_of(team.pk, today).values_list("pk", flat=True))
            line = people.line_above(team.lead_id, today) if team.lead_id else []
            access.require(rules.can_propose_for_team(actor, team.lead_id, members, line))
        else:
            person_id = owner.pk if owner else actor.person_id
            access.require(rules.can_propose_for(actor, person_id, people.line_above(person_id, today)))
        one = actions.propose_objective(
            period=access.get_or_404(people.periods(), pk=given["period"]),
            owner=None if team else owner,
            team=team,
            owner_kind=OwnerKind.TEAM if team else OwnerKind.PERSON,
            sponsor=sponsor,
            content=serializers.content_from(given),
            is_draft=given["draft"],
            key=self.once_key,
            by=actor,
            at=timezone.now(),
        )
        return self.detail(one.pk, status.HTTP_201_CREATED)


class ServedBy(GoalsView):
    @extend_schema(
        operation_id="goals_served_by",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("page_size", int)],
        responses=serializers.ObjectivePageOut,
    )
    def get(self, request: Request, objective_id: uuid.UUID) -> Response:
        """What directly serves an objective, as far as you may see it, newest first: one branch of the tree."""
        one, _line = self.found(objective_id)
        rows = queries.serving(queries.visible_to(self.actor), one.pk).order_by("-created_at", "-id")
        return self.page_of(rows)


class OneObjective(GoalsView):
    @extend_schema(operation_id="goals_read", responses=serializers.ObjectiveDetailOut)
    def get(self, request: Request, objective_id: uuid.UUID) -> Response:
        """One objective with its versions, signatures, suggestions and thread."""
        return self.detail(objective_id)


class Change(GoalsView):
    @extend_schema(
        operation_id="goals_change",
        parameters=[api.ONCE],
        request=serializers.ChangeIn,
        responses=serializers.ObjectiveDetailOut,
    )
    def post(self, request: Request, objective_id: uuid.UUID) -> Response:
        """Proposes another text; what is in force stays so until both sides agree. A draft is rewritten at once."""
        one, line = self.found(objective_id)
        access.require(rules.can_change(self.actor, one, line))
        given = self.valid(serializers.ChangeIn)
        content = serializers.content_from(given, queries.standing_content(one))
        if given["draft"]:
            actions.save_draft(
                objective=one,
                content=content,
                made_from=given["made_from"],
                by=self.actor,
                at=timezone.now(),
            )
        else:
            actions.propose_change(
                objective=one,
                content=content,
                reason=given["reason"],
                based_on=given["based_on"],
                made_from=given["made_from"],
                key=self.once_key,
                by=self.actor,
                at=timezone.now(),
            )
        return self.detail(one.pk)


class Agree(GoalsView):
    @extend_schema(
        operation_id="goals_agree", request=serializers.AgreementIn, responses=serializers.ObjectiveDetailOut
    )
    def post(self, request: Request, objective_id: uuid.UUID) -> Response:
        """Signs a version for your side. 409 when another version has been proposed meanwhile."""
        one, _line = self.found(objective_id)
        access.require(not self.actor.only_reads and rules.side_of(self.actor, one) is not None)
        given = self.valid(serializers.AgreementIn)
        actions.agree_objective(
            objective=one, version_number=given["version"], by=self.actor, at=timezone.now()
        )
        jobs.nudge(scoring_tasks.rescore_stale)
        return self.detail(one.pk)


class Withdraw(GoalsView):
    @extend_schema(
        operation_id="goals_withdraw",
        request=serializers.WithdrawalIn,
        responses=serializers.ObjectiveDetailOut,
    )
    def post(self, request: Request, objective_id: uuid.UUID) -> Response:
        """Takes back what is proposed."""
        one, _line = self.found(objective_id)
        access.require(rules.can_withdraw(self.actor, one, queries.open_proposal(one)))
        reason = self.valid(serializers.WithdrawalIn)["reason"]
        actions.withdraw_proposal(objective=one, by=self.actor, at=timezone.now(), reason=reason)
        return self.detail(one.pk)


class Comments(GoalsView):
    @extend_schema(
        operation_id="goals_comment",
        parameters=[api.ONCE],
        request=serializers.CommentIn,
        responses={201: serializers.CommentOut},
    )
    def post(self, request: Request, objective_id: uuid.UUID) -> Response:
        """Adds a word to the thread."""
        one, _line = self.found(objective_id)
        access.require(rules.can_discuss(self.actor, one))
        said = actions.comment_on_objective(
            objective=one,
            text=self.valid(serializers.CommentIn)["text"],
            key=self.once_key,
            by=self.actor,
            at=timezone.now(),
        )
        return Response(serializers.CommentOut(said).data, status=status.HTTP_201_CREATED)


class Suggestions(GoalsView):
    @extend_schema(
        operation_id="goals_suggest",
        request=serializers.SuggestionIn,
        responses={201: serializers.SuggestionOut},
    )
    def post(self, request: Request, objective_id: uuid.UUID) -> Response:
        """Suggests another value for one field; the other side decides."""
        one, line = self.found(objective_id)
        access.require(rules.can_suggest(self.actor, one, line))
        given = self.valid(serializers.SuggestionIn)
        form = forms.SuggestForm(given, choices=[(given["field"], "")])
        if not form.is_valid():
            raise actions.ObjectiveRefused(
                next(iter(form.errors.values()))[0], code="invalid", field=next(iter(form.errors))
            )
        edit = actions.suggest_edit(
            objective=one,
            field=given["field"],
            new=form.cleaned_data["new"],
            reason=given["reason"],
            by=self.actor,
            at=timezone.now(),
        )
        return Response(serializers.SuggestionOut(edit).data, status=status.HTTP_201_CREATED)


class Decide(GoalsView):
    """Base of the two decisions on a suggestion."""

    def edit(self, edit_id: uuid.UUID) -> SuggestedEdit:
        visible = queries.visible_to(self.actor)
        edits = SuggestedEdit.objects.filter(objective__in=visible.values("pk")).select_related("objective")
        edit = access.get_or_404(edits, pk=edit_id)
        if edit.state == "open":
            access.require(rules.can_decide(self.actor, edit, edit.objective))
        return edit


class AcceptEdit(Decide):
    @extend_schema(
        operation_id="goals_accept_suggestion", request=None, responses=serializers.ObjectiveDetailOut
    )
    def post(self, request: Request, edit_id: uuid.UUID) -> Response:
        """Takes the suggestion into a new proposal."""
        edit = self.edit(edit_id)
        actions.accept_edit(edit=edit, by=self.actor, at=timezone.now())
        jobs.nudge(scoring_tasks.rescore_stale)
        return self.detail(edit.objective_id)


class RejectEdit(Decide):
    @extend_schema(
        operation_id="goals_reject_suggestion", request=None, responses=serializers.ObjectiveDetailOut
    )
    def post(self, request: Request, edit_id: uuid.UUID) -> Response:
        """Leaves the text as it is."""
        edit = self.edit(edit_id)
        actions.reject_edit(edit=edit, by=self.actor, at=timezone.now())
        return self.detail(edit.objective_id)


def period_asked(request: Request, today: datetime.date, name: str = "period") -> people_models.Period | None:
    """The period that the call names, else the present one."""
    asked = request.query_params.get(name)
    if asked:
        return access.get_or_404(people.periods(), pk=uuid_of(asked))
    return people.current_period(today)


def uuid_of(text: str | None) -> uuid.UUID | None:
    """A filter that is no id matches nothing rather than everything."""
    if not text:
        return None
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)
