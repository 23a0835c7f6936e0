"""Endpoints under /api/v1/: people, teams, periods, tokens."""

import datetime
import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.people import actions, queries, rules
from performance.people.models import ApiToken, Period, PeriodKind, PeriodState, Person, Scope, Team


class PersonalTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names a personal token."""

    target_class = "performance.people.views.api_tokens.PersonalToken"
    name = "personalToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class PersonOut(serializers.ModelSerializer[Person]):
    class Meta:
        model = Person
        fields = [
            "id",
            "number",
            "name_en",
            "name_zh",
            "email",
            "title_en",
            "title_zh",
            "level",
            "city",
            "hired_on",
            "left_on",
        ]

    def to_representation(self, person: Person) -> dict[str, Any]:
        """Read by anybody, a last day that is still to come is left out (`context`: the reader and the day)."""
        shown: dict[str, Any] = super().to_representation(person)
        reader = self.context.get("reader")
        if reader is not None and not rules.can_see_last_day(reader, person, self.context["on"]):
            shown["left_on"] = None
        return shown


class PersonDetailOut(PersonOut):
    manager_id = serializers.UUIDField(allow_null=True, help_text="On the day asked for.")
    team_id = serializers.UUIDField(allow_null=True, help_text="The primary team on the day asked for.")
    direct_reports = serializers.IntegerField()
    everyone_below = serializers.IntegerField()

    class Meta(PersonOut.Meta):
        fields = [*PersonOut.Meta.fields, "manager_id", "team_id", "direct_reports", "everyone_below"]


class PersonIn(serializers.Serializer[Person]):
    number = serializers.CharField(max_length=40)
    name_en = serializers.CharField(max_length=120, required=False, allow_blank=True)
    name_zh = serializers.CharField(max_length=60, required=False, allow_blank=True)
    email = serializers.EmailField(required=False, allow_blank=True)
    title_en = serializers.CharField(max_length=120, required=False, allow_blank=True)
    title_zh = serializers.CharField(max_length=60, required=False, allow_blank=True)
    level = serializers.CharField(max_length=20, required=False, allow_blank=True)
    city = serializers.CharField(max_length=60, required=False, allow_blank=True)
    hired_on = serializers.DateField(required=False, allow_null=True)


class ManagerIn(serializers.Serializer[None]):
    manager_id = serializers.UUIDField(allow_null=True, help_text="Null: from then on nobody.")
    starts_on = serializers.DateField()
    why = serializers.CharField(max_length=300, required=False, allow_blank=True)


class TeamOut(serializers.ModelSerializer[Team]):
    parent_id = serializers.UUIDField(allow_null=True)
    lead_id = serializers.UUIDField(allow_null=True)

    class Meta:
        model = Team
        fields = ["id", "code", "name_en", "name_zh", "parent_id", "lead_id"]


class PeriodOut(serializers.ModelSerializer[Period]):
    class Meta:
        model = Period
        fields = [
            "id",
            "name_en",
            "name_zh",
            "kind",
            "starts_on",
            "ends_on",
            "state",
            "goals_locked_at",
            "progress_locked_at",
        ]


class PeriodIn(serializers.Serializer[Period]):
    name_en = serializers.CharField(max_length=80)
    name_zh = serializers.CharField(max_length=80, required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=PeriodKind.choices)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()


class PeriodMove(serializers.Serializer[None]):
    to = serializers.ChoiceField(choices=PeriodState.choices)
    why = serializers.CharField(max_length=300, required=False, allow_blank=True)


class TokenOut(serializers.ModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"]


class TokenIn(serializers.Serializer[ApiToken]):
    name = serializers.CharField(max_length=80)
    scopes = serializers.MultipleChoiceField(choices=Scope.choices)
    expires_at = serializers.DateTimeField()


class TokenMade(TokenOut):
    secret = serializers.CharField(help_text="Shown in this answer only.")

    class Meta(TokenOut.Meta):
        fields = [*TokenOut.Meta.fields, "secret"]


def _valid(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _day_asked(request: Request) -> datetime.date:
    day = queries.day_from(request.query_params.get("asof", ""))
    return day or queries.today(request.actor.organisation)


def _reader(request: Request) -> dict[str, Any]:
    return {"reader": request.actor, "on": queries.today(request.actor.organisation)}


class People(api.TenantView):
    """The directory, newest first; adding somebody."""

    scope_read = Scope.PEOPLE_READ
    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(
        responses=PersonOut(many=True),
        parameters=[
            OpenApiParameter(
                "q", str, description="Words in a name, its pinyin, the number, title or e-mail."
            ),
            OpenApiParameter("state", str, enum=list(queries.STATES), description="active when absent."),
        ],
    )
    def get(self, request: Request) -> Response:
        state = request.query_params.get("state", "active")
        filters = queries.Filters(
            words=request.query_params.get("q", "")[:80], state=state if state in queries.STATES else "active"
        )
        on = queries.today(request.actor.organisation)
        paginator = api.NewestFirst()
        people = paginator.paginate_queryset(
            queries.directory(request.actor, filters, on).order_by(), request
        )
        return paginator.get_paginated_response(PersonOut(people, many=True, context=_reader(request)).data)

    @extend_schema(request=PersonIn, responses={201: PersonOut})
    def post(self, request: Request) -> Response:
        access.require(rules.can_edit_people(request.actor))
        person = actions.add_person(
            **_valid(PersonIn(data=request.data)), by=request.actor, at=timezone.now()
        )
        return Response(PersonOut(person).data, status=status.HTTP_201_CREATED)


class OnePerson(api.TenantView):
    """One person on a day (`?asof=`); changing what stands in the directory."""

    scope_read = Scope.PEOPLE_READ
    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(
        operation_id="people_one",
        responses=PersonDetailOut,
        parameters=[OpenApiParameter("asof", datetime.date, description="Today when absent.")],
    )
    def get(self, request: Request, person_id: uuid.UUID) -> Response:
        person = access.get_or_404(queries.people_visible_to(request.actor), pk=person_id)
        on = _day_asked(request)
        team = queries.team_of(person.pk, on)
        direct, everyone = queries.counts_below([person.pk], on).get(person.pk, (0, 0))
        detail = {
            **PersonOut(person, context=_reader(request)).data,
            "manager_id": queries.managers_of([person.pk], on).get(person.pk),
            "team_id": team.pk if team else None,
            "direct_reports": direct,
            "everyone_below": everyone,
        }
        return Response(detail)

    @extend_schema(operation_id="people_change", request=PersonIn(partial=True), responses=PersonOut)
    def patch(self, request: Request, person_id: uuid.UUID) -> Response:
        person = access.get_or_404(queries.people_visible_to(request.actor), pk=person_id)
        access.require(rules.can_edit_people(request.actor))
        fields = _valid(PersonIn(data=request.data, partial=True))
        person = actions.edit_person(person=person, fields=fields, by=request.actor, at=timezone.now())
        return Response(PersonOut(person).data)


class Manager(api.TenantView):
    """From a day on, somebody reports to somebody else."""

    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(request=ManagerIn, responses={204: None})
    def post(self, request: Request, person_id: uuid.UUID) -> Response:
        visible = queries.people_visible_to(request.actor)
        person = access.get_or_404(visible, pk=person_id)
        access.require(rules.can_edit_people(request.actor))
        asked = _valid(ManagerIn(data=request.data))
        manager_id = asked.pop("manager_id")
        manager = access.get_or_404(visible, pk=manager_id) if manager_id else None
        actions.change_manager(person=person, manager=manager, by=request.actor, at=timezone.now(), **asked)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Teams(api.TenantView):
    """Teams that are open today."""

    scope_read = Scope.PEOPLE_READ

    @extend_schema(responses=TeamOut(many=True))
    def get(self, request: Request) -> Response:
        paginator = api.NewestFirst()
        teams = queries.teams(queries.today(request.actor.organisation)).order_by()
        return paginator.get_paginated_response(
            TeamOut(paginator.paginate_queryset(teams, request), many=True).data
        )


class Periods(api.TenantView):
    """Periods; opening one."""

    scope_read = Scope.GOALS_READ
    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(responses=PeriodOut(many=True))
    def get(self, request: Request) -> Response:
        paginator = api.NewestFirst()
        periods = paginator.paginate_queryset(queries.periods().order_by(), request)
        return paginator.get_paginated_response(PeriodOut(periods, many=True).data)

    @extend_schema(request=PeriodIn, responses={201: PeriodOut})
    def post(self, request: Request) -> Response:
        access.require(rules.can_open_period(request.actor))
        asked = _valid(PeriodIn(data=request.data))
        period = actions.open_period(by=request.actor, at=timezone.now(), **asked)
        return Response(PeriodOut(period).data, status=status.HTTP_201_CREATED)


class PeriodSteps(api.TenantView):
    """The next step in the life of a period."""

    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(request=PeriodMove, responses=PeriodOut)
    def post(self, request: Request, period_id: uuid.UUID) -> Response:
        period = access.get_or_404(queries.periods(), pk=period_id)
        access.require(rules.can_open_period(request.actor))
        asked = _valid(PeriodMove(data=request.data))
        period = actions.move_period(period=period, by=request.actor, at=timezone.now(), **asked)
        return Response(PeriodOut(period).data)


class Tokens(api.TenantView):
    """My own tokens. A token cannot make tokens: this needs a signed-in browser."""

    access = access.Access("member", auditor_may_write=True)

    @extend_schema(responses=TokenOut(many=True))
    def get(self, request: Request) -> Response:
        paginator = api.NewestFirst()
        tokens = queries.tokens_of(request.actor.user, request.actor.organisation).order_by()
        return paginator.get_paginated_response(
            TokenOut(paginator.paginate_queryset(tokens, request), many=True).data
        )

    @extend_schema(request=TokenIn, responses={201: TokenMade})
    def post(self, request: Request) -> Response:
        asked = _valid(TokenIn(data=request.data))
        token, secret = actions.create_token(actor=request.actor, at=timezone.now(), **asked)
        return Response({**TokenOut(token).data, "secret": secret}, status=status.HTTP_201_CREATED)


class OneToken(api.TenantView):
    """Ending one of my tokens."""

    access = access.Access("member", auditor_may_write=True)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: uuid.UUID) -> Response:
        own = queries.tokens_of(request.actor.user, request.actor.organisation)
        actions.revoke_token(token=access.get_or_404(own, pk=token_id), by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


urls = [
    path("people/", People.as_view(), name="api_people"),
    path("people/<uuid:person_id>/", OnePerson.as_view(), name="api_person"),
    path("people/<uuid:person_id>/manager/", Manager.as_view(), name="api_person_manager"),
    path("teams/", Teams.as_view(), name="api_teams"),
    path("periods/", Periods.as_view(), name="api_periods"),
    path("periods/<uuid:period_id>/state/", PeriodSteps.as_view(), name="api_period_state"),
    path("tokens/", Tokens.as_view(), name="api_tokens"),
    path("tokens/<uuid:token_id>/", OneToken.as_view(), name="api_token"),
]
