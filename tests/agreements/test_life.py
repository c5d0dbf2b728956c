"""The life of an agreement changes every decision of the API on the next call (DESIGN §6, rule 4)."""

import json
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from consent.agreements.models import AgreementDocument
from consent.agreements.services import (
    add_document,
    decline_signing,
    end_agreement,
    open_document,
    resume_agreement,
    sign_agreement,
    suspend_agreement,
)
from consent.consents.selectors.consents import recipients_of
from consent.decisions.selectors.decisions import decide_all_purposes
from consent.notices.selectors.registers import current_register
from consent.register.effects import WeakensSafeguard
from consent.register.models.agreements import (
    AgreementSuspension,
    Instruction,
    Recipient,
    RecipientApproval,
    ServiceAgreement,
)
from consent.register.models.purposes import LawfulBasis, Purpose, PurposeCapacity
from consent.register.services import cancel_period, change_register, end_period
from paktaleem.directory.files.services import FileKindNotAccepted
from paktaleem.foundation.accounts.actors import Actor, NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.accounts.officers import second_officer
from tests.api.callers import Caller
from tests.cast import Cast
from tests.consent.making import accept_by_two, approve_by_two, make_provider, refuses
from tests.factories import SETTING_UP

WHY: Any = {"reason": Reason.AGREEMENT_CHANGE}
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
PDF = b"%PDF-1.7 signed by Farah Nadeem"
SERVICE = ("lms-kiran", "service_delivery")


def agreement_of(cast: Cast, client: str = "khyber") -> ServiceAgreement:
    found: ServiceAgreement = ServiceAgreement.objects.get(client_id=cast.client_id(client))
    return found


def draft_of(cast: Cast, at: Any, client: str = "indus", **values: Any) -> ServiceAgreement:
    row = ServiceAgreement(client_id=cast.client_id(client), reference="NEW-1", starts_at=at, **values)
    return change_register(row, actor=cast.actor("amina"), at=at, **WHY)


@pytest.fixture
def gul(cast: Cast) -> Actor:
    """A second officer; the account is made outside any context, so that tests name it before ``draft``."""
    return second_officer()


@pytest.fixture
def draft(cast: Cast, indus: Any, now: Any) -> ServiceAgreement:
    return draft_of(cast, now)


def test_a_suspension_and_its_end_change_the_next_decision(cast: Cast, khyber_lms: Caller) -> None:
    assert khyber_lms.reason(*SERVICE) == "permitted"
    with in_client(cast.client_id("khyber")):
        suspend_agreement(agreement_of(cast), actor=cast.actor("amina"), at=timezone.now(), **WHY)
    assert khyber_lms.reason(*SERVICE) == "agreement_suspended"
    assert khyber_lms.reason(*SERVICE, "store") == "permitted"
    assert khyber_lms.reason(*SERVICE, "delete") == "permitted"
    with in_client(cast.client_id("khyber")):
        [change] = resume_agreement(agreement_of(cast), ground="Paid.", actor=cast.actor("amina"), at=timezone.now())
    assert khyber_lms.reason(*SERVICE) == "agreement_suspended"
    second = second_officer()
    with in_client(cast.client_id("khyber")):
        with pytest.raises(NotAllowed):
            decide_proposed_change(change, approve=True, actor=cast.actor("celia"), at=timezone.now())
        decide_proposed_change(change, approve=True, actor=second, at=timezone.now())
    assert khyber_lms.reason(*SERVICE) == "permitted"


def test_the_end_of_an_agreement_changes_the_next_decision(cast: Cast, khyber_lms: Caller) -> None:
    with in_client(cast.client_id("khyber")):
        amina = cast.actor("amina")
        ended = end_agreement(agreement_of(cast), exit_days=30, actor=amina, at=timezone.now(), **WHY)
    assert khyber_lms.reason(*SERVICE) == "agreement_ended"
    assert khyber_lms.reason(*SERVICE, "delete") == "permitted"
    assert ended.ends_at is not None
    assert ended.exit_until == ended.ends_at + 30 * DAY
    with in_client(cast.client_id("khyber")):
        assert ended.history.first().actor_id == cast.user_id("amina")
        with pytest.raises(Refused, match="not in force"):
            end_agreement(ended, actor=cast.actor("amina"), at=timezone.now(), **WHY)


