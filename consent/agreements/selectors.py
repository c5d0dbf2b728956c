"""Reads of agreements: parts by purpose, contacts, duties, and what is missing at each client."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Max, Min, Q, QuerySet
from django.db.models.functions import Greatest

from consent.agreements.duties import DATA_MAP, DUTIES, NEAR, WITHIN, Duty, compute_due_day, find_breach_day
from consent.agreements.models import ClientContact, ContactKind, DutyAttestation
from consent.register.bases import CapacityRule, capacity_at, find_capacity
from consent.register.compiled import Capacity
from consent.register.effects import to_capacity_rules
from consent.register.models.agreements import ServiceAgreement
from consent.register.models.purposes import Purpose, PurposeCapacity
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.selectors import list_staff
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.rows import PAKTALEEM

map_confirmations: ExtensionPoint[Callable[[], Mapping[UUID, datetime]]] = ExtensionPoint(
    "agreements.map_confirmations", "When the first line of each client's data map is to be confirmed."
)


class Part(NamedTuple):
    """PakTaleem's part for one purpose at one client: since when, who set it, and the next change, if any.

    ``since`` is None if nothing is set, so that PakTaleem is processor. ``next_part`` takes effect at ``next_at``.
    """

    purpose: Purpose
    part: Capacity
    since: datetime | None
    is_own: bool
    next_part: Capacity | None
    next_at: datetime | None


class DutyState(NamedTuple):
    """One duty of a client: when it must be attested, and until when the last attestation is valid."""

    duty: Duty
    due_on: date
    attested_until: date | None


class ClientToDo(NamedTuple):
    """The missing items of a client with an agreement: duties to attest, contacts, the postal address.

    ``breached_on`` is the day from which the agreement shows as breached; None if no duty is overdue.
    """

    client: Client
    duties: tuple[DutyState, ...]
    needs_privacy_contact: bool
    needs_notice_contact: bool
    needs_address: bool
    breached_on: date | None


def list_parts(client_id: UUID, *, at: datetime) -> list[Part]:
    """List PakTaleem's part for each active purpose of a client, by code; three queries, in the client's context."""
    owners = [client_id, PAKTALEEM]
    purposes = Purpose.objects.filter(client_id__in=owners)
    codes = {one.pk: one.code for one in purposes}
    # A client's own purpose replaces the shared one with its code.
    by_code = {one.code: one for one in sorted(purposes, key=lambda one: one.client_id == client_id)}
    rows = PurposeCapacity.objects.filter(client_id__in=owners)
    rules = to_capacity_rules(rows, codes=codes, client_id=client_id)
    return [_find_part(one, rules, at) for _code, one in sorted(by_code.items()) if one.is_active]


def _find_part(purpose: Purpose, rules: list[CapacityRule], at: datetime) -> Part:
    mine = [rule for rule in rules if rule.purpose == purpose.code]
    best = find_capacity(purpose.code, mine, at)
    moments = sorted({moment for rule in mine for moment in rule.period.moments() if moment > at})
    parts = {moment: capacity_at(purpose.code, mine, moment) for moment in (at, *moments)}
    later = next((moment for moment in moments if parts[moment] != parts[at]), None)
    return Part(
        purpose=purpose,
        part=Capacity(parts[at]),
        since=None if best is None else best.period.starts_at,
        is_own=best is not None and best.is_own,
        next_part=None if later is None else Capacity(parts[later]),
        next_at=later,
    )


def list_contacts(client_id: UUID, *, at: datetime) -> QuerySet[ClientContact]:
    """Return the contacts of a client now, without those whose data was erased."""
    found: QuerySet[ClientContact] = ClientContact.objects.active(at).filter(
        client_id=client_id, subject__erased_at=None
    )
    return found.select_related("subject")


def list_notice_recipients(client_id: UUID, *, at: datetime) -> list[User | Subject]:
    """List who receives notices to a client: its administrators and its contacts for notices; in its context."""
    people = _list_people(client_id, ContactKind.NOTICES, at=at)
    return [*list_staff(client_id, Role.CLIENT_ADMIN, at=at), *people]


def list_privacy_contacts(client_id: UUID, *, at: datetime) -> list[Subject]:
    """List the privacy contacts and data protection officers of a client; in its context."""
    return _list_people(client_id, ContactKind.PRIVACY, ContactKind.DPO, at=at)


def _list_people(client_id: UUID, *kinds: ContactKind, at: datetime) -> list[Subject]:
    contacts = list_contacts(client_id, at=at).filter(kind__in=kinds).order_by("pk")
    return list({one.subject_id: one.subject for one in contacts}.values())


def _live_agreements(at: datetime) -> QuerySet[ServiceAgreement]:
    """Return the agreements in force, without PakTaleem's own and those of sandboxes, which have no duties."""
    rows: QuerySet[ServiceAgreement] = ServiceAgreement.objects.active(at).filter(signed_at__lte=at)
    return rows.exclude(client_id=PAKTALEEM).filter(client__is_sandbox=False)


