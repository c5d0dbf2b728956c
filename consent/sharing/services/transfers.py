"""Business transfers: requested by one officer, approved by another, and announced to every client (policy §6)."""

from datetime import UTC, datetime, time

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from consent.notices.effects import earliest_effect
from consent.notices.models.notices import NoticeVersion
from consent.notices.services.portal_texts import count_portal_notice_days, publish_portal_text
from consent.sharing.models.transfers import BusinessTransfer, TransferKind
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.ids import PAKTALEEM

TRANSFER_NOTICE = "business_transfers"
"""The code of PakTaleem's notice whose versions announce business transfers."""
_TOO_SOON = gettext_noop("Clients get 30 days of notice: choose a later day.")
_OF_PAKTALEEM = gettext_noop("Business transfers are PakTaleem’s.")


@transaction.atomic
def request_business_transfer(row: BusinessTransfer, *, actor: Actor, at: datetime) -> BusinessTransfer:
    """Record a business transfer that waits for a second officer; ``row`` is unsaved (policy §6).

    Runs in PakTaleem's context. Raises ValidationError naming the field, NotAllowed unless an officer requests it.
    """
    require(actor, Capability.MANAGE_AGREEMENTS, row.client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in person may request a business transfer.")
    if row.client_id != PAKTALEEM:
        raise ValidationError({"client": [_OF_PAKTALEEM]})
    row.requested_kind, row.requested_by, row.requested_at = actor.kind.value, actor.id, at
    row.clean_fields(exclude={"settled_by", "settled_at", "announced_as"})
    if _moment_of(row) < earliest_effect(at, count_portal_notice_days()):
        raise ValidationError({"takes_place_on": [_TOO_SOON]})
    row.save(force_insert=True)
    _record("business_transfer.requested", row, actor, at)
    return row


@transaction.atomic
def decide_business_transfer(
    row: BusinessTransfer, *, approve: bool, reason: Reason | str = Reason.REVIEW, actor: Actor, at: datetime
) -> BusinessTransfer:
    """Approve a business transfer, which announces it to every client, or decline it (policy §6).

    Raises ApproverIsRequester, ApproverNotIndependent, ChangeAlreadyDecided, ValidationError if 30 days of notice are
    no longer possible, NotAllowed.
    """
    require(actor, Capability.MANAGE_AGREEMENTS, row.client_id)
    row = decide_change(row, approve=approve, actor=actor, at=at)
    if row.state == ChangeState.APPROVED:
        row.announced_as = _announce(row, actor=actor, reason=reason, at=at).pk
    row.save(update_fields=["state", "settled_by", "settled_at", "announced_as"])
    _record("business_transfer.settled", row, actor, at)
    return row


def _announce(row: BusinessTransfer, *, actor: Actor, reason: Reason | str, at: datetime) -> NoticeVersion:
    return publish_portal_text(
        TRANSFER_NOTICE,
        titles=("Business transfers", "کاروباری منتقلیاں"),
        texts=(_write(row, "en"), _write(row, "ur")),
        effective_at=_moment_of(row),
        actor=actor,
        reason=reason,
        at=at,
    )


def _write(row: BusinessTransfer, language: str) -> str:
    """Write the announcement in one language, as the Markdown of a notice."""
    with translation.override(language):
        heading = _("{kind}: {party}, on {day}").format(
            kind=TransferKind(row.kind).label, party=row.other_party, day=row.takes_place_on.isoformat()
        )
    return f"## {heading}\n\n{row.text_ur if language == 'ur' else row.text_en}"


def _moment_of(row: BusinessTransfer) -> datetime:
    """Return the end of the day of the transfer in UTC, so that a notice of today counts its full 30 days."""
    return datetime.combine(row.takes_place_on, time.max, tzinfo=UTC)


def _record(kind: str, row: BusinessTransfer, actor: Actor, at: datetime) -> None:
    facts = {
        "business_transfer": str(row.pk),
        "kind": str(row.kind),
        "takes_place_on": row.takes_place_on.isoformat(),
        "state": str(row.state),
        "version": str(row.announced_as) if row.announced_as else None,
    }
    record_entry(kind, client_id=row.client_id, facts=facts, actor=actor, at=at)
