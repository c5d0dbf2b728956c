"""The sample data of the demonstration, from ``sample.toml``, and its people. Everyone in it is fictitious.

The worker sends the emails: it writes to every client's administrators as soon as it runs, and records within a minute
that they were sent. Only then do the clients' pages show the coming text.
"""

import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings

from children.guardians.services.answers import record_service_answer
from children.guardians.services.guardians import name_guardian
from children.guardians.services.verifications import verify_guardian
from children.invitations.models import Invitation
from children.invitations.services.inviting import invite_guardian
from consent.consents.models import ConsentState, GivenBy
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.cookies.banner import ENTRIES
from consent.cookies.models import Cookie, CookieSite, LinkedService, Storage
from consent.cookies.services import save_cookie, save_link, save_site
from consent.notices.models import Notice, NoticeDispatch, NoticeResponse, NoticeVersion, ResponseKind
from consent.notices.notice_tokens import ShownNotice, sign_notice_token
from consent.notices.services.announcements import open_dispatches
from consent.notices.services.publishing import acknowledge_announcement, object_to_announcement, publish_notice_version
from consent.paper.models import Addressee, FormPage, FormRun
from consent.paper.services.answers import TypedAnswer, enter_answers
from consent.paper.services.forms import make_form
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import claim_guardian, register_subject
from paktaleem.directory.schools.models import Origin
from paktaleem.directory.schools.rows import CLASSES, SCHOOLS, TERMS, EnrolmentRow, GivenRows, PlaceRow
from paktaleem.directory.schools.services.recording import record_schools
from paktaleem.foundation.accounts.actors import Actor, Authorship, user_actor
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


_MOMENT = timedelta(microseconds=1)


def external_id_of(person: str) -> str:
    return f"lms-{person.replace('_', '-')}"


def fill_people(client: Client, notices: dict[str, NoticeVersion], *, actor: Actor, at: datetime) -> None:
    registered: dict[str, Subject] = {}
    for person in SAMPLE.people[client.code]:
        subject = _register(person, client, actor, at)
        registered[person.code] = subject
        guardian = registered[person.guardian] if person.guardian else None
        if guardian is not None:
            claim_guardian(subject, guardian=guardian, relationship="parent", actor=actor, at=at)
        common: dict[str, Any] = {
            "given_by": GivenBy.GUARDIAN if guardian else GivenBy.SELF,
            "guardian": guardian,
            "language": person.language,
            "actor": actor,
        }
        for purpose, states in person.answers.items():
            for later, state in enumerate(states):
                _answer(subject, purpose, state, notices[purpose], {**common, "at": at + later * _MOMENT})


def _register(person: Person, client: Client, actor: Actor, at: datetime) -> Subject:
    details: dict[str, Any] = person.details(client.code)
    if person.age is not None:
        day = client.day_at(at) - timedelta(days=100)
        details["birth_date"] = day.replace(year=day.year - person.age, day=min(day.day, 28))
    subject, _ = register_subject(external_id_of(person.code), client=client, details=details, actor=actor, at=at)
    return subject


def _answer(subject: Subject, purpose: str, state: str, notice: NoticeVersion, common: dict[str, Any]) -> None:
    if state == ConsentState.WITHDRAWN:
        withdraw_consent(subject, purpose=purpose, **common)
        return
    shown = ShownNotice(notice.pk, (purpose,), common["language"], subject.client_id, common["at"])
    record_answers(subject, answers=[Answer(purpose, ConsentState(state))], shown=sign_notice_token(shown), **common)


_ANSWERS = (
    ("danish", "esra", "given", True),
    ("laila", "ghazal", "given", False),
    ("laila", "bashir", "refused", None),
)
"""Child, guardian, the decision about the service, and about sharing with recipients."""


def fill_guardians(client: Client, *, actor: Actor, at: datetime) -> None:
    """Name and verify guardians and record their decisions: Danish's mother consents, Laila's parents disagree."""
    people = {one.external_id: one for one in Subject.objects.select_related("client").filter(client_id=client.pk)}
    common: Authorship = {"actor": actor, "at": at}
    for child, guardian, decision, shares in _ANSWERS:
        child_row, guardian_row = people[external_id_of(child)], people[external_id_of(guardian)]
        row = name_guardian(
            child_row, guardian=guardian_row, relationship="parent", may_consent=True, may_receive_data=True, **common
        )
        verify_guardian(row, method="in_person", evidence="Seen at the school office.", **common)
        how: dict[str, Any] = {"route": "in_person", "evidence": "Said at the school office."}
        record_service_answer(child_row, guardian=guardian_row, decision=decision, shares=shares, **how, **common)


