"""A cycle appraises people over a period: who is in it, how scores suggest ratings, and what was signed off."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.foundation import i18n, tenancy


class CycleState(models.TextChoices):
    OPEN = "open", pgettext_lazy("cycle", "Open")
    SIGNED_OFF = "signed_off", pgettext_lazy("cycle", "Signed off")
    PUBLISHED = "published", pgettext_lazy("cycle", "Published")
    CLOSED = "closed", pgettext_lazy("cycle", "Closed")


class EntryState(models.TextChoices):
    OPEN = "open", pgettext_lazy("entry", "Open")
    LEFT_OUT = "left_out", pgettext_lazy("entry", "Left out")
    SIGNED_OFF = "signed_off", pgettext_lazy("entry", "Signed off")
    PUBLISHED = "published", pgettext_lazy("entry", "Published")


class Cycle(tenancy.TenantModel):
    """One appraisal of a population. Without unit and team it is everybody active in the period.

    `people_on` is the day whose managers, units and teams the entries carry; `least_days` how many days of the period
    somebody must have been here. `template_version` is what its reviews ask; without one there are none. A cycle that
    began with a team as its `pilot` keeps it when it is extended.
    """

    period = tenancy.TenantForeignKey("people.Period", related_name="+")
    name_en = models.CharField(_("name in English"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    unit = tenancy.TenantForeignKey("people.BusinessUnit", null=True, blank=True, related_name="+")
    team = tenancy.TenantForeignKey("people.Team", null=True, blank=True, related_name="+")
    people_on = models.DateField(_("people as of"))
    least_days = models.PositiveSmallIntegerField(_("days employed at least"), default=0)
    template_version = tenancy.TenantForeignKey(
        "appraisals.TemplateVersion", null=True, blank=True, related_name="cycles"
    )
    pilot = tenancy.TenantForeignKey("people.Team", null=True, blank=True, related_name="+")
    extended_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    extended_at = models.DateTimeField(_("extended at"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=CycleState.choices, default=CycleState.OPEN)
    opened_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    opened_at = models.DateTimeField(_("opened at"))
    signed_off_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    signed_off_at = models.DateTimeField(_("signed off at"), null=True, blank=True)
    published_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "period", "name_en"], name="cycle_name_once_a_period"
            ),
            models.CheckConstraint(condition=Q(unit=None) | Q(team=None), name="cycle_of_unit_or_team"),
            models.CheckConstraint(condition=Q(state__in=CycleState.values), name="cycle_state_known"),
            models.CheckConstraint(
                condition=Q(state="open") | Q(signed_off_by__isnull=False, signed_off_at__isnull=False),
                name="cycle_signed_off_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["published", "closed"])
                | Q(published_by__isnull=False, published_at__isnull=False),
                name="cycle_published_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return i18n.local(self, "name")

    @property
    def is_open(self) -> bool:
        return self.state == CycleState.OPEN

    @property
    def is_published(self) -> bool:
        return self.state in (CycleState.PUBLISHED, CycleState.CLOSED)

    @property
    def has_reviews(self) -> bool:
        return self.template_version_id is not None


class Band(tenancy.TenantModel):
    """From which score (micro points, inclusive, unrounded) a rating is suggested. The lowest has no bound."""

    cycle = tenancy.TenantForeignKey(Cycle, related_name="bands")
    rating = models.PositiveSmallIntegerField(_("rating"))
    name_en = models.CharField(_("name in English"), max_length=60)
    name_zh = models.CharField(_("name in Chinese"), max_length=60, blank=True)
    from_micro = models.BigIntegerField(_("from score"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-rating"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "cycle", "rating"], name="band_once_a_rating"),
            models.CheckConstraint(condition=Q(rating__range=(1, 5)), name="band_from_one_to_five"),
            models.CheckConstraint(
                condition=Q(rating=1, from_micro=None) | (Q(rating__gt=1) & Q(from_micro__gte=0)),
                name="band_lowest_has_no_bound",
            ),
        ]

    def __str__(self) -> str:
        return i18n.local(self, "name")


class CycleEntry(tenancy.TenantModel):
    """One person in a cycle. Manager, unit, team and number are those of the cycle's day.

    `score` and `suggested_rating` are empty until the sign-off writes them; from then on neither they nor who
    was responsible can change (a trigger sees to it). `overall_micro` and `manager_rating` are what the managers'
    reviews that were sent come to, each by the time its manager led; calibration lies over them and changes neither.
    """

    cycle = tenancy.TenantForeignKey(Cycle, related_name="entries")
    person = tenancy.TenantForeignKey("people.Person", related_name="appraisal_entries")
    number = models.CharField(_("employee number at the time"), max_length=40)
    manager = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    unit = tenancy.TenantForeignKey("people.BusinessUnit", null=True, blank=True, related_name="+")
    team = tenancy.TenantForeignKey("people.Team", null=True, blank=True, related_name="+")
    state = models.CharField(_("state"), max_length=12, choices=EntryState.choices, default=EntryState.OPEN)
    is_exception = models.BooleanField(_("added or left out by hand"), default=False)
    reason = models.TextField(_("reason for the exception"), blank=True)
    score = tenancy.TenantForeignKey("scoring.Score", null=True, blank=True, related_name="+")
    suggested_rating = models.PositiveSmallIntegerField(_("suggested rating"), null=True, blank=True)
    overall_micro = models.BigIntegerField(_("managers' weighted mean"), null=True, blank=True)
    manager_rating = models.PositiveSmallIntegerField(_("managers' rating"), null=True, blank=True)
    announced_at = models.DateTimeField(_("announced at"), null=True, blank=True)
    seen_at = models.DateTimeField(_("first read at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["number", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "cycle", "person"], name="entry_once_a_person"),
            models.CheckConstraint(condition=Q(state__in=EntryState.values), name="entry_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=["signed_off", "published"]) | Q(score=None, suggested_rating=None),
                name="entry_result_with_sign_off",
            ),
            models.CheckConstraint(
                condition=Q(is_exception=False) | ~Q(reason=""), name="exception_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(suggested_rating=None) | Q(suggested_rating__range=(1, 5)),
                name="entry_rating_from_one_to_five",
            ),
            models.CheckConstraint(
                condition=Q(manager_rating=None, overall_micro=None)
                | Q(manager_rating__range=(1, 5), overall_micro__range=(1_000_000, 5_000_000)),
                name="entry_manager_rating_within",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "cycle", "number", "id"], name="entry_by_number"),
            models.Index(fields=["organisation", "person", "state"], name="entry_by_person"),
            models.Index(
                fields=["organisation", "cycle"],
                condition=Q(state="published", announced_at=None),
                name="entry_to_announce",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.cycle}"

    @property
    def is_left_out(self) -> bool:
        return self.state == EntryState.LEFT_OUT

    @property
    def is_published(self) -> bool:
        return self.state == EntryState.PUBLISHED
