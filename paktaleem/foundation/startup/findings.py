"""Checks that prevent an unsafe start: findings as data, from the settings and the database.

A superuser, the table owner or a role with BYPASSRLS would bypass tenant isolation; a database that loses acknowledged
writes would lose evidence. The portal does not start with either.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from paktaleem.foundation.tenancy.context import in_global

__all__ = [
    "DatabaseFacts",
    "Finding",
    "SettingsFacts",
    "UnsafeStart",
    "database_findings",
    "read_database",
    "read_settings",
    "refuse_unsafe_start",
    "settings_findings",
]

UNSET_SECRET = "unsafe-until-set"  # noqa: S105 -- the default that is refused
SHORTEST_SECRET = 32
LOOPBACK = ("127.", "::1")
OWN_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "::1", ".localhost"})
ENCRYPTING = frozenset({"require", "verify-ca", "verify-full"})
"""Values of sslmode that rule out a downgrade to an unencrypted connection."""


class UnsafeStart(ImproperlyConfigured):
    """The portal refuses to start; the message lists every reason."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason not to start: a stable code, a message and a hint for the fix."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class SettingsFacts:
    """The settings that the checks need; a trial allows cookies without https."""

    secret_key: str
    has_keyring: bool
    has_erasure_list: bool
    debug: bool
    allowed_hosts: tuple[str, ...]
    public_url: str
    is_trial: bool
    metrics_token: str = ""
    feed_token: str = ""


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
    address: str
    ssl_mode: str
    is_encrypted: bool


def refuse_unsafe_start() -> None:
    """Raise UnsafeStart, with every reason, if this process may not serve."""
    found = [*settings_findings(read_settings()), *database_findings(read_database())]
    if found:
        reasons = "\n".join(f"  {one.code}: {one.message} {one.hint}" for one in found)
        raise UnsafeStart(f"The portal refuses to start:\n{reasons}")


def settings_findings(facts: SettingsFacts) -> Iterator[Finding]:
    """Yield the reasons found in the settings."""
    key = facts.secret_key
    if key == UNSET_SECRET or key.startswith("django-insecure-") or len(key) < SHORTEST_SECRET:
        yield Finding(
            "startup.E001",
            "SECRET_KEY is the default or too short.",
            f"Set it to at least {SHORTEST_SECRET} random characters.",
        )
    if not facts.has_keyring:
        yield Finding(
            "startup.E002",
            "No wrapping keys for personal data are configured.",
            "Set PAKTALEEM_KEYS or PAKTALEEM_KEYS_FILE.",
        )
    if not facts.has_erasure_list:
        yield Finding(
            "startup.E004",
            "No erasure list is configured: a restored backup would bring erased people back.",
            "Set ERASURE_LIST_FILE to a path outside the database and its backups.",
        )
    if facts.debug and not OWN_HOSTS.issuperset(facts.allowed_hosts):
        yield Finding(
            "startup.E003",
            "DEBUG is on, on a host that other computers can reach.",
            "Unset DEBUG, or limit ALLOWED_HOSTS to this computer's own names.",
        )
    yield from _token_findings("METRICS_TOKEN", facts.metrics_token, "/metrics")
    yield from _token_findings("SECURITY_FEED_TOKEN", facts.feed_token, "/security-events")
    address = urlsplit(facts.public_url)
    if not facts.is_trial and not (address.scheme == "https" and address.hostname):
        yield Finding(
            "startup.E005",
            "PUBLIC_URL is not a full https address: links in emails would lead nowhere, or not be secret.",
            "Set it to the portal's public address, such as https://privacy.school.example.",
        )


def _token_findings(name: str, token: str, path: str) -> Iterator[Finding]:
    if token and len(token) < SHORTEST_SECRET:
        yield Finding(
            "startup.E006",
            f"{name} is too short: it could be guessed.",
            f"Set it to at least {SHORTEST_SECRET} random characters, or leave it out to close {path}.",
        )


def database_findings(facts: DatabaseFacts) -> Iterator[Finding]:
    """Yield the reasons found in the database connection."""
    yield from _role_findings(facts)
    if "off" in {facts.fsync, facts.synchronous_commit, facts.full_page_writes}:
        yield Finding(
            "startup.E014",
            "fsync, synchronous_commit or full_page_writes is off: acknowledged writes could be lost.",
            "Switch them on.",
        )
    is_remote = facts.address != "" and not facts.address.startswith(LOOPBACK)
    if is_remote and (not facts.is_encrypted or facts.ssl_mode not in ENCRYPTING):
        yield Finding(
            "startup.E015",
            "The database is on another host, and the connection is not guaranteed to be encrypted.",
            "Add ?sslmode=verify-full (at least require) to DATABASE_URL.",
        )


def _role_findings(facts: DatabaseFacts) -> Iterator[Finding]:
    hint = "Use the app role in DATABASE_URL; the owner role is for migrations (DATABASE_OWNER_URL)."
    if facts.is_superuser:
        yield Finding("startup.E011", f"The database role {facts.role} is or can become a superuser.", hint)
    if facts.can_bypass_rls:
        yield Finding("startup.E012", f"The database role {facts.role} can bypass row-level security.", hint)
    if facts.owns_schema:
        yield Finding("startup.E013", f"The database role {facts.role} owns the database or its tables.", hint)


def read_settings() -> SettingsFacts:
    """Return the settings that the checks need."""
    return SettingsFacts(
        secret_key=settings.SECRET_KEY,
        has_keyring=bool(settings.KEYRING or settings.KEYRING_FILE),
        has_erasure_list=bool(settings.ERASURE_LIST_FILE),
        debug=settings.DEBUG,
        allowed_hosts=tuple(settings.ALLOWED_HOSTS),
        public_url=settings.PUBLIC_URL,
        is_trial=not settings.SESSION_COOKIE_SECURE,
        metrics_token=settings.METRICS_TOKEN,
        feed_token=settings.SECURITY_FEED_TOKEN,
    )


_ROLE_AND_DURABILITY = """
SELECT session_user,
       EXISTS (SELECT FROM pg_roles WHERE rolsuper AND pg_has_role(session_user, oid, 'MEMBER')),
       EXISTS (SELECT FROM pg_roles WHERE rolbypassrls AND pg_has_role(session_user, oid, 'MEMBER')),
       EXISTS (SELECT FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
                                      AND pg_has_role(session_user, relowner, 'MEMBER'))
       OR EXISTS (SELECT FROM pg_database WHERE datname = current_database()
                                            AND pg_has_role(session_user, datdba, 'MEMBER')),
       current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes')
"""


def read_database() -> DatabaseFacts:
    """Return the role, durability settings and encryption of the connection.

    Raises DatabaseError if the database cannot be reached.
    """
    with in_global(), connection.cursor() as cursor:
        cursor.execute(_ROLE_AND_DURABILITY)
        [(role, superuser, bypasses, owns, fsync, synchronous, pages)] = cursor.fetchall()
        link: Any = connection.connection
        return DatabaseFacts(
            role=role,
            is_superuser=superuser,
            can_bypass_rls=bypasses,
            owns_schema=owns,
            fsync=fsync,
            synchronous_commit=synchronous,
            full_page_writes=pages,
            address=link.info.hostaddr,
            ssl_mode=link.info.get_parameters().get("sslmode", "prefer"),
            is_encrypted=bool(link.pgconn.ssl_in_use),
        )
