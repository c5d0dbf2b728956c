"""Checks that prevent an unsafe start: findings as data, from the settings and the database.

A superuser, the table owner or a role with BYPASSRLS would bypass tenant isolation; a database that loses acknowledged
writes would lose evidence. The portal does not start with either. What suits a trial on one's own computer (emails as
files, cookies without https, no second factor) is refused under a name that other computers can reach.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connection

from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.context import in_global

UNSET_SECRETS = ("unsafe-until-set", "django-insecure-", "change-me")
"""Beginnings of secrets that were never changed: the default, Django's, and that of docs/deploy/portal.env."""
SHORTEST_SECRET = 32
FEWEST_CHARACTERS = 8
"""Fewest different characters of a secret; 32 random hexadecimal digits practically never have fewer."""
LOOPBACK = ("127.", "::1")
OWN_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "::1", ".localhost"})
ENCRYPTING = frozenset({"require", "verify-ca", "verify-full"})
"""Values of sslmode that rule out a downgrade to an unencrypted connection."""
NOT_FOR_SERVERS = ("DATABASE_OWNER_URL", "DATABASE_BACKUP_URL", "DRILL_DATABASE_URL")
"""Addresses with roles that row-level security does not bind; a server that is taken over must not have them."""


class UnsafeStart(ImproperlyConfigured):
    """The portal refuses to start; the message lists every reason."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason not to start: a stable code, a message and a hint for the fix."""

    code: str
    message: str
    hint: str


type StartCheck = Callable[[], Iterable[Finding]]
"""Yields reasons not to serve; runs outside any tenant context, once settings and database are safe."""

start_checks = ExtensionPoint[StartCheck]("startup.start_checks", "Yield reasons why the portal may not serve.")


@dataclass(frozen=True, slots=True)
class SettingsFacts:
    """The settings that the checks need. ``internal_receivers`` are those of WEBHOOKS_ALLOWED and SIGN_ON_ALLOWED."""

    secret_key: str
    has_keyring: bool
    has_erasure_list: bool
    debug: bool
    allowed_hosts: tuple[str, ...]
    public_url: str
    has_secure_cookies: bool
    metrics_token: str = ""
    feed_token: str = ""
    demands_second_factor: bool = True
    demands_step_up: bool = True
    mail_folder: str = ""
    internal_receivers: tuple[str, ...] = ()
    addresses_of_others: tuple[str, ...] = ()

    @property
    def is_public(self) -> bool:
        """Return True if other computers can reach the portal under a name of the settings."""
        names = {*self.allowed_hosts, urlsplit(self.public_url).hostname or "localhost"}
        return not OWN_HOSTS.issuperset(names)


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """Properties of the serving database connection; ``address`` is empty for a local socket."""

    role: str
    is_superuser: bool
    can_bypass_rls: bool
    owns_schema: bool
    fsync: str
    synchronous_commit: str
    full_page_writes: str
    row_security: str
    address: str
    ssl_mode: str
    is_encrypted: bool


def refuse_unsafe_start() -> None:
    """Raise UnsafeStart, with every reason, if this process may not serve."""
    found = [*settings_findings(read_settings()), *database_findings(read_database())]
    for check in start_checks:
        found = found or list(check())
    if found:
        reasons = "\n".join(f"  {one.code}: {one.message} {one.hint}" for one in found)
        raise UnsafeStart(f"The portal refuses to start:\n{reasons}")


def settings_findings(facts: SettingsFacts) -> Iterator[Finding]:
    if _is_weak(facts.secret_key):
        weak = "SECRET_KEY is the default, too short, or could be guessed."
        yield Finding("startup.E001", weak, f"Set it to at least {SHORTEST_SECRET} random characters.")
    if not facts.has_keyring:
        none = "No wrapping keys for personal data are configured."
        yield Finding("startup.E002", none, "Set PAKTALEEM_KEYS or PAKTALEEM_KEYS_FILE.")
    if not facts.has_erasure_list:
        yield Finding(
            "startup.E004",
            "No erasure list is configured: a restored backup would bring erased people back.",
            "Set ERASURE_LIST_FILE to a path outside the database and its backups.",
        )
    yield from _token_findings("METRICS_TOKEN", facts.metrics_token, "/metrics")
    yield from _token_findings("SECURITY_FEED_TOKEN", facts.feed_token, "/security-events")
    if facts.is_public:
        yield from _public_findings(facts)
    address = urlsplit(facts.public_url)
    if (facts.is_public or facts.has_secure_cookies) and not (address.scheme == "https" and address.hostname):
        yield Finding(
            "startup.E005",
            "PUBLIC_URL is not a full https address: links in emails would lead nowhere, or not be secret.",
            "Set it to the portal's public address, such as https://privacy.school.example.",
        )


