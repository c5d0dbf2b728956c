"""The sample data of the demonstration. Everyone in it is fictitious.

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

from django.conf import settings

from consent.cookies.banner import ENTRIES
from consent.cookies.models import Cookie, CookieCategory, CookieSite, LinkedService, SetBy, Storage
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

_TEXTS = Path(__file__).resolve().parent / "texts"


@dataclass(frozen=True, slots=True)
class ClientText:
    """One client of the demonstration."""

    code: str
    name: str
    serves_minors: bool
    address: str = ""
    is_sandbox: bool = False


CLIENTS = (
    ClientText("indus", "Indus Schools Network", serves_minors=True, address="12 School Road, Saddar\nKarachi"),
    ClientText("khyber", "Khyber Institute", serves_minors=False, address="4 College Road\nPeshawar"),
    ClientText("sandbox", "Sandbox for developers", serves_minors=True, is_sandbox=True),
)


@dataclass(frozen=True, slots=True)
class StaffText:
    """One staff user, with a role at one or more clients."""

    name: str
    email: str
    memberships: tuple[tuple[str, str], ...]


STAFF = (
    StaffText("Amina Baig", "amina@paktaleem.example", (("privacy_officer", "paktaleem"),)),
    StaffText("Nadia Khan", "nadia@paktaleem.example", (("privacy_officer", "paktaleem"),)),
    StaffText("Bilal Sheikh", "bilal@paktaleem.example", (("auditor", "paktaleem"),)),
    StaffText("Sana Rind", "sana@paktaleem.example", (("support_agent", "paktaleem"),)),
    StaffText("Farah Soomro", "farah@indus.example", (("client_admin", "indus"),)),
    StaffText("Celia Afridi", "celia@khyber.example", (("client_admin", "khyber"),)),
    StaffText("Zara Memon", "zara@advisers.example", (("client_admin", "indus"), ("client_admin", "khyber"))),
    StaffText("Omair Jatoi", "omair@developers.example", (("client_admin", "sandbox"),)),
)


OWN_PURPOSES = (STARTING_PURPOSES["newsletter"], STARTING_PURPOSES["product_research"])
"""The purposes of a client's own, from the starting set that the console offers."""


LAWS = ("Companies Act 2017", "Income Tax Ordinance 2001")
"""Laws of Pakistan that demand records: books of account (s. 220) and a taxpayer's records (s. 174)."""


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """One later version of the privacy policy, with the text for children."""

    code: str
    is_material: bool

    def words(self) -> dict[str, Any]:
        return {
            f"{kind}_{language}": (_TEXTS / f"{name}.{language}.txt").read_text(encoding="utf-8")
            for kind, name in (("text", self.code), ("child_text", "policy_child"))
            for language in ("en", "ur")
        }


POLICY_CHANGES = (PolicyChange("policy_minor", is_material=False), PolicyChange("policy_material", is_material=True))


@dataclass(frozen=True, slots=True)
class ResponseText:
    """One client's response to the announced policy change: ``kind`` is acknowledged or objected."""

    client: str
    email: str
    kind: str
    code: str = ""
    note: str = ""


RESPONSES = (
    ResponseText("indus", "farah@indus.example", "acknowledged"),
    ResponseText(
        "khyber",
        "celia@khyber.example",
        "objected",
        "agreement",
        "Our agreement names hosting and messages only. Who corrects and translates our course texts, and where?",
    ),
)


@dataclass(frozen=True, slots=True)
class RecipientText:
    """One provider approved by PakTaleem for every client."""

    code: str
    name: str
    service: str
    service_ur: str
    agreement_reference: str
    countries: str
    kind: str
    transfer_ground: str
    assurances: str
    ground: str
    purposes: tuple[str, ...]
    categories: tuple[str, ...]


