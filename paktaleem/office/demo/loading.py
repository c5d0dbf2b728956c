"""Fill the database with the sample data, through the services.

Every step is one transaction and first checks whether it is done, so that the next start completes an interrupted one,
and changes made in the demonstration are kept.
"""

from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings

from children.guardians.providers import check_providers
from children.guardians.services.checks import declare_mechanism
from children.guardians.services.guardians import name_guardian
from consent.notices.services.publishing import load_register
from consent.notices.starter_register import CATEGORIES, PURPOSES
from consent.register.assessing import answer_assessment, approve_assessment
from consent.register.models import assessments as register_assessments
from consent.register.models.agreements import Instruction, Recipient, RecipientApproval, ServiceAgreement
from consent.register.models.purposes import BalancingTest, ListedLaw
from consent.register.services import change_register, request_safeguard_change, sign_balancing_test
from paktaleem.directory.data_systems.models import Ground, Order, OrderKind, System, SystemKey
from paktaleem.directory.data_systems.services.fulfilment import (
    accept_order,
    approve_waiver,
    carry_out_by_hand,
    complete_order,
    fail_order,
    hand_over,
    propose_waiver,
)
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders, issue_orders_for_set
from paktaleem.directory.data_systems.services.registering import assign_key, change_system
from paktaleem.directory.data_systems.states import Answer, Exemption, Outcome
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import claim_guardian, register_subject
from paktaleem.directory.security.security_assessments.models import AssessmentKind, SecurityAssessment, get_staff_day
from paktaleem.directory.security.security_assessments.services import record_assessment
from paktaleem.directory.staff.sign_in.adapters import create_totp_secret, enrol_totp, has_second_factor
from paktaleem.directory.webhooks.models import Endpoint
from paktaleem.directory.webhooks.services import add_endpoint, change_endpoint, rotate_secret
from paktaleem.foundation.accounts.actors import (
    Actor,
    Authorship,
    ReasonedAuthorship,
    key_actor,
    person_actor,
    system_actor,
)
from paktaleem.foundation.accounts.break_glass import Appointment, appoint_staff
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.accounts.models import ApiKey, Client, User
from paktaleem.foundation.accounts.roles import KEY_SCOPES, Role
from paktaleem.foundation.accounts.selectors import find_client_by_code, find_key_actor
from paktaleem.foundation.accounts.services import issue_api_key, revoke_api_key
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from paktaleem.office.demo.people import (
    OWN_PURPOSES,
    SAMPLE,
    ClientText,
    DemoSecrets,
    external_id_of,
    fill_cookies,
    fill_guardians,
    fill_links,
    fill_paper,
    fill_people,
    fill_policy,
    fill_schools,
    invite_demo_guardian,
    staff_actor,
)
from paktaleem.office.onboarding.services import add_starting_purpose
from paktaleem.office.reports.trends import count_weeks
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
    """Add the open cases at one school, unless they exist; they fill the pages of officers and of its administrators.

    A copy for systems to deliver, a deletion for the school to confirm, a person who reaches the age of consent within
    the month, a child's data that should have been erased two days ago, and rights requests: for the school to decide,
    of an unknown person, overdue, and a concern.
    """
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
    day = client.day_at(at + _SOON)
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


_HOLDS = ("contact_details", "content", "usage_logs")
_REQUESTER = "kiran"
_DUE_IN = timedelta(days=20)


def fill_systems(client: Client, *, actor: Actor, at: datetime) -> None:
    """Register the platform and let the key LMS act for it; add a collect order at Khyber."""
    if System.objects.filter(client_id=client.pk, code="lms").exists():
        return
    common: ReasonedAuthorship = {"actor": actor, "reason": Reason.ONBOARDING, "at": at}
    system = System(client=client, code="lms", name="Learning platform", categories=list(_HOLDS), starts_at=at)
    system.contact, system.delivery = f"lms@{client.code}.example", "poll"
    change_system(system, **common)
    assign_key(SystemKey(client=client, system=system, key_name="LMS"), **common)
    for person in Subject.objects.filter(client_id=client.pk, external_id=external_id_of(_REQUESTER)):
        issue_orders(person, _spec("collect", *_HOLDS, at=at), actor=actor, at=at)


def _spec(kind: str, *categories: str, at: datetime) -> OrderSpec:
    return OrderSpec(
        kind=OrderKind(kind),
        categories=frozenset(categories),
        reason=Reason.SUBJECT_REQUEST,
        ground=Ground.RIGHT_OF_THE_PERSON,
        due_at=at + _DUE_IN,
    )