def test_an_ended_instruction_changes_the_next_decision(cast: Cast, khyber_lms: Caller) -> None:
    with in_client(cast.client_id("khyber")):
        row = Instruction.objects.get(client_id=cast.client_id("khyber"))
        end_period(row, actor=cast.actor("amina"), at=timezone.now(), **WHY)
    assert khyber_lms.reason(*SERVICE) == "not_instructed"


def test_only_what_is_in_force_is_suspended_and_only_what_is_suspended_resumes(
    cast: Cast, indus: Any, now: Any
) -> None:
    amina = cast.actor("amina")
    running, draft = agreement_of(cast, "indus"), draft_of(cast, now)
    with pytest.raises(Refused, match="not in force"):
        suspend_agreement(draft, actor=amina, at=now, **WHY)
    with pytest.raises(Refused, match="not suspended"):
        resume_agreement(running, ground="Paid.", actor=amina, at=now)
    suspend_agreement(running, actor=amina, at=now, **WHY)
    with pytest.raises(Refused, match="suspended already"):
        suspend_agreement(running, actor=amina, at=now + MINUTE, **WHY)


def test_an_agreement_takes_effect_once_both_sides_have_signed(cast: Cast, khyber_lms: Caller) -> None:
    at = timezone.now()
    with in_client(cast.client_id("khyber")):
        end_agreement(agreement_of(cast), actor=cast.actor("amina"), at=at, **WHY)
        draft = draft_of(cast, timezone.now(), "khyber")
        add_instruction(cast, draft)
        sign_agreement(draft, ground="A new contract.", actor=cast.actor("celia"), at=timezone.now())
    assert khyber_lms.reason(*SERVICE) == "agreement_ended"
    with in_client(cast.client_id("khyber")):
        signed = sign_agreement(draft, ground="A new contract.", actor=cast.actor("amina"), at=timezone.now())
        kinds = list(Entry.objects.order_by("-id").values_list("kind", flat=True)[:2])
    assert (signed.state, signed.first_side) == ("approved", "client")
    assert kinds == ["agreement.signed", "register.changed"]
    assert khyber_lms.reason(*SERVICE) != "agreement_ended"


def add_instruction(cast: Cast, draft: ServiceAgreement) -> None:
    at, categories = timezone.now(), ["contact_details", "content", "usage_logs"]
    row = Instruction(client_id=draft.client_id, agreement=draft, document="Annex", starts_at=at)
    row.purposes, row.categories = ["service_delivery"], categories
    change_register(row, actor=cast.actor("celia"), at=at, **WHY)


def test_one_side_signs_once(cast: Cast, gul: Actor, draft: ServiceAgreement, now: Any) -> None:
    signing = sign_agreement(draft, ground="A new contract.", actor=cast.actor("amina"), at=now)
    assert str(signing) == f"Signing of {now:%Y-%m-%d}"
    with pytest.raises(Refused, match="Your side has signed"):
        sign_agreement(draft, ground="A new contract.", actor=gul, at=now)
    sign_agreement(draft, ground="A new contract.", actor=cast.actor("farah"), at=now)
    with pytest.raises(Refused, match="Only a draft"):
        sign_agreement(draft, ground="A new contract.", actor=cast.actor("farah"), at=now)


def test_neither_the_register_nor_the_database_takes_an_agreement_that_one_person_signed(
    cast: Cast, draft: ServiceAgreement, now: Any
) -> None:
    amina: Any = {"actor": cast.actor("amina"), "at": now, **WHY}
    sign_agreement(draft, ground="A new contract.", actor=cast.actor("amina"), at=now)
    draft.signed_at = now
    for row in (draft, ServiceAgreement(client_id=draft.client_id, reference="NEW-2", starts_at=now, signed_at=now)):
        with pytest.raises(ValidationError, match="both sides"):
            change_register(row, **amina)
        with pytest.raises(IntegrityError, match="both sides"), transaction.atomic():
            save_tracked(row, **amina)