RECIPIENTS = (
    RecipientText(
        "hosting",
        "Karakoram Hosting",
        "Hosting of the platform and its backups",
        "پلیٹ فارم اور اس کے بیک اپ کی ہوسٹنگ",
        "DPA-2026-001",
        "PK",
        "processor",
        "same_country",
        "ISO/IEC 27001 certificate, audited each year. Data is encrypted on its disks and on the way.",
        "The platform runs on its servers; without hosting there is no service.",
        ("account_management", "service_delivery", "support", "service_communications"),
        ("contact_details", "credentials", "organisation", "usage_logs", "device", "content"),
    ),
    RecipientText(
        "messaging",
        "Ravi Messaging",
        "Sending emails and text messages",
        "ای میل اور ایس ایم ایس بھیجنا",
        "DPA-2026-002",
        "PK, IE",
        "processor",
        "clauses",
        "Standard contractual clauses with its branch in Ireland; messages are deleted there after 30 days.",
        "Emails and text messages are delivered by it; without it no one can be reached.",
        ("service_communications", "newsletter"),
        ("contact_details", "organisation"),
    ),
)


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a roster: ``age`` in years today, ``answers`` as pairs of purpose and states."""

    code: str
    role: str
    full_name: str
    age: int | None = None
    guardian: str = ""
    has_address: bool = True
    answers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    language: str = "en"

    def details(self, client: str) -> dict[str, object]:
        """Return the registered details, except the birth date."""
        address = f"{self.code}@{client}-people.example" if self.has_address else None
        return {"role": self.role, "full_name": self.full_name, "email": address, "language": self.language}


_YES, _NO = ("given",), ("refused",)
_CHANGED_MIND = ("given", "withdrawn")

_INDUS = (
    Person("esra", "guardian", "Esra Qureshi", 38, language="ur", answers=(("newsletter", _YES),)),
    Person(
        "danish",
        "student",
        "Danish Qureshi",
        9,
        guardian="esra",
        has_address=False,
        answers=(("newsletter", _NO), ("product_research", _YES)),
    ),
    Person("ghazal", "guardian", "Ghazal Khattak", language="ur"),
    Person("bashir", "guardian", "Bashir Khattak", language="ur"),
    Person("laila", "student", "Laila Khattak", 11, guardian="ghazal", has_address=False),
    Person("omar", "guardian", "Omar Baloch"),
    Person("noor", "student", "Noor Baloch", 12, guardian="omar", has_address=False),
    Person("sheema", "guardian", "Sheema Yousafzai", language="ur"),
    Person("palwasha", "student", "Palwasha Yousafzai", 8, guardian="sheema", has_address=False),
    Person("hamza", "student", "Hamza Lodhi", 17, answers=(("newsletter", _YES), ("product_research", _NO))),
    Person("mahnoor", "student", "Mahnoor Abbasi", 16, answers=(("newsletter", _CHANGED_MIND),)),
    Person("rayyan", "student", "Rayyan Chaudhry", 15, answers=(("product_research", _YES),)),
    Person("sadia", "student", "Sadia Bugti", 14, language="ur", answers=(("newsletter", ("requested",)),)),
    Person("talha", "student", "Talha Niazi", 14),
    Person("urwa", "student", "Urwa Siddiqui", 13, answers=(("newsletter", ("deferred",)),)),
    Person("iqra", "student", "Iqra Shah"),
    Person("junaid", "instructor", "Junaid Mirza", 41, answers=(("newsletter", _YES),)),
    Person("wajiha", "instructor", "Wajiha Rizvi", 36, answers=(("product_research", _CHANGED_MIND),)),
    Person("yasir", "instructor", "Yasir Bhatti"),
    Person("zubaida", "administrator", "Zubaida Leghari", 52),
)
_KHYBER = (
    Person("kiran", "learner", "Kiran Tareen", 36, answers=(("newsletter", _YES), ("product_research", _YES))),
    Person("arsalan", "learner", "Arsalan Durrani", 28, answers=(("newsletter", _NO),)),
    Person("benazir", "learner", "Benazir Wazir", 24, language="ur", answers=(("newsletter", _CHANGED_MIND),)),
    Person("daniyal", "learner", "Daniyal Orakzai", 31),
    Person("fauzia", "learner", "Fauzia Marwat", 45, answers=(("product_research", _NO),)),
    Person("gulalai", "learner", "Gulalai Afridi", 22, language="ur", answers=(("newsletter", _YES),)),
    Person("haris", "learner", "Haris Swati", 19),
    Person("imran", "learner", "Imran Bangash"),
    Person("jamila", "instructor", "Jamila Khalil", 39, answers=(("newsletter", _YES),)),
    Person("khalid", "administrator", "Khalid Shinwari", 57),
)
_SANDBOX = (
    Person("test_guardian", "guardian", "Test Guardian"),
    Person("test_child", "student", "Test Child", 10, guardian="test_guardian", has_address=False),
    Person("test_student", "student", "Test Student", 18, answers=(("newsletter", _YES),)),
)

PEOPLE = {"indus": _INDUS, "khyber": _KHYBER, "sandbox": _SANDBOX}
"""Client → its people, guardians before their children."""


def fill_policy(ids: dict[str, UUID], *, actor: Actor, at: datetime) -> None:
    """Publish a minor policy change at once and announce a material one; record the clients' responses."""
    common: dict[str, Any] = {"actor": actor, "reason": Reason.ONBOARDING}
    with in_client(PAKTALEEM):
        notice = Notice.objects.get(client_id=PAKTALEEM, code="privacy_notice")
        done = NoticeVersion.objects.filter(notice=notice).count()
        for number, text in enumerate(POLICY_CHANGES, start=2):
            if number > done:
                days = timedelta(days=settings.NOTICE_DAYS) if text.is_material else timedelta()
                publish_notice_version(
                    notice, **text.words(), is_material=text.is_material, effective_at=at + days, **common, at=at
                )
    for response in RESPONSES:
        with in_client(ids[response.client]):
            _respond(response, ids[response.client], actor=actor, at=at)


