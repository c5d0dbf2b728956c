"""Announcing recipients to clients: the portal writes the list of recipients as a notice, and announces each version.

The list goes the way of every notice: a proven email to each client, its days to object, its answers (decision 0080).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from consent.notices.models.notices import RECIPIENT_LIST, NoticeVersion
from consent.notices.services.portal_texts import publish_portal_text
from consent.register.models.agreements import Recipient, RecipientApproval, RecipientKind, TransferGround
from consent.register.models.purposes import DataCategory, Purpose
from consent.register.models.safeguards import SafeguardChange
from consent.register.services.register import check_register_row, save_register_row, stored_row
from consent.register.services.safeguards import build_changed_row
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.places import name_countries
from paktaleem.foundation.tenancy.ids import PAKTALEEM


def apply_approved_recipient(change: SafeguardChange, *, actor: Actor, reason: Reason | str, at: datetime) -> bool:
    """Apply the approval of a recipient that two officers agreed to; return False for a change of another table.

    One of PakTaleem's is announced to the clients whose data can reach it, and counts at a client from the end of its
    time to object (GDPR Art. 28(2)). A client's own recipient needs no announcement: the client names it in its
    instruction. Raises ValidationError.
    """
    if change.table != RecipientApproval._meta.label_lower:
        return False
    row: Any = build_changed_row(change, at)
    before = stored_row(row)
    row.recipient = Recipient.objects.select_for_update().get(pk=row.recipient_id, client_id=row.client_id)
    row.approved_at = at
    if row.client_id == PAKTALEEM:
        version = _announce_list(row, actor=actor, reason=reason, at=at)
        row.announced_as, row.objection_until = version.pk, version.effective_at
    check_register_row(row, before, at=at)
    save_register_row(row, actor=actor, reason=reason, at=at)
    return True


def _announce_list(row: RecipientApproval, *, actor: Actor, reason: Reason | str, at: datetime) -> NoticeVersion:
    """Publish the list of recipients with one more approval as the next version of its notice."""
    approvals = _list_approvals(row, at)
    return publish_portal_text(
        RECIPIENT_LIST,
        titles=("Recipients of personal data", "ذاتی ڈیٹا کے وصول کنندگان"),
        texts=(_write_list(approvals, "en"), _write_list(approvals, "ur")),
        actor=actor,
        reason=reason,
        at=at,
    )


def _list_approvals(row: RecipientApproval, at: datetime) -> list[RecipientApproval]:
    """List the approvals of PakTaleem that have not ended, with the coming one, by name of the recipient."""
    rows = RecipientApproval.objects.uncancelled().filter(client_id=PAKTALEEM)
    found = rows.filter(Q(ends_at=None) | Q(ends_at__gt=at))
    others = found.exclude(pk=row.pk).select_related("recipient")
    return sorted([*others, row], key=lambda one: (one.recipient.name, one.starts_at, one.pk))


def _write_list(approvals: Iterable[RecipientApproval], language: str) -> str:
    """Write the list of recipients in one language, as the Markdown of a notice."""
    purposes, categories = (_list_names(model, language) for model in (Purpose, DataCategory))
    with translation.override(language):
        lead = _("PakTaleem shares personal data with these providers. It never sells personal data.")
        return "\n\n".join([lead, *(_describe(one, purposes, categories) for one in approvals)])


def _list_names(model: type[Purpose | DataCategory], language: str) -> dict[str, str]:
    rows = model._default_manager.filter(client_id=PAKTALEEM)
    return dict(rows.values_list("code", f"name_{language}"))


def _describe(row: RecipientApproval, purposes: dict[str, str], categories: dict[str, str]) -> str:
    recipient: Recipient = row.recipient
    ground = TransferGround(recipient.transfer_ground).label if recipient.transfer_ground else ""
    lines = {
        _("Service"): recipient.service,
        _("Part in the processing"): RecipientKind(recipient.kind).label,
        _("Purposes"): _join(row.purposes, purposes),
        _("Data"): _join(row.categories, categories),
        _("Countries"): name_countries(recipient.countries),
        _("Ground of a transfer"): ground,
        _("Part of the service"): _("yes") if row.is_integral else _("no: only with a consent of its own"),
        _("Assurances"): " ".join(recipient.assurances.split()),
        _("Approved from"): f"{row.starts_at:%Y-%m-%d}",
        _("Approved until"): f"{row.ends_at:%Y-%m-%d}" if row.ends_at else "",
    }
    return "\n".join([f"## {recipient.name}", "", *(f"- {name}: {value}" for name, value in lines.items() if value)])


def _join(codes: Iterable[str], names: dict[str, str]) -> str:
    separator = "، " if translation.get_language() == "ur" else ", "
    return separator.join(names.get(code, code) for code in codes)