_RECEIVER = "Receiver of the demonstration"
_EVENTS = ["consent.*", "decision.*", "guardian.*", "order.*", "subject.*"]
_OURS = (
    ("billing", "Billing", "billing", "by_hand"),
    ("support_desk", "Support desk", "support_communications", "by_hand"),
    ("analytics", "Analytics", "device", "poll"),
)


def fill_orders(ids: dict[str, UUID], *, actor: Actor, at: datetime) -> None:
    """Register PakTaleem's own systems and the schools' libraries, and create orders in every state at Indus."""
    common: ReasonedAuthorship = {"actor": actor, "reason": Reason.ONBOARDING, "at": at}
    with in_client(PAKTALEEM):
        for code, name, category, delivery in _OURS:
            contact = f"{code.replace('_', '-')}@paktaleem.example"
            system = System(client_id=PAKTALEEM, code=code, name=name, delivery=delivery, contact=contact)
            _ensure_system(system, category, common)
    for client in ("indus", "khyber"):
        with in_client(ids[client]):
            system = System(client_id=ids[client], code="library", name="School library", delivery="by_hand")
            system.contact = "library@school.example"
            if _ensure_system(system, "credentials", common) and client == "indus":
                _Orders(ids[client], actor, at).make()


def _ensure_system(system: System, category: str, common: ReasonedAuthorship) -> bool:
    if System.objects.filter(client_id=system.client_id, code=system.code).exists():
        return False
    system.categories, system.starts_at = [category], common["at"]
    change_system(system, **common)
    return True


class _Orders:
    """The orders at one school, each brought into another state by the actor who does so in practice."""

    def __init__(self, client_id: UUID, actor: Actor, at: datetime) -> None:
        key = ApiKey.objects.filter(client_id=client_id, name="LMS", revoked_at=None).latest("created_at")
        self.client_id, self.actor, self.at = client_id, actor, at
        self.lms: Authorship = {"actor": key_actor(key.pk, client_id, key.scopes), "at": at}
        amina = staff_actor("amina@paktaleem.example", Role.PRIVACY_OFFICER, PAKTALEEM)
        farah = staff_actor("farah@indus.example", Role.CLIENT_ADMIN, client_id)
        self.amina: Authorship = {"actor": amina, "at": at}
        self.farah: Authorship = {"actor": farah, "at": at}

    def make(self) -> None:
        self._issue("restrict", "yasir", "content")
        sent = self._issue("collect", "zubaida", "content")
        hand_over([sent], system=sent.system, client_id=self.client_id, **self.lms)
        accept_order(self._issue("collect", "junaid", "content"), **self.lms)
        done = accept_order(self._issue("erase", "mahnoor", "usage_logs"), **self.lms)
        complete_order(done, Answer(Outcome.DONE, counts={"usage_logs": 312}), **self.lms)
        unknown = accept_order(self._issue("erase", "wajiha", "usage_logs"), **self.lms)
        complete_order(unknown, Answer(Outcome.NOT_FOUND), **self.lms)
        failed = accept_order(self._issue("object", "hamza", "usage_logs"), **self.lms)
        fail_order(failed, code="database_locked", again=False, **self.lms)
        kept = Answer(Outcome.NOT_APPLICABLE, reason=Exemption.LEGAL_DUTY)
        carry_out_by_hand(self._issue("erase", "junaid", "billing"), kept, **self.amina)
        waived = self._issue("erase", "zubaida", "credentials")
        propose_waiver(waived, ground="The system was shut down.", reason=Reason.REVIEW, **self.farah)
        approve_waiver(waived, **self.amina)
        students = Subject.objects.filter(role="student")
        issue_orders_for_set(
            students, _spec("object", "device", at=self.at), client_id=self.client_id, actor=self.actor, at=self.at
        )

    def _issue(self, kind: str, person: str, category: str) -> Order:
        subject = Subject.objects.get(client_id=self.client_id, external_id=external_id_of(person))
        return issue_orders(subject, _spec(kind, category, at=self.at), actor=self.actor, at=self.at)[0]


