"""What the portal refuses to start with (DESIGN §3): findings as data, read from the settings and the database.

A superuser, the owner or a role that bypasses row-level security would walk through the wall between clients; a
database that forgets what it acknowledged would lose evidence. So nothing is served then.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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
"""The values of sslmode with which nobody on the way can talk the connection out of TLS."""


class UnsafeStart(ImproperlyConfigured):
    """The portal refuses to start; the message lists every reason."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason to refuse: a stable code, what is so, and what to do about it."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class SettingsFacts:
    """What the settings say, as far as a refusal may follow."""

    secret_key: str
    has_keyring: bool
    has_erasure_list: bool
    debug: bool
    allowed_hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What the database says of the connection that would serve; ``address`` is empty for a local socket."""

    role: str
    is_superuser: bool
    bypasses_wall: bool
    owns_schema: bool
    fsync: str
    synchronous_commit: str
    full_page_writes: str
    address: str
    ssl_mode: str
    is_encrypted: bool


def refuse_unsafe_start() -> None:
    """Go on only if this process may serve. Raises UnsafeStart with every reason."""
    found = [*settings_findings(read_settings()), *database_findings(read_database())]
    if found:
        reasons = "\n".join(f"  {one.code}: {one.message} {one.hint}" for one in found)
        raise UnsafeStart(f"The portal refuses to start:\n{reasons}")


def settings_findings(facts: SettingsFacts) -> Iterator[Finding]:
    """Give the reasons that lie in the settings."""
    key = facts.secret_key
    if key == UNSET_SECRET or key.startswith("django-insecure-") or len(key) < SHORTEST_SECRET:
        yield Finding(
            "startup.E001",
            "SECRET_KEY is the default one, or short enough to be guessed.",
            f"Set it to at least {SHORTEST_SECRET} random characters.",
        )
    if not facts.has_keyring:
        yield Finding(
            "startup.E002",
            "There are no wrapping keys for personal data.",
            "Set PAKTALEEM_KEYS or PAKTALEEM_KEYS_FILE.",
        )
    if not facts.has_erasure_list:
        yield Finding(
            "startup.E004",
            "There is no erasure list: a restored backup would bring the erased back.",
            "Set ERASURE_LIST_FILE to a path outside the database and its backups.",
        )
    if facts.debug and not OWN_HOSTS.issuperset(facts.allowed_hosts):
        yield Finding(
            "startup.E003",
            "DEBUG is on, on a host that others can reach.",
            "Unset DEBUG, or allow this computer's own names only.",
        )


def database_findings(facts: DatabaseFacts) -> Iterator[Finding]:
    """Give the reasons that lie in the database connection."""
    yield from _role_findings(facts)
    if "off" in {facts.fsync, facts.synchronous_commit, facts.full_page_writes}:
        yield Finding(
            "startup.E014",
            "fsync, synchronous_commit or full_page_writes is off: what was acknowledged could be lost.",
            "Switch them on.",
        )
    is_remote = facts.address != "" and not facts.address.startswith(LOOPBACK)
    if is_remote and (not facts.is_encrypted or facts.ssl_mode not in ENCRYPTING):
        yield Finding(
            "startup.E015",
            "The database is on another host, and the way there need not be encrypted.",
            "Add ?sslmode=verify-full (at least require) to DATABASE_URL.",
        )


def _role_findings(facts: DatabaseFacts) -> Iterator[Finding]:
    hint = "Serve as the app role; the owner migrates (DATABASE_OWNER_URL)."
    if facts.is_superuser:
        yield Finding("startup.E011", f"The database role {facts.role} is, or may become, a superuser.", hint)
    if facts.bypasses_wall:
        yield Finding("startup.E012", f"The database role {facts.role} may bypass row-level security.", hint)
    if facts.owns_schema:
        yield Finding("startup.E013", f"The database role {facts.role} owns the database or its tables.", hint)


def read_settings() -> SettingsFacts:
    """Read the settings this process would serve with."""
    return SettingsFacts(
        secret_key=settings.SECRET_KEY,
        has_keyring=bool(settings.KEYRING or settings.KEYRING_FILE),
        has_erasure_list=bool(settings.ERASURE_LIST_FILE),
        debug=settings.DEBUG,
        allowed_hosts=tuple(settings.ALLOWED_HOSTS),
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
    """Ask the database who we are there and how it keeps its promises. Raises DatabaseError if it is away."""
    with in_global(), connection.cursor() as cursor:
        cursor.execute(_ROLE_AND_DURABILITY)
        [(role, superuser, bypasses, owns, fsync, synchronous, pages)] = cursor.fetchall()
        link: Any = connection.connection
        return DatabaseFacts(
            role=role,
            is_superuser=superuser,
            bypasses_wall=bypasses,
            owns_schema=owns,
            fsync=fsync,
            synchronous_commit=synchronous,
            full_page_writes=pages,
            address=link.info.hostaddr,
            ssl_mode=link.info.get_parameters().get("sslmode", "prefer"),
            is_encrypted=bool(link.pgconn.ssl_in_use),
        )
