"""Where data comes from, and short questions asked of it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import i18n, tenancy
from performance.sources.connectors import reasons
from performance.sources.models import jobs


class Kind(models.TextChoices):
    POSTGRESQL = "postgresql", _("PostgreSQL")
    MYSQL = "mysql", _("MySQL or MariaDB")
    REST = "rest", _("REST, JSON over HTTP")
    PUSH = "push", _("Push: a system sends rows")
    FILE = "file", _("File (CSV, Excel, ODS, Parquet)")


class Tls(models.TextChoices):
    PREFER = "prefer", _("When the server offers it")
    REQUIRE = "require", _("Always")
    VERIFY = "verify", _("Always, and check the certificate")


class Auth(models.TextChoices):
    """How a REST source is told who asks."""

    NONE = "none", _("Nothing: open to everybody")
    BEARER = "bearer", _("Bearer token")
    BASIC = "basic", _("User and password")
    HEADER = "header", _("Key in a header")
    OAUTH = "oauth", _("OAuth, client credentials")


class ConnectionState(models.TextChoices):
    UNTESTED = "untested", _("Not tested yet")
    CONNECTED = "connected", _("Connected")
    FAILING = "failing", _("Not reachable")


class Connection(tenancy.TenantModel):
    """A database, a REST source, a system that sends rows, or a series of uploaded files. The secret is sealed and
    never shown again.

    For REST `host` and `port` are those of `base_address`, and `user_name` is the client where OAuth is used.
    """

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    name_en = models.CharField(_("name in English"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    host = models.CharField(_("host"), max_length=255, blank=True)
    port = models.PositiveIntegerField(_("port"), null=True, blank=True)
    database = models.CharField(_("database"), max_length=128, blank=True)
    user_name = models.CharField(_("user"), max_length=128, blank=True)
    tls = models.CharField(_("encryption"), max_length=8, choices=Tls.choices, default=Tls.PREFER)
    base_address = models.CharField(_("base address"), max_length=500, blank=True)
    auth = models.CharField(_("signing in"), max_length=8, choices=Auth.choices, default=Auth.NONE)
    header_name = models.CharField(_("header"), max_length=80, blank=True)
    token_address = models.CharField(_("address of tokens"), max_length=500, blank=True)
    scope = models.CharField(_("scope"), max_length=300, blank=True)
    sealed = models.TextField(_("sealed credentials"), blank=True, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=ConnectionState.choices, default=ConnectionState.UNTESTED
    )
    checked_at = models.DateTimeField(_("tested at"), null=True, blank=True)
    server = models.CharField(_("server"), max_length=80, blank=True)
    answer_ms = models.PositiveIntegerField(_("answer time in milliseconds"), null=True, blank=True)
    is_encrypted = models.BooleanField(_("encrypted"), null=True)
    can_write = models.BooleanField(_("account may write"), null=True)
    problem_code = models.CharField(_("problem"), max_length=40, blank=True)
    problem_params = models.JSONField(_("details of the problem"), default=dict, blank=True)
    is_paused = models.BooleanField(_("paused"), default=False)
    created_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("created at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["name_en"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name_en"], condition=Q(closed_at=None), name="connection_name_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[Kind.FILE, Kind.PUSH], host="")
                | (~Q(kind__in=[Kind.FILE, Kind.PUSH]) & ~Q(host="") & Q(port__isnull=False)),
                name="connection_has_address",
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.REST) & ~Q(base_address="") | ~Q(kind=Kind.REST) & Q(base_address=""),
                name="connection_rest_has_base",
            ),
        ]

    def __str__(self) -> str:
        return i18n.local(self, "name")

    @property
    def is_file(self) -> bool:
        return self.kind == Kind.FILE

    @property
    def is_rest(self) -> bool:
        return self.kind == Kind.REST

    @property
    def is_push(self) -> bool:
        return self.kind == Kind.PUSH

    @property
    def is_asked(self) -> bool:
        """We reach out for it: it can be tested and paused, and is loaded by the clock."""
        return not (self.is_file or self.is_push)

    @property
    def is_database(self) -> bool:
        return self.is_asked and not self.is_rest

    @property
    def has_secret(self) -> bool:
        return self.is_database or (self.is_rest and self.auth != Auth.NONE)

    @property
    def place(self) -> str:
        """Where it is, in one line."""
        return self.base_address if self.is_rest else f"{self.host}:{self.port}/{self.database}"

    @property
    def can_be_live(self) -> bool:
        """Whether it can be asked in SQL, so that nothing has to be copied."""
        return self.kind in (Kind.POSTGRESQL, Kind.MYSQL)

    @property
    def problem(self) -> str:
        return str(reasons.text(self.problem_code, self.problem_params)) if self.problem_code else ""


class SourceFile(tenancy.TenantModel):
    """One uploaded file. Kept in parts in the database, behind the same walls as everything else, so that any
    worker on any host can read it."""

    connection = tenancy.TenantForeignKey(Connection, related_name="files")
    name = models.CharField(_("file name"), max_length=200)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    digest = models.CharField(_("SHA-256"), max_length=64)
    uploaded_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded at"))

    class Meta(tenancy.TenantModel.Meta):
        indexes = [models.Index(fields=["organisation", "connection", "-uploaded_at"], name="file_by_time")]

    def __str__(self) -> str:
        return self.name


class SourceFilePart(tenancy.TenantModel):
    file = tenancy.TenantForeignKey(SourceFile, related_name="parts")
    number = models.PositiveIntegerField(_("number"))
    data = models.BinaryField(_("bytes"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organisation", "file", "number"], name="part_once")]

    def __str__(self) -> str:
        return f"{self.file_id}/{self.number}"


class ProbeKind(models.TextChoices):
    CHECK = "check", _("Test the connection")
    DISCOVER = "discover", _("List the tables")
    DESCRIBE = "describe", _("Look at a table")


class Probe(jobs.Job):
    """A short question to a source, answered by a worker: does it connect, which tables, what is in this one.

    `question` for describe: {"schema", "table"} or {"query"}. `answer`: see actions/probing.py. Answers hold
    sample rows, so they are cleared after a day.
    """

    KEEP_HOURS: ClassVar[int] = 24

    connection = tenancy.TenantForeignKey(Connection, related_name="probes")
    kind = models.CharField(_("question"), max_length=10, choices=ProbeKind.choices)
    question = models.JSONField(_("details"), default=dict, blank=True)
    answer = models.JSONField(_("answer"), default=dict, blank=True)

    class Meta(jobs.Job.Meta):
        indexes = [
            models.Index(fields=["organisation", "connection", "kind", "-asked_at"], name="probe_by_time")
        ]
        constraints = [jobs.finished_has_time("probe_finished_when")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.connection}"
