"""Facts about the set-up of clients. Nothing is stored about a step, so no step can be ticked untruly."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from children.guardians.models import ChildMechanism, MechanismKind
from consent.agreements.models import AgreementDocument, AgreementSigning, ClientContact, ContactKind, Side
from consent.notices.models import NoticeVersion
from consent.register.compiled import Basis, Capacity
from consent.register.models.agreements import Instruction, ServiceAgreement
from consent.register.models.purposes import LawfulBasis, Purpose, PurposeCapacity
from paktaleem.directory.people.models import Subject
from paktaleem.directory.webhooks.models import Endpoint
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import ApiKey, Client, Membership
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.accounts.staff_changes import StaffChange
from paktaleem.foundation.accounts.staff_ties import find_tied
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.tenancy.school_limits import begin_with_people
from retention.schedule.selectors import list_owners_with_gaps

ALLOWED = "client.decision_allowed"
"""The ledger entry of an allowed decision that was asked for on the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFacts:
    """Facts about one client at one time, as the tables of all apps have them.

    ``agreement`` is the latest agreement that is neither cancelled nor ended, ``signed_by`` the side that alone has
    signed it (None: neither, or both) and ``signer`` who signed or recorded this. ``proposal`` is a role of an
    administrator that waits for a second person, ``proposer`` who proposed it. ``has_gaps``: data of an own purpose has
    no retention rule.
    """

    client: Client
    agreement: UUID | None
    is_signed: bool
    signed_by: str | None
    signer: UUID | None
    proposal: UUID | None
    proposer: UUID | None
    has_gaps: bool
    has_privacy_contact: bool
    has_notice_contact: bool
    has_administrator: bool
    has_age_mechanism: bool
    has_consent_mechanism: bool
    has_document: bool
    is_instructed: bool
    lacks_basis: bool
    lacks_instruction: bool
    lacks_notice: bool
    has_key: bool
    has_person: bool
    has_webhook: bool
    has_decision: bool

    @property
    def can_be_signed(self) -> bool:
        return self.agreement is not None and not self.is_signed and self.is_instructed

    @property
    def waits_for_approval(self) -> bool:
        """True if the role of the first administrator is proposed and not approved yet."""
        return self.proposal is not None and not self.has_administrator


def find_client_facts(client_id: UUID, *, at: datetime) -> ClientFacts | None:
    """Return the facts of a client, None for PakTaleem's own; two queries, in the caller's view."""
    return next(iter(_load_facts(Client.objects.filter(pk=client_id), at)), None)


def list_clients_in_set_up(*, at: datetime) -> list[ClientFacts]:
    """List the facts of real clients by name, without those whose last agreement has ended; two queries."""
    ended = ServiceAgreement.objects.filter(client_id=OuterRef("pk"), signed_at__isnull=False, ends_at__lte=at)
    return _load_facts(Client.objects.filter(~Exists(ended) | Exists(_agreements(at)), is_sandbox=False), at)


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


def _load_facts(clients: QuerySet[Client], at: datetime) -> list[ClientFacts]:
    latest = _agreements(at).order_by(F("signed_at").desc(nulls_last=True), "-starts_at", "-id")
    signings = AgreementSigning.objects.filter(state=ChangeState.WAITING, agreement_id=OuterRef("agreement"))
    signing = _of_client(signings).order_by()
    changes = StaffChange.objects.filter(role=Role.CLIENT_ADMIN.value, state=ChangeState.WAITING)
    proposal = _of_client(changes).order_by("-requested_at", "-id")
    single = {"signed_by": signing.values("first_side"), "signer": signing.values("requested_by")}
    single |= {"proposal": proposal.values("pk"), "proposer": proposal.values("requested_by")}
    existing = _rows_by_fact_name(at)
    rows: QuerySet[Any] = clients.exclude(pk=PAKTALEEM).annotate(
        agreement=Subquery(latest.values("pk")[:1]), signed_at=Subquery(latest.values("signed_at")[:1])
    )
    rows = rows.annotate(
        **{name: Subquery(values[:1]) for name, values in single.items()},
        **{name: Exists(found) for name, found in existing.items()},
    )
    gaps = list_owners_with_gaps(at=at)
    return [
        ClientFacts(
            client=row,
            is_signed=row.signed_at is not None,
            has_gaps=row.pk in gaps,
            **{name: getattr(row, name) for name in ("agreement", *single, *existing)},
        )
        for row in rows.order_by("name")
    ]


def _agreements(at: datetime) -> QuerySet[Any]:
    return _of_client(ServiceAgreement.objects.uncancelled()).filter(Q(ends_at=None) | Q(ends_at__gt=at))


def _of_client(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(client_id=OuterRef("pk"))


def _rows_by_fact_name(at: datetime) -> dict[str, QuerySet[Any]]:
    contacts = _of_client(ClientContact.objects.active(at)).filter(subject__erased_at=None)
    mechanisms = _of_client(ChildMechanism.objects.filter(ends_at=None))
    open_instructions = Instruction.objects.uncancelled().filter(Q(ends_at=None) | Q(ends_at__gt=at))
    own = _of_client(Purpose.objects.filter(is_active=True))
    bases = LawfulBasis.objects.active(at).filter(
        Q(client_id=OuterRef("client_id")) | Q(client_id=PAKTALEEM), purpose_id=OuterRef("pk")
    )
    as_controller = PurposeCapacity.objects.active(at).filter(purpose_id=OuterRef("pk"))
    instructing = open_instructions.filter(client_id=OuterRef("client_id"), purposes__contains=[OuterRef("code")])
    versions = NoticeVersion.objects.filter(
        client_id=OuterRef("client_id"), notice__purposes__contains=[OuterRef("code")], effective_at__lte=at
    )
    as_contact = ClientContact.objects.filter(client_id=OuterRef("client_id"), subject_id=OuterRef("pk"))
    people = begin_with_people(Subject.objects.filter(erased_at=None))
    return {
        "has_privacy_contact": contacts.filter(kind__in=[ContactKind.PRIVACY, ContactKind.DPO]),
        "has_notice_contact": contacts.filter(kind=ContactKind.NOTICES),
        "has_administrator": _of_client(Membership.objects.active(at)).filter(role=Role.CLIENT_ADMIN.value),
        "has_age_mechanism": mechanisms.filter(kind=MechanismKind.AGE),
        "has_consent_mechanism": mechanisms.filter(kind=MechanismKind.CONSENT),
        "has_document": _of_client(AgreementDocument.objects.filter(agreement_id=OuterRef("agreement"))),
        "is_instructed": _of_client(open_instructions).filter(agreement_id=OuterRef("agreement"), purposes__len__gt=0),
        "lacks_basis": own.filter(~Exists(bases)),
        "lacks_instruction": own.filter(
            ~Exists(instructing), ~Exists(as_controller.exclude(capacity=Capacity.PROCESSOR))
        ),
        "lacks_notice": own.filter(Exists(bases.filter(basis=Basis.CONSENT)), ~Exists(versions)),
        "has_key": _of_client(ApiKey.objects.filter(revoked_at=None, created_at__lte=at, expires_at__gt=at)),
        "has_person": _of_client(people).filter(~Exists(as_contact)),
        "has_webhook": _of_client(Endpoint.objects.filter(removed_at=None, disabled_at=None)),
        "has_decision": _of_client(Entry.objects.filter(family=ALLOWED.partition(".")[0], kind=ALLOWED)),
    }