def list_clients_with_agreement(*, at: datetime) -> list[UUID]:
    """List the clients with an agreement in force, which have duties to attest; in the officers' view."""
    return sorted(set(_live_agreements(at).order_by().values_list("client_id", flat=True)))


def has_left(client_id: UUID, *, at: datetime) -> bool:
    """Return True if the client's agreements have ended, so that its staff no longer decide for it; one query."""
    signed = ServiceAgreement.objects.filter(client_id=client_id, signed_at__lte=at)
    ends = list(signed.values_list("ends_at", flat=True))
    return bool(ends) and all(end is not None and end <= at for end in ends)


def list_duties(client: Client, *, at: datetime) -> list[DutyState]:
    """List the duties of a client with the day each is due; none without an agreement in force. Three queries."""
    return next((states for _client, states, _breached_on in _list_states([client], at=at)), [])


def list_breached(*, at: datetime) -> list[UUID]:
    """List the clients in the caller's view whose agreements are breached by an overdue duty; four queries."""
    return [client.pk for client, _states, breached_on in _list_states(Client.objects.all(), at=at) if breached_on]


def list_to_do(*, at: datetime, client_id: UUID | None = None) -> list[ClientToDo]:
    """List the clients at which something is missing, by name, or one of them; five queries, in the caller's view."""
    clients = Client.objects.filter(pk=client_id) if client_id else Client.objects.all()
    contacts = ClientContact.objects.active(at).filter(subject__erased_at=None)
    kinds: defaultdict[UUID, set[str]] = defaultdict(set)
    for owner, kind in contacts.order_by().values_list("client_id", "kind").distinct():
        kinds[owner].add(kind)
    found = [
        _to_do(client, states, breached_on, kinds[client.pk], at)
        for client, states, breached_on in _list_states(clients.order_by("name"), at=at)
    ]
    return [
        one for one in found if one.duties or one.needs_privacy_contact or one.needs_notice_contact or one.needs_address
    ]


def _to_do(
    client: Client, states: list[DutyState], breached_on: date | None, kinds: set[str], at: datetime
) -> ClientToDo:
    today = client.day_at(at)
    return ClientToDo(
        client=client,
        duties=tuple(one for one in states if one.attested_until is None or one.due_on - NEAR <= today),
        needs_privacy_contact=not kinds & {ContactKind.PRIVACY, ContactKind.DPO},
        needs_notice_contact=ContactKind.NOTICES not in kinds,
        needs_address=not client.address.strip(),
        breached_on=breached_on,
    )


def _list_states(clients: Iterable[Client], *, at: datetime) -> list[tuple[Client, list[DutyState], date | None]]:
    """List the duties of each client with an agreement in force, and the day since when it is breached, if it is."""
    live = _live_agreements(at).order_by().values("client_id")
    agreements = {
        row["client_id"]: row
        for row in live.annotate(since=Min(Greatest("starts_at", "signed_at")), until=Max("extended_until"))
    }
    map_by = {owner: by for list_first in map_confirmations for owner, by in list_first().items()}
    found = DutyAttestation.objects.filter(Q(client_id__in=agreements)).order_by()
    last = {
        (owner, duty): until
        for owner, duty, until in found.values_list("client_id", "duty").annotate(until=Max("valid_until"))
    }
    found_states = []
    for client in clients:
        if (agreement := agreements.get(client.pk)) is None:
            continue
        started_on, latest = client.day_at(agreement["since"]), [last.get((client.pk, one.code)) for one in DUTIES]
        states = [
            DutyState(one, compute_due_day(started_on, until), until) for one, until in zip(DUTIES, latest, strict=True)
        ]
        if client.pk in map_by:
            to_confirm_on = client.day_at(map_by[client.pk])
            states.append(DutyState(DATA_MAP, to_confirm_on + WITHIN, to_confirm_on))
        breached_on = find_breach_day((one.due_on for one in states), agreement["until"])
        is_breached = breached_on is not None and breached_on <= client.day_at(at)
        found_states.append((client, states, breached_on if is_breached else None))
    return found_states