def _is_weak(secret: str) -> bool:
    is_short = len(secret) < SHORTEST_SECRET or len(set(secret)) < FEWEST_CHARACTERS
    return is_short or secret.startswith(UNSET_SECRETS)


def _token_findings(name: str, token: str, path: str) -> Iterator[Finding]:
    if token and _is_weak(token):
        yield Finding(
            "startup.E006",
            f"{name} is too short or could be guessed.",
            f"Set it to at least {SHORTEST_SECRET} random characters, or leave it out to close {path}.",
        )


def _public_findings(facts: SettingsFacts) -> Iterator[Finding]:
    internal = ", ".join(receiver for receiver in facts.internal_receivers if _is_loopback(receiver))
    others = ", ".join(facts.addresses_of_others)
    if facts.debug:
        hint = "Unset DEBUG, or limit ALLOWED_HOSTS to this computer's own names."
        yield Finding("startup.E003", "DEBUG is on, on a host that other computers can reach.", hint)
    if "*" in facts.allowed_hosts:
        yield Finding("startup.E007", "ALLOWED_HOSTS allows every name (*).", "List the portal's names.")
    if not facts.has_secure_cookies:
        yield Finding("startup.E008", "SECURE_COOKIES is off: sessions can be stolen.", "Unset it.")
    second_factor = "" if facts.demands_second_factor else "DEMAND_SECOND_FACTOR is off: a password suffices."
    step_up = "" if facts.demands_step_up else "STEP_UP is off: an open session suffices."
    yield from (Finding("startup.E009", off, "Unset it.") for off in (second_factor, step_up) if off)
    if facts.mail_folder:
        plain = "MAIL_FOLDER is set: emails become plain files and reach no one."
        yield Finding("startup.E010", plain, "Unset it, and set EMAIL_URL.")
    if internal:
        seen = f"WEBHOOKS_ALLOWED or SIGN_ON_ALLOWED has {internal}: clients could reach services of this host."
        yield Finding("startup.E017", seen, "Remove it, or give the receiver an address of its own.")
    if others:
        hint = "Set it only for the commands that need it (migrate, backup, drill), as docs/operator.md shows."
        yield Finding("startup.E018", f"{others} is set: a server must have the address of the app role only.", hint)


def _is_loopback(receiver: str) -> bool:
    """Return True for ``host:port`` of this computer: a loopback address, 0.0.0.0, or one of its own names."""
    host = receiver.rpartition(":")[0].strip("[]").rstrip(".").lower()
    try:
        address = ip_address(host)
    except ValueError:
        return host in OWN_HOSTS or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def database_findings(facts: DatabaseFacts) -> Iterator[Finding]:
    hint = "Use the app role in DATABASE_URL; the owner role is for migrations (DATABASE_OWNER_URL)."
    if facts.is_superuser:
        yield Finding("startup.E011", f"The database role {facts.role} is or can become a superuser.", hint)
    if facts.can_bypass_rls:
        yield Finding("startup.E012", f"The database role {facts.role} can bypass row-level security.", hint)
    if facts.owns_schema:
        yield Finding("startup.E013", f"The database role {facts.role} owns the database or its tables.", hint)
    if "off" in {facts.fsync, facts.synchronous_commit, facts.full_page_writes}:
        yield Finding(
            "startup.E014",
            "fsync, synchronous_commit or full_page_writes is off: acknowledged writes could be lost.",
            "Switch them on.",
        )
    if facts.row_security == "off":
        yield Finding(
            "startup.E016",
            "row_security is off: queries fail or, for a role that bypasses it, show the rows of all clients.",
            "Remove it from the role, the database and DATABASE_URL (ALTER ROLE … RESET row_security).",
        )
    is_remote = facts.address != "" and not facts.address.startswith(LOOPBACK)
    if is_remote and (not facts.is_encrypted or facts.ssl_mode not in ENCRYPTING):
        yield Finding(
            "startup.E015",
            "The database is on another host, and the connection is not guaranteed to be encrypted.",
            "Add ?sslmode=verify-full (at least require) to DATABASE_URL.",
        )