def test_a_signed_agreement_is_shortened_but_not_extended_and_keeps_its_signature(
    cast: Cast, indus: Any, now: Any
) -> None:
    draft = draft_of(cast, now, ends_at=now + 30 * DAY)
    for name in ("amina", "farah"):
        sign_agreement(draft, ground="A new contract.", actor=cast.actor(name), at=now)
    row = ServiceAgreement.objects.get(pk=draft.pk)
    for later in (None, now + 31 * DAY):
        row.ends_at = later
        with pytest.raises(ValidationError, match="extended"):
            change_register(row, actor=cast.actor("amina"), at=now, **WHY)
    row.ends_at = now + 20 * DAY
    assert change_register(row, actor=cast.actor("amina"), at=now, **WHY).pk
    row.signed_at = None
    with pytest.raises(IntegrityError, match="both sides"), transaction.atomic():
        save_tracked(row, actor=SETTING_UP, at=now, **WHY)


@pytest.mark.parametrize("changed", ["term", "instruction", "longer instruction", "document"])
def test_a_change_after_the_first_signature_makes_both_sides_sign_again(
    changed: str, cast: Cast, draft: ServiceAgreement, now: Any
) -> None:
    farah, amina = cast.actor("farah"), cast.actor("amina")
    row = change_register(instruction(draft, now, ends_at=now + DAY), actor=amina, at=now, **WHY)
    first = sign_agreement(draft, ground="A new contract.", actor=farah, at=now)
    if changed == "term":
        draft.ends_at = now + DAY
        change_register(draft, actor=amina, at=now, **WHY)
    elif changed == "instruction":
        change_register(instruction(draft, now), actor=amina, at=now, **WHY)
    elif changed == "longer instruction":
        row.ends_at = now + 9 * DAY
        change_register(row, actor=amina, at=now, **WHY)
    else:
        add_document(draft, file=BytesIO(PDF), kind="agreement", actor=amina, at=now)
    again = sign_agreement(draft, ground="A new contract.", actor=amina, at=now + MINUTE)
    first.refresh_from_db()
    assert (first.state, again.state, again.first_side) == ("replaced", "waiting", "paktaleem")
    assert ServiceAgreement.objects.get(pk=draft.pk).signed_at is None


def test_a_signature_on_paper_takes_two_officers(cast: Cast, gul: Actor, draft: ServiceAgreement, now: Any) -> None:
    amina = cast.actor("amina")
    paper = add_document(draft, file=BytesIO(PDF), kind="agreement", actor=amina, at=now)
    with pytest.raises(Refused, match="on paper is recorded"):
        sign_agreement(draft, paper=paper, ground="A new contract.", actor=cast.actor("farah"), at=now)
    with pytest.raises(Refused, match="on paper is recorded"):
        sign_agreement(draft, paper=paper_of_other(cast, draft, now), ground="A new contract.", actor=amina, at=now)
    first = sign_agreement(draft, paper=paper, ground="A new contract.", actor=amina, at=now)
    assert (first.first_side, first.paper_id) == ("client", paper.pk)
    with pytest.raises(ApproverIsRequester):
        sign_agreement(draft, ground="A new contract.", actor=amina, at=now)
    assert sign_agreement(draft, ground="A new contract.", actor=gul, at=now).state == "approved"


def test_a_signature_on_paper_is_recorded_with_its_document_also_as_the_second(
    cast: Cast, gul: Actor, draft: ServiceAgreement, now: Any
) -> None:
    amina = cast.actor("amina")
    paper = add_document(draft, file=BytesIO(PDF), kind="agreement", actor=amina, at=now)
    sign_agreement(draft, ground="A new contract.", actor=amina, at=now)
    with pytest.raises(ApproverIsRequester):
        sign_agreement(draft, paper=paper, ground="A new contract.", actor=amina, at=now)
    signed = sign_agreement(draft, paper=paper, ground="A new contract.", actor=gul, at=now)
    entry = Entry.objects.filter(kind="agreement.signed").get()
    assert (signed.first_side, signed.state, signed.paper_id) == ("paktaleem", "approved", paper.pk)
    assert json.loads(entry.body)["facts"]["on_paper"] is True


