"""Panels on the page of an agreement."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import get_language, gettext

from consent.agreements.duties import DUTIES
from consent.agreements.models import AgreementDocument, AgreementSigning, DutyAttestation, Side
from consent.agreements.selectors import Part, list_parts
from consent.register.models.agreements import AgreementSuspension, Instruction, Recipient, ServiceAgreement
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.console.approvals import render_change_state
from paktaleem.foundation.console.columns import day, period_pill
from paktaleem.foundation.first_rows import take_latest
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM

_TEMPLATE = "console/panels/agreement.html"
_LATEST = 20


def agreement_panels(row: ServiceAgreement, *, viewer: Actor, at: datetime) -> list[dict[str, Any]]:
    """Return the panel of an agreement: signatures, documents, suspensions, instructions, parts and duties."""
    own: dict[str, Any] = {"client_id": row.client_id, "agreement": row}
    with in_client(row.client_id):
        signings = take_latest(AgreementSigning.objects.filter(**own).select_related("paper"), _LATEST)
        attested = take_latest(DutyAttestation.objects.filter(client_id=row.client_id), _LATEST)
        names = _names(row.client_id, signings, attested, viewer)
        panel = {
            "template": _TEMPLATE,
            "signings": signings.map(lambda one: _to_signing(one, names)),
            "documents": take_latest(AgreementDocument.objects.filter(**own), _LATEST),
            "suspensions": [
                (one, period_pill(one)) for one in AgreementSuspension.objects.filter(**own).order_by("-starts_at")
            ],
            "instructions": _list_instructions(own),
            "parts": [_to_part(one) for one in list_parts(row.client_id, at=at)],
            "attested": attested.map(lambda one: _to_attested(one, names)),
        }
    return [panel]


def _list_instructions(own: dict[str, Any]) -> list[tuple[Instruction, str, list[str]]]:
    """Return each instruction with its state and the names of the recipients."""
    rows = Recipient.objects.filter(client_id__in=[own["client_id"], PAKTALEEM])
    names = dict(rows.values_list("code", "name"))
    return [
        (one, period_pill(one), [names.get(code, code) for code in one.recipients])
        for one in Instruction.objects.filter(**own)
    ]


def _names(
    client_id: UUID, signings: list[AgreementSigning], attested: list[DutyAttestation], viewer: Actor
) -> dict[UUID, str]:
    """Return the email addresses of those who signed; a client sees “PakTaleem” instead of an officer."""
    ids = {one.requested_by for one in signings} | {one.settled_by for one in signings if one.settled_by}
    ids |= {one.attested_by for one in attested}
    found = dict(User.objects.filter(pk__in=ids).values_list("pk", "email"))
    if viewer.client_id is None:
        return found
    own = Membership.objects.filter(client_id=client_id, user_id__in=ids).values_list("user_id", flat=True)
    members = set(own)
    return {key: email if key in members else "PakTaleem" for key, email in found.items()}


def _to_signing(row: AgreementSigning, names: dict[UUID, str]) -> dict[str, Any]:
    former = gettext("Former staff")
    first = Side(row.first_side)
    second = Side.CLIENT if first is Side.PAKTALEEM else Side.PAKTALEEM
    return {
        "state": render_change_state(row),
        "first": first.label,
        "first_by": names.get(row.requested_by, former),
        "first_at": row.requested_at,
        "first_paper": row.paper if first is Side.CLIENT else None,
        "second": second.label,
        "second_by": names.get(row.settled_by, former) if row.settled_by else "",
        "second_at": row.settled_at,
        "second_paper": row.paper if second is Side.CLIENT else None,
        "is_signed": row.state == "approved",
    }


def _to_part(part: Part) -> dict[str, Any]:
    following = ""
    if part.next_part is not None:
        following = gettext("{part}, from {day}").format(part=part.next_part.label, day=day(part.next_at))
    return {
        "purpose": part.purpose,
        "part": part.part.label,
        "since": day(part.since),
        "of": gettext("Only here") if part.is_own else gettext("At every client"),
        "following": following,
    }


def _to_attested(row: DutyAttestation, names: dict[UUID, str]) -> dict[str, Any]:
    urdu = get_language() == "ur"
    texts = {duty.code: duty.text_ur if urdu else duty.text_en for duty in DUTIES}
    return {"row": row, "text": texts.get(row.duty, row.duty), "by": names.get(row.attested_by, "—")}
