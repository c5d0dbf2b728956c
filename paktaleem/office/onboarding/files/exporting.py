"""Export of a client as a document: loading it changes nothing. Names and addresses of people are not in it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from children.guardians.models.mechanisms import ChildMechanism
from consent.agreements.selectors import list_contacts
from consent.notices.models import Notice, NoticeVersion
from consent.register.models.agreements import Instruction, ServiceAgreement
from consent.register.models.purposes import LawfulBasis, Purpose
from paktaleem.foundation.accounts.models import Client
from paktaleem.office.onboarding.selectors import list_client_facts
from retention.schedule.models import RetentionRule


def export_client(client: Client, *, at: datetime) -> dict[str, Any]:
    """Return a client as a document of the schema; in its context.

    Contacts are named by the id of the person, as their names are personal data. Empty sections are left out.
    """
    agreement = find_agreement(client, at=at)
    sections: dict[str, Any] = {
        "client": _export_facts(client),
        "contacts": [
            {"kind": one.kind, "person": one.subject.external_id}
            for one in list_contacts(client.pk, at=at).order_by("kind", "pk")
        ],
        "agreement": _export_agreement(agreement, at) if agreement else None,
        "instructions": [_export_instruction(one) for one in list_open_instructions(agreement, at=at)],
        "purposes": [_export_purpose(one) for one in Purpose.objects.filter(client_id=client.pk).order_by("code")],
        "bases": [_export_basis(one) for one in list_current_bases(client.pk, at=at)],
        "mechanisms": [_export_mechanism(one) for one in list_mechanisms(client.pk)],
        "notices": [_export_notice(*one) for one in list_notices(client.pk)],
        "retention": [_export_rule(one) for one in list_current_rules(client.pk, at=at)],
    }
    return {name: section for name, section in sections.items() if section}


def find_agreement(client: Client, *, at: datetime) -> ServiceAgreement | None:
    """Find the client's latest agreement that is neither cancelled nor ended."""
    facts = list_client_facts(at=at, client_id=client.pk)
    if not facts or facts[0].agreement is None:
        return None
    found: ServiceAgreement = ServiceAgreement.objects.get(pk=facts[0].agreement, client_id=client.pk)
    return found


def list_open_instructions(agreement: ServiceAgreement | None, *, at: datetime) -> QuerySet[Instruction]:
    """Return the instructions of an agreement that have not ended, oldest first; none without an agreement."""
    rows: QuerySet[Instruction] = Instruction.objects.uncancelled().filter(Q(ends_at=None) | Q(ends_at__gt=at))
    if agreement is None:
        return rows.none()
    return rows.filter(client_id=agreement.client_id, agreement=agreement).order_by("starts_at", "id")


def list_current_bases(client_id: UUID, *, at: datetime) -> list[LawfulBasis]:
    """List a client's own lawful bases, the latest for each purpose and role, by purpose and role."""
    return _latest(LawfulBasis.objects.filter(client_id=client_id).uncancelled(), at, ("purpose__code", "role"))


def list_current_rules(client_id: UUID, *, at: datetime) -> list[RetentionRule]:
    """List a client's own retention rules, the latest for each category, purpose and role, in this order."""
    return _latest(RetentionRule.objects.filter(client_id=client_id), at, ("category", "purpose__code", "role"))


def list_mechanisms(client_id: UUID) -> QuerySet[ChildMechanism]:
    """Return a client's current declarations, by kind."""
    return ChildMechanism.objects.filter(client_id=client_id, ends_at=None).order_by("kind")


def list_notices(client_id: UUID) -> Iterator[tuple[Notice, NoticeVersion | None]]:
    """Yield a client's own notices by code, each with its latest version; two queries."""
    latest = {one.notice_id: one for one in NoticeVersion.objects.filter(client_id=client_id).order_by("number")}
    for notice in Notice.objects.filter(client_id=client_id, is_by_portal=False).order_by("code"):
        yield notice, latest.get(notice.pk)


def _latest(rows: Any, at: datetime, scope: tuple[str, ...]) -> list[Any]:
    """List the rows that have not ended, of each scope the one that starts last."""
    open_rows = rows.filter(Q(ends_at=None) | Q(ends_at__gt=at)).select_related("purpose")
    found: Iterable[Any] = open_rows.order_by(*scope, "starts_at", "id")
    return list({tuple(_value(one, name) for name in scope): one for one in found}.values())


def _value(row: Any, name: str) -> Any:
    return row.purpose.code if name == "purpose__code" else getattr(row, name)


def _export_facts(client: Client) -> dict[str, Any]:
    names = ("code", "name", "country", "address", "time_zone", "serves_minors", "age_threshold", "country_thresholds")
    return {**{name: getattr(client, name) for name in names}, "is_sandbox": client.is_sandbox}


def _export_agreement(row: ServiceAgreement, at: datetime) -> dict[str, Any]:
    """Return an agreement; a start in the past is left out, as another client's agreement cannot have it."""
    times = {name: getattr(row, name) for name in ("starts_at", "ends_at", "exit_until")}
    return {
        "reference": row.reference,
        **{name: time.isoformat() for name, time in times.items() if time and time > at},
    }


def _export_instruction(row: Instruction) -> dict[str, Any]:
    codes = {name: list(getattr(row, name)) for name in ("purposes", "categories", "recipients")}
    return {"document": row.document, **codes}


def _export_purpose(row: Purpose) -> dict[str, Any]:
    names = ("dpv_term", "is_active", "needs_account", "consent_months", "renew_days")
    return {
        "code": row.code,
        "name": {"en": row.name_en, "ur": row.name_ur},
        "description": {"en": row.description_en, "ur": row.description_ur},
        "categories": list(row.categories),
        **{name: getattr(row, name) for name in names},
    }


def _export_basis(row: LawfulBasis) -> dict[str, Any]:
    more = {"legal_reference": row.legal_reference} if row.legal_reference else {}
    return {"purpose": row.purpose.code, "role": row.role, "basis": row.basis, **more}


def _export_mechanism(row: ChildMechanism) -> dict[str, Any]:
    urdu = {"ur": row.description_ur} if row.description_ur else {}
    more = {"provider": row.provider} if row.provider else {}
    return {
        "kind": row.kind,
        "description": {"en": row.description, **urdu},
        "reference": row.reference,
        **more,
    }


def _export_notice(notice: Notice, version: NoticeVersion | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "code": notice.code,
        "title": {"en": notice.title_en, "ur": notice.title_ur},
        "purposes": list(notice.purposes),
        "addresses_children": notice.addresses_children,
    }
    if version is not None:
        found["text"] = {"en": version.text_en, "ur": version.text_ur}
    if version is not None and version.child_text_en:
        found["child_text"] = {"en": version.child_text_en, "ur": version.child_text_ur}
    return found


def _export_rule(row: RetentionRule) -> dict[str, Any]:
    names = ("category", "role", "trigger", "period", "action", "method", "is_automatic")
    more = {"fixed_on": row.fixed_on.isoformat()} if row.fixed_on else {}
    return {
        **{name: getattr(row, name) for name in names},
        **more,
        "purpose": row.purpose.code,
        "ground": {"en": row.ground_en, "ur": row.ground_ur},
    }
