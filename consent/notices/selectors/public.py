"""Lists on a client's public privacy page: notices about consent, purposes with their data, and occasions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.notices.models.notices import Notice, NoticeVersion
from consent.notices.selectors.purposes import find_purposes
from consent.notices.selectors.registers import current_register
from consent.register.compiled import Register
from consent.register.models.purposes import DataCategory, Occasion
from consent.register.purpose_texts import PurposeText, describe_purpose
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.ids import PAKTALEEM


@dataclass(frozen=True, slots=True)
class PublicNotice:
    """One notice in effect: its code, and its title in the requested language."""

    code: str
    title: str


def consent_notices(client: Client, *, at: datetime, language: str) -> list[PublicNotice]:
    """List the notices in effect about a client's purposes, by title, each once; own notices replace shared ones."""
    rules = current_register(client.pk).notices.values()
    versions = {rule.id for one in rules if (rule := one.in_effect(at)) is not None}
    found = Notice.objects.filter(pk__in=NoticeVersion.objects.filter(pk__in=versions).values("notice_id"))
    names = (PublicNotice(one.code, one.title_ur if language == "ur" else one.title_en) for one in found)
    return sorted(names, key=lambda one: one.title)


@dataclass(frozen=True, slots=True)
class PublicPurpose:
    """One purpose in the requested language, with the names of the data categories it needs.

    ``since`` is the start of its first lawful basis; None without one. ``widened_at`` is when consents were last
    outdated by a change of it.
    """

    text: PurposeText
    categories: tuple[str, ...]
    since: datetime | None
    widened_at: datetime | None


def list_public_purposes(client: Client, *, at: datetime, language: str) -> list[PublicPurpose]:
    """List the active purposes of processing at a client (policy §2), by name; own ones replace shared ones."""
    register = current_register(client.pk)
    rules = register.purposes
    names = _names(DataCategory, client.pk, language)
    found = find_purposes(client.pk, [rule.code for rule in rules.values() if rule.active]).values()
    starts = _first_starts(register)
    purposes = [
        PublicPurpose(
            describe_purpose(one, language),
            tuple(sorted(names[code] for code in one.categories if code in names)),
            starts.get(one.code),
            rules[one.code].last_widened_at(at),
        )
        for one in found
        if one.is_active
    ]
    return sorted(purposes, key=lambda one: one.text.name)


def _first_starts(register: Register) -> dict[str, datetime]:
    """Map each purpose to the start of its first lawful basis, for any role."""
    found: dict[str, datetime] = {}
    for rule in (rule for rules in register.bases.values() for rule in rules):
        starts_at = rule.since or rule.period.starts_at
        found[rule.purpose] = min(starts_at, found.get(rule.purpose, starts_at))
    return found


def map_category_names(client_id: UUID, *, language: str) -> dict[str, str]:
    """Map the codes of a client's data categories to their names; own ones replace shared ones."""
    return _names(DataCategory, client_id, language)


def list_category_names(client_id: UUID, codes: Iterable[str], *, language: str) -> list[str]:
    """List the names of some data categories, by name; own ones replace shared ones."""
    names = _names(DataCategory, client_id, language)
    return sorted(names.get(code, code) for code in codes)


def list_occasion_names(client: Client, *, language: str) -> list[str]:
    """List the names of the occasions of collection at a client (policy §1); own ones replace shared ones."""
    return sorted(_names(Occasion, client.pk, language).values())


def _names(model: type[DataCategory | Occasion], client_id: UUID, language: str) -> dict[str, str]:
    rows = model._default_manager.filter(client_id__in=[client_id, PAKTALEEM])
    own_last = sorted(rows, key=lambda one: one.client_id == client_id)
    return {one.code: getattr(one, f"name_{language}") for one in own_last}
