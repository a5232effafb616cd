"""Every setting, in sections; each is read once, with a default that makes a fresh clone work."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from celery.schedules import schedule

from riskboard import broker, env, logs


def passing_folder() -> Path:
    """Tests never touch the data of the installation they run in."""
    path = Path(tempfile.mkdtemp(prefix="riskboard-tests-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules
DATA_DIR = env.folder("RISKBOARD_DATA_DIR", passing_folder() if TESTING else BASE_DIR / "var")

# -- what is asked of this installation -----------------------------------------------------------
DEBUG = env.flag("RISKBOARD_DEBUG")
SECRET_KEY = env.secret("SECRET_KEY", DATA_DIR / "secret_key")
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS")
SIGNING_FOLDER = DATA_DIR / "signing"  # the key that signs reports, and the public parts of older ones
SIGNING_KEY = env.seed("RISKBOARD_SIGNING_KEY")  # in its place, for machines that share no folder
OLD_SIGNING_KEYS = env.public_keys("RISKBOARD_OLD_SIGNING_KEYS")  # public, the oldest first
ALLOWED_HOSTS = env.names("RISKBOARD_HOSTS", "127.0.0.1,localhost,[::1]")
HTTPS = env.flag("RISKBOARD_HTTPS")  # on behind a proxy that ends TLS
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if HTTPS and host != "*"]
MAX_UPLOAD = env.size("RISKBOARD_MAX_UPLOAD", "2G")
DISK_FREE_BYTES = env.size("RISKBOARD_DISK_FREE", "1G")  # below this, or 5 %, no upload is taken
DISK_FREE_SHARE = 0.05

# -- what a run may spend -------------------------------------------------------------------------
LEASE_SECONDS = env.number("RISKBOARD_LEASE", 30, low=1, high=3600)
HEARTBEAT_SECONDS = LEASE_SECONDS / 3
MAX_ATTEMPTS = 3
PROBE_SECONDS = env.number("RISKBOARD_PROBE_SECONDS", 120, low=1)
PREPARE_SECONDS = env.number("RISKBOARD_PREPARE_SECONDS", 300, low=1)
PROBE_MEMORY = env.size("RISKBOARD_PROBE_MEMORY", "4G")
DEVICE = env.text("RISKBOARD_DEVICE", "cpu")  # "cpu" or "cuda:0"; chooses the queue too

# -- parts ----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "assessments",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "django_htmx",
    "lucide",
    "csp",
    "axes",
]
MIDDLEWARE = [
    "riskboard.middleware.upload_limit",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "riskboard.urls"
WSGI_APPLICATION = "riskboard.wsgi.application"
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
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- rows -----------------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{DATA_DIR}/riskboard.sqlite3")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",  # a transaction that will write waits at its start, not half-way
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}  # a file: workers open it too
else:
    DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)

# -- files ----------------------------------------------------------------------------------------
BUCKET = env.storage("STORAGE_URL")
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [folder for folder in [BASE_DIR / "static"] if folder.is_dir()]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "assessments.dashboards.finders.PlotlyFinder",
]
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "incoming"
FILE_UPLOAD_TEMP_DIR.mkdir(mode=0o700, exist_ok=True)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 10**6  # of fields and JSON; files have MAX_UPLOAD
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files"},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING or DEBUG
        else "riskboard.static_files.Storage"
    },
}
if BUCKET:
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": BUCKET,
            "endpoint_url": env.text("S3_ENDPOINT", "") or None,
            "default_acl": None,
            "file_overwrite": True,
        },
    }

# -- jobs: the row decides, the message is a hint -------------------------------------------------
BROKER_SOCKET = broker.socket_path(DATA_DIR)
CELERY_BROKER_URL = env.broker("REDIS_URL", f"redis+socket://{BROKER_SOCKET}")
PRIVATE_BROKER = not env.text("REDIS_URL", "") or CELERY_BROKER_URL.startswith("filesystem://")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
if CELERY_BROKER_URL.startswith("filesystem://"):
    _spool = DATA_DIR / "broker" / "spool"
    (_spool / "control").mkdir(mode=0o700, parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict = {
        "data_folder_in": str(_spool),
        "data_folder_out": str(_spool),
        "control_folder": str(_spool / "control"),
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3600,  # the reaper recovers, not the broker; a late copy is a no-op
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 30,
        "socket_connect_timeout": 3,
        "health_check_interval": 25,
        "retry_on_timeout": True,
    }
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "cpu"
CELERY_WORKER_POOL = "prefork"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 100
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False  # the lease fences them
CELERY_BEAT_SCHEDULE = {
    "reap": {"task": "riskboard.reap", "schedule": schedule(timedelta(seconds=5)), "options": {"expires": 5}}
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat")

# -- who may come in ------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "assessments:sign-in"
LOGIN_REDIRECT_URL = "assessments:assessment-list"
LOGOUT_REDIRECT_URL = "assessments:sign-in"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_CALLABLE = "riskboard.middleware.locked_out"
AXES_VERBOSE = False
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

# -- the API --------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "assessments.api.parsers.JSON",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "assessments.api.pages.Pages",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "assessments.api.errors.as_sentence",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=90),
    "TOKEN_PREFIX": "rbk_",
    "AUTO_REFRESH": False,
    "TOKEN_LIMIT_PER_USER": None,
    "AUTH_HEADER_PREFIX": "Token",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "RiskBoard",
    "DESCRIPTION": "The pre-flight check of a machine-learning project: upload, run, report, share.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {"StateEnum": "assessments.models.run.State"},
}

# -- words, times, logs ---------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True
TIME_ZONE = env.text("TZ", "UTC") or "UTC"
LOGGING_CONFIG = None
logs.configure(debug=DEBUG, json=env.flag("RISKBOARD_LOG_JSON"))
os.environ.setdefault("OMP_NUM_THREADS", "1")
