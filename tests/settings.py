"""Settings of the tests: the application's own, with a cluster apart and cheap passwords."""

import base64
import os

# Apart from the data folder of a running demo, so that neither stops nor changes the other.
os.environ.setdefault("ACCORD_DATA", ".accord/test")
os.environ.setdefault("SECRET_KEY", "tests-only-" + "0123456789" * 5)
os.environ.setdefault(
    "FIELD_ENCRYPTION_KEYS", base64.urlsafe_b64encode(b"tests-only-" * 2 + b"0123456789").decode()
)

from performance.config.settings import *  # noqa: F403
from performance.config.settings import MIDDLEWARE as _MIDDLEWARE
from performance.config.settings import STORAGES as _STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# The live server of browser tests finds static files itself.
MIDDLEWARE = [name for name in _MIDDLEWARE if not name.startswith("whitenoise.")]
# Tests read templates, not collected files.
STORAGES = {
    **_STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
ALLOWED_HOSTS = ["*"]
SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
# Inside this process: test workers must not see each other's throttles, nor nudge a worker of somebody else.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {}
