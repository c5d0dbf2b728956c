"""Approving a recipient as in practice: one officer requests it, a second one approves."""

from datetime import datetime
from typing import Any

from consent.register.models.agreements import Recipient, RecipientApproval
from consent.register.models.purposes import LawfulBasis
from consent.register.services.register import change_register
from consent.register.services.safeguards import decide_safeguard_change, request_safeguard_change
from paktaleem.foundation.accounts.actors import Actor, user_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from tests.factories import SETTING_UP


def officer() -> Actor:
    """Return some privacy officer."""
    return user_actor(new_id(), "privacy_officer", PAKTALEEM)


def approve_by_two(row: RecipientApproval, *, at: datetime, approver: Actor | None = None) -> RecipientApproval:
    """Request an approval as one officer, and approve it as another (any, or this one); the row is read anew."""
    change = request_safeguard_change(row, ground="The service needs it.", actor=officer(), at=at)
    decide_safeguard_change(change, approve=True, actor=approver or officer(), at=at)
    return RecipientApproval.objects.select_related("recipient").get(pk=row.pk)


def accept_by_two(row: LawfulBasis, *, requester: Actor, at: datetime) -> LawfulBasis:
    """Add a lawful basis other than consent: the client's administrator instructs it, an officer accepts."""
    change = request_safeguard_change(row, ground="The law demands it.", actor=requester, at=at)
    decide_safeguard_change(change, approve=True, actor=officer(), at=at)
    return LawfulBasis.objects.get(pk=row.pk)


def make_provider(client_id: Any, *, at: datetime, code: str = "host", **values: Any) -> Recipient:
    """Add a recipient of a client, or of PakTaleem."""
    named = {"name": "Host Ltd", "service": "Hosting", "agreement_reference": "A1", **values}
    row = Recipient(client_id=client_id, code=code, **named)
    return change_register(row, actor=SETTING_UP, reason=Reason.ONBOARDING, at=at)