def fill_receiver(client_id: UUID, url: str, kept: DemoSecrets, *, actor: Actor, at: datetime) -> None:
    """Register the demonstration's receiver at its current URL, with a secret that it knows."""
    common: ReasonedAuthorship = {"actor": actor, "reason": Reason.ONBOARDING, "at": at}
    with in_client(client_id):
        endpoint = Endpoint.objects.filter(client_id=client_id, name=_RECEIVER, removed_at=None).first()
        if endpoint is None:
            _, secret = add_endpoint(client_id, url=url, events=list(_EVENTS), name=_RECEIVER, **common)
            kept.webhook_secret = secret
            kept.write()
            return
        if endpoint.url != url:
            endpoint.url = url
            change_endpoint(endpoint, **common)
        if not kept.webhook_secret:  # the file was lost
            kept.webhook_secret = rotate_secret(endpoint, **common)
            kept.write()


_OFFICERS = ("amina@paktaleem.example", "nadia@paktaleem.example")
_ACTOR = system_actor("demo")
_WHY = Reason.ONBOARDING
_BY_DEMO: dict[str, Any] = {"actor": _ACTOR, "reason": _WHY}
_KEY_LIFE = _REVIEWED_AFTER = timedelta(days=365)


class SecretsLost(Exception):
    """The demonstration has staff, and the file with their passwords is lost: only a new start helps."""


def fill_demonstration(kept: DemoSecrets, *, portal: str, receiver: str = "", at: datetime) -> None:
    """Add the missing sample data, for a portal and a webhook receiver (if any) at these URLs. Raises SecretsLost."""
    with in_client(PAKTALEEM):
        load_register(actor=_ACTOR, at=at)
        for test in BalancingTest.objects.filter(client_id=PAKTALEEM, signed_at=None):
            sign_balancing_test(test, actor=_ACTOR, at=at)
        list_laws(at)
    for text in SAMPLE.clients:
        client_id = find_client_by_code(text.code) or new_id()
        with in_client(client_id):
            _fill_client(text, client_id, at)
        _fill_key(text.code, client_id, kept, at)
        with in_client(client_id):
            client = Client.objects.get(id=client_id)
            fill_systems(client, actor=_ACTOR, at=at)
            if text.code == "indus":
                invite_demo_guardian(client, portal=portal, actor=_ACTOR, at=at)
    _fill_staff(kept, at)
    _fill_recipients(at)
    with in_client(PAKTALEEM):
        fill_assessments(actor=staff_actor(_OFFICERS[0], Role.PRIVACY_OFFICER, PAKTALEEM), at=at)
    fill_policy(client_ids(), actor=_ACTOR, at=at)
    if receiver:
        fill_receiver(client_ids()["indus"], receiver, kept, actor=_ACTOR, at=at)
    fill_orders(client_ids(), actor=_ACTOR, at=at)
    fill_cases(client_ids()["indus"], actor=_ACTOR, at=at)
    fill_links(actor=_ACTOR, at=at)
    for code in ("indus", "khyber"):
        fill_cookies(client_ids()[code], actor=_ACTOR, at=at)
    for client_id in client_ids().values():
        with in_client(client_id):
            count_weeks(Client.objects.get(pk=client_id), actor=_ACTOR, at=at)


def client_ids() -> dict[str, UUID]:
    """Map the codes of PakTaleem and the demonstration's clients to their ids."""
    found = {text.code: find_client_by_code(text.code) for text in SAMPLE.clients}
    return {"paktaleem": PAKTALEEM} | {code: id_ for code, id_ in found.items() if id_ is not None}


def list_laws(at: datetime) -> None:
    """List the laws of Pakistan that a client's legal obligation may cite, unless they are listed."""
    listed = set(ListedLaw.objects.filter(client_id=PAKTALEEM).values_list("citation", flat=True))
    for citation in SAMPLE.laws:
        if citation not in listed:
            change_register(ListedLaw(client_id=PAKTALEEM, country="PK", citation=citation), **_BY_DEMO, at=at)


def _fill_recipients(at: datetime) -> None:
    """Add the recipients by two officers; announced so early that the clients' time to object is over."""
    announced_at = at - timedelta(days=settings.NOTICE_DAYS)
    with in_client(PAKTALEEM):
        known = set(Recipient.objects.filter(client_id=PAKTALEEM).values_list("code", flat=True))
        for text in SAMPLE.recipients:
            if text["code"] not in known:
                _add_recipient(dict(text), announced_at)


