"""The sample data of the demonstration. Everyone in it is fictitious."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paktaleem.onboarding.starting_set import STARTING_PURPOSES

_TEXTS = Path(__file__).resolve().parent / "texts"


@dataclass(frozen=True, slots=True)
class ClientText:
    """One client of the demonstration."""

    code: str
    name: str
    serves_minors: bool
    is_sandbox: bool = False


CLIENTS = (
    ClientText("indus", "Indus Schools Network", serves_minors=True),
    ClientText("khyber", "Khyber Institute", serves_minors=False),
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
        """Return its texts."""
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

    def details(self, client: str) -> dict[str, Any]:
        """Return the registered details, except the birth date."""
        address = f"{self.code}@{client}-people.example" if self.has_address else None
        return {
            "role": self.role,
            "full_name": self.full_name,
            "email": address,
            "language": self.language,
        }


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