def _respond(text: ResponseText, client_id: UUID, *, actor: Actor, at: datetime) -> None:
    open_dispatches(Client.objects.get(id=client_id), actor=actor, at=at)
    dispatch = NoticeDispatch.objects.filter(client_id=client_id).latest("opened_at")
    if NoticeResponse.objects.filter(client_id=client_id, dispatch=dispatch).exists():
        return
    client_admin = user_actor(User.objects.get(email=text.email).pk, Role.CLIENT_ADMIN, client_id)
    if text.kind == ResponseKind.ACKNOWLEDGED:
        acknowledge_announcement(dispatch, actor=client_admin, at=at)
    else:
        object_to_announcement(dispatch, code=text.code, note=text.note, actor=client_admin, at=at)


_WHY = Reason.ONBOARDING
_NECESSARY, _PREFERENCES, _ANALYTICS = CookieCategory.NECESSARY, CookieCategory.PREFERENCES, CookieCategory.ANALYTICS
_COOKIES: tuple[tuple[str, CookieCategory, SetBy, str, int | None, str, str], ...] = (
    (
        "lms_session",
        _NECESSARY,
        SetBy.SITE,
        "PakTaleem",
        1,
        "Keeps you signed in to the learning platform.",
        "آپ کو تعلیمی پلیٹ فارم پر سائن ان رکھتی ہے۔",
    ),
    (
        "paktaleem_cookie_choice",
        _NECESSARY,
        SetBy.SITE,
        "PakTaleem",
        182,
        "Remembers your choice about cookies.",
        "کوکیز کے بارے میں آپ کا انتخاب یاد رکھتی ہے۔",
    ),
    (
        "paktaleem_cookie_state",
        _NECESSARY,
        SetBy.SITE,
        "PakTaleem",
        None,
        "Remembers when and under which number you chose about cookies.",
        "یاد رکھتا ہے کہ آپ نے کوکیز کا انتخاب کب اور کس نمبر کے تحت کیا۔",
    ),
    (
        "lms_theme",
        _PREFERENCES,
        SetBy.SITE,
        "PakTaleem",
        180,
        "Remembers light or dark colours and the size of text.",
        "ہلکے یا گہرے رنگ اور متن کا سائز یاد رکھتی ہے۔",
    ),
    (
        "_stats*",
        _ANALYTICS,
        SetBy.THIRD_PARTY,
        "Hunza Statistics",
        30,
        "Counts visits to pages, without names.",
        "ناموں کے بغیر صفحات پر آمد گنتی ہے۔",
    ),
)
_STORED = dict(ENTRIES)
"""Where the entries of the script are stored; the platform's own are cookies."""
_LINKS = (
    (
        "Ravi Video",
        "https://video.example/",
        "https://video.example/privacy",
        "Recorded lectures are shown there.",
        "ریکارڈ شدہ لیکچر وہاں دکھائے جاتے ہیں۔",
        180,
    ),
    (
        "Open Library of Lahore",
        "https://library.example/",
        "https://library.example/privacy",
        "Teachers link to its books.",
        "اساتذہ اس کی کتابوں کے لنک دیتے ہیں۔",
        30,
    ),
)


def fill_cookies(client_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Add the cookies and the site of one client, unless it has a site."""
    with in_client(client_id):
        if CookieSite.objects.filter(client_id=client_id).exists():
            return
        for name, category, set_by, provider, days, purpose_en, purpose_ur in _COOKIES:
            cookie = Cookie(
                client_id=client_id,
                name=name,
                category=category,
                set_by=set_by,
                provider=provider,
                storage=_STORED.get(name, Storage.COOKIE),
                days=days,
                purpose_en=purpose_en,
                purpose_ur=purpose_ur,
            )
            save_cookie(cookie, actor=actor, reason=_WHY, at=at)
        save_site(CookieSite(client_id=client_id, origins=["http://localhost:8080"]), actor=actor, reason=_WHY, at=at)


def fill_links(*, actor: Actor, at: datetime) -> None:
    """Add the services that the platform links to, unless there is one."""
    with in_client(PAKTALEEM):
        if LinkedService.objects.filter(client_id=PAKTALEEM).exists():
            return
        for name, url, policy_url, purpose_en, purpose_ur, days in _LINKS:
            link = LinkedService(
                client_id=PAKTALEEM,
                name=name,
                url=url,
                policy_url=policy_url,
                purpose_en=purpose_en,
                purpose_ur=purpose_ur,
                review_on=(at + timedelta(days=days)).date(),
            )
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
        """Read the file; empty if there is none."""
        return cls(path, **json.loads(path.read_text())) if path.exists() else cls(path)

    def password_of(self, email: str) -> str:
        """Return the password of a staff user; a new one is stored before it is returned."""
        if email not in self.passwords:
            self.passwords[email] = secrets.token_urlsafe(12)
            self.write()
        return self.passwords[email]

    def write(self) -> None:
        """Store the secrets; call before what they open is committed."""
        values = asdict(self)
        del values["path"]
        write_atomically(self.path, json.dumps(values, indent=2) + "\n")
