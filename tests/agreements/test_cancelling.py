"""A row of the register that has not started yet can be cancelled; it stays as evidence and never has effect."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

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
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.consent.making import accept_by_two, approve_by_two, make_provider
from tests.factories import SETTING_UP

DAY = timedelta(days=1)
WHY = Reason.AGREEMENT_CHANGE


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
    return change_register(row, actor=SETTING_UP, reason=WHY, at=at)


KINDS = [ServiceAgreement, AgreementSuspension, Instruction, PurposeCapacity, LawfulBasis, RecipientApproval]


@pytest.mark.parametrize("kind", KINDS)
def test_a_future_row_is_cancelled_with_history_and_evidence_and_never_changes_again(kind, cast, indus, now):
    made = future(indus, kind, now)
    with pytest.raises(NotAllowed):
        cancel_period(made, actor=cast.actor("celia"), reason=WHY, at=now)
    row = cancel_period(made, actor=cast.actor("amina"), reason=WHY, at=now)
    assert row.is_cancelled
    assert not kind.objects.active(now + 2 * DAY).filter(pk=row.pk).exists()
    assert row.history.first().history_change_reason == WHY
    assert row.history.count() == 2
    assert row.history.first().actor_id == cast.user_id("amina")
    assert Entry.objects.order_by("-id").values_list("kind", flat=True)[0] == "register.changed"
    row.ends_at = None
    with pytest.raises(ValidationError, match="cancelled"):
        change_register(row, actor=cast.actor("amina"), reason=WHY, at=now)
    with pytest.raises(ValidationError, match="cancelled"):
        cancel_period(kind.objects.get(pk=row.pk), actor=cast.actor("amina"), reason=WHY, at=now)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_that_has_started_is_not_cancelled_and_one_that_has_not_is_not_ended(kind, cast, indus, now):
    row = future(indus, kind, now)
    with pytest.raises(ValidationError) as caught:
        cancel_period(row, actor=cast.actor("amina"), reason=WHY, at=now + DAY)
    assert "starts_at" in caught.value.message_dict
    with pytest.raises(ValidationError):
        end_period(kind.objects.get(pk=row.pk), actor=SETTING_UP, reason=WHY, at=now)


def test_a_cancelled_suspension_suspends_nothing(cast, indus, now):
    row = future(indus, AgreementSuspension, now)
    later = now + 2 * DAY
    assert service_of_junaid(cast, later) == "agreement_suspended"
    cancel_period(row, actor=cast.actor("amina"), reason=WHY, at=now)
    assert service_of_junaid(cast, later) == "permitted"


def test_a_cancelled_agreement_and_a_cancelled_instruction_allow_nothing_not_even_deletion(cast, indus, now):
    agreement, instruction = future(indus, ServiceAgreement, now), future(indus, Instruction, now)
    for row in (agreement, instruction):
        cancel_period(row, actor=cast.actor("amina"), reason=WHY, at=now)
    register = current_register(indus.pk)
    assert agreement.pk not in {rule.id for rule in register.agreements}
    assert instruction.pk not in {rule.id for rules in register.instructions.values() for rule in rules}


@pytest.mark.parametrize("kind", [PurposeCapacity, LawfulBasis, RecipientApproval])
def test_another_row_may_start_when_a_cancelled_one_would_have(kind, cast, indus, now):
    row = future(indus, kind, now)
    cancel_period(row, actor=cast.actor("amina"), reason=WHY, at=now)
    assert future(indus, kind, now).starts_at == row.starts_at


def test_a_cancelled_approval_names_the_recipient_nowhere(cast, indus, now):
    row = future(indus, RecipientApproval, now)
    assert "Host Ltd (Hosting)" in recipients_of(indus.pk, "en", at=row.starts_at)["newsletter"]
    cancel_period(row, actor=cast.actor("amina"), reason=WHY, at=now)
    assert "newsletter" not in recipients_of(indus.pk, "en", at=row.starts_at)
    assert not current_register(indus.pk).recipients["host"].approvals


def use_without_basis(indus: Any, at: datetime) -> dict[str, Any]:
    """Return the values of a lawful basis for a purpose that has none yet."""
    texts = dict.fromkeys(("name_en", "name_ur", "description_en", "description_ur"), "Lunch")
    purpose = Purpose(client_id=indus.pk, code="lunch", categories=["contact_details"], **texts)
    change_register(purpose, actor=SETTING_UP, reason=WHY, at=at)
    return {"client_id": indus.pk, "purpose": purpose, "role": "student"}


def test_a_cancelled_basis_is_not_the_last_one_that_counted(cast, indus, now):
    own = use_without_basis(indus, now)
    consent = LawfulBasis(**own, basis="consent", starts_at=now + DAY)
    change_register(consent, actor=SETTING_UP, reason=WHY, at=now)
    cancel_period(consent, actor=cast.actor("farah"), reason=WHY, at=now)
    assert consent.pk not in {rule.id for rules in current_register(indus.pk).bases.values() for rule in rules}
    contract = LawfulBasis(**own, basis="contract", starts_at=now + 2 * DAY)
    assert accept_by_two(contract, requester=cast.actor("farah"), at=now).pk


def test_cancelling_a_consent_that_would_replace_another_basis_takes_a_second_person(cast, indus, now):
    own = use_without_basis(indus, now)
    accept_by_two(LawfulBasis(**own, basis="contract", starts_at=now), requester=cast.actor("farah"), at=now)
    consent = LawfulBasis(**own, basis="consent", starts_at=now + DAY)
    row = change_register(consent, actor=SETTING_UP, reason=WHY, at=now)
    with pytest.raises(WeakensSafeguard):
        cancel_period(row, actor=cast.actor("farah"), reason=WHY, at=now)


def test_cancelling_what_would_end_paktaleems_control_takes_a_second_person(cast, indus, now):
    shared = Purpose.objects.get(code="security_integrity")
    row = PurposeCapacity(client_id=cast.client_id("indus"), purpose=shared, starts_at=now + DAY)
    row.capacity = "processor"
    change_register(row, actor=SETTING_UP, reason=WHY, at=now)
    with pytest.raises(WeakensSafeguard):
        cancel_period(row, actor=cast.actor("amina"), reason=WHY, at=now)


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
        change_register(joint(cast, "support", now), actor=cast.actor("amina"), reason=WHY, at=now)


def test_a_controller_that_becomes_joint_controller_gives_power_back_at_once(cast, indus, now):
    change_register(joint(cast, "security_integrity", now), actor=cast.actor("amina"), reason=WHY, at=now)
    rule = current_register(indus.pk).basis_in_force("security_integrity", "student", now + 2 * DAY)
    assert rule is not None
    assert rule.capacity == "joint_controller"
