"""Facts about the set-up of clients. Nothing is stored about a step, so no step can be ticked untruly."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from children.guardians.models.mechanisms import ChildMechanism, MechanismKind
from consent.agreements.models import AgreementDocument, AgreementSigning, ClientContact, ContactKind, Side
from consent.notices.models import NoticeVersion
from consent.register.models.agreements import Instruction, ServiceAgreement
from consent.register.models.purposes import Basis, LawfulBasis, Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.directory.webhooks.models import Endpoint
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import ApiKey, Client, Membership
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.accounts.staff_changes import StaffChange
from paktaleem.foundation.accounts.staff_ties import find_tied
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.limited_lists import begin_with_people
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.schedule.selectors import list_owners_with_gaps

ALLOWED = "client.decision_allowed"
"""The ledger entry of an allowed decision that was asked for on the page."""

_EXISTING = (
    "privacy_contact",
    "notice_contact",
    "administrator",
    "instructed",
    "document",
    "purpose_without_basis",
    "purpose_without_notice",
    "age_mechanism",
    "consent_mechanism",
    "key",
    "person",
    "webhook",
    "decision",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFacts:
    """Facts about one client at one time, as the tables of all apps have them.

    ``agreement`` is the latest agreement that is neither cancelled nor ended, ``signed_by`` the side that alone has
    signed it (empty: none, or both) and ``signer`` who signed or recorded this. ``proposal`` is a role of an
    administrator that waits for a second person, ``proposer`` who proposed it. ``existing`` has the names of the facts
    that are so (``_EXISTING``).
    """

    client: Client
    agreement: UUID | None
    is_signed: bool
    signed_by: str
    signer: UUID | None
    proposal: UUID | None
    proposer: UUID | None
    has_gaps: bool
    existing: frozenset[str]

    def has(self, name: str) -> bool:
        """Return True if a fact is so. Raises KeyError for a name that is none."""
        if name not in _EXISTING:
            raise KeyError(name)
        return name in self.existing


def list_client_facts(*, at: datetime, client_id: UUID | None = None) -> list[ClientFacts]:
    """List the facts of all clients by name, or of one; two queries, in the caller's view.

    PakTaleem's own client is left out: it has no agreement with itself to sign.
    """
    rows = Client.objects.exclude(pk=PAKTALEEM)
    found = list(_annotate(rows.filter(pk=client_id) if client_id else rows, at).order_by("name"))
    return _to_facts(found, at)


def is_tied_to_other_side(facts: ClientFacts, viewer: Actor, *, at: datetime) -> bool:
    """Return True if the viewer cannot sign the agreement together with the other side yet (decision 0054).

    They cannot with the person who has signed for the other side. If no one has signed yet, an officer cannot with any
    administrator of the client, or with the one whom they propose; ``at`` is on the system clock. At most two queries.
    """
    if facts.signed_by == (Side.PAKTALEEM if viewer.client_id is None else Side.CLIENT):
        return False
    if facts.signer is not None:
        return bool(find_tied(viewer.id, {facts.signer}, at=at))
    if viewer.client_id is not None:
        return False
    rows = Membership.objects.active(at).filter(client_id=facts.client.pk, role=Role.CLIENT_ADMIN.value)
    administrators = set(rows.values_list("user_id", flat=True))
    if not administrators:
        return facts.proposer == viewer.id
    return administrators == find_tied(viewer.id, administrators, at=at)


def list_clients_in_set_up(*, at: datetime) -> list[ClientFacts]:
    """List the facts of real clients by name, without those whose last agreement has ended; two queries."""
    ended = ServiceAgreement.objects.filter(client_id=OuterRef("pk"), signed_at__isnull=False, ends_at__lte=at)
    rows = _annotate(Client.objects.exclude(pk=PAKTALEEM).filter(is_sandbox=False), at)
    return _to_facts(list(rows.exclude(Q(agreement_id=None) & Exists(ended)).order_by("name")), at)


def _to_facts(rows: Iterable[Any], at: datetime) -> list[ClientFacts]:
    rows = list(rows)
    gaps = list_owners_with_gaps(at=at)
    return [
        ClientFacts(
            client=row,
            agreement=row.agreement_id,
            is_signed=row.agreement_signed_at is not None,
            signed_by=row.signed_by or "",
            signer=row.signer,
            proposal=row.proposal,
            proposer=row.proposer,
            has_gaps=row.pk in gaps,
            existing=frozenset(name for name in _EXISTING if getattr(row, f"has_{name}")),
        )
        for row in rows
    ]


def _annotate(rows: QuerySet[Client], at: datetime) -> QuerySet[Any]:
    agreement = (
        _of_client(ServiceAgreement.objects.uncancelled())
        .filter(Q(ends_at=None) | Q(ends_at__gt=at))
        .order_by(F("signed_at").desc(nulls_last=True), "-starts_at", "-id")
    )
    rows = rows.annotate(
        agreement_id=Subquery(agreement.values("pk")[:1]),
        agreement_signed_at=Subquery(agreement.values("signed_at")[:1]),
    )
    waiting = AgreementSigning.objects.filter(agreement_id=OuterRef("agreement_id"), state=ChangeState.WAITING)
    first = _of_client(waiting).order_by()
    proposed = _of_client(_proposed_administrators()).order_by("-requested_at", "-id")
    rows = rows.annotate(
        signed_by=Subquery(first.values("first_side")[:1]),
        signer=Subquery(first.values("requested_by")[:1]),
        proposal=Subquery(proposed.values("pk")[:1]),
        proposer=Subquery(proposed.values("requested_by")[:1]),
    )
    facts = {**_facts_of_both_sides(at), **_facts_of_register(at), **_facts_of_systems(at)}
    return rows.annotate(**{f"has_{name}": Exists(found) for name, found in facts.items()})


def _proposed_administrators() -> QuerySet[StaffChange]:
    return StaffChange.objects.filter(role=Role.CLIENT_ADMIN.value, state=ChangeState.WAITING)


def _of_client(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(client_id=OuterRef("pk"))


def _facts_of_both_sides(at: datetime) -> dict[str, QuerySet[Any]]:
    contacts = _of_client(ClientContact.objects.active(at)).filter(subject__erased_at=None)
    mechanisms = _of_client(ChildMechanism.objects.filter(ends_at=None))
    return {
        "privacy_contact": contacts.filter(kind__in=[ContactKind.PRIVACY, ContactKind.DPO]),
        "notice_contact": contacts.filter(kind=ContactKind.NOTICES),
        "administrator": _of_client(Membership.objects.active(at)).filter(role=Role.CLIENT_ADMIN.value),
        "age_mechanism": mechanisms.filter(kind=MechanismKind.AGE),
        "consent_mechanism": mechanisms.filter(kind=MechanismKind.CONSENT),
    }


def _facts_of_register(at: datetime) -> dict[str, QuerySet[Any]]:
    instructions = _of_client(Instruction.objects.uncancelled()).filter(Q(ends_at=None) | Q(ends_at__gt=at))
    own = _of_client(Purpose.objects.filter(is_active=True))
    bases = LawfulBasis.objects.active(at).filter(
        Q(client_id=OuterRef("client_id")) | Q(client_id=PAKTALEEM), purpose_id=OuterRef("pk")
    )
    versions = NoticeVersion.objects.filter(
        client_id=OuterRef("client_id"), notice__purposes__contains=[OuterRef("code")], effective_at__lte=at
    )
    by_consent = own.filter(Exists(bases.filter(basis=Basis.CONSENT)))
    return {
        "instructed": instructions.filter(agreement_id=OuterRef("agreement_id"), purposes__len__gt=0),
        "document": _of_client(AgreementDocument.objects.filter(agreement_id=OuterRef("agreement_id"))),
        "purpose_without_basis": own.filter(~Exists(bases)),
        "purpose_without_notice": by_consent.filter(~Exists(versions)),
    }


def _facts_of_systems(at: datetime) -> dict[str, QuerySet[Any]]:
    contacts = ClientContact.objects.filter(client_id=OuterRef("client_id"), subject_id=OuterRef("pk"))
    people = begin_with_people(Subject.objects.filter(erased_at=None))
    return {
        "key": _of_client(ApiKey.objects.filter(revoked_at=None, created_at__lte=at, expires_at__gt=at)),
        "person": _of_client(people).filter(~Exists(contacts)),
        "webhook": _of_client(Endpoint.objects.filter(removed_at=None, disabled_at=None)),
        "decision": _of_client(Entry.objects.filter(family=ALLOWED.partition(".")[0], kind=ALLOWED)),
    }
