"""Questions about a score: who asked whom about which number, and what was said."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import i18n, tenancy
from performance.scoring.models.scores import Score

#: Kinds of the work items: a question that waits for whoever leads the scored person, or for somebody who answers for
#: a number or for weights; and an answer, of which the asker is told.
LINE_QUESTION = "performance.score_question"
NUMBER_QUESTION = "performance.number_question"
ANSWER = "performance.score_answer"
#: Characters of one word in a thread.
LONGEST_QUESTION = 4000


class About(models.TextChoices):
    NUMBER = "number", _("Its score")
    WEIGHT = "weight", _("Its weight")


class FallsTo(models.TextChoices):
    """Who answers."""

    MANAGER = "manager", _("The manager")
    METRIC = "metric", _("The owners of the metric")
    POLICY = "policy", _("Whoever proposed the weights")
    HR = "hr", _("HR")


class ScoreQuestion(tenancy.TenantModel):
    """A question about a score as it was when it was asked; `component_key` is empty where it is about the whole.

    The names of the component are kept with it, as the score keeps them in its plan. Closed by nobody: whoever asked has
    left.
    """

    score = tenancy.TenantForeignKey(Score, related_name="questions")
    component_key = models.SlugField(_("component"), max_length=60, blank=True)
    component_en = models.CharField(_("component in English"), max_length=120, blank=True)
    component_zh = models.CharField(_("component in Chinese"), max_length=120, blank=True)
    about = models.CharField(_("about"), max_length=10, choices=About.choices, default=About.NUMBER)
    falls_to = models.CharField(_("answered by"), max_length=10, choices=FallsTo.choices)
    asked_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    asked_at = models.DateTimeField(_("asked at"))
    answered_at = models.DateTimeField(_("first answered at"), null=True)
    closed_by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    closed_at = models.DateTimeField(_("closed at"), null=True)
    once_key = models.UUIDField(null=True, editable=False)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "asked_by", "once_key"], name="score_question_asked_once"
            ),
            models.CheckConstraint(condition=Q(about__in=About.values), name="score_question_about_known"),
            models.CheckConstraint(
                condition=Q(falls_to__in=FallsTo.values), name="score_question_falls_to_known"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=False) | Q(closed_by__isnull=True),
                name="score_question_closed_by",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "score"], name="score_question_by_score")]

    def __str__(self) -> str:
        return str(self.score)

    @property
    def component(self) -> str:
        """Its name in the reader's language, or "" for the whole score."""
        return i18n.local(self, "component")

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def work_kind(self) -> str:
        return LINE_QUESTION if self.falls_to == FallsTo.MANAGER else NUMBER_QUESTION


class QuestionAnswerer(tenancy.TenantModel):
    """Somebody whom a question was put to."""

    append_only: ClassVar[bool] = True

    question = tenancy.TenantForeignKey(ScoreQuestion, related_name="answerers")
    person = tenancy.TenantForeignKey("people.Person", related_name="+")

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "question", "person"], name="question_answerer_once"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "person"], name="question_by_answerer")]

    def __str__(self) -> str:
        return str(self.person)


class QuestionPost(tenancy.TenantModel):
    """A word in the thread of a question; the first one asks."""

    append_only: ClassVar[bool] = True

    question = tenancy.TenantForeignKey(ScoreQuestion, related_name="posts")
    by = tenancy.TenantForeignKey("people.Person", related_name="+")
    at = models.DateTimeField(_("at"))
    text = models.TextField(_("text"))
    once_key = models.UUIDField(null=True, editable=False)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "by", "once_key"], name="question_post_sent_once"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "question", "at"], name="question_post_by_question")]

    def __str__(self) -> str:
        return self.text[:60]
