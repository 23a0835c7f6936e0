"""Settings of Accord: one module, driven by environment variables.

Two ways to run the same code:

* **embedded** (no ``DATABASE_URL``): PostgreSQL from the requirements, Celery over that same PostgreSQL,
  secrets generated once and kept in the data folder;
* **production** (``DATABASE_URL``, normally with ``REDIS_URL``): every secret comes from the environment.

docs/operators.md lists each variable.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dj_database_url
from django.utils.translation import gettext_lazy as _

from performance.config import environment, log_lines
from performance.config.composition import *  # noqa: F403
from performance.foundation import datafolder
from performance.foundation.embedded import plan as embedded_plan

BASE_DIR = Path(__file__).resolve().parent.parent.parent

DEBUG = environment.flag("DEBUG", False)
EMBEDDED = not environment.text("DATABASE_URL")
PRODUCTION = not EMBEDDED and not DEBUG

# --- Secrets ---------------------------------------------------------------------------------------------

if PRODUCTION:
    SECRET_KEY = environment.required("SECRET_KEY", "a long random text; it signs sessions and links.")
    FIELD_ENCRYPTION_KEYS = environment.listing("FIELD_ENCRYPTION_KEYS")
    if not FIELD_ENCRYPTION_KEYS:
        environment.required(
            "FIELD_ENCRYPTION_KEYS",
            "Fernet keys, newest first, separated by commas; they encrypt credentials.",
        )
else:
    _kept = datafolder.generated_secrets()
    SECRET_KEY = environment.text("SECRET_KEY") or _kept["secret_key"]
    FIELD_ENCRYPTION_KEYS = environment.listing("FIELD_ENCRYPTION_KEYS") or _kept["field_encryption_keys"]
SECRET_KEY_FALLBACKS = environment.listing("SECRET_KEY_FALLBACKS")

# --- Where we are ----------------------------------------------------------------------------------------

ALLOWED_HOSTS = environment.listing("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = environment.listing("CSRF_TRUSTED_ORIGINS")
# The address that e-mails and printed links begin with.
ACCORD_URL = environment.text("ACCORD_URL", "http://localhost:8000").rstrip("/")

ROOT_URLCONF = "performance.config.urls"
WSGI_APPLICATION = "performance.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "people.User"

INSTALLED_APPS = [
    "performance.config",
    "performance.foundation",
    "performance.people",
    "performance.inbox",
    "performance.sources",
    "performance.kpis",
    "performance.scoring",
    "performance.appraisals",
    "okr",
    "feedback",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    # Before staticfiles: `runserver` then serves static files the way production does.
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "performance.foundation.middleware.RequestContext",
    "performance.foundation.middleware.Probes",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "performance.foundation.middleware.LanguageOfAccount",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "performance.foundation.middleware.AccessDeclared",
    "performance.foundation.middleware.SecurityHeaders",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "performance.config.shell.context",
            ],
        },
    }
]

# --- Databases -------------------------------------------------------------------------------------------
# `default` connects as the application's role: it owns nothing and cannot bypass row-level security.
# `owner` owns the schema; only migrations and `manage.py prepare` use it.

if EMBEDDED:
    _plan = embedded_plan.current()
    _application_url = _plan.url(_plan.application, _plan.database)
    _owner_url = _plan.url(_plan.owner, _plan.database)
else:
    _application_url = environment.text("DATABASE_URL")
    _owner_url = environment.text("DATABASE_OWNER_URL")


def _database(url: str, *, keep_seconds: int) -> dict[str, Any]:
    configured: dict[str, Any] = dict(
        dj_database_url.parse(url, conn_max_age=keep_seconds, conn_health_checks=True)
    )
    configured.setdefault("OPTIONS", {})["application_name"] = "accord"
    return configured


DATABASES: dict[str, dict[str, Any]] = {
    "default": _database(_application_url, keep_seconds=environment.number("DATABASE_KEEP_SECONDS", 60))
}
if _owner_url:
    DATABASES["owner"] = _database(_owner_url, keep_seconds=0)
DATABASE_ROUTERS = ["performance.foundation.routing.OwnerMigrates"]
# The application's role as `prepare` creates it and foundation.walls grants to it.
APPLICATION_ROLE = DATABASES["default"]["USER"]

# --- Cache and broker ------------------------------------------------------------------------------------

REDIS_URL = environment.text("REDIS_URL")
if REDIS_URL:
    CACHES: dict[str, dict[str, Any]] = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "accord",
        }
    }
    CELERY_BROKER_URL = environment.text("ACCORD_BROKER_URL") or REDIS_URL
else:
    # In the database, so that sign-in throttles hold across processes.
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "accord_cache",
            "KEY_PREFIX": "accord",
        }
    }
    CELERY_BROKER_URL = environment.text("ACCORD_BROKER_URL") or (
        environment.broker_beside(_application_url, "accord_broker")
    )

CELERY_TASK_DEFAULT_QUEUE = "accord"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
# A task that dies with its worker is delivered again; every task is idempotent.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_TASK_SOFT_TIME_LIMIT = environment.number("ACCORD_TASK_SECONDS", 1800)
CELERY_TASK_TIME_LIMIT = CELERY_TASK_SOFT_TIME_LIMIT + 60
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A web process must not wait for a broken broker: the sweep picks up what a nudge could not say.
CELERY_TASK_PUBLISH_RETRY = False
if REDIS_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "visibility_timeout": CELERY_TASK_TIME_LIMIT + 60,
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
        "global_keyprefix": "accord:",
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"pool_pre_ping": True}
    # Broadcasts need a fan-out exchange, which a database broker does not have.
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False

# --- Languages and time ----------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_COOKIE_NAME = "accord_language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 60 * 60 * 24 * 365

# --- Files -----------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(
    environment.text("ACCORD_STATIC_ROOT")
    or (datafolder.path() / "static" if EMBEDDED else BASE_DIR / "staticfiles")
)
# Uploaded files and exports; never served by the web server, always through a view that asks who you are.
MEDIA_ROOT = Path(environment.text("ACCORD_FILES") or datafolder.path() / "files")
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# --- Signing in ------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
# Self-service sign-up of organisations is a switch of the installation.
ACCORD_SIGNUP_OPEN = environment.flag("ACCORD_SIGNUP_OPEN", False)
ACCOUNT_ADAPTER = "performance.people.views.sign_in.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "performance.people.forms.SignUpForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Failures lock the account (key) and the address (ip) for a while.
ACCOUNT_RATE_LIMITS = {"login_failed": "20/15m/ip,5/15m/key"}
MFA_ADAPTER = "performance.people.views.sign_in.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Accord"
USERSESSIONS_TRACK_ACTIVITY = False
# How many proxies stand before us: the client's address is that many places from the right.
ALLAUTH_TRUSTED_PROXY_COUNT = environment.number("ACCORD_PROXIES", 0)

# --- The browser's safety --------------------------------------------------------------------------------

# Embedded mode serves plain HTTP on this machine; production is behind TLS unless told otherwise.
TLS = environment.flag("ACCORD_TLS", PRODUCTION)
SESSION_COOKIE_NAME = "accord_session"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SESSION_COOKIE_SECURE = TLS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "accord_csrf"
CSRF_COOKIE_SECURE = TLS
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = TLS
# Probes come from inside, over plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = TLS
SECURE_HSTS_PRELOAD = TLS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if environment.number("ACCORD_PROXIES", 0):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- E-mail ----------------------------------------------------------------------------------------------

vars().update(environment.email(environment.text("EMAIL_URL", "console:")))
DEFAULT_FROM_EMAIL = environment.text("EMAIL_FROM", "Accord <accord@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- API -------------------------------------------------------------------------------------------------

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_SCHEMA_CLASS": "performance.foundation.documented.DocumentedSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "performance.people.views.api_tokens.PersonalToken",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "EXCEPTION_HANDLER": "performance.foundation.api.problem",
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "performance.foundation.parsing.WritableJSON",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_PAGINATION_CLASS": "performance.foundation.api.NewestFirst",
    "PAGE_SIZE": 50,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Accord API",
    "DESCRIPTION": "Goals, metrics, weights, scores and appraisals through the same rules as the pages.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    # Choices stand where they are used: many things have a "state" or a "kind", each with words of its own.
    "POSTPROCESSING_HOOKS": [],
    # Served by us: no page asks another host for anything.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# --- Sources ---------------------------------------------------------------------------------------------

# The largest file that may be uploaded as a source, in megabytes; kept in the database.
ACCORD_UPLOAD_MB = environment.number("ACCORD_UPLOAD_MB", 2048)
# Hosts and networks that connections may reach although they are private, e.g. "10.2.0.0/16,db.example.com".
ACCORD_EGRESS_ALLOW = environment.listing("ACCORD_EGRESS_ALLOW")

# --- Logs ------------------------------------------------------------------------------------------------

LOG_FORMAT = environment.text("ACCORD_LOG_FORMAT", "json" if PRODUCTION else "plain")
LOGGING: dict[str, Any] = log_lines.configured(
    form=LOG_FORMAT, level=environment.text("ACCORD_LOG_LEVEL", "INFO").upper()
)
