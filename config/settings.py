"""Everything the tracker is told from outside, read once from the environment.

Each variable is listed in ``.env.example``; a bad value stops the start with a
sentence that says what to mend.
"""

import base64
import binascii
import logging
import os
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import api, logs, mail, metrics, reports, schedule
from config.environment import (
    account,
    broker,
    contact,
    count,
    database,
    env,
    is_this_machine,
    path,
    secret,
    signing_keys,
    switch,
    web_address,
)

# Where lxml is installed openpyxl prefers it to defusedxml, which refuses entities.
os.environ["OPENPYXL_LXML"] = "False"

BASE_DIR = Path(__file__).resolve().parent.parent


DEBUG = switch("DEBUG", default=False)
# What an earlier key signed, like the links of mails sent long ago, goes on to hold.
SECRET_KEY, SECRET_KEY_FALLBACKS = signing_keys(
    secret("SECRET_KEY"), secret("SECRET_KEY_FALLBACKS"), debug=DEBUG
)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS is empty. List the names under which the tracker is reached."
    )
if addresses := [name for name in ALLOWED_HOSTS if "/" in name]:
    raise ImproperlyConfigured(
        f'ALLOWED_HOSTS holds "{addresses[0]}". List names alone, without https:// and '
        "paths."
    )
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        'ALLOWED_HOSTS holds "*", which trusts any name. List the names instead.'
    )
if DEBUG and (public := [name for name in ALLOWED_HOSTS if not is_this_machine(name)]):
    raise ImproperlyConfigured(
        "DEBUG=on shows code and settings to whoever meets an error, and ALLOWED_HOSTS "
        f"names {public[0]}. Set DEBUG=off, or leave this machine's names alone there."
    )
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

DATA_DIR = path("TRACKER_DATA_DIR", default=BASE_DIR / "var")
SITE_NAME = env("TRACKER_SITE_NAME", default="") or "Opening-Up Tracker"
SITE_URL = web_address("TRACKER_SITE_URL", default="http://127.0.0.1:8000")
CONTACT = contact(env("TRACKER_CONTACT", default=""))
# Off for a desk of one person: every entry so made says so in public.
SIGN_OFF = switch("TRACKER_SIGN_OFF", default=True)
# On: staff change nothing before they have a second factor. See docs/accounts.md.
REQUIRE_MFA = switch("TRACKER_REQUIRE_MFA", default=not DEBUG)
# On: links of evidence are checked and copies kept. See docs/evidence.md.
LINK_CHECKS = switch("TRACKER_LINK_CHECKS", default=True)
# Seconds between two requests to one host, where its robots rules ask for no more.
HOST_PAUSE = count("TRACKER_HOST_PAUSE", default=5, most=3600, of="seconds")
# On: each copy kept is asked of the Wayback Machine too.
WAYBACK = switch("TRACKER_WAYBACK", default=False)
# Grows with the rules in commitments/rules.py; see docs/method.md.
METHOD_VERSION = "1.0"
CHECKPOINT_FILE = path(
    "TRACKER_CHECKPOINT_FILE", default=DATA_DIR / "checkpoints.jsonl"
)
CHECKPOINT_KEY = secret("TRACKER_CHECKPOINT_KEY")
if CHECKPOINT_KEY:
    try:
        if len(base64.b64decode(CHECKPOINT_KEY, validate=True)) != 32:
            raise ValueError
    except (binascii.Error, ValueError) as error:
        raise ImproperlyConfigured(
            "TRACKER_CHECKPOINT_KEY is not an ed25519 key: give base64 of 32 bytes."
        ) from error
# What the secrets of webhooks are encrypted under; several, with commas: the first
# encrypts, any opens. Empty: made in the data folder.
WEBHOOK_KEY = secret("TRACKER_WEBHOOK_KEY")
if any(len(key.strip()) < 32 for key in WEBHOOK_KEY.split(",") if WEBHOOK_KEY):
    raise ImproperlyConfigured(
        "TRACKER_WEBHOOK_KEY holds a key of fewer than 32 characters. Give 32 or more "
        "random ones, or leave it empty."
    )

# On: cookies, redirects and headers for a site served over HTTPS.
SECURE = switch("TRACKER_SECURE", default=not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
if SECURE:
    # Browsers take these names from this host alone, over HTTPS.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
# The containers' health check asks over plain HTTP, from inside.
SECURE_REDIRECT_EXEMPT = [r"^healthz/"]
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
# How many proxies of ours stand before the server and say whom they were asked by.
TRUSTED_PROXIES = count(
    "TRACKER_TRUSTED_PROXIES", default=0, most=10, of="proxies of your own"
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        # What is not named comes from nowhere.
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # The desk previews public pages in a frame.
        "frame-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

INSTALLED_APPS = [
    "commitments.site.TrackerAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "corsheaders",
    "csp",
    "django_filters",
    "django_structlog",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "commitments",
    "tracker",
]
MIDDLEWARE = [
    "config.logs.Requests",
    "config.metrics.remember_route",
    "tracker.api.edge.one_shape",
    "config.failures.refuse_large_bodies",
    "django.middleware.security.SecurityMiddleware",
    "config.headers.add",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "tracker.middleware.forget_clicks",
    "tracker.middleware.speak_the_language_of_the_address",
    "tracker.middleware.refuse_unreadable_urls",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "commitments.audit.remember_request",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.headers.ContentPolicy",
    "commitments.admin.first_password.require_own_password",
    "commitments.admin.second_factor.require_second_factor",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tracker.context.site",
            ]
        },
    }
]
FORMS_URLFIELD_ASSUME_HTTPS = True

