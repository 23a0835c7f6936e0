"""What waits for whom, and how it was told."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.foundation import i18n, tenancy


class Area(models.TextChoices):
    HOME = "home", _("Home")
    GOALS = "goals", _("Goals")
    METRICS = "metrics", _("Metrics")
    FEEDBACK = "feedback", _("Feedback")
    PERFORMANCE = "performance", _("Performance")
    PEOPLE = "people", _("People")


class WorkItem(tenancy.TenantModel):
    """One thing that waits for one person. `kind` is "<area>.<what>"; done by the action that resolves it."""

    person = tenancy.TenantForeignKey("people.Person", related_name="work_items")
    kind = models.CharField(_("kind"), max_length=60)
    subject_id = models.UUIDField(_("subject"))
    title_en = models.CharField(_("title in English"), max_length=200)
    title_zh = models.CharField(_("title in Chinese"), max_length=200, blank=True)
    detail_en = models.CharField(_("detail in English"), max_length=200, blank=True)
    detail_zh = models.CharField(_("detail in Chinese"), max_length=200, blank=True)
    url = models.CharField(_("address"), max_length=300)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    assigned_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    assigned_at = models.DateTimeField(_("assigned at"))
    snoozed_until = models.DateField(_("snoozed until"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    done_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    # Up the line: the day on which the next level hears of it, and what became of that.
    escalate_on = models.DateField(_("goes up the line on"), null=True, blank=True)
    escalations = models.PositiveSmallIntegerField(_("levels that heard of it"), default=0)
    escalated_on = models.DateField(_("went up the line on"), null=True, blank=True)
    escalated_to = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    # What somebody up the line is told: the item that is overdue.
    about = tenancy.TenantForeignKey("self", null=True, blank=True, related_name="+")
    # In somebody else's hands: the item of whoever handed it over, and the one of whoever does it now.
    handed_to = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    handed_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "person", "kind", "subject_id"],
                condition=Q(done_at__isnull=True),
                name="work_open_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "person", "due_on"],
                condition=Q(done_at__isnull=True),
                name="work_open",
            ),
            models.Index(fields=["organisation", "subject_id", "kind"], name="work_by_subject"),
            models.Index(
                fields=["organisation", "escalate_on", "due_on"],
                condition=Q(done_at__isnull=True),
                name="work_overdue",
            ),
            models.Index(
                fields=["organisation", "about"],
                condition=Q(done_at__isnull=True, about__isnull=False),
                name="work_about_open",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return i18n.local(self, "title")

    @property
    def detail(self) -> str:
        return i18n.local(self, "detail")

    @property
    def area(self) -> str:
        return self.kind.partition(".")[0]


class OverdueRule(tenancy.TenantModel):
    """When what waits is overdue, and who then hears of it. One row an organisation; without one, the defaults. All
    days are workdays of the organisation's calendar on which the person is there."""

    due_days = models.PositiveSmallIntegerField(_("due after, where nothing else says when"), default=5)
    grace_days = models.PositiveSmallIntegerField(_("grace after the due day"), default=5)
    levels = models.PositiveSmallIntegerField(_("levels that hear of it"), default=2)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation"], name="one_overdue_rule"),
            models.CheckConstraint(
                condition=Q(due_days__range=(1, 20)) & Q(grace_days__range=(0, 20)) & Q(levels__range=(0, 2)),
                name="overdue_rule_within",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.due_days} + {self.grace_days} workdays, {self.levels} levels"


class MailPace(models.TextChoices):
    AT_ONCE = "at_once", _("At once")
    DAILY = "daily", _("Once a day, all together")
    NEVER = "never", _("Never: I look here")


class MailRule(tenancy.TenantModel):
    """How somebody wants to be written to. Hours are full hours in the organisation's time zone; quiet hours may cross
    midnight. Whoever has no row is told at once, and of the week."""

    person = tenancy.TenantForeignKey("people.Person", related_name="mail_rules")
    pace = models.CharField(
        _("e-mail about what waits"), max_length=8, choices=MailPace.choices, default="at_once"
    )
    daily_hour = models.PositiveSmallIntegerField(_("hour of the daily e-mail"), default=8)
    quiet_from = models.PositiveSmallIntegerField(_("quiet from"), null=True, blank=True)
    quiet_until = models.PositiveSmallIntegerField(_("quiet until"), null=True, blank=True)
    wants_week = models.BooleanField(_("a summary of the week, on Mondays"), default=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "person"], name="mail_rule_once"),
            models.CheckConstraint(condition=Q(pace__in=MailPace.values), name="mail_pace_known"),
            models.CheckConstraint(condition=Q(daily_hour__range=(0, 23)), name="mail_daily_hour"),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__range=(0, 23), quiet_until__range=(0, 23)),
                name="mail_quiet_hours",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.pace}"


