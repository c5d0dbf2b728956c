"""Signing an agreement: one side signs first, the other second; then it takes effect (policy §7, decision 0078)."""

from datetime import datetime
from typing import Any

from django.db import transaction

from consent.agreements.models import AgreementDocument, AgreementSigning, Side
from consent.register.models.agreements import Instruction, ServiceAgreement
from consent.register.services.register import check_register_row, save_register_row
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.canonical import canonical, compute_leaf_hash
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError


class NotADraft(PortalError):
    """The agreement is signed already, or was cancelled."""

    console_message = "Only a draft can be signed: this agreement is signed, or was cancelled."


class SideHasSigned(PortalError):
    """This side has signed; the other side must sign now."""

    console_message = "Your side has signed already. The other side must sign now."


class PaperSignatureNotAllowed(PortalError):
    """The document is of another agreement, or the actor is not an officer of PakTaleem."""

    console_message = "A signature on paper is recorded by a privacy officer, with a document of this agreement."


class NotSignedYet(PortalError):
    """No side has signed, so there is nothing to decline."""

    console_message = "Neither side has signed this agreement."


@transaction.atomic
def sign_agreement(
    agreement: ServiceAgreement,
    *,
    paper: AgreementDocument | None = None,
    actor: Actor,
    reason: Reason | str = Reason.AGREEMENT_CHANGE,
    at: datetime,
) -> AgreementSigning:
    """Sign a draft for the actor's side; the second side's signature makes it take effect, from the next decision.

    An officer signs for PakTaleem, a client's administrator for the client. With ``paper`` an officer records the
    client's signature on that document instead; another officer signs for PakTaleem, before or after. If the terms,
    instructions or documents changed since the first signature, that one no longer counts, and this is the first.

    Raises NotADraft, SideHasSigned, PaperSignatureNotAllowed, ApproverIsRequester, ApproverNotIndependent, NotAllowed.
    """
    side = _side_of(agreement, paper, actor)
    agreement = _lock_draft(agreement)
    terms = compute_terms_hash(agreement)
    waiting = _find_waiting(agreement)
    if waiting is not None and waiting.terms_hash != terms:
        _replace(waiting, actor, at)
        waiting = None
    if waiting is None:
        return _sign_first(agreement, side, paper, terms, actor=actor, at=at)
    if waiting.first_side == side:
        raise SideHasSigned
    return _sign_second(agreement, waiting, paper, actor=actor, reason=reason, at=at)


@transaction.atomic
def decline_signing(
    agreement: ServiceAgreement, *, actor: Actor, reason: Reason | str = Reason.AGREEMENT_CHANGE, at: datetime
) -> AgreementSigning:
    """Decline to sign, or take back the own signature, before both sides have signed; the agreement stays a draft.

    Follows decision 0078. Raises NotADraft, NotSignedYet, NotAllowed.
    """
    _require_signer(agreement, actor)
    agreement = _lock_draft(agreement)
    waiting = _find_waiting(agreement)
    if waiting is None:
        raise NotSignedYet
    declined = decide_change(waiting, approve=False, actor=actor, at=at)
    declined.save(update_fields=["state", "settled_by", "settled_at"])
    _record("agreement.signing_declined", declined, actor, at, reason=Reason(reason).value)
    return declined


def compute_terms_hash(agreement: ServiceAgreement) -> str:
    """Return the SHA-256 of what both sides sign: the term, the instructions and the documents of the agreement.

    Follows decision 0078.
    """
    own: dict[str, Any] = {"client_id": agreement.client_id, "agreement": agreement}
    terms = {
        "reference": agreement.reference,
        "moments": [_format(getattr(agreement, name)) for name in ("starts_at", "ends_at", "exit_until")],
        "instructions": [
            [
                *(str(one.pk), one.document, one.purposes, one.categories, one.recipients),
                *(_format(one.starts_at), _format(one.ends_at)),
            ]
            for one in Instruction.objects.filter(**own).order_by("pk")
            if not one.is_cancelled
        ],
        "documents": [str(key) for key in _document_keys(own)],
    }
    return compute_leaf_hash(canonical(terms)).hex()


def _document_keys(own: dict[str, Any]) -> Any:
    return AgreementDocument.objects.filter(**own).order_by("pk").values_list("pk", flat=True)


def _format(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _require_signer(agreement: ServiceAgreement, actor: Actor) -> None:
    require(actor, Capability.SIGN_AGREEMENTS, agreement.client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in person signs an agreement.")


def _side_of(agreement: ServiceAgreement, paper: AgreementDocument | None, actor: Actor) -> Side:
    _require_signer(agreement, actor)
    is_officer = actor.client_id is None
    if paper is not None:
        if not is_officer or (paper.client_id, paper.agreement_id) != (agreement.client_id, agreement.pk):
            raise PaperSignatureNotAllowed
        return Side.CLIENT
    return Side.PAKTALEEM if is_officer else Side.CLIENT


def _lock_draft(agreement: ServiceAgreement) -> ServiceAgreement:
    rows = ServiceAgreement.objects.select_for_update()
    found: ServiceAgreement = rows.get(pk=agreement.pk, client_id=agreement.client_id)
    if found.signed_at is not None or found.is_cancelled:
        raise NotADraft
    return found


def _find_waiting(agreement: ServiceAgreement) -> AgreementSigning | None:
    rows = AgreementSigning.objects.select_for_update()
    return rows.filter(client_id=agreement.client_id, agreement=agreement, state=ChangeState.WAITING).first()


def _replace(waiting: AgreementSigning, actor: Actor, at: datetime) -> None:
    waiting.state, waiting.settled_by, waiting.settled_at = ChangeState.REPLACED, actor.id, at
    waiting.save(update_fields=["state", "settled_by", "settled_at"])


def _sign_first(
    agreement: ServiceAgreement, side: Side, paper: AgreementDocument | None, terms: str, *, actor: Actor, at: datetime
) -> AgreementSigning:
    signing = AgreementSigning(
        client_id=agreement.client_id,
        agreement=agreement,
        first_side=side,
        paper=paper,
        terms_hash=terms,
        requested_kind=actor.kind.value,
        requested_by=actor.id,
        requested_at=at,
    )
    signing.save(force_insert=True)
    _record("agreement.signature_given", signing, actor, at)
    return signing


def _sign_second(
    agreement: ServiceAgreement,
    waiting: AgreementSigning,
    paper: AgreementDocument | None,
    *,
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> AgreementSigning:
    signing = decide_change(waiting, approve=True, actor=actor, at=at)
    signing.paper = signing.paper or paper
    signing.save(update_fields=["state", "settled_by", "settled_at", "paper"])
    before = ServiceAgreement.objects.get(pk=agreement.pk)
    agreement.signed_at = at
    check_register_row(agreement, before, at=at)
    save_register_row(agreement, actor=actor, reason=reason, at=at)
    _record("agreement.signed", signing, actor, at)
    return signing


def _record(kind: str, signing: AgreementSigning, actor: Actor, at: datetime, **more: str) -> None:
    facts = {
        "signing": str(signing.pk),
        "agreement": str(signing.agreement_id),
        "first_side": str(signing.first_side),
        "on_paper": signing.paper_id is not None,
        "terms": signing.terms_hash,
        "state": str(signing.state),
        **more,
    }
    record_entry(kind, client_id=signing.client_id, facts=facts, actor=actor, at=at)