def paper_of_other(cast: Cast, draft: ServiceAgreement, now: Any) -> AgreementDocument:
    other = ServiceAgreement.objects.filter(client_id=draft.client_id).exclude(pk=draft.pk).get()
    return add_document(other, file=BytesIO(PDF), kind="agreement", actor=cast.actor("amina"), at=now)


def test_either_side_declines_before_both_have_signed(cast: Cast, draft: ServiceAgreement, now: Any) -> None:
    with pytest.raises(Refused, match="Neither side"):
        decline_signing(draft, actor=cast.actor("farah"), at=now)
    sign_agreement(draft, ground="A new contract.", actor=cast.actor("amina"), at=now)
    assert decline_signing(draft, actor=cast.actor("farah"), at=now).state == "declined"
    assert sign_agreement(draft, ground="A new contract.", actor=cast.actor("farah"), at=now).state == "waiting"


def instruction(agreement: ServiceAgreement, at: Any, **values: Any) -> Instruction:
    own: dict[str, Any] = {"client_id": agreement.client_id, "agreement": agreement}
    return Instruction(**own, document="Annex 9", purposes=["support"], starts_at=at, **values)


def test_only_the_client_adds_to_the_instructions_of_a_signed_agreement(cast: Cast, indus: Any, now: Any) -> None:
    amina, farah = cast.actor("amina"), cast.actor("farah")
    signed = agreement_of(cast, "indus")
    with refuses("agreement"):
        change_register(instruction(signed, now), actor=amina, at=now, **WHY)
    assert change_register(instruction(signed, now), actor=farah, at=now, **WHY).pk
    assert change_register(instruction(draft_of(cast, now), now), actor=amina, at=now, **WHY).pk


@pytest.mark.parametrize(
    ("field", "more", "less"),
    [
        ("purposes", ["support", "newsletter"], []),
        ("categories", ["content", "device"], []),
        ("recipients", ["mailer", "cloud"], []),
        ("ends_at", 9 * DAY, 2 * DAY),
        ("document", "Annex 10", "Annex 9"),
    ],
)
def test_an_officer_narrows_an_instruction_and_never_widens_it(
    field: str, more: Any, less: Any, *, cast: Cast, indus: Any, now: Any
) -> None:
    row = instruction(agreement_of(cast, "indus"), now + DAY, categories=["content"], recipients=["mailer"])
    row.ends_at = now + 5 * DAY
    change_register(row, actor=cast.actor("farah"), at=now, **WHY)
    setattr(row, field, now + more if isinstance(more, timedelta) else more)
    with pytest.raises(ValidationError, match="administrator of the client"):
        change_register(row, actor=cast.actor("amina"), at=now, **WHY)
    setattr(row, field, now + less if isinstance(less, timedelta) else less)
    assert change_register(row, actor=cast.actor("amina"), at=now, **WHY).pk


def test_a_document_is_sealed_and_every_reading_is_recorded(cast: Cast, indus: Any, now: Any) -> None:
    agreement = agreement_of(cast, "indus")
    row = add_document(agreement, file=BytesIO(PDF), kind="agreement", actor=cast.actor("farah"), at=now)
    content = b"".join(open_document(row, actor=cast.actor("amina"), reason="review", at=now))
    entry = Entry.objects.order_by("-id").first()
    assert content == PDF
    assert entry is not None
    assert (entry.kind, entry.actor_id) == ("agreement.document_opened", cast.user_id("amina"))
    assert "Farah" not in entry.body


def test_a_document_is_pdf_jpeg_or_png_and_of_the_own_client(cast: Cast, indus: Any, now: Any) -> None:
    agreement = agreement_of(cast, "indus")
    with pytest.raises(FileKindNotAccepted):
        add_document(agreement, file=BytesIO(b"MZ\x90"), kind="agreement", actor=cast.actor("farah"), at=now)
    with pytest.raises(NotAllowed):
        add_document(agreement, file=BytesIO(PDF), kind="agreement", actor=cast.actor("celia"), at=now)


# A row of the register that has not started yet can be cancelled; it stays as evidence and never has effect.


REASON = Reason.AGREEMENT_CHANGE