def _add_recipient(values: dict[str, Any], at: datetime) -> None:
    ground, covered = values.pop("ground"), {name: values.pop(name) for name in ("purposes", "categories")}
    transfer = values.pop("transfer", None)
    recipient = Recipient(client_id=PAKTALEEM, agreement_starts_at=at, **values)
    change_register(recipient, actor=_ACTOR, reason=_WHY, at=at)
    approval = RecipientApproval(client_id=PAKTALEEM, recipient=recipient, is_integral=True, starts_at=at, **covered)
    requester, approver = (staff_actor(email, Role.PRIVACY_OFFICER, PAKTALEEM) for email in _OFFICERS)
    change = request_safeguard_change(approval, ground=ground, actor=requester, at=at)
    decide_proposed_change(change, approve=True, actor=approver, at=at)
    if transfer is not None:
        by: dict[str, Any] = {"reason": _WHY, "at": at}
        given: dict[str, Any] = {"residual_risk": "low", "review_on": (at + _REVIEWED_AFTER).date()}
        assessment = answer_assessment(
            recipient, register_assessments.AssessmentKind.TRANSFER, answers=transfer, **given, actor=requester, **by
        )
        approve_assessment(assessment, actor=approver, **by)


def _fill_client(text: ClientText, client_id: UUID, at: datetime) -> None:
    if Client.objects.filter(id=client_id).exists():
        return
    client = Client(id=client_id, country="PK", time_zone="Asia/Karachi", **msgspec.structs.asdict(text))
    change_client(client, actor=_ACTOR, reason=_WHY, at=at)
    versions = {own.code: add_starting_purpose(client, own, **_BY_DEMO, at=at) for own in OWN_PURPOSES}
    _add_agreement(text.code, client_id, at)
    fill_people(client, versions, actor=_ACTOR, at=at)
    if text.code == "indus":
        fill_schools(client, actor=_ACTOR, at=at)
        fill_guardians(client, actor=_ACTOR, at=at)
        fill_paper(client, actor=_ACTOR, at=at)


def _add_agreement(code: str, client_id: UUID, at: datetime) -> None:
    agreement = ServiceAgreement(client_id=client_id, reference=f"MSA-{code}".upper(), signed_at=at, starts_at=at)
    change_register(agreement, actor=_ACTOR, reason=_WHY, at=at)
    instruction = Instruction(
        client_id=client_id,
        agreement=agreement,
        document="Annex 1: documented instructions",
        purposes=[*PURPOSES, *(own.code for own in OWN_PURPOSES)],
        categories=list(CATEGORIES),
        recipients=[recipient["code"] for recipient in SAMPLE.recipients],
        starts_at=at,
    )
    change_register(instruction, actor=_ACTOR, reason=_WHY, at=at)


def _fill_key(code: str, client_id: UUID, kept: DemoSecrets, at: datetime) -> None:
    """Issue an API key unless the stored one is valid; a start interrupted before its commit leaves an invalid one."""
    stored_key = kept.api_keys.get(code)
    if stored_key is not None and find_key_actor(stored_key, at=at) is not None:
        return
    with in_client(client_id):
        for lost in ApiKey.objects.filter(client_id=client_id, name="LMS", revoked_at=None):
            revoke_api_key(lost, actor=_ACTOR, reason=Reason.KEY_ROTATION, at=at)
        _, secret = issue_api_key(
            client_id, name="LMS", scopes=list(KEY_SCOPES), expires_at=at + _KEY_LIFE, actor=_ACTOR, at=at
        )
        kept.api_keys[code] = secret
        kept.write()


def _fill_staff(kept: DemoSecrets, at: datetime) -> None:
    ids = client_ids()
    with in_global():
        known = set(User.objects.values_list("email", flat=True))
    if known and not known & kept.passwords.keys():
        raise SecretsLost
    if not known:
        appointments = []
        for text in SAMPLE.staff:
            roles, password = tuple((role, ids[code]) for role, code in text.memberships), kept.password_of(text.email)
            appointments.append(Appointment(email=text.email, full_name=text.name, roles=roles, password=password))
        appoint_staff(appointments, reason=_WHY, at=at)
    with in_global():
        for user in User.objects.filter(email__in=[text.email for text in SAMPLE.staff]):
            _ensure_second_factor(user, kept)


def _ensure_second_factor(user: User, kept: DemoSecrets) -> None:
    if has_second_factor(user) and user.email in kept.totp_secrets:
        return
    secret = create_totp_secret()
    kept.totp_secrets[user.email] = secret
    kept.write()
    enrol_totp(user, secret)
