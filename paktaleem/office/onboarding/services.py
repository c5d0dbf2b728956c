"""Services of the set-up of clients."""

from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path

import msgspec
from django.db import transaction
from django.utils.translation import get_language, gettext as _

from consent.decisions.facts import Decision, Question
from consent.decisions.selectors.decisions import decide_one
from consent.notices.models import Notice, NoticeVersion
from consent.notices.selectors.registers import find_purposes
from consent.notices.services.publishing import publish_notice_version
from consent.register.compiled import Basis
from consent.register.models.agreements import Instruction, ServiceAgreement
from consent.register.models.purposes import ROLES, LawfulBasis, Purpose
from consent.register.services import change_register
from paktaleem.directory.people.services.people import record_id_search
from paktaleem.foundation.accounts.actors import Actor, ReasonedAuthorship
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.context import advisory_lock
from paktaleem.office.onboarding.selectors import ALLOWED, find_client_facts
from retention.schedule.models import Disposal, RetentionRule, Trigger
from retention.schedule.services import save_rule

_HERE = Path(__file__).resolve().parent


class StartingPurpose(msgspec.Struct, frozen=True):
    """One purpose based on consent, with its notice; ``period`` (ISO 8601) after the consent its data is deleted."""

    code: str
    name_en: str
    name_ur: str
    description_en: str
    description_ur: str
    categories: tuple[str, ...]
    period: str
    ground_en: str
    ground_ur: str

    def __str__(self) -> str:
        return self.name_ur if get_language() == "ur" else self.name_en

    def read_text(self, language: str) -> str:
        """Return the text of its notice."""
        return (_HERE / "texts" / f"{self.code}.{language}.txt").read_text(encoding="utf-8").strip()


class StartingSet(msgspec.Struct, frozen=True):
    """Purposes, and common wordings of how ages are verified and how guardians consent, by kind and field."""

    purposes: list[StartingPurpose]
    mechanisms: dict[str, dict[str, str]]


_SET = msgspec.toml.decode((_HERE / "starting_set.toml").read_bytes(), type=StartingSet)
STARTING_PURPOSES = {purpose.code: purpose for purpose in _SET.purposes}
STARTING_MECHANISMS = _SET.mechanisms


@transaction.atomic
def add_starting_set(
    client: Client,
    *,
    instructed: Iterable[str],
    own: Collection[str] = (),
    recipients: Iterable[str] = (),
    document: str,
    actor: Actor,
    reason: Reason | str = Reason.ONBOARDING,
    at: datetime,
) -> Instruction:
    """Add purposes of the starting set that the client lacks (``own``), and one instruction for all.

    ``instructed`` are codes of purposes that exist, ``recipients`` of those with whom their data may be shared, and
    ``document`` says where the instruction is written down. Each own purpose gets consent as its lawful basis for
    every role, a notice in both languages that is in effect at once, and a retention rule for each of its categories.
    Runs in the client's context. Raises Refused without an agreement, ValidationError naming the field, NotAllowed.
    """
    advisory_lock(f"starting_set/{client.pk}")
    facts = find_client_facts(client.pk, at=at)
    if facts is None or facts.agreement is None:
        raise Refused(_("First add the draft of the agreement: instructions belong to it."))
    stamp: ReasonedAuthorship = {"actor": actor, "reason": reason, "at": at}
    known = set(Purpose.objects.filter(client_id=client.pk).values_list("code", flat=True))
    for code in own:
        if code not in known:
            add_starting_purpose(client, STARTING_PURPOSES[code], **stamp)
    codes = list(dict.fromkeys([*instructed, *own]))
    purposes = find_purposes(client.pk, codes)
    instruction = Instruction(
        client_id=client.pk,
        agreement=ServiceAgreement.objects.get(pk=facts.agreement, client_id=client.pk),
        document=document,
        purposes=codes,
        categories=sorted({category for code in codes for category in purposes[code].categories}),
        recipients=list(recipients),
        starts_at=at,
    )
    return change_register(instruction, **stamp)


def add_starting_purpose(
    client: Client, text: StartingPurpose, *, actor: Actor, reason: Reason | str, at: datetime
) -> NoticeVersion:
    """Add a purpose of the starting set with its lawful bases, notice and retention rules; return the notice's text."""
    by: ReasonedAuthorship = {"actor": actor, "reason": reason, "at": at}
    names = {"name_en": text.name_en, "name_ur": text.name_ur}
    words = {"description_en": text.description_en, "description_ur": text.description_ur}
    purpose = Purpose(client_id=client.pk, code=text.code, categories=list(text.categories), **names, **words)
    change_register(purpose, **by)
    for role, _label in ROLES:
        basis = LawfulBasis(client_id=client.pk, purpose=purpose, role=role, basis=Basis.CONSENT, starts_at=at)
        change_register(basis, **by)
    for category in text.categories:
        rule = RetentionRule(
            client_id=client.pk,
            category=category,
            purpose=purpose,
            trigger=Trigger.CONSENT_WITHDRAWN,
            period=text.period,
            action=Disposal.DELETE,
            ground_en=text.ground_en,
            ground_ur=text.ground_ur,
            starts_at=at,
        )
        save_rule(rule, **by)
    titles = {"title_en": text.name_en, "title_ur": text.name_ur}
    notice = Notice(client_id=client.pk, code=f"{text.code}_notice", purposes=[text.code], **titles)
    change_register(notice, **by)
    return publish_notice_version(
        notice, text_en=text.read_text("en"), text_ur=text.read_text("ur"), is_material=True, effective_at=at, **by
    )


@transaction.atomic
def try_decision(client: Client, *, external_id: str, purpose: str, actor: Actor, at: datetime) -> Decision:
    """Decide about a person and purpose; record the search, and an allowed decision. Raises NotAllowed."""
    record_id_search(client_id=client.pk, actor=actor, at=at)
    decision = decide_one(actor, client.pk, external_id, Question(purpose=purpose, at=at), now=at)
    if decision.allowed:
        facts = {"purpose": purpose, "basis": decision.lawful_basis}
        record_entry(ALLOWED, client_id=client.pk, facts=facts, actor=actor, at=at)
    return decision