def future(indus: Any, kind: Any, at: datetime) -> Any:
    agreement = ServiceAgreement.objects.get(reference="MSA-indus")
    values: dict[Any, Any] = {
        ServiceAgreement: {"reference": "IND-2", "signed_at": at},
        AgreementSuspension: {"agreement": agreement},
        Instruction: {"agreement": agreement, "document": "Annex 2", "purposes": ["support"]},
        PurposeCapacity: {"purpose": Purpose.objects.get(code="newsletter"), "capacity": "processor"},
        LawfulBasis: {"purpose": Purpose.objects.get(code="newsletter"), "role": "student", "basis": "consent"},
    }
    if kind is RecipientApproval:
        host = Recipient.objects.filter(client_id=indus.pk).first() or make_provider(indus.pk, at=at)
        given: dict[str, Any] = {"purposes": ["newsletter"], "categories": ["contact_details"]}
        return approve_by_two(kind(client_id=indus.pk, recipient=host, starts_at=at + DAY, **given), at=at)
    row = kind(client_id=indus.pk, starts_at=at + DAY, **values[kind])
    return change_register(row, actor=SETTING_UP, reason=REASON, at=at)


KINDS = [ServiceAgreement, AgreementSuspension, Instruction, PurposeCapacity, LawfulBasis, RecipientApproval]


@pytest.mark.parametrize("kind", KINDS)
def test_a_future_row_is_cancelled_with_history_and_evidence_and_never_changes_again(kind, cast, indus, now):
    made = future(indus, kind, now)
    with pytest.raises(NotAllowed):
        cancel_period(made, actor=cast.actor("celia"), reason=REASON, at=now)
    row = cancel_period(made, actor=cast.actor("amina"), reason=REASON, at=now)
    assert row.is_cancelled
    assert not kind.objects.active(now + 2 * DAY).filter(pk=row.pk).exists()
    assert row.history.first().history_change_reason == REASON
    assert row.history.count() == 2
    assert row.history.first().actor_id == cast.user_id("amina")
    assert Entry.objects.order_by("-id").values_list("kind", flat=True)[0] == "register.changed"
    row.ends_at = None
    with pytest.raises(ValidationError, match="cancelled"):
        change_register(row, actor=cast.actor("amina"), reason=REASON, at=now)
    with pytest.raises(ValidationError, match="cancelled"):
        cancel_period(kind.objects.get(pk=row.pk), actor=cast.actor("amina"), reason=REASON, at=now)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_that_has_started_is_not_cancelled_and_one_that_has_not_is_not_ended(kind, cast, indus, now):
    row = future(indus, kind, now)
    with pytest.raises(ValidationError) as caught:
        cancel_period(row, actor=cast.actor("amina"), reason=REASON, at=now + DAY)
    assert "starts_at" in caught.value.message_dict
    with pytest.raises(ValidationError):
        end_period(kind.objects.get(pk=row.pk), actor=SETTING_UP, reason=REASON, at=now)


def test_a_cancelled_suspension_suspends_nothing(cast, indus, now):
    row = future(indus, AgreementSuspension, now)
    later = now + 2 * DAY
    assert service_of_junaid(cast, later) == "agreement_suspended"
    cancel_period(row, actor=cast.actor("amina"), reason=REASON, at=now)
    assert service_of_junaid(cast, later) == "permitted"


def test_a_cancelled_agreement_and_a_cancelled_instruction_allow_nothing_not_even_deletion(cast, indus, now):
    agreement, instruction = future(indus, ServiceAgreement, now), future(indus, Instruction, now)
    for row in (agreement, instruction):
        cancel_period(row, actor=cast.actor("amina"), reason=REASON, at=now)
    register = current_register(indus.pk)
    assert agreement.pk not in {rule.id for rule in register.agreements}
    assert instruction.pk not in {rule.id for rules in register.instructions.values() for rule in rules}


@pytest.mark.parametrize("kind", [PurposeCapacity, LawfulBasis, RecipientApproval])
def test_another_row_may_start_when_a_cancelled_one_would_have(kind, cast, indus, now):
    row = future(indus, kind, now)
    cancel_period(row, actor=cast.actor("amina"), reason=REASON, at=now)
    assert future(indus, kind, now).starts_at == row.starts_at