def read_settings() -> SettingsFacts:
    return SettingsFacts(
        secret_key=settings.SECRET_KEY,
        has_keyring=bool(settings.KEYRING or settings.KEYRING_FILE),
        has_erasure_list=bool(settings.ERASURE_LIST_FILE),
        debug=settings.DEBUG,
        allowed_hosts=tuple(settings.ALLOWED_HOSTS),
        public_url=settings.PUBLIC_URL,
        has_secure_cookies=settings.SESSION_COOKIE_SECURE,
        metrics_token=settings.METRICS_TOKEN,
        feed_token=settings.SECURITY_FEED_TOKEN,
        demands_second_factor=settings.DEMAND_SECOND_FACTOR,
        demands_step_up=settings.STEP_UP,
        mail_folder=settings.MAIL_FOLDER,
        internal_receivers=(*settings.WEBHOOKS_ALLOWED, *settings.SIGN_ON_ALLOWED),
        addresses_of_others=tuple(name for name in NOT_FOR_SERVERS if os.environ.get(name)),
    )


_ROLE_AND_DURABILITY = """
SELECT session_user,
       EXISTS (SELECT FROM pg_roles WHERE rolsuper AND pg_has_role(session_user, oid, 'MEMBER')),
       EXISTS (SELECT FROM pg_roles WHERE rolbypassrls AND pg_has_role(session_user, oid, 'MEMBER')),
       EXISTS (SELECT FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
                                      AND pg_has_role(session_user, relowner, 'MEMBER'))
       OR EXISTS (SELECT FROM pg_database WHERE datname = current_database()
                                            AND pg_has_role(session_user, datdba, 'MEMBER')),
       current_setting('fsync'), (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit'),
       current_setting('full_page_writes'),
       current_setting('row_security')
"""


def read_database() -> DatabaseFacts:
    """Return the role, durability and encryption of the connection. Raises DatabaseError if there is none."""
    with in_global(), connection.cursor() as cursor:
        cursor.execute(_ROLE_AND_DURABILITY)  # in the order of the facts
        [row] = cursor.fetchall()
        link: Any = connection.connection
        ssl_mode = link.info.get_parameters().get("sslmode", "prefer")
        values: tuple[Any, ...] = (*row, link.info.hostaddr, ssl_mode, bool(link.pgconn.ssl_in_use))
        return DatabaseFacts(*values)


def check_settings(app_configs: object = None, **_: object) -> list[CheckMessage]:
    """Return the unsafe settings (``check --deploy``); a build may have the addresses of roles that a server lacks."""
    del app_configs
    known = check_secret_key()
    return [found for found in _list_settings_errors() if found not in known]


def check_secret_key(app_configs: object = None, **_: object) -> list[CheckMessage]:
    """Return a weak secret key of a host that other computers can reach, unless DEBUG is on (every ``check``)."""
    del app_configs
    is_served = read_settings().is_public and not settings.DEBUG
    return [found for found in _list_settings_errors() if found.id == "startup.E001" and is_served]


def _list_settings_errors() -> list[CheckMessage]:
    return [_error(found) for found in settings_findings(replace(read_settings(), addresses_of_others=()))]


def check_database(databases: Sequence[str] | None = None, **_: object) -> list[CheckMessage]:
    """Return what is unsafe about the app role's database, its schema and its keys (``check --database default``)."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    found = list(database_findings(read_database()))
    for check in start_checks:
        found = found or list(check())
    return [_error(finding) for finding in found]


def _error(found: Finding) -> CheckMessage:
    return Error(found.message, hint=found.hint, id=found.code)