class Letter(tenancy.TenantModel):
    """One e-mail that is no single work item: a digest. Written once for each person, kind and key (the day or week that
    it tells of), in its reader's language; sent by a task, sent once."""

    person = tenancy.TenantForeignKey("people.Person", related_name="letters")
    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(_("what it tells of"), max_length=40)
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField(_("text"))
    html = models.TextField(_("text with marks"))
    queued_at = models.DateTimeField(_("queued at"))
    sending_at = models.DateTimeField(_("being sent since"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("last error"), max_length=300, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "person", "kind", "key"], name="letter_once")
        ]
        indexes = [
            models.Index(
                fields=["organisation", "queued_at"], condition=Q(sent_at__isnull=True), name="letter_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}: {self.person_id}"


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    WEBHOOK = "webhook", _("Webhook")
    SLACK = "slack", _("Slack")
    TEAMS = "teams", _("Microsoft Teams")
    FEISHU = "feishu", _("Feishu")
    DINGTALK = "dingtalk", _("DingTalk")
    WECOM = "wecom", _("WeCom")


#: What the organisation's webhooks may be told of. What colleagues write to each other is nobody's feed of data.
AREAS_OF_WEBHOOKS = (Area.GOALS, Area.METRICS, Area.PERFORMANCE)


class Endpoint(tenancy.TenantModel):
    """An HTTP address that is told of work: a webhook of the organisation (nobody's), or somebody's own chat.

    The address is as secret as the secret beside it, so both are sealed; `host` is what may be shown. `rests_until` keeps
    messages apart and leaves alone what does not answer; `off_at` says that it was switched off because nobody is there.
    """

    person = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="chats")
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    name = models.CharField(_("name"), max_length=80)
    host = models.CharField(_("host"), max_length=253)
    sealed = models.TextField(_("sealed address and secrets"), blank=True)
    areas = ArrayField(
        models.CharField(max_length=20, choices=Area.choices),
        verbose_name=_("areas"),
        default=list,
        blank=True,
    )
    tells_title = models.BooleanField(_("with the title"), default=False)
    is_paused = models.BooleanField(_("paused"), default=False)
    old_secret_until = models.DateTimeField(
        _("signed with the former secret too, until"), null=True, blank=True
    )
    rests_until = models.DateTimeField(_("rests until"), null=True, blank=True)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    off_at = models.DateTimeField(_("switched off at"), null=True, blank=True)
    off_reason = models.CharField(_("why it was switched off"), max_length=300, blank=True)
    created_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    created_at = models.DateTimeField(_("created at"))
    closed_at = models.DateTimeField(_("removed at"), null=True, blank=True)
    once_key = models.UUIDField(null=True, editable=False)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "created_by", "once_key"], name="endpoint_sent_once"
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=True, channel=Channel.WEBHOOK)
                | Q(person__isnull=False) & ~Q(channel__in=[Channel.WEBHOOK, Channel.EMAIL]),
                name="endpoint_whose",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(sealed=""), name="endpoint_closed_forgets"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "person"], condition=Q(closed_at__isnull=True), name="endpoint_living"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_label(self) -> str:
        """What somebody calls their chat is their own affair."""
        return f"{self.get_channel_display()} ({self.host})" if self.person_id else self.name

    @property
    def is_open(self) -> bool:
        """Whether work is told here now."""
        return self.closed_at is None and self.off_at is None and not self.is_paused


class Occasion(models.TextChoices):
    ASSIGNED = "assigned", pgettext_lazy("occasion", "Given")
    DONE = "done", pgettext_lazy("occasion", "Done")
    TEST = "test", pgettext_lazy("occasion", "Test")


class Delivery(tenancy.TenantModel):
    """One message about one work item, or a test. Written with the item, sent by a task, sent once. An e-mail has no
    endpoint, everything else has; a test has no item."""

    item = tenancy.TenantForeignKey(WorkItem, null=True, blank=True, related_name="deliveries")
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    endpoint = tenancy.TenantForeignKey(Endpoint, null=True, blank=True, related_name="deliveries")
    occasion = models.CharField(
        _("occasion"), max_length=10, choices=Occasion.choices, default=Occasion.ASSIGNED
    )
    queued_at = models.DateTimeField(_("queued at"))
    sending_at = models.DateTimeField(_("being sent since"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("last error"), max_length=300, blank=True)
    answered = models.PositiveSmallIntegerField(_("status of the answer"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "item", "channel"],
                condition=Q(endpoint__isnull=True),
                name="delivered_once",
            ),
            models.UniqueConstraint(
                fields=["organisation", "endpoint", "item", "occasion"],
                condition=Q(endpoint__isnull=False),
                name="delivered_once_there",
            ),
            models.CheckConstraint(
                condition=Q(endpoint__isnull=True, channel=Channel.EMAIL)
                | Q(endpoint__isnull=False) & ~Q(channel=Channel.EMAIL),
                name="delivered_where",
            ),
            models.CheckConstraint(
                condition=Q(item__isnull=True, occasion=Occasion.TEST, endpoint__isnull=False)
                | Q(item__isnull=False) & ~Q(occasion=Occasion.TEST),
                name="delivered_about",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "queued_at"],
                condition=Q(sent_at__isnull=True),
                name="delivery_waiting",
            ),
            models.Index(
                fields=["organisation", "endpoint", "-id"],
                condition=Q(endpoint__isnull=False),
                name="delivery_by_endpoint",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.item_id}"
