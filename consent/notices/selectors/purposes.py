"""Purposes, lawful bases and current notices of a client."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet

from consent.notices.models.notices import NoticeVersion
from consent.notices.selectors.notices import get_version_in_effect, purpose_timeline
from consent.notices.selectors.registers import current_register
from consent.register.compiled import BasisRule, PurposeRule
from consent.register.models.purposes import Purpose
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from paktaleem.foundation.tenancy.rows import find_rows

_WITH_CODES = "r.client_id = ANY (%(owners)s) AND r.code = ANY (%(codes)s)"


def purposes(actor: Actor) -> QuerySet[Purpose]:
    """Select the client's purposes and the shared ones. Raises NotAllowed."""
    require(actor, Capability.VIEW_REGISTER)
    found: QuerySet[Purpose] = Purpose.objects.order_by("code")
    return found if actor.client_id is None else found.filter(client_id__in=[actor.client_id, PAKTALEEM])


def find_purposes(client_id: UUID, codes: Iterable[str]) -> dict[str, Purpose]:
    """Map codes to the client's purposes, including inactive ones; own purposes replace shared ones."""
    found = find_rows(Purpose, _WITH_CODES, {"owners": [client_id, PAKTALEEM], "codes": list(codes)})
    return {purpose.code: purpose for purpose in sorted(found, key=lambda one: one.client_id == client_id)}


def to_purpose(rule: PurposeRule) -> Purpose:
    """Return a purpose with the fields that the register holds; the others are deferred."""
    known = ["id", "client_id", "code", "is_active", "consent_months"]  # in the model's order
    return Purpose.from_db(DEFAULT_DB_ALIAS, known, [rule.id, rule.owner, rule.code, rule.active, rule.consent_months])


def bases_in_force(client_id: UUID, *, at: datetime) -> dict[tuple[UUID, str], BasisRule]:
    """Map (purpose, role) to the lawful basis in force, as in a decision. Runs in any context that sees the client."""
    with in_client(client_id):
        register = current_register(client_id)
    found = {
        (register.purposes[code].id, role): register.basis_in_force(code, role, at)
        for code, role in register.bases
        if code in register.purposes
    }
    return {use: basis for use, basis in found.items() if basis is not None}


def get_current_notice(purpose_code: str, *, client_id: UUID, at: datetime) -> NoticeVersion:
    """Return the version in effect about a purpose at a client; own notices replace shared ones.

    Raises NoticeUnknown.
    """
    return get_version_in_effect(purpose_timeline(Client.objects.get(pk=client_id), purpose_code), at=at)
