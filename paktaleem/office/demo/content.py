"""The sample data of the demonstration, from ``sample.toml``. Everyone in it is fictitious.

The worker sends the emails: it writes to every client's administrators as soon as it runs, and records within a minute
that they were sent. Only then do the clients' pages show the coming text.
"""

import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings

from consent.consents.models import ConsentState
from consent.cookies.banner import ENTRIES
from consent.cookies.models import Cookie, CookieSite, LinkedService, Storage
from consent.cookies.services import save_cookie, save_link, save_site
from consent.notices.models import Notice, NoticeDispatch, NoticeResponse, NoticeVersion, ResponseKind
from consent.notices.services.announcements import open_dispatches
from consent.notices.services.publishing import acknowledge_announcement, object_to_announcement, publish_notice_version
from paktaleem.foundation.accounts.actors import Actor, user_actor
from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.embedded.layout import write_atomically
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.onboarding.services import STARTING_PURPOSES

_HERE = Path(__file__).resolve().parent


class ClientText(msgspec.Struct, frozen=True):
    code: str
    name: str
    serves_minors: bool
    address: str = ""
    is_sandbox: bool = False


class StaffText(msgspec.Struct, frozen=True):
    """One staff user, with a role at one or more clients."""

    name: str
    email: str
    memberships: tuple[tuple[str, str], ...]


class PolicyChange(msgspec.Struct, frozen=True):
    code: str
    is_material: bool


class ResponseText(msgspec.Struct, frozen=True):
    """One client's response to the announced policy change: ``kind`` is acknowledged or objected."""

    client: str
    email: str
    kind: str
    code: str = ""
    note: str = ""


class Person(msgspec.Struct, frozen=True):
    """One person of a roster: ``age`` in years today, ``answers`` as the states of an answer by purpose."""

    code: str
    role: str
    full_name: str
    age: int | None = None
    guardian: str = ""
    has_address: bool = True
    answers: dict[str, list[ConsentState]] = {}
    language: str = "en"

    def details(self, client: str) -> dict[str, object]:
        """Return the registered details, except the birth date."""
        address = f"{self.code}@{client}-people.example" if self.has_address else None
        return {"role": self.role, "full_name": self.full_name, "email": address, "language": self.language}


class Sample(msgspec.Struct, frozen=True):
    """The sample data; ``people`` by the code of their client. The last three have the fields of their models."""

    laws: list[str]
    clients: list[ClientText]
    staff: list[StaffText]
    policy_changes: list[PolicyChange]
    responses: list[ResponseText]
    people: dict[str, list[Person]]
    recipients: list[dict[str, Any]]
    cookies: list[dict[str, Any]]
    links: list[dict[str, Any]]


SAMPLE = msgspec.toml.decode((_HERE / "sample.toml").read_bytes(), type=Sample)
OWN_PURPOSES = (STARTING_PURPOSES["newsletter"], STARTING_PURPOSES["product_research"])
"""The purposes of a client's own, from the starting set that the console offers."""


def fill_policy(ids: dict[str, UUID], *, actor: Actor, at: datetime) -> None:
    """Publish a minor policy change at once and announce a material one; record the clients' responses."""
    common: dict[str, Any] = {"actor": actor, "reason": Reason.ONBOARDING}
    with in_client(PAKTALEEM):
        notice = Notice.objects.get(client_id=PAKTALEEM, code="privacy_notice")
        done = NoticeVersion.objects.filter(notice=notice).count()
        for number, text in enumerate(SAMPLE.policy_changes, start=2):
            if number > done:
                words: dict[str, Any] = {
                    f"{kind}_{language}": (_HERE / "texts" / f"{name}.{language}.txt").read_text(encoding="utf-8")
                    for kind, name in (("text", text.code), ("child_text", "policy_child"))
                    for language in ("en", "ur")
                }
                common["effective_at"] = at + timedelta(days=settings.NOTICE_DAYS if text.is_material else 0)
                publish_notice_version(notice, **words, is_material=text.is_material, **common, at=at)
    for response in SAMPLE.responses:
        with in_client(ids[response.client]):
            _respond(response, ids[response.client], actor=actor, at=at)


def staff_actor(email: str, role: Role, client_id: UUID) -> Actor:
    return user_actor(User.objects.get(email=email).pk, role, client_id)


def _respond(text: ResponseText, client_id: UUID, *, actor: Actor, at: datetime) -> None:
    open_dispatches(Client.objects.get(id=client_id), actor=actor, at=at)
    dispatch = NoticeDispatch.objects.filter(client_id=client_id).latest("opened_at")
    if NoticeResponse.objects.filter(client_id=client_id, dispatch=dispatch).exists():
        return
    client_admin = staff_actor(text.email, Role.CLIENT_ADMIN, client_id)
    if text.kind == ResponseKind.ACKNOWLEDGED:
        acknowledge_announcement(dispatch, actor=client_admin, at=at)
    else:
        object_to_announcement(dispatch, code=text.code, note=text.note, actor=client_admin, at=at)


_WHY = Reason.ONBOARDING
_STORED = dict(ENTRIES)
"""Where the entries of the script are stored; the platform's own are cookies."""


def fill_cookies(client_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Add the cookies and the site of one client, unless it has a site."""
    with in_client(client_id):
        if CookieSite.objects.filter(client_id=client_id).exists():
            return
        for text in SAMPLE.cookies:
            cookie = Cookie(client_id=client_id, storage=_STORED.get(text["name"], Storage.COOKIE), **text)
            save_cookie(cookie, actor=actor, reason=_WHY, at=at)
        save_site(CookieSite(client_id=client_id, origins=["http://localhost:8080"]), actor=actor, reason=_WHY, at=at)


def fill_links(*, actor: Actor, at: datetime) -> None:
    """Add the services that the platform links to, unless there is one."""
    with in_client(PAKTALEEM):
        if LinkedService.objects.filter(client_id=PAKTALEEM).exists():
            return
        for text in SAMPLE.links:
            values = dict(text)
            review_on = (at + timedelta(days=values.pop("review_in_days"))).date()
            link = LinkedService(client_id=PAKTALEEM, review_on=review_on, **values)
            save_link(link, actor=actor, reason=_WHY, at=at)


@dataclass(slots=True)
class DemoSecrets:
    """Stored secrets: passwords and authenticator secrets by email address, API keys by client code."""

    path: Path
    passwords: dict[str, str] = field(default_factory=dict)
    api_keys: dict[str, str] = field(default_factory=dict)
    totp_secrets: dict[str, str] = field(default_factory=dict)
    webhook_secret: str = ""

    @classmethod
    def read(cls, path: Path) -> "DemoSecrets":
        return cls(path, **json.loads(path.read_text())) if path.exists() else cls(path)

    def password_of(self, email: str) -> str:
        """Return the password of a staff user, which is stored first if it is new."""
        if email not in self.passwords:
            self.passwords[email] = secrets.token_urlsafe(12)
            self.write()
        return self.passwords[email]

    def write(self) -> None:
        """Store the secrets; call before what they open is committed."""
        values = asdict(self)
        del values["path"]
        write_atomically(self.path, json.dumps(values, indent=2) + "\n")
