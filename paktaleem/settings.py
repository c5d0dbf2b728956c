"""Settings, all read from the environment (12factor); ``development/trial.py`` provides it for a fresh checkout."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from paktaleem import installed_apps

BASE_DIR = Path(__file__).resolve().parent.parent


class _Environment(environ.Env):  # type: ignore[misc]  # the package has no types
    """Reads settings; the error about a value that cannot be read names its variable, and not the value."""

    def get_value(self, var: str, *args: object, **kwargs: object) -> object:
        try:
            return super().get_value(var, *args, **kwargs)
        except ValueError as error:
            raise ImproperlyConfigured(f"{var} cannot be read: see its format in docs/operator.md.") from error


env = _Environment()

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="unsafe-until-set")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # old keys, valid during rotation
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
PUBLIC_URL = env.str("PUBLIC_URL", default="")  # public base URL, such as https://privacy.school.example
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = installed_apps.INSTALLED_APPS

MIDDLEWARE = [
    "paktaleem.foundation.operations.metrics.RequestMetricsMiddleware",
    "paktaleem.foundation.operations.logs.RequestLogMiddleware",
    "paktaleem.directory.security.security_events.refusals.RefusalsMiddleware",  # outside the request's transaction
    "paktaleem.foundation.web.api.middleware.RequestIdMiddleware",
    "paktaleem.foundation.web.api.middleware.NoStoreMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",  # after the security headers, so that static files have them too
    "paktaleem.foundation.web.public.pages.LanguageMiddleware",
    "paktaleem.foundation.web.public.errors.BareErrorsMiddleware",
    "paktaleem.office.health.ReadinessMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "paktaleem.foundation.web.public.request_bodies.RefusedBodiesMiddleware",  # before anything acts
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "paktaleem.foundation.accounts.sessions.SessionLifeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "paktaleem.directory.staff.sign_in.evidence.StepUpMiddleware",
    "paktaleem.foundation.accounts.middleware.RequestContextMiddleware",
    "paktaleem.foundation.console.time_zones.TimeZoneMiddleware",
]

ROOT_URLCONF = "paktaleem.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

FORM_RENDERER = (
    "django.forms.renderers.TemplatesSetting"  # fields in the direction of their text: templates/django/forms
)

_DEAD_HOST_LIMITS = {  # a dead host is noticed in seconds (tcp_user_timeout: ms), not in the kernel's 15 minutes
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_DATABASE_OPTIONS = {
    "ENGINE": "paktaleem.foundation.tenancy.database",
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": True,
    "DISABLE_SERVER_SIDE_CURSORS": True,
    "ATOMIC_REQUESTS": False,
}
NOT_CONFIGURED = "not_configured"
_UNSET = f"postgres://{NOT_CONFIGURED}@127.0.0.1:1/{NOT_CONFIGURED}"
_APP_ADDRESS = env.db_url("DATABASE_URL", default=_UNSET)
_OWNER_ADDRESS = env.db_url("DATABASE_OWNER_URL", default=_UNSET)
_AS_APP = {
    **_APP_ADDRESS,
    **_DATABASE_OPTIONS,
    "OPTIONS": {
        **_DEAD_HOST_LIMITS,
        **_APP_ADDRESS.get("OPTIONS", {}),  # sslmode, sslrootcert
        "server_side_binding": True,
        "prepare_threshold": 2,
        "application_name": "paktaleem",
    },
}
ASIDE_DATABASE = "aside"
"""Connection for autonomous transactions, which survive the rollback of a request: same database, same role."""
DATABASES = {
    "default": _AS_APP,
    ASIDE_DATABASE: {**_AS_APP, "OPTIONS": {**_AS_APP["OPTIONS"], "application_name": "paktaleem-aside"}},
    "owner": {
        **_OWNER_ADDRESS,
        **_DATABASE_OPTIONS,
        "CONN_MAX_AGE": 0,
        "OPTIONS": {**_DEAD_HOST_LIMITS, **_OWNER_ADDRESS.get("OPTIONS", {})},
    },
}
DATABASE_ROUTERS = [
    "paktaleem.foundation.tenancy.routers.OwnerOnlyMigrationRouter",
    "paktaleem.foundation.tenancy.routers.AutonomousRouter",
]
CACHES = {"default": {"BACKEND": "paktaleem.directory.staff.sign_in.lockout.DatabaseCounters"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

KEYRING = env.str("PAKTALEEM_KEYS", default="")
KEYRING_FILE = env.str("PAKTALEEM_KEYS_FILE", default="")
ERASURE_LIST_FILE = env.str("ERASURE_LIST_FILE", default="")
READINESS_SECONDS = env.float("READINESS_SECONDS", default=5.0)  # between two readiness checks
BACKUP_LIFE = timedelta(days=env.int("BACKUP_LIFE_DAYS", default=35))  # backups are deleted after it
DATABASE_BACKUP_URL = env.str("DATABASE_BACKUP_URL", default="")
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", default="")

AUTH_USER_MODEL = "accounts.User"
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # the address is unique by a constraint on Lower(email)
    "security.W008",  # no redirect to https here: the proxy refuses plain http (see SECURE_SSL_REDIRECT)
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "paktaleem.foundation.accounts.backends.StaffBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "console:login"
LOGIN_REDIRECT_URL = "console:index"
LOGOUT_REDIRECT_URL = "console:login"

DEMAND_SECOND_FACTOR = env.bool("DEMAND_SECOND_FACTOR", default=True)  # False in the demonstration only
STEP_UP = env.bool("STEP_UP", default=True)  # re-authentication for sensitive actions; False in the demonstration
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)  # number of proxies that append to X-Forwarded-For

ACCOUNT_ADAPTER = "paktaleem.directory.staff.sign_in.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]  # there is no sign-up, but allauth checks that they match
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an officer confirms the address when inviting
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105 -- the name of a class
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=1).total_seconds())
STAFF_LINK_HOURS = env.int("STAFF_LINK_HOURS", default=72)  # validity of an invitation, or of a reset by officers
ACCOUNT_FORMS = {
    "login": "paktaleem.directory.staff.sign_in.views.SignInForm",
    "reset_password": "paktaleem.directory.staff.sign_in.views.ForgotPasswordForm",
}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {  # limits guessing of codes per account
    "login": "60/m/ip",
    "login_failed": "5/5m/key,50/d/key",
    "reauthenticate": "10/m/user",
    "reset_password": "20/m/ip,3/h/key",
    "reset_password_from_key": "20/m/ip",
    "single_sign_on": "60/m/ip",
}
SOCIALACCOUNT_ADAPTER = "paktaleem.directory.staff.single_sign_on.exchange.SocialAdapter"
SIGN_ON_ALLOWED = env.list("SIGN_ON_ALLOWED", default=[])  # allowed internal host:port pairs of providers: for trials
MFA_ADAPTER = "paktaleem.directory.staff.sign_in.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "PakTaleem privacy"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODE_DIGITS = 10
MFA_FORMS = {
    "authenticate": "paktaleem.directory.staff.sign_in.views.FreshCodeForm",
    "reauthenticate": "paktaleem.directory.staff.sign_in.views.StepUpCodeForm",
    "activate_totp": "paktaleem.directory.staff.sign_in.views.EnrolTotpForm",
    "add_webauthn": "paktaleem.directory.staff.sign_in.views.EnrolKeyForm",
    "edit_webauthn": "paktaleem.directory.staff.sign_in.views.RenameKeyForm",
}

AXES_HANDLER = "paktaleem.directory.staff.sign_in.lockout.AutonomousHandler"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5  # per user name and IP address
FAILURES_OF_AN_ADDRESS = 50  # per IP address
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_USERNAME_CALLABLE = "paktaleem.directory.staff.sign_in.lockout.get_attempted_username"
AXES_CLIENT_IP_CALLABLE = "paktaleem.foundation.accounts.sign_in_rules.get_remote_address"
AXES_LOCKOUT_CALLABLE = "paktaleem.directory.staff.sign_in.lockout.lockout_response"
AXES_SENSITIVE_PARAMETERS = ["username", "password", "code", "credential", "csrfmiddlewaretoken", "next", "ip_address"]
AXES_VERBOSE = False

CSRF_FAILURE_VIEW = "paktaleem.foundation.web.public.errors.form_expired"
SESSION_ENGINE = "paktaleem.directory.staff.sign_in.sessions"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("SECURE_COOKIES", default=True)
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default="privacy@localhost")
MAIL_FOLDER = env.str("MAIL_FOLDER", default="")  # emails are written there as files: for the demonstration
_MAIL = env.email_url("EMAIL_URL", default="smtp://localhost:25")  # smtp+tls://name:password@mail.example:587
if MAIL_FOLDER:
    _MAILER = {"BACKEND": "django.core.mail.backends.filebased.EmailBackend", "OPTIONS": {"file_path": MAIL_FOLDER}}
else:
    _MAILER = {
        "BACKEND": "paktaleem.directory.mail.delivery.EmailBackend",
        "OPTIONS": {
            "host": _MAIL["EMAIL_HOST"],
            "port": _MAIL["EMAIL_PORT"],
            "username": _MAIL["EMAIL_HOST_USER"] or "",
            "password": _MAIL["EMAIL_HOST_PASSWORD"] or "",
            "use_tls": _MAIL.get("EMAIL_USE_TLS", False),
            "use_ssl": _MAIL.get("EMAIL_USE_SSL", False),
            "timeout": 10,
        },
    }
MAILERS = {"default": _MAILER}
TEXT_URL = env.str("TEXT_URL", default="")  # HTTP gateway for text messages: accepts JSON by POST (mail/gateway.py)
TEXT_KEY = env.str("TEXT_KEY", default="")  # bearer token of the gateway
TEXT_SENDER = env.str("TEXT_SENDER", default="")  # sender name, if the gateway needs one
_GATEWAY = "paktaleem.directory.mail.delivery.HttpProvider" if TEXT_URL else ""
_TEXT_PROVIDER = "paktaleem.directory.mail.delivery.FolderProvider" if MAIL_FOLDER else _GATEWAY
CHECK_FOLDER = env.str("CHECK_FOLDER", default="")  # guardian checks as files (children/guardians/providers.py)
CHECK_KEY = env.str("CHECK_KEY", default="")  # signing key of the results: whsec_ and 32 bytes in base64
_CHECK_PROVIDERS = {"folder": "children.guardians.providers.FolderProvider"} if CHECK_FOLDER and CHECK_KEY else {}
CHECK_PROVIDERS = env.dict("CHECK_PROVIDERS", default=_CHECK_PROVIDERS)  # code=dotted path of a CheckProvider
TEXT_PROVIDER = env.str("TEXT_PROVIDER", default=_TEXT_PROVIDER)  # dotted path (mail/text_providers.py)

SECURE_SSL_REDIRECT = False  # an API must not redirect http to https: the proxy refuses it (ASVS 4.1.2)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ur", "اردو")]
LANGUAGE_COOKIE_NAME = "language"  # for staff only: see paktaleem/foundation/web/public/pages.py
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
STAFF_TIME_ZONE = ZoneInfo(env.str("STAFF_TIME_ZONE", default="Asia/Karachi")).key  # of PakTaleem’s staff
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["paktaleem.foundation.console.formats"]

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / ".data" / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # personal data is never a plain file
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = env.bool("SERVE_STATIC_FROM_SOURCE", default=False)
if WHITENOISE_USE_FINDERS:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
BODY_SECONDS = env.float("BODY_SECONDS", default=5.0)  # time limit for each 64 KiB of a request body
FILE_MOST_BYTES = env.int("FILE_MOST_BYTES", default=10 * 1_048_576)  # largest file about a person
PAKTALEEM_ADDRESS = env.str("PAKTALEEM_ADDRESS", default="")  # our postal address, printed on receipts
AUTHORITY = env.list("AUTHORITY", default=[])  # supervisory authority on receipts: name, URL
STORAGE_COUNTRIES = env.list("STORAGE_COUNTRIES", default=["PK"])  # storage countries on receipts (ISO 3166)
ROSTER_VANISH_PERCENT = env.int("ROSTER_VANISH_PERCENT", default=10)  # deactivating more people needs approval
NOTICE_SHOWN_FOR = timedelta(hours=env.int("NOTICE_SHOWN_HOURS", default=24))  # then the notice must be shown again
SUPPORT_ADDRESS = env.str("SUPPORT_ADDRESS", default="support@PakTaleem.com")  # shown on public pages
INVITATION_REMINDERS = env.int("INVITATION_REMINDERS", default=3)  # one a week, each with a new link
GUARDIAN_CONFIRM_MINUTES = env.int("GUARDIAN_CONFIRM_MINUTES", default=24 * 60)  # delay before the confirmation message
PACKAGE_MOST_BYTES = env.int("PACKAGE_MOST_BYTES", default=1024**3)  # largest copy of a person's data
ERASURE_WAIT_HOURS = max(72, env.int("ERASURE_WAIT_HOURS", default=72))  # cooling-off of an approved erasure
ERASURE_WAIT_HOURS_CHILD = max(ERASURE_WAIT_HOURS, env.int("ERASURE_WAIT_HOURS_CHILD", default=168))  # of a child’s
MAILBOX_HOST = env.str("MAILBOX_HOST", default="")  # IMAP server of the support mailbox; empty: it is not polled
MAILBOX_PORT = env.int("MAILBOX_PORT", default=993)
MAILBOX_TLS = env.str("MAILBOX_TLS", default="ssl")  # ssl, starttls, or none for a server on this computer
MAILBOX_USER = env.str("MAILBOX_USER", default="")
MAILBOX_PASSWORD = env.str("MAILBOX_PASSWORD", default="")
MAILBOX_FOLDER = env.str("MAILBOX_FOLDER", default="INBOX")
MAILBOX_DONE_FOLDER = env.str("MAILBOX_DONE_FOLDER", default="")  # taken emails are moved there; empty: marked as read
MAILBOX_ADDRESS = env.str("MAILBOX_ADDRESS", default="")  # its address; replies to a case go to name+token@domain
MAILBOX_AUTHSERV = env.str("MAILBOX_AUTHSERV", default="")  # authserv-id of our mail server in Authentication-Results
MAILBOX_MOST_BYTES = env.int("MAILBOX_MOST_BYTES", default=10 * 1_048_576)  # of an email; the rest is cut off
DISPOSAL_ALONE_MOST = env.int("DISPOSAL_ALONE_MOST", default=1_000)  # holdings; a larger disposal takes two people
DISPOSAL_WAIT = timedelta(hours=env.int("DISPOSAL_WAIT_HOURS", default=24))  # from the approval to the orders
LAW_PROFILES = env.str("LAW_PROFILES", default="")  # folder of law profiles that replace or add to ours
AGE_NOTICE_DAYS = env.int("AGE_NOTICE_DAYS", default=30)  # notice before a child reaches the age of consent; max. 180
NOTICE_DAYS = env.int("NOTICE_DAYS", default=30)  # advance notice to clients of a material change
ROSTER_UPLOAD_LIMIT = 32 * 1024 * 1024  # bytes
ROSTER_AT_ONCE_LIMIT = 64 * 1024  # bytes; a larger file is checked and imported by the worker
FORM_MOST_PEOPLE = 300  # per consent form: its PDF is rendered in the request
ANSWERS_AT_ONCE = 40  # answers on paper confirmed in one request
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]  # never a plain file on disk
FILE_UPLOAD_MAX_MEMORY_SIZE = ROSTER_UPLOAD_LIMIT + 64 * 1024
WEBHOOKS_ALLOWED = env.list("WEBHOOKS_ALLOWED", default=[])  # allowed internal host:port pairs: for tests and trials
WEBHOOKS_PUMP_SECONDS = 60  # time limit per job; the next job continues
WEBHOOK_SECRET_OVERLAP = timedelta(hours=env.int("WEBHOOK_SECRET_OVERLAP_HOURS", default=24))

PROCRASTINATE_ON_APP_READY = "paktaleem.directory.people.tasks.prepare_worker"
PROCRASTINATE_WORKER_DEFAULTS = {
    "concurrency": 8,  # webhook deliveries run beside all other jobs
    "stalled_worker_timeout": 120.0,  # seconds without a heartbeat; long enough for a busy machine
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["paktaleem.foundation.web.api.permissions.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["paktaleem.foundation.web.api.permissions.DenyAll"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["paktaleem.foundation.web.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "paktaleem.foundation.web.api.schema.OperationSchema",
    "EXCEPTION_HANDLER": "paktaleem.foundation.web.api.problems.to_problem_response",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "PakTaleem privacy portal: the API",
    "DESCRIPTION": "People, purposes, consents and decisions, for the systems of a client.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": ["paktaleem.foundation.web.api.schema.complete_schema"],
}

METRICS_TOKEN = env.str("METRICS_TOKEN", default="")  # bearer token of /metrics; empty: closed
SECURITY_FEED_TOKEN = env.str("SECURITY_FEED_TOKEN", default="")  # bearer token of /security-events; empty: closed
LOGGING_CONFIG = "paktaleem.foundation.operations.logs.configure"
LOGGING = {
    "level": env.str("LOG_LEVEL", default="INFO"),
    "format": env.str("LOG_FORMAT", default="json"),  # or text, for a terminal
    "is_verbose": DEBUG,
}
