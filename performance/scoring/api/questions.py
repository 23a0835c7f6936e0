"""Questions about scores: asked, answered and closed."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, bodies, once
from performance.people import queries as people_queries
from performance.scoring import actions, queries, rules
from performance.scoring.models import LONGEST_QUESTION, About, Score, ScoreQuestion


class AskIn(bodies.Body):
    """`component` is the key of a component, or empty for the whole score."""

    component = serializers.CharField(required=False, allow_blank=True, default="", max_length=60)
    about = serializers.ChoiceField(choices=About.choices, required=False, default=About.NUMBER)
    text = serializers.CharField(max_length=LONGEST_QUESTION)


class PostIn(bodies.Body):
    text = serializers.CharField(max_length=LONGEST_QUESTION)


class PostOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    by = serializers.UUIDField(source="by_id")
    at = serializers.DateTimeField()
    text = serializers.CharField()


class QuestionOut(serializers.ModelSerializer[ScoreQuestion]):
    """A question as lists have it."""

    score = serializers.UUIDField(source="score_id")
    person = serializers.UUIDField(source="score.person_id")
    period = serializers.UUIDField(source="score.period_id")
    component = serializers.CharField(source="component_key")
    asked_by = serializers.UUIDField(source="asked_by_id")
    closed_by = serializers.UUIDField(source="closed_by_id", allow_null=True)

    class Meta:
        model = ScoreQuestion
        fields = [
            "id",
            "score",
            "person",
            "period",
            "component",
            "component_en",
            "component_zh",
            "about",
            "falls_to",
            "asked_by",
            "asked_at",
            "answered_at",
            "closed_by",
            "closed_at",
        ]


class ThreadOut(serializers.Serializer[queries.Thread]):
    """A question with whom it was put to and what was said, the question itself first."""

    question = QuestionOut()
    answerers = serializers.ListField(child=serializers.UUIDField())
    posts = PostOut(many=True)

    def to_representation(self, instance: queries.Thread) -> dict[str, Any]:
        return {
            "question": QuestionOut(instance.question).data,
            "answerers": [str(person.pk) for person in instance.answerers],
            "posts": PostOut(instance.posts, many=True).data,
        }


class QuestionsView(api.TenantView):
    """Questions that I may read."""

    scope_read = "performance:read"
    scope_write = "performance:write"

    @property
    def actor(self) -> Any:
        return self.request.actor

    def visible(self) -> QuerySet[ScoreQuestion]:
        on = people_queries.day_at(self.actor.organisation, timezone.now())
        return queries.questions_visible_to(self.actor, on)

    def score(self, score_id: uuid.UUID) -> Score:
        on = people_queries.day_at(self.actor.organisation, timezone.now())
        return access.get_or_404(queries.scores_visible_to(self.actor, on), pk=score_id)

    def mine(self, question_id: uuid.UUID) -> ScoreQuestion:
        """One in which I have a say."""
        found = access.get_or_404(self.visible(), pk=question_id)
        is_answerer = queries.is_put_to(found, self.actor.person_id)
        access.require(rules.is_party_to_question(self.actor, found, is_answerer=is_answerer))
        return found

    def thread(self, question_id: uuid.UUID, code: int = status.HTTP_200_OK) -> Response:
        on = people_queries.day_at(self.actor.organisation, timezone.now())
        found = access.get_or_404(self.visible(), pk=question_id)
        return Response(ThreadOut(queries.thread(found, self.actor, on)).data, status=code)

    def page(self, questions: QuerySet[ScoreQuestion], request: Request) -> Response:
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(questions.order_by(), request)
        return paginator.get_paginated_response(QuestionOut(page, many=True).data)


class Questions(QuestionsView):
    """About my scores, put to me, or asked by me; all for HR and auditors."""

    @extend_schema(operation_id="score_questions", responses=QuestionOut(many=True))
    def get(self, request: Request) -> Response:
        return self.page(self.visible(), request)


class QuestionsOfScore(QuestionsView):
    """Those about one score, and asking another one."""

    @extend_schema(operation_id="score_questions_of", responses=QuestionOut(many=True))
    def get(self, request: Request, score_id: uuid.UUID) -> Response:
        return self.page(self.visible().filter(score=self.score(score_id)), request)

    @extend_schema(
        operation_id="score_question_ask",
        parameters=[api.ONCE],
        request=AskIn,
        responses={201: ThreadOut},
    )
    def post(self, request: Request, score_id: uuid.UUID) -> Response:
        score = self.score(score_id)
        access.require(rules.can_ask_about_scores(self.actor))
        form = AskIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        asked = actions.ask_about_score(
            score=score,
            component_key=given["component"],
            about=given["about"],
            text=given["text"],
            key=once.key_of(request, request.data),
            by=self.actor,
            at=timezone.now(),
        )
        return self.thread(asked.pk, status.HTTP_201_CREATED)


class OneQuestion(QuestionsView):
    """One question with its thread."""

    @extend_schema(operation_id="score_question", responses=ThreadOut)
    def get(self, request: Request, question_id: uuid.UUID) -> Response:
        return self.thread(question_id)


class QuestionPosts(QuestionsView):
    """An answer, or a further word of whoever asked."""

    @extend_schema(
        operation_id="score_question_post",
        parameters=[api.ONCE],
        request=PostIn,
        responses={201: ThreadOut},
    )
    def post(self, request: Request, question_id: uuid.UUID) -> Response:
        found = self.mine(question_id)
        form = PostIn(data=request.data)
        form.is_valid(raise_exception=True)
        actions.post_in_question(
            question=found,
            text=form.validated_data["text"],
            key=once.key_of(request, request.data),
            by=self.actor,
            at=timezone.now(),
        )
        return self.thread(found.pk, status.HTTP_201_CREATED)


class CloseQuestion(QuestionsView):
    """Nothing is left to be said."""

    @extend_schema(operation_id="score_question_close", request=None, responses=ThreadOut)
    def post(self, request: Request, question_id: uuid.UUID) -> Response:
        found = self.mine(question_id)
        actions.close_question(question=found, by=self.actor, at=timezone.now())
        return self.thread(found.pk)
