"""Fill the database with the sample data, through the services.

Every step is one transaction and first checks whether it is done, so that the next start completes an interrupted one,
and changes made in the demonstration are kept.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings

from consent.notices.services.publishing import load_register
from consent.notices.starter_register import CATEGORIES, PURPOSES
from consent.register.assessing import answer_assessment, approve_assessment
from consent.register.models.agreements import Instruction, Recipient, RecipientApproval, ServiceAgreement
from consent.register.models.assessments import AssessmentKind
from consent.register.models.purposes import BalancingTest, ListedLaw
from consent.register.services import change_register, request_safeguard_change, sign_balancing_test
from paktaleem.directory.staff.sign_in.adapters import create_totp_secret, enrol_totp, has_second_factor
from paktaleem.foundation.accounts.actors import system_actor
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
from paktaleem.office.demo.cases import fill_assessments, fill_cases
from paktaleem.office.demo.content import (
    OWN_PURPOSES,
    SAMPLE,
    ClientText,
    DemoSecrets,
    fill_cookies,
    fill_links,
    fill_policy,
    staff_actor,
)
from paktaleem.office.demo.people import fill_guardians, fill_paper, fill_people, fill_schools, invite_demo_guardian
from paktaleem.office.demo.systems import fill_orders, fill_receiver, fill_systems
from paktaleem.office.onboarding.services import add_starting_purpose
from paktaleem.office.reports.trends import count_weeks

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
            recipient, AssessmentKind.TRANSFER, answers=transfer, **given, actor=requester, **by
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
    """Make the staff as the host makes the first ones; enrol their second factors. Raises SecretsLost."""
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
    """Enrol an authenticator app; replace it if the file with the secrets was lost."""
    if has_second_factor(user) and user.email in kept.totp_secrets:
        return
    secret = create_totp_secret()
    kept.totp_secrets[user.email] = secret
    kept.write()
    enrol_totp(user, secret)
