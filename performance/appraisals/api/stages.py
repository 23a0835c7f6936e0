"""The stages of a cycle, how far its reviews are, reminding, extending; and templates of reviews."""

import uuid
from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.appraisals import actions, queries, rules, tasks
from performance.appraisals.api.base import AppraisalsView
from performance.appraisals.models import ReviewKind, SectionKind, Stage, TemplateSection, TemplateVersion
from performance.foundation import access, jobs
from performance.people import queries as people_queries

PERCENT = Decimal(10_000)


class CycleStageOut(serializers.Serializer[Any]):
    stage = serializers.CharField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()


class CycleStageIn(serializers.Serializer[None]):
    stage = serializers.ChoiceField(choices=Stage.choices)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()


class StagesIn(serializers.Serializer[None]):
    """All of them; one that is not named is left out."""

    stages = CycleStageIn(many=True, allow_empty=False)


class ProgressOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    total = serializers.IntegerField()
    done = serializers.IntegerField()
    late = serializers.IntegerField()


class UnitProgressOut(serializers.Serializer[Any]):
    unit = serializers.UUIDField(source="unit.pk", allow_null=True, default=None)
    people = serializers.IntegerField()
    by_kind = ProgressOut(many=True)


class CycleCountOut(serializers.Serializer[Any]):
    count = serializers.IntegerField()


class CycleWorkIn(serializers.Serializer[None]):
    step = serializers.ChoiceField(choices=["remind", "extend"])


class PairSerializer(serializers.Serializer[Any]):
    en = serializers.CharField(max_length=200)
    zh = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class SectionSerializer(serializers.Serializer[Any]):
    """`weight` in percent; `steps`: a scale of its own from the lowest up, empty for the cycle's ratings."""

    id = serializers.UUIDField(read_only=True)
    kind = serializers.ChoiceField(choices=SectionKind.choices)
    name_en = serializers.CharField(max_length=120)
    name_zh = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    weight = serializers.DecimalField(max_digits=7, decimal_places=4, min_value=0, max_value=100)
    asked_of = serializers.ListField(child=serializers.ChoiceField(choices=ReviewKind.choices), min_length=1)
    guide_en = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    guide_zh = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    points = PairSerializer(many=True, required=False, default=list)
    steps = PairSerializer(many=True, required=False, default=list)

    def to_representation(self, instance: TemplateSection) -> Any:
        instance.weight = Decimal(instance.weight_ppm) / PERCENT  # type: ignore[attr-defined]
        return super().to_representation(instance)


class TemplateVersionOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    template = serializers.UUIDField(source="template_id")
    name_en = serializers.CharField(source="template.name_en")
    name_zh = serializers.CharField(source="template.name_zh")
    number = serializers.IntegerField()
    state = serializers.CharField()
    note = serializers.CharField()
    published_at = serializers.DateTimeField(allow_null=True)
    sections = SectionSerializer(many=True)


class TemplateIn(serializers.Serializer[None]):
    name_en = serializers.CharField(max_length=120)
    name_zh = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")


class SectionsIn(serializers.Serializer[None]):
    sections = SectionSerializer(many=True, allow_empty=False)


class TemplateStepIn(serializers.Serializer[None]):
    step = serializers.ChoiceField(choices=["publish", "revise"])
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class Stages(AppraisalsView):
    """The days of a cycle's stages."""

    @extend_schema(responses=CycleStageOut(many=True), operation_id="cycle_stages_list")
    def get(self, request: Request, cycle_id: uuid.UUID) -> Response:
        return Response(CycleStageOut(queries.stages_of(self.cycle(request, cycle_id)), many=True).data)

    @extend_schema(request=StagesIn, responses=CycleStageOut(many=True), operation_id="cycle_stages_change")
    def put(self, request: Request, cycle_id: uuid.UUID) -> Response:
        found = self.cycle(request, cycle_id)
        access.require(rules.can_change_cycle(request.actor, found) and found.has_reviews)
        asked = StagesIn(data=request.data)
        asked.is_valid(raise_exception=True)
        days = {
            each["stage"]: (each["starts_on"], each["ends_on"]) for each in asked.validated_data["stages"]
        }
        actions.change_stages(cycle=found, days=days, by=request.actor, at=timezone.now())
        jobs.nudge(tasks.ask_for_reviews)
        return Response(CycleStageOut(queries.stages_of(found), many=True).data)