def invite_demo_guardian(client: Client, *, portal: str, actor: Actor, at: datetime) -> None:
    """Invite one guardian about one child, unless an invitation exists."""
    if Invitation.objects.filter(client_id=client.pk).exists():
        return
    people = Subject.objects.select_related("client").filter(client_id=client.pk, erased_at=None)
    child, guardian = (people.filter(external_id=external_id_of(one)).first() for one in ("noor", "omar"))
    if child is not None and guardian is not None:
        invite_guardian(child, guardian=guardian, portal=portal, actor=actor, at=at)


_YEAR_BEGINS_IN = 8
"""The month in which the school year begins: August."""
_NETWORK, _YEAR = "lms-network", "lms-year"
_SCHOOLS = (
    PlaceRow(1, _NETWORK, "Indus Schools Network", "district"),
    PlaceRow(2, "lms-clifton", "Indus School Clifton", "school", _NETWORK),
    PlaceRow(3, "lms-saddar", "Indus School Saddar", "school", _NETWORK),
)
_CLASSES = (
    ("lms-clifton-4a", "Grade 4 A", "4", "homeroom", "lms-clifton", "wajiha", ("danish", "palwasha")),
    ("lms-clifton-6b", "Grade 6 B", "6", "homeroom", "lms-clifton", "junaid", ("laila", "noor", "iqra")),
    ("lms-saddar-9a", "Grade 9 A", "9", "homeroom", "lms-saddar", "yasir", ("sadia", "talha", "urwa", "rayyan")),
    ("lms-saddar-physics", "Physics", "", "scheduled", "lms-saddar", "yasir", ("hamza", "mahnoor", "rayyan")),
)
"""Classes: id, title, grade, kind, school, teacher and students."""


def fill_schools(client: Client, *, actor: Actor, at: datetime) -> None:
    today = client.day_at(at)
    first = date(today.year - (today.month < _YEAR_BEGINS_IN), _YEAR_BEGINS_IN, 1)
    title = f"School year {first.year}–{first.year + 1}"
    year = PlaceRow(1, _YEAR, title, "school_year", "", first, first.replace(year=first.year + 1))
    classes = [
        PlaceRow(number, code, name, kind, school, terms=[_YEAR], grade=grade)
        for number, (code, name, grade, kind, school, _teacher, _students) in enumerate(_CLASSES, 1)
    ]
    places = {SCHOOLS: _SCHOOLS, TERMS: [year], CLASSES: classes}
    stated = [
        (code, external_id_of(person), "teacher" if person == teacher else "student")
        for code, _name, _grade, _kind, _school, teacher, students in _CLASSES
        for person in (teacher, *students)
    ]
    enrolments = [EnrolmentRow(number, "", *row, first, None) for number, row in enumerate(stated, 1)]
    given = GivenRows(places=places, enrolments=enrolments)
    record_schools(given, client=client, origin=Origin.API, actor=actor, at=at)


_CLASS = ("danish", "talha", "urwa", "rayyan", "mahnoor")
_PURPOSES = ("newsletter", "product_research")
_CHILDREN = ("danish", "noor")


def fill_paper(client: Client, *, actor: Actor, at: datetime) -> None:
    """Create a form for a class and one for guardians, and enter answers of the first: on paper and by telephone."""
    if FormRun.objects.filter(client=client).exists():
        return
    people = Subject.objects.select_related("client").filter(client=client)
    children = people.filter(external_id__in=[external_id_of(one) for one in _CHILDREN]).order_by("external_id")
    make_form(
        client, name="Grade 3 A", purposes=_PURPOSES, people=children, addressee=Addressee.GUARDIAN, actor=actor, at=at
    )
    people = people.filter(external_id__in=[external_id_of(one) for one in _CLASS])
    run = make_form(
        client, name="Grade 8 A", purposes=_PURPOSES, people=people.order_by("external_id"), actor=actor, at=at
    )
    found = FormPage.objects.filter(client_id=client.pk, run=run).select_related("run", "subject")
    pages = {page.subject.external_id: page for page in found}
    day = client.day_at(at)

    def enter(method: str, note: str, said: dict[str, bool]) -> None:
        typed = [
            TypedAnswer(pages[external_id_of(person)], {"newsletter": yes, "product_research": False}, day)
            for person, yes in said.items()
        ]
        enter_answers(run, typed, method=method, note=note, actor=actor, at=at)

    enter("paper", "Folder 8 A", {"danish": True, "talha": True, "urwa": False})
    enter("phone", "Calls of the office", {"rayyan": True})
