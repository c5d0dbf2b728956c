"""A learning platform for each client that uses the client's API key, and one order to it."""

from datetime import datetime, timedelta
from typing import Any

from paktaleem.development.demo.people import external_id_of
from paktaleem.directory.data_systems.models.orders import Ground, OrderKind
from paktaleem.directory.data_systems.models.systems import System, SystemKey
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.directory.data_systems.services.registering import assign_key, change_system
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason

_HOLDS = ("contact_details", "content", "usage_logs")
_REQUESTER = "kiran"
_DUE_IN = timedelta(days=20)


def fill_systems(client: Client, *, actor: Actor, at: datetime) -> None:
    """Register the platform and let the key LMS act for it; add a collect order at Khyber."""
    if System.objects.filter(client_id=client.pk, code="lms").exists():
        return
    common: dict[str, Any] = {"actor": actor, "reason": Reason.ONBOARDING, "at": at}
    system = System(client=client, code="lms", name="Learning platform", categories=list(_HOLDS), starts_at=at)
    system.contact, system.delivery = f"lms@{client.code}.example", "poll"
    change_system(system, **common)
    assign_key(SystemKey(client=client, system=system, key_name="LMS"), **common)
    for person in Subject.objects.filter(client_id=client.pk, external_id=external_id_of(_REQUESTER)):
        issue_orders(person, _collect_spec(at), actor=actor, at=at)


def _collect_spec(at: datetime) -> OrderSpec:
    return OrderSpec(
        kind=OrderKind.COLLECT,
        categories=frozenset(_HOLDS),
        reason=Reason.SUBJECT_REQUEST,
        ground=Ground.RIGHT_OF_THE_PERSON,
        due_at=at + _DUE_IN,
    )