def test_a_cancelled_approval_names_the_recipient_nowhere(cast, indus, now):
    row = future(indus, RecipientApproval, now)
    assert "Host Ltd (Hosting)" in recipients_of(indus.pk, "en", at=row.starts_at)["newsletter"]
    cancel_period(row, actor=cast.actor("amina"), reason=REASON, at=now)
    assert "newsletter" not in recipients_of(indus.pk, "en", at=row.starts_at)
    assert not current_register(indus.pk).recipients["host"].approvals


def use_without_basis(indus: Any, at: datetime) -> dict[str, Any]:
    """Return the values of a lawful basis for a purpose that has none yet."""
    texts = dict.fromkeys(("name_en", "name_ur", "description_en", "description_ur"), "Lunch")
    purpose = Purpose(client_id=indus.pk, code="lunch", categories=["contact_details"], **texts)
    change_register(purpose, actor=SETTING_UP, reason=REASON, at=at)
    return {"client_id": indus.pk, "purpose": purpose, "role": "student"}


def test_a_cancelled_basis_is_not_the_last_one_that_counted(cast, indus, now):
    own = use_without_basis(indus, now)
    consent = LawfulBasis(**own, basis="consent", starts_at=now + DAY)
    change_register(consent, actor=SETTING_UP, reason=REASON, at=now)
    cancel_period(consent, actor=cast.actor("farah"), reason=REASON, at=now)
    assert consent.pk not in {rule.id for rules in current_register(indus.pk).bases.values() for rule in rules}
    contract = LawfulBasis(**own, basis="contract", starts_at=now + 2 * DAY)
    assert accept_by_two(contract, requester=cast.actor("farah"), at=now).pk


def test_cancelling_a_consent_that_would_replace_another_basis_takes_a_second_person(cast, indus, now):
    own = use_without_basis(indus, now)
    accept_by_two(LawfulBasis(**own, basis="contract", starts_at=now), requester=cast.actor("farah"), at=now)
    consent = LawfulBasis(**own, basis="consent", starts_at=now + DAY)
    row = change_register(consent, actor=SETTING_UP, reason=REASON, at=now)
    with pytest.raises(WeakensSafeguard):
        cancel_period(row, actor=cast.actor("farah"), reason=REASON, at=now)


def test_cancelling_what_would_end_paktaleems_control_takes_a_second_person(cast, indus, now):
    shared = Purpose.objects.get(code="security_integrity")
    row = PurposeCapacity(client_id=cast.client_id("indus"), purpose=shared, starts_at=now + DAY)
    row.capacity = "processor"
    change_register(row, actor=SETTING_UP, reason=REASON, at=now)
    with pytest.raises(WeakensSafeguard):
        cancel_period(row, actor=cast.actor("amina"), reason=REASON, at=now)


def service_of_junaid(cast: Cast, at: datetime) -> str:
    actor, client_id = cast.actor("amina"), cast.client_id("indus")
    decisions = decide_all_purposes(actor, client_id, "lms-junaid", at=at, now=at)
    found: str = decisions["service_delivery"].reason
    return found


def joint(cast: Cast, code: str, at: datetime) -> PurposeCapacity:
    purpose = Purpose.objects.get(code=code, client_id=PAKTALEEM)
    return PurposeCapacity(
        client_id=cast.client_id("indus"), purpose=purpose, capacity="joint_controller", starts_at=at + DAY
    )


def test_a_processor_that_becomes_joint_controller_takes_a_second_person(cast, indus, now):
    with pytest.raises(WeakensSafeguard):
        change_register(joint(cast, "support", now), actor=cast.actor("amina"), reason=REASON, at=now)


def test_a_controller_that_becomes_joint_controller_gives_power_back_at_once(cast, indus, now):
    change_register(joint(cast, "security_integrity", now), actor=cast.actor("amina"), reason=REASON, at=now)
    rule = current_register(indus.pk).basis_in_force("security_integrity", "student", now + 2 * DAY)
    assert rule is not None
    assert rule.capacity == "joint_controller"
