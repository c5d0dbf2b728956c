"""Lists on a client's public privacy page: notices about consent, purposes with their data, and occasions."""

from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet

from consent.notices.models import Notice, NoticeVersion
from consent.notices.selectors.notices import NoticeOutdated, get_version_in_effect, purpose_timeline
from consent.notices.selectors.registers import current_register
from consent.register.compiled import BasisRule, PurposeRule, Register, describe_purpose
from consent.register.models.purposes import DataCategory, Occasion, Purpose
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, find_rows

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


def get_current_notice(
    purpose_code: str, *, client_id: UUID, at: datetime, register: Register | None = None
) -> NoticeVersion:
    """Return the version in effect about a purpose at a client; own notices replace shared ones.

    ``register`` is the client's current one, if it is loaded. Raises NoticeUnknown, NoticeOutdated if the purpose got
    other words after the version was announced.
    """
    version = get_version_in_effect(purpose_timeline(Client.objects.get(pk=client_id), purpose_code), at=at)
    if register is None:
        with in_client(client_id):
            register = current_register(client_id)
    purpose = register.purposes.get(purpose_code)
    if purpose is not None and not purpose.is_described_by(version.announced_at, at):
        raise NoticeOutdated(purpose_code)
    return version


def consent_notices(client: Client, *, at: datetime, language: str) -> list[tuple[str, str]]:
    """List codes and titles of the notices in effect about a client's purposes, by title; own ones replace shared."""
    rules = current_register(client.pk).notices.values()
    versions = {rule.id for one in rules if (rule := one.in_effect(at)) is not None}
    found = Notice.objects.filter(pk__in=NoticeVersion.objects.filter(pk__in=versions).values("notice_id"))
    names = ((one.code, one.title_ur if language == "ur" else one.title_en) for one in found)
    return sorted(names, key=itemgetter(1))


def list_public_purposes(client: Client, *, at: datetime, language: str) -> list[dict[str, Any]]:
    """List the active purposes of processing at a client (policy §2), by name; own ones replace shared ones.

    ``since`` is the start of its first lawful basis; None without one. ``widened_at`` is when consents were last
    outdated by a change of it.
    """
    register = current_register(client.pk)
    rules = register.purposes
    names = map_category_names(client.pk, language=language)
    found = find_purposes(client.pk, [rule.code for rule in rules.values() if rule.active]).values()
    starts = _first_starts(register)
    purposes = [
        {
            "text": describe_purpose(one, language),
            "categories": sorted(names[code] for code in one.categories if code in names),
            "since": starts.get(one.code),
            "widened_at": rules[one.code].last_widened_at(at),
        }
        for one in found
        if one.is_active
    ]
    return sorted(purposes, key=lambda one: str(one["text"].name))


def _first_starts(register: Register) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for rule in (rule for rules in register.bases.values() for rule in rules):
        starts_at = rule.since or rule.period.starts_at
        found[rule.purpose] = min(starts_at, found.get(rule.purpose, starts_at))
    return found


def map_category_names(
    client_id: UUID, *, language: str, model: type[DataCategory | Occasion] = DataCategory
) -> dict[str, str]:
    """Map the codes of a client's data categories, or occasions, to their names; own ones replace shared ones."""
    rows = model._default_manager.filter(client_id__in=[client_id, PAKTALEEM])
    own_last = sorted(rows, key=lambda one: one.client_id == client_id)
    return {one.code: getattr(one, f"name_{language}") for one in own_last}


def list_category_names(client_id: UUID, codes: Iterable[str], *, language: str) -> list[str]:
    """List the names of some data categories, by name; own ones replace shared ones."""
    names = map_category_names(client_id, language=language)
    return sorted(names.get(code, code) for code in codes)
