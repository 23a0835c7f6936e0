"""Templates: what reviews ask and how much each section weighs, in versions that never change once published."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.foundation import i18n, tenancy

WHOLE = 1_000_000
#: The ratings of a cycle, where a section has no scale of its own.
RATINGS = 5
STEPS_AT_MOST = 7


class VersionState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("template", "Draft")
    PUBLISHED = "published", pgettext_lazy("template", "Published")


class SectionKind(models.TextChoices):
    SCORE = "score", _("Goals and score")
    COMPETENCIES = "competencies", _("Competencies")
    QUESTION = "question", _("Question")


class ReviewKind(models.TextChoices):
    SELF = "self", pgettext_lazy("review", "Self")
    PEER = "peer", pgettext_lazy("review", "Peer")
    UPWARD = "upward", pgettext_lazy("review", "Upward")
    MANAGER = "manager", pgettext_lazy("review", "Manager")


class ReviewTemplate(tenancy.TenantModel):
    name_en = models.CharField(_("name in English"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["name_en", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name_en"], name="template_name_once"),
        ]

    def __str__(self) -> str:
        return i18n.local(self, "name")


class TemplateVersion(tenancy.TenantModel):
    """What a cycle keeps. Changing a template makes the next version; a published one stays (a trigger sees to it)."""

    template = tenancy.TenantForeignKey(ReviewTemplate, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(
        _("state"), max_length=10, choices=VersionState.choices, default=VersionState.DRAFT
    )
    note = models.TextField(_("what changes"), blank=True)
    made_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    made_at = models.DateTimeField(_("made at"))
    published_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "template", "number"], name="template_version_once"
            ),
            models.UniqueConstraint(
                fields=["organisation", "template"],
                condition=Q(state="draft"),
                name="template_one_draft",
            ),
            models.CheckConstraint(
                condition=Q(state__in=VersionState.values), name="template_version_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_by__isnull=False, published_at__isnull=False),
                name="template_published_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"

    @property
    def is_draft(self) -> bool:
        return self.state == VersionState.DRAFT


class TemplateSection(tenancy.TenantModel):
    """One part of a review. Weights of a published version sum to exactly 1,000,000; without one it is words alone.

    `asked_of`: which kinds of review have it. `points`: what to look at, `[{"en": …, "zh": …}]`, such as the
    competencies. `steps`: the names of its own scale from the lowest up; empty means the five ratings of the cycle.
    """

    version = tenancy.TenantForeignKey(TemplateVersion, related_name="sections")
    position = models.PositiveSmallIntegerField(_("position"))
    kind = models.CharField(_("kind"), max_length=12, choices=SectionKind.choices)
    name_en = models.CharField(_("name in English"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    guide_en = models.TextField(_("guidance in English"), blank=True)
    guide_zh = models.TextField(_("guidance in Chinese"), blank=True)
    weight_ppm = models.PositiveIntegerField(_("weight"), default=0)
    asked_of = ArrayField(models.CharField(max_length=8), verbose_name=_("asked of"))
    points = models.JSONField(_("what to look at"), default=list, blank=True)
    steps = models.JSONField(_("scale"), default=list, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "version", "position"], name="section_once_a_position"
            ),
            models.CheckConstraint(condition=Q(kind__in=SectionKind.values), name="section_kind_known"),
            models.CheckConstraint(condition=Q(weight_ppm__lte=WHOLE), name="section_weight_within"),
        ]

    def __str__(self) -> str:
        return i18n.local(self, "name")

    @property
    def is_rated(self) -> bool:
        return self.weight_ppm > 0

    @property
    def highest(self) -> int:
        return len(self.steps) or RATINGS

    @property
    def takes_suggestion(self) -> bool:
        """The score suggests a rating of the cycle, so a scale of one's own has none."""
        return self.kind == SectionKind.SCORE and self.is_rated and not self.steps

    @property
    def asked_names(self) -> list[Any]:
        return [kind.label for kind in ReviewKind if kind in self.asked_of]

    @property
    def looked_at(self) -> list[str]:
        """What to look at, in the reader's language."""
        return [i18n.in_words(point) for point in self.points]

    def is_for(self, kind: Any) -> bool:
        return kind in self.asked_of
