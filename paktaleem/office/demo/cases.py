"""Open cases at the demonstration's school: guardians' requests, a coming birthday, an incident, rights requests.

They fill the pages of officers and of the school's administrators: a copy for systems to deliver, a deletion for the
school to confirm, a person who reaches the age of consent within the month, a child's data that should have been
erased two days ago, and rights requests: for the school to decide, of an unknown person, overdue, and a concern.
"""

from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from children.guardians.providers import check_providers
from children.guardians.services.checks import declare_mechanism
from children.guardians.services.guardians import name_guardian
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import claim_guardian, register_subject
from paktaleem.directory.security.security_assessments.models import AssessmentKind, SecurityAssessment, get_staff_day
from paktaleem.directory.security.security_assessments.services import record_assessment
from paktaleem.foundation.accounts.actors import Actor, Authorship, person_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.demo.people import external_id_of
from retention.holdings.services.holdings import CollectionReport, report_collection
from retention.holdings.services.incidents import DEADLINE
from rights.channels.guardians import Wish, record_guardian_request
from rights.requests.models import Channel, IdentityMethod, RightKind, RightsRequest
from rights.requests.services.intake import receive_request

_SOON, _LATE, _OLD = timedelta(days=19), timedelta(days=2), timedelta(days=31)
_GROWING, _HELD = "zoya", "bisma"
_NAMES = {_GROWING: "Zoya Rind", _HELD: "Bisma Magsi"}
_PROVIDER = "folder"
_DECLARED = {
    "age": (
        "The birth certificate is compared with the admission form at enrolment.",
        "داخلے کے وقت پیدائش کا سرٹیفکیٹ داخلہ فارم سے ملایا جاتا ہے۔",
        "Admissions handbook, 4.2",
    ),
    "consent": (
        "A parent signs the form at the school office, or answers on the page to which the school invites them.",
        "والدین اسکول کے دفتر میں فارم پر دستخط کرتے ہیں، یا اس صفحے پر جواب دیتے ہیں جس کی دعوت اسکول دیتا ہے۔",
        "Admissions handbook, 4.3",
    ),
}
_REQUESTS = (("danish", "esra", Wish.COPY, "ur"), ("laila", "ghazal", Wish.DELETION, "en"))
"""Child, requesting guardian, what they request, and language."""
_CONCERN = "A photograph of my neighbour’s child is on the class page, and the parents were not asked."


def fill_cases(client_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Add the open cases at one school, unless they exist."""
    with in_client(client_id):
        if RightsRequest.objects.filter(client_id=client_id).exists():
            return
        client = Client.objects.get(pk=client_id)
        for child, guardian, wish, language in _REQUESTS:
            _request(_person(client, child), _person(client, guardian), wish, language, at)
        common: Authorship = {"actor": actor, "at": at}
        for kind, (english, urdu, reference) in _DECLARED.items():
            provider = _PROVIDER if kind == "consent" and _PROVIDER in check_providers() else ""
            words: dict[str, Any] = {"description": english, "description_ur": urdu, "reference": reference}
            declare_mechanism(client.pk, kind=kind, **words, provider=provider, **common)
        _add_coming_of_age(client, actor, at)
        seen_at = at - DEADLINE - _LATE
        born = seen_at.date().replace(year=seen_at.year - 10, day=min(seen_at.day, 28))
        about = {"category": "usage_logs", "occasion": "assessment", "purpose": "support"}
        seen = CollectionReport(**about, collected_at=seen_at, count=41)
        report_collection(_register(client, _HELD, born, actor, seen_at), seen, actor=actor, at=seen_at)
        _add_rights_requests(client, actor, at)


def _person(client: Client, code: str) -> Subject:
    people = Subject.objects.select_related("client")
    found: Subject = people.get(client_id=client.pk, external_id=external_id_of(code))
    return found


def _request(child: Subject, guardian: Subject, wish: Wish, language: str, at: datetime) -> None:
    by = person_actor(guardian.pk, guardian.client_id, acts_for=child.pk)
    verified: dict[str, Any] = {"identity": IdentityMethod.CODE, "channel": Channel.OWN_PAGE}
    record_guardian_request(child, guardian=guardian, wish=wish, **verified, language=language, actor=by, at=at)


def _add_coming_of_age(client: Client, actor: Actor, at: datetime) -> None:
    day = (at + _SOON).astimezone(ZoneInfo(client.time_zone)).date()
    born = day.replace(year=day.year - client.age_threshold, day=min(day.day, 28))
    zoya = _register(client, _GROWING, born, actor, at)
    mother = _person(client, "sheema")
    claim_guardian(zoya, guardian=mother, relationship="parent", actor=actor, at=at)
    common: dict[str, Any] = {"relationship": "parent", "may_consent": True, "may_receive_data": True}
    name_guardian(zoya, guardian=mother, **common, actor=actor, at=at)


def _add_rights_requests(client: Client, actor: Actor, at: datetime) -> None:
    junaid, context = _person(client, "junaid"), {"language": "en", "actor": actor}
    signed_in: dict[str, Any] = {"subject": junaid, "channel": Channel.API, "identity": IdentityMethod.LMS, **context}
    written = "Please send me everything you have about me."
    receive_request(client, kinds=[RightKind.ACCESS], details=written, **signed_in, at=at - _SOON)
    receive_request(client, kinds=[RightKind.RECTIFICATION], details="My name is misspelt.", **signed_in, at=at - _OLD)
    unknown: dict[str, Any] = {"channel": Channel.FORM, "contact": "someone@mail.example", **context}
    receive_request(client, kinds=[RightKind.ERASURE, RightKind.OBJECTION], **unknown, at=at - _LATE)
    receive_request(client, kinds=[RightKind.CHILD_CONCERN], details=_CONCERN, **unknown, at=at - _LATE)


def _register(client: Client, code: str, born: date, actor: Actor, at: datetime) -> Subject:
    details = {"role": "student", "full_name": _NAMES[code], "birth_date": born}
    return register_subject(external_id_of(code), client=client, details=details, actor=actor, at=at)[0]


_DAY = timedelta(days=1)
_ASSESSMENTS = (
    (AssessmentKind.REVIEW, "Settings of the servers, the database and the backups.", "Operations", 360 * _DAY),
    (
        AssessmentKind.PENETRATION_TEST,
        "The portal and its API, from outside and with an account of a client.",
        "Lahore Security Ltd, independent",
        40 * _DAY,
    ),
)
"""Kind, scope, assessor, and how long ago; the next one is due a year later: one of them within two weeks."""
_EMPTY_PAGE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


def fill_assessments(*, actor: Actor, at: datetime) -> None:
    """Record two security assessments as an officer, unless there are any. Runs in PakTaleem's context."""
    if SecurityAssessment.objects.filter(client_id=PAKTALEEM).exists():
        return
    for kind, scope, done_by, ago in _ASSESSMENTS:
        done_on = get_staff_day(at) - ago
        days = {"done_on": done_on, "next_on": done_on + 365 * _DAY}
        row = SecurityAssessment(kind=kind, scope=scope, done_by=done_by, **days)
        record_assessment(row, BytesIO(_EMPTY_PAGE), actor=actor, at=at)
