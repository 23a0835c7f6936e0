"""People, units, teams, and the dated lines between them."""

import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from performance.foundation import i18n, tenancy


class DateRange(Func):
    """daterange(starts_on, ends_on): the end is the first day on which it no longer holds; NULL is open."""

    function = "daterange"


def while_valid(*equal: str, name: str) -> ExclusionConstraint:
    """No two rows with the same `equal` columns hold on the same day."""
    return ExclusionConstraint(
        name=name,
        expressions=[
            *((field, RangeOperators.EQUAL) for field in ("organisation", *equal)),
            (DateRange(F("starts_on"), F("ends_on"), Value("[)")), RangeOperators.OVERLAPS),
        ],
    )


class BusinessUnit(tenancy.TenantModel):
    """A part of the business with its own stage and weight policy: a region, a store, a function."""

    code = models.CharField(_("code"), max_length=40)
    name_en = models.CharField(_("name in English"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    parent = tenancy.TenantForeignKey("self", null=True, blank=True, related_name="children")
    slice = models.JSONField(_("slice of the metrics"), default=dict, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organisation", "code"], name="unit_code_once")]

    def __str__(self) -> str:
        return i18n.local(self, "name")


class Person(tenancy.TenantModel):
    """Somebody who works here. Deactivated, never deleted."""

    user = models.ForeignKey(
        "people.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    number = models.CharField(_("employee number"), max_length=40)
    name_en = models.CharField(_("name"), max_length=120)
    name_zh = models.CharField(_("Chinese name"), max_length=60, blank=True)
    name_sort = models.CharField(_("sorting name"), max_length=160, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    title_en = models.CharField(_("title"), max_length=120, blank=True)
    title_zh = models.CharField(_("Chinese title"), max_length=60, blank=True)
    level = models.CharField(_("level"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=60, blank=True)
    unit = tenancy.TenantForeignKey(BusinessUnit, null=True, blank=True, related_name="people")
    hired_on = models.DateField(_("joined on"), null=True, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    # Back after having left: before that day nothing of theirs begins any more.
    returned_on = models.DateField(_("back since"), null=True, blank=True)
    # When access, roles and work that ended with the last day were taken back; empty while that is still to do.
    parted_at = models.DateTimeField(_("access ended at"), null=True, blank=True, editable=False)
    erased_at = models.DateTimeField(_("personal data erased at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["name_sort", "number"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "number"], name="person_number_once"),
            models.UniqueConstraint(
                "organisation", Upper("email"), condition=~Q(email=""), name="person_email_once"
            ),
            models.UniqueConstraint(
                fields=["organisation", "user"], condition=Q(user__isnull=False), name="person_user_once"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "name_sort", "number"], name="person_by_name"),
            models.Index(fields=["organisation", "unit"], name="person_by_unit"),
            models.Index(
                fields=["organisation", "left_on"],
                condition=Q(left_on__isnull=False, parted_at__isnull=True),
                name="person_still_to_part",
            ),
            GinIndex(
                OpClass(Upper("name_en"), name="gin_trgm_ops"),
                OpClass(Upper("name_zh"), name="gin_trgm_ops"),
                OpClass(Upper("name_sort"), name="gin_trgm_ops"),
                name="person_words",
            ),
        ]

    def __str__(self) -> str:
        return i18n.local(self, "name")

    @property
    def title(self) -> str:
        return i18n.local(self, "title")


class ReportingLine(tenancy.TenantModel):
    """Who manages whom, from a day until (not including) another. At most one manager on any day."""

    person = tenancy.TenantForeignKey(Person, related_name="lines_up")
    manager = tenancy.TenantForeignKey(Person, related_name="lines_down", db_index=False)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            while_valid("person", name="one_manager_a_day"),
            models.CheckConstraint(condition=~Q(person=F("manager")), name="nobody_manages_themselves"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")), name="line_has_days"
            ),
        ]
        # Without the organisation: an index that begins with it and goes on without the person tempts the planner to look
        # for a person's line among all lines, as long as it knows nothing of the table.
        indexes = [models.Index(fields=["manager", "starts_on"], name="line_by_manager")]

    def __str__(self) -> str:
        return f"{self.person} → {self.manager}"


class UnitStay(tenancy.TenantModel):
    """Where somebody was (NULL: in no unit) until, not including, a day, and since the stay before. The unit that stands
    with the person holds from the end of the last one on; without any, it always did."""

    person = tenancy.TenantForeignKey(Person, related_name="unit_stays")
    unit = tenancy.TenantForeignKey(BusinessUnit, null=True, related_name="+")
    until = models.DateField(_("until"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "person", "until"], name="one_unit_a_day")
        ]
        indexes = [models.Index(fields=["organisation", "until"], name="unit_stay_by_day")]

    def __str__(self) -> str:
        return f"{self.person} @ {self.unit} < {self.until}"


class Team(tenancy.TenantModel):
    """People who share goals."""

    code = models.CharField(_("code"), max_length=60)
    name_en = models.CharField(_("name in English"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    parent = tenancy.TenantForeignKey("self", null=True, blank=True, related_name="children")
    lead = tenancy.TenantForeignKey(Person, null=True, blank=True, related_name="teams_led")
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organisation", "code"], name="team_code_once")]

    def __str__(self) -> str:
        return i18n.local(self, "name")


class TeamMembership(tenancy.TenantModel):
    """Who belongs to which team, and when. One primary team on any day."""

    person = tenancy.TenantForeignKey(Person, related_name="team_memberships")
    team = tenancy.TenantForeignKey(Team, related_name="memberships")
    is_primary = models.BooleanField(_("primary team"), default=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            while_valid("person", "team", name="one_membership_a_day"),
            ExclusionConstraint(
                name="one_primary_team_a_day",
                expressions=[
                    ("organisation", RangeOperators.EQUAL),
                    ("person", RangeOperators.EQUAL),
                    (DateRange(F("starts_on"), F("ends_on"), Value("[)")), RangeOperators.OVERLAPS),
                ],
                condition=Q(is_primary=True),
            ),
        ]
        indexes = [models.Index(fields=["organisation", "team", "starts_on"], name="membership_by_team")]

    def __str__(self) -> str:
        return f"{self.person} @ {self.team}"

    def holds_on(self, day: datetime.date) -> bool:
        """As `people.holds_on` says it of rows."""
        return self.starts_on <= day and (self.ends_on is None or self.ends_on > day)


class Role(models.TextChoices):
    """Roles that are granted. "Employee" follows from being here, "manager" from the reporting line."""

    HR = "hr", _("HR")
    ADMINISTRATOR = "administrator", _("Administrator")
    AUDITOR = "auditor", _("Auditor")
    BUSINESS_OWNER = "business_owner", _("KPI owner (business)")
    FINANCE_OWNER = "finance_owner", _("KPI owner (finance)")


class RoleGrant(tenancy.TenantModel):
    """A role given to a person."""

    person = tenancy.TenantForeignKey(Person, related_name="grants")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    granted_at = models.DateTimeField(_("granted at"), auto_now_add=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "person", "role"], name="role_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_role_display()}"


class Invitation(tenancy.TenantModel):
    """HR asks a person to sign in. The token is kept as a digest and works once."""

    person = tenancy.TenantForeignKey(Person, related_name="invitations")
    email = models.EmailField(_("e-mail"))
    digest = models.CharField(_("digest"), max_length=64)
    invited_by = tenancy.TenantForeignKey(Person, null=True, related_name="+")
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"))
    sending_at = models.DateTimeField(_("being sent since"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["digest"], name="invitation_digest_once")]

    def __str__(self) -> str:
        return self.email


class ErasedMention(tenancy.TenantModel):
    """A row of the log that names somebody whose personal data was erased, though it is about something else.

    The log cannot be changed; what it shows can. `in_label`: its subject's label is what names them.
    """

    row_id = models.UUIDField(_("row of the log"), db_index=True)
    in_label = models.BooleanField(_("in the label"), default=False)

    class Meta(tenancy.TenantModel.Meta):
        pass

    def __str__(self) -> str:
        return str(self.row_id)


class PeopleImport(tenancy.TenantModel):
    """A file of people: kept with its mapping and its dry run until it is applied."""

    file_name = models.CharField(_("file"), max_length=200)
    content = models.BinaryField(_("content"))
    mapping = models.JSONField(_("columns"), default=dict)
    mended = models.JSONField(_("mended cells"), default=dict)
    left_out = models.JSONField(_("rows left out"), default=list)
    starts_on = models.DateField(_("changes without a date start on"), null=True, blank=True)
    report = models.JSONField(_("dry run"), default=dict)
    before = models.JSONField(_("what it replaced"), default=dict)
    uploaded_by = tenancy.TenantForeignKey(Person, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded at"))
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    applied_at = models.DateTimeField(_("applied at"), null=True, blank=True)
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        indexes = [models.Index(fields=["organisation", "-uploaded_at"], name="import_by_time")]

    def __str__(self) -> str:
        return self.file_name