DATABASES = {
    "default": database("DATABASE_URL", default=f"sqlite:///{DATA_DIR}/tracker.sqlite3")
}
# Who serves, and is given its rights by each migrate of the owner. See docs/operations.md.
SERVING_ACCOUNT = account("TRACKER_SERVING_DATABASE_URL")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# Failures of one account from one address, of one account from all strange addresses, and
# of one address whatever the account: an office behind one address is not closed by one
# forgotten password.
AXES_HANDLER = "commitments.lockout.LockOut"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
ADDRESS_FAILURE_LIMIT = 50
AXES_COOLOFF_TIME = timedelta(minutes=15)
# Tries during a lock-out do not prolong it.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "commitments.lockout.counted_address"
AXES_LOCKOUT_CALLABLE = "commitments.lockout.locked_out"
# The audit list is ours; axes only counts.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken", "next"]
OTP_TOTP_ISSUER = SITE_NAME

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS += [
    {"NAME": f"commitments.passwords.{name}"}
    for name in ("WithoutOurWords", "NotThePresentOne")
]
# A day at the desk: who signed in this morning signs in again tomorrow.
SESSION_COOKIE_AGE = 12 * 3600

# The language of a page is in its address; see tracker/languages.py.
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = path("TRACKER_STATIC_ROOT", default=DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
# Files that wait to be imported. Never served.
MEDIA_ROOT = DATA_DIR / "files"
# Where kept copies and releases lie: a bucket, or folders beside the database.
S3_BUCKET = env("TRACKER_S3_BUCKET", default="")
S3_ENDPOINT = web_address("TRACKER_S3_ENDPOINT", default="")


def kept_in(folder: str) -> dict:
    """Return the storage of files that are never overwritten."""
    if not S3_BUCKET:
        return {
            "BACKEND": "commitments.whole_files.WholeFiles",
            "OPTIONS": {"location": DATA_DIR / folder},
        }
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": S3_ENDPOINT or None,
            "access_key": secret("AWS_ACCESS_KEY_ID") or None,
            "secret_key": secret("AWS_SECRET_ACCESS_KEY") or None,
            "location": folder,
            "file_overwrite": False,
            "default_acl": None,
        },
    }


STORAGES = {
    "captures": kept_in("captures"),
    "releases": kept_in("releases"),
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.static.Collected"
    },
}

# Empty: each mail becomes a file in var/mail/ and goes nowhere.
vars().update(mail.configured(secret("EMAIL_URL"), folder=DATA_DIR / "mail"))
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="") or "tracker@localhost"
# Where "unsubscribe" may be sent to by mail; somebody has to read it. Empty: nowhere.
UNSUBSCRIBE_ADDRESS = env("TRACKER_UNSUBSCRIBE_ADDRESS", default="")

REDIS_URL = broker("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# No result of a killed process is waited for: its task goes back to the queue sooner.
CELERY_WORKER_LOST_WAIT = 1.0
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Above the hard limit, or a running task would be delivered twice.
    "visibility_timeout": 600,
    # Without these a dead broker blocks the caller for seconds.
    "max_retries": 2,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.5,
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
}
QUEUES = schedule.QUEUES
CELERY_TASK_ROUTES = schedule.ROUTES
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "config.beat:OneScheduler"
CELERY_BEAT_SCHEDULE = schedule.BEAT


# Megabytes of public answers that each web process keeps; 0 keeps none.
CACHE_MB = count("TRACKER_CACHE_MB", default=64, most=100_000, of="megabytes")
REQUESTS = "requests a minute, 0 for no limit"
API_RATE = count("TRACKER_API_RATE", default=600, of=REQUESTS)
API_KEY_RATE = count("TRACKER_API_KEY_RATE", default=6000, of=REQUESTS)
# For how long shared caches may answer for the API: so late may a reader be.
SHARED_CACHE_SECONDS = count(
    "TRACKER_SHARED_CACHE_SECONDS", default=60, of="seconds, 0 for none"
)
# Any page may read the API; none may write with its reader's browser.
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS"]
CORS_ALLOW_HEADERS = ["accept", "if-none-match", "if-modified-since"]
CORS_EXPOSE_HEADERS = [
    *("ETag", "Last-Modified", "Link", "RateLimit", "RateLimit-Policy", "Retry-After"),
    *("Deprecation", "Sunset"),
]

REST_FRAMEWORK = api.REST_FRAMEWORK
SPECTACULAR_SETTINGS = api.CONTRACT

# json: for machines that gather logs; plain: for people.
LOG_FORMAT = env("TRACKER_LOG_FORMAT", default="") or ("plain" if DEBUG else "json")
if LOG_FORMAT not in ("json", "plain"):
    raise ImproperlyConfigured(
        f'TRACKER_LOG_FORMAT is "{LOG_FORMAT}". Set it to json or plain.'
    )
logs.configure()
LOGGING = logs.logging_settings(LOG_FORMAT)
# Not who asked from where: readers are nobody's business.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_TASK_SUCCESS_LOG_LEVEL = logging.DEBUG
# Where Prometheus asks, an address that no reader reaches. Empty: nothing is counted.
METRICS = env("TRACKER_METRICS", default="")
try:
    metrics.address()
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from error
# Errors are reported there too, without what people sent.
SENTRY_DSN = secret("SENTRY_DSN")
if SENTRY_DSN:
    reports.start(SENTRY_DSN)
