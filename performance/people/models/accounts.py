"""Who can sign in. Global: one account may belong to several organisations."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_installation_admin=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username or "")


class User(AbstractBaseUser, PermissionsMixin):
    """An account: an e-mail address and a password. What it may do follows from the person it acts as."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_installation_admin = models.BooleanField(_("administers the installation"), default=False)
    language = models.CharField(_("language"), max_length=10, blank=True)
    date_joined = models.DateTimeField(_("joined at"), auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email


class Membership(models.Model):
    """An account belongs to an organisation. Global, because it is read before the organisation is known."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(
        "people.Organisation", on_delete=models.CASCADE, related_name="memberships"
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organisation"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} @ {self.organisation}"


class Scope(models.TextChoices):
    """What a personal token may do; never more than its owner."""

    PEOPLE_READ = "people:read", _("Read people")
    PEOPLE_WRITE = "people:write", _("Change people")
    INBOX_READ = "inbox:read", _("Read what waits")
    INBOX_WRITE = "inbox:write", _("Snooze what waits")
    GOALS_READ = "goals:read", _("Read goals")
    GOALS_WRITE = "goals:write", _("Propose goals and check in")
    FEEDBACK_READ = "feedback:read", _("Read feedback")
    FEEDBACK_WRITE = "feedback:write", _("Give feedback")
    METRICS_READ = "metrics:read", _("Read metrics")
    METRICS_WRITE = "metrics:write", _("Define metrics and targets")
    SOURCES_READ = "sources:read", _("Read sources")
    SOURCES_WRITE = "sources:write", _("Change sources and load data")
    PERFORMANCE_READ = "performance:read", _("Read scores and policies")
    PERFORMANCE_WRITE = "performance:write", _("Change policies, cycles and exports")
    SETTINGS_READ = "settings:read", _("Read settings, roles and the log")
    SETTINGS_WRITE = "settings:write", _("Change settings and roles")


class ApiToken(models.Model):
    """A personal token: shown once, kept as a digest. Global, because it is what names the organisation."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    organisation = models.ForeignKey("people.Organisation", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(_("first characters"), max_length=12)
    digest = models.CharField(_("digest"), max_length=64, unique=True)
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"))
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class SetupLink(models.Model):
    """The one-time link of a new installation. Dead once used, and as soon as an administrator exists."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    digest = models.CharField(_("digest"), max_length=64, unique=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)

    def __str__(self) -> str:
        return f"setup link of {self.created_at:%Y-%m-%d}"
