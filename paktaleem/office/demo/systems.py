"""A learning platform for each client that uses the client's API key, and one order to it."""

from datetime import datetime, timedelta
from uuid import UUID

from paktaleem.directory.data_systems.models import Ground, Order, OrderKind, System, SystemKey
from paktaleem.directory.data_systems.services.fulfilment import (
    accept_order,
    approve_waiver,
    carry_out_by_hand,
    complete_order,
    fail_order,
    hand_over,
    propose_waiver,
)
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders, issue_orders_for_set
from paktaleem.directory.data_systems.services.registering import assign_key, change_system
from paktaleem.directory.data_systems.states import Answer, Exemption, Outcome
from paktaleem.directory.people.models import Subject
from paktaleem.directory.webhooks.models import Endpoint
from paktaleem.directory.webhooks.services import add_endpoint, change_endpoint, rotate_secret
from paktaleem.foundation.accounts.actors import Actor, Authorship, ReasonedAuthorship, key_actor
from paktaleem.foundation.accounts.models import ApiKey, Client
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.demo.content import DemoSecrets, staff_actor
from paktaleem.office.demo.people import external_id_of

_HOLDS = ("contact_details", "content", "usage_logs")
_REQUESTER = "kiran"
_DUE_IN = timedelta(days=20)


def fill_systems(client: Client, *, actor: Actor, at: datetime) -> None:
    """Register the platform and let the key LMS act for it; add a collect order at Khyber."""
    if System.objects.filter(client_id=client.pk, code="lms").exists():
        return
    common: ReasonedAuthorship = {"actor": actor, "reason": Reason.ONBOARDING, "at": at}
    system = System(client=client, code="lms", name="Learning platform", categories=list(_HOLDS), starts_at=at)
    system.contact, system.delivery = f"lms@{client.code}.example", "poll"
    change_system(system, **common)
    assign_key(SystemKey(client=client, system=system, key_name="LMS"), **common)
    for person in Subject.objects.filter(client_id=client.pk, external_id=external_id_of(_REQUESTER)):
        issue_orders(person, _spec("collect", *_HOLDS, at=at), actor=actor, at=at)


def _spec(kind: str, *categories: str, at: datetime) -> OrderSpec:
    return OrderSpec(
        kind=OrderKind(kind),
        categories=frozenset(categories),
        reason=Reason.SUBJECT_REQUEST,
        ground=Ground.RIGHT_OF_THE_PERSON,
        due_at=at + _DUE_IN,
    )


_RECEIVER = "Receiver of the demonstration"
_EVENTS = ["consent.*", "decision.*", "guardian.*", "order.*", "subject.*"]
_OURS = (
    ("billing", "Billing", "billing", "by_hand"),
    ("support_desk", "Support desk", "support_communications", "by_hand"),
    ("analytics", "Analytics", "device", "poll"),
)


def fill_orders(ids: dict[str, UUID], *, actor: Actor, at: datetime) -> None:
    """Register PakTaleem's own systems and the schools' libraries, and create orders in every state at Indus."""
    common: ReasonedAuthorship = {"actor": actor, "reason": Reason.ONBOARDING, "at": at}
    with in_client(PAKTALEEM):
        for code, name, category, delivery in _OURS:
            contact = f"{code.replace('_', '-')}@paktaleem.example"
            system = System(client_id=PAKTALEEM, code=code, name=name, delivery=delivery, contact=contact)
            _ensure_system(system, category, common)
    for client in ("indus", "khyber"):
        with in_client(ids[client]):
            system = System(client_id=ids[client], code="library", name="School library", delivery="by_hand")
            system.contact = "library@school.example"
            if _ensure_system(system, "credentials", common) and client == "indus":
                _Orders(ids[client], actor, at).make()


def _ensure_system(system: System, category: str, common: ReasonedAuthorship) -> bool:
    if System.objects.filter(client_id=system.client_id, code=system.code).exists():
        return False
    system.categories, system.starts_at = [category], common["at"]
    change_system(system, **common)
    return True


class _Orders:
    """The orders at one school, each brought into another state by the actor who does so in practice."""

    def __init__(self, client_id: UUID, actor: Actor, at: datetime) -> None:
        key = ApiKey.objects.filter(client_id=client_id, name="LMS", revoked_at=None).latest("created_at")
        self.client_id, self.actor, self.at = client_id, actor, at
        self.lms: Authorship = {"actor": key_actor(key.pk, client_id, key.scopes), "at": at}
        amina = staff_actor("amina@paktaleem.example", Role.PRIVACY_OFFICER, PAKTALEEM)
        farah = staff_actor("farah@indus.example", Role.CLIENT_ADMIN, client_id)
        self.amina: Authorship = {"actor": amina, "at": at}
        self.farah: Authorship = {"actor": farah, "at": at}

    def make(self) -> None:
        self._issue("restrict", "yasir", "content")
        sent = self._issue("collect", "zubaida", "content")
        hand_over([sent], system=sent.system, client_id=self.client_id, **self.lms)
        accept_order(self._issue("collect", "junaid", "content"), **self.lms)
        done = accept_order(self._issue("erase", "mahnoor", "usage_logs"), **self.lms)
        complete_order(done, Answer(Outcome.DONE, counts={"usage_logs": 312}), **self.lms)
        unknown = accept_order(self._issue("erase", "wajiha", "usage_logs"), **self.lms)
        complete_order(unknown, Answer(Outcome.NOT_FOUND), **self.lms)
        failed = accept_order(self._issue("object", "hamza", "usage_logs"), **self.lms)
        fail_order(failed, code="database_locked", again=False, **self.lms)
        kept = Answer(Outcome.NOT_APPLICABLE, reason=Exemption.LEGAL_DUTY)
        carry_out_by_hand(self._issue("erase", "junaid", "billing"), kept, **self.amina)
        waived = self._issue("erase", "zubaida", "credentials")
        propose_waiver(waived, ground="The system was shut down.", reason=Reason.REVIEW, **self.farah)
        approve_waiver(waived, **self.amina)
        students = Subject.objects.filter(role="student")
        issue_orders_for_set(
            students, _spec("object", "device", at=self.at), client_id=self.client_id, actor=self.actor, at=self.at
        )

    def _issue(self, kind: str, person: str, category: str) -> Order:
        subject = Subject.objects.get(client_id=self.client_id, external_id=external_id_of(person))
        return issue_orders(subject, _spec(kind, category, at=self.at), actor=self.actor, at=self.at)[0]


def fill_receiver(client_id: UUID, url: str, kept: DemoSecrets, *, actor: Actor, at: datetime) -> None:
    """Register the demonstration's receiver at its current URL, with a secret that it knows."""
    common: ReasonedAuthorship = {"actor": actor, "reason": Reason.ONBOARDING, "at": at}
    with in_client(client_id):
        endpoint = Endpoint.objects.filter(client_id=client_id, name=_RECEIVER, removed_at=None).first()
        if endpoint is None:
            _, secret = add_endpoint(client_id, url=url, events=list(_EVENTS), name=_RECEIVER, **common)
            kept.webhook_secret = secret
            kept.write()
            return
        if endpoint.url != url:
            endpoint.url = url
            change_endpoint(endpoint, **common)
        if not kept.webhook_secret:  # the file was lost
            kept.webhook_secret = rotate_secret(endpoint, **common)
            kept.write()