class Progress(AppraisalsView):
    """How far the reviews are of those whom I may see, by unit; reminding who is late, and extending a pilot."""

    @extend_schema(responses=UnitProgressOut(many=True), operation_id="cycle_progress")
    def get(self, request: Request, cycle_id: uuid.UUID) -> Response:
        found = self.cycle(request, cycle_id)
        on = people_queries.today(request.actor.organisation)
        seen = queries.entries_visible_to(request.actor, on)
        units = queries.progress_by_unit(found, seen, on, queries.kinds_asked(found))
        return Response(UnitProgressOut(units, many=True).data)

    @extend_schema(request=CycleWorkIn, responses=CycleCountOut, operation_id="cycle_progress_step")
    def post(self, request: Request, cycle_id: uuid.UUID) -> Response:
        """How many late reviews were reminded of, or how many people came in."""
        found = self.cycle(request, cycle_id)
        asked = CycleWorkIn(data=request.data)
        asked.is_valid(raise_exception=True)
        at = timezone.now()
        if asked.validated_data["step"] == "remind":
            count = actions.remind_late(cycle=found, by=request.actor, at=at)
        else:
            count = actions.extend_cycle(cycle=found, by=request.actor, at=at)
            jobs.nudge(tasks.ask_for_reviews)
        return Response(CycleCountOut({"count": count}).data)


class HrView(AppraisalsView):
    access = access.Access("member", frozenset({"hr"}))


class Templates(HrView):
    """Templates of reviews in their versions."""

    @extend_schema(responses=TemplateVersionOut(many=True), operation_id="review_templates_list")
    def get(self, request: Request) -> Response:
        found = queries.version_seen().order_by("template__name_en", "-number")
        return Response(TemplateVersionOut(found, many=True).data)

    @extend_schema(
        request=TemplateIn, responses={201: TemplateVersionOut}, operation_id="review_templates_start"
    )
    def post(self, request: Request) -> Response:
        """A draft with the usual sections."""
        asked = TemplateIn(data=request.data)
        asked.is_valid(raise_exception=True)
        made = actions.start_template(by=request.actor, at=timezone.now(), **asked.validated_data)
        return Response(TemplateVersionOut(made).data, status=status.HTTP_201_CREATED)


class OneTemplate(HrView):
    """One version: what it asks, publishing it, beginning the next."""

    def version(self, version_id: uuid.UUID) -> TemplateVersion:
        return access.get_or_404(queries.version_seen(), pk=version_id)

    @extend_schema(responses=TemplateVersionOut, operation_id="review_templates_retrieve")
    def get(self, request: Request, version_id: uuid.UUID) -> Response:
        return Response(TemplateVersionOut(self.version(version_id)).data)

    @extend_schema(request=SectionsIn, responses=TemplateVersionOut, operation_id="review_templates_write")
    def put(self, request: Request, version_id: uuid.UUID) -> Response:
        asked = SectionsIn(data=request.data)
        asked.is_valid(raise_exception=True)
        actions.save_sections(
            version=self.version(version_id),
            sections=[actions.Section(**each) for each in asked.validated_data["sections"]],
            by=request.actor,
            at=timezone.now(),
        )
        return Response(TemplateVersionOut(self.version(version_id)).data)

    @extend_schema(request=TemplateStepIn, responses=TemplateVersionOut, operation_id="review_templates_step")
    def post(self, request: Request, version_id: uuid.UUID) -> Response:
        found = self.version(version_id)
        asked = TemplateStepIn(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        at = timezone.now()
        if given["step"] == "publish":
            done = actions.publish_version(version=found, note=given["note"], by=request.actor, at=at)
        else:
            done = actions.revise_template(template=found.template, by=request.actor, at=at)
        return Response(TemplateVersionOut(self.version(done.pk)).data)
