"""Loading the starter register: PakTaleem's own client and the shared catalogue."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from consent.notices.models import Notice, NoticeVersion
from consent.notices.services.publishing import publish_notice_version
from consent.notices.starter_register import CATEGORIES, OCCASIONS, PRIVACY_NOTICE, PURPOSES, ROLES, PurposeText
from consent.register.models.agreements import ServiceAgreement
from consent.register.models.purposes import (
    BalancingTest,
    DataCategory,
    LawfulBasis,
    Occasion,
    Purpose,
    PurposeCapacity,
)
from consent.register.services.register import change_register
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.rows import PAKTALEEM

_REASON = Reason.ONBOARDING

type StarterPart = Callable[[Actor, datetime], int]

starter_parts: ExtensionPoint[StarterPart] = ExtensionPoint(
    "consent.starter_parts", "Adds an app's missing rows to the starter register; returns the number of rows added."
)


@transaction.atomic
def load_register(*, actor: Actor, at: datetime) -> int:
    """Add the missing rows of the starter register to the shared catalogue; returns the number of rows added.

    They are the data, occasions, purposes and lawful bases of the policy (§1 to §3). Runs in PakTaleem's own context.
    Existing rows are not changed. Raises NotAllowed.
    """
    added = _load_paktaleem(actor, at)
    added += _load_names(DataCategory, CATEGORIES, actor, at)
    added += _load_names(Occasion, OCCASIONS, actor, at)
    known = {purpose.code: purpose for purpose in Purpose.objects.filter(client_id=PAKTALEEM)}
    for code, text in PURPOSES.items():
        if code not in known:
            added += _load_purpose(code, text, actor, at)
    added += _load_notice(actor, at)
    return added + sum(part(actor, at) for part in starter_parts)


def _load_paktaleem(actor: Actor, at: datetime) -> int:
    if Client.objects.filter(id=PAKTALEEM).exists():
        return 0
    client = Client(
        id=PAKTALEEM, code="paktaleem", name="PakTaleem", country="PK", time_zone="Asia/Karachi", serves_minors=False
    )
    change_client(client, actor=actor, reason=_REASON, at=at)
    own = ServiceAgreement(client_id=PAKTALEEM, reference="own-purposes", signed_at=at, starts_at=at)
    change_register(own, actor=actor, reason=_REASON, at=at)
    return 2


def _load_names(
    model: type[DataCategory | Occasion], names: dict[str, tuple[str, str]], actor: Actor, at: datetime
) -> int:
    known = set(model.objects.filter(client_id=PAKTALEEM).values_list("code", flat=True))
    missing = {code: both for code, both in names.items() if code not in known}
    for code, (name_en, name_ur) in missing.items():
        row = model(client_id=PAKTALEEM, code=code, name_en=name_en, name_ur=name_ur)
        change_register(row, actor=actor, reason=_REASON, at=at)
    return len(missing)


def _load_purpose(code: str, text: PurposeText, actor: Actor, at: datetime) -> int:
    purpose = Purpose(
        client_id=PAKTALEEM,
        code=code,
        name_en=text.name_en,
        name_ur=text.name_ur,
        description_en=text.description_en,
        description_ur=text.description_ur,
        categories=list(text.categories),
        dpv_term=text.dpv_term,
        needs_account=text.needs_account,
    )
    change_register(purpose, actor=actor, reason=_REASON, at=at)
    capacity = PurposeCapacity(client_id=PAKTALEEM, purpose=purpose, capacity=text.capacity, starts_at=at)
    change_register(capacity, actor=actor, reason=_REASON, at=at)
    test = _balancing_test(purpose, actor, at) if text.basis == "legitimate_interest" else None
    for role in ROLES:
        basis = LawfulBasis(
            client_id=PAKTALEEM,
            purpose=purpose,
            role=role,
            basis=text.basis,
            legal_reference=text.legal_reference,
            balancing_test=test,
            starts_at=at,
        )
        change_register(basis, actor=actor, reason=_REASON, at=at)
    return 2 + len(ROLES)


def _balancing_test(purpose: Purpose, actor: Actor, at: datetime) -> BalancingTest:
    """Create the unsigned balancing test; legitimate interest may be used once an officer signs it."""
    test = BalancingTest(
        client_id=PAKTALEEM,
        purpose=purpose,
        interest=purpose.description_en,
        necessity="The data named is the least with which the purpose can be met; nothing else serves it as well.",
        balance="People expect it of a platform they rely on; it tells nothing of their private life, is not used "
        "to judge or address them, and they may object at any time. A child's data gets the same or less.",
        safeguards="Short retention, access by need to know, no sharing beyond the hosting provider.",
    )
    return change_register(test, actor=actor, reason=_REASON, at=at)


def _load_notice(actor: Actor, at: datetime) -> int:
    notice = Notice.objects.filter(client_id=PAKTALEEM, code="privacy_notice").first()
    if notice is None:
        notice = Notice(
            client_id=PAKTALEEM, code="privacy_notice", title_en="Privacy notice", title_ur="رازداری کی اطلاع"
        )
        change_register(notice, actor=actor, reason=_REASON, at=at)
    if NoticeVersion.objects.filter(notice=notice).exists():
        return 0
    publish_notice_version(
        notice,
        text_en=PRIVACY_NOTICE["en"],
        text_ur=PRIVACY_NOTICE["ur"],
        is_material=True,
        effective_at=at,
        actor=actor,
        reason=_REASON,
        at=at,
    )
    return 2
